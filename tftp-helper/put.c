/* Publication: images, then links, then main loads, then term files, so that at no moment a
 * list is there whose images are not.  What fails half way is undone. */
#include "judge.h"

#include "cleanup.h"
#include "firmware.h"
#include "give.h"
#include "publish.h"
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
	TURNS = 4
};

static int turn_of(const struct cpr_item *item)
{
	return item->target                   ? 1
	       : item->kind == CPR_NAME_IMAGE ? 0
	       : item->kind == CPR_NAME_LOADS ? 2
					      : 3;
}

static void old_name(char name[32], size_t i)
{
	snprintf(name, 32, ".old-%zu", i);
}

static int make_set(struct cpr_stage *stage, const char *folder)
{
	uid_t heir = cpr_heir(stage->root);
	int r = cpr_publish_mkdir(stage->root, folder, 0700);

	if (r >= 0)
		r = cpr_give(stage->root, CPR_TERMS_DIR, heir);
	return r < 0 ? r : cpr_give(stage->root, folder, heir);
}

static int put_one(struct cpr_intake *in, struct cpr_stage *stage, size_t i)
{
	const struct cpr_item *item = &in->item[i];
	_cleanup_(cpr_freep) char *staged = NULL, *folder = NULL;
	char old[32];
	int r = 0;

	old_name(old, i);
	if (item->state == CPR_ITEM_REPLACES &&
		linkat(stage->root, item->path, stage->dir, old, 0) < 0)
		return -errno;
	if (asprintf(&staged, "%s/%s", stage->folder, item->path) < 0)
		staged = NULL;
	if (item->set && asprintf(&folder, CPR_TERMS_DIR "/%s", item->set) < 0)
		folder = NULL;
	if (!staged || (item->set && !folder))
		return -ENOMEM;
	if (folder)
		r = make_set(stage, folder);
	if (r >= 0)
		r = cpr_give(stage->root, staged, cpr_heir(stage->root));
	return r < 0 ? r : cpr_publish_rename(stage->root, staged, item->path, 0644);
}

/* As good as it gets: the first failure is the one that is reported. */
static void take_back(const struct cpr_intake *in, struct cpr_stage *stage, size_t i)
{
	const struct cpr_item *item = &in->item[i];
	_cleanup_(cpr_freep) char *folder = NULL;
	char old[32];
	struct stat st;
	bool put = fstatat(stage->dir, item->path, &st, AT_SYMLINK_NOFOLLOW) < 0;

	old_name(old, i);
	if (put && item->state == CPR_ITEM_REPLACES)
		renameat(stage->dir, old, stage->root, item->path);
	else if (put)
		unlinkat(stage->root, item->path, 0);
	if (item->set && asprintf(&folder, CPR_TERMS_DIR "/%s", item->set) >= 0)
		unlinkat(stage->root, folder, AT_REMOVEDIR);
	else
		folder = NULL;
	if (item->set)
		unlinkat(stage->root, CPR_TERMS_DIR, AT_REMOVEDIR);
}

int cpr_put(struct cpr_intake *in, struct cpr_stage *stage)
{
	_cleanup_(cpr_freep) size_t *done = calloc(in->n, sizeof(*done));
	size_t n = 0;
	int r = done ? 0 : -ENOMEM;

	for (int turn = 0; turn < TURNS; turn++) {
		for (size_t i = 0; r >= 0 && i < in->n; i++) {
			if (turn_of(&in->item[i]) != turn ||
				in->item[i].state == CPR_ITEM_THERE)
				continue;
			done[n++] = i; /* it may fail when all but an fsync is done */
			r = put_one(in, stage, i);
		}
	}
	while (r < 0 && n > 0)
		take_back(in, stage, done[--n]);
	return r < 0 ? r : 0;
}
