#include "incoming.h"

#include "cleanup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
	FOLDERS = 16,   /* in each other: deeper than anybody unpacks; intake says so */
	ENTRIES = 20000 /* of one arrival; intake refuses it long before */
};

bool cpr_name_in_flight(const char *name)
{
	static const char *const ending[] = {
		"~",           /* editors */
		".part",       /* Firefox, KDE, lftp */
		".filepart",   /* WinSCP */
		".partial",    /* Internet Explorer, Edge of old */
		".crdownload", /* Chromium */
		".download",   /* Safari */
		".tmp",
	};
	size_t n = strlen(name);

	if (name[0] == '.')
		return true;
	for (size_t i = 0; i < CPR_ARRAY_LEN(ending); i++) {
		size_t k = strlen(ending[i]);

		if (n > k && strcmp(name + n - k, ending[i]) == 0)
			return true;
	}
	return false;
}

/* FNV-1a, 64 bits: prints need to differ, not to withstand anybody. */
static uint64_t hash(uint64_t h, const void *data, size_t n)
{
	const uint8_t *byte = data;

	for (size_t i = 0; i < n; i++)
		h = (h ^ byte[i]) * 0x100000001b3ULL;
	return h;
}

/* The ctime shows what a kept mtime hides: cp -p, rsync -t. */
uint64_t cpr_print_of(const char *name, const struct stat *st)
{
	uint64_t h = hash(0xcbf29ce484222325ULL, name, strlen(name) + 1);

	h = hash(h, &st->st_ino, sizeof(st->st_ino));
	h = hash(h, &st->st_mode, sizeof(st->st_mode));
	h = hash(h, &st->st_size, sizeof(st->st_size));
	h = hash(h, &st->st_mtim, sizeof(st->st_mtim));
	return hash(h, &st->st_ctim, sizeof(st->st_ctim));
}

/* A read lease is not given while anybody has the file open for writing.  Only its owner and
 * who has CAP_LEASE may ask; who may not, waits for the file to keep still. */
static bool has_writer(int folder, const char *name)
{
	_cleanup_(cpr_closep) int fd =
		openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	/* No telling, for want of what a process may have: that passes. */
	if (fd < 0)
		return errno == EMFILE || errno == ENFILE || errno == ENOMEM;
	if (fcntl(fd, F_SETLEASE, F_RDLCK) < 0)
		return errno == EAGAIN;
	fcntl(fd, F_SETLEASE, F_UNLCK);
	return false;
}

struct look {
	struct cpr_arrival *a;
	void (*watch)(void *owner, const char *path);
	void *owner;
	size_t entries;
};

static int look_at_folder(
	struct look *l, int parent, const char *name, const char *path, unsigned depth);

/* Sums of prints do not depend on the order in which a folder is read. */
static int look_at(
	struct look *l, int parent, const char *name, const char *path, unsigned depth)
{
	struct stat st;

	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	l->a->print += cpr_print_of(path, &st);
	if (S_ISDIR(st.st_mode))
		return look_at_folder(l, parent, name, path, depth);
	l->a->busy |= S_ISREG(st.st_mode) && has_writer(parent, name);
	return 0;
}

static int look_at_folder(
	struct look *l, int parent, const char *name, const char *path, unsigned depth)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
	    r = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	if (!dir) {
		r = -errno;
		if (fd >= 0)
			close(fd);
		/* Gone between two looks; unreadable: intake says so. */
		return r == -ENOENT || r == -EACCES ? 0 : r;
	}
	l->watch(l->owner, path);
	while (r == 0 && depth < FOLDERS && l->entries < ENTRIES && (d = readdir(dir))) {
		_cleanup_(cpr_freep) char *below = NULL;

		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		l->entries++;
		l->a->busy |= cpr_name_in_flight(d->d_name);
		if (asprintf(&below, "%s/%s", path, d->d_name) < 0) {
			below = NULL;
			r = -ENOMEM;
		} else {
			r = look_at(l, dirfd(dir), d->d_name, below, depth + 1);
		}
	}
	closedir(dir);
	return r;
}

static struct cpr_arrival *arrival_of(struct cpr_incoming *in, const char *name)
{
	struct cpr_arrival *grown, *a;

