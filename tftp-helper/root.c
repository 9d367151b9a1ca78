#include "root.h"

#include "cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Linux 5.8 and later tell. */
static bool is_mount_point(const char *path)
{
	struct statx st;

	return statx(AT_FDCWD, path, 0, 0, &st) == 0 &&
	       (st.stx_attributes_mask & st.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

/* Cuts the real path to that of the mount point. */
static char *mount_of(const char *path)
{
	_cleanup_(cpr_freep) char *real = realpath(path, NULL);
	char *slash;

	while (real && !is_mount_point(*real ? real : "/")) {
		slash = strrchr(real, '/');
		if (!slash)
			return NULL;
		*slash = 0;
	}
	return TAKE_PTR(real);
}

int cpr_root_find(const char *path, struct cpr_root *out)
{
	struct stat st;

	*out = (struct cpr_root){0};
	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	out->dev = st.st_dev;
	out->ino = st.st_ino;
	out->mount = mount_of(path);
	return 0;
}

void cpr_root_clear(struct cpr_root *r)
{
	free(r->mount);
	*r = (struct cpr_root){0};
}

bool cpr_root_is(const struct cpr_root *r, const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_dev == r->dev && st.st_ino == r->ino;
}

bool cpr_root_unmounted(const struct cpr_root *before, const struct cpr_root *now)
{
	size_t n;

	if (!before->mount || !now->mount)
		return false;
	n = strlen(now->mount);
	return strlen(before->mount) > n && !strncmp(before->mount, now->mount, n) &&
	       before->mount[n] == '/';
}
