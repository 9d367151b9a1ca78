/* The merged configuration of Kea, on trial: kea-dhcp4.conf, and each file on the way from it
 * to ours, as copies in which ours gives way to its candidate.  They stand beside the originals
 * as dot-files, for Debian's AppArmor profile lets Kea read /etc/kea alone, and are gone when
 * the trial ends.  Until then this process puts off the signals that would end it (each checker
 * has a deadline), so that only SIGKILL leaves them there; the next trial removes them then. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#define KEA_CONFIG "/etc/kea/kea-dhcp4.conf"
#define KEA_OURS   "/etc/kea/phone-cpr.json"

struct cpr_errors;

struct kea_file {
	char *path;
	char *copy;    /* NULL: Kea reads the original */
	unsigned ours; /* the line that includes our file; 0: none does */
	char list[48]; /* which that line stands in */
};

struct kea_trial {
	int base;
	bool held; /* signals, and the folder, so that trials come one by one */
	int lock;
	sigset_t before;
	struct kea_file file[32]; /* the first is kea-dhcp4.conf */
	size_t n;
	char *candidate; /* its copy; NULL: there is none */
};

/* The files and includes alone, for who looks for our line.  base: the folder of --root.
 * 0, -ENOENT: there is no kea-dhcp4.conf, or -errno. */
int kea_trial_look(struct kea_trial *t, int base);
/* The one that includes our file, or NULL. */
const struct kea_file *kea_trial_includer(const struct kea_trial *t);

/* The copies.  list: where the candidate stands when no file includes it yet; it is tried
 * alone then.  Returns as above. */
int kea_trial_open(struct kea_trial *t, int base, const char *candidate, size_t len,
	const char *list);
/* Also the _cleanup_ function, of both; all zero: nothing. */
void kea_trial_close(struct kea_trial *t);
