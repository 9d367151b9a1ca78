/* The site file's networks as servers ask for them that take the first rule which fits. */
#pragma once

#include <netinet/in.h>
#include <stddef.h>

struct cpr_buf;
struct cpr_site;

/* A network and its TFTP servers; of length 0: everyone. */
struct answer {
	struct in_addr prefix;
	unsigned length;
	const struct in_addr *server; /* the site's */
	size_t n;                     /* phones use so many of them; never 0 */
};

/* Longest network first; the last one is for everyone.  *n: how many.  The caller's to free;
 * NULL: no memory. */
struct answer *answers_of(const struct cpr_site *site, size_t *n);

const char *dotted(struct in_addr a, char text[INET_ADDRSTRLEN]);
/* "10.0.0.5, 10.0.0.6" */
void answer_list(struct cpr_buf *b, const struct answer *a);
