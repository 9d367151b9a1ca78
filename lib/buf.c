#include "buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool room(struct cpr_buf *b, size_t n)
{
	size_t cap = b->cap ? b->cap : 256;
	char *grown;

	if (b->failed || n >= SIZE_MAX / 2 - b->len) {
		b->failed = true;
		return false;
	}
	while (cap < b->len + n + 1)
		cap *= 2;
	if (cap == b->cap)
		return true;
	grown = realloc(b->data, cap);
	if (!grown) {
		b->failed = true;
		return false;
	}
	b->data = grown;
	b->cap = cap;
	return true;
}

void cpr_buf_add(struct cpr_buf *b, const void *bytes, size_t n)
{
	if (!room(b, n))
		return;
	if (n)
		memcpy(b->data + b->len, bytes, n);
	b->len += n;
	b->data[b->len] = 0;
}

void cpr_buf_puts(struct cpr_buf *b, const char *text)
{
	cpr_buf_add(b, text, strlen(text));
}

void cpr_buf_printf(struct cpr_buf *b, const char *format, ...)
{
	va_list args;
	char *text;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0) {
		b->failed = true;
		return;
	}
	cpr_buf_add(b, text, (size_t)n);
	free(text);
}

void cpr_buf_free(struct cpr_buf *b)
{
	free(b->data);
	*b = (struct cpr_buf){0};
}
