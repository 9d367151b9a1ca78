/* Looking at the host for what a plan cannot tell: each fills its part of the facts, which the
 * checks judge.  Nothing is changed. */
#pragma once

struct cpr_observed;
struct world;

/* All of it. */
void observe(const struct world *w, struct cpr_observed *o);

/* What the servers' own users cannot read.  Only as root, and not below --root, where the
 * users are another host's. */
void observe_access(const struct world *w, struct cpr_observed *o);
/* SEP files that hold a password. */
void observe_secrets(const struct world *w, struct cpr_observed *o);
