/* Which folder a path names now, and on which mount it lies: a path that goes on to name a
 * folder when its file system was unmounted names another one. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct cpr_root {
	uint64_t dev, ino;
	char *mount; /* the innermost mount point at or above it; NULL: the kernel does not say */
};

/* Follows links.  0, or -errno: it is no folder that can be reached. */
int cpr_root_find(const char *path, struct cpr_root *out);
void cpr_root_clear(struct cpr_root *r); /* also the _cleanup_ function */
/* True when the path names this very folder; cheaper than to find it. */
bool cpr_root_is(const struct cpr_root *r, const char *path);
/* True when now is what shows below the mount point of before, whose file system is gone. */
bool cpr_root_unmounted(const struct cpr_root *before, const struct cpr_root *now);
