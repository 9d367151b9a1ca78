#include "watch.h"

#include "cleanup.h"
#include "cli/cli.h"
#include "cli/run.h"
#include "command.h"
#include "errors.h"
#include "event.h"
#include "root.h"
#include "site.h"
#include "status.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <systemd/sd-daemon.h>

enum {
	OPT_SETTLE = 256,
	OPT_PATIENCE,
	OPT_AGAIN,
	OPT_REMOVE,
	OPT_ONCE,
	SECONDS_MAX = 24 * 3600,
	LOOK_FOR_ROOT_MS = 5 * 1000,
	INCOMING_EVENTS = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE |
			  IN_DELETE | IN_ATTRIB | IN_ONLYDIR | IN_DONT_FOLLOW |
			  IN_EXCL_UNLINK,
	ROOT_EVENTS = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE |
		      IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_ONLYDIR
};

static const struct argp_option options[] = {
	{"settle", OPT_SETTLE, "SECONDS", 0,
		"take what has kept still for so long (default 2)", 0},
	{"patience", OPT_PATIENCE, "SECONDS", 0,
		"move what is no whole package to quarantine/ when it has kept still for "
		"so long (default 60)",
		0},
	{"again", OPT_AGAIN, "SECONDS", 0,
		"try again after so long what a full disk or the like kept from it "
		"(default 30)",
		0},
	{"remove-accepted", OPT_REMOVE, NULL, 0,
		"remove accepted packages instead of keeping the newest", 0},
	{"once", OPT_ONCE, NULL, 0,
		"end when nothing is left in the folder: for a unit that systemd starts when "
		"something is",
		0},
	{0},
};

static const char doc[] =
	"Take each firmware package that is dropped into " CPR_SPOOL_DIR
	"/incoming, and publish what it brings.\n\n"
	"A package is taken when it has kept still, whatever brought it: scp, rsync, Samba, "
	"a browser.  It is opened in a process that can do nothing but read it and write "
	"into the TFTP root.  What was taken lies in accepted/ afterwards, what was refused "
	"in quarantine/ with the reasons in a .reason file beside it.  No server is "
	"restarted or reloaded, and no phone is told to change its load unless the site "
	"file says so.  Firmware that is put into the TFTP root, or removed from it, by hand "
	"is noticed, too.\v"
	"SIGHUP has the site file read anew; SIGTERM ends it when what is being published "
	"is.\n\n"
	"Exit: 0 ended by a signal; 1 the environment failed, or another one runs; 4 the "
	"site file is wrong.";

