/* From candidates to files: what would change, whether it may, how it looks, and the change
 * itself.  Nothing is written before all candidates are known to be good. */
#pragma once

#include "record.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct cpr_errors;
struct output;
struct outputs;
struct world;

enum change_state {
	CHANGE_NONE,
	CHANGE_NEW,
	CHANGE_OTHER,
	CHANGE_GONE
};

struct change {
	const struct output *o;
	enum change_state state;
	char *old; /* NULL: there was nothing, or the output is a link */
	size_t old_len;
	bool removed; /* there is nothing, but there was something of ours */
	bool written;
	char *keep; /* where the file that gives way is kept; NULL: nothing is lost */
};

/* One for each output, in its order. */
struct changes {
	struct change *change;
	size_t n;
	bool any;
	struct record record; /* what was generated last */
};

/* Compares with what is there.  A generated file that was edited by hand is refused.
 * 0, -EINVAL (lines in e) or -errno. */
int changes_find(const struct world *w, const struct outputs *out, struct changes *c,
	struct cpr_errors *e);
/* A unified diff on stdout.  0 or -errno. */
int changes_diff(const struct changes *c, struct cpr_errors *e);
/* Writes them: whatever needs room on the disk before the first name has changed.  0 or
 * -errno (a line in e says which file; those that are `written` need restoring). */
int changes_publish(const struct world *w, struct changes *c, struct cpr_errors *e);
/* The path of a kept term file with this name and the bytes of the open file; the caller's to
 * free.  NULL: there is none. */
char *kept_twin(const struct world *w, int fd, const char *name);
mode_t output_mode(const struct output *o);
/* The server that has to be restarted for this change, or NULL. */
const char *change_restarts(const struct change *c);
void changes_clear(struct changes *c); /* also the _cleanup_ function */
