/* cpr-phone: simulated phones boot over a real network.
 *
 *   options (argp) -> struct options
 *   wire.c         one packet socket, all frames in and out, the record
 *   phone.c        a state machine per phone: lease.c, servers.c, fetch.c, recovery.c, …
 *   here           the clock, the loop, the bars, the report
 */
#include "cleanup.h"
#include "cli/bars.h"
#include "cli/cli.h"
#include "models.h"
#include "phone.h"
#include "wire.h"

#include <argp.h>
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <time.h>

enum {
	KEY_JSON = 256,
	KEY_PCAP,
	KEY_FLASH_RATE,
	KEY_HARDWARE_MASK,
	KEY_TIMEOUT,
	KEY_PAUSE,
	KEY_LOAD,
	KEY_NO_DELAY,
	KEY_DEFECT,
	KEY_LIST,
	MAX_PHONES = 1000,
};

struct options {
	const char *interface, *pcap;
	struct cpr_phone_config config;
	unsigned count, timeout;
	bool json, list;
};

struct app;
struct unit { /* one phone and what its callbacks need */
	struct app *app;
	struct cpr_phone *phone;
	unsigned slot;
	char label[40];
};

struct app {
	struct options o;
	struct cpr_wire *wire;
	struct cpr_bars *bars;
	struct unit *unit;
	unsigned n;
	int signals;
	bool interrupted;
	int error; /* of the interface, -errno */
};

static const char *const scenario_name[] = {
	[CPR_SCENARIO_RECOVERY] = "recovery",
	[CPR_SCENARIO_BOOT] = "boot",
	[CPR_SCENARIO_DHCP] = "dhcp",
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Locally administered, always the same (a switch port may be bound to the first MAC it sees),
 * and of those whose start delay is the shortest. */
static const uint8_t usual_mac[6] = {0x02, 0x1b, 0x54, 0x00, 0x00, 0x0a};

static const struct argp_option argp_options[] = {
	{"interface", 'i', "IFACE", 0, "The interface that the phones hang on", 1},
	{"model", 'm', "M", 0, "7961 unless given; --list shows them", 1},
	{"mac", 'a', "MAC", 0, "Of the first phone; 02:1b:54:00:00:0a unless given", 1},
	{"count", 'n', "N", 0, "So many phones at once, with MACs counted up", 1},
	{"scenario", 's', "NAME", 0,
		"recovery (a wiped phone, the default), boot (a healthy one, as a test "
		"of the "
		"network) or dhcp (only an address, and which TFTP server it would use)",
		1},
	{"load", KEY_LOAD, "LOAD", 0,
		"Scenario boot: the load that runs, SCCP41.9-4-2SR3-1S; unless given it "
		"is not known, and the load that the configuration names is fetched",
		1},
	{"json", KEY_JSON, NULL, 0, "Report in JSON on stdout", 2},
	{"pcap", KEY_PCAP, "FILE", 0, "Record every frame sent and received", 2},
	{"list", KEY_LIST, NULL, 0, "Show the scenarios and the models it can play", 2},
	{"flash-rate", KEY_FLASH_RATE, "BYTES/S", 0,
		"Take time to write each image, as a real flash does (about 20000)", 3},
	{"hardware-mask", KEY_HARDWARE_MASK, "N", 0,
		"This board's bits: a load whose #HARDWARE_COMP_1 lacks one is refused",
		3},
	{"pause", KEY_PAUSE, "S", 0,
		"Quiet time of a reboot, and between two tries (2; a real phone reboots "
		"for up to minutes and tries again after about 90 s)",
		3},
	{"defect", KEY_DEFECT, "NAME[=VALUE]", 0,
		"Something is wrong with the phone itself; --list shows the names", 3},
	{"no-delay", KEY_NO_DELAY, NULL, 0,
		"Without the real phones' start delay of 1 to 10 s, which hangs on the MAC",
		3},
	{"timeout", KEY_TIMEOUT, "S", 0, "Give up after so long (900)", 3},
	{0},
};

static const char argp_doc[] =
	"Boots phones that are not there, over real DHCP and TFTP, the way real Cisco "
	"phones do: "
	"a dry run for a network, or a test of a firmware folder.\vThe host needs no "
	"address on "
	"the interface; the phones have MACs and addresses of their own, and give the "
	"addresses "
	"back.  The servers must be other hosts (or another network namespace): a packet "
	"socket does not reach the own host's.\n\nExit: 0 every phone got there, 1 the "
	"interface or the "
	"permission is missing, something could not be written, or it was interrupted, 2 usage, 6 a phone is stuck, or in "
	"scenarios boot and dhcp a fault was seen.\n\nExamples:\n"
	"  cpr-phone -i eth1                         a wiped 7961\n"
	"  cpr-phone -i eth1 -m 7960 --json          a wiped 7960, report in JSON\n"
	"  cpr-phone -i eth1 -s dhcp                 what a phone would get here\n"
	"  cpr-phone -i eth1 -n 50 --pcap boot.pcap  a shelf full of them, recorded";

static unsigned long number(
	const char *text, unsigned long max, struct argp_state *state, const char *name)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 0);
	if (errno || end == text || *end || *text == '-' || n > max)
		argp_error(
			state, "--%s: '%s' is no number from 0 to %lu", name, text, max);
	return n;
}

