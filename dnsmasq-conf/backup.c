#include "backup.h"

#include "apply.h"
#include "buf.h"
#include "cleanup.h"
#include "emit.h"
#include "errors.h"
#include "io.h"
#include "publish.h"
#include "record.h"
#include "remove.h"
#include "site.h"
#include "world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define NEW        ".new"
#define OLD        ".old"
#define UNFINISHED ".unfinished"
#define MANIFEST   "manifest"

enum {
	FILE_MAX = 1024 * 1024
};

struct entry {
	char *path;
	char *server; /* NULL: no server's own */
	enum restart restart;
	bool guarded;
};

struct backup {
	int dir; /* the folder, open */
	unsigned number;
	bool unfinished;
	char *path;
	struct entry *entry;
	size_t n;
};

struct backup *backup_free(struct backup *b)
{
	if (!b)
		return NULL;
	for (size_t i = 0; i < b->n; i++) {
		free(b->entry[i].path);
		free(b->entry[i].server);
	}
	free(b->entry);
	free(b->path);
	cpr_closep(&b->dir);
	free(b);
	return NULL;
}

void backup_freep(struct backup **b)
{
	*b = backup_free(*b);
}

const char *backup_path(const struct backup *b)
{
	return b->path;
}

static int open_folder(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Whose this folder is may have root write what he likes, where he likes: -EPERM.  Who may
 * only read it has no use for it: -EACCES. */
static int open_backups(const struct world *w)
{
	_cleanup_(cpr_closep) int fd = open_folder(w->base, &BACKUP_DIR[1]);
	struct stat st;
	int own = fd;

	if (fd < 0)
		return fd;
	if (faccessat(fd, ".", W_OK, AT_EACCESS) < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid && st.st_uid != geteuid())
		return -EPERM;
	fd = -1;
	return own;
}

static void folder_name(unsigned number, bool unfinished, char name[32])
{
	snprintf(name, 32, "%u%s", number, unfinished ? UNFINISHED : "");
}

/* 0: it is no backup's name. */
static unsigned number_of(const char *name, bool *unfinished)
{
	char *end, again[32];
	unsigned long n = strtoul(name, &end, 10);

	*unfinished = strcmp(end, UNFINISHED) == 0;
	if (!n || n >= UINT_MAX)
		return 0;
	folder_name((unsigned)n, *unfinished, again);
	return strcmp(name, again) == 0 ? (unsigned)n : 0;
}

/* What was being made or removed when a run was killed. */
static void remove_junk(int backups)
{
	cpr_remove_tree(backups, NEW);
	cpr_remove_tree(backups, OLD);
}

enum which {
	FINISHED,
	UNFINISHED_ONES,
	ALL
};

/* How many there are of these, and their lowest and highest numbers; 0: none. */
struct survey {
	unsigned n, lowest, highest;
};

static struct survey survey(int backups, enum which which)
{
	struct survey s = {0};
	struct dirent **name;
	int n = scandirat(backups, ".", &name, NULL, NULL);

	for (int i = 0; i < n; i++) {
		bool is;
		unsigned number = number_of(name[i]->d_name, &is);

		free(name[i]);
		if (!number || (which != ALL && is != (which == UNFINISHED_ONES)))
			continue;
		s.n++;
		if (number > s.highest)
			s.highest = number;
		if (!s.lowest || number < s.lowest)
			s.lowest = number;
	}
	if (n >= 0)
		free(name);
	return s;
}

/* The name of a path in a folder of the backup: "was" and "/etc/x" is "was/etc/x". */
static char *inside(const char *folder, const char *path)
{
	char *name;

	return asprintf(&name, "%s%s", folder, path) < 0 ? NULL : name;
}

static int make_parents(int dir, const char *name)
{
	_cleanup_(cpr_freep) char *folder = strdup(name);

	if (!folder)
		return -ENOMEM;
	*strrchr(folder, '/') = 0;
	return cpr_publish_mkdir(dir, folder, 0755);
}

/* Saves what stands at from_dir/from as dir/name; nothing there is nothing to save. */
static int save(int from_dir, const char *from, int dir, const char *name)
{
	_cleanup_(cpr_freep) char *bytes = NULL;
	_cleanup_(cpr_closep) int fd = -1;
	char target[PATH_MAX];
	struct stat st;
	size_t len;
	int r = cpr_publish_readlink(from_dir, from, target, sizeof(target));

	if (r == -ENOENT)
		return 0;
	if (r == 0) {
		r = make_parents(dir, name);
		return r < 0 ? r : cpr_publish_symlink(dir, target, name);
	}
	fd = cpr_publish_open(from_dir, from);
	r = fd < 0 ? fd : read_below(from_dir, from, FILE_MAX, &bytes, &len);
	if (r == 0 && fstat(fd, &st) < 0)
		r = -errno;
	if (r == 0)
		r = make_parents(dir, name);
	return r < 0 ? r : cpr_publish_bytes(dir, name, bytes, len, st.st_mode & 0777);
}

/* What this candidate will be, as dir/name. */
static int save_candidate(
	const struct world *w, const struct output *o, int dir, const char *name)
{
	int r;

	if (o->kind == OUTPUT_GONE)
		return 0;
	if (o->kind == OUTPUT_LINK)
		return save(w->base, o->from + 1, dir, name);
	r = make_parents(dir, name);
	if (r < 0)
		return r;
	if (o->kind == OUTPUT_SYMLINK)
		return cpr_publish_symlink(dir, o->from, name);
	return cpr_publish_bytes(
		dir, name, o->text.data ? o->text.data : "", o->text.len, output_mode(o));
}

static int save_change(
	const struct world *w, const struct output *o, int dir, struct cpr_buf *manifest)
{
	_cleanup_(cpr_freep) char *was = inside("was", o->path),
				  *now = inside("now", o->path);
	int r = was && now ? 0 : -ENOMEM;

	if (strchr(o->path, '\n'))
		return -EINVAL; /* the manifest has a line for each */
	if (r == 0)
		r = save(w->base, o->path + 1, dir, was);
	if (r >= 0)
		r = save_candidate(w, o, dir, now);
	cpr_buf_printf(manifest, "%d %d %s %s\n", o->restart, o->guarded,
		o->server ? o->server : "-", o->path);
	return r < 0 ? r : 0;
}

static int fill(const struct world *w, const struct changes *c, int dir)
{
	_cleanup_(cpr_buf_free) struct cpr_buf manifest = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->n; i++)
		if (c->change[i].state != CHANGE_NONE)
			r = save_change(w, c->change[i].o, dir, &manifest);
	if (r == 0 && manifest.failed)
		r = -ENOMEM;
	if (r < 0)
		return r;
	r = cpr_publish_bytes(
		dir, MANIFEST, manifest.data ? manifest.data : "", manifest.len, 0640);
	return r < 0 ? r : 0;
}

