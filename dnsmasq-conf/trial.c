#include "trial.h"

#include "buf.h"
#include "cleanup.h"
#include "includes.h"
#include "io.h"
#include "publish.h"
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum {
	FILE_MAX = 64 * 1024 * 1024,
	INCLUDES_MAX = 10 /* within each other: Kea's own bound */
};

/* One file being looked at, and perhaps copied. */
struct visit {
	struct trial *t;
	unsigned depth;
};

/* "/etc/kea/.NAME.cpr-check" of "/etc/kea/NAME"; NULL: no memory. */
static char *beside(const char *path)
{
	const char *slash = strrchr(path, '/');
	int folder = (int)(slash - path);
	char *copy;

	return asprintf(&copy, "%.*s/.%s.cpr-check", folder, path, slash + 1) < 0 ? NULL
										  : copy;
}

/* Like the original: there may be a password in it. */
static int write_copy(
	int base, const char *path, const struct stat *like, const char *data, size_t len)
{
	_cleanup_(cpr_closep) int fd = -1;

	unlinkat(base, path + 1, 0); /* of a trial that was killed */
	fd = openat(base, path + 1, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		0600);
	if (fd < 0)
		return -errno;
	if (like && fchown(fd, like->st_uid, like->st_gid) < 0 && errno != EPERM)
		return -errno;
	if (fchmod(fd, like ? like->st_mode & 0777 : 0644) < 0)
		return -errno;
	return cpr_io_write(fd, data, len);
}

static int visit_file(
	struct visit *v, const char *path, const char *list, const char **instead);

/* What stands in the place of an included path: *instead, or NULL, itself. */
static int visit_include(struct visit *v, struct trial_file *in,
	const struct include *one, const char *text, const char **instead)
{
	_cleanup_(cpr_freep) char *path = NULL;
	char list[sizeof(in->list)];

	*instead = NULL;
	if (asprintf(&path, "%s%.*s", text[one->at] == '/' ? "" : "/", (int)one->len,
		    text + one->at) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	snprintf(list, sizeof(list), "%s", one->list);
	if (strcmp(path, v->t->kind->ours) != 0)
		return visit_file(v, path, list, instead);
	in->ours = one->line;
	memcpy(in->list, list, sizeof(list));
	*instead = v->t->candidate;
	return 0;
}

static int rewrite(struct visit *v, struct trial_file *f, const char *list,
	const char *text, size_t len, struct cpr_buf *out, bool *differs)
{
	struct include one;
	struct scan s;
	size_t at = 0;
	int r = 0;

	scan_start(&s, text, len, list);
	while (r == 0 && v->t->kind->next(&s, &one)) {
		const char *instead = NULL;

		r = visit_include(v, f, &one, text, &instead);
		if (!instead)
			continue;
		cpr_buf_add(out, text + at, one.at - at);
		cpr_buf_puts(out, instead);
		at = one.at + one.len;
		*differs = true;
	}
	cpr_buf_add(out, text + at, len - at);
	return out->failed ? -ENOMEM : r;
}

/* What Kea cannot read either is for its checker to say. */
static int visit_file(
	struct visit *v, const char *path, const char *list, const char **instead)
{
	_cleanup_(cpr_buf_free) struct cpr_buf b = {0};
	_cleanup_(cpr_freep) char *text = NULL;
	struct trial *t = v->t;
	struct trial_file *f = &t->file[t->n];
	_cleanup_(cpr_closep) int fd = -1;
	bool differs = false;
	struct stat st;
	size_t len;
	int r;

	if (v->depth == INCLUDES_MAX || t->n == CPR_ARRAY_LEN(t->file))
		return 0;
	fd = cpr_publish_open_followed(t->base, path);
	r = fd < 0 ? fd : read_open(fd, FILE_MAX, &text, &len);
	if (r < 0)
		return v->depth ? 0 : r;
	*f = (struct trial_file){.path = strdup(path)};
	if (!f->path)
		return -ENOMEM;
	t->n++;
	v->depth++;
	r = rewrite(v, f, list, text, len, &b, &differs);
	v->depth--;
	if (r < 0 || !differs)
		return r;
	if (fstat(fd, &st) < 0)
		return -errno;
	f->copy = beside(path);
	*instead = f->copy;
	return f->copy ? write_copy(t->base, f->copy, &st, b.data, b.len) : -ENOMEM;
}

int trial_look(struct trial *t, const struct trial_kind *kind, int base, const char *main)
{
	const char *none = NULL;

	t->kind = kind;
	t->base = base;
	return visit_file(&(struct visit){.t = t}, main, "", &none);
}

const struct trial_file *trial_includer(const struct trial *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->file[i].ours)
			return &t->file[i];
	return NULL;
}

