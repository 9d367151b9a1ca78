#include "intake.h"

#include "cleanup.h"
#include "firmware.h"
#include "inspect.h"
#include "io.h"
#include "judge.h"
#include "package.h"
#include "publish.h"
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* The owner of a reading. */
struct desk {
	struct cpr_intake *in;
	struct cpr_stage *stage;
};

const char *cpr_item_state_name(enum cpr_item_state state)
{
	static const char *const name[] = {
		[CPR_ITEM_NEW] = "new",
		[CPR_ITEM_THERE] = "there",
		[CPR_ITEM_REPLACES] = "replaced",
	};

	return name[state];
}

struct cpr_item *cpr_intake_add(struct cpr_intake *in, enum cpr_name_kind kind,
	const char *entry, const char *name)
{
	struct cpr_item *grown = reallocarray(in->item, in->n + 1, sizeof(*grown)), *item;

	if (!grown)
		return NULL;
	in->item = grown;
	item = &grown[in->n++];
	*item = (struct cpr_item){
		.kind = kind, .entry = strdup(entry), .name = strdup(name)};
	return item->entry && item->name ? item : NULL;
}

void cpr_intake_refuse(
	struct cpr_intake *in, struct cpr_item *item, const char *format, ...)
{
	_cleanup_(cpr_freep) char *file = NULL;
	va_list args;

	item->faulty = true;
	if (asprintf(&file, "%s: %s", in->package, item->entry) < 0) {
		in->refused.lost = true;
		file = NULL;
		return;
	}
	va_start(args, format);
	cpr_errors_vadd(&in->refused, file, 0, format, args);
	va_end(args);
}

static int same_staged(int dir, const char *a, const char *b)
{
	_cleanup_(cpr_closep) int fa = cpr_publish_open(dir, a);
	_cleanup_(cpr_closep) int fb = cpr_publish_open(dir, b);

	if (fa < 0 || fb < 0)
		return fa < 0 ? fa : fb;
	return cpr_io_same(fa, fb);
}

/* The package holds the name already: 1 with the same bytes, 0 not at all, or -errno.  Term
 * files of one name may differ: those of SCCP and SIP do. */
static int seen_before(struct desk *d, struct cpr_item *item)
{
	for (size_t i = 0; i + 1 < d->in->n; i++) {
		const struct cpr_item *other = &d->in->item[i];
		int r;

		if (strcmp(other->name, item->name))
			continue;
		r = same_staged(d->stage->dir, other->path, item->path);
		if (r)
			return r;
		if (item->kind == CPR_NAME_TERM)
			continue;
		cpr_intake_refuse(d->in, item,
			"is also there as '%s' with other bytes: import the package that "
			"is right alone",
			other->entry);
		return 0;
	}
	return 0;
}

static void item_clear(struct cpr_item *item)
{
	free(item->entry);
	free(item->name);
	free(item->set);
	free(item->target);
	free(item->path);
	cpr_inspect_free(item->inspect);
}

/* A file's own name counts.  One that differs in case only is what unpacking on Windows does
 * to files, and is repaired; any other is a file that phones refuse. */
static int own_name(struct cpr_intake *in, struct cpr_item *item)
{
	const struct cpr_inspect *i = item->inspect;
	const char *own = i->container.own_name;
	char *copy;

	if (i->container_outcome != CPR_CONTAINER_OK || !*own || !strcmp(own, item->name))
		return 0;
	if (strcasecmp(own, item->name)) {
		cpr_intake_refuse(in, item,
			"was renamed, phones refuse it: its own name is '%s'", own);
		return 0;
	}
	copy = strdup(own);
	if (!copy)
		return -ENOMEM;
	free(item->name);
	item->name = copy;
	item->repaired = true;
	return 0;
}

/* Dot names are not scanned: the file waits under one until all names are known. */
static int stage_item(struct desk *d, struct cpr_item *item, const char *scratch_name)
{
	int r;

	if (asprintf(&item->path, ".item-%zu", d->in->n) < 0) {
		item->path = NULL;
		return -ENOMEM;
	}
	if (renameat(d->stage->dir, scratch_name, d->stage->dir, item->path) < 0)
		return -errno;
	r = seen_before(d, item);
	if (r == 1) {
		unlinkat(d->stage->dir, item->path, 0);
		item_clear(item);
		d->in->n--;
	}
	return r < 0 ? r : 0;
}

