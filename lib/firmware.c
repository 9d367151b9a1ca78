#include "firmware.h"

#include "cleanup.h"
#include "container.h"
#include "errors.h"
#include "inspect.h"
#include "publish.h"
#include "resolve.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* The folder being read, and where its files go. */
struct scan {
	struct cpr_firmware *f;
	struct cpr_errors *e;
	const char *path; /* of the folder, for the lines */
	int dir;
	int root; /* staged: where a link's target may lie as well; else -1 */
	const struct cpr_firmware *known; /* or NULL */
	size_t *recalled;                 /* of those */
	bool staged;
	const char *set;
};

static void closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

static int add_file(
	struct cpr_firmware *f, const char *name, const char *set, struct cpr_file **out)
{
	struct cpr_file *grown = reallocarray(f->file, f->file_n + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	f->file = grown;
	*out = &grown[f->file_n];
	**out = (struct cpr_file){.name = strdup(name), .set = set ? strdup(set) : NULL};
	f->file_n++;
	return (*out)->name && (!set || (*out)->set) ? 0 : -ENOMEM;
}

static void warn(const struct scan *s, const char *name, const char *link, int error)
{
	if (link)
		cpr_errors_add(s->e, s->path, 0,
			"'%s' is a link to '%s', which is no file inside the folder, "
			"mend or remove it",
			name, link);
	else
		cpr_errors_add(s->e, s->path, 0,
			"'%s' cannot be read (%s), give everybody read permission", name,
			strerror(error));
}

/* EINVAL: the link has become a file since. */
static int read_link(const struct scan *s, struct cpr_file *file)
{
	char target[4097];
	ssize_t n = readlinkat(s->dir, file->name, target, sizeof(target) - 1);

	if (n < 0)
		return errno == EINVAL ? 0 : -errno;
	file->link = strndup(target, (size_t)n);
	return file->link ? 0 : -ENOMEM;
}

/* A link into the private folder leads to what no server may read. */
static int open_name(const struct scan *s, const struct cpr_file *file)
{
	int fd;

	if (file->link &&
		!strncmp(file->link, CPR_PRIVATE_DIR "/", strlen(CPR_PRIVATE_DIR "/")))
		return -EXDEV;
	fd = cpr_publish_open_served(s->dir, file->name);
	if (fd < 0 && file->link && s->root >= 0)
		fd = cpr_publish_open_served(s->root, file->link);
	return fd;
}

static void file_clear(struct cpr_file *file)
{
	free((void *)file->name);
	free((void *)file->set);
	free(file->link);
	cpr_inspect_free(file->inspect);
}

/* The file that was added last went away while it was looked at. */
static int drop_file(struct cpr_firmware *f)
{
	file_clear(&f->file[--f->file_n]);
	return 0;
}

static int64_t since(const struct timespec *then, const struct timespec *now)
{
	return ((int64_t)now->tv_sec - then->tv_sec) * 1000 +
	       (now->tv_nsec - then->tv_nsec) / 1000000;
}

/* A kernel's tick is 10 ms at most, and what is written twice within one has the same time
 * both times; file systems without fractions of a second count in two. */
static bool is_past(const struct timespec *time, bool coarse)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return since(time, &now) > (coarse ? 3000 : 50);
}

static bool is_settled(const struct stat *st)
{
	bool coarse = !st->st_mtim.tv_nsec && !st->st_ctim.tv_nsec;

	return is_past(&st->st_mtim, coarse) && is_past(&st->st_ctim, coarse);
}

bool cpr_mtime_settled(const struct timespec *mtime)
{
	return is_past(mtime, !mtime->tv_nsec);
}