	for (size_t i = 0; i < in->n; i++)
		if (!strcmp(in->arrival[i].name, name))
			return &in->arrival[i];
	grown = reallocarray(in->arrival, in->n + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	in->arrival = grown;
	a = &grown[in->n];
	*a = (struct cpr_arrival){.name = strdup(name)};
	in->n += a->name != NULL;
	return a->name ? a : NULL;
}

static void arrival_clear(struct cpr_arrival *a)
{
	free(a->name);
	free(a->why);
}

void cpr_incoming_forget(struct cpr_incoming *in, struct cpr_arrival *a)
{
	struct cpr_arrival *end = in->arrival + in->n;

	arrival_clear(a);
	memmove(a, a + 1, (size_t)((char *)end - (char *)(a + 1)));
	in->n--;
}

void cpr_arrival_defer(struct cpr_arrival *a, int64_t again, const char *why)
{
	free(a->why);
	a->why = why ? strdup(why) : NULL;
	a->again = again;
}

static int scan_one(struct cpr_incoming *in, int folder, const char *name, int64_t now,
	struct look *l)
{
	struct cpr_arrival *a, found = {0};
	struct stat st;
	int r;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	l->a = &found;
	l->entries = 0;
	r = look_at(l, folder, name, name, 0);
	if (r < 0)
		return r;
	a = arrival_of(in, name);
	if (!a)
		return -ENOMEM;
	if (a->print != found.print || !a->since) {
		a->print = found.print;
		a->since = now;
		cpr_arrival_defer(a, 0, NULL);
	}
	a->busy = found.busy;
	a->folder = S_ISDIR(st.st_mode);
	a->other = !a->folder && !S_ISREG(st.st_mode);
	a->seen = true;
	return 0;
}

static void forget_gone(struct cpr_incoming *in)
{
	size_t kept = 0;

	for (size_t i = 0; i < in->n; i++)
		if (in->arrival[i].seen)
			in->arrival[kept++] = in->arrival[i];
		else
			arrival_clear(&in->arrival[i]);
	in->n = kept;
}

int cpr_incoming_scan(struct cpr_incoming *in, int folder, int64_t now,
	void (*watch)(void *owner, const char *path), void *owner)
{
	struct look l = {.watch = watch, .owner = owner};
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	if (!dir) {
		r = -errno;
		if (fd >= 0)
			close(fd);
		return r;
	}
	watch(owner, "");
	for (size_t i = 0; i < in->n; i++)
		in->arrival[i].seen = false;
	in->in_flight = 0;
	while (r == 0 && (d = readdir(dir)))
		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		else if (cpr_name_in_flight(d->d_name))
			in->in_flight++;
		else
			r = scan_one(in, fd, d->d_name, now, &l);
	closedir(dir);
	if (r == 0)
		forget_gone(in);
	return r;
}

static int64_t ready_at(const struct cpr_arrival *a, int64_t now, int64_t settle)
{
	int64_t at = a->busy ? now + settle : a->since + settle;

	return at > a->again ? at : a->again;
}

static bool is_list(const char *name)
{
	size_t n = strlen(name);

	return n > 6 && !strcmp(name + n - 6, ".loads");
}

/* What was never looked at goes first: it may bring what others were deferred for, which they
 * would keep it from, looked at again and again.  Of loose files that came together the lists
 * are last: their images are there by then. */
static bool before(const struct cpr_arrival *a, const struct cpr_arrival *b)
{
	if (!a->why != !b->why)
		return !a->why;
	if (a->since != b->since)
		return a->since < b->since;
	if (is_list(a->name) != is_list(b->name))
		return is_list(b->name);
	return strcmp(a->name, b->name) < 0;
}

struct cpr_arrival *cpr_incoming_next(
	const struct cpr_incoming *in, int64_t now, int64_t settle)
{
	struct cpr_arrival *first = NULL;

	for (size_t i = 0; i < in->n; i++) {
		struct cpr_arrival *a = &in->arrival[i];

		if (ready_at(a, now, settle) > now)
			continue;
		if (!first || before(a, first))
			first = a;
	}
	return first;
}

int64_t cpr_incoming_due(const struct cpr_incoming *in, int64_t now, int64_t settle)
{
	int64_t due = -1;

	for (size_t i = 0; i < in->n; i++) {
		int64_t at = ready_at(&in->arrival[i], now, settle) - now;

		at = at < 0 ? 0 : at;
		due = due < 0 || at < due ? at : due;
	}
	return due;
}

void cpr_incoming_clear(struct cpr_incoming *in)
{
	for (size_t i = 0; i < in->n; i++)
		arrival_clear(&in->arrival[i]);
	free(in->arrival);
	*in = (struct cpr_incoming){0};
}
