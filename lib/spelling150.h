/* How DHCP servers want option 150 written, and what each makes of what somebody wrote: one
 * row a server. */
#pragma once

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

struct cpr_buf;

enum cpr_sent {
	CPR_SENT_BYTES = 0,
	CPR_SENT_OWN,     /* the server's own address */
	CPR_SENT_REFUSED, /* it takes no such value: nothing is sent */
	CPR_SENT_UNKNOWN, /* no source tells */
};

/* What a server sends for a value. */
struct cpr_value150 {
	enum cpr_sent sent;
	uint8_t bytes[255];
	size_t n;
	const char *why; /* REFUSED and UNKNOWN: for people */
};

struct cpr_spelling150 {
	const char *name;           /* as in --for */
	const char *where;          /* to type it, for people */
	const char *before, *after; /* the lines around the value */
	void (*write)(const struct in_addr *a, size_t n, struct cpr_buf *out);
	void (*read)(const char *value, struct cpr_value150 *out);
};

extern const struct cpr_spelling150 cpr_spellings150[];
extern const size_t cpr_spellings150_n;
const struct cpr_spelling150 *cpr_spelling150_by_name(const char *name);

/* The lines to type, each ended by a newline. */
void cpr_spelling150_lines(const struct cpr_spelling150 *s, const struct in_addr *a,
	size_t n, struct cpr_buf *out);
/* value: as typed, alone or with the line around it. */
void cpr_spelling150_read(
	const struct cpr_spelling150 *s, const char *value, struct cpr_value150 *out);
/* What follows the number of the option in a line: behind "dhcp-option=tag:x,150,".  The whole
 * where there is none. */
const char *cpr_spelling150_value(const char *line);