static int inspect(struct cpr_item *item, int fd, const char *base)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	item->inode = st.st_ino;
	item->mtime = st.st_mtim;
	return cpr_inspect_fd(fd, base, &item->inspect);
}

static int take(
	void *owner, const char *entry, const char *base, const char *scratch_name)
{
	struct desk *d = owner;
	struct cpr_item *item = cpr_intake_add(d->in, cpr_name_kind(base), entry, base);
	_cleanup_(cpr_closep) int fd = -1;
	int r;

	if (!item)
		return -ENOMEM;
	fd = cpr_publish_open(d->stage->dir, scratch_name);
	r = fd < 0 ? fd : inspect(item, fd, base);
	if (r == 0)
		r = own_name(d->in, item);
	return r < 0 ? r : stage_item(d, item, scratch_name);
}

static int leave(void *owner, const char *entry)
{
	struct cpr_intake *in = ((struct desk *)owner)->in;
	char **grown = reallocarray(in->left_out, in->left_out_n + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	in->left_out = grown;
	grown[in->left_out_n] = strdup(entry);
	return grown[in->left_out_n++] ? 0 : -ENOMEM;
}

static int list_loads(struct cpr_intake *in)
{
	in->load = calloc(in->n + 1, sizeof(*in->load));
	if (!in->load)
		return -ENOMEM;
	for (size_t i = 0; i < in->n; i++) {
		const struct cpr_item *item = &in->item[i];

		if (item->kind != CPR_NAME_LOADS || item->target)
			continue;
		in->load[in->load_n] =
			strndup(item->name, strlen(item->name) - strlen(".loads"));
		if (!in->load[in->load_n++])
			return -ENOMEM;
	}
	return 0;
}

static int judge_and_put(struct cpr_intake *in, struct cpr_stage *stage,
	const struct cpr_intake_options *o)
{
	_cleanup_(cpr_firmware_freep) struct cpr_firmware *root = NULL;
	int r = list_loads(in);

	if (r == 0)
		r = cpr_judge(in, stage, o, &root);
	if (r < 0 || in->refused.n || in->refused.lost)
		return r;
	for (size_t i = 0; i < in->n; i++)
		in->changed |= in->item[i].state != CPR_ITEM_THERE;
	if (!o->dry_run && in->changed)
		r = o->stop && *o->stop ? -EINTR : cpr_put(in, stage);
	in->accepted = r == 0;
	if (r == 0 && !o->dry_run && in->changed)
		cpr_remember(in, stage, o, root);
	return r;
}

int cpr_intake(struct cpr_intake *in, const char *package, struct cpr_stage *stage,
	const struct cpr_intake_options *o)
{
	struct desk desk = {.in = in, .stage = stage};
	struct cpr_errors hostile = {0};
	struct cpr_package p = {
		.path = package,
		.bars = o->bars,
		.stop = o->stop,
		.e = &hostile,
		.take = take,
		.leave = leave,
		.owner = &desk,
	};
	int r = cpr_stage_make(stage);

	*in = (struct cpr_intake){.package = package};
	p.scratch = stage->dir;
	if (r == 0)
		r = cpr_package_read(&p);
	if (r == 1) {
		/* What a hostile or broken archive holds is not worth a word. */
		cpr_errors_clear(&in->refused);
		in->refused = hostile;
	}
	if (r == 0 && in->n == 0)
		cpr_errors_add(&in->refused, package, 0,
			"holds no firmware of a known phone, nothing to do with it");
	else if (r == 0)
		r = judge_and_put(in, stage, o);
	cpr_stage_drop(stage);
	in->changed &= in->accepted;
	if (r < 0)
		cpr_errors_clear(&hostile);
	return r < 0 ? r : 0;
}

void cpr_intake_clear(struct cpr_intake *in)
{
	for (size_t i = 0; i < in->n; i++)
		item_clear(&in->item[i]);
	for (size_t i = 0; i < in->left_out_n; i++)
		free(in->left_out[i]);
	for (size_t i = 0; i < in->load_n; i++)
		free(in->load[i]);
	free(in->item);
	free(in->left_out);
	free(in->load);
	cpr_errors_clear(&in->refused);
	*in = (struct cpr_intake){0};
}
