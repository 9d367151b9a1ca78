/* cpr-recover: bench mode.  One command, an interface and a package.
 *
 *	check.c    may this machine and interface be a bench?
 *	bench.c    private directory, address, dnsmasq: put up and taken down
 *	dnsmasq.c  dnsmasq's configuration as text
 *	wire.c     frames in and out; looks for another DHCP server
 *	watch.c    how far each phone came, from the frames
 *	show.c     bars, reset keys, the report
 */
#include "bench.h"
#include "cleanup.h"
#include "cli/bars.h"
#include "cli/cli.h"
#include "errors.h"
#include "firmware.h"
#include "models.h"
#include "report.h"
#include "show.h"
#include "watch.h"
#include "wire.h"

#include <argp.h>
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>

enum {
	STEP_MS = 200,
	ALIVE_MS = 2000, /* how often the bench itself is looked at */
	GRACE_S = 600,   /* the address outlives the run by so much at most */
	LOOK_MS = 30000, /* a switch port may forward nothing for so long after link-up */
	TIMEOUT_MAX = 24 * 60,
};

struct options {
	const char *interface, *address;
	const struct cpr_model *model;
	struct in_addr call_manager; /* 0.0.0.0: the bench itself */
	unsigned timeout_min;
	bool keep, yes, json;
	char **package;
	size_t package_n;
};

static const struct argp_option option_table[] = {
	{"interface", 'i', "IFACE", 0, "The interface that the phones are on", 0},
	{"address", 'a', "CIDR", 0,
		"Our address there, such as 192.168.150.1/24; it is put on the interface "
		"and "
		"taken off at the end.  Without it the interface's own address is used, or "
		"192.168.150.1/24 where it has none",
		0},
	{"model", 'm', "MODEL", 0,
		"Show how to reset this model; else the models that the packages are for",
		0},
	{"call-manager", 'c', "ADDRESS", 0,
		"What XMLDefault.cnf.xml names as call manager; else our own address", 0},
	{"timeout", 't', "MINUTES", 0, "Give up after so long (20)", 0},
	{"keep", 'k', NULL, 0, "Leave the private directory with its logs", 0},
	{"yes", 'y', NULL, 0, "Do not ask for confirmation", 0},
	{"json", 'j', NULL, 0, "Report as JSON on stdout", 0},
	{0},
};

static const char doc[] =
	"Brings wiped Cisco IP phones back, with nothing else on the wire: serves DHCP and "
	"TFTP on one interface, to Cisco phones only, and shows how far each phone came.\v"
	"PACKAGE is a firmware package as Cisco ships it (.zip, .tar, .cop.sgn); a folder "
	"stands for the packages in it.\n"
	"\n"
	"  cpr-recover -i eth1 cmterm-7941_7961-sccp.9-4-2SR3.zip\n"
	"\n"
	"It refuses to start where another DHCP server answers, or where something on this "
	"machine holds UDP port 67 or 69.  It ends when every phone it saw is back and no "
	"new one came for a minute.  Nothing outlives it: address, server and files go.\n"
	"\n"
	"Exit status: 0 every phone is back; 1 it could not run, or was interrupted; 2 "
	"usage; 4 a package is no good; 6 a phone is not back in time.";

static unsigned minutes(const char *text, struct argp_state *state)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n < 1 || n > TIMEOUT_MAX)
		argp_error(state, "--timeout '%s': give minutes, 1 to %d", text,
			TIMEOUT_MAX);
	return (unsigned)n;
}

static const char *net(const char *text, struct argp_state *state)
{
	if (!cpr_bench_net_parse(text, &(struct cpr_bench_net){0}))
		argp_error(state,
			"--address '%s' is no host address with a prefix of 8 to 30: "
			"write it as " CPR_BENCH_NET,
			text);
	return text;
}

