/* Candidates shown to programs that know better: the server's own checker, and diff(1).  Both
 * want files, and get some without a name, which are gone with us however we end. */
#include "apply.h"
#include "cleanup.h"
#include "cli/run.h"
#include "emit.h"
#include "errors.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

/* A file in memory, which the program that is run inherits. */
struct scratch {
	int fd;
	char path[32]; /* by which that program opens it */
};

static void scratch_close(struct scratch *s)
{
	cpr_closep(&s->fd);
}

static int scratch_open(struct scratch *s, const char *data, size_t len)
{
	s->fd = memfd_create("cpr-conf", 0);
	if (s->fd < 0)
		return -errno;
	snprintf(s->path, sizeof(s->path), "/proc/self/fd/%d", s->fd);
	while (len) {
		ssize_t n = write(s->fd, data, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* The checker's first line, about the file as the admin knows it. */
static void refuse(const struct output *o, const struct scratch *s, int said_fd,
	struct cpr_errors *e)
{
	char said[512], *line = said, *name;
	ssize_t n = pread(said_fd, said, sizeof(said) - 1, 0);

	said[n > 0 ? n : 0] = 0;
	line += strspn(line, "\n"); /* dnsmasq begins with an empty one */
	line[strcspn(line, "\n")] = 0;
	name = strstr(line, s->path);
	if (name)
		*name = 0;
	cpr_errors_add(e, o->path, 0,
		"%s refuses what would be generated (%s%s%s); look for the value in the "
		"site file",
		o->server, line, name ? o->path : "", name ? name + strlen(s->path) : "");
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
		_cleanup_(scratch_close) struct scratch s = {.fd = -1};
		_cleanup_(cpr_closep) int said = -1;
		int r;

		if (!o->check || c->change[i].state == CHANGE_NONE ||
			o->kind == OUTPUT_GONE)
			continue;
		said = memfd_create("said", MFD_CLOEXEC);
		r = said < 0 ? -errno : scratch_open(&s, o->text.data, o->text.len);
		if (r == 0)
			r = run_dnsmasq(s.path, said);
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
	_cleanup_(scratch_close) struct scratch old = {.fd = -1}, new = {.fd = -1};
	char *const argv[] = {(char *)"diff", (char *)"-u", (char *)"--label",
		c->old ? c->o->path : (char *)"/dev/null", (char *)"--label",
		c->state == CHANGE_GONE ? (char *)"/dev/null" : c->o->path, (char *)"--",
		old.path, new.path, NULL};
	int r = scratch_open(&old, c->old, c->old_len);

	if (r == 0)
		r = scratch_open(&new, c->o->text.data, c->o->text.len);
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
		if (one->o->kind == OUTPUT_LINK || one->o->kind == OUTPUT_SYMLINK)
			printf("# %s becomes a link to %s\n", one->o->path, one->o->from);
		else if (one->o->kind == OUTPUT_GONE && !one->old)
			printf("# %s goes\n", one->o->path);
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
