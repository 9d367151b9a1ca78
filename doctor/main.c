/* cpr-doctor: why is my phone stuck?
 *
 *   options (argp) -> struct options
 *   capture.c         packets off files (input.c: gzip) or an interface
 *   privileges.c      what is not needed to read them, dropped
 *   engine/           decode.c: bytes to packets; doctor.c: a state machine per phone; faults.c:
 *                     what is wrong with one
 *   live.c            how far each phone is, while it goes there
 *   report-*.c        what there is to say in the end
 *   here              the loop, the plan, signals
 */
#include "capture.h"
#include "cleanup.h"
#include "cli/bars.h"
#include "cli/cli.h"
#include "engine/decode.h"
#include "engine/doctor.h"
#include "errors.h"
#include "live.h"
#include "privileges.h"
#include "report.h"
#include "world.h"

#include <argp.h>
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>

enum {
	KEY_SITE = 256,
	KEY_ROOT,
	KEY_JSON,
	AT_ONCE = 4096,   /* packets until timers and Ctrl-C have their turn */
	LOOK_MS = 250,    /* how often time is told to the engine, live */
	PROGRESS = 65536, /* packets from one look at the bar to the next */
};

struct options {
	const char *interface;
	char **capture;
	size_t capture_n;
	struct common site; /* which site and root the plan is of */
	bool json;
};

struct app {
	struct options o;
	struct world *world; /* the plan's owner; NULL: no plan */
	struct cpr_capture *capture;
	struct cpr_decoder *decoder;
	struct cpr_doctor *doctor;
	struct cpr_errors notes, errors;
};

static const struct argp_option option_table[] = {
	{"interface", 'i', "IFACE", 0,
		"Watch this interface (any: all of them) until Ctrl-C, instead of reading "
		"captures",
		1},
	{"site", KEY_SITE, "FILE", 0,
		"Know from this site file what should be served, and say what of it is "
		"not there",
		2},
	{"root", KEY_ROOT, "DIR", 0, "The same with all absolute paths below DIR", 2},
	{"json", KEY_JSON, NULL, 0, "Report in JSON on stdout", 3},
	{0},
};

