#include "stage.h"

#include "cleanup.h"
#include "firmware.h"
#include "give.h"
#include "publish.h"
#include "remove.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#define LOCK    CPR_PRIVATE_DIR "/lock"
#define STAGING "staging-"

enum {
	TENTHS = 300, /* an import of the largest package takes seconds */
};

static int open_folder(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static void remove_stale(int root)
{
	_cleanup_(cpr_closep) int private = open_folder(root, CPR_PRIVATE_DIR);
	struct dirent **entry;
	int n = private < 0 ? 0 : scandirat(private, ".", &entry, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		if (!strncmp(entry[i]->d_name, STAGING, strlen(STAGING)))
			cpr_remove_tree(private, entry[i]->d_name);
		free(entry[i]);
	}
	if (n > 0)
		free(entry);
}

static bool still_named(int root, int fd)
{
	struct stat by_name, by_fd;

	return fstatat(root, LOCK, &by_name, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstat(fd, &by_fd) == 0 && by_name.st_ino == by_fd.st_ino;
}

static bool in_the_way(int root)
{
	struct stat st;

	return fstatat(root, CPR_PRIVATE_DIR, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       !S_ISDIR(st.st_mode);
}

/* The lock file held by nobody else, or -EAGAIN; the holder before may have removed it. */
static int try_lock(int root, bool *made)
{
	_cleanup_(cpr_closep) int fd = -1;
	int r = cpr_publish_mkdir(root, CPR_PRIVATE_DIR, 0700), private;

	*made = *made || r == 1;
	private = r < 0 ? r : open_folder(root, CPR_PRIVATE_DIR);
	if (private < 0 && in_the_way(root))
		return -EEXIST;
	if (private < 0)
		return private == -ENOENT ? -EAGAIN : private;
	fd = openat(private, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	r = fd < 0 ? -errno : cpr_give(root, LOCK, cpr_heir(root));
	close(private);
	if (r < 0)
		return r == -ENOENT ? -EAGAIN : r;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	if (!still_named(root, fd))
		return -EAGAIN;
	r = fd;
	fd = -1;
	return r;
}

int cpr_stage_open(const char *tftp_root, struct cpr_stage *s, void (*waiting)(void),
	const volatile sig_atomic_t *stop)
{
	*s = (struct cpr_stage){.root = -1, .lock = -1, .dir = -1};
	s->root = open(tftp_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->root < 0)
		return -errno;
	for (int tenth = 0; tenth < TENTHS; tenth++) {
		s->lock = try_lock(s->root, &s->made);
		if (s->lock >= 0) {
			remove_stale(s->root);
			return 0;
		}
		if (s->lock != -EAGAIN)
			return s->lock;
		if (stop && *stop)
			return -EINTR;
		/* Not yet for one that is only on its way out. */
		if (tenth == 2)
			waiting();
		nanosleep(&(struct timespec){.tv_nsec = 100 * 1000 * 1000}, NULL);
	}
	return -EBUSY;
}

int cpr_stage_make(struct cpr_stage *s)
{
	uint64_t name;

	if (getrandom(&name, sizeof(name), 0) < 0)
		return -errno;
	snprintf(s->folder, sizeof(s->folder), CPR_PRIVATE_DIR "/" STAGING "%06x",
		(unsigned)(name & 0xffffff));
	if (mkdirat(s->root, s->folder, 0700) < 0)
		return -errno;
	s->dir = open_folder(s->root, s->folder);
	return s->dir < 0 ? s->dir : 0;
}

void cpr_stage_drop(struct cpr_stage *s)
{
	if (s->dir < 0)
		return;
	cpr_closep(&s->dir);
	s->dir = -1;
	cpr_remove_tree(s->root, s->folder);
}

void cpr_stage_close(struct cpr_stage *s)
{
	cpr_stage_drop(s);
	if (s->lock >= 0) {
		unlinkat(s->root, LOCK, 0);
		cpr_closep(&s->lock);
		if (s->made)
			unlinkat(s->root, CPR_PRIVATE_DIR, AT_REMOVEDIR);
	}
	cpr_closep(&s->root);
}
