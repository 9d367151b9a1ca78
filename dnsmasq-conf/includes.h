/* Which files a server's configuration includes, and where.  Kea's is JSON with comments and
 * includes, which no JSON library reads; ISC dhcpd's is a language of its own. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
	SCAN_DEPTH = 32 /* of lists and maps; Kea's own configuration has some ten */
};

/* Reads a text from its beginning to its end.  Filled by scan_start; then the callee's. */
struct scan {
	const char *text;
	size_t len, at;
	unsigned line;
	size_t depth;
	char inside[SCAN_DEPTH][48]; /* the names of the lists and maps around */
	char key[48];                /* whose value comes next */
};

/* An include outside of comments and strings. */
struct include {
	size_t at, len; /* where its path stands in the text */
	unsigned line;
	const char *list; /* "hooks-libraries", of Kea's; valid until the next call */
};

/* list: what the text stands in, where it is included itself; else "". */
void scan_start(struct scan *s, const char *text, size_t len, const char *list);
bool scan_kea(struct scan *s, struct include *out);
bool scan_dhcpd(struct scan *s, struct include *out);