static void parse_mac(const char *text, uint8_t out[6], struct argp_state *state)
{
	int n = 0;

	if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &out[0], &out[1],
		    &out[2], &out[3], &out[4], &out[5], &n) != 6 ||
		text[n] || out[0] & 1)
		argp_error(state,
			"--mac: '%s' is no MAC of a device, like 02:1b:54:00:00:0a",
			text);
}

static void count_up(uint8_t mac[6], unsigned by)
{
	for (int i = 5; i >= 0 && by; i--) {
		by += mac[i];
		mac[i] = (uint8_t)by;
		by >>= 8;
	}
}

static void parse_model(const char *text, struct options *o, struct argp_state *state)
{
	o->config.model = cpr_model_by_name(text);
	if (!o->config.model)
		argp_error(state,
			"--model: '%s' is not known; --list shows those that are", text);
	else if (!cpr_phone_plays(o->config.model))
		argp_error(state,
			"--model: how a %s boots is not known well enough to play it; "
			"--list shows those that can be played",
			o->config.model->model);
}

static void parse_scenario(const char *text, struct options *o, struct argp_state *state)
{
	for (size_t i = 0; i < CPR_ARRAY_LEN(scenario_name); i++) {
		if (strcmp(text, scenario_name[i]) == 0) {
			o->config.scenario = (enum cpr_scenario)i;
			return;
		}
	}
	argp_error(state, "--scenario: '%s' is none of recovery, boot, dhcp", text);
}

static void parse_defect(const char *text, struct options *o, struct argp_state *state)
{
	size_t n = strcspn(text, "=");
	const char *value = text[n] ? text + n + 1 : NULL;

	for (size_t i = 0; i < CPR_DEFECT_N; i++) {
		if (strlen(cpr_defects[i].name) != n ||
			strncmp(cpr_defects[i].name, text, n) != 0)
			continue;
		if (!value != !cpr_defects[i].value)
			argp_error(state, "--defect: %s takes %s", cpr_defects[i].name,
				value ? "no value" : "a value: see --list");
		if (value && inet_pton(AF_INET, value, &o->config.alternate_tftp) != 1)
			argp_error(state, "--defect: '%s' is no IPv4 address", value);
		o->config.defect = (enum cpr_defect)i;
		return;
	}
	argp_error(state, "--defect: '%.*s' is not known; --list shows those that are",
		(int)n, text);
}

