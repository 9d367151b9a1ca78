/* A server's merged configuration on trial: its main file, and each file on the way from it to
 * ours, as copies in which ours gives way to its candidate.  They stand beside the originals as
 * dot-files, for the AppArmor profiles of Debian's Kea and dhcpd let them read their own folder
 * alone, and are gone when the trial ends.  Until then this process puts off the signals that
 * would end it (each checker has a deadline), so that only SIGKILL leaves them there; the next
 * trial removes them then. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

struct include;
struct scan;

/* What is the server's own about it. */
struct trial_kind {
	const char *ours; /* our file */
	bool (*next)(struct scan *s, struct include *out);
};

struct trial_file {
	char *path;
	char *copy;    /* NULL: the server reads the original */
	unsigned ours; /* the line that includes our file; 0: none does */
	char list[48]; /* which that line stands in, see struct include */
};

struct trial {
	const struct trial_kind *kind;
	int base;
	bool held; /* signals, and the folder, so that trials come one by one */
	int lock;
	sigset_t before;
	struct trial_file file[32]; /* the first is the main file */
	size_t n;
	char *candidate; /* its copy; NULL: there is none */
};

/* The files and includes alone, for who looks for our line.  base: the folder of --root; main:
 * the main file.  0, -ENOENT: there is no main file, or -errno. */
int trial_look(
	struct trial *t, const struct trial_kind *kind, int base, const char *main);
/* The one that includes our file, or NULL. */
const struct trial_file *trial_includer(const struct trial *t);

/* The copies.  before, after: what makes a main file of an include of ours, where no file
 * includes it yet; it is tried alone then.  Returns as above; -EWOULDBLOCK: somebody has
 * locked the folder for half a minute. */
int trial_open(struct trial *t, const struct trial_kind *kind, int base, const char *main,
	const char *candidate, const char *before, const char *after);
/* Of trial_open, for people. */
const char *trial_error(int r);
/* What trial_open says to a user who may not write there. */
bool trial_denied(int r);
/* Also the _cleanup_ function, of both; all zero: nothing. */
void trial_close(struct trial *t);

/* In place: what a checker said, with the names of the originals. */
void trial_name_originals(const struct trial *t, char *text);
