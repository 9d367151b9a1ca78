#include "seen.h"

#include "buf.h"
#include "cleanup.h"
#include "cli/cli.h"
#include "firmware.h"
#include "inventory.h"
#include "publish.h"
#include "version.h"
#include "world.h"

#include <errno.h>
#include <sys/stat.h>
#include <time.h>

#define SEEN_FOLDER "/var/lib/phone-cpr"
#define SEEN_MOST   ((size_t)64 << 20)

struct cpr_firmware *seen_read(int base)
{
	_cleanup_(cpr_freep) char *bytes = NULL;
	struct cpr_firmware *f = NULL;
	size_t len;

	if (read_below(base, SEEN_FILE, SEEN_MOST, &bytes, &len) == 0)
		(void)cpr_inventory_read(bytes, len, CPR_VERSION, &f);
	return f;
}

static bool all_settled(const struct cpr_firmware *f)
{
	for (size_t i = 0; i < f->file_n; i++)
		if (f->file[i].inspect && !f->file[i].settled)
			return false;
	return true;
}

/* Whatever is published goes into the folder itself, too. */
static bool has_changed(const struct cpr_firmware *f)
{
	struct stat st;

	return stat(f->root, &st) < 0 || st.st_mtim.tv_sec != f->changed.tv_sec ||
	       st.st_mtim.tv_nsec != f->changed.tv_nsec;
}

/* What was written a moment ago is looked at when its time can tell a later change. */
static int look_again(const struct cpr_firmware *f, struct cpr_firmware **out)
{
	nanosleep(&(struct timespec){.tv_nsec = 60 * 1000 * 1000}, NULL);
	return cpr_firmware_scan_known(f->root, f, out, NULL);
}

void seen_keep(const struct world *w)
{
	_cleanup_(cpr_firmware_freep) struct cpr_firmware *again = NULL;
	_cleanup_(cpr_buf_free) struct cpr_buf b = {0};
	int r = 0;

	if (has_changed(w->firmware) || !all_settled(w->firmware))
		r = look_again(w->firmware, &again);
	cpr_inventory_write(again ? again : w->firmware, CPR_VERSION, &b);
	if (r < 0 || b.failed || b.len > SEEN_MOST)
		return;
	if (cpr_publish_mkdir(w->base, &SEEN_FOLDER[1], 0755) < 0)
		return;
	/* cpr-helper's user renews it, too */
	(void)cpr_publish_bytes(
		w->base, &SEEN_FILE[1], b.data, b.len, 0644 | CPR_PUBLISH_KEEP);
}

void seen_forget(int base)
{
	(void)cpr_publish_remove(base, &SEEN_FILE[1]);
}
