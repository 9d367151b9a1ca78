/* Small rules about text that strangers wrote: names in packages, on the wire, in files. */
#pragma once

#include <stdarg.h>

/* In place: whatever is no printable ASCII becomes '?', but for the bytes in `also`. */
void cpr_text_printable(char *text, const char *also);
/* In place: control characters become '?', but for those in `also`; UTF-8 stays.  Nothing of
 * the text can speak to a terminal then. */
void cpr_text_tame(char *text, const char *also);
/* The text of a format, tamed; the caller's to free.  NULL: no memory. */
char *cpr_text_format(const char *also, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));
/* What follows the prefix, compared in any case; NULL when s does not begin so. */
const char *cpr_text_after(const char *s, const char *prefix);
