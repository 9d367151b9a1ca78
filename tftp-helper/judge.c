#include "judge.h"

#include "cleanup.h"
#include "firmware.h"
#include "inspect.h"
#include "io.h"
#include "loads.h"
#include "publish.h"
#include "resolve.h"
#include "seen.h"
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <sha256.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct cpr_loads *lists_of(const struct cpr_item *item)
{
	return item->inspect ? item->inspect->lists : NULL;
}

static char *stem_of(const char *name)
{
	return strndup(name, strlen(name) - strlen(".loads"));
}

/* term61.default-1a2b3c4d: of a term file whose load is nowhere to be found. */
static int set_by_hash(const struct cpr_stage *stage, struct cpr_item *item)
{
	_cleanup_(cpr_freep) char *stem = stem_of(item->name);
	_cleanup_(cpr_closep) int fd = cpr_publish_open(stage->dir, item->path);
	uint8_t chunk[4096], hash[SHA256_DIGEST_LENGTH];
	SHA2_CTX context;
	ssize_t n;

	if (fd < 0 || !stem)
		return fd < 0 ? fd : -ENOMEM;
	SHA256Init(&context);
	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		SHA256Update(&context, chunk, (size_t)n);
	if (n < 0)
		return -errno;
	SHA256Final(hash, &context);
	if (asprintf(&item->set, "%s-%02x%02x%02x%02x", stem, hash[0], hash[1], hash[2],
		    hash[3]) < 0) {
		item->set = NULL;
		return -ENOMEM;
	}
	return 0;
}

/* The load whose images the term file lists: of its own package first. */
static int find_set(const struct cpr_intake *in, const struct cpr_stage *stage,
	const struct cpr_firmware *root, struct cpr_item *item)
{
	const struct cpr_loads *lists = lists_of(item);

	for (size_t i = 0; lists && i < in->n; i++) {
		const struct cpr_loads *other = lists_of(&in->item[i]);

		if (in->item[i].kind != CPR_NAME_LOADS || !other ||
			!cpr_loads_alike(lists, other))
			continue;
		item->set = stem_of(in->item[i].name);
		return item->set ? 0 : -ENOMEM;
	}
	for (size_t i = 0; lists && i < root->load_n; i++) {
		const struct cpr_load *load = &root->load[i];

		if (load->term || !load->file->inspect->lists ||
			!cpr_loads_alike(lists, load->file->inspect->lists))
			continue;
		item->set = strdup(load->name);
		return item->set ? 0 : -ENOMEM;
	}
	return set_by_hash(stage, item);
}

/* The place a term file has in a TFTP root; its folder is made in staging. */
static int place_term(struct cpr_intake *in, struct cpr_stage *stage,
	const struct cpr_firmware *root, struct cpr_item *item, char **place)
{
	_cleanup_(cpr_freep) char *folder = NULL;
	int r = find_set(in, stage, root, item);

	if (r < 0)
		return r;
	if (asprintf(&folder, CPR_TERMS_DIR "/%s", item->set) < 0) {
		folder = NULL;
		return -ENOMEM;
	}
	if (asprintf(place, "%s/%s", folder, item->name) < 0) {
		*place = NULL;
		return -ENOMEM;
	}
	r = cpr_publish_mkdir(stage->dir, folder, 0700);
	return r < 0 ? r : 0;
}

