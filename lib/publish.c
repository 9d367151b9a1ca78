#include "publish.h"

#include "cleanup.h"
#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

enum {
	TRIES = 100, /* for a temp whose writer lives: 50 ms each, 5 s in all */
};

/* Where a name lies: its open folder, its last component and the temp beside it. */
struct place {
	int dir;
	char base[256];
	char temp[256];
};

static void place_close(struct place *p)
{
	cpr_closep(&p->dir);
}

/* glibc 2.36 has no wrapper for openat2. */
static int open_resolved(int dirfd, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = {
		.flags = (unsigned)flags | O_CLOEXEC,
		.resolve = resolve | RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	/* EAGAIN: something was renamed somewhere while a ".." was looked up. */
	for (int i = 0; i < TRIES; i++) {
		fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return fd < 0 ? -errno : (int)fd;
}

static int open_below(int dirfd, const char *path, int flags)
{
	return open_resolved(dirfd, path, flags, RESOLVE_IN_ROOT);
}

/* suffix: "new" or "link": a temp that can be locked, and one that cannot. */
static int find_place(int dirfd, const char *name, const char *suffix, struct place *out)
{
	const char *slash = strrchr(name, '/');
	const char *base = slash ? slash + 1 : name;
	_cleanup_(cpr_freep) char *folder = NULL;

	out->dir = -1;
	if (!*base || !strcmp(base, ".") || !strcmp(base, ".."))
		return -EINVAL;
	if ((size_t)snprintf(out->temp, sizeof(out->temp), ".%s.%s", base, suffix) >=
		sizeof(out->temp))
		return -ENAMETOOLONG;
	strcpy(out->base, base);
	folder = slash ? strndup(name, (size_t)(slash - name) + 1) : strdup(".");
	if (!folder)
		return -ENOMEM;
	out->dir = open_below(dirfd, folder, O_RDONLY | O_DIRECTORY);
	return out->dir < 0 ? out->dir : 0;
}

static int sync_fd(int fd)
{
	/* EINVAL: this file system has no fsync for it, and needs none. */
	return fsync(fd) < 0 && errno != EINVAL ? -errno : 0;
}

static void nap(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 50 * 1000 * 1000}, NULL);
}