static int rename_synced(int dir, const char *from, const char *to)
{
	if (renameat(dir, from, dir, to) < 0)
		return -errno;
	return fsync(dir) < 0 && errno != EINVAL ? -errno : 0;
}

static int add_entry(struct backup *b, const char *line)
{
	struct entry *grown = reallocarray(b->entry, b->n + 1, sizeof(*grown)), *one;
	char server[64];
	int restart, guarded, at = 0;

	if (!grown)
		return -ENOMEM;
	b->entry = grown;
	if (sscanf(line, "%d %d %63s %n", &restart, &guarded, server, &at) != 3 || !at ||
		line[at] != '/')
		return -EBADMSG;
	one = &grown[b->n];
	*one = (struct entry){.restart = (enum restart)restart, .guarded = guarded != 0};
	one->path = strdup(line + at);
	one->server = strcmp(server, "-") ? strdup(server) : NULL;
	b->n++;
	return one->path ? 0 : -ENOMEM;
}

static int load(struct backup *b)
{
	_cleanup_(cpr_freep) char *text = NULL;
	char *rest, *line;
	size_t len;
	int r = read_below(b->dir, MANIFEST, FILE_MAX, &text, &len);

	if (r < 0)
		return r;
	rest = text;
	while (r == 0 && (line = strsep(&rest, "\n")))
		if (*line)
			r = add_entry(b, line);
	return r;
}

/* Takes over nothing; *out is loaded unless it is being made. */
static int open_backup(int backups, unsigned number, bool unfinished, struct backup **out)
{
	_cleanup_(backup_freep) struct backup *b = calloc(1, sizeof(*b));
	char name[32];
	int r;

	if (!b)
		return -ENOMEM;
	folder_name(number, unfinished, name);
	b->number = number;
	b->unfinished = unfinished;
	b->dir = open_folder(backups, name);
	if (b->dir < 0)
		return b->dir;
	if (asprintf(&b->path, BACKUP_DIR "/%s", name) < 0) {
		b->path = NULL;
		return -ENOMEM;
	}
	r = load(b);
	if (r == 0)
		*out = TAKE_PTR(b);
	return r;
}

