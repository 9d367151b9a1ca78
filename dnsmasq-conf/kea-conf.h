/* kea-dhcp4.conf as far as cpr-conf looks into it: which files it includes, and where.  It is
 * JSON with comments and includes, which no JSON library reads. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
	KEA_DEPTH = 32 /* of lists and maps; Kea's own configuration has some ten */
};

/* Reads a text from its beginning to its end.  Filled by kea_scan_start; then the callee's. */
struct kea_scan {
	const char *text;
	size_t len, at;
	unsigned line;
	size_t depth;
	char inside[KEA_DEPTH][48]; /* the names of the lists and maps around */
	char key[48];               /* whose value comes next */
};

/* <?include "PATH"?> outside of comments and strings. */
struct kea_include {
	size_t at, len; /* where PATH stands in the text */
	unsigned line;
	const char *list; /* "hooks-libraries"; valid until the next call */
};

/* list: what the text stands in, where it is included itself; else "". */
void kea_scan_start(struct kea_scan *s, const char *text, size_t len, const char *list);
bool kea_scan_next(struct kea_scan *s, struct kea_include *out);