static error_t parse_timing(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case KEY_FLASH_RATE:
		o->config.flash_rate = number(arg, 1000000000, state, "flash-rate");
		return 0;
	case KEY_HARDWARE_MASK:
		o->config.hardware_mask =
			(uint32_t)number(arg, UINT32_MAX, state, "hardware-mask");
		return 0;
	case KEY_PAUSE:
		o->config.pause_ms = (uint32_t)number(arg, 3600, state, "pause") * 1000;
		return 0;
	case KEY_TIMEOUT:
		o->timeout = (unsigned)number(arg, 1000000, state, "timeout");
		return 0;
	case KEY_DEFECT:
		parse_defect(arg, o, state);
		return 0;
	case KEY_NO_DELAY:
		o->config.no_delay = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static void check(const struct options *o, struct argp_state *state)
{
	uint8_t last[6];

	if (!o->interface && !o->list)
		argp_error(state, "say where: -i IFACE");
	memcpy(last, o->config.mac, sizeof(last));
	count_up(last, o->count - 1);
	if (last[0] != o->config.mac[0])
		argp_error(state,
			"--mac: counted up %u times, it is no device's any more",
			o->count - 1);
	if (o->pcap && strcmp(o->pcap, "-") == 0)
		argp_error(state, "--pcap: name a file: the report goes to stdout");
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'i':
		o->interface = arg;
		return 0;
	case 'm':
		parse_model(arg, o, state);
		return 0;
	case 'a':
		parse_mac(arg, o->config.mac, state);
		return 0;
	case 'n':
		o->count = (unsigned)number(arg, MAX_PHONES, state, "count");
		if (!o->count)
			argp_error(state, "--count: there must be one phone at least");
		return 0;
	case 's':
		parse_scenario(arg, o, state);
		return 0;
	case KEY_LOAD:
		o->config.load = arg;
		return 0;
	case KEY_JSON:
		o->json = true;
		return 0;
	case KEY_PCAP:
		o->pcap = arg;
		return 0;
	case KEY_LIST:
		o->list = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s': there are only options", arg);
		return 0;
	case ARGP_KEY_END:
		check(o, state);
		return 0;
	}
	return parse_timing(key, arg, state);
}

static void list(void)
{
	puts("scenarios: recovery (a wiped phone), boot (a healthy one), dhcp (only an "
	     "address)");
	puts("models that it plays:");
	for (size_t i = 0; i < cpr_models_n; i++)
		if (cpr_phone_plays(&cpr_models[i]))
			printf("  %-10s %s\n", cpr_models[i].model,
				cpr_models[i].term ? cpr_models[i].term : "OS79XX.TXT");
	fputs("models that it does not, because how they boot or what they call "
	      "themselves is not known well enough:\n ",
		stdout);
	for (size_t i = 0; i < cpr_models_n; i++)
		if (!cpr_phone_plays(&cpr_models[i]) &&
			cpr_models[i].family != CPR_FAMILY_ADDON &&
			cpr_models[i].family != CPR_FAMILY_OTHER)
			printf(" %s", cpr_models[i].model);
	puts("\ndefects that a phone can have (--defect):");
	for (size_t i = 0; i < CPR_DEFECT_N; i++)
		printf("  %s%s%s: %s\n", cpr_defects[i].name,
			cpr_defects[i].value ? "=" : "",
			cpr_defects[i].value ? cpr_defects[i].value : "",
			cpr_defects[i].what);
}

static void on_event(void *arg, enum cpr_phone_event what, const char *text,
	uint64_t done, uint64_t total)
{
	struct unit *u = arg;
	struct cpr_bars *bars = u->app->bars;
	char label[160];

	switch (what) {
	case CPR_PHONE_SAYS:
		cpr_bars_line(bars, "%s%s", u->label, text);
		break;
	case CPR_PHONE_PROGRESS:
		snprintf(label, sizeof(label), "%s%s", u->label, text);
		cpr_bars_set(bars, u->slot, label, done, total);
		break;
	case CPR_PHONE_FILE:
		cpr_bars_done(bars, u->slot, text);
		break;
	}
}

