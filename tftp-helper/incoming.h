/* What lies in incoming/, and which of it has come to rest: the rescan that decides what is
 * taken, after whatever event.  An arrival is a file or a folder at the top of incoming/. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stat;

struct cpr_arrival {
	char *name;
	uint64_t
		print; /* of names, sizes, times and inodes: differs when it was touched */
	int64_t since; /* ms: the scan that first saw it as it is */
	int64_t again; /* ms: not before: it was looked at, and could not be taken */
	char *why;     /* the first reason then; NULL: none yet */
	bool folder;
	bool other; /* a link, a device: neither file nor folder */
	bool busy;  /* somebody has it open for writing, or a part of it is in flight */
	bool seen;  /* by the scan under way */
};

/* A queue in the order of coming to rest; kept from scan to scan. */
struct cpr_incoming {
	struct cpr_arrival *arrival;
	size_t n;
	size_t in_flight; /* names that are left alone */
};

/* True for names under which tools keep a transfer until it is whole: dot names (rsync), and
 * those of scp clients, browsers and editors. */
bool cpr_name_in_flight(const char *name);

/* Of name, inode, mode, size and times: differs when it was touched. */
uint64_t cpr_print_of(const char *name, const struct stat *st);

/* Looks at everything in the folder.  Called for each folder found, with its path below it
 * ("": the folder itself), `watch` can have it watched.  now: ms of a clock that never jumps.
 * 0 or -errno. */
int cpr_incoming_scan(struct cpr_incoming *in, int folder, int64_t now,
	void (*watch)(void *owner, const char *path), void *owner);
/* Looked at, and not taken: not again before then, unless it changes. */
void cpr_arrival_defer(struct cpr_arrival *a, int64_t again, const char *why);
/* Taken: it lies there no more. */
void cpr_incoming_forget(struct cpr_incoming *in, struct cpr_arrival *a);
/* The one that has been at rest longest, for `settle` ms at least and not deferred; or NULL. */
struct cpr_arrival *cpr_incoming_next(
	const struct cpr_incoming *in, int64_t now, int64_t settle);
/* In how many ms it is worth to look again; -1: nothing is there. */
int64_t cpr_incoming_due(const struct cpr_incoming *in, int64_t now, int64_t settle);
void cpr_incoming_clear(struct cpr_incoming *in);
