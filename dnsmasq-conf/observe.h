/* Looking at the host for what a plan cannot tell: each fills its part of the facts, which the
 * checks judge.  Nothing is changed. */
#pragma once

#include <stdbool.h>

struct cpr_observed;
struct world;

/* All of it; all: also what the plan's TFTP servers on other hosts give out. */
void observe(const struct world *w, bool all, struct cpr_observed *o);

/* What the servers' own users cannot read.  Only as root, and not below --root, where the
 * users are another host's. */
void observe_access(const struct world *w, struct cpr_observed *o);
/* SEP files that hold a password. */
void observe_secrets(const struct world *w, struct cpr_observed *o);
/* What TFTP servers give out.  all: every one of the plan; else those that are this host, and
 * none below --root. */
void observe_wire(const struct world *w, bool all, struct cpr_observed *o);
/* What the packet filter of this host drops.  Only as root, and not below --root. */
void observe_firewall(const struct world *w, struct cpr_observed *o);