static unsigned long on_send(void *arg, const uint8_t *bytes, size_t len)
{
	struct unit *u = arg;

	return cpr_wire_send(u->app->wire, bytes, len);
}

static int plug_in(struct app *a)
{
	a->unit = calloc(a->o.count, sizeof(*a->unit));
	if (!a->unit)
		return -ENOMEM;
	for (a->n = 0; a->n < a->o.count; a->n++) {
		struct unit *u = &a->unit[a->n];
		struct cpr_phone_config config = a->o.config;
		struct cpr_phone_host host = {u, on_send, on_event};
		int r;

		*u = (struct unit){.app = a, .slot = a->n};
		count_up(config.mac, a->n);
		if (a->o.count > 1)
			snprintf(u->label, sizeof(u->label), "…%02x:%02x:%02x  ",
				config.mac[3], config.mac[4], config.mac[5]);
		if (getrandom(&config.seed, sizeof(config.seed), 0) !=
			sizeof(config.seed))
			config.seed = a->n + 1;
		r = cpr_phone_new(&u->phone, &config, &host, now_ms());
		if (r)
			return r;
	}
	return 0;
}

/* Gives the frame to the phones it is for, as a switch would. */
static void dispatch(struct app *a, const uint8_t *bytes, size_t len, bool sums)
{
	unsigned long record = 0;

	if (len < 14)
		return;
	for (unsigned i = 0; i < a->n; i++) {
		uint8_t mac[6];

		memcpy(mac, a->o.config.mac, sizeof(mac));
		count_up(mac, i);
		if (!(bytes[0] & 1) && memcmp(bytes, mac, sizeof(mac)) != 0)
			continue;
		if (!record)
			record = cpr_wire_record(a->wire, bytes, len);
		cpr_phone_frame(a->unit[i].phone, bytes, len, sums, record, now_ms());
	}
}

/* Not all that ever comes: on a busy line the timers and Ctrl-C must have their turn. */
static int receive_some(struct app *a)
{
	uint8_t bytes[2048];
	bool sums;
	int n = 0;

	for (unsigned i = 0; i < 256; i++) {
		n = cpr_wire_receive(a->wire, bytes, sizeof(bytes), &sums);
		if (n <= 0)
			break;
		dispatch(a, bytes, (size_t)n, sums);
	}
	return n < 0 ? n : 0;
}

static void stop_all(struct app *a, const char *why)
{
	/* Hundreds of releases at once would not fit the socket buffer of a busy server,
	 * which writes its leases for each. */
	const struct timespec pause = {.tv_nsec = 10000000};

	for (unsigned i = 0; i < a->n; i++) {
		if (cpr_phone_over(a->unit[i].phone))
			continue;
		cpr_phone_stop(a->unit[i].phone, why, now_ms());
		if (i + 1 < a->n)
			nanosleep(&pause, NULL);
	}
}

/* How long to sleep: to the next deadline, -1 when every phone is over. */
static int turn(struct app *a, uint64_t end)
{
	uint64_t next = end, now = now_ms();
	bool alive = false;

	if (now >= end)
		stop_all(a, "the time given with --timeout is over");
	for (unsigned i = 0; i < a->n; i++) {
		struct cpr_phone *p = a->unit[i].phone;

		if (now >= cpr_phone_deadline(p))
			cpr_phone_tick(p, now);
		if (cpr_phone_over(p))
			continue;
		alive = true;
		if (cpr_phone_deadline(p) < next)
			next = cpr_phone_deadline(p);
	}
	if (!alive)
		return -1;
	now = now_ms();
	return next <= now ? 0 : next - now > 60000 ? 60000 : (int)(next - now);
}

