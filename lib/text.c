#include "text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

void cpr_text_printable(char *text, const char *also)
{
	for (; *text; text++)
		if ((*text < ' ' || *text > '~') && !strchr(also, *text))
			*text = '?';
}

void cpr_text_tame(char *text, const char *also)
{
	for (; *text; text++)
		if (((unsigned char)*text < ' ' || *text == 0x7f) && !strchr(also, *text))
			*text = '?';
}

char *cpr_text_format(const char *also, const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		return NULL;
	cpr_text_tame(text, also);
	return text;
}

const char *cpr_text_after(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncasecmp(s, prefix, n) ? NULL : s + n;
}