static int make(
	const struct world *w, const struct changes *c, int backups, struct backup **out)
{
	unsigned number = survey(backups, ALL).highest + 1;
	_cleanup_(cpr_closep) int dir = -1;
	char name[32];
	int r;

	remove_junk(backups);
	if (mkdirat(backups, NEW, 0750) < 0)
		return -errno;
	dir = open_folder(backups, NEW);
	if (dir < 0)
		return dir;
	folder_name(number, true, name);
	r = fill(w, c, dir);
	if (r == 0)
		r = rename_synced(backups, NEW, name);
	return r < 0 ? r : open_backup(backups, number, true, out);
}

int backup_make(const struct world *w, const struct changes *c, struct backup **out,
	struct cpr_errors *e)
{
	_cleanup_(cpr_closep) int backups = -1;
	int r = cpr_publish_mkdir(w->base, &STATE_DIR[1], 0755);

	if (r >= 0)
		r = cpr_publish_mkdir(w->base, &BACKUP_DIR[1], 0750);
	if (r >= 0)
		r = backups = open_backups(w);
	if (r == -EACCES && geteuid() != 0)
		return 0;
	if (r >= 0)
		r = make(w, c, backups, out);
	if (r < 0) {
		if (backups >= 0)
			remove_junk(backups);
		cpr_errors_add(e, BACKUP_DIR, 0,
			"cannot save there what would be replaced: %s; nothing was touched",
			strerror(-r));
	}
	return r;
}

int backup_find(
	const struct world *w, bool unfinished, struct backup **out, struct cpr_errors *e)
{
	_cleanup_(cpr_closep) int backups = open_backups(w);
	enum which which = unfinished ? UNFINISHED_ONES : FINISHED;
	unsigned number = backups < 0 ? 0 : survey(backups, which).highest;
	char name[32];
	int r = backups;

	if (backups >= 0)
		r = number ? open_backup(backups, number, unfinished, out) : -ENOENT;
	if (r == -ENOENT && !number)
		return r;
	if (backups == -EPERM) {
		cpr_errors_add(e, BACKUP_DIR, 0,
			"it belongs to another user, who may have put there what is none "
			"of ours: see what it holds, then chown it, or remove it");
		return r;
	}
	folder_name(number, unfinished, name);
	if (r == -EBADMSG || r == -ENOENT)
		cpr_errors_add(e, BACKUP_DIR, 0,
			"%s in it is not of our making, or its manifest is damaged; see "
			"what it holds, then remove it",
			name);
	else if (r < 0)
		cpr_errors_add(e, BACKUP_DIR, 0, "cannot read %s in it: %s",
			number ? name : "what is", strerror(-r));
	return r;
}

static bool same_file(int a_dir, const char *a, int b_dir, const char *b)
{
	_cleanup_(cpr_closep) int fd = cpr_publish_open(a_dir, a);
	_cleanup_(cpr_closep) int other = cpr_publish_open(b_dir, b);

	return fd >= 0 && other >= 0 && cpr_io_same(fd, other) == 1;
}

/* Both nothing, links with the same text, or files with the same bytes. */
static bool same_thing(int a_dir, const char *a, int b_dir, const char *b)
{
	char x[PATH_MAX], y[PATH_MAX];
	int rx = cpr_publish_readlink(a_dir, a, x, sizeof(x));
	int ry = cpr_publish_readlink(b_dir, b, y, sizeof(y));

	if (rx != ry)
		return false;
	if (rx == -EINVAL)
		return same_file(a_dir, a, b_dir, b);
	return rx == -ENOENT || (rx == 0 && strcmp(x, y) == 0);
}

/* True when nobody else has been there since. */
static bool ours_still(const struct world *w, const struct backup *b, const char *path,
	const char *was, const char *now)
{
	_cleanup_(cpr_closep) int fd = cpr_publish_open(w->base, path + 1);

	return fd == -ENOENT || same_thing(w->base, path + 1, b->dir, now) ||
	       same_thing(w->base, path + 1, b->dir, was);
}

/* Another's file, as XMLDefault.cnf.xml may be, stays that other's. */
static bool is_anothers(const struct world *w, const char *path)
{
	_cleanup_(cpr_closep) int fd = cpr_publish_open(w->base, path + 1);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && st.st_uid != geteuid();
}

/* A term file becomes the name of the kept one again that it was. */
static int text_output(
	const struct world *w, const struct backup *b, const char *was, struct output *o)
{
	_cleanup_(cpr_closep) int fd = cpr_publish_open(b->dir, was);
	_cleanup_(cpr_freep) char *bytes = NULL;
	struct stat st;
	size_t len;
	int r;

	if (fd == -ENOENT) {
		o->kind = OUTPUT_GONE;
		return 0;
	}
	if (fd < 0 || fstat(fd, &st) < 0)
		return fd < 0 ? fd : -errno;
	o->from = kept_twin(w, fd, strrchr(was, '/') + 1);
	if (o->from) {
		o->kind = OUTPUT_LINK;
		return 0;
	}
	r = read_below(b->dir, was, FILE_MAX, &bytes, &len);
	if (r < 0)
		return r;
	o->mode = st.st_mode & 0777; /* whoever made it gains no root's set-uid file */
	o->theirs = is_anothers(w, o->path);
	cpr_buf_add(&o->text, bytes, len);
	return o->text.failed ? -ENOMEM : 0;
}

