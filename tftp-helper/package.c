#include "package.h"

#include "caps.h"
#include "cleanup.h"
#include "cli/bars.h"
#include "cli/cli.h"
#include "errors.h"
#include "io.h"
#include "models.h"
#include "source.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
	CHUNK = 64 * 1024,
	LINES = 20,  /* a hostile archive need not be described in full */
	FOLDERS = 16 /* in each other: deeper than anybody unpacks */
};

/* One reading.  Functions return 0 go on, 1 refused and no use in going on, or -errno. */
struct walk {
	const struct cpr_package *p;
	struct cpr_meter meter;
	bool refused;
	uint8_t chunk[CHUNK];
};

/* An archive that is being read. */
struct layer {
	struct archive *archive;
	struct cpr_source *source;
	const char *label; /* its place in the package; "": the package itself */
	unsigned depth;
};

/* Where the bytes of one file come from: an archive's entry, or a file. */
struct bytes {
	const struct layer *layer; /* NULL: fd */
	int fd;
	const char *label; /* its place in the package */
	const char *base;
	uint64_t size; /* 0: not known */
};

static void archive_freep(struct archive **a)
{
	if (*a)
		archive_read_free(*a);
}

__attribute__((format(printf, 3, 4))) static int refuse(
	struct walk *w, const char *label, const char *format, ...)
{
	_cleanup_(cpr_freep) char *file = NULL;
	va_list args;

	w->refused = true;
	if (!*label)
		file = strdup(w->p->path);
	else if (asprintf(&file, "%s: %s", w->p->path, label) < 0)
		file = NULL;
	if (!file)
		return -ENOMEM;
	va_start(args, format);
	cpr_errors_vadd(w->p->e, file, 0, format, args);
	va_end(args);
	return w->p->e->n >= LINES;
}

/* The same, and nothing more of this package is worth reading. */
static int refuse_all(struct walk *w, const char *label, const char *text)
{
	int r = refuse(w, label, "%s", text);

	return r < 0 ? r : 1;
}

