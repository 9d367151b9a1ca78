#include "text.h"

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

const char *cpr_text_after(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncasecmp(s, prefix, n) ? NULL : s + n;
}