static int64_t milliseconds(struct argp_state *state, const char *arg)
{
	char *end;
	double seconds = strtod(arg, &end);

	if (end == arg || *end || !(seconds >= 0 && seconds <= SECONDS_MAX)) {
		argp_error(state, "'%s' is no number of seconds from 0 to %d", arg,
			SECONDS_MAX);
		return 0;
	}
	return (int64_t)(seconds * 1000);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct cpr_watch *w = state->input;

	switch (key) {
	case OPT_SETTLE:
		w->settle = milliseconds(state, arg);
		break;
	case OPT_PATIENCE:
		w->patience = milliseconds(state, arg);
		break;
	case OPT_AGAIN:
		w->again = milliseconds(state, arg);
		break;
	case OPT_REMOVE:
		w->remove_accepted = true;
		break;
	case OPT_ONCE:
		w->once = true;
		break;
	case ARGP_KEY_INIT:
		state->child_inputs[0] = state->child_inputs[1] = &w->common;
		break;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is too much: it takes no argument", arg);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* What the loop waits for, in the order of poll(2). */
enum {
	ON_SIGNAL,
	ON_EVENT,
	ON_TIMER,
	ON_WATCHDOG,
	ON_CHILD,
	ON_MOUNT,
	SOURCES
};

struct loop {
	struct cpr_watch w;
	int signals, inotify, timer, watchdog, mounts;
	int root_watch;         /* -1: none */
	struct cpr_root folder; /* that it watches, or watched last */
	int scan_error;         /* that was said; 0: none */
	bool scan_due;
	bool failed;
};

static int read_site(struct cpr_watch *w, struct cpr_errors *e)
{
	struct cpr_site *site;
	char *tftp_root;
	int r = cpr_common_site(&w->common, &site, &tftp_root, e);

	if (r < 0)
		return r;
	cpr_site_free(w->site);
	free(w->tftp_root);
	w->site = site;
	w->tftp_root = tftp_root;
	return 0;
}

static void watch_folder(void *owner, const char *path)
{
	struct loop *l = owner;
	_cleanup_(cpr_freep) char *full = NULL;

	if (asprintf(&full, "%s/incoming/%s", l->w.spool.path, path) < 0)
		full = NULL;
	/* A second watch of the same folder is the first. */
	else if (inotify_add_watch(l->inotify, full, INCOMING_EVENTS) < 0 &&
		 errno != ENOENT && errno != ENOTDIR)
		cpr_say(4,
			"cannot watch '%s': %s; it is looked at when something else "
			"happens",
			full, strerror(errno));
}

static void forget_root(struct loop *l)
{
	if (l->root_watch >= 0)
		inotify_rm_watch(l->inotify, l->root_watch);
	l->root_watch = -1;
}

/* 0: the folder that the path names now is watched, or -errno; -ENODEV: another shows, for
 * its file system is not mounted.  The watch comes before whatever is read there, so that
 * nothing happens in between. */
static int find_root(struct loop *l)
{
	_cleanup_(cpr_root_clear) struct cpr_root now = {0};
	struct cpr_watch *w = &l->w;
	int r;

	if (l->root_watch >= 0 && cpr_root_is(&l->folder, w->tftp_root))
		return 0;
	forget_root(l);
	r = cpr_root_find(w->tftp_root, &now);
	if (r == 0 && cpr_root_unmounted(&l->folder, &now))
		r = -ENODEV;
	if (r < 0)
		return r;
	l->root_watch = inotify_add_watch(l->inotify, w->tftp_root, ROOT_EVENTS);
	if (l->root_watch < 0)
		return -errno;
	cpr_root_clear(&l->folder);
	l->folder = now;
	now.mount = NULL;
	cpr_watch_doubt(w);
	return 0;
}

static void watch_root(struct loop *l)
{
	struct cpr_watch *w = &l->w;
	bool was = w->root_present;
	int r = find_root(l);

	w->root_present = r == 0;
	if (w->root_present && !was)
		cpr_event(CPR_EVENT_ROOT_PRESENT, NULL, "TFTP root '%s' is there",
			w->tftp_root);
	else if (!w->root_present && was)
		cpr_event(CPR_EVENT_ROOT_ABSENT, NULL,
			"TFTP root '%s' is gone (%s%s%s): mount it, or mend tftp-root in "
			"the site file and send SIGHUP",
			w->tftp_root, r == -ENODEV ? "'" : "",
			r == -ENODEV ? l->folder.mount : strerror(-r),
			r == -ENODEV ? "' is not mounted" : "");
}

static void on_event(struct loop *l, const struct inotify_event *event)
{
	struct cpr_watch *w = &l->w;
	bool root = l->root_watch >= 0 && event->wd == l->root_watch;

	if (event->mask & IN_Q_OVERFLOW)
		cpr_event(CPR_EVENT_OVERFLOW, NULL,
			"too much happened at once: all is looked at");
	else if (root && (event->mask & (IN_IGNORED | IN_MOVE_SELF | IN_UNMOUNT)))
		forget_root(l);
	else if (root && event->len && event->name[0] == '.')
		return; /* on its way, ours or another's */
	if (!root || event->mask & IN_Q_OVERFLOW)
		l->scan_due = true;
	if ((root || event->mask & IN_Q_OVERFLOW) && !w->generate_at && !w->stopping)
		w->generate_at = cpr_watch_now() + w->settle;
}

static void read_events(struct loop *l)
{
	char buffer[64 * 1024] __attribute__((aligned(8)));
	ssize_t n;

	while ((n = read(l->inotify, buffer, sizeof(buffer))) > 0)
		for (char *at = buffer; at < buffer + n;) {
			const struct inotify_event *event = (const void *)at;

			on_event(l, event);
			at += sizeof(*event) + event->len;
		}
}

static void scan(struct loop *l)
{
	struct cpr_watch *w = &l->w;
	int r = cpr_incoming_scan(
		&w->incoming, w->spool.incoming, cpr_watch_now(), watch_folder, l);

	l->scan_due = false;
	if (r < 0 && r != l->scan_error)
		cpr_say(3, "cannot read '%s/incoming': %s; it is tried again",
			w->spool.path, strerror(-r));
	l->scan_error = r;
	cpr_watch_write_status(w);
}

static void reload(struct loop *l)
{
	struct cpr_watch *w = &l->w;
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	int r;

	sd_notify(0, "RELOADING=1");
	r = read_site(w, &e);
	if (r < 0)
		cpr_event(CPR_EVENT_SITE_REFUSED, NULL,
			"the site file is not taken, the one before holds: %s",
			e.n ? e.line[0] : strerror(-r));
	else {
		forget_root(l);
		cpr_root_clear(&l->folder);
	}
	cpr_watch_doubt(w);
	sd_notify(0, "READY=1");
}

static void on_signal(struct loop *l)
{
	struct signalfd_siginfo info;

	if (read(l->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP) {
		reload(l);
		return;
	}
	/* The second time: now. */
	if (l->w.stopping)
		cpr_stop(l->w.pid);
	l->w.stopping = true;
	sd_notify(0, "STOPPING=1");
}

static void set_timer(int timer, int64_t ms)
{
	struct itimerspec t = {.it_value = {ms / 1000, ms % 1000 * 1000000}};

	if (ms == 0)
		t.it_value.tv_nsec = 1;
	if (ms < 0)
		t.it_value = (struct timespec){0};
	timerfd_settime(timer, 0, &t, NULL);
}

static void say_status(const struct cpr_watch *w)
{
	if (w->task == CPR_TASK_IMPORT)
		sd_notifyf(0, "STATUS=takes %s, %zu in the queue", w->package,
			w->incoming.n);
	else
		sd_notifyf(0, "STATUS=%s, %zu in the queue",
			w->task != CPR_TASK_NONE ? "publishes"
			: w->root_present        ? "watches"
						 : "waits for the TFTP root",
			w->incoming.n);
}

/* After whatever happened: look where it is worth it, start what is due, and say when it is
 * worth to look again. */
static void proceed(struct loop *l)
{
	struct cpr_watch *w = &l->w;
	int64_t due;

	watch_root(l);
	if (l->scan_due)
		scan(l);
	due = cpr_task_next(w);
	if (!w->root_present && !w->stopping)
		due = LOOK_FOR_ROOT_MS;
	if ((l->scan_error || w->status_error) && (due < 0 || due > w->again))
		due = w->again;
	set_timer(l->timer, due);
	say_status(w);
}

static void drain(int timer)
{
	uint64_t n;

	while (read(timer, &n, sizeof(n)) > 0)
		;
}

static bool is_done(const struct cpr_watch *w)
{
	if (w->task != CPR_TASK_NONE)
		return false;
	return w->stopping || (w->once && !w->incoming.n && !w->incoming.in_flight &&
				      !w->generate_at && !w->verify_due);
}

/* One round.  False: it is time to end. */
static bool turn(struct loop *l)
{
	proceed(l);
	if (is_done(&l->w))
		return false;

	struct pollfd fd[SOURCES] = {
		[ON_SIGNAL] = {l->signals, POLLIN, 0},
		[ON_EVENT] = {l->inotify, POLLIN, 0},
		[ON_TIMER] = {l->timer, POLLIN, 0},
		[ON_WATCHDOG] = {l->watchdog, POLLIN, 0},
		[ON_CHILD] = {l->w.child, POLLIN, 0},
		[ON_MOUNT] = {l->mounts, POLLPRI,
			0}, /* something was mounted, or unmounted */
	};

	if (poll(fd, SOURCES, -1) < 0) {
		l->failed = errno != EINTR;
		if (l->failed)
			cpr_say(2, "cannot wait for events: %s", strerror(errno));
		return !l->failed;
	}
	if (fd[ON_SIGNAL].revents)
		on_signal(l);
	if (fd[ON_EVENT].revents)
		read_events(l);
	if (fd[ON_TIMER].revents) {
		drain(l->timer);
		l->scan_due = true;
	}
	if (fd[ON_WATCHDOG].revents) {
		drain(l->watchdog);
		sd_notify(0, "WATCHDOG=1");
	}
	if (fd[ON_CHILD].revents)
		cpr_task_ended(&l->w);
	return true;
}

static int open_signals(void)
{
	sigset_t set;

	/* A lease that is broken while it is held sends one, which would end us. */
	signal(SIGIO, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* poll(2) passes over -1, where there is no watchdog. */
static int open_watchdog(void)
{
	uint64_t usec;
	struct itimerspec t;
	int timer;

	if (sd_watchdog_enabled(0, &usec) <= 0)
		return -1;
	timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	t.it_value.tv_sec = (time_t)(usec / 2000000);
	t.it_value.tv_nsec = (long)(usec / 2 % 1000000 * 1000);
	t.it_interval = t.it_value;
	if (timer >= 0)
		timerfd_settime(timer, 0, &t, NULL);
	return timer;
}

static int open_loop(struct loop *l, struct cpr_errors *e)
{
	int r = cpr_spool_open(l->w.common.root, &l->w.spool, e);

	if (r < 0)
		return r;
	l->w.status = cpr_status_new(l->w.spool.folder);
	l->signals = open_signals();
	l->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	l->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	l->watchdog = open_watchdog();
	l->mounts = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	if (l->signals < 0 || l->inotify < 0 || l->timer < 0)
		return -errno;
	if (!l->w.status)
		return -ENOMEM;
	json_object_set_new(l->w.status, "pid", json_integer(getpid()));
	return 0;
}

static void close_loop(struct loop *l)
{
	cpr_closep(&l->signals);
	cpr_closep(&l->inotify);
	cpr_closep(&l->timer);
	cpr_closep(&l->watchdog);
	cpr_closep(&l->mounts);
	cpr_root_clear(&l->folder);
	cpr_spool_close(&l->w.spool);
	cpr_incoming_clear(&l->w.incoming);
	json_decref(l->w.status);
	json_decref(l->w.gone);
	json_decref(l->w.outline);
	json_decref(l->w.before);
	cpr_site_free(l->w.site);
	free(l->w.tftp_root);
}

static void run(struct loop *l)
{
	struct cpr_watch *w = &l->w;

	/* What was cut off at the end before is made whole first. */
	w->root_present = true; /* its absence is news */
	cpr_watch_doubt(w);
	l->scan_due = true;
	cpr_event(CPR_EVENT_STARTED, NULL, "watches '%s/incoming' for the TFTP root '%s'",
		w->spool.path, w->tftp_root);
	sd_notify(0, "READY=1");
	while (turn(l))
		;
	cpr_event(CPR_EVENT_STOPPED, NULL, "ended");
}

int cpr_command_watch(int argc, char **argv)
{
	static const struct argp_child children[] = {
		{&cpr_site_argp, 0, NULL, 0}, {&cpr_root_argp, 0, NULL, 0}, {0}};
	static const struct argp argp = {options, parse, NULL, doc, children, NULL, NULL};
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	_cleanup_(close_loop) struct loop l = {
		.w = {.settle = 2000,
			.patience = 60000,
			.again = 30000,
			.child = -1,
			.out = -1,
			.spool = {.folder = -1,
				.incoming = -1,
				.accepted = -1,
				.quarantine = -1,
				.lock = -1}},
		.signals = -1,
		.inotify = -1,
		.timer = -1,
		.watchdog = -1,
		.mounts = -1,
		.root_watch = -1,
	};
	int r;

	argp_parse(&argp, argc, argv, 0, NULL, &l.w);
	r = read_site(&l.w, &e);
	if (r == 0)
		r = open_loop(&l, &e);
	if (r < 0) {
		if (!e.n)
			cpr_say(3, "cannot start: %s", strerror(-r));
		cpr_say_errors(&e);
		return r == -EINVAL ? CPR_EXIT_INVALID : CPR_EXIT_FAILED;
	}
	run(&l);
	return l.failed ? CPR_EXIT_FAILED : CPR_EXIT_OK;
}