/* Until every phone is over. */
static void run(struct app *a)
{
	struct pollfd fds[2] = {{.fd = cpr_wire_fd(a->wire), .events = POLLIN},
		{.fd = a->signals, .events = POLLIN}};
	uint64_t end = now_ms() + a->o.timeout * 1000ull;
	int wait;

	while (!a->error && (wait = turn(a, end)) >= 0) {
		if (poll(fds, 2, wait) < 0 && errno != EINTR)
			a->error = -errno;
		if (fds[1].revents) {
			a->interrupted = true;
			stop_all(a, "interrupted");
		} else if (!a->error) {
			a->error = receive_some(a);
		}
	}
	if (a->error)
		stop_all(a, strerror(-a->error));
}

static int report(struct app *a)
{
	json_auto_t *root = NULL;
	json_t *phones = json_array(), *servers = json_array();
	int exit_code = CPR_EXIT_OK;

	root = json_pack("{s:o, s:o}", "phones", phones, "servers", servers);
	for (unsigned i = 0; i < a->n; i++) {
		const struct cpr_phone *p = a->unit[i].phone;
		_cleanup_(cpr_freep) char *line = cpr_phone_summary(p);
		_cleanup_(cpr_freep) char *lease = NULL;

		if (!cpr_phone_ok(p))
			exit_code = CPR_EXIT_FINDINGS;
		if (a->o.json) {
			json_array_append_new(phones, cpr_phone_json(p));
			cpr_phone_json_servers(p, servers);
			continue;
		}
		puts(line ? line : "out of memory");
		if (a->o.config.scenario == CPR_SCENARIO_DHCP)
			lease = cpr_phone_lease_text(p);
		if (lease)
			fputs(lease, stdout);
	}
	if (a->o.json) {
		json_dumpf(root, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	return a->interrupted || a->error ? CPR_EXIT_FAILED : exit_code;
}

static int play(struct app *a)
{
	char why[256];
	int r, exit_code;

	if (cpr_wire_open(&a->wire, a->o.interface, a->o.pcap, why) != 0) {
		cpr_say(3, "%s", why);
		return CPR_EXIT_FAILED;
	}
	if (!cpr_wire_carrier(a->wire))
		cpr_say(4, "interface '%s' has no carrier: is the cable in?",
			a->o.interface);
	r = plug_in(a);
	if (r) {
		cpr_say(3, "cannot start: %s", strerror(-r));
		return CPR_EXIT_FAILED;
	}
	run(a);
	cpr_bars_free(TAKE_PTR(a->bars));
	if (a->error)
		cpr_say(3, "interface '%s': %s", a->o.interface, strerror(-a->error));
	exit_code = report(a);
	r = cpr_wire_flush(a->wire);
	if (r) {
		cpr_say(3, "cannot write the record '%s': %s", a->o.pcap, strerror(-r));
		return CPR_EXIT_FAILED;
	}
	return exit_code;
}

static void clean_up(struct app *a)
{
	for (unsigned i = 0; i < a->n; i++)
		cpr_phone_free(a->unit[i].phone);
	free(a->unit);
	cpr_bars_free(a->bars);
	cpr_wire_free(a->wire);
	close(a->signals);
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		argp_options, parse_option, NULL, argp_doc, NULL, NULL, NULL};
	struct app a = {.o = {.count = 1, .timeout = 900, .config = {.pause_ms = 2000}}};
	sigset_t set;
	int exit_code;

	cpr_cli_init("cpr-phone");
	a.o.config.model = cpr_model_by_name("7961");
	memcpy(a.o.config.mac, usual_mac, sizeof(usual_mac));
	argp_parse(&argp, argc, argv, 0, NULL, &a.o);
	if (a.o.list) {
		list();
		return CPR_EXIT_OK;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	/* A lost terminal or pipe is no reason to keep the addresses either. */
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGPIPE);
	sigprocmask(SIG_BLOCK, &set, NULL);
	a.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (a.signals < 0 || cpr_bars_new(&a.bars, STDERR_FILENO) != 0) {
		cpr_say(3, "cannot start: %s", strerror(errno));
		return CPR_EXIT_FAILED;
	}
	exit_code = play(&a);
	clean_up(&a);
	return exit_code;
}
