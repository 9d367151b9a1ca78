#include "apply.h"

#include "cleanup.h"
#include "cli/cli.h"
#include "emit.h"
#include "errors.h"
#include "firmware.h"
#include "io.h"
#include "publish.h"
#include "site.h"
#include "world.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum {
	FILE_MAX = 1024 * 1024
};

/* A line number from 1: the first one in which the two differ. */
static unsigned first_difference(const struct change *c)
{
	size_t n = c->old_len < c->o->text.len ? c->old_len : c->o->text.len;
	unsigned line = 1;

	for (size_t i = 0; i < n && c->old[i] == c->o->text.data[i]; i++)
		line += c->old[i] == '\n';
	return line;
}

static void guard(
	const struct change *c, const struct record *record, struct cpr_errors *e)
{
	if (record_has(record, c->o->path, c->old, c->old_len))
		return;
	if (record_knows(record, c->o->path))
		cpr_errors_add(e, c->o->path, first_difference(c),
			"it was edited by hand, and this line is not what would be "
			"generated; move the line to a file of your own, remove this "
			"one and run again");
	else
		cpr_errors_add(e, c->o->path, first_difference(c),
			"it is there, and is not of our making as far as " RECORD_FILE
			" tells; this line would change: move the file away and run again");
}

mode_t output_mode(const struct output *o)
{
	return o->mode ? o->mode : 0644;
}

static bool has_mode(mode_t mode, const struct output *o)
{
	return o->theirs ? (mode & S_IROTH) != 0 : (mode & 07777) == output_mode(o);
}

/* What is there.  0 or -errno. */
static int read_old(const struct world *w, const struct output *o, struct there *out)
{
	_cleanup_(cpr_closep) int fd = -1;

	if (o->there && o->there->data && !o->there->linked) {
		out->mode = o->there->mode;
		out->len = o->there->len;
		out->data = malloc(out->len + 1);
		if (!out->data)
			return -ENOMEM;
		memcpy(out->data, o->there->data, out->len + 1);
		return 0;
	}
	fd = cpr_publish_open(w->base, o->path + 1);
	return fd < 0 ? fd : read_there(fd, FILE_MAX, out);
}

static int find_text(const struct world *w, struct change *c, const struct record *record,
	struct cpr_errors *e)
{
	struct there old = {0};
	int r = read_old(w, c->o, &old);

	c->old = old.data;
	c->old_len = old.len;
	if (r == -ENOENT) {
		c->state = CHANGE_NEW;
		c->removed = record_knows(record, c->o->path);
		return 0;
	}
	if (r == -ELOOP || r == -EINVAL || r == -EFBIG) {
		cpr_errors_add(e, c->o->path, 0,
			"it is no file that cpr-conf could have written; move it away "
			"and run again");
		return 0;
	}
	if (r < 0) {
		cpr_errors_add(e, c->o->path, 0, "cannot read it: %s", strerror(-r));
		return r;
	}
	if (c->old_len == c->o->text.len &&
		memcmp(c->old, c->o->text.data, c->old_len) == 0) {
		c->state = has_mode(old.mode, c->o) ? CHANGE_NONE : CHANGE_OTHER;
		return 0;
	}
	c->state = CHANGE_OTHER;
	if (c->o->guarded)
		guard(c, record, e);
	return 0;
}

char *kept_twin(const struct world *w, int fd, const char *name)
{
	for (size_t i = 0; fd >= 0 && i < w->firmware->file_n; i++) {
		const struct cpr_file *f = &w->firmware->file[i];
		_cleanup_(cpr_closep) int other = -1;
		_cleanup_(cpr_freep) char *kept = NULL;

		if (!f->set || strcmp(f->name, name) != 0)
			continue;
		if (asprintf(&kept, "%s/%s/%s/%s", w->site->tftp_root, CPR_TERMS_DIR,
			    f->set, f->name) < 0)
			return NULL;
		other = cpr_publish_open(w->base, kept + 1);
		if (other >= 0 && cpr_io_same(fd, other) == 1)
			return TAKE_PTR(kept);
	}
	return NULL;
}

