#include "seen.h"

#include "buf.h"
#include "cleanup.h"
#include "firmware.h"
#include "inventory.h"
#include "io.h"
#include "publish.h"
#include "version.h"

#include <sys/stat.h>
#include <time.h>

#define FOLDER "/var/lib/phone-cpr"
#define MOST   ((off_t)64 << 20)

struct cpr_firmware *cpr_seen_read(int base)
{
	_cleanup_(cpr_closep) int fd = cpr_publish_open(base, &CPR_SEEN_FILE[1]);
	_cleanup_(cpr_freep) char *bytes = NULL;
	struct cpr_firmware *f = NULL;
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size > MOST)
		return NULL;
	bytes = malloc((size_t)st.st_size + 1);
	n = bytes ? cpr_io_read_at(fd, bytes, (size_t)st.st_size, 0) : -1;
	if (n > 0)
		(void)cpr_inventory_read(bytes, (size_t)n, CPR_VERSION, &f);
	return f;
}

void cpr_seen_write(int base, const struct cpr_firmware *f)
{
	_cleanup_(cpr_buf_free) struct cpr_buf b = {0};

	cpr_inventory_write(f, CPR_VERSION, &b);
	if (b.failed || b.len > (size_t)MOST)
		return;
	if (cpr_publish_mkdir(base, &FOLDER[1], 0755) < 0)
		return;
	/* cpr-helper's user renews it, too */
	(void)cpr_publish_bytes(
		base, &CPR_SEEN_FILE[1], b.data, b.len, 0644 | CPR_PUBLISH_KEEP);
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

void cpr_seen_keep(int base, const struct cpr_firmware *f)
{
	_cleanup_(cpr_firmware_freep) struct cpr_firmware *again = NULL;

	if (!has_changed(f) && all_settled(f)) {
		if (!f->as_known)
			cpr_seen_write(base, f);
		return;
	}
	/* What was written a moment ago is looked at when its time can tell a later change. */
	nanosleep(&(struct timespec){.tv_nsec = 60 * 1000 * 1000}, NULL);
	if (cpr_firmware_scan_known(f->root, f, &again, NULL) == 0)
		cpr_seen_write(base, again);
}

void cpr_seen_forget(int base)
{
	(void)cpr_publish_remove(base, &CPR_SEEN_FILE[1]);
}