static void take_stat(struct cpr_file *file, const struct stat *st)
{
	file->mode = st->st_mode;
	file->inode = st->st_ino;
	file->mtime = st->st_mtim;
	file->ctime = st->st_ctim;
	file->settled = is_settled(st);
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* 1: it is known, and file->inspect is what it was then; 0: look inside. */
static int recall(const struct scan *s, struct cpr_file *file, const struct stat *st)
{
	const struct cpr_file *then =
		s->known ? cpr_firmware_find(s->known, file->name, file->set) : NULL;
	int r;

	if (!then || !then->inspect || !then->settled || then->inode != st->st_ino ||
		then->inspect->size != (uint64_t)st->st_size ||
		!same_time(&then->mtime, &st->st_mtim) ||
		!same_time(&then->ctime, &st->st_ctim))
		return 0;
	r = cpr_inspect_copy(then->inspect, &file->inspect);
	file->settled = true;
	++*s->recalled;
	return r < 0 ? r : 1;
}

/* One name of the folder; what is neither a file nor a link is left out. */
static int read_name(const struct scan *s, const char *name)
{
	_cleanup_(cpr_closep) int fd = -1;
	struct cpr_file *file;
	struct stat st;
	int r;

	if (fstatat(s->dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISREG(st.st_mode) && (!S_ISLNK(st.st_mode) || s->set))
		return 0;
	r = add_file(s->f, name, s->set, &file);
	if (r < 0)
		return r;
	file->staged = s->staged;
	take_stat(file, &st);
	if (S_ISLNK(st.st_mode))
		r = read_link(s, file);
	else
		r = recall(s, file, &st);
	if (r != 0)
		return r == -ENOENT ? drop_file(s->f) : r < 0 ? r : 0;
	fd = open_name(s, file);
	if (fd == -ENOENT && !file->link)
		return drop_file(s->f);
	if (fd < 0 || fstat(fd, &st) < 0) {
		warn(s, name, file->link, fd < 0 ? -fd : errno);
		return 0;
	}
	take_stat(file, &st);
	r = recall(s, file, &st);
	if (r == 0)
		r = cpr_inspect_fd(fd, name, &file->inspect);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		warn(s, name, NULL, -r);
	return 0;
}

/* Calls `each` for every name of the open folder. */
static int read_folder(
	const struct scan *s, int (*each)(const struct scan *, const char *))
{
	_cleanup_(closedirp) DIR *d = NULL;
	int fd = openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		int error = errno;

		cpr_closep(&fd);
		return -error;
	}
	for (;;) {
		struct dirent *entry;
		int r;

		errno = 0;
		entry = readdir(d);
		if (!entry)
			return -errno;
		if (entry->d_name[0] == '.')
			continue;
		r = each(s, entry->d_name);
		if (r < 0)
			return r;
	}
}

static int firmware_name(const struct scan *s, const char *name)
{
	enum cpr_name_kind kind = cpr_name_kind(name);

	if (s->set ? kind != CPR_NAME_TERM : kind == CPR_NAME_NONE)
		return 0;
	return read_name(s, name);
}

static int open_private(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* A folder below the private one that is not ours to read: the inventory lacks its files. */
static int without(const struct scan *s, const char *what, int error)
{
	if (error == -ENOENT)
		return 0;
	s->f->partial = true;
	cpr_errors_add(s->e, s->path, 0,
		"'%s' cannot be read (%s), run this as root or as the user phone-cpr",
		what, strerror(-error));
	return 0;
}

static int one_set(const struct scan *s, const char *name)
{
	_cleanup_(cpr_closep) int dir = open_private(s->dir, name);
	struct scan inner = *s;

	for (const char *c = name; *c; c++)
		if (*c <= ' ' || *c > '~')
			return 0; /* not of our making, and not for terminals */
	if (dir == -ENOTDIR || dir == -ELOOP)
		return 0;
	if (dir < 0)
		return without(s, name, dir);
	inner.dir = dir;
	inner.set = name;
	return read_folder(&inner, firmware_name);
}

static int scan_terms(const struct scan *s)
{
	_cleanup_(cpr_closep) int dir = open_private(s->dir, CPR_PRIVATE_DIR);
	_cleanup_(cpr_closep) int terms = -1;
	struct scan inner = *s;

	if (dir < 0)
		return without(s, CPR_PRIVATE_DIR, dir);
	terms = open_private(dir, CPR_TERMS_DIR + strlen(CPR_PRIVATE_DIR "/"));
	if (terms < 0)
		return without(s, CPR_TERMS_DIR, terms);
	inner.dir = terms;
	return read_folder(&inner, one_set);
}

static int scan_root(struct cpr_firmware *f, struct scan s)
{
	int r;

	s.f = f;
	r = read_folder(&s, firmware_name);
	return r < 0 ? r : scan_terms(&s);
}

static int by_place(const struct cpr_file *a, const struct cpr_file *b)
{
	return cpr_file_compare(a, b->name, b->set);
}

static int file_order(const void *a, const void *b)
{
	const struct cpr_file *fa = a, *fb = b;
	int r = by_place(fa, fb);

	return r ? r : fb->staged - fa->staged;
}

/* Sorts; of a staged and a published file in one place the staged one stays. */
static void settle_files(struct cpr_firmware *f)
{
	size_t kept = 0;

	if (!f->file_n)
		return;
	qsort(f->file, f->file_n, sizeof(*f->file), file_order);
	for (size_t i = 0; i < f->file_n; i++) {
		if (kept && by_place(&f->file[kept - 1], &f->file[i]) == 0)
			file_clear(&f->file[i]);
		else
			f->file[kept++] = f->file[i];
	}
	f->file_n = kept;
}

static size_t inspected(const struct cpr_firmware *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->file_n; i++)
		n += f->file[i].inspect != NULL;
	return n;
}

static int scan(const char *root, const struct cpr_firmware *known, const char *staged,
	const struct cpr_firmware *known_staged, struct cpr_firmware **out,
	struct cpr_errors *e)
{
	_cleanup_(cpr_firmware_freep) struct cpr_firmware *f = calloc(1, sizeof(*f));
	_cleanup_(cpr_closep) int dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(cpr_closep) int over = -1;
	size_t recalled = 0, of_staged = 0;
	struct stat st;
	int r = 0;

	if (dir < 0 && errno != ENOENT)
		return -errno;
	if (!f)
		return -ENOMEM;
	if (dir >= 0 && fstat(dir, &st) < 0)
		return -errno;
	f->changed = dir >= 0 ? st.st_mtim : (struct timespec){0};
	f->root = strdup(root);
	if (!f->root)
		return -ENOMEM;
	if (staged) {
		over = open(staged, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (over < 0)
			return -errno;
		r = scan_root(f, (struct scan){.e = e,
					 .path = staged,
					 .dir = over,
					 .root = dir,
					 .known = known_staged,
					 .recalled = &of_staged,
					 .staged = true});
	}
	if (r == 0 && dir >= 0)
		r = scan_root(f, (struct scan){.e = e,
					 .path = root,
					 .dir = dir,
					 .root = -1,
					 .known = known,
					 .recalled = &recalled});
	if (r < 0)
		return r;
	f->as_known = known && recalled == known->file_n && recalled == inspected(f);
	settle_files(f);
	r = cpr_resolve(f);
	if (r < 0)
		return r;
	*out = TAKE_PTR(f);
	return 0;
}

int cpr_firmware_scan_staged(const struct cpr_firmware *known, const char *staged,
	const struct cpr_firmware *known_staged, struct cpr_firmware **out,
	struct cpr_errors *e)
{
	return scan(known->root, known, staged, known_staged, out, e);
}

int cpr_firmware_scan_known(const char *root, const struct cpr_firmware *known,
	struct cpr_firmware **out, struct cpr_errors *e)
{
	return scan(root, known, NULL, NULL, out, e);
}

int cpr_firmware_scan(const char *root, struct cpr_firmware **out, struct cpr_errors *e)
{
	return scan(root, NULL, NULL, NULL, out, e);
}

struct cpr_firmware *cpr_firmware_free(struct cpr_firmware *f)
{
	if (!f)
		return NULL;
	cpr_resolve_clear(f);
	for (size_t i = 0; i < f->file_n; i++)
		file_clear(&f->file[i]);
	for (size_t i = 0; i < f->gone_n; i++)
		file_clear(&f->gone[i]);
	for (size_t i = 0; i < f->forgotten_n; i++)
		free(f->forgotten[i]);
	free(f->file);
	free(f->gone);
	free(f->forgotten);
	free(f->root);
	free(f);
	return NULL;
}

void cpr_firmware_freep(struct cpr_firmware **f)
{
	*f = cpr_firmware_free(*f);
}

int cpr_file_compare(const struct cpr_file *file, const char *name, const char *set)
{
	int r = strcmp(file->name, name);

	return r ? r : strcmp(file->set ? file->set : "", set ? set : "");
}

const struct cpr_file *cpr_firmware_find(
	const struct cpr_firmware *f, const char *name, const char *set)
{
	size_t low = 0, high = f->file_n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int r = cpr_file_compare(&f->file[middle], name, set);

		if (r == 0)
			return &f->file[middle];
		if (r < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct cpr_file *cpr_firmware_file(const struct cpr_firmware *f, const char *name)
{
	return cpr_firmware_find(f, name, NULL);
}

const struct cpr_file *cpr_firmware_file_nocase(
	const struct cpr_firmware *f, const char *name)
{
	for (size_t i = 0; i < f->file_n; i++)
		if (!f->file[i].set && !strcasecmp(f->file[i].name, name) &&
			strcmp(f->file[i].name, name))
			return &f->file[i];
	return NULL;
}

const struct cpr_load *cpr_firmware_load(const struct cpr_firmware *f, const char *name)
{
	size_t low = 0, high = f->load_n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(f->load[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < f->load_n && !strcmp(f->load[low].name, name); low++)
		if (!f->load[low].term)
			return &f->load[low];
	return NULL;
}

bool cpr_firmware_image(const struct cpr_firmware *f, const char *name)
{
	size_t len = strlen(name);

	if (cpr_firmware_load(f, name))
		return false;
	for (size_t i = 0; i < f->file_n; i++)
		if (!f->file[i].set && !strncmp(f->file[i].name, name, len) &&
			f->file[i].name[len] == '.')
			return true;
	return false;
}
