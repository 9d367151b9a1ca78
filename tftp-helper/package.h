/* Reads a package, whatever it is wrapped in: zip, tar, gzip'ed tar, .cop.sgn, these in each
 * other, a folder, a single file.  Hands out its firmware files one by one and says what it
 * left out; judges the archive, never the firmware. */
#pragma once

#include <signal.h>
#include <stdbool.h>

struct cpr_bars;
struct cpr_errors;

struct cpr_package {
	const char *path; /* as the user named it: the first word of every line */
	int scratch;      /* an open folder of ours */
	struct cpr_bars *bars;
	const volatile sig_atomic_t *stop; /* not 0: give up, -EINTR */
	struct cpr_errors *e;

	/* A firmware file: its place in the package, its base name, and its bytes in the
	 * file `scratch_name` of scratch, which is the owner's now.  0 or -errno. */
	int (*take)(void *owner, const char *entry, const char *base,
		const char *scratch_name);
	/* A file that is no firmware.  0 or -errno. */
	int (*leave)(void *owner, const char *entry);
	void *owner;
};

/* 0; 1 refused (lines in e); or -errno, the environment failed. */
int cpr_package_read(const struct cpr_package *p);
