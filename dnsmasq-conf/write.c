/* Publishing.  A full disk in the middle could not be undone, for undoing takes room, too; so
 * all that takes room is done before the first name changes: folders, and files and hard
 * links under the names of temps.  Symbolic links alone are made one by one at their turn:
 * there may be a thousand of them. */
#include "apply.h"
#include "buf.h"
#include "cleanup.h"
#include "cli/cli.h"
#include "emit.h"
#include "errors.h"
#include "give.h"
#include "publish.h"
#include "record.h"
#include "site.h"
#include "world.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* One for each change; NULL where there is nothing to prepare. */
struct prepared {
	struct cpr_prepared **file;
	size_t n;
};

static void prepared_clear(struct prepared *p)
{
	for (size_t i = 0; i < p->n; i++)
		cpr_prepared_free(p->file[i]);
	free(p->file);
}

static int make_folder(const struct world *w, const char *path, mode_t mode)
{
	_cleanup_(cpr_freep) char *folder = strdup(path + 1);
	char *slash = folder ? strrchr(folder, '/') : NULL;

	if (!folder)
		return -ENOMEM;
	if (!slash)
		return 0;
	*slash = 0;
	return cpr_publish_mkdir(w->base, folder, mode);
}

static int prepare_one(
	const struct world *w, const struct change *c, struct cpr_prepared **out)
{
	const struct output *o = c->o;
	int r;

	if (c->state == CHANGE_NONE || o->kind == OUTPUT_GONE)
		return 0;
	r = make_folder(w, o->path, 0755);
	if (r >= 0 && c->keep)
		r = make_folder(w, c->keep, 0700);
	if (r >= 0 && c->keep)
		r = cpr_publish_hardlink(w->base, o->path + 1, c->keep + 1);
	if (r < 0)
		return r;
	if (o->kind == OUTPUT_LINK)
		return cpr_publish_prepare_hardlink(
			w->base, o->from + 1, o->path + 1, out);
	if (o->kind == OUTPUT_TEXT)
		return cpr_publish_prepare_bytes(w->base, o->path + 1, o->text.data,
			o->text.len, output_mode(o) | (o->theirs ? CPR_PUBLISH_KEEP : 0),
			out);
	return 0;
}

static int put_one(
	const struct world *w, const struct change *c, struct cpr_prepared *file)
{
	const struct output *o = c->o;

	if (c->state == CHANGE_NONE)
		return 0;
	if (o->kind == OUTPUT_GONE)
		return cpr_publish_remove(w->base, o->path + 1);
	if (o->kind == OUTPUT_SYMLINK)
		return cpr_publish_symlink(w->base, o->from, o->path + 1);
	return file ? cpr_prepared_put(file) : 0;
}

/* The record is written before the files, with old and new in it, and after them, with new:
 * whenever this is cut off, what lies there is known as ours. */
static int next_record(struct changes *c, bool before)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->n; i++) {
		const struct output *o = c->change[i].o;

		if (!o->guarded || o->kind == OUTPUT_SYMLINK)
			continue;
		if (o->kind == OUTPUT_TEXT)
			r = (before ? record_add : record_set)(
				&c->record, o->path, o->text.data, o->text.len);
		else if (!before)
			record_drop(&c->record, o->path);
	}
	return r;
}

static int prepare_record(const struct world *w, struct changes *c, bool before,
	struct cpr_prepared **out, struct cpr_errors *e)
{
	int r = next_record(c, before);

	if (r == 0)
		r = record_prepare(w->base, &c->record, out);
	if (r < 0)
		cpr_errors_add(e, RECORD_FILE, 0, "cannot write it: %s", strerror(-r));
	return r;
}

static int put_record(
	struct changes *c, struct cpr_prepared *prepared, struct cpr_errors *e)
{
	int r = prepared ? cpr_prepared_put(prepared) : 0;

	if (r < 0)
		cpr_errors_add(e, RECORD_FILE, 0, "cannot write it: %s", strerror(-r));
	else
		c->record.changed = false;
	return r < 0 ? r : 0;
}

/* A server that changed its user needs every folder on the way to a file to let it through,
 * and the last one to be readable. */
