/* A text or byte buffer that grows.  Invariant: data[len] is NUL once anything was added.
 * Memory shortage is sticky in `failed`: add freely, look once at the end. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct cpr_buf {
	char *data;
	size_t len;
	size_t cap;
	bool failed;
};

void cpr_buf_add(struct cpr_buf *b, const void *bytes, size_t n);
void cpr_buf_puts(struct cpr_buf *b, const char *text);
void cpr_buf_printf(struct cpr_buf *b, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void cpr_buf_free(struct cpr_buf *b); /* also the _cleanup_ function */
