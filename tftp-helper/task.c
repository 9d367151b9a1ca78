#include "watch.h"

#include "cleanup.h"
#include "cli/cli.h"
#include "cli/run.h"
#include "event.h"
#include "generate.h"
#include "outline.h"
#include "site.h"
#include "status.h"
#include "told.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

enum {
	BEHIND_MS = 5 * 1000, /* so long packages go before what is served */
};

int64_t cpr_watch_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int start_child(struct cpr_watch *w, char *const argv[])
{
	int r;

	w->out = memfd_create("report", MFD_CLOEXEC);
	if (w->out < 0)
		return -errno;
	w->pid = cpr_spawn_data(argv, w->out);
	r = w->pid < 0 ? (int)w->pid : 0;
	if (r == 0) {
		w->child = pidfd_open(w->pid, 0);
		r = w->child < 0 ? -errno : 0;
		if (r < 0)
			cpr_stop(w->pid);
	}
	if (r < 0) {
		cpr_closep(&w->out);
		w->out = -1;
	}
	return r;
}

static int start(struct cpr_watch *w, enum cpr_task task, char *const argv[])
{
	int r = start_child(w, argv);

	if (r == 0)
		w->task = task;
	else if (r != w->start_error)
		cpr_say(3, "cannot run '%s': %s; it is tried again", argv[0],
			strerror(-r));
	w->start_error = r;
	return r;
}

