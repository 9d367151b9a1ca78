/* The text of a site file on its way to libconfuse, which must be kept from some inputs:
 * it calls exit() on a directory, expands ${NAME}, takes an open comment, quote or section
 * for a good end, counts a comment's line three times, knows no comment
 * inside a list, and grows long quotes by 32 bytes at a time. */
#pragma once

#include <stddef.h>

struct cpr_errors;

#define CPR_SITE_TEXT_MAX (1 << 20)

/* Reads a regular file.  Returns 0 with *out NUL-terminated and the caller's; -EINVAL or
 * another -errno with a line in e (-ENOENT without: the caller knows what that means). */
int cpr_site_text_read(const char *file, char **out, size_t *len, struct cpr_errors *e);

/* Overwrites comments with blanks, so that every line keeps its number.  Returns 0, or
 * -EINVAL with lines in e. */
int cpr_site_text_prepare(const char *file, char *text, size_t len, struct cpr_errors *e);
