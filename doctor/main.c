/* cpr-doctor: why is my phone stuck?
 *
 *   options (argp) -> struct options
 *   capture.c         packets off files (input.c: gzip) or an interface
 *   privileges.c      what is not needed to read them, dropped
 *   engine/           decode.c: bytes to packets; doctor.c: a state machine per phone; faults.c:
 *                     what is wrong with one
 *   journal*.c        the same off the lines of servers' logs
 *   live.c            how far each phone is, while it goes there
 *   report-*.c        what there is to say in the end; mask.c: without saying of whom
 *   here              the loop, the plan, signals
 */
#include "capture.h"
#include "cleanup.h"
#include "cli/bars.h"
#include "cli/cli.h"
#include "engine/decode.h"
#include "engine/doctor.h"
#include "buf.h"
#include "errors.h"
#include "journal-read.h"
#include "journal.h"
#include "live.h"
#include "mask.h"
#include "privileges.h"
#include "report-html.h"
#include "report.h"
#include "world.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	KEY_SITE = 256,
	KEY_ROOT,
	KEY_JSON,
	KEY_HTML,
	KEY_MASK,
	KEY_JOURNAL,
	KEY_SINCE,
	AT_ONCE = 4096,   /* packets until timers and Ctrl-C have their turn */
	LOOK_MS = 250,    /* how often, live, phones are looked at and time is told */
	PROGRESS = 65536, /* packets from one look at the bar to the next */
};

struct options {
	const char *interface;
	char **capture;
	size_t capture_n;
	struct common site; /* which site and root the plan is of */
	bool json, mask, journal;
	const char *html;
	const char *journal_path; /* NULL: this host's */
	uint64_t since_us;
};

