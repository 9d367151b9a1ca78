/* What was generated once, and nothing makes any more: a server was switched off in the site
 * file, or all is taken away. */
#pragma once

#include <stdbool.h>

struct cpr_errors;
struct outputs;
struct world;

/* Adds to `out` that these files shall be gone: of those in the record, all that no candidate
 * in `out` is.  One that was edited by hand stays, and is named in out->note.  ask: one that
 * its server cannot do without yet stays, too, and what has to be done first is said on stderr
 * in every run until then; otherwise the servers' checks will refuse it.  0, or -errno with a
 * line in e. */
int retire(const struct world *w, bool ask, struct outputs *out, struct cpr_errors *e);
