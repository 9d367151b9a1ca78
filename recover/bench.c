#include "bench.h"

#include "buf.h"
#include "cleanup.h"
#include "cli/cli.h"
#include "cli/run.h"
#include "dnsmasq.h"
#include "errors.h"
#include "firmware.h"
#include "port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <limits.h>
#include <net/if.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#define PREFIX "phone-cpr-recover."

enum {
	READY_MS = 5000,
	STEP_MS = 20,
	LAST_WORDS = 1500, /* bytes of dnsmasq's log that are shown when it dies */
};

enum {
	PLACES = 3
};

/* Where the private directory may lie, best first; may be NULL. */
static const char *place(size_t i)
{
	const char *const places[PLACES] = {getenv("XDG_RUNTIME_DIR"), "/run", "/tmp"};

	return places[i];
}

/* A path that dnsmasq's and our own configuration hold without quoting. */
static bool is_plain(const char *path)
{
	return path && *path == '/' &&
	       path[strspn(path, "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_.-")] == 0;
}

static int remove_one(
	const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static void remove_tree(const char *path)
{
	if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) != 0)
		cpr_say(4, "cannot remove '%s': %m", path);
}

static int add_address(
	const char *net, const char *interface, const char *lifetime, int out_fd)
{
	const char *const argv[] = {"ip", "address", "add", net, "broadcast", "+", "dev",
		interface, "valid_lft", lifetime, "preferred_lft", lifetime, NULL};

	return cpr_run((char *const *)argv, out_fd);
}

/* Takes the address away if it still expires: one that lasts is not ours, somebody has set it
 * meanwhile. */
static int delete_address(const char *address, const char *interface, int out_fd)
{
	const char *const argv[] = {"ip", "-4", "address", "flush", "dev", interface,
		"to", address, "dynamic", NULL};

	return cpr_run((char *const *)argv, out_fd);
}

static void sweep_one(const char *dir)
{
	_cleanup_(cpr_freep) char *path = NULL;
	_cleanup_(cpr_closep) int fd = -1, null = -1;
	char text[128] = "", interface[IFNAMSIZ], address[INET_ADDRSTRLEN];
	struct stat st;

	/* In /tmp anybody may make a folder of this name. */
	if (lstat(dir, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
		asprintf(&path, "%s/owner", dir) < 0)
		return;
	fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	/* Empty: its owner is about to lock it. */
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 ||
		read(fd, text, sizeof(text) - 1) <= 0)
		return;
	if (sscanf(text, "%15s %15s", interface, address) == 2) {
		null = open("/dev/null", O_WRONLY | O_CLOEXEC);
		delete_address(address, interface, null);
	}
	cpr_say(6, "removing '%s', which a run that was killed left behind", dir);
	remove_tree(dir);
}

void cpr_bench_sweep(void)
{
	for (size_t i = 0; i < PLACES; i++) {
		_cleanup_(cpr_freep) char *pattern = NULL;
		glob_t found = {0};

		if (!is_plain(place(i)) ||
			asprintf(&pattern, "%s/" PREFIX "*", place(i)) < 0)
			continue;
		if (glob(pattern, GLOB_NOSORT, NULL, &found) == 0)
			for (size_t k = 0; k < found.gl_pathc; k++)
				sweep_one(found.gl_pathv[k]);
		globfree(&found);
	}
}

static int make_dir(struct cpr_bench *b, struct cpr_errors *e)
{
	for (size_t i = 0; i < PLACES && !b->dir; i++) {
		_cleanup_(cpr_freep) char *dir = NULL;

		if (!is_plain(place(i)) ||
			asprintf(&dir, "%s/" PREFIX "XXXXXX", place(i)) < 0)
			continue;
		if (mkdtemp(dir))
			b->dir = TAKE_PTR(dir);
	}
	if (!b->dir) {
		cpr_errors_add(e, NULL, 0,
			"cannot make a private directory in $XDG_RUNTIME_DIR, /run or "
			"/tmp: %m");
		return CPR_EXIT_FAILED;
	}
	return CPR_EXIT_OK;
}

