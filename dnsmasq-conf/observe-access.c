/* What the servers' users cannot read, found by becoming them: modes alone do not tell, for
 * there are groups, ACLs and folders on the way. */
#include "observe.h"

#include "cleanup.h"
#include "cli/cli.h"
#include "dnsmasq-lines.h"
#include "firmware.h"
#include "io.h"
#include "kea.h"
#include "observed.h"
#include "site.h"
#include "world.h"
#include "xmldefault.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* The files that one server reads as its user. */
struct reader {
	const char *user;
	const char
		*base; /* the folder that it opened as root, as in.tftpd its chroot; else
			     "/": there the folders on the way count, too */
	char **path;   /* absolute */
	size_t n;
};

/* A path that the child could not open. */
struct answer {
	uint32_t path;
	uint32_t
		folder; /* so many of its bytes are the folder that cannot be searched; 0:
			    the file itself cannot be read */
};

static void add(
	struct reader *r, const char *folder, const char *name, struct cpr_observed *o)
{
	char **grown = reallocarray(r->path, r->n + 1, sizeof(*grown));

	if (grown)
		r->path = grown;
	if (!grown ||
		asprintf(&grown[r->n], "%s%s%s", folder, *name ? "/" : "", name) < 0)
		o->lost = true;
	else
		r->n++;
}

static void reader_clear(struct reader *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->path[i]);
	free(r->path);
}

/* The path as it is opened from the base. */
static const char *below(const struct reader *r, const char *path)
{
	path += strlen(r->base);
	path += strspn(path, "/");
	return *path ? path : ".";
}

/* The length of the first folder on the way to the path, or of the path where it is one, that
 * cannot be searched. */
static uint32_t closed_folder(const struct reader *r, int base, const char *path)
{
	size_t start = strlen(r->base);

	for (size_t n = start;; n++) {
		char prefix[4096];
		struct stat st;

		if (path[n] && path[n] != '/')
			continue;
		snprintf(prefix, sizeof(prefix), "%.*s", (int)n, path);
		if (fstatat(base, below(r, prefix), &st, 0) == 0 && S_ISDIR(st.st_mode) &&
			faccessat(base, below(r, prefix), X_OK, AT_EACCESS) < 0)
			return n ? (uint32_t)n : 1;
		if (!path[n])
			return 0;
	}
}

/* The child, as the user. */
static void ask(const struct reader *r, const struct passwd *user, int base, int out)
{
	uint32_t known = 0;
	size_t last = 0;

	if (initgroups(user->pw_name, user->pw_gid) < 0 || setgid(user->pw_gid) < 0 ||
		setuid(user->pw_uid) < 0)
		_exit(1);
	for (size_t i = 0; i < r->n; i++) {
		int fd = openat(
			base, below(r, r->path[i]), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		struct answer a = {.path = (uint32_t)i,
			.folder = closed_folder(r, base, r->path[i])};
		bool denied = fd < 0 && errno == EACCES;

		if (fd >= 0)
			close(fd);
		if (a.folder && a.folder == known &&
			strncmp(r->path[i], r->path[last], known) == 0)
			continue; /* each file in it would say the same */
		if ((denied || a.folder) && cpr_io_write(out, &a, sizeof(a)) < 0)
			_exit(1);
		known = a.folder;
		last = i;
	}
	_exit(0);
}

static void told(const struct reader *r, int in, struct cpr_observed *o)
{
	struct answer a;

	while (read(in, &a, sizeof(a)) == sizeof(a) && a.path < r->n) {
		char *path = r->path[a.path];

		if (a.folder && a.folder < strlen(path))
			path[a.folder] = 0;
		cpr_observed_closed(
			o, &(struct cpr_closed){.user = r->user,
				   .path = path,
				   .why = a.folder ? "it is a folder on the way, and not "
						     "searchable for it (x)"
						   : "permission denied"});
	}
}

static void ask_reader(const struct reader *r, struct cpr_observed *o)
{
	const struct passwd *user = r->n ? getpwnam(r->user) : NULL;
	_cleanup_(cpr_closep) int base = -1;
	_cleanup_(cpr_closep) int in = -1;
	int ends[2], status;
	pid_t child;

	base = user ? open(r->base, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (base < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return;
	in = ends[0];
	child = fork();
	if (child == 0)
		ask(r, user, base, ends[1]);
	close(ends[1]);
	if (child < 0)
		return;
	told(r, in, o);
	cpr_closep(&in);
	in = -1;
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		cpr_say(6, "what the user %s can read was not looked at", r->user);
}

/* What is served, but for files that nobody may read, which another check names. */
static void add_served(const struct world *w, struct reader *r, struct cpr_observed *o)
{
	const char *root = w->site->tftp_root;

	add(r, root, "", o);
	for (size_t i = 0; i < w->firmware->file_n; i++) {
		const struct cpr_file *f = &w->firmware->file[i];

		if (!f->set && f->inspect && (f->mode & S_IROTH))
			add(r, root, f->name, o);
	}
	add(r, root, XMLDEFAULT, o);
	add(r, root, CPR_OS79XX, o);
}

static void add_live(struct reader *r, struct cpr_observed *o)
{
	add(r, DNSMASQ_LIVE, "", o);
	add(r, DNSMASQ_LIVE, "phone-cpr", o);
}

void observe_access(const struct world *w, struct cpr_observed *o)
{
	const struct cpr_site *site = w->site;
	_cleanup_(reader_clear) struct reader dnsmasq = {.user = "dnsmasq", .base = "/"};
	_cleanup_(reader_clear) struct reader tftp = {
		.user = "tftp", .base = site->tftp_root};
	_cleanup_(reader_clear) struct reader kea = {.user = "_kea", .base = "/"};

	if (*site->root)
		return;
	if (geteuid() != 0) {
		cpr_say(6, "what the servers' users can read is looked at by root alone");
		return;
	}
	if (site->dnsmasq)
		add_live(&dnsmasq, o);
	if (site->kea)
		add(&kea, KEA_OURS, "", o);
	if (site->tftpd_hpa)
		add_served(w, &tftp, o);
	else if (site->dnsmasq)
		add_served(w, &dnsmasq, o);
	ask_reader(&dnsmasq, o);
	ask_reader(&tftp, o);
	ask_reader(&kea, o);
}