static bool is_forgotten(const struct world *w, const char *name)
{
	for (size_t i = 0; i < w->firmware->gone_n; i++)
		if (!w->firmware->gone[i].set &&
			strcmp(w->firmware->gone[i].name, name) == 0)
			return true;
	return false;
}

static bool is_kept(const struct world *w, const char *path, const char *name)
{
	_cleanup_(cpr_closep) int fd = cpr_publish_open(w->base, path + 1);
	_cleanup_(cpr_freep) char *twin = kept_twin(w, fd, name);

	return twin != NULL;
}

/* Where a term file that somebody put into the root by hand goes, when it gives way. */
static int find_keep(const struct world *w, struct change *c)
{
	const char *name = strrchr(c->o->path, '/') + 1;
	_cleanup_(cpr_freep) char *bytes = NULL;
	char hash[65];
	size_t len, stem = strlen(name);
	int r = read_below(w->base, c->o->path, FILE_MAX, &bytes, &len);

	if (r == -ELOOP || is_forgotten(w, name) || is_kept(w, c->o->path, name))
		return 0; /* a link: what it leads to stays */
	if (r < 0)
		return r;
	sha256_hex(bytes, len, hash);
	if (stem > 6 && strcmp(name + stem - 6, ".loads") == 0)
		stem -= 6;
	if (asprintf(&c->keep, "%s/%s/%.*s-%.8s/%s", w->site->tftp_root, CPR_TERMS_DIR,
		    (int)stem, name, hash, name) < 0) {
		c->keep = NULL;
		return -ENOMEM;
	}
	return 0;
}

static int find_link(const struct world *w, struct change *c, struct cpr_errors *e)
{
	_cleanup_(cpr_closep) int from = cpr_publish_open(w->base, c->o->from + 1);
	_cleanup_(cpr_closep) int now = cpr_publish_open(w->base, c->o->path + 1);
	struct stat source, there;
	int r = from < 0 ? from : 0;

	if (r < 0 || fstat(from, &source) < 0) {
		r = r < 0 ? r : -errno;
		cpr_errors_add(e, c->o->from, 0, "cannot read it: %s", strerror(-r));
		return r;
	}
	if (now == -ENOENT) {
		c->state = CHANGE_NEW;
		return 0;
	}
	if (now >= 0 && fstat(now, &there) == 0 && there.st_dev == source.st_dev &&
		there.st_ino == source.st_ino)
		return 0;
	c->state = CHANGE_OTHER;
	r = find_keep(w, c);
	if (r == -EINVAL)
		cpr_errors_add(
			e, c->o->path, 0, "it is no file; move it away and run again");
	else if (r < 0)
		cpr_errors_add(
			e, c->o->path, 0, "cannot read it, to keep it: %s", strerror(-r));
	return r;
}

static int find_symlink(const struct world *w, struct change *c, struct cpr_errors *e)
{
	char target[PATH_MAX];
	int r = cpr_publish_readlink(w->base, c->o->path + 1, target, sizeof(target));

	if (r == 0 && strcmp(target, c->o->from) == 0)
		return 0;
	c->state = r == -ENOENT ? CHANGE_NEW : CHANGE_OTHER;
	if (r == -EINVAL && c->o->guarded)
		cpr_errors_add(e, c->o->path, 0,
			"it is there, and no link; move it away and run again");
	if (r == 0 || r == -ENOENT || r == -EINVAL)
		return 0;
	cpr_errors_add(e, c->o->path, 0, "cannot read it: %s", strerror(-r));
	return r;
}

/* A link goes without a look at what it leads to. */
static int find_gone(const struct world *w, struct change *c, const struct record *record,
	struct cpr_errors *e)
{
	int r = read_below(w->base, c->o->path, FILE_MAX, &c->old, &c->old_len);

