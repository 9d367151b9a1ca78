#include "errors.h"

#include <stdio.h>
#include <stdlib.h>

static char *compose(const char *file, unsigned line_no, const char *format, va_list args)
{
	char *text, *line;
	int n;

	if (vasprintf(&text, format, args) < 0)
		return NULL;
	if (file && line_no)
		n = asprintf(&line, "%s:%u: %s", file, line_no, text);
	else if (file)
		n = asprintf(&line, "%s: %s", file, text);
	else
		return text;
	free(text);
	return n < 0 ? NULL : line;
}

void cpr_errors_vadd(struct cpr_errors *e, const char *file, unsigned line_no,
	const char *format, va_list args)
{
	char **grown, *line;

	if (!e)
		return;
	line = compose(file, line_no, format, args);
	grown = line ? reallocarray(e->line, e->n + 1, sizeof(*grown)) : NULL;
	if (!grown) {
		free(line);
		e->lost = true;
		return;
	}
	e->line = grown;
	e->line[e->n++] = line;
}

void cpr_errors_add(
	struct cpr_errors *e, const char *file, unsigned line_no, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	cpr_errors_vadd(e, file, line_no, format, args);
	va_end(args);
}

void cpr_errors_clear(struct cpr_errors *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->line[i]);
	free(e->line);
	*e = (struct cpr_errors){0};
}
