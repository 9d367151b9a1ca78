/* What is wrong, for people: a growing list of lines `file:line: what is wrong, and what to
 * do`.  The caller owns the list and passes it down; whoever finds a fault adds to it and
 * goes on, so that one run reports them all.  A NULL list swallows every line. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct cpr_errors {
	char **line;
	size_t n;
	bool lost; /* memory ran out while adding: there is more than is listed */
};

/* line_no 0 leaves the number out; file NULL leaves both out. */
void cpr_errors_add(struct cpr_errors *e, const char *file, unsigned line_no,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
void cpr_errors_vadd(struct cpr_errors *e, const char *file, unsigned line_no,
	const char *format, va_list args) __attribute__((format(printf, 4, 0)));
void cpr_errors_clear(struct cpr_errors *e); /* also the _cleanup_ function */