	if (r == -ENOENT)
		return 0;
	if (r < 0 && r != -ELOOP) {
		cpr_errors_add(e, c->o->path, 0, "cannot read it: %s", strerror(-r));
		return r;
	}
	c->state = CHANGE_GONE;
	if (c->o->guarded && r == 0)
		guard(c, record, e);
	return 0;
}

/* True when what is there is the admin's. */
static bool is_others(const struct world *w, const struct output *o)
{
	char target[PATH_MAX];
	int r = cpr_publish_readlink(w->base, o->path + 1, target, sizeof(target));

	if (r == -ENOENT)
		return false;
	return r < 0 || (o->kind == OUTPUT_GONE ? strcmp : strcasecmp)(target, o->from);
}

static int find(const struct world *w, struct change *c, const struct record *record,
	struct cpr_errors *e)
{
	if (c->o->yields && is_others(w, c->o))
		return 0;
	switch (c->o->kind) {
	case OUTPUT_LINK:
		return find_link(w, c, e);
	case OUTPUT_SYMLINK:
		return find_symlink(w, c, e);
	case OUTPUT_GONE:
		return find_gone(w, c, record, e);
	case OUTPUT_TEXT:
	default:
		return find_text(w, c, record, e);
	}
}

static bool any_guarded(const struct outputs *out)
{
	for (size_t i = 0; i < out->n; i++)
		if (out->output[i].guarded)
			return true;
	return false;
}

int changes_find(const struct world *w, const struct outputs *out, struct changes *c,
	struct cpr_errors *e)
{
	size_t before = e->n;
	int r = out->record        ? record_copy(out->record, &c->record)
		: any_guarded(out) ? record_read(w->base, &c->record)
				   : 0;

	if (r < 0) {
		cpr_errors_add(e, RECORD_FILE, 0, "cannot read it: %s", record_error(r));
		return r;
	}
	c->change = calloc(out->n ? out->n : 1, sizeof(*c->change));
	if (!c->change)
		return -ENOMEM;
	c->n = out->n;
	for (size_t i = 0; i < out->n; i++) {
		struct change *one = &c->change[i];
		int found;

		one->o = &out->output[i];
		found = find(w, one, &c->record, e);
		if (r == 0)
			r = found;
		c->any = c->any || one->state != CHANGE_NONE;
	}
	return r == 0 && e->n > before ? -EINVAL : r;
}

/* What makes a line of a dhcp-optsdir take the place of an earlier one: its tags and the
 * option, "tag:a,tag:!b,150" of "tag:a,tag:!b,150,192.0.2.1". */
static size_t key_len(const char *line)
{
	const char *at = line;

	while (strncmp(at, "tag:", 4) == 0 && at[strcspn(at, ",\n")] == ',')
		at += strcspn(at, ",\n") + 1;
	return (size_t)(at - line) + strcspn(at, ",\n");
}

static bool has_key(const char *text, const char *key, size_t len)
{
	for (; text; text = strchr(text, '\n')) {
		text += *text == '\n';
		if (key_len(text) == len && strncmp(text, key, len) == 0)
			return true;
	}
	return false;
}

/* True when a line of the old text has none in the new one to take its place. */
static bool loses_lines(const struct change *c)
{
	for (const char *line = c->old; line && *line; line += *line == '\n') {
		if (*line != '#' && !has_key(c->o->text.data, line, key_len(line)))
			return true;
		line += strcspn(line, "\n");
	}
	return c->removed;
}

const char *change_restarts(const struct change *c)
{
	if (c->state == CHANGE_NONE || c->o->restart == RESTART_NEVER)
		return NULL;
	if (c->o->restart == RESTART_ON_LOST_LINES && !loses_lines(c))
		return NULL;
	return c->o->server;
}

void changes_clear(struct changes *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->change[i].old);
		free(c->change[i].keep);
	}
	free(c->change);
	record_clear(&c->record);
	*c = (struct changes){0};
}