/* From its waiting name to the place it would have in a TFTP root. */
static int lay_out(struct cpr_intake *in, struct cpr_stage *stage,
	const struct cpr_firmware *root, struct cpr_item *item)
{
	_cleanup_(cpr_freep) char *waiting = NULL, *place = NULL;
	int r = 0;

	if (item->kind == CPR_NAME_TERM)
		r = place_term(in, stage, root, item, &place);
	else if (!(place = strdup(item->name)))
		r = -ENOMEM;
	if (r < 0)
		return r;
	waiting = item->path;
	item->path = TAKE_PTR(place);
	if (renameat2(stage->dir, waiting, stage->dir, item->path, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	if (!item->faulty)
		cpr_intake_refuse(in, item,
			"is there twice for the load '%s' with other bytes: import the "
			"package that is right alone",
			item->set);
	return 0;
}

static const char *of_package(const struct cpr_intake *in, const char *name,
	int (*differs)(const char *, const char *))
{
	for (size_t i = 0; i < in->n; i++)
		if (in->item[i].kind != CPR_NAME_TERM && !differs(in->item[i].name, name))
			return in->item[i].target ? in->item[i].target : in->item[i].name;
	return NULL;
}

/* The name of the file that a list prints in another case: of the package, or of the root,
 * where a file goes before a link.  NULL: there is none, or none is needed. */
static const char *other_spelling(
	const struct cpr_intake *in, const struct cpr_firmware *root, const char *printed)
{
	const struct cpr_file *exact = cpr_firmware_file(root, printed);
	const char *found;

	if (of_package(in, printed, strcmp) || (exact && exact->inspect))
		return NULL;
	found = of_package(in, printed, strcasecmp);
	for (size_t i = 0; !found && i < root->file_n; i++) {
		const struct cpr_file *file = &root->file[i];

		if (!file->set && file->inspect && !strcasecmp(file->name, printed))
			found = file->link ? file->link : file->name;
	}
	return found;
}

static int add_link(struct cpr_intake *in, struct cpr_stage *stage, const char *entry,
	const char *printed, const char *target)
{
	struct cpr_item *item;
	_cleanup_(cpr_freep) char *copy = strdup(target);

	if (!copy)
		return -ENOMEM;
	item = cpr_intake_add(in, CPR_NAME_IMAGE, entry, printed);
	if (!item)
		return -ENOMEM;
	item->target = TAKE_PTR(copy);
	item->path = strdup(printed);
	if (!item->path)
		return -ENOMEM;
	return symlinkat(item->target, stage->dir, printed) < 0 ? -errno : 0;
}

static int add_links(
	struct cpr_intake *in, struct cpr_stage *stage, const struct cpr_firmware *root)
{
	size_t files = in->n;

	for (size_t i = 0; i < files; i++) {
		/* The array may move when a link is added, what it points to does not. */
		const struct cpr_loads *lists = lists_of(&in->item[i]);
		const char *entry = in->item[i].entry;

		for (size_t k = 0; lists && k < lists->n; k++) {
			const char *printed = lists->entry[k].name;
			const char *target = other_spelling(in, root, printed);
			int r = target ? add_link(in, stage, entry, printed, target) : 0;

			if (r < 0)
				return r;
		}
	}
	return 0;
}

static struct cpr_item *item_of(struct cpr_intake *in, const struct cpr_file *file)
{
	for (size_t i = 0; i < in->n; i++) {
		struct cpr_item *item = &in->item[i];

		if (!strcmp(item->name, file->name) && !item->set == !file->set &&
			(!file->set || !strcmp(item->set, file->set)))
			return item;
	}
	return NULL;
}

static bool known_faulty(const struct cpr_intake *in, const char *name)
{
	for (size_t i = 0; i < in->n; i++)
		if (in->item[i].faulty && !strcasecmp(in->item[i].name, name))
			return true;
	return false;
}

static bool judged_load(const struct cpr_load *load)
{
	return load->file->staged && !load->complete;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void keep_key(void *key)
{
	(void)key;
}

/* The main load and two term files miss the same image: once is enough. */
static void find_missing(struct cpr_intake *in, const struct cpr_firmware *f,
	const struct cpr_load *load, void **said)
{
	struct cpr_item *item = judged_load(load) ? item_of(in, load->file) : NULL;
	char text[512];

	for (size_t k = 0; item && k < load->missing_n; k++) {
		const char *name = load->missing[k];
		const char **first;

		if (known_faulty(in, name))
			continue;
		first = tsearch(name, said, by_name);
		if (!first)
			in->refused.lost = true;
		if (!first || *first != name)
			continue;
		cpr_firmware_explain(f, load, name, text, sizeof(text));
		cpr_intake_refuse(in, item, "its list cannot be met: %s", text);
	}
}

static void find_faults(struct cpr_intake *in, const struct cpr_firmware *f)
{
	char text[512];
	void *said = NULL;

	for (size_t i = 0; i < f->file_n; i++) {
		const struct cpr_file *file = &f->file[i];
		struct cpr_item *item = file->staged ? item_of(in, file) : NULL;

		if (!item || item->faulty || item->target ||
			cpr_file_state(file) == CPR_LISTED_OK)
			continue;
		cpr_file_explain(file, text, sizeof(text));
		cpr_intake_refuse(in, item, "%s", text);
	}
	for (size_t i = 0; i < f->load_n; i++)
		find_missing(in, f, &f->load[i], &said);
	tdestroy(said, keep_key);
}

/* Whether the TFTP root has the item already. */
static bool has_target(int root, const struct cpr_item *item)
{
	char now[256];
	ssize_t n = readlinkat(root, item->path, now, sizeof(now));

	return n >= 0 && (size_t)n == strlen(item->target) &&
	       !memcmp(now, item->target, (size_t)n);
}

static int compare(struct cpr_intake *in, const struct cpr_stage *stage,
	struct cpr_item *item, bool replace)
{
	_cleanup_(cpr_closep) int there = -1, staged = -1;
	struct stat st;
	int same;

	if (fstatat(stage->root, item->path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	item->state = CPR_ITEM_REPLACES;
	if (S_ISDIR(st.st_mode)) {
		cpr_intake_refuse(in, item,
			"'%s' is a folder in the TFTP root, move it away", item->path);
		return 0;
	}
	if (item->target) {
		same = has_target(stage->root, item);
	} else {
		there = cpr_publish_open_served(stage->root, item->path);
		staged = cpr_publish_open(stage->dir, item->path);
		if (staged < 0)
			return staged;
		same = there < 0 ? 0 : cpr_io_same(staged, there);
		if (same < 0)
			return same;
	}
	if (same) {
		/* Bytes that servers may not read are put again, readable. */
		if (there < 0 || (fstat(there, &st) == 0 && (st.st_mode & 0444) == 0444))
			item->state = CPR_ITEM_THERE;
		return 0;
	}
	if (!replace && there == -EACCES)
		cpr_intake_refuse(in, item,
			"'%s' is in the TFTP root already, but this user may not read it: "
			"give everybody read permission",
			item->name);
	else if (!replace)
		cpr_intake_refuse(in, item,
			"'%s' is in the TFTP root already with other bytes: if this "
			"package is the right one, import it with --replace",
			item->name);
	return 0;
}

static int judge_root(struct cpr_intake *in, struct cpr_stage *stage,
	const struct cpr_intake_options *o)
{
	for (size_t i = 0; i < in->n; i++) {
		int r = in->item[i].faulty ? 0
					   : compare(in, stage, &in->item[i], o->replace);

		if (r < 0)
			return r;
	}
	return 0;
}

static int file_order(const void *a, const void *b)
{
	const struct cpr_file *fa = a, *fb = b;

	return cpr_file_compare(fa, fb->name, fb->set);
}

/* What was seen in the staged files when they were unpacked: nobody else can write there, so
 * they have settled whatever their times say.  All but the array is borrowed. */
static int known_items(const struct cpr_intake *in, const struct cpr_stage *stage,
	struct cpr_firmware *known)
{
	known->file = calloc(in->n + 1, sizeof(*known->file));
	if (!known->file)
		return -ENOMEM;
	for (size_t i = 0; i < in->n; i++) {
		const struct cpr_item *item = &in->item[i];
		struct stat st;

		if (!item->inspect || item->repaired)
			continue;
		if (fstatat(stage->dir, item->path, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return -errno;
		known->file[known->file_n++] = (struct cpr_file){
			.name = item->name,
			.set = item->set,
			.inspect = item->inspect,
			.inode = st.st_ino,
			.mtime = st.st_mtim,
			.ctime = st.st_ctim,
			.settled = true,
		};
	}
	qsort(known->file, known->file_n, sizeof(*known->file), file_order);
	return 0;
}

static int scan_whole(const struct cpr_intake *in, const struct cpr_stage *stage,
	const struct cpr_firmware *root, const char *staged, struct cpr_firmware **whole)
{
	struct cpr_firmware known = {0};
	int r = known_items(in, stage, &known);

	if (r == 0)
		r = cpr_firmware_scan_staged(root, staged, &known, whole, NULL);
	free(known.file);
	return r;
}

int cpr_judge(struct cpr_intake *in, struct cpr_stage *stage,
	const struct cpr_intake_options *o, struct cpr_firmware **before)
{
	_cleanup_(cpr_firmware_freep) struct cpr_firmware *root = NULL, *whole = NULL,
							  *known = NULL;
	_cleanup_(cpr_freep) char *staged = NULL;
	int r;

	if (asprintf(&staged, "%s/%s", o->tftp_root, stage->folder) < 0) {
		staged = NULL;
		return -ENOMEM;
	}
	known = cpr_seen_read(o->base);
	r = cpr_firmware_scan_known(o->tftp_root, known, &root, NULL);
	for (size_t i = 0; r == 0 && i < in->n; i++)
		r = lay_out(in, stage, root, &in->item[i]);
	if (r == 0)
		r = add_links(in, stage, root);
	if (r == 0)
		r = scan_whole(in, stage, root, staged, &whole);
	if (r < 0)
		return r;
	find_faults(in, whole);
	r = judge_root(in, stage, o);
	if (r == 0)
		*before = TAKE_PTR(root);
	return r;
}
