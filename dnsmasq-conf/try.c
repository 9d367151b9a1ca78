/* Candidates shown to programs that know better: the server's own checker, and diff(1).  Both
 * want files, so these lie in a private temporary folder for the time being. */
#include "apply.h"
#include "buf.h"
#include "cleanup.h"
#include "cli/run.h"
#include "emit.h"
#include "errors.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

/* A private folder that is gone at the end of the scope, with the two files it may hold. */
struct scratch {
	char folder[64];
	char old[80], candidate[80];
};

static void scratch_close(struct scratch *s)
{
	if (!s->folder[0])
		return;
	unlink(s->old);
	unlink(s->candidate);
	rmdir(s->folder);
}

static int scratch_open(struct scratch *s)
{
	strcpy(s->folder, "/tmp/cpr-conf.XXXXXX");
	if (!mkdtemp(s->folder)) {
		s->folder[0] = 0;
		return -errno;
	}
	snprintf(s->old, sizeof(s->old), "%s/old", s->folder);
	snprintf(s->candidate, sizeof(s->candidate), "%s/candidate", s->folder);
	return 0;
}

static int put(const char *path, const char *data, size_t len)
{
	_cleanup_(cpr_closep) int fd =
		open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	while (fd >= 0 && len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return fd < 0 ? -errno : 0;
}

/* The checker's first line without the name of the temporary file. */
static void refuse(const struct output *o, const struct scratch *s, int said_fd,
	struct cpr_errors *e)
{
	char said[512];
	ssize_t n = pread(said_fd, said, sizeof(said) - 1, 0);
	char *name;

	said[n > 0 ? n : 0] = 0;
	said[strcspn(said, "\n")] = 0;
	name = strstr(said, s->candidate);
	if (name)
		memmove(name, name + strlen(s->candidate),
			strlen(name + strlen(s->candidate)) + 1);
	cpr_errors_add(e, o->path, 0,
		"%s refuses what would be generated (%s); look for the value in the "
		"site file",
		o->server, said);
}

/* Debian keeps dnsmasq in sbin, which a user's PATH does not have. */
static int run_dnsmasq(const char *candidate, int out_fd)
{
	char *const argv[] = {(char *)"dnsmasq", (char *)"--test", (char *)"-C",
		(char *)candidate, NULL};
	char *const in_sbin[] = {(char *)"/usr/sbin/dnsmasq", (char *)"--test",
		(char *)"-C", (char *)candidate, NULL};
	int r = cpr_run(argv, out_fd);

	return r == -ENOENT ? cpr_run(in_sbin, out_fd) : r;
}

int changes_check(const struct changes *c, struct cpr_errors *e)
{
	int result = 0;

	for (size_t i = 0; i < c->n; i++) {
		const struct output *o = c->change[i].o;
		_cleanup_(scratch_close) struct scratch s = {0};
		_cleanup_(cpr_closep) int said = -1;
		int r;

		if (!o->check || c->change[i].state == CHANGE_NONE)
			continue;
		said = memfd_create("said", MFD_CLOEXEC);
		r = said < 0 ? -errno : scratch_open(&s);
		if (r == 0)
			r = put(s.candidate, o->text.data, o->text.len);
		if (r == 0)
			r = run_dnsmasq(s.candidate, said);
		if (r == -ENOENT)
			continue; /* not installed here */
		if (r < 0) {
			cpr_errors_add(e, o->path, 0,
				"cannot ask %s whether it takes it: %s", o->server,
				strerror(-r));
			return r;
		}
		if (r > 0) {
			refuse(o, &s, said, e);
			result = -EINVAL;
		}
	}
	return result;
}

static int diff_text(const struct change *c)
{
	_cleanup_(scratch_close) struct scratch s = {0};
	char *const argv[] = {(char *)"diff", (char *)"-u", (char *)"--label",
		c->old ? c->o->path : (char *)"/dev/null", (char *)"--label", c->o->path,
		(char *)"--", s.old, s.candidate, NULL};
	int r = scratch_open(&s);

	if (r == 0)
		r = put(s.old, c->old, c->old_len);
	if (r == 0)
		r = put(s.candidate, c->o->text.data, c->o->text.len);
	if (r == 0)
		r = cpr_run(argv, -1);
	return r > 1 ? -EIO : r;
}

int changes_diff(const struct changes *c, struct cpr_errors *e)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct change *one = &c->change[i];
		int r = 0;

		if (one->state == CHANGE_NONE)
			continue;
		if (one->keep)
			printf("# %s is kept as %s\n", one->o->path, one->keep);
		if (one->o->kind == OUTPUT_LINK)
			printf("# %s becomes a link to %s\n", one->o->path, one->o->from);
		else
			r = diff_text(one);
		if (r < 0) {
			cpr_errors_add(
				e, NULL, 0, "cannot run diff(1): %s", strerror(-r));
			return r;
		}
	}
	return 0;
}
