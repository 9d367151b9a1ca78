#include "retire.h"

#include "apply.h"
#include "cleanup.h"
#include "cli/cli.h"
#include "emit.h"
#include "record.h"
#include "server.h"
#include "world.h"

#include <errno.h>
#include <string.h>

enum {
	FILE_MAX = 1024 * 1024
};

static const struct output *find(const struct outputs *out, const char *path)
{
	for (size_t i = 0; i < out->n; i++)
		if (out->output[i].path && strcmp(out->output[i].path, path) == 0)
			return &out->output[i];
	return NULL;
}

/* What the emitters would make if all were switched on: for whom a file is. */
static void imagine(const struct world *w, struct outputs *all)
{
	const struct emit_input in = {.plan = w->plan};
	struct cpr_errors ignored = {0};

	for (size_t i = 0; i < emitters_n; i++)
		if (emitters[i].wanted)
			emitters[i].emit(&in, all, &ignored);
	cpr_errors_clear(&ignored);
}

static int add_gone(struct outputs *to, const char *path, const struct output *like)
{
	_cleanup_(cpr_freep) char *folder = strdup(path);
	struct output *o;
	char *slash;

	if (!folder)
		return -ENOMEM;
	slash = strrchr(folder, '/');
	*slash = 0;
	o = outputs_add(to, "gone", folder, slash + 1);
	o->kind = OUTPUT_GONE;
	o->guarded = true;
	o->server = like ? like->server : NULL;
	o->restart = like ? like->restart : RESTART_NEVER;
	if (!like)
		cpr_errors_add(&to->note, NULL, 0,
			"whatever read '%s' has to be restarted once", path);
	return to->failed ? -ENOMEM : 0;
}

/* 0; 1: it was edited by hand; or -errno. */
static int edited(const struct world *w, const struct record *record, const char *path)
{
	_cleanup_(cpr_freep) char *text = NULL;
	size_t len;
	int r = read_below(w->base, path, FILE_MAX, &text, &len);

	if (r == -ENOENT)
		return 0;
	if (r == -ELOOP || r == -EINVAL || r == -EFBIG)
		return 1;
	return r < 0 ? r : !record_has(record, path, text, len);
}

static int collect(const struct world *w, const struct outputs *out, struct outputs *gone,
	struct record *record, struct cpr_errors *e)
{
	_cleanup_(outputs_clear) struct outputs all = {0};
	const char *path = RECORD_FILE;
	int r = record_read(w->base, record);

	imagine(w, &all);
	for (size_t i = 0; r == 0 && i < record->n; i++) {
		path = record->line[i].path;
		if (find(out, path) || find(gone, path))
			continue;
		r = edited(w, record, path);
		if (r == 0)
			r = add_gone(gone, path, find(&all, path));
		if (r != 1)
			continue;
		cpr_errors_add(&gone->note, path, 0,
			"it is not wanted any more, but was edited by hand, and stays; "
			"remove it when you need nothing of it");
		r = 0;
	}
	if (r < 0)
		cpr_errors_add(e, path, 0, "cannot read it: %s", record_error(r));
	return r;
}

static bool is_for(const struct output *o, const char *server)
{
	return o->server && strcmp(o->server, server) == 0;
}

/* True when the server can do without those of the files that are its own. */
static bool can_go(const struct world *w, const struct server *s, struct outputs *gone,
	struct cpr_errors *why)
{
	_cleanup_(changes_clear) struct changes c = {0};

	if (changes_find(w, gone, &c, why) < 0)
		return false;
	return !changes_touch(&c, s->name) || s->check(w, &c, why) == 0;
}

/* Takes the files of this server out again. */
static void leave(struct outputs *gone, const char *server)
{
	size_t kept = 0;

	for (size_t i = 0; i < gone->n; i++) {
		if (is_for(&gone->output[i], server))
			free(gone->output[i].path);
		else
			gone->output[kept++] = gone->output[i];
	}
	gone->n = kept;
}

/* Hands over; the paths are their new owner's. */
static int append(struct outputs *out, struct outputs *gone)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < gone->n; i++)
		r = add_gone(out, gone->output[i].path,
			gone->output[i].server ? &gone->output[i] : NULL);
	for (size_t i = 0; i < gone->note.n; i++)
		cpr_errors_add(&out->note, NULL, 0, "%s", gone->note.line[i]);
	return r;
}

int retire(const struct world *w, bool ask, struct outputs *out, struct cpr_errors *e)
{
	_cleanup_(outputs_clear) struct outputs gone = {0};
	int r = -ENOMEM;

	out->record = calloc(1, sizeof(*out->record));
	if (out->record)
		r = collect(w, out, &gone, out->record, e);

	for (size_t i = 0; r == 0 && ask && i < servers_n; i++) {
		_cleanup_(cpr_errors_clear) struct cpr_errors why = {0};

		if (can_go(w, &servers[i], &gone, &why))
			continue;
		leave(&gone, servers[i].name);
		for (size_t k = 0; k < why.n; k++)
			cpr_say(4, "%s", why.line[k]);
	}
	return r == 0 ? append(out, &gone) : r;
}
