#include "world.h"

#include "buf.h"
#include "cleanup.h"
#include "cli/cli.h"
#include "emit.h"
#include "firmware.h"
#include "publish.h"
#include "seen.h"
#include "site.h"
#include "text.h"
#include "xmldefault.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

enum {
	LOCK_TRIES = 300, /* ten a second */
};

int read_open(int fd, size_t max, char **data, size_t *len)
{
	_cleanup_(cpr_buf_free) struct cpr_buf b = {0};
	char chunk[16384];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		cpr_buf_add(&b, chunk, (size_t)n);
		if (b.len > max)
			return -EFBIG;
	}
	cpr_buf_add(&b, "", 0);
	if (b.failed)
		return -ENOMEM;
	*len = b.len;
	*data = TAKE_PTR(b.data);
	return 0;
}

int read_there(int fd, size_t max, struct there *out)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	out->mode = st.st_mode;
	return read_open(fd, max, &out->data, &out->len);
}

int read_below(int base, const char *name, size_t max, char **data, size_t *len)
{
	_cleanup_(cpr_closep) int fd = cpr_publish_open(base, name + strspn(name, "/"));

	return fd < 0 ? fd : read_open(fd, max, data, len);
}

/* Through a link that stays in the TFTP root, as servers follow it. */
static int open_linked(const struct world *w, const char *name)
{
	_cleanup_(cpr_closep) int root =
		cpr_publish_open_followed(w->base, w->site->tftp_root);

	return root < 0 ? root : cpr_publish_open_served(root, name);
}

/* A file of the TFTP root that is read for what it says; absent is nothing. */
static int read_served(const struct world *w, const char *name, size_t max,
	struct there *there, struct cpr_errors *e)
{
	_cleanup_(cpr_freep) char *path = NULL;
	_cleanup_(cpr_closep) int fd = -1;
	int r;

	if (asprintf(&path, "%s/%s", w->site->tftp_root, name) < 0)
		return -ENOMEM;
	fd = cpr_publish_open(w->base, path + 1);
	there->linked = fd == -ELOOP;
	if (there->linked)
		fd = open_linked(w, name);
	r = fd < 0 ? fd : read_there(fd, max, there);
	if (r == -ENOENT)
		return 0;
	if (r == -ELOOP || r == -EXDEV || r == -EINVAL)
		cpr_errors_add(e, path, 0,
			"it is no regular file, nor a relative link to one in this "
			"folder; put one in its place");
	else if (r == -EFBIG)
		cpr_errors_add(e, path, 0,
			"it has more than %zu bytes, so it is no %s; move it away", max,
			name);
	else if (r < 0)
		cpr_errors_add(e, path, 0, "cannot read it: %s", strerror(-r));
	return r == -EFBIG || r == -ELOOP || r == -EXDEV ? -EINVAL : r;
}

static int read_running(struct world *w, struct cpr_errors *e)
{
	int r = read_served(w, XMLDEFAULT, XMLDEFAULT_MAX, &w->xmldefault, e);

	if (r == 0)
		r = read_served(w, CPR_OS79XX, 4096, &w->os79xx, e);
	if (r < 0)
		return r;
	if (w->xmldefault.data)
		xmldefault_read(w->xmldefault.data, w->xmldefault.len, &w->running);
	if (w->os79xx.data) {
		snprintf(w->running.os79xx, sizeof(w->running.os79xx), "%s",
			w->os79xx.data);
		cpr_text_printable(w->running.os79xx, " \t\r\n");
	}
	return 0;
}

int folder_lock(int fd, const char *waiting)
{
	for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
		int error = errno;

		if ((error != EWOULDBLOCK && error != EINTR) || i == LOCK_TRIES)
			return -error;
		if (i == 0)
			cpr_say(6, "%s", waiting);
		nanosleep(&(struct timespec){.tv_nsec = 100 * 1000 * 1000}, NULL);
	}
	return 0;
}

/* The kernel gives the lock back however we end.  It is taken before the first file is read:
 * who waited must not write what was true before. */
