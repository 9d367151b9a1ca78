#include "judge.h"

#include "cleanup.h"
#include "firmware.h"
#include "inspect.h"
#include "seen.h"
#include "stage.h"

#include <fcntl.h>
#include <sys/stat.h>

static int file_order(const void *a, const void *b)
{
	const struct cpr_file *fa = a, *fb = b;

	return cpr_file_compare(fa, fb->name, fb->set);
}

static const struct cpr_item *put_as(
	const struct cpr_intake *in, const char *name, const char *set)
{
	for (size_t i = 0; i < in->n; i++) {
		const struct cpr_item *item = &in->item[i];

		if (item->state != CPR_ITEM_THERE &&
			!cpr_file_compare(
				&(struct cpr_file){.name = item->name, .set = item->set},
				name, set))
			return item;
	}
	return NULL;
}

/* True when the file that was put is the one that was inspected, and a later change of it cannot
 * be missed: that we moved it and gave it a mode, a moment ago, is all its ctime tells.  What was
 * unpacked a moment ago as well is looked at again by the next who reads the folder. */
static bool recall(
	const struct cpr_stage *stage, const struct cpr_item *item, struct cpr_file *file)
{
	struct stat st;

	if (!item->inspect || item->repaired || item->state == CPR_ITEM_THERE ||
		!cpr_mtime_settled(&item->mtime) ||
		fstatat(stage->root, item->path, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		st.st_ino != item->inode || st.st_mtim.tv_sec != item->mtime.tv_sec ||
		st.st_mtim.tv_nsec != item->mtime.tv_nsec ||
		(uint64_t)st.st_size != item->inspect->size)
		return false;
	*file = (struct cpr_file){
		.name = item->name,
		.set = item->set,
		.inspect = item->inspect,
		.inode = st.st_ino,
		.mtime = st.st_mtim,
		.ctime = st.st_ctim,
		.settled = true,
	};
	return true;
}

void cpr_remember(const struct cpr_intake *in, const struct cpr_stage *stage,
	const struct cpr_intake_options *o, const struct cpr_firmware *root)
{
	_cleanup_(cpr_freep) struct cpr_file *file =
		calloc(root->file_n + in->n + 1, sizeof(*file));
	struct cpr_firmware seen = {.file = file};

	if (!file)
		return;
	for (size_t i = 0; i < root->file_n; i++)
		if (!put_as(in, root->file[i].name, root->file[i].set))
			file[seen.file_n++] = root->file[i];
	for (size_t i = 0; i < in->n; i++)
		seen.file_n += recall(stage, &in->item[i], &file[seen.file_n]);
	qsort(file, seen.file_n, sizeof(*file), file_order);
	cpr_seen_write(o->base, &seen);
}