static int start_import(struct cpr_watch *w, const char *name)
{
	_cleanup_(cpr_freep) char *path = NULL;
	char *argv[16] = {(char *)"/proc/self/exe", (char *)"import", (char *)"--confine",
		(char *)"--json"};
	size_t n = 4;
	int r;

	if (asprintf(&path, "%s/incoming/%s", w->spool.path, name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	w->package = strdup(name);
	if (!w->package)
		return -ENOMEM;
	n = cpr_common_argv(argv, n, &w->common);
	argv[n++] = (char *)"--";
	argv[n++] = path;
	r = start(w, CPR_TASK_IMPORT, argv);
	if (r < 0) {
		free(w->package);
		w->package = NULL;
	}
	return r;
}

/* Adds those of the first CPR_FORGET_MAX words; the others have their turn later. */
static size_t add_gone(struct cpr_watch *w, char *argv[], size_t n)
{
	const char *load[CPR_FORGET_MAX];
	size_t load_n = 0;

	while (json_array_size(w->gone) > CPR_FORGET_MAX)
		json_array_remove(w->gone, CPR_FORGET_MAX);
	for (; load_n < json_array_size(w->gone); load_n++)
		load[load_n] = json_string_value(json_array_get(w->gone, load_n));
	return cpr_generate_forget(argv, n, load, load_n);
}

static void look_for_gone(struct cpr_watch *w)
{
	_cleanup_(cpr_closep) int root =
		open(w->tftp_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	json_decref(w->gone);
	w->gone = root < 0 ? NULL : cpr_told_gone(w->status, root);
}

static void say_gone(struct cpr_watch *w)
{
	for (size_t i = 0; i < json_array_size(w->gone); i++)
		cpr_event(CPR_EVENT_LOAD_GONE, NULL,
			"load '%s' was removed: XMLDefault does not name it any more",
			json_string_value(json_array_get(w->gone, i)));
	cpr_told_forget(w->status, w->gone);
}

static void forget_outlines(struct cpr_watch *w)
{
	json_decref(w->outline);
	json_decref(w->before);
	w->outline = w->before = NULL;
}

void cpr_watch_doubt(struct cpr_watch *w)
{
	int64_t now = cpr_watch_now();

	forget_outlines(w);
	if (!w->generate_at || w->generate_at > now)
		w->generate_at = now;
}

static json_t *outline_now(const struct cpr_watch *w)
{
	_cleanup_(cpr_closep) int root =
		open(w->tftp_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return root < 0 ? NULL : cpr_outline(root);
}

static bool has_changed(const struct cpr_watch *w)
{
	json_t *now = w->outline ? outline_now(w) : NULL;
	bool same = json_equal(w->outline, now);

	json_decref(now);
	return !same;
}

/* What others did meanwhile, generate may not have seen: then nothing is known. */
static void learn_outline(
	struct cpr_watch *w, const json_t *report, const struct stat *said)
{
	_cleanup_(cpr_closep) int root =
		open(w->tftp_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	json_t *now = root < 0 || !w->before ? NULL : cpr_outline(root);

	if (now && cpr_outline_is_own(w->before, now, report, root, w->site->tftp_root,
			   &said->st_mtim)) {
		w->outline = json_incref(now);
		w->generate_at = 0; /* the events so far are of what it did */
	}
	json_decref(now);
}

static void note_told(struct cpr_watch *w)
{
	_cleanup_(cpr_closep) int root =
		open(w->tftp_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (root >= 0)
		cpr_told_note(w->status, root);
}

static int start_conf(struct cpr_watch *w, enum cpr_task task)
{
	_cleanup_(cpr_freep) char *program = cpr_sibling("cpr-conf");
	char *argv[CPR_GENERATE_ARGS + 2];
	size_t n;

	if (!program)
		return -ENOMEM;
	if (task == CPR_TASK_VERIFY) {
		n = cpr_verify_argv(argv, program, &w->common);
	} else {
		n = cpr_generate_argv(
			argv, program, &w->common, task == CPR_TASK_GENERATE);
		if (task == CPR_TASK_GENERATE)
			look_for_gone(w);
		n = add_gone(w, argv, n);
		/* What servers answer is asked by the verify that follows. */
		argv[n++] = (char *)"--no-reload";
	}
	argv[n++] = (char *)"--json";
	argv[n] = NULL;
	return start(w, task, argv);
}

static struct cpr_arrival *arrival_named(struct cpr_watch *w, const char *name)
{
	for (size_t i = 0; i < w->incoming.n; i++)
		if (!strcmp(w->incoming.arrival[i].name, name))
			return &w->incoming.arrival[i];
	return NULL;
}

void cpr_watch_write_status(struct cpr_watch *w)
{
	bool busy = w->task != CPR_TASK_NONE || w->generate_at || w->verify_due;
	int r;

	cpr_status_queue(w->status, &w->incoming, busy);
	r = cpr_status_write(w->spool.folder, w->status);
	if (r < 0 && r != w->status_error)
		cpr_say(4,
			"cannot write '%s/" CPR_STATUS_FILE
			"': %s; 'cpr-helper status' shows what was before, until it can be",
			w->spool.path, strerror(-r));
	w->status_error = r;
}

static void failed(struct cpr_watch *w, struct cpr_arrival *a, const char *why)
{
	/* Once: the same failure every half minute tells nobody anything new. */
	if (!a->why || strcmp(a->why, why))
		cpr_event(CPR_EVENT_FAILED, a->name, "%s: %s", a->name, why);
	cpr_arrival_defer(a, cpr_watch_now() + w->again, why);
}

/* A full disk and the like pass; what another user's folder allows is not ours to say. */
static bool passes(int error)
{
	return error < 0 && error != -EACCES && error != -EPERM && error != -EEXIST;
}

/* It lies in incoming/ and cannot be moved.  What does not pass is left alone until it
 * changes. */
static void stays(struct cpr_watch *w, struct cpr_arrival *a, int error)
{
	_cleanup_(cpr_freep) char *why = NULL;

	if (asprintf(&why, "cannot be moved out of '%s/incoming' (%s): %s", w->spool.path,
		    strerror(-error),
		    passes(error) ? "it is tried again" : "remove it by hand") < 0)
		why = NULL;
	failed(w, a, why ? why : "");
	if (!passes(error))
		cpr_arrival_defer(a, INT64_MAX, why);
}

static void accepted(struct cpr_watch *w, struct cpr_arrival *a, const json_t *report)
{
	int r = w->remove_accepted ? cpr_spool_remove(&w->spool, a->name)
				   : cpr_spool_accept(&w->spool, a->name, w->site->keep);

	/* Its firmware is there either way; said and counted is what will not come again. */
	if (!passes(r)) {
		cpr_event(CPR_EVENT_ACCEPTED, a->name, "%s: accepted", a->name);
		cpr_status_package(w->status, a->name, true, report, time(NULL));
	}
	if (r < 0)
		stays(w, a, r);
	else
		cpr_incoming_forget(&w->incoming, a);
	cpr_watch_doubt(w);
	/* Others may have waited for just these files. */
	for (size_t i = 0; i < w->incoming.n; i++)
		if (w->incoming.arrival[i].again != INT64_MAX)
			w->incoming.arrival[i].again = 0;
}

static void quarantine(struct cpr_watch *w, struct cpr_arrival *a, const json_t *report,
	char *const *reason, size_t n)
{
	int r = cpr_spool_refuse(&w->spool, a->name, reason, n, w->site->keep);

	if (!passes(r)) {
		cpr_event(CPR_EVENT_REFUSED, a->name, "%s: refused: %s", a->name,
			n ? reason[0] : "");
		cpr_status_package(w->status, a->name, false, report, time(NULL));
	}
	if (r < 0)
		stays(w, a, r);
	else
		cpr_incoming_forget(&w->incoming, a);
}

/* True when another arrival has yet to be looked at: it may bring what this one lacks. */
static bool others_come(const struct cpr_watch *w, const struct cpr_arrival *a)
{
	for (size_t i = 0; i < w->incoming.n; i++)
		if (&w->incoming.arrival[i] != a && !w->incoming.arrival[i].again)
			return true;
	return false;
}

/* More of it may be on its way, and what it needs may come with another package: it is given
 * up only when it has kept still for long, and nothing else comes. */
static void refused(struct cpr_watch *w, struct cpr_arrival *a, const json_t *report,
	char *const *reason, size_t n)
{
	int64_t now = cpr_watch_now(), end = a->since + w->patience;

	if (now >= end && !others_come(w, a)) {
		quarantine(w, a, report, reason, n);
		return;
	}
	if (!a->why)
		cpr_event(CPR_EVENT_DEFERRED, a->name, "%s: not yet: %s", a->name,
			n ? reason[0] : "");
	if (end <= now)
		end = now + (w->patience > w->settle ? w->patience : w->settle);
	cpr_arrival_defer(a, end, n ? reason[0] : "refused");
}

static void refused_with_report(
	struct cpr_watch *w, struct cpr_arrival *a, const json_t *report)
{
	const json_t *lines = json_object_get(
		json_array_get(json_object_get(report, "packages"), 0), "refused");
	size_t n = json_array_size(lines);
	_cleanup_(cpr_freep) char **reason = calloc(n + 1, sizeof(*reason));

	for (size_t i = 0; reason && i < n; i++)
		reason[i] = (char *)json_string_value(json_array_get(lines, i));
	refused(w, a, report, reason, reason ? n : 0);
}

/* The package made its reader do what no reader does. */
static void was_killed(struct cpr_watch *w, struct cpr_arrival *a, int signal)
{
	char why[160], *reason = why;

	snprintf(why, sizeof(why),
		"the program that read it was ended by signal %d (%s): do not trust this "
		"one",
		signal, strsignal(signal));
	refused(w, a, NULL, &reason, 1);
}

static void import_ended(struct cpr_watch *w, int status, const json_t *report)
{
	_cleanup_(cpr_freep) char *name = TAKE_PTR(w->package);
	struct cpr_arrival *a = arrival_named(w, name);

	if (!a)
		return;
	if (WIFSIGNALED(status))
		was_killed(w, a, WTERMSIG(status));
	else if (WEXITSTATUS(status) == CPR_EXIT_OK && report)
		accepted(w, a, report);
	else if (WEXITSTATUS(status) == CPR_EXIT_INVALID && report)
		refused_with_report(w, a, report);
	else
		failed(w, a,
			"could not be taken because of this host, as said before; it is "
			"tried again");
}

static void generate_ended(struct cpr_watch *w, int status, enum cpr_task task,
	const json_t *report, const struct stat *said)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : CPR_EXIT_FAILED;

	w->verify_due = true;
	if (code == CPR_EXIT_OK && task == CPR_TASK_GENERATE) {
		say_gone(w);
		learn_outline(w, report, said);
		if (!json_is_true(json_object_get(report, "changed")))
			return;
		cpr_status_published(w->status, time(NULL));
		cpr_event(CPR_EVENT_PUBLISHED, NULL,
			"term files and XMLDefault agree with the firmware");
	} else if (code == CPR_EXIT_OK) {
		cpr_event(CPR_EVENT_NOT_PUBLISHED, NULL,
			"the term files are in place, XMLDefault is not, as said before");
	} else {
		cpr_event(CPR_EVENT_NOT_PUBLISHED, NULL,
			"term files and XMLDefault are not all in place, as said before");
		if (w->stopping)
			w->generate_at = 0; /* the next start tries it again */
		else if (code != CPR_EXIT_INVALID)
			w->generate_at = cpr_watch_now() + w->again;
	}
}

void cpr_task_ended(struct cpr_watch *w)
{
	enum cpr_task task = w->task;
	struct stat said = {0};
	json_t *report;
	int status = 0;

	waitpid(w->pid, &status, 0);
	fstat(w->out, &said);
	lseek(w->out, 0, SEEK_SET);
	report = cpr_json_read(w->out);
	cpr_closep(&w->out);
	cpr_closep(&w->child);
	w->out = w->child = -1;
	w->task = CPR_TASK_NONE;
	if (task == CPR_TASK_IMPORT)
		import_ended(w, status, report);
	else if (task == CPR_TASK_GENERATE && WIFEXITED(status) &&
		 WEXITSTATUS(status) == CPR_EXIT_INVALID &&
		 start_conf(w, CPR_TASK_TERM) == 0)
		; /* a wiped phone needs no XMLDefault to get its firmware back */
	else if (task != CPR_TASK_VERIFY)
		generate_ended(w, status, task, report, &said);
	else if (report) {
		cpr_status_verify(w->status, report, time(NULL));
		note_told(w);
	}
	json_decref(report);
	cpr_watch_write_status(w);
}

static void refuse_other(struct cpr_watch *w, struct cpr_arrival *a)
{
	char *reason = (char *)"is neither a file nor a folder: put the package itself "
			       "here";

	quarantine(w, a, NULL, &reason, 1);
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < 0 ? b : b < 0 || a < b ? a : b;
}

/* A package that is at rest, unless it has to wait for what is served. */
static struct cpr_arrival *next_package(struct cpr_watch *w, int64_t now)
{
	bool behind = w->generate_at && now - w->generate_at > BEHIND_MS;

	return w->stopping || behind ? NULL
				     : cpr_incoming_next(&w->incoming, now, w->settle);
}

static bool is_due(const struct cpr_watch *w, int64_t now)
{
	return w->generate_at && (w->generate_at <= now || w->stopping);
}

static int start_generate(struct cpr_watch *w)
{
	forget_outlines(w);
	w->before = outline_now(w);
	return start_conf(w, CPR_TASK_GENERATE);
}

int64_t cpr_task_next(struct cpr_watch *w)
{
	int64_t now = cpr_watch_now(), due;
	struct cpr_arrival *a;
	int r = 0;

	if (w->task != CPR_TASK_NONE || !w->root_present)
		return -1;
	while ((a = next_package(w, now)) && a->other)
		refuse_other(w, a);
	if (!a && is_due(w, now) && !has_changed(w)) {
		w->generate_at = 0;
		cpr_watch_write_status(w);
	}
	if (a) {
		r = start_import(w, a->name);
		if (r < 0)
			failed(w, a, "no program can be run to read it, as said before");
	} else if (is_due(w, now)) {
		r = start_generate(w);
		w->generate_at = r < 0 ? now + w->again : 0;
	} else if (w->verify_due && !w->stopping) {
		r = start_conf(w, CPR_TASK_VERIFY);
		w->verify_due = r < 0;
	}
	if (w->task != CPR_TASK_NONE || w->stopping)
		return -1;
	due = cpr_incoming_due(&w->incoming, now, w->settle);
	if (w->generate_at)
		due = sooner(due, w->generate_at - now);
	return r < 0 ? w->again : due;
}