static const char doc[] =
	"Says of each Cisco IP phone in a capture, or on the wire, how far it came, why it "
	"is stuck and what to do, with the packets that prove it.\v"
	"CAPTURE is a pcap or pcapng file as tcpdump and Wireshark write it, or one of those "
	"in gzip; '-' is stdin.  Several are read as if they were one, and their packets "
	"counted on.\n"
	"\n"
	"  cpr-doctor phone.pcapng\n"
	"  cpr-doctor -i eth1\n"
	"  ssh switch tcpdump -i any -w - | cpr-doctor -\n"
	"\n"
	"Exit status: 0 no fault was seen; 1 something could not be read or written; 2 "
	"usage; 4 a capture is none; 6 a fault was seen, or a phone is stuck.";

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'i':
		o->interface = arg;
		return 0;
	case KEY_SITE:
		o->site.site = arg;
		return 0;
	case KEY_ROOT:
		o->site.root = arg;
		return 0;
	case KEY_JSON:
		return o->json = true, 0;
	case ARGP_KEY_ARGS:
		o->capture = state->argv + state->next;
		o->capture_n = (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_END:
		if (o->interface && o->capture_n)
			argp_error(state,
				"'%s': either captures or an interface, not both",
				o->capture[0]);
		if (!o->interface && !o->capture_n)
			argp_error(state,
				"name a capture, '-' for stdin, or an interface: -i IFACE");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* All that needs rights or names of files, before a stranger's byte is read. */
static int open_all(struct app *a)
{
	struct cpr_doctor_config config = {0};
	const struct options *o = &a->o;
	int r = CPR_EXIT_OK;

	if (o->site.site || o->site.root)
		r = world_read(&o->site, &a->world);
	if (r != CPR_EXIT_OK)
		return r;
	config.plan = a->world ? a->world->plan : NULL;
	r = o->interface ? cpr_capture_live(&a->capture, o->interface, &a->errors)
			 : cpr_capture_files(
				   &a->capture, o->capture, o->capture_n, &a->errors);
	if (r == 0)
		r = cpr_decoder_new(&a->decoder);
	if (r == 0)
		r = cpr_doctor_new(&a->doctor, &config);
	if (r < 0 && !a->errors.n)
		cpr_errors_add(&a->errors, NULL, 0, "cannot start: %s", strerror(-r));
	return r < 0 ? CPR_EXIT_FAILED : CPR_EXIT_OK;
}

static int confine(struct app *a)
{
	const char *what;
	int r;

	json_object_seed(0); /* reads a file, and nothing may later */
	r = cpr_privileges_drop(&what);
	if (r < 0)
		cpr_errors_add(&a->errors, NULL, 0, "%s: %s", what, strerror(-r));
	return r < 0 ? CPR_EXIT_FAILED : CPR_EXIT_OK;
}

/* The next packet; as cpr_capture_next. */
static int see(struct app *a)
{
	struct cpr_captured captured;
	struct cpr_packet packet;
	int r = cpr_capture_next(a->capture, &captured, &a->notes, &a->errors);

	if (r <= 0)
		return r;
	cpr_decode(a->decoder, &captured, &packet);
	(void)cpr_doctor_feed(a->doctor, &packet);
	return 1;
}

static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

/* The first Ctrl-C ends the reading of files, and the second the program.  A pipe is read to
 * its end all the same: whoever writes it (tcpdump) was interrupted, too. */
static void take_interrupts(void)
{
	struct sigaction act = {
		.sa_handler = interrupt, .sa_flags = SA_RESTART | SA_RESETHAND};

	sigaction(SIGINT, &act, NULL);
}

static int read_files(struct app *a)
{
	_cleanup_(cpr_bars_freep) struct cpr_bars *bars = NULL;
	uint64_t done, total, n = 0;
	int r = cpr_bars_new(&bars, STDERR_FILENO);

	take_interrupts();
	while (r == 0 && (r = see(a)) == 1) {
		r = 0;
		if (++n % PROGRESS)
			continue;
		cpr_capture_progress(a->capture, &done, &total);
		cpr_bars_set(bars, 0, "reading", done, total);
		if (interrupted && total) {
			cpr_errors_add(&a->notes, NULL, 0,
				"interrupted: the rest of the capture was not read");
			break;
		}
	}
	if (r < 0 && !a->errors.n)
		cpr_errors_add(&a->errors, NULL, 0, "cannot read: %s", strerror(-r));
	return r < 0 ? CPR_EXIT_FAILED : CPR_EXIT_OK;
}

/* Not all that ever comes: on a busy line the timers and Ctrl-C must have their turn. */
static int see_some(struct app *a)
{
	int r = 1;

	for (unsigned i = 0; r == 1 && i < AT_ONCE; i++)
		r = see(a);
	return r < 0 ? r : 0;
}

static int watch(struct app *a, int signals)
{
	_cleanup_(cpr_live_freep) struct cpr_live *live = NULL;
	struct pollfd wait[] = {{.fd = cpr_capture_fd(a->capture), .events = POLLIN},
		{.fd = signals, .events = POLLIN}};
	int r = cpr_live_new(&live, a->doctor, a->o.interface, STDERR_FILENO);

	if (r == 0 && !cpr_cli_fancy(STDERR_FILENO))
		cpr_say(6, "watching '%s'", a->o.interface);
	while (r == 0 && !wait[1].revents) {
		if (poll(wait, 2, LOOK_MS) < 0 && errno != EINTR)
			r = -errno;
		if (r == 0)
			r = see_some(a);
		cpr_doctor_lost(a->doctor, cpr_capture_lost(a->capture));
		cpr_doctor_tick(a->doctor, now_us());
		cpr_live_tick(live);
	}
	if (r < 0 && !a->errors.n)
		cpr_errors_add(&a->errors, NULL, 0, "cannot watch: %s", strerror(-r));
	return r < 0 ? CPR_EXIT_FAILED : CPR_EXIT_OK;
}

/* Interruptions arrive here and nowhere else, so that the report is written all the same. */
static int take_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int report(struct app *a)
{
	const struct cpr_paper paper = {.out = stdout};
	int r = a->o.json ? cpr_report_json(a->doctor, &paper)
			  : cpr_report_text(a->doctor, &paper);

	if (r < 0) {
		cpr_errors_add(&a->errors, NULL, 0, "cannot report: %s", strerror(-r));
		return CPR_EXIT_FAILED;
	}
	if (cpr_capture_invalid(a->capture))
		return CPR_EXIT_INVALID;
	for (size_t i = 0; i < cpr_doctor_phones(a->doctor); i++)
		if (cpr_report_troubled(a->doctor, cpr_doctor_phone(a->doctor, i)))
			return CPR_EXIT_FINDINGS;
	return CPR_EXIT_OK;
}

static int run(struct app *a)
{
	_cleanup_(cpr_closep) int signals = a->o.interface ? take_signals() : -1;
	int r = open_all(a), said;

	if (r == CPR_EXIT_OK)
		r = confine(a);
	if (r != CPR_EXIT_OK)
		return r;
	r = a->o.interface ? watch(a, signals) : read_files(a);
	for (size_t i = 0; i < a->notes.n; i++)
		cpr_say(4, "%s", a->notes.line[i]);
	cpr_errors_clear(&a->notes);
	/* What was seen until then is worth its report whatever ended it. */
	said = report(a);
	return r == CPR_EXIT_OK ? said : r;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		option_table, parse, "CAPTURE...\n-i IFACE", doc, NULL, NULL, NULL};
	struct app a = {.o = {.site = {.judge = true}}};
	int r;

	cpr_cli_init("cpr-doctor");
	argp_parse(&argp, argc, argv, 0, NULL, &a.o);
	r = run(&a);
	cpr_say_errors(&a.errors);
	cpr_capture_free(a.capture);
	cpr_decoder_free(a.decoder);
	cpr_doctor_free(a.doctor);
	world_free(a.world);
	return r;
}
