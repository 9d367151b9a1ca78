/* Files appear whole or not at all: temp (dot-name) in the same folder, write, fsync, rename,
 * fsync the folder.  What is there with the same bytes and mode is not touched.
 * All return 1 changed, 0 already so, or -errno. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/* name: relative to dirfd, may hold slashes.  The mode is set whatever the umask. */
int cpr_publish_bytes(
	int dirfd, const char *name, const void *data, size_t len, mode_t mode);
/* A symbolic link name -> target, replacing atomically what is there. */
int cpr_publish_symlink(int dirfd, const char *name, const char *target);
/* A hard link name to the file `from`, replacing atomically; same inode already: 0. */
int cpr_publish_hardlink(int dirfd, const char *from, const char *name);
/* A staged file moves to its name (same file system), fsynced before; mode set. */
int cpr_publish_rename(int dirfd, const char *staged, const char *name, mode_t mode);
/* mkdir -p for one path below dirfd. */
int cpr_publish_mkdir(int dirfd, const char *path, mode_t mode);