static const struct cpr_model *model(const char *text, struct argp_state *state)
{
	const struct cpr_model *m = cpr_model_by_name(text);

	if (!m)
		argp_error(state, "--model '%s': not known; 'cpr-conf models' lists them",
			text);
	return m;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'i':
		o->interface = arg;
		return 0;
	case 'a':
		o->address = net(arg, state);
		return 0;
	case 'm':
		o->model = model(arg, state);
		return 0;
	case 'c':
		if (inet_pton(AF_INET, arg, &o->call_manager) != 1)
			argp_error(
				state, "--call-manager '%s': give an IPv4 address", arg);
		return 0;
	case 't':
		o->timeout_min = minutes(arg, state);
		return 0;
	case 'k':
		return o->keep = true, 0;
	case 'y':
		return o->yes = true, 0;
	case 'j':
		return o->json = true, 0;
	case ARGP_KEY_ARGS:
		o->package = state->argv + state->next;
		o->package_n = (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_END:
		if (!o->interface)
			argp_error(state, "name the phones' interface: -i IFACE");
		if (!o->package_n)
			argp_error(state, "name a firmware package");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Interruptions arrive here and nowhere else, so that everything is taken down in order. */
static int take_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool interrupted(int stop_fd, int wait_ms)
{
	struct pollfd p = {.fd = stop_fd, .events = POLLIN};

	return poll(&p, 1, wait_ms) > 0;
}

/* dnsmasq and ip lie where a user's PATH may not lead. */
static void extend_path(void)
{
	_cleanup_(cpr_freep) char *path = NULL;
	const char *old = getenv("PATH");

	if (asprintf(&path, "%s:/usr/sbin:/sbin", old && *old ? old : "/usr/bin:/bin") >
		0)
		setenv("PATH", path, 1);
}

static void check_packages(const struct options *o, struct cpr_errors *e)
{
	for (size_t i = 0; i < o->package_n; i++)
		if (access(o->package[i], R_OK) < 0)
			cpr_errors_add(e, o->package[i], 0, "%s", strerror(errno));
}

static void name_server(
	const char *interface, const struct cpr_bench_server *s, struct cpr_errors *e)
{
	const uint8_t *m = s->mac;
	char address[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &s->address, address, sizeof(address));
	cpr_errors_add(e, NULL, 0,
		"another DHCP server answers on '%s': %s (%02x:%02x:%02x:%02x:%02x:%02x): "
		"take it off this wire, or use cpr-conf to make it serve the phones",
		interface, address, m[0], m[1], m[2], m[3], m[4], m[5]);
}

/* Who else answers DHCP; needs the carrier. */
static int probe(
	const struct options *o, const uint8_t mac[6], int stop_fd, struct cpr_errors *e)
{
	_cleanup_(cpr_closep) int fd = cpr_bench_wire_open(o->interface);
	struct cpr_bench_server found[8];
	int n;

	if (fd < 0) {
		cpr_errors_add(e, NULL, 0, "cannot listen on '%s': %s", o->interface,
			strerror(-fd));
		return CPR_EXIT_FAILED;
	}
	cpr_say(6, "looking for other DHCP servers on '%s'", o->interface);
	n = cpr_bench_probe(fd, mac, stop_fd, found, CPR_ARRAY_LEN(found));
	if (n < 0 && n != -EINTR)
		cpr_errors_add(e, NULL, 0, "cannot ask for DHCP servers on '%s': %s",
			o->interface, strerror(-n));
	for (int i = 0; i < n; i++)
		name_server(o->interface, &found[i], e);
	return n == 0 ? CPR_EXIT_OK : CPR_EXIT_FAILED;
}

static int check(const struct options *o, struct cpr_bench *b, bool *probed, int stop_fd)
{
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};

	check_packages(o, &e);
	cpr_bench_check_ports(&e);
	cpr_bench_check_net(o->interface, o->address, &b->net, &e);
	cpr_bench_check_interface(o->interface, b->mac, &e);
	cpr_bench_check_rights(&e);
	/* Where this run is refused anyway, nothing is sent: a bench that runs here already
	 * would wait for the asker as for a phone. */
	*probed = !e.n && cpr_bench_carrier(o->interface);
	if (*probed)
		probe(o, b->mac, stop_fd, &e);
	if (!e.n)
		return CPR_EXIT_OK;
	cpr_say_errors(&e);
	return CPR_EXIT_FAILED;
}

static void gave_up(const struct options *o, const char *why, struct cpr_errors *e)
{
	cpr_errors_add(e, NULL, 0, "gave up after %u minute%s%s", o->timeout_min,
		o->timeout_min == 1 ? "" : "s", why);
}

static bool confirmed(const struct options *o, const struct cpr_bench *b, int stop_fd)
{
	struct pollfd wait[] = {{.fd = STDIN_FILENO, .events = POLLIN},
		{.fd = stop_fd, .events = POLLIN}};
	char answer[16] = "", address[INET_ADDRSTRLEN];

	if (o->yes || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return true;
	inet_ntop(AF_INET, &b->net.address, address, sizeof(address));
	fprintf(stderr, "Serve DHCP and TFTP to Cisco phones on '%s' as %s/%u%s? [y/N] ",
		o->interface, address, b->net.length, b->net.add ? " (new address)" : "");
	if (poll(wait, 2, -1) < 0 || wait[1].revents) {
		fputc('\n', stderr);
		return false;
	}
	return fgets(answer, sizeof(answer), stdin) && (*answer == 'y' || *answer == 'Y');
}

static int wait_for_carrier(const struct options *o, int stop_fd, struct cpr_errors *e)
{
	const uint64_t end = now_ms() + (uint64_t)o->timeout_min * 60000;

	if (cpr_bench_carrier(o->interface))
		return CPR_EXIT_OK;
	cpr_say(6, "'%s' has no link: plug the phone or its switch in", o->interface);
	while (!cpr_bench_carrier(o->interface)) {
		if (interrupted(stop_fd, STEP_MS))
			return CPR_EXIT_FAILED;
		if (now_ms() >= end) {
			gave_up(o, ": no link", e);
			return CPR_EXIT_FINDINGS;
		}
	}
	return CPR_EXIT_OK;
}

/* False when another DHCP server answered. */
static bool drain(const struct cpr_bench *b, int wire_fd, struct cpr_bench_watch *w,
	struct cpr_bench_shown *shown, struct cpr_bars *bars, struct cpr_errors *e)
{
	uint8_t buf[65536];
	struct cpr_bench_server other;
	struct cpr_frame f;
	const struct cpr_doctor_phone *p;

	while (cpr_bench_wire_read(wire_fd, buf, sizeof(buf), &f) > 0) {
		if (cpr_bench_is_answer(&f, b->mac, &other)) {
			name_server(b->interface, &other, e);
			return false;
		}
		if (cpr_bench_is_question(&f, b->mac))
			continue;
		p = cpr_bench_watch_feed(w, &f, now_ms());
		if (p)
			cpr_bench_show(shown, bars, w, p);
	}
	cpr_bench_watch_tick(w, now_ms());
	cpr_bench_show_all(shown, bars, w);
	return true;
}

static int watch(const struct options *o, struct cpr_bench *b, struct cpr_bench_watch *w,
	int wire_fd, int stop_fd, struct cpr_bars *bars, struct cpr_errors *e)
{
	static struct cpr_bench_shown shown;
	const uint64_t end = now_ms() + (uint64_t)o->timeout_min * 60000;
	uint64_t alive = 0, look = now_ms() + LOOK_MS;

	for (;;) {
		struct pollfd wait[] = {{.fd = wire_fd, .events = POLLIN},
			{.fd = stop_fd, .events = POLLIN}};

		poll(wait, 2, STEP_MS);
		if (!drain(b, wire_fd, w, &shown, bars, e) || wait[1].revents)
			return CPR_EXIT_FAILED;
		if (cpr_bench_watch_over(w, now_ms()))
			return CPR_EXIT_OK;
		if (now_ms() >= end) {
			gave_up(o,
				cpr_bench_watch_phones(w)
					? ""
					: ": no phone asked for an address",
				e);
			return CPR_EXIT_FINDINGS;
		}
		if (now_ms() >= alive) {
			if (!cpr_bench_alive(b, e))
				return CPR_EXIT_FAILED;
			alive = now_ms() + ALIVE_MS;
		}
		if (now_ms() >= look) {
			cpr_bench_ask(wire_fd, b->mac);
			look = now_ms() + LOOK_MS;
		}
	}
}

/* From the first dnsmasq to the last phone. */
static int serve(
	const struct options *o, struct cpr_bench *b, int stop_fd, struct cpr_errors *e)
{
	_cleanup_(cpr_bench_watch_clear) struct cpr_bench_watch w = {0};
	_cleanup_(cpr_bars_freep) struct cpr_bars *bars = NULL;
	_cleanup_(cpr_closep) int wire_fd = cpr_bench_wire_open(o->interface);
	int rc;

	if (wire_fd < 0 || cpr_bars_new(&bars, STDERR_FILENO) < 0 ||
		cpr_bench_watch_begin(&w, (uint64_t)time(NULL) * 1000 - now_ms()) < 0) {
		cpr_errors_add(e, NULL, 0, "cannot listen on '%s': %s", o->interface,
			strerror(wire_fd < 0 ? -wire_fd : ENOMEM));
		return CPR_EXIT_FAILED;
	}
	rc = cpr_bench_start(b, e);
	if (rc)
		return rc;
	cpr_say(6, "ready: serving Cisco phones on '%s'; Ctrl-C ends it", o->interface);
	rc = watch(o, b, &w, wire_fd, stop_fd, bars, e);
	bars = cpr_bars_free(TAKE_PTR(bars));
	if (!o->json)
		cpr_bench_report(&w, stdout);
	else if (rc)
		cpr_bench_report(&w, stderr);
	if (o->json &&
		cpr_report_json(w.doctor, &(struct cpr_paper){.out = stdout}) < 0) {
		cpr_errors_add(e, NULL, 0, "cannot write the report");
		rc = CPR_EXIT_FAILED;
	}
	return rc;
}

static int run(
	const struct options *o, struct cpr_bench *b, int stop_fd, struct cpr_errors *e)
{
	bool probed;
	int rc;

	rc = check(o, b, &probed, stop_fd);
	if (rc || interrupted(stop_fd, 0))
		return rc ? rc : CPR_EXIT_FAILED;
	b->call_manager = o->call_manager.s_addr ? o->call_manager : b->net.address;
	if (!confirmed(o, b, stop_fd)) {
		cpr_say(6, "nothing was changed");
		return CPR_EXIT_FAILED;
	}
	rc = cpr_bench_prepare(b, o->package, o->package_n, e);
	if (rc)
		return rc;
	cpr_bench_show_keys(o->model, b->firmware);
	rc = wait_for_carrier(o, stop_fd, e);
	if (rc || interrupted(stop_fd, 0))
		return rc ? rc : CPR_EXIT_FAILED;
	if (!probed)
		rc = probe(o, b->mac, stop_fd, e);
	return rc ? rc : serve(o, b, stop_fd, e);
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		option_table, parse, "-i IFACE PACKAGE|DIR...", doc, NULL, NULL, NULL};
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	struct options o = {.timeout_min = 20};
	int stop_fd, rc;

	cpr_cli_init("cpr-recover");
	argp_parse(&argp, argc, argv, 0, NULL, &o);
	stop_fd = take_signals();
	extend_path();
	cpr_bench_sweep();

	struct cpr_bench b = {.interface = o.interface,
		.keep = o.keep,
		.lifetime = o.timeout_min * 60 + GRACE_S,
		.owner_fd = -1,
		.log_fd = -1};

	rc = run(&o, &b, stop_fd, &e);
	if (rc == CPR_EXIT_FAILED && interrupted(stop_fd, 0))
		cpr_say(6, "interrupted");
	cpr_bench_stop(&b);
	cpr_say_errors(&e);
	return rc;
}
