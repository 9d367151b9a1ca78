/* What generate replaced, below /var/lib/phone-cpr/backup, so that it can be put back: by
 * generate when its probe fails, by the next run when one was killed half-way, and by
 * cpr-conf rollback.  One folder a run, numbered; `keep` of the site file bounds them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define BACKUP_DIR "/var/lib/phone-cpr/backup"

struct changes;
struct cpr_errors;
struct world;

struct backup; /* one run's: for each path what was there, or that nothing was */

/* Everything that these changes replace; whole on disk before the first of them is published.
 * 0 or -errno (a line in e). */
int backup_make(const struct world *w, const struct changes *c, struct backup **out,
	struct cpr_errors *e);
/* The newest one, or one that a killed run left unfinished (*unfinished).  -ENOENT: none. */
int backup_newest(const struct world *w, struct backup **out, bool *unfinished);
/* Puts back what it holds.  0 or -errno (a line in e says which file; the rest is tried). */
int backup_restore(const struct world *w, const struct backup *b, struct cpr_errors *e);
/* The run is over and its probe good: what was replaced stays for `rollback`. */
int backup_finish(const struct world *w, struct backup *b);
struct backup *backup_free(struct backup *b);
void backup_freep(struct backup **b);