/* Writes dir/name; the descriptor stays open for who wants it. */
static int write_file(const char *dir, const char *name, const struct cpr_buf *text)
{
	_cleanup_(cpr_freep) char *path = NULL;
	int fd;

	if (text->failed || asprintf(&path, "%s/%s", dir, name) < 0) {
		errno = ENOMEM;
		return -1;
	}
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
	if (fd >= 0 && write(fd, text->data, text->len) != (ssize_t)text->len) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Locked as long as this process lives; names the address that it has set. */
static int own(struct cpr_bench *b)
{
	_cleanup_(cpr_buf_free) struct cpr_buf none = {0};

	b->owner_fd = write_file(b->dir, "owner", &none);
	if (b->owner_fd < 0 || flock(b->owner_fd, LOCK_EX | LOCK_NB) < 0)
		return -1;
	return dprintf(b->owner_fd, "\n") < 0 ? -1 : 0;
}

/* In the private root the site file is where every program looks first. */
static int write_site(struct cpr_bench *b)
{
	_cleanup_(cpr_buf_free) struct cpr_buf text = {0};
	_cleanup_(cpr_freep) char *etc = NULL, *conf = NULL;
	_cleanup_(cpr_closep) int fd = -1;
	char own_address[INET_ADDRSTRLEN], manager[INET_ADDRSTRLEN];

	if (asprintf(&etc, "%s/etc", b->dir) < 0 ||
		asprintf(&conf, "%s/etc/phone-cpr", b->dir) < 0 ||
		asprintf(&b->tftp_root, "%s/tftp", b->dir) < 0)
		return -1;
	if (mkdir(etc, 0755) < 0 || mkdir(conf, 0755) < 0 ||
		mkdir(b->tftp_root, 0755) < 0 || chmod(b->tftp_root, 0755) < 0)
		return -1;
	inet_ntop(AF_INET, &b->net.address, own_address, sizeof(own_address));
	inet_ntop(AF_INET, &b->call_manager, manager, sizeof(manager));
	cpr_buf_printf(&text,
		"# of one run of cpr-recover\n"
		"tftp-root     = \"/tftp\"\n"
		"tftp-servers  = {\"%s\"}\n"
		"call-managers = {\"%s\"}\n"
		"upgrade       = \"auto\"\n"
		"dnsmasq   { enable = false }\n"
		"tftpd-hpa { enable = false }\n"
		"kea       { enable = false }\n",
		own_address, manager);
	fd = write_file(conf, "site.conf", &text);
	return fd < 0 ? -1 : 0;
}

/* cpr-helper checks the packages, publishes them in the private root and has cpr-conf write
 * the term files and XMLDefault there.  Its talk goes to stderr: stdout is for data. */
static int import(
	struct cpr_bench *b, char *const *package, size_t package_n, struct cpr_errors *e)
{
	_cleanup_(cpr_freep) char *program = cpr_sibling("cpr-helper");
	_cleanup_(cpr_freep) char **argv = calloc(package_n + 6, sizeof(*argv));
	size_t n = 0;
	int rc;

	if (!program || !argv) {
		cpr_errors_add(e, NULL, 0, "out of memory");
		return CPR_EXIT_FAILED;
	}
	argv[n++] = program;
	argv[n++] = (char[]){"import"};
	argv[n++] = (char[]){"--root"};
	argv[n++] = b->dir;
	argv[n++] = (char[]){"--"};
	for (size_t i = 0; i < package_n; i++)
		argv[n++] = package[i];
	rc = cpr_run(argv, STDERR_FILENO);
	if (rc == CPR_EXIT_OK)
		return CPR_EXIT_OK;
	if (rc < 0)
		cpr_errors_add(e, NULL, 0, "cannot run '%s': %s", program, strerror(-rc));
	else if (rc < 128) /* else a signal: the one that ends us, too */
		cpr_errors_add(e, NULL, 0,
			"nothing is served: not every package could be taken in");
	return rc == CPR_EXIT_INVALID ? CPR_EXIT_INVALID : CPR_EXIT_FAILED;
}

int cpr_bench_prepare(
	struct cpr_bench *b, char *const *package, size_t package_n, struct cpr_errors *e)
{
	_cleanup_(cpr_freep) char *private = NULL;
	int rc = make_dir(b, e);

	if (rc)
		return rc;
	if (own(b) < 0 || write_site(b) < 0) {
		cpr_errors_add(e, b->dir, 0, "cannot write there: %m");
		return CPR_EXIT_FAILED;
	}
	rc = import(b, package, package_n, e);
	if (!rc && cpr_firmware_scan(b->tftp_root, &b->firmware, e) < 0)
		rc = CPR_EXIT_FAILED;
	/* A dnsmasq that is root's sees into it; what is served are links of their own. */
	if (!rc && asprintf(&private, "%s/" CPR_PRIVATE_DIR, b->tftp_root) > 0)
		remove_tree(private);
	return rc;
}

static int set_address(struct cpr_bench *b, struct cpr_errors *e)
{
	char address[INET_ADDRSTRLEN], net[32], lifetime[16];
	int rc;

	inet_ntop(AF_INET, &b->net.address, address, sizeof(address));
	snprintf(net, sizeof(net), "%s/%u", address, b->net.length);
	snprintf(lifetime, sizeof(lifetime), "%u", b->lifetime);
	if (dprintf(b->owner_fd, "%s %s\n", b->interface, address) < 0) {
		cpr_errors_add(e, b->dir, 0, "cannot write there: %m");
		return CPR_EXIT_FAILED;
	}
	rc = add_address(net, b->interface, lifetime, STDERR_FILENO);
	if (rc) {
		cpr_errors_add(e, NULL, 0, "cannot put %s on '%s': %s", net, b->interface,
			rc < 0 ? strerror(-rc) : "see above");
		return CPR_EXIT_FAILED;
	}
	b->address_set = true;
	return CPR_EXIT_OK;
}

static void last_words(struct cpr_bench *b, struct cpr_errors *e)
{
	char text[LAST_WORDS + 1], *line, *rest = text;
	off_t end = lseek(b->log_fd, 0, SEEK_END);
	ssize_t n = pread(
		b->log_fd, text, LAST_WORDS, end > LAST_WORDS ? end - LAST_WORDS : 0);

	text[n > 0 ? n : 0] = 0;
	while ((line = strsep(&rest, "\n")))
		if (*line)
			cpr_errors_add(e, NULL, 0, "%s", line);
}

static bool died(struct cpr_bench *b, struct cpr_errors *e)
{
	int status;

	if (waitpid(b->dnsmasq, &status, WNOHANG) != b->dnsmasq)
		return false;
	b->dnsmasq = 0;
	cpr_errors_add(e, NULL, 0, "dnsmasq ended (%s %d); its last words:",
		WIFSIGNALED(status) ? "signal" : "exit",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	last_words(b, e);
	return true;
}

static int wait_ready(struct cpr_bench *b, struct cpr_errors *e)
{
	const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};

	for (int waited = 0; waited < READY_MS; waited += STEP_MS) {
		if (died(b, e))
			return CPR_EXIT_FAILED;
		if (cpr_port_held(67) && cpr_port_held(69))
			return CPR_EXIT_OK;
		nanosleep(&step, NULL);
	}
	cpr_errors_add(e, NULL, 0, "dnsmasq does not open its ports; its last words:");
	last_words(b, e);
	return CPR_EXIT_FAILED;
}

static int start_dnsmasq(struct cpr_bench *b, struct cpr_errors *e)
{
	_cleanup_(cpr_buf_free) struct cpr_buf text = {0}, none = {0};
	_cleanup_(cpr_freep) char *leases = NULL, *argument = NULL;
	_cleanup_(cpr_closep) int fd = -1;
	pid_t pid;

	if (asprintf(&leases, "%s/leases", b->dir) < 0 ||
		asprintf(&argument, "--conf-file=%s/dnsmasq.conf", b->dir) < 0)
		return CPR_EXIT_FAILED;
	cpr_bench_dnsmasq_text(&(struct cpr_bench_dnsmasq){.interface = b->interface,
				       .address = b->net.address,
				       .length = b->net.length,
				       .tftp_root = b->tftp_root,
				       .leases = leases},
		&text);
	fd = write_file(b->dir, "dnsmasq.conf", &text);
	b->log_fd = write_file(b->dir, "dnsmasq.log", &none);
	if (fd < 0 || b->log_fd < 0) {
		cpr_errors_add(e, b->dir, 0, "cannot write there: %m");
		return CPR_EXIT_FAILED;
	}
	pid = cpr_spawn(
		(char *const[]){(char[]){"dnsmasq"}, (char[]){"-k"}, argument, NULL},
		b->log_fd);
	if (pid < 0) {
		cpr_errors_add(e, NULL, 0, "cannot start dnsmasq: %s%s", strerror(-pid),
			pid == -ENOENT ? " ('apt install dnsmasq-base')" : "");
		return CPR_EXIT_FAILED;
	}
	b->dnsmasq = pid;
	return wait_ready(b, e);
}

int cpr_bench_start(struct cpr_bench *b, struct cpr_errors *e)
{
	int rc;

	b->index = if_nametoindex(b->interface);
	rc = b->net.add ? set_address(b, e) : CPR_EXIT_OK;
	return rc ? rc : start_dnsmasq(b, e);
}

bool cpr_bench_alive(struct cpr_bench *b, struct cpr_errors *e)
{
	if (died(b, e))
		return false;
	if (if_nametoindex(b->interface) != b->index) {
		cpr_errors_add(e, NULL, 0,
			"'%s' is gone: plug its adapter in and start again",
			b->interface);
		return false;
	}
	/* With a phone on the other end of the cable the link goes down while it boots, and
	 * a network manager may clear the interface then, of its own addresses too. */
	if (!cpr_bench_has_address(b->interface, b->net.address))
		return set_address(b, e) == CPR_EXIT_OK;
	return true;
}

static void forget(struct cpr_bench *b)
{
	_cleanup_(cpr_freep) char *owner = NULL;

	if (!b->keep) {
		remove_tree(b->dir);
	} else if (asprintf(&owner, "%s/owner", b->dir) > 0) {
		unlink(owner);
		cpr_say(6, "kept '%s'", b->dir);
	}
}

void cpr_bench_stop(struct cpr_bench *b)
{
	char address[INET_ADDRSTRLEN];

	if (b->dnsmasq > 0)
		cpr_stop(b->dnsmasq);
	b->dnsmasq = 0;
	inet_ntop(AF_INET, &b->net.address, address, sizeof(address));
	if (b->address_set && if_nametoindex(b->interface) == b->index &&
		delete_address(address, b->interface, STDERR_FILENO) != 0)
		cpr_say(4, "cannot take %s off '%s' again", address, b->interface);
	b->address_set = false;
	cpr_firmware_freep(&b->firmware);
	if (b->dir)
		forget(b);
	cpr_closep(&b->owner_fd);
	cpr_closep(&b->log_fd);
	b->owner_fd = b->log_fd = -1;
	free(b->dir);
	free(b->tftp_root);
	b->dir = b->tftp_root = NULL;
}
