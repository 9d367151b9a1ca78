#include "spool.h"

#include "buf.h"
#include "cleanup.h"
#include "errors.h"
#include "publish.h"
#include "remove.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#define REASON ".reason"

enum {
	TWINS_MAX = 1000, /* of one name; keep bounds them earlier */
	TO_MAX = NAME_MAX + 1 - (int)sizeof(REASON)
};

static int open_one(
	const struct cpr_spool *s, const char *name, mode_t mode, struct cpr_errors *e)
{
	int r = cpr_publish_mkdir(s->folder, name, mode), fd;

	fd = r < 0 ? r
		   : openat(s->folder, name,
			     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (r >= 0 && fd < 0)
		fd = -errno;
	if (fd < 0)
		cpr_errors_add(e, s->path, 0,
			"cannot use the folder %s in it (%s): make it, for the user of "
			"cpr-helper to write in",
			name, strerror(-fd));
	return fd;
}

/* Renames are all that moves packages: one file system it must be. */
static int same_device(const struct cpr_spool *s, struct cpr_errors *e)
{
	struct stat in, out, bad;

	if (fstat(s->incoming, &in) < 0 || fstat(s->accepted, &out) < 0 ||
		fstat(s->quarantine, &bad) < 0)
		return -errno;
	if (in.st_dev == out.st_dev && in.st_dev == bad.st_dev)
		return 0;
	cpr_errors_add(e, s->path, 0,
		"incoming, accepted and quarantine lie on several file systems, but "
		"packages are moved between them: mount the folder as a whole");
	return -EXDEV;
}

static int take_lock(struct cpr_spool *s, struct cpr_errors *e)
{
	/* Not for writing, which would keep the file system from being made read-only. */
	s->lock = openat(s->folder, "watch.lock",
		O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (s->lock >= 0 && flock(s->lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (s->lock >= 0 && errno == EWOULDBLOCK) {
		cpr_errors_add(e, s->path, 0,
			"another cpr-helper watches it: see 'cpr-helper status', end that "
			"one first");
		return -EBUSY;
	}
	cpr_errors_add(e, s->path, 0, "cannot lock it: %s", strerror(errno));
	return -errno;
}

int cpr_spool_open(const char *root, struct cpr_spool *s, struct cpr_errors *e)
{
	int r = 0;

	*s = (struct cpr_spool){.folder = -1,
		.incoming = -1,
		.accepted = -1,
		.quarantine = -1,
		.lock = -1};
	if (asprintf(&s->path, "%s" CPR_SPOOL_DIR, root ? root : "") < 0) {
		s->path = NULL;
		return -ENOMEM;
	}
	s->folder = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->folder < 0) {
		r = -errno;
		cpr_errors_add(e, s->path, 0,
			"%s: make it, for the user of cpr-helper to write in",
			strerror(errno));
		return r;
	}
	s->incoming = open_one(s, "incoming", 0770, e);
	s->accepted = open_one(s, "accepted", 0750, e);
	s->quarantine = open_one(s, "quarantine", 0750, e);
	if (s->incoming < 0 || s->accepted < 0 || s->quarantine < 0)
		return -EACCES;
	r = same_device(s, e);
	return r < 0 ? r : take_lock(s, e);
}

void cpr_spool_close(struct cpr_spool *s)
{
	free(s->path);
	cpr_closep(&s->folder);
	cpr_closep(&s->incoming);
	cpr_closep(&s->accepted);
	cpr_closep(&s->quarantine);
	cpr_closep(&s->lock);
}

/* A name that nothing there has: "p.zip", "p.zip.1", ... */
static int free_name(int folder, const char *name, char free_one[TO_MAX])
{
	struct stat st;

	for (int i = 0; i < TWINS_MAX; i++) {
		char number[16] = "";

		if (i)
			snprintf(number, sizeof(number), ".%d", i);
		snprintf(free_one, TO_MAX, "%.*s%s", TO_MAX - (int)sizeof(number), name,
			number);
		if (fstatat(folder, free_one, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return errno == ENOENT ? 0 : -errno;
	}
	return -EEXIST;
}

static bool is_reason(const char *name)
{
	size_t n = strlen(name), k = strlen(REASON);

	return n > k && strcmp(name + n - k, REASON) == 0;
}

struct kept {
	char name[NAME_MAX + 1];
	struct timespec at; /* when it came here: a rename sets the ctime */
};

static int newest_first(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	if (x->at.tv_sec != y->at.tv_sec)
		return x->at.tv_sec < y->at.tv_sec ? 1 : -1;
	return (x->at.tv_nsec < y->at.tv_nsec) - (x->at.tv_nsec > y->at.tv_nsec);
}

static void remove_kept(int folder, const char *name)
{
	_cleanup_(cpr_freep) char *reason = NULL;

	cpr_remove_tree(folder, name);
	if (asprintf(&reason, "%s" REASON, name) < 0)
		reason = NULL;
	else
		unlinkat(folder, reason, 0);
}

/* What cannot be counted or removed stays: it only takes room. */
static void prune(int folder, unsigned keep)
{
	int own = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = own < 0 ? NULL : fdopendir(own);
	_cleanup_(cpr_freep) struct kept *all = NULL;
	struct dirent *entry;
	size_t n = 0;

	while (d && (entry = readdir(d))) {
		struct kept *grown;
		struct stat st;

		if (entry->d_name[0] == '.' || is_reason(entry->d_name) ||
			fstatat(folder, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		grown = reallocarray(all, n + 1, sizeof(*grown));
		if (!grown)
			break;
		all = grown;
		all[n].at = st.st_ctim;
		snprintf(all[n++].name, sizeof(all->name), "%s", entry->d_name);
	}
	if (d)
		closedir(d);
	else
		cpr_closep(&own);
	if (n)
		qsort(all, n, sizeof(*all), newest_first);
	for (size_t i = keep; i < n; i++)
		remove_kept(folder, all[i].name);
}

int cpr_spool_accept(struct cpr_spool *s, const char *name, unsigned keep)
{
	char to[TO_MAX];
	int r = free_name(s->accepted, name, to);

	if (r == 0 && renameat(s->incoming, name, s->accepted, to) < 0)
		r = -errno;
	if (r == 0)
		prune(s->accepted, keep);
	return r;
}

int cpr_spool_remove(struct cpr_spool *s, const char *name)
{
	cpr_remove_tree(s->incoming, name);
	if (unlinkat(s->incoming, name, 0) == 0 || errno == ENOENT)
		return 0;
	return errno == EISDIR ? -EACCES : -errno;
}

int cpr_spool_refuse(struct cpr_spool *s, const char *name, char *const *reason,
	size_t reason_n, unsigned keep)
{
	_cleanup_(cpr_buf_free) struct cpr_buf text = {0};
	char to[TO_MAX], file[NAME_MAX + 1];
	int r = free_name(s->quarantine, name, to);

	for (size_t i = 0; i < reason_n; i++)
		cpr_buf_printf(&text, "%s\n", reason[i]);
	if (r == 0 && text.failed)
		r = -ENOMEM;
	if (r < 0)
		return r;
	/* The reason first: cut off in between, the package is refused once more. */
	snprintf(file, sizeof(file), "%s" REASON, to);
	r = cpr_publish_bytes(s->quarantine, file, text.data, text.len, 0640);
	if (r >= 0)
		r = renameat(s->incoming, name, s->quarantine, to) < 0 ? -errno : 0;
	if (r < 0)
		unlinkat(s->quarantine, file, 0);
	else
		prune(s->quarantine, keep);
	return r;
}