/* where/name, with what could disturb a terminal or a log replaced. */
static char *label_of(const char *where, const char *name)
{
	char *label;

	if (asprintf(&label, "%s%s%s", where, *where ? "/" : "", name) < 0)
		return NULL;
	for (char *c = label; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return label;
}

/* Whatever libarchive says of an archive, what it was read from may be the cause. */
static int end_source(struct walk *w, const struct layer *l)
{
	int r = cpr_source_end(l->source);

	if (r == CPR_SOURCE_CAP)
		return refuse_all(w, "", cpr_cap_text(cpr_source_cap(l->source)));
	if (r == CPR_SOURCE_DAMAGED)
		return refuse_all(w, l->label,
			"is damaged (its gzip checksum or length is wrong), fetch the "
			"package again");
	return r;
}

static int broken(struct walk *w, const struct layer *l)
{
	int r = end_source(w, l);
	const char *why;

	if (r)
		return r;
	why = archive_error_string(l->archive);
	r = refuse(w, l->label,
		"is no whole zip, tar or .cop.sgn (%s), fetch the package again: "
		"without a login Cisco sends a web page under its name",
		why ? why : "damaged");
	return r < 0 ? r : 1;
}

static int cannot_unpack(struct walk *w, const struct bytes *b)
{
	int r = end_source(w, b->layer);
	const char *why;

	if (r)
		return r;
	why = archive_error_string(b->layer->archive);
	r = refuse(w, b->label, "cannot be unpacked (%s), fetch the package again",
		why ? why : "damaged");
	return r < 0 ? r : 1;
}

static ssize_t next_chunk(struct walk *w, const struct bytes *b, int *r)
{
	ssize_t n = b->layer ? archive_read_data(b->layer->archive, w->chunk, CHUNK)
			     : read(b->fd, w->chunk, CHUNK);

	if (n < 0)
		*r = b->layer ? cannot_unpack(w, b) : -errno;
	return n;
}

/* The bytes go into `out`; -1: they are only counted, and their checksum checked. */
static int copy(struct walk *w, const struct bytes *b, int out)
{
	int r = 0;

	for (;;) {
		ssize_t n = next_chunk(w, b, &r);
		enum cpr_cap cap;

		if (n <= 0)
			return r;
		if (w->p->stop && *w->p->stop)
			return -EINTR;
		cap = cpr_meter_bytes(&w->meter, (uint64_t)n);
		if (cap)
			return refuse_all(w, cap == CPR_CAP_FILE ? b->label : "",
				cpr_cap_text(cap));
		if (out >= 0)
			r = cpr_io_write(out, w->chunk, (size_t)n);
		if (r < 0)
			return r;
		if (w->p->bars && out >= 0)
			cpr_bars_set(w->p->bars, 0, b->base, w->meter.file, b->size);
	}
}

static int take(struct walk *w, const struct bytes *b)
{
	static const char name[] = ".in";
	enum cpr_cap cap = cpr_meter_firmware(&w->meter);
	_cleanup_(cpr_closep) int out = -1;
	int r;

	if (cap)
		return refuse_all(w, "", cpr_cap_text(cap));
	out = openat(w->p->scratch, name,
		O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);
	r = out < 0 ? -errno : copy(w, b, out);
	if (w->p->bars && r == 0 && cpr_cli_fancy(STDERR_FILENO))
		cpr_bars_done(w->p->bars, 0, "unpacked");
	else if (w->p->bars)
		cpr_bars_drop(w->p->bars, 0);
	if (r)
		return r;
	return w->p->take(w->p->owner, b->label, b->base, name);
}

static int leave(struct walk *w, const struct bytes *b)
{
	int r = copy(w, b, -1);

	return r ? r : w->p->leave(w->p->owner, b->label);
}

static int walk_archive(struct walk *w, int fd, const char *label, unsigned depth);

/* An archive in an archive needs a file of its own: a zip is read from its end. */
static int descend(struct walk *w, const struct bytes *b, unsigned depth)
{
	char name[32];
	_cleanup_(cpr_closep) int fd = -1;
	enum cpr_cap cap = cpr_meter_depth(depth);
	int r;

	if (cap)
		return refuse_all(w, b->label, cpr_cap_text(cap));
	snprintf(name, sizeof(name), ".archive-%u", depth);
	fd = openat(w->p->scratch, name,
		O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || unlinkat(w->p->scratch, name, 0) < 0)
		return -errno;
	r = copy(w, b, fd);
	if (w->p->bars)
		cpr_bars_drop(w->p->bars, 0);
	return r ? r : walk_archive(w, fd, b->label, depth);
}

static bool archive_name(const char *name)
{
	static const char *const end[] = {
		".zip", ".tar", ".tgz", ".tar.gz", ".cop", ".cop.sgn", ".cop.sha512"};
	size_t n = strlen(name);

	for (size_t i = 0; i < CPR_ARRAY_LEN(end); i++)
		if (n > strlen(end[i]) && !strcasecmp(name + n - strlen(end[i]), end[i]))
			return true;
	return false;
}

/* What may be asked of an entry before its bytes are read: 0 take it in, 1 stop, 2 pass on
 * to the next, or -errno. */
static int check_entry(struct walk *w, struct archive_entry *entry, const char *path,
	const char *label, const char **base)
{
	enum cpr_path state = cpr_path_check(path, base);
	mode_t type = archive_entry_filetype(entry);
	const char *what = NULL;
	int r;

	if (state == CPR_PATH_DOTDOT)
		what = "leads out of the package with '..'";
	else if (state == CPR_PATH_ABSOLUTE)
		what = "is an absolute path";
	else if (archive_entry_hardlink(entry) || archive_entry_symlink(entry) ||
		 type == AE_IFLNK)
		what = "is a link";
	else if (type != AE_IFREG && type != AE_IFDIR && type != 0)
		what = "is a device or a pipe";
	else if (archive_entry_is_encrypted(entry))
		return refuse_all(w, label,
			"is encrypted, which Cisco's packages are not: fetch the original");
	if (!what)
		return type == AE_IFDIR || state == CPR_PATH_EMPTY ? 2 : 0;
	r = refuse(w, label, "%s, which no firmware package holds: do not trust this one",
		what);
	return r ? r : 2;
}

static int one_entry(struct walk *w, const struct layer *l, struct archive_entry *entry)
{
	const char *path = archive_entry_pathname_utf8(entry);
	_cleanup_(cpr_freep) char *label = NULL;
	struct bytes b = {.layer = l, .fd = -1};
	enum cpr_cap cap = cpr_meter_entry(&w->meter);
	int r;

	if (cap)
		return refuse_all(w, l->label, cpr_cap_text(cap));
	if (!path)
		path = archive_entry_pathname(entry);
	if (!path)
		return refuse_all(w, l->label,
			"holds a name that cannot be read, which no firmware package does");
	b.label = label = label_of(l->label, path);
	if (!label)
		return -ENOMEM;
	r = check_entry(w, entry, path, label, &b.base);
	if (r)
		return r == 2 ? 0 : r;
	if (archive_entry_size_is_set(entry) && archive_entry_size(entry) > 0)
		b.size = (uint64_t)archive_entry_size(entry);
	if (cpr_name_kind(b.base) != CPR_NAME_NONE)
		return take(w, &b);
	return archive_name(b.base) ? descend(w, &b, l->depth + 1) : leave(w, &b);
}

static int read_layer(struct walk *w, const struct layer *l)
{
	if (cpr_source_open(l->source, l->archive) != ARCHIVE_OK)
		return broken(w, l);
	for (;;) {
		struct archive_entry *entry;
		int r = archive_read_next_header(l->archive, &entry);

		if (r == ARCHIVE_EOF)
			return end_source(w, l);
		/* A warning is about a name's encoding. */
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
			return broken(w, l);
		r = one_entry(w, l, entry);
		if (r)
			return r;
	}
}

static int walk_archive(struct walk *w, int fd, const char *label, unsigned depth)
{
	_cleanup_(cpr_source_freep) struct cpr_source *source = NULL;
	_cleanup_(archive_freep) struct archive *archive = archive_read_new();
	int r = archive ? cpr_source_new(&source, fd, &w->meter, w->p->stop) : -ENOMEM;

	return r < 0 ? r : read_layer(w, &(struct layer){archive, source, label, depth});
}

/* A file that lies unpacked: the package itself, or in a folder. */
static int one_file(struct walk *w, int fd, const char *label, const char *base)
{
	struct bytes b = {.fd = fd, .label = label, .base = base};
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	b.size = (uint64_t)st.st_size;
	w->meter.packed += b.size;
	if (cpr_name_kind(base) != CPR_NAME_NONE)
		return take(w, &b);
	/* What the user named is a package whatever it is called. */
	if (!*label || archive_name(base))
		return walk_archive(w, fd, label, 1);
	return w->p->leave(w->p->owner, label);
}

static int walk_folder(struct walk *w, int dir, const char *where, unsigned depth);

static int one_name(
	struct walk *w, int dir, const char *where, const char *name, unsigned depth)
{
	_cleanup_(cpr_closep) int fd =
		openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	_cleanup_(cpr_freep) char *label = label_of(where, name);
	enum cpr_cap cap = cpr_meter_entry(&w->meter);
	struct stat st;

	if (!label)
		return -ENOMEM;
	if (cap)
		return refuse_all(w, "", cpr_cap_text(cap));
	if (fd < 0 && (errno == ELOOP || errno == ENXIO))
		return w->p->leave(w->p->owner, label); /* a link, a socket */
	if (fd < 0)
		return refuse(w, label, "cannot be read (%s)", strerror(errno));
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return walk_folder(w, fd, label, depth + 1);
	if (!S_ISREG(st.st_mode))
		return w->p->leave(w->p->owner, label);
	return one_file(w, fd, label, name);
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* In a folder that somebody unpacked a link is only passed over: nothing is written. */
static int walk_folder(struct walk *w, int dir, const char *where, unsigned depth)
{
	struct dirent **entry;
	int n, r = 0;

	if (depth > FOLDERS)
		return refuse_all(
			w, where, "lies too deep, import the folder of one load");
	n = scandirat(dir, ".", &entry, visible, alphasort);
	if (n < 0)
		return -errno;
	for (int i = 0; i < n; i++) {
		if (r == 0)
			r = one_name(w, dir, where, entry[i]->d_name, depth);
		free(entry[i]);
	}
	free(entry);
	return r;
}

int cpr_package_read(const struct cpr_package *p)
{
	_cleanup_(cpr_freep) struct walk *w = calloc(1, sizeof(*w));
	_cleanup_(cpr_closep) int fd = open(p->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	const char *slash = strrchr(p->path, '/');
	struct stat st;
	int r;

	if (!w)
		return -ENOMEM;
	w->p = p;
	if (fd < 0 || fstat(fd, &st) < 0)
		return refuse(w, "", "cannot be read (%s)", strerror(errno)) < 0 ? -ENOMEM
										 : 1;
	if (S_ISDIR(st.st_mode))
		r = walk_folder(w, fd, "", 1);
	else if (S_ISREG(st.st_mode))
		r = one_file(w, fd, "", slash ? slash + 1 : p->path);
	else
		r = refuse_all(w, "", "is neither a file nor a folder");
	return r < 0 ? r : w->refused;
}
