/* One dnsmasq's merged configuration as a single text, for its --test: what an instance reads,
 * line by line in its order, with our static file's candidate in the place of what lies there.
 * Nothing has to be written anywhere for it, and it tells of an image below --root as of this
 * host. */
#pragma once

#include "buf.h"

#include <stdbool.h>

struct dnsmasq_lines;

/* A line of the text, and whose it is. */
struct dnsmasq_place {
	const char *file;
	unsigned line;
};

struct dnsmasq_trial {
	struct cpr_buf text; /* failed: no memory */
	struct dnsmasq_place *place;
	size_t n;
};

/* The texts as they shall be. */
struct dnsmasq_candidates {
	const char
		*fixed; /* the static file's; NULL: as it lies there; "": there is none */
	const char
		*live; /* the other one's, which dnsmasq itself never tests; NULL or "" */
};

/* The text borrows from the lines. */
void dnsmasq_trial_make(struct dnsmasq_trial *t, const struct dnsmasq_lines *all,
	const char *instance, const struct dnsmasq_candidates *c);
void dnsmasq_trial_clear(struct dnsmasq_trial *t); /* also the _cleanup_ function */

/* True when this instance reads our static file, or would. */
bool dnsmasq_reads_ours(const struct dnsmasq_lines *all, const char *instance);
/* The instance that comes after this one in the lines, beginning with NULL; NULL: no more. */
const char *dnsmasq_next_instance(const struct dnsmasq_lines *all, const char *after);