static bool is_named(int dir, const char *name, int fd)
{
	struct stat by_name, by_fd;

	return fstatat(dir, name, &by_name, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstat(fd, &by_fd) == 0 && by_name.st_dev == by_fd.st_dev &&
	       by_name.st_ino == by_fd.st_ino;
}

/* A temp is in the way: removes it when its writer is dead.  -EAGAIN: it lives. */
static int clear_temp(const struct place *p)
{
	_cleanup_(cpr_closep) int fd =
		openat(p->dir, p->temp, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 && errno == EACCES)
		return -EAGAIN; /* another user's: no telling */
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	if (fd >= 0 && !is_named(p->dir, p->temp, fd))
		return 0;
	return unlinkat(p->dir, p->temp, 0) < 0 && errno != ENOENT ? -errno : 0;
}

/* A new, empty temp, locked; or -errno. */
static int make_temp(const struct place *p)
{
	for (int i = 0; i < TRIES; i++) {
		_cleanup_(cpr_closep) int fd = openat(p->dir, p->temp,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		int r;

		if (fd >= 0) {
			int mine = fd;

			/* Between open and flock another may have taken it for dead. */
			if (flock(fd, LOCK_EX | LOCK_NB) < 0 ||
				!is_named(p->dir, p->temp, fd))
				continue;
			fd = -1;
			return mine;
		}
		if (errno != EEXIST)
			return -errno;
		r = clear_temp(p);
		if (r == -EAGAIN)
			nap();
		else if (r < 0)
			return r;
	}
	return -EBUSY;
}

/* The open file, which a pipe or a device does not become. */
static int only_regular(int fd)
{
	struct stat st;

	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		return -EINVAL;
	}
	return fd;
}

static int open_regular(int dir, const char *base)
{
	int fd = openat(dir, base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	return fd < 0 ? -errno : only_regular(fd);
}

int cpr_publish_open(int dirfd, const char *name)
{
	_cleanup_(place_close) struct place p;
	int r = find_place(dirfd, name, "new", &p);

	return r < 0 ? r : open_regular(p.dir, p.base);
}

int cpr_publish_open_served(int dirfd, const char *name)
{
	return only_regular(
		open_resolved(dirfd, name, O_RDONLY | O_NONBLOCK, RESOLVE_BENEATH));
}

int cpr_publish_readlink(int dirfd, const char *name, char *target, size_t size)
{
	_cleanup_(place_close) struct place p;
	int r = find_place(dirfd, name, "link", &p);
	ssize_t n = r < 0 ? r : readlinkat(p.dir, p.base, target, size);

	if (n < 0)
		return r < 0 ? r : -errno;
	if ((size_t)n == size)
		return -ENAMETOOLONG;
	target[n] = 0;
	return 0;
}

int cpr_publish_open_followed(int dirfd, const char *path)
{
	return open_below(dirfd, path, O_RDONLY | O_NONBLOCK);
}

static bool has_mode(int fd, mode_t mode)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (st.st_mode & 07777) == mode;
}

static bool holds_bytes(
	const struct place *p, const uint8_t *data, size_t len, mode_t mode)
{
	_cleanup_(cpr_closep) int fd = open_regular(p->dir, p->base);
	uint8_t chunk[4096];
	struct stat st;

	if (fd < 0 || !has_mode(fd, mode) || fstat(fd, &st) < 0 ||
		(size_t)st.st_size != len)
		return false;
	for (size_t at = 0; at < len;) {
		size_t want = len - at < sizeof(chunk) ? len - at : sizeof(chunk);

		if (cpr_io_read_at(fd, chunk, want, at) != (ssize_t)want ||
			memcmp(chunk, data + at, want))
			return false;
		at += want;
	}
	return true;
}

/* A temp that is whole, and whose writer's lock on it this holds. */
struct cpr_prepared {
	struct place place;
	int fd; /* -1: a link, which cannot be locked */
	bool made;
};

struct cpr_prepared *cpr_prepared_free(struct cpr_prepared *s)
{
	if (!s)
		return NULL;
	if (s->made)
		unlinkat(s->place.dir, s->place.temp, 0);
	cpr_closep(&s->fd);
	place_close(&s->place);
	free(s);
	return NULL;
}

void cpr_prepared_freep(struct cpr_prepared **s)
{
	*s = cpr_prepared_free(*s);
}

int cpr_prepared_put(struct cpr_prepared *s)
{
	const struct place *p = &s->place;
	int r;

	if (renameat(p->dir, p->temp, p->dir, p->base) < 0)
		return -errno;
	/* rename(2) of two names of one inode does nothing and leaves both: another made
	 * the same link first. */
	if (s->fd < 0)
		unlinkat(p->dir, p->temp, 0);
	s->made = false;
	r = sync_fd(p->dir);
	return r < 0 ? r : 1;
}

static int prepared_new(
	int dirfd, const char *name, const char *suffix, struct cpr_prepared **out)
{
	_cleanup_(cpr_prepared_freep) struct cpr_prepared *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->fd = -1;
	r = find_place(dirfd, name, suffix, &s->place);
	if (r == 0)
		*out = TAKE_PTR(s);
	return r;
}

/* -1 for what is not to be changed. */
struct owner {
	uid_t uid;
	gid_t gid;
};

/* Whose the file shall be, and its mode, which CPR_PUBLISH_KEEP may be in. */
static mode_t find_owner(const struct place *p, mode_t mode, struct owner *out)
{
	struct stat st;

	*out = (struct owner){(uid_t)-1, (gid_t)-1};
	if (!(mode & CPR_PUBLISH_KEEP) ||
		fstatat(p->dir, p->base, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		!S_ISREG(st.st_mode))
		return mode & 07777;
	*out = (struct owner){st.st_uid, st.st_gid};
	return (st.st_mode & 0777) | S_IROTH;
}

/* Only root gives files away; others keep the group at least, where they are in it. */
static int give(int fd, const struct owner *owner)
{
	if (fchown(fd, (uid_t)-1, owner->gid) < 0 && errno != EPERM)
		return -errno;
	return fchown(fd, owner->uid, (gid_t)-1) < 0 && errno != EPERM ? -errno : 0;
}

int cpr_publish_prepare_bytes(int dirfd, const char *name, const void *data, size_t len,
	mode_t mode, struct cpr_prepared **out)
{
	_cleanup_(cpr_prepared_freep) struct cpr_prepared *s = NULL;
	struct owner owner;
	int r = prepared_new(dirfd, name, "new", &s);

	if (r < 0)
		return r;
	mode = find_owner(&s->place, mode, &owner);
	if (holds_bytes(&s->place, data, len, mode)) {
		clear_temp(&s->place); /* where one lives, it is not ours to see to */
		return 0;
	}
	s->fd = make_temp(&s->place);
	if (s->fd < 0)
		return s->fd;
	s->made = true;
	r = cpr_io_write(s->fd, data, len);
	if (r == 0)
		r = give(s->fd, &owner);
	if (r == 0 && fchmod(s->fd, mode) < 0)
		r = -errno;
	if (r == 0)
		r = sync_fd(s->fd);
	if (r < 0)
		return r;
	*out = TAKE_PTR(s);
	return 1;
}

/* A temp that cannot be locked: what is in the way is taken away.  make: as linkat(). */
static int prepare_link(struct cpr_prepared *s,
	int (*make)(const void *from, const struct place *p), const void *from)
{
	for (int i = 0; i < TRIES; i++) {
		if (make(from, &s->place) == 0) {
			s->made = true;
			return 1;
		}
		if (errno != EEXIST)
			return -errno;
		if (unlinkat(s->place.dir, s->place.temp, 0) < 0 && errno != ENOENT)
			return -errno;
	}
	return -EBUSY;
}

static int make_hardlink(const void *from, const struct place *p)
{
	const struct place *source = from;

	return linkat(source->dir, source->base, p->dir, p->temp, 0);
}

int cpr_publish_prepare_hardlink(
	int dirfd, const char *from, const char *name, struct cpr_prepared **out)
{
	_cleanup_(cpr_prepared_freep) struct cpr_prepared *s = NULL;
	_cleanup_(place_close) struct place source = {.dir = -1};
	_cleanup_(cpr_closep) int fd = -1;
	int r = prepared_new(dirfd, name, "link", &s);

	if (r == 0)
		r = find_place(dirfd, from, "link", &source);
	if (r < 0)
		return r;
	fd = open_regular(source.dir, source.base);
	if (fd < 0)
		return fd;
	if (is_named(s->place.dir, s->place.base, fd))
		return 0;
	r = prepare_link(s, make_hardlink, &source);
	if (r == 1)
		*out = TAKE_PTR(s);
	return r;
}

static int make_symlink(const void *from, const struct place *p)
{
	return symlinkat(from, p->dir, p->temp);
}

static bool points_to(const struct place *p, const char *target)
{
	char there[PATH_MAX];
	ssize_t n = readlinkat(p->dir, p->base, there, sizeof(there));

	return n >= 0 && (size_t)n == strlen(target) && !memcmp(there, target, (size_t)n);
}

int cpr_publish_prepare_symlink(
	int dirfd, const char *target, const char *name, struct cpr_prepared **out)
{
	_cleanup_(cpr_prepared_freep) struct cpr_prepared *s = NULL;
	int r = prepared_new(dirfd, name, "link", &s);

	if (r < 0 || points_to(&s->place, target))
		return r;
	r = prepare_link(s, make_symlink, target);
	if (r == 1)
		*out = TAKE_PTR(s);
	return r;
}

int cpr_publish_bytes(
	int dirfd, const char *name, const void *data, size_t len, mode_t mode)
{
	_cleanup_(cpr_prepared_freep) struct cpr_prepared *s = NULL;
	int r = cpr_publish_prepare_bytes(dirfd, name, data, len, mode, &s);

	return r == 1 ? cpr_prepared_put(s) : r;
}

/* -ENOENT of the rename: another took the temp, which had no lock, for a dead one's. */
int cpr_publish_hardlink(int dirfd, const char *from, const char *name)
{
	for (int i = 0; i < TRIES; i++) {
		_cleanup_(cpr_prepared_freep) struct cpr_prepared *s = NULL;
		int r = cpr_publish_prepare_hardlink(dirfd, from, name, &s);

		if (r == 1)
			r = cpr_prepared_put(s);
		if (r != -ENOENT || !s)
			return r;
	}
	return -EBUSY;
}

int cpr_publish_symlink(int dirfd, const char *target, const char *name)
{
	for (int i = 0; i < TRIES; i++) {
		_cleanup_(cpr_prepared_freep) struct cpr_prepared *s = NULL;
		int r = cpr_publish_prepare_symlink(dirfd, target, name, &s);

		if (r == 1)
			r = cpr_prepared_put(s);
		if (r != -ENOENT || !s)
			return r;
	}
	return -EBUSY;
}

int cpr_publish_remove(int dirfd, const char *name)
{
	_cleanup_(place_close) struct place p;
	int r = find_place(dirfd, name, "new", &p);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	if (unlinkat(p.dir, p.base, 0) < 0)
		return errno == ENOENT ? 0 : -errno;
	r = sync_fd(p.dir);
	return r < 0 ? r : 1;
}

int cpr_publish_sweep(int dirfd, const char *name)
{
	_cleanup_(cpr_prepared_freep) struct cpr_prepared *bytes = NULL, *link = NULL;
	int r = prepared_new(dirfd, name, "new", &bytes);

	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = clear_temp(&bytes->place);
	if (r == 0 || r == -EAGAIN)
		r = prepared_new(dirfd, name, "link", &link);
	if (r == 0 && unlinkat(link->place.dir, link->place.temp, 0) < 0 &&
		errno != ENOENT)
		r = -errno;
	return r;
}

/* Two spellings of one name, perhaps by a link to the folder: "a" and "./a". */
static bool same_place(const struct place *a, const struct place *b)
{
	return is_named(a->dir, ".", b->dir) && strcmp(a->base, b->base) == 0;
}

static bool same_links(const struct place *a, const struct place *b)
{
	char ta[PATH_MAX], tb[PATH_MAX];
	ssize_t na = readlinkat(a->dir, a->base, ta, sizeof(ta));
	ssize_t nb = readlinkat(b->dir, b->base, tb, sizeof(tb));

	return na >= 0 && na == nb && !memcmp(ta, tb, (size_t)na);
}

static int rename_link(const struct place *source, const struct place *p)
{
	int r;

	if (same_links(source, p))
		return unlinkat(source->dir, source->base, 0) < 0 ? -errno : 0;
	if (renameat(source->dir, source->base, p->dir, p->base) < 0)
		return -errno;
	r = sync_fd(p->dir);
	return r < 0 ? r : 1;
}

int cpr_publish_rename(int dirfd, const char *staged, const char *name, mode_t mode)
{
	_cleanup_(place_close) struct place p = {.dir = -1}, source = {.dir = -1};
	_cleanup_(cpr_closep) int fd = -1, there = -1;
	int r = find_place(dirfd, name, "new", &p);

	if (r == 0)
		r = find_place(dirfd, staged, "new", &source);
	/* "The same is there already" would take the only one away. */
	if (r == 0 && same_place(&p, &source))
		r = -EINVAL;
	if (r < 0)
		return r;
	fd = open_regular(source.dir, source.base);
	if (fd == -ELOOP)
		return rename_link(&source, &p);
	if (fd < 0)
		return fd;
	there = open_regular(p.dir, p.base);
	if (there >= 0 && has_mode(there, mode) && cpr_io_same(fd, there) == 1)
		return unlinkat(source.dir, source.base, 0) < 0 ? -errno : 0;
	if (fchmod(fd, mode) < 0)
		return -errno;
	r = sync_fd(fd);
	if (r < 0)
		return r;
	if (renameat(source.dir, source.base, p.dir, p.base) < 0)
		return -errno;
	if (is_named(source.dir, source.base, fd))
		unlinkat(source.dir, source.base, 0); /* two names of one inode */
	r = sync_fd(p.dir);
	return r < 0 ? r : 1;
}

static int make_folder(int dirfd, const char *path, mode_t mode)
{
	_cleanup_(place_close) struct place p;
	_cleanup_(cpr_closep) int fd = -1;
	int r = find_place(dirfd, path, "new", &p);

	if (r < 0)
		return r;
	if (mkdirat(p.dir, p.base, mode) < 0) {
		if (errno != EEXIST)
			return -errno;
		fd = open_below(dirfd, path, O_PATH | O_DIRECTORY);
		return fd < 0 ? fd : 0;
	}
	fd = openat(p.dir, p.base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fchmod(fd, mode) < 0)
		return -errno;
	r = sync_fd(p.dir);
	return r < 0 ? r : 1;
}

int cpr_publish_mkdir(int dirfd, const char *path, mode_t mode)
{
	_cleanup_(cpr_freep) char *part = strdup(path);
	int changed = 0;

	if (!part)
		return -ENOMEM;
	for (char *at = part; *at;) {
		char *slash = strchr(at, '/'), *end = slash ? slash : at + strlen(at);
		bool empty = end == at;
		char kept = *end;
		int r;

		*end = 0;
		r = empty ? 0 : make_folder(dirfd, part, mode);
		*end = kept;
		if (r < 0)
			return r;
		changed |= r;
		at = kept ? end + 1 : end;
	}
	return changed;
}