static void warn_closed(
	const struct world *w, const char *server, const char *path, const char *so)
{
	for (const char *slash = strchr(path + 1, '/'); slash;
		slash = strchr(slash + 1, '/')) {
		_cleanup_(cpr_freep) char *folder =
			strndup(path + 1, (size_t)(slash - path - 1));
		mode_t need = strchr(slash + 1, '/') ? 0001 : 0005;
		struct stat st;

		if (folder && fstatat(w->base, folder, &st, 0) == 0 &&
			(st.st_mode & need) != need)
			cpr_say(4,
				"%s cannot get at '%s', and would %s: chmod o+%s '/%s'",
				server, path, so, need == 5 ? "rx" : "x", folder);
	}
}

/* Either is silent until it is too late. */
static void warn_all_closed(const struct world *w, const struct changes *c)
{
	_cleanup_(cpr_freep) char *inside = NULL;

	if (asprintf(&inside, "%s/", w->site->tftp_root) < 0)
		inside = NULL;
	for (size_t i = 0; i < c->n; i++) {
		const struct output *o = c->change[i].o;

		if (o->restart == RESTART_ON_LOST_LINES)
			warn_closed(w, o->server, o->path, "send nothing of it");
		if (o->serves_tftp && inside)
			warn_closed(w, o->server, inside, "not start");
	}
}

/* dnsmasq does not start without its TFTP root. */
static int make_tftp_root(const struct world *w, struct cpr_errors *e)
{
	int r = cpr_publish_mkdir(w->base, w->site->tftp_root + 1, 0755);

	if (r < 0)
		cpr_errors_add(e, w->site->tftp_root, 0, "cannot make this folder: %s",
			strerror(-r));
	return r < 0 ? r : 0;
}

static int prepare(const struct world *w, const struct changes *c, struct prepared *p,
	struct cpr_errors *e)
{
	p->file = calloc(c->n ? c->n : 1, sizeof(struct cpr_prepared *));
	if (!p->file)
		return -ENOMEM;
	p->n = c->n;
	for (size_t i = 0; i < c->n; i++) {
		int r = prepare_one(w, &c->change[i], &p->file[i]);

		if (r < 0) {
			cpr_errors_add(e, c->change[i].o->path, 0, "cannot write it: %s",
				strerror(-r));
			return r;
		}
	}
	return 0;
}

/* As far as it goes: what the daemon cannot replace later, it names. */
static void hand_over(const struct world *w, int root, uid_t heir, const char *path)
{
	size_t len = strlen(w->site->tftp_root);

	if (strncmp(path, w->site->tftp_root, len) == 0 && path[len] == '/')
		(void)cpr_give(root, path + len + 1, heir);
}

static void hand_over_all(const struct world *w, const struct changes *c)
{
	_cleanup_(cpr_closep) int root =
		cpr_publish_open_followed(w->base, w->site->tftp_root);
	uid_t heir = root < 0 ? (uid_t)-1 : cpr_heir(root);

	for (size_t i = 0; heir != (uid_t)-1 && i < c->n; i++) {
		const struct change *one = &c->change[i];
		_cleanup_(cpr_freep) char *keep = one->keep ? strdup(one->keep) : NULL;

		if (!one->written)
			continue;
		hand_over(w, root, heir, one->o->path);
		/* and the folders that were made for it */
		for (char *end; keep && (end = strrchr(keep, '/')); *end = 0)
			hand_over(w, root, heir, keep);
	}
}

static int put_all(const struct world *w, const struct changes *c, struct prepared *p,
	struct cpr_errors *e)
{
	for (size_t i = 0; i < c->n; i++) {
		struct change *one = &c->change[i];
		int r = put_one(w, one, p->file[i]);

		one->written = one->state != CHANGE_NONE;
		if (r < 0) {
			cpr_errors_add(e, one->o->path, 0, "cannot %s it: %s",
				one->o->kind == OUTPUT_GONE ? "remove" : "write",
				strerror(-r));
			return r;
		}
	}
	return 0;
}

int changes_publish(const struct world *w, struct changes *c, struct cpr_errors *e)
{
	_cleanup_(prepared_clear) struct prepared p = {0};
	_cleanup_(cpr_prepared_freep) struct cpr_prepared *before = NULL, *after = NULL;
	int r = c->any ? make_tftp_root(w, e) : 0;

	if (r == 0)
		r = prepare_record(w, c, true, &before, e);
	if (r >= 0)
		r = put_record(c, before, e);
	if (r == 0)
		r = prepare(w, c, &p, e);
	if (r == 0)
		r = prepare_record(w, c, false, &after, e);
	if (r >= 0)
		r = put_all(w, c, &p, e);
	hand_over_all(w, c);
	if (r == 0)
		r = put_record(c, after, e);
	if (r == 0)
		warn_all_closed(w, c);
	return r;
}