struct app {
	struct options o;
	struct world *world; /* the plan's owner; NULL: no plan */
	struct cpr_capture *capture;
	struct cpr_decoder *decoder;
	struct cpr_doctor *doctor;
	struct cpr_journal *journal;
	FILE *log; /* of --journal; NULL: the journal itself, which is read already */
	FILE *html;
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
	{"journal", KEY_JOURNAL, "PATH", OPTION_ARG_OPTIONAL,
		"Without a capture: what the lines of dnsmasq, tftpd-hpa and Kea tell, out of "
		"this host's journal, a folder of journal files, or a log file",
		2},
	{"since", KEY_SINCE, "TIME", 0,
		"Of the journal what is not older: \"2026-11-22 14:00\", 14:00, today, "
		"yesterday, -30m (s, m, h, d)",
		2},
	{"json", KEY_JSON, NULL, 0, "Report in JSON on stdout", 3},
	{"html", KEY_HTML, "FILE", 0,
		"And as a page with a ladder diagram of each phone: one file, to be mailed",
		3},
	{"mask", KEY_MASK, NULL, 0,
		"Hide MACs, addresses and host names in all reports, the same ones alike",
		3},
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
	"  cpr-doctor --html report.html --mask phone.pcapng\n"
	"  cpr-doctor --journal --since today\n"
	"\n"
	"Exit status: 0 no fault was seen; 1 something could not be read or written; 2 "
	"usage; 4 a capture is none; 6 a fault was seen, or a phone is stuck.";

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

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
	case KEY_HTML:
		o->html = arg;
		return 0;
	case KEY_MASK:
		return o->mask = true, 0;
	case KEY_JOURNAL:
		o->journal_path = arg;
		return o->journal = true, 0;
	case KEY_SINCE:
		if (cpr_since_parse(arg, now_us(), &o->since_us) != 0)
			argp_error(state,
				"--since: '%s' is no time: write \"2026-11-22 "
				"14:00\", 14:00, today or -30m",
				arg);
		return 0;
	case ARGP_KEY_ARGS:
		o->capture = state->argv + state->next;
		o->capture_n = (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_END:
		if (o->interface && o->capture_n)
			argp_error(state,
				"'%s': either captures or an interface, not both",
				o->capture[0]);
		if (o->journal && (o->interface || o->capture_n))
			argp_error(state,
				"--journal stands for itself: no capture and no "
				"interface beside it");
		if (o->since_us && !o->journal)
			argp_error(state, "--since is of --journal");
		if (!o->interface && !o->capture_n && !o->journal)
			argp_error(state,
				"name a capture, '-' for stdin, an interface (-i IFACE), or "
				"--journal");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void journal_failed(struct app *a, int r)
{
	const char *path = a->o.journal_path;

	cpr_errors_add(&a->errors, path ? path : "the journal", 0, "cannot be read: %s",
		strerror(-r));
}

/* A log is only opened here, and read when all rights are gone.  The journal is read at once:
 * libsystemd opens more files, and looks them up, as it goes on. */
static int open_journal(struct app *a)
{
	const char *path = a->o.journal_path;
	struct stat st;
	int r = cpr_journal_new(&a->journal, a->doctor);

	if (r == 0 && path && stat(path, &st) == 0 && !S_ISDIR(st.st_mode)) {
		a->log = fopen(path, "re");
		r = a->log ? 0 : -errno;
	} else if (r == 0) {
		r = cpr_journal_read(a->journal, path, a->o.since_us);
	}
	if (r < 0)
		journal_failed(a, r);
	return r;
}

/* The old page stays whole until the new one is written. */
static int open_page(struct app *a)
{
	int fd = open(a->o.html, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);

	a->html = fd < 0 ? NULL : fdopen(fd, "w");
	if (a->html)
		return 0;
	cpr_errors_add(
		&a->errors, a->o.html, 0, "cannot be written: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return -EIO;
}

static int open_source(struct app *a)
{
	const struct options *o = &a->o;

	if (o->journal)
		return open_journal(a);
	return o->interface ? cpr_capture_live(&a->capture, o->interface, &a->errors)
			    : cpr_capture_files(
				      &a->capture, o->capture, o->capture_n, &a->errors);
}

/* All that needs rights or names of files, before a stranger's byte is read. */
static int open_all(struct app *a)
{
	struct cpr_doctor_config config = {.story_max = a->o.html ? CPR_HTML_EVENTS : 0};
	const struct options *o = &a->o;
	int r = CPR_EXIT_OK;

	if (o->site.site || o->site.root)
		r = world_read(&o->site, &a->world);
	if (r != CPR_EXIT_OK)
		return r;
	config.plan = a->world ? a->world->plan : NULL;
	r = cpr_decoder_new(&a->decoder);
	if (r == 0)
		r = cpr_doctor_new(&a->doctor, &config);
	if (r == 0)
		r = open_source(a);
	if (r == 0 && o->html)
		r = open_page(a);
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
	/* That is all, and now is its last packet's time. */
	cpr_doctor_tick(a->doctor, 0);
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
	uint64_t looked = 0;
	int r = cpr_live_new(&live, a->doctor, a->o.interface, STDERR_FILENO);

	if (r == 0 && !cpr_cli_fancy(STDERR_FILENO))
		cpr_say(6, "watching '%s'", a->o.interface);
	while (r == 0 && !wait[1].revents) {
		if (poll(wait, 2, LOOK_MS) < 0 && errno != EINTR)
			r = -errno;
		if (r == 0)
			r = see_some(a);
		if (r == 0 && now_us() - looked < LOOK_MS * 1000 && !wait[1].revents)
			continue;
		looked = now_us();
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

/* What was read, for the page's head.  A file's name may tell whose it is. */
static void source_of(const struct app *a, struct cpr_buf *out)
{
	if (a->o.mask) {
		cpr_buf_puts(out, a->o.journal     ? "log lines"
				  : a->o.interface ? "an interface"
						   : "a capture");
		return;
	}
	if (a->o.journal)
		cpr_buf_printf(out, "log lines of %s",
			a->o.journal_path ? a->o.journal_path : "the journal");
	else if (a->o.interface)
		cpr_buf_printf(out, "interface %s", a->o.interface);
	for (size_t i = 0; i < a->o.capture_n; i++) {
		const char *slash = strrchr(a->o.capture[i], '/');

		cpr_buf_printf(
			out, "%s%s", i ? ", " : "", slash ? slash + 1 : a->o.capture[i]);
	}
}

static int write_page(struct app *a, struct cpr_mask *mask)
{
	_cleanup_(cpr_buf_free) struct cpr_buf source = {0};
	const struct cpr_paper paper = {.out = a->html, .mask = mask};
	int r;

	source_of(a, &source);
	if (source.failed)
		return -ENOMEM;
	/* a pipe has no length to cut */
	if (ftruncate(fileno(a->html), 0) != 0 && errno != EINVAL)
		return -errno;
	r = cpr_report_html(a->doctor, source.data, &paper);
	return r == 0 && fflush(a->html) == EOF ? -errno : r;
}

static int write_reports(struct app *a)
{
	_cleanup_(cpr_mask_freep) struct cpr_mask *mask = NULL;
	struct cpr_paper paper = {.out = stdout};
	int r = a->o.mask ? cpr_mask_new(&mask) : 0;

	if (r == 0 && mask)
		r = cpr_report_hide(a->doctor, mask);
	paper.mask = mask;
	if (r == 0)
		r = a->o.json ? cpr_report_json(a->doctor, &paper)
			      : cpr_report_text(a->doctor, &paper);
	return r == 0 && a->html ? write_page(a, mask) : r;
}

static int report(struct app *a)
{
	int r = write_reports(a);

	if (r < 0) {
		cpr_errors_add(&a->errors, NULL, 0, "cannot report: %s", strerror(-r));
		return CPR_EXIT_FAILED;
	}
	if (a->capture && cpr_capture_invalid(a->capture))
		return CPR_EXIT_INVALID;
	for (size_t i = 0; i < cpr_doctor_phones(a->doctor); i++)
		if (cpr_report_troubled(a->doctor, cpr_doctor_phone(a->doctor, i)))
			return CPR_EXIT_FINDINGS;
	return CPR_EXIT_OK;
}

/* What lines tell, and a word on what they do not. */
static int read_lines(struct app *a)
{
	_cleanup_(cpr_buf_free) struct cpr_buf limits = {0};
	char *at = NULL;
	int r = a->log ? cpr_journal_read_log(a->journal, a->log, a->o.since_us, now_us())
		       : 0;

	if (r < 0)
		journal_failed(a, r);
	cpr_journal_judge(a->journal);
	cpr_journal_limits(a->journal, &limits);
	for (char *line = limits.data ? strtok_r(limits.data, "\n", &at) : NULL; line;
		line = strtok_r(NULL, "\n", &at))
		cpr_errors_add(&a->notes, NULL, 0, "%s", line);
	return r < 0 ? CPR_EXIT_FAILED : CPR_EXIT_OK;
}

static int run(struct app *a)
{
	_cleanup_(cpr_closep) int signals = a->o.interface ? take_signals() : -1;
	int r = open_all(a), said;

	if (r == CPR_EXIT_OK)
		r = confine(a);
	if (r != CPR_EXIT_OK)
		return r;
	r = a->o.journal     ? read_lines(a)
	    : a->o.interface ? watch(a, signals)
			     : read_files(a);
	for (size_t i = 0; i < a->notes.n; i++)
		cpr_say(4, "%s", a->notes.line[i]);
	cpr_errors_clear(&a->notes);
	/* What was seen until then is worth its report whatever ended it. */
	said = report(a);
	return r == CPR_EXIT_OK ? said : r;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {option_table, parse,
		"CAPTURE...\n-i IFACE\n--journal", doc, NULL, NULL, NULL};
	struct app a = {.o = {.site = {.judge = true}}};
	int r;

	cpr_cli_init("cpr-doctor");
	argp_parse(&argp, argc, argv, 0, NULL, &a.o);
	r = run(&a);
	cpr_say_errors(&a.errors);
	cpr_capture_free(a.capture);
	cpr_decoder_free(a.decoder);
	cpr_journal_free(a.journal);
	cpr_doctor_free(a.doctor);
	if (a.log)
		fclose(a.log);
	if (a.html)
		fclose(a.html);
	world_free(a.world);
	return r;
}