/* Nothing includes it yet: as the only thing that a configuration has. */
static int try_alone(struct trial *t, const char *before, const char *after)
{
	_cleanup_(cpr_buf_free) struct cpr_buf b = {0};

	cpr_buf_printf(&b, "%s\"%s\"%s\n", before, t->candidate, after);
	t->file[0].copy = beside(t->file[0].path);
	if (b.failed || !t->file[0].copy)
		return -ENOMEM;
	return write_copy(t->base, t->file[0].copy, NULL, b.data, b.len);
}

static int lock_folder(int base, const char *file)
{
	_cleanup_(cpr_freep) char *folder = strdup(file + 1), *waiting = NULL;
	_cleanup_(cpr_closep) int fd = -1;
	int own, r;

	if (!folder)
		return -ENOMEM;
	*strrchr(folder, '/') = 0;
	fd = openat(base, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (asprintf(&waiting, "waiting for who has locked /%s", folder) < 0) {
		waiting = NULL;
		return -ENOMEM;
	}
	r = folder_lock(fd, waiting);
	own = fd;
	if (r == 0)
		fd = -1;
	return r < 0 ? r : own;
}

static void hold_signals(sigset_t *before)
{
	static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
	sigset_t hold;

	sigemptyset(&hold);
	for (size_t i = 0; i < CPR_ARRAY_LEN(ends); i++)
		sigaddset(&hold, ends[i]);
	sigprocmask(SIG_BLOCK, &hold, before);
}

int trial_open(struct trial *t, const struct trial_kind *kind, int base, const char *main,
	const char *candidate, const char *before, const char *after)
{
	struct visit v = {.t = t};
	const char *instead = NULL;
	int r;

	t->kind = kind;
	t->base = base;
	t->lock = lock_folder(base, kind->ours);
	if (t->lock < 0)
		return t->lock;
	hold_signals(&t->before);
	t->held = true;
	t->candidate = beside(kind->ours);
	r = t->candidate
		    ? write_copy(base, t->candidate, NULL, candidate, strlen(candidate))
		    : -ENOMEM;
	if (r == 0)
		r = visit_file(&v, main, "", &instead);
	if (r == 0 && !instead)
		r = try_alone(t, before, after);
	return r;
}

const char *trial_error(int r)
{
	return r == -EWOULDBLOCK
		       ? "another program has had its folder locked for half a minute: "
			 "lslocks shows which; run again when it has ended"
		       : strerror(-r);
}

bool trial_denied(int r)
{
	return r == -EACCES || r == -EPERM || r == -EROFS;
}

void trial_close(struct trial *t)
{
	for (size_t i = 0; i < t->n; i++) {
		if (t->file[i].copy)
			unlinkat(t->base, t->file[i].copy + 1, 0);
		free(t->file[i].path);
		free(t->file[i].copy);
	}
	if (t->candidate)
		unlinkat(t->base, t->candidate + 1, 0);
	free(t->candidate);
	if (t->held) {
		sigprocmask(SIG_SETMASK, &t->before, NULL);
		close(t->lock);
	}
	*t = (struct trial){0};
}

static void name_original(char *text, const char *copy, const char *original)
{
	size_t from = strlen(copy), to = strlen(original);

	for (char *at = strstr(text, copy); at; at = strstr(at + to, copy)) {
		memcpy(at, original, to); /* it is the shorter one */
		memmove(at + to, at + from, strlen(at + from) + 1);
	}
}

void trial_name_originals(const struct trial *t, char *text)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->file[i].copy)
			name_original(text, t->file[i].copy, t->file[i].path);
	if (t->candidate)
		name_original(text, t->candidate, t->kind->ours);
}
