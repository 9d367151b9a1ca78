/* The private folder of a TFTP root while an import is at work: the lock that lets one import
 * at a time in, and the staging folder, on the same file system, where a package is unpacked
 * and judged before anything of it is visible.  Whoever holds the lock may remove every
 * staging folder that is left: its owner was killed.
 *
 * Nothing of it remains: the lock file goes too, and the private folder if this made it and it is
 * empty.  One that was there says to whom things here belong (give.h). */
#pragma once

#include <signal.h>
#include <stdbool.h>

struct cpr_stage {
	int root; /* the TFTP root */
	int lock;
	bool made;       /* the private folder, by us */
	int dir;         /* the staging folder; -1: none now */
	char folder[64]; /* its path below the root */
};

/* Locks the root.  `waiting` is called once when another import holds it; it is waited for 30
 * seconds, then -EBUSY.  Returns 0 or -errno (-EEXIST: what has the private folder's name is no
 * folder); *s is to be closed either way. */
int cpr_stage_open(const char *tftp_root, struct cpr_stage *s, void (*waiting)(void),
	const volatile sig_atomic_t *stop);
/* A new, empty staging folder; the one before must be dropped. */
int cpr_stage_make(struct cpr_stage *s);
void cpr_stage_drop(struct cpr_stage *s);
void cpr_stage_close(struct cpr_stage *s); /* also the _cleanup_ function */
