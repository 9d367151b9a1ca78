/* Files appear whole or not at all: temp (dot-name) in the same folder, write, fsync, rename,
 * fsync the folder.  What is there with the same bytes and mode is not touched.
 *
 * A failure takes its temp away.  A writer that was killed leaves one behind, `.NAME.new` or
 * `.NAME.link`; the next to publish NAME removes it, because the lock its writer held on it
 * is free.  A temp whose writer lives is waited for, then -EBUSY.
 *
 * name: relative to dirfd, may hold slashes.  Links to folders on the way are followed as if
 * dirfd were the root of the file system, so no name leads out of it; the last component is
 * never followed.
 * All return 1 changed, 0 already so, or -errno. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/* Beside a mode: a file that is there keeps its owner, as far as the caller may give files
 * away, and its mode, to which reading by everyone is added. */
#define CPR_PUBLISH_KEEP 0x10000u

/* The mode is set whatever the umask. */
int cpr_publish_bytes(
	int dirfd, const char *name, const void *data, size_t len, mode_t mode);
/* A hard link name to the file `from`, replacing atomically; same inode already: 0. */
int cpr_publish_hardlink(int dirfd, const char *from, const char *name);
/* A symbolic link name to target, replacing atomically. */
int cpr_publish_symlink(int dirfd, const char *target, const char *name);
/* The name is gone, whatever it was but for a folder; 0: it was not there. */
int cpr_publish_remove(int dirfd, const char *name);
/* Takes away temps of this name whose writers are dead, for a name that nobody publishes
 * again.  0 or -errno. */
int cpr_publish_sweep(int dirfd, const char *name);

/* The same in two steps, so that a full disk is met before the first of several names has
 * changed: the temp is whole and on disk (1, and *out), then it becomes the name.  0: already
 * so, and *out is left alone. */
struct cpr_prepared;
int cpr_publish_prepare_bytes(int dirfd, const char *name, const void *data, size_t len,
	mode_t mode, struct cpr_prepared **out);
int cpr_publish_prepare_hardlink(
	int dirfd, const char *from, const char *name, struct cpr_prepared **out);
int cpr_publish_prepare_symlink(
	int dirfd, const char *target, const char *name, struct cpr_prepared **out);
int cpr_prepared_put(struct cpr_prepared *s); /* 1 or -errno */
/* Takes the temp away unless it was put. */
struct cpr_prepared *cpr_prepared_free(struct cpr_prepared *s);
void cpr_prepared_freep(struct cpr_prepared **s);

/* A staged file moves to its name (same file system), fsynced before; mode set.  Or a staged
 * symbolic link, which has no mode.  `staged` is gone afterwards, also when name held the same
 * already; it stays on failure, unless all that failed is the fsync of the folder. */
int cpr_publish_rename(int dirfd, const char *staged, const char *name, mode_t mode);
/* mkdir -p for one path below dirfd.  mode is for the folders that it makes; one that is
 * there keeps its own. */
int cpr_publish_mkdir(int dirfd, const char *path, mode_t mode);

/* Opens a file below dirfd for reading, by the rule for names above; -errno (-EINVAL: not a
 * regular file). */
int cpr_publish_open(int dirfd, const char *name);
/* The same, but the last component may be a link, as long as it stays below dirfd: what
 * in.tftpd in its chroot and dnsmasq below its --tftp-root serve alike.  -EXDEV: it does
 * not. */
int cpr_publish_open_served(int dirfd, const char *name);
/* Where a symbolic link points, ending with a NUL.  0 or -errno: -EINVAL: it is none,
 * -ENAMETOOLONG. */
int cpr_publish_readlink(int dirfd, const char *name, char *target, size_t size);
/* A file or a folder, as a program would open it whose file system begins at dirfd: every
 * link is followed. */
int cpr_publish_open_followed(int dirfd, const char *path);