static int one_output(const struct world *w, const struct backup *b,
	const struct entry *from, struct outputs *out, struct cpr_errors *changed)
{
	_cleanup_(cpr_freep) char *was = inside("was", from->path),
				  *now = inside("now", from->path);
	_cleanup_(cpr_freep) char *folder = strdup(from->path);
	char target[PATH_MAX], *slash;
	struct output *o;
	int r;

	if (!was || !now || !folder)
		return -ENOMEM;
	if (!ours_still(w, b, from->path, was, now)) {
		cpr_errors_add(changed, from->path, 0,
			"it was changed since, and is left as it is; what was there "
			"before is %s/%s",
			b->path, was);
		return 0;
	}
	slash = strrchr(folder, '/');
	*slash = 0;
	o = outputs_add(out, "backup", folder, slash + 1);
	o->guarded = from->guarded;
	o->restart = from->restart;
	o->server = from->server;
	r = cpr_publish_readlink(b->dir, was, target, sizeof(target));
	if (r == -ENOENT || r == -EINVAL)
		return text_output(w, b, was, o);
	o->kind = OUTPUT_SYMLINK;
	o->guarded = false; /* a file of ours may be in the way, and gives way */
	o->from = r < 0 ? NULL : strdup(target);
	return r < 0 ? r : o->from ? 0 : -ENOMEM;
}

int backup_outputs(const struct world *w, const struct backup *b, struct outputs *out,
	struct cpr_errors *changed, struct cpr_errors *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < b->n; i++)
		r = one_output(w, b, &b->entry[i], out, changed);
	if (r == 0 && out->failed)
		r = -ENOMEM;
	if (r < 0)
		cpr_errors_add(
			e, b->path, 0, "cannot read what it holds: %s", strerror(-r));
	return r;
}

int backup_way_back(const struct backup *b, const struct outputs *out, struct changes *c)
{
	c->change = calloc(out->n ? out->n : 1, sizeof(*c->change));
	if (!c->change)
		return -ENOMEM;
	for (size_t i = 0; i < out->n; i++) {
		struct change *one = &c->change[c->n++];
		_cleanup_(cpr_freep) char *now = inside("now", out->output[i].path);
		int r = now ? read_below(b->dir, now, FILE_MAX, &one->old, &one->old_len)
			    : -ENOMEM;

		if (r < 0 && r != -ENOENT && r != -ELOOP)
			return r;
		one->o = &out->output[i];
		one->state = one->o->kind == OUTPUT_GONE ? CHANGE_GONE
			     : r == -ENOENT              ? CHANGE_NEW
							 : CHANGE_OTHER;
		c->any = true;
	}
	return 0;
}

void backup_sweep(const struct world *w, const struct backup *b)
{
	cpr_publish_sweep(w->base, &RECORD_FILE[1]);
	for (size_t i = 0; i < b->n; i++)
		cpr_publish_sweep(w->base, b->entry[i].path + 1);
}

static void prune(const struct world *w, int backups)
{
	for (;;) {
		struct survey s = survey(backups, FINISHED);
		char name[32];

		if (s.n <= w->site->keep)
			return;
		folder_name(s.lowest, false, name);
		remove_junk(backups);
		if (renameat(backups, name, backups, OLD) < 0)
			return;
		remove_junk(backups);
	}
}

int backup_finish(const struct world *w, struct backup *b)
{
	_cleanup_(cpr_closep) int backups = open_backups(w);
	char from[32], to[32];
	int r;

	if (backups < 0)
		return backups;
	folder_name(b->number, true, from);
	folder_name(b->number, false, to);
	r = rename_synced(backups, from, to);
	if (r == 0)
		prune(w, backups);
	return r;
}

int backup_drop(const struct world *w, struct backup *b)
{
	_cleanup_(cpr_closep) int backups = open_backups(w);
	char name[32];
	int r;

	if (backups < 0)
		return backups;
	folder_name(b->number, b->unfinished, name);
	remove_junk(backups);
	r = rename_synced(backups, name, OLD);
	if (r == 0)
		remove_junk(backups);
	return r;
}
