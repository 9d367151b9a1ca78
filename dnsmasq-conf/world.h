/* The outside world, read once: site file, TFTP root, what phones are told now, and the plan
 * made of them. */
#pragma once

#include "errors.h"
#include "plan.h"
#include "there.h"

#include <stdbool.h>
#include <stddef.h>

struct cpr_firmware;
struct cpr_site;

#define STATE_DIR "/var/lib/phone-cpr"

/* What --site, --root and --json say, in every command that has them. */
struct common {
	const char *site;
	const char *root;
	bool json;
	bool judge; /* a pin that cannot be is said, and the rest is looked at, too */
	bool fresh; /* read every file, whatever an earlier run saw in it */
	const char *const *forget; /* loads to plan without: they are to be removed */
	size_t forget_n;
	bool lock; /* wait until no other cpr-conf has it set below the same root */
};

struct world {
	struct cpr_site *site;
	struct cpr_firmware *firmware;
	struct cpr_running running;
	struct cpr_plan *plan;
	bool refused; /* judge: the plan is without a pin */
	int base;     /* the folder of --root, open */
	int lock;     /* STATE_DIR, open and locked; -1: that was not asked for */
	struct there xmldefault, os79xx;
	struct cpr_errors warning; /* files of the TFTP root that could not be read */
};

/* Returns an enum cpr_exit: 0, or having said on stderr why not.  All but 0 leave *out. */
int world_read(const struct common *c, struct world **out);
struct world *world_free(struct world *w);
void world_freep(struct world **w);

/* A whole file below an open folder.  name: absolute or relative.  0 or -errno: -ENOENT,
 * -EFBIG above max, -EINVAL and -ELOOP where it is no regular file. */
int read_below(int base, const char *name, size_t max, char **data, size_t *len);
/* The rest of an open file.  0, -EFBIG or -errno. */
int read_open(int fd, size_t max, char **data, size_t *len);
int read_there(int fd, size_t max, struct there *out); /* the same, with its mode */
/* Locks an open folder, having said `waiting` where that takes time.  0, -EWOULDBLOCK after half
 * a minute, or -errno. */
int folder_lock(int fd, const char *waiting);