static int lock(int fd, const char *name, struct cpr_errors *e)
{
	int r = folder_lock(fd, "waiting for another cpr-conf to end");

	if (r == -EWOULDBLOCK)
		cpr_errors_add(e, name, 0,
			"another cpr-conf has been writing below it for half a minute; "
			"see what keeps it, and run again");
	else if (r < 0)
		cpr_errors_add(e, name, 0, "cannot lock it: %s", strerror(-r));
	return r;
}

/* The folder of our own, and not the root: that is one for all mount namespaces. */
static int lock_state(struct world *w, struct cpr_errors *e)
{
	int r = cpr_publish_mkdir(w->base, &STATE_DIR[1], 0755);

	w->lock = r < 0 ? r : cpr_publish_open_followed(w->base, &STATE_DIR[1]);
	if (w->lock >= 0)
		return lock(w->lock, STATE_DIR, e);
	cpr_errors_add(e, STATE_DIR, 0, "cannot open it: %s", strerror(-w->lock));
	return w->lock;
}

static int open_base(struct world *w, const struct common *c, struct cpr_errors *e)
{
	const char *name = c->root && *c->root ? c->root : "/";
	int r;

	w->base = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = w->base < 0 ? -errno : 0;
	if (r < 0)
		cpr_errors_add(e, name, 0, "cannot open it: %s", strerror(-r));
	else if (c->lock)
		r = lock_state(w, e);
	return r;
}

static int fill(struct world *w, const struct common *c, struct cpr_errors *e)
{
	_cleanup_(cpr_firmware_freep) struct cpr_firmware *known = NULL;
	_cleanup_(cpr_freep) char *root = NULL;
	int r = open_base(w, c, e);

	if (r == 0)
		r = cpr_site_read(c->site, c->root, &w->site, e);
	if (r < 0)
		return r;
	root = cpr_site_path(w->site, w->site->tftp_root);
	if (!root)
		return -ENOMEM;
	known = c->fresh ? NULL : cpr_seen_read(w->base);
	r = cpr_firmware_scan_known(root, known, &w->firmware, &w->warning);
	if (r < 0) {
		cpr_errors_add(e, root, 0, "cannot read the TFTP root: %s", strerror(-r));
		return r;
	}
	for (size_t i = 0; r == 0 && i < c->forget_n; i++)
		r = cpr_firmware_forget(w->firmware, c->forget[i]);
	if (r == 0)
		r = read_running(w, e);
	if (r < 0)
		return r;
	r = cpr_plan_build(w->site, w->firmware, &w->running, &w->plan, e);
	w->refused = r == -EINVAL;
	return w->refused && c->judge ? 0 : r;
}

int world_read(const struct common *c, struct world **out)
{
	_cleanup_(world_freep) struct world *w = calloc(1, sizeof(*w));
	struct cpr_errors e = {0};
	int r = -ENOMEM;

	if (w) {
		w->base = w->lock = -1;
		r = fill(w, c, &e);
	}
	if (r < 0 && !e.n)
		cpr_errors_add(&e, c->site, 0, "%s", strerror(-r));
	if (w)
		for (size_t i = 0; i < w->warning.n; i++)
			cpr_say(4, "%s", w->warning.line[i]);
	cpr_say_errors(&e);
	if (r == 0)
		*out = TAKE_PTR(w);
	return r == 0 ? CPR_EXIT_OK : r == -EINVAL ? CPR_EXIT_INVALID : CPR_EXIT_FAILED;
}

struct world *world_free(struct world *w)
{
	if (!w)
		return NULL;
	cpr_plan_free(w->plan);
	cpr_firmware_free(w->firmware);
	cpr_site_free(w->site);
	cpr_closep(&w->base);
	cpr_closep(&w->lock);
	free(w->xmldefault.data);
	free(w->os79xx.data);
	cpr_errors_clear(&w->warning);
	free(w);
	return NULL;
}

void world_freep(struct world **w)
{
	*w = world_free(*w);
}
