/* What a run replaced, below /var/lib/phone-cpr/backup, so that it can be put back: by the run
 * itself when a server does not answer rightly afterwards, by the next one when it was killed
 * half-way, and by cpr-conf rollback.  A folder each:
 *   .new/           being made: nothing was replaced yet, and the next one takes it away
 *   .old/           being removed; as .new
 *   7.unfinished/   whole on disk; files are being replaced and servers told
 *   7/              the run is over, and what it did is in force
 * and in it
 *   manifest        a line for each path: for whom it is, and how that takes it up
 *   was/etc/...     the files as they were; none there: there was none
 *   now/etc/...     as the run put them, so that a later change is noticed
 * The folder is root's, and root uses no other's: whose it is would gain the whole host by it.
 * Who may not write there has nothing to go back to: cpr-helper's user, whose files are
 * replaced one by one, and each is whole. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define BACKUP_DIR "/var/lib/phone-cpr/backup"

struct changes;
struct cpr_errors;
struct outputs;
struct world;

struct backup;

/* Everything that these changes replace; whole on disk before the first of them is published.
 * 0 or -errno (a line in e).  *out stays NULL where the folder is root's and we are not. */
int backup_make(const struct world *w, const struct changes *c, struct backup **out,
	struct cpr_errors *e);
/* The newest one that a killed run left unfinished, or else (unfinished false) the newest.
 * 0, -ENOENT: none, or -errno (a line in e). */
int backup_find(const struct world *w, bool unfinished, struct backup **out,
	struct cpr_errors *e);
/* "/var/lib/phone-cpr/backup/7", as the admin knows it. */
const char *backup_path(const struct backup *b);
/* What it holds as candidates: publishing them puts it back.  A path where something lies by
 * now that is neither what the run put there nor what was there before is left out: a line in
 * `changed` for each.  0 or -errno (a line in e). */
int backup_outputs(const struct world *w, const struct backup *b, struct outputs *out,
	struct cpr_errors *changed, struct cpr_errors *e);
/* The way back as servers see it: from what the run put there to these outputs, whatever lies
 * there now.  c borrows from out.  0 or -errno. */
int backup_way_back(const struct backup *b, const struct outputs *out, struct changes *c);
/* Takes away the temps that a killed run left beside its files. */
void backup_sweep(const struct world *w, const struct backup *b);
/* The run is over and what it did is in force: it stays for `rollback`; older ones than the
 * newest `keep` of the site file go.  0 or -errno. */
int backup_finish(const struct world *w, struct backup *b);
/* It has been put back, and goes. */
int backup_drop(const struct world *w, struct backup *b);
struct backup *backup_free(struct backup *b);
void backup_freep(struct backup **b);
