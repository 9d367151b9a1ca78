/* /var/lib/phone-cpr: where packages are dropped (incoming/), and what became of them
 * (accepted/, quarantine/ with a .reason file beside each). */
#pragma once

#include <stddef.h>

struct cpr_errors;

#define CPR_SPOOL_DIR "/var/lib/phone-cpr"

struct cpr_spool {
	char *path; /* below --root */
	int folder, incoming, accepted, quarantine;
	int lock;
};

/* Makes the folders that are missing and takes the lock that one watch at a time holds.
 * 0, or -errno with a line in e (-EBUSY: another one runs). */
int cpr_spool_open(const char *root, struct cpr_spool *s, struct cpr_errors *e);
void cpr_spool_close(struct cpr_spool *s); /* also the _cleanup_ function */

/* Each moves incoming/name away, beside what has that name already, and removes all but the
 * newest `keep`.  0 or -errno: it lies where it lay. */
int cpr_spool_accept(struct cpr_spool *s, const char *name, unsigned keep);
int cpr_spool_remove(struct cpr_spool *s, const char *name); /* nothing is kept */
int cpr_spool_refuse(struct cpr_spool *s, const char *name, char *const *reason,
	size_t reason_n, unsigned keep);
