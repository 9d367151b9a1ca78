/* The order of a run, and what holds when it is cut off.
 *
 *   1  candidates are compared with what is there; hand edits are refused
 *   2  the servers' own checkers take the merged configuration, or all ends here
 *   3  what will be replaced is saved, whole on disk: the backup is "unfinished"
 *   4  all that takes room is written under temporary names; then the names change
 *   5  servers that run here, and read one of these files, are told
 *   6  they are asked on the wire
 *   7  the backup is finished: what was done is in force
 *
 * A failure in 4, 5 or 6, or Ctrl-C, puts the files back, tells the servers again, and asks
 * them for a sign of life.
 *
 * The rule for a run that was killed: an unfinished backup is put back before anything else is
 * done, and its servers are told and asked, as if they had seen all of the killed run (while
 * their checkers refuse what the admin wrote since, they are not, and it stays; where one does
 * not come back, the new run ends there).  Then the new run begins from the old state, finds the
 * same changes again and says the same of them.  So nothing half-way lasts, whatever the new run
 * is about, and no restart is forgotten.  (To go on instead would need what the killed run was
 * asked to do.)  Each file that lies there in between is an old or a new one, whole, and servers
 * start with either. */
#include "rollout.h"

#include "backup.h"
#include "cleanup.h"
#include "cli/cli.h"
#include "emit.h"
#include "errors.h"
#include "sight.h"
#include "site.h"
#include "world.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	if (signal != SIGPIPE)
		interrupted = 1;
}

/* Handlers, which children do not inherit, as they would what is ignored or blocked: a daemon
 * that a restart starts must hear its signals. */
static void hold_signals(struct sigaction old[4], bool back)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
	const struct sigaction hold = {.sa_handler = interrupt, .sa_flags = SA_RESTART};

	for (size_t i = 0; i < CPR_ARRAY_LEN(signals); i++)
		sigaction(signals[i], back ? &old[i] : &hold, back ? NULL : &old[i]);
}

static void rollout_clear(struct rollout *r)
{
	changes_clear(&r->c);
	needs_clear(&r->needs);
	backup_freep(&r->backup);
	for (size_t i = 0; r->verdict && i < servers_n; i++) {
		free(r->verdict[i].text);
		free(r->verdict[i].before);
	}
	free(r->verdict);
}

/* The server that gives out the TFTP root; NULL: none of ours. */
static const char *tftp_server(const struct cpr_site *site)
{
	return site->tftpd_hpa ? "tftpd-hpa" : site->dnsmasq ? "dnsmasq" : NULL;
}

static bool touches_tftp_root(const struct rollout *r)
{
	const char *root = r->w->site->tftp_root;
	size_t len = strlen(root);

	for (size_t i = 0; i < r->c.n; i++) {
		const struct change *c = &r->c.change[i];

		if (c->state != CHANGE_NONE && strncmp(c->o->path, root, len) == 0 &&
			c->o->path[len] == '/')
			return true;
	}
	return false;
}

/* Below --root none runs, and none is asked. */
static int look_at_servers(struct rollout *r)
{
	const char *tftp = touches_tftp_root(r) ? tftp_server(r->w->site) : NULL;

	r->verdict = calloc(servers_n, sizeof(*r->verdict));
	if (!r->verdict)
		return -ENOMEM;
	for (size_t i = 0; i < servers_n && !*r->w->site->root; i++) {
		const struct server *s = &servers[i];

		r->verdict[i].ran = s->runs(r->w);
		r->verdict[i].concerned = changes_touch(&r->c, s->name) ||
					  (tftp && strcmp(s->name, tftp) == 0);
	}
	return 0;
}

/* What servers answer now that will be asked later. */
static int look_before(struct rollout *r)
{
	for (size_t i = 0; !r->o->no_reload && i < servers_n; i++) {
		struct verdict *v = &r->verdict[i];

		if (!v->concerned || !v->ran || !servers[i].look)
			continue;
		v->before = calloc(1, sizeof(*v->before));
		if (!v->before)
			return -ENOMEM;
		servers[i].look(r->w, v->before);
	}
	return 0;
}

/* Of the servers that are configured by this run. */
static void look_for_needs(struct rollout *r)
{
	for (size_t i = 0; i < servers_n; i++)
		for (size_t k = 0; k < r->out->n; k++) {
			const struct output *o = &r->out->output[k];

			if (!o->server || strcmp(o->server, servers[i].name) != 0 ||
				o->kind == OUTPUT_GONE)
				continue;
			servers[i].needs(r->w, &r->c, &r->needs);
			break;
		}
}

/* Servers that ran are told of these changes.  0 or what the first that fails says; with
 * `all` the others are told nevertheless. */
static int tell(
	const struct rollout *r, const struct changes *c, bool all, struct cpr_errors *e)
{
	int result = 0;

	for (size_t i = 0; i < servers_n; i++) {
		int told;

		if (!r->verdict[i].ran || !changes_touch(c, servers[i].name))
			continue;
		if (!all && interrupted)
			return -EINTR;
		told = servers[i].reload(r->w, c, r->verdict[i].ran, e);
		if (result == 0)
			result = told;
		if (result < 0 && !all)
			break;
	}
	return result;
}

static bool lacks_line(const struct rollout *r, const char *server)
{
	for (size_t i = 0; i < r->needs.n; i++)
		if (strcmp(r->needs.need[i].server, server) == 0)
			return true;
	return false;
}

/* True when this run takes its files away: it answers as if the plan did not know it. */
static bool let_go(const struct rollout *r, const char *server)
{
	bool gone = false;

	for (size_t i = 0; i < r->c.n; i++) {
		const struct output *o = r->c.change[i].o;

		if (!o->server || strcmp(o->server, server) != 0)
			continue;
		if (o->kind != OUTPUT_GONE)
			return false;
		gone = true;
	}
	return gone;
}

static void judge(const struct rollout *r, const struct server *s, enum proof_of of,
	struct verdict *v)
{
	_cleanup_(cpr_errors_clear) struct cpr_errors why = {0};
	bool lacks = of == PROOF_OF_PLAN && lacks_line(r, s->name);
	bool gone = !r->rolled_back && let_go(r, s->name);
	size_t files = v->before ? v->before->file_n : 0;

	/* as on the day when firmware comes first, and dnsmasq has yet to be told of phones */
	if (of == PROOF_OF_PLAN && !changes_touch(&r->c, s->name))
		of = PROOF_OF_FILES;
	free(v->text);
	v->text = NULL;
	v->proof = PROOF_UNPROVEN;
	/* dnsmasq serves files by a line of ours alone */
	if (gone && v->before)
		v->before->file_n = 0;
	if (v->ran && s->probe)
		v->proof = s->probe(
			r->w, v->before, lacks || gone ? PROOF_OF_LIFE : of, &why);
	if (v->before)
		v->before->file_n = files;
	if (v->proof == PROOF_OK && lacks) {
		v->proof = PROOF_UNPROVEN;
		v->text = strdup("it answers, but a line of yours is missing, see above");
	} else if (v->proof != PROOF_OK) {
		v->text = strdup(!v->ran     ? "it did not run when this began"
				 : !s->probe ? "it cannot be asked from here"
				 : why.n     ? why.line[0]
					     : "it did not answer");
	}
}

/* 0; -EINTR; -EPROTO: one of them failed. */
static int prove(const struct rollout *r, enum proof_of of)
{
	int result = 0;

	for (size_t i = 0; i < servers_n; i++) {
		struct verdict *v = &r->verdict[i];

		if (!v->concerned)
			continue;
		if (of == PROOF_OF_PLAN && interrupted)
			return -EINTR;
		judge(r, &servers[i], of, v);
		v->asked = true;
		if (v->proof == PROOF_FAILED)
			result = -EPROTO;
	}
	report_verdicts(r);
	return result;
}

/* The files of a backup.  out: what they are; back: what that changed.  0 or -errno, and then
 * the backup stays unfinished. */
static int put_back(const struct world *w, const struct backup *b, struct outputs *out,
	struct changes *back, struct cpr_errors *e)
{
	_cleanup_(cpr_errors_clear) struct cpr_errors kept = {0};
	int rc = backup_outputs(w, b, out, &kept, e);

	for (size_t i = 0; i < kept.n; i++)
		cpr_say(4, "%s", kept.line[i]);
	if (rc == 0)
		rc = changes_find(w, out, back, e);
	if (rc == 0)
		rc = changes_publish(w, back, e);
	for (size_t i = 0; i < back->n; i++)
		if (back->change[i].written)
			cpr_say(6, "put back '%s'", back->change[i].o->path);
	return rc;
}

/* After a failure.  Returns the exit status. */
static int undo(struct rollout *r, int why, bool applied)
{
	_cleanup_(outputs_clear) struct outputs out = {0};
	_cleanup_(changes_clear) struct changes back = {0};
	struct cpr_errors e = {0};
	int rc;

	if (!r->backup) {
		cpr_say(3,
			"%s; only root may keep what was there before, so nothing of it "
			"is put back: mend the above, and run again",
			why == -EINTR ? "interrupted" : "that failed");
		return CPR_EXIT_FAILED;
	}
	cpr_say(4, "%s; putting back what was there before",
		why == -EINTR ? "interrupted" : "that failed");
	rc = put_back(r->w, r->backup, &out, &back, &e);
	if (rc == 0 && !r->o->no_reload)
		rc = tell(r, &back, true, &e);
	cpr_say_errors(&e);
	if (rc < 0) {
		cpr_say(3,
			"not all of it could be put back: mend the above, then run "
			"'cpr-conf rollback'; what was there is %s",
			backup_path(r->backup));
		return CPR_EXIT_FAILED;
	}
	r->rolled_back = true;
	rc = applied ? prove(r, PROOF_OF_LIFE) : 0;
	backup_drop(r->w, r->backup);
	if (rc < 0) {
		cpr_say(3,
			"the old files are back, but a server does not answer with them "
			"either, see above");
		return CPR_EXIT_FAILED;
	}
	cpr_say(4, "rolled back: the old files %s",
		applied ? "serve again" : "are in place");
	return applied ? CPR_EXIT_ROLLED_BACK : CPR_EXIT_FAILED;
}

static int finish(struct rollout *r, struct cpr_errors *e)
{
	int rc = !r->backup   ? 0
		 : r->o->undo ? backup_drop(r->w, r->backup)
			      : backup_finish(r->w, r->backup);

	if (rc == 0 && r->o->undo)
		rc = backup_drop(r->w, r->o->undo);
	if (rc < 0)
		cpr_errors_add(e, backup_path(r->backup), 0,
			"all is done and in force, but this cannot be closed: %s; the next "
			"run would undo it",
			strerror(-rc));
	return rc < 0 ? CPR_EXIT_FAILED : CPR_EXIT_OK;
}

/* Steps 4 to 7. */
static int carry_out(struct rollout *r, struct cpr_errors *e)
{
	bool applied = false;
	int rc = interrupted ? -EINTR : changes_publish(r->w, &r->c, e);

	report_changes(r);
	if (rc == 0 && interrupted)
		rc = -EINTR;
	if (rc == 0)
		report_todo(r);
	if (rc == 0 && !r->o->no_reload) {
		applied = true;
		rc = tell(r, &r->c, false, e);
		/* after a rollback the plan is what the next generate would do */
		if (rc == 0)
			rc = prove(r, r->o->undo ? PROOF_OF_LIFE : PROOF_OF_PLAN);
	}
	if (rc == 0)
		return finish(r, e);
	cpr_say_errors(e);
	return undo(r, rc, applied);
}

static int apply(struct rollout *r, struct cpr_errors *e)
{
	struct sigaction old[4];
	int rc;

	if (!r->c.any) {
		rc = changes_publish(r->w, &r->c, e); /* the record, where it was lost */
		report_changes(r);
		report_needs(r);
		/* put back by hand: the next rollback is one more back */
		if (rc == 0 && r->o->undo)
			rc = backup_drop(r->w, r->o->undo);
		return rc < 0 ? CPR_EXIT_FAILED : CPR_EXIT_OK;
	}
	rc = look_before(r);
	if (rc < 0)
		return rollout_exit(rc, e);
	interrupted = 0;
	hold_signals(old, false);
	rc = backup_make(r->w, &r->c, &r->backup, e);
	rc = rc < 0 ? CPR_EXIT_FAILED : carry_out(r, e);
	hold_signals(old, true);
	return rc;
}

int rollout_exit(int rc, const struct cpr_errors *e)
{
	if (rc == -ENOMEM && !e->n)
		cpr_say(3, "out of memory");
	return rc == -EINVAL ? CPR_EXIT_INVALID : CPR_EXIT_FAILED;
}

int rollout(const struct world *w, const struct outputs *out,
	const struct rollout_options *o, struct cpr_errors *e)
{
	_cleanup_(rollout_clear) struct rollout r = {.w = w, .out = out, .o = o};
	int rc = changes_find(w, out, &r.c, e), printed;

	if (rc == 0)
		rc = servers_check(w, &r.c, e);
	if (rc == 0 && o->diff)
		rc = changes_diff(&r.c, e);
	if (rc == 0)
		rc = look_at_servers(&r);
	if (rc < 0)
		return rollout_exit(rc, e);
	look_for_needs(&r);
	if (o->check)
		report_changes(&r);
	rc = o->check ? CPR_EXIT_OK : apply(&r, e);
	printed = o->json ? report_json(&r) : CPR_EXIT_OK;
	if (rc == CPR_EXIT_OK)
		rc = printed;
	return rc == CPR_EXIT_OK && o->check && (r.c.any || o->cut_off) ? CPR_EXIT_PENDING
									: rc;
}

/* Returns an enum cpr_exit.  The servers are told of the whole way back, for it is not known
 * how much of the killed run they have seen. */
static int recover(
	const struct world *w, struct backup *b, const struct rollout_options *o)
{
	_cleanup_(outputs_clear) struct outputs out = {0};
	_cleanup_(changes_clear) struct changes back = {0};
	_cleanup_(rollout_clear) struct rollout r = {.w = w, .o = o, .out = &out};
	struct cpr_errors e = {0};
	int rc, told = 0;

	cpr_say(4, "the last run was cut off; what it did is undone first, from %s",
		backup_path(b));
	backup_sweep(w, b);
	rc = put_back(w, b, &out, &back, &e);
	if (rc == 0)
		rc = backup_way_back(b, &out, &r.c);
	/* a restart ends first what runs: not while the admin's own part is broken */
	if (rc == 0 && !o->no_reload)
		rc = servers_check(w, &r.c, &e);
	if (rc == 0)
		rc = look_at_servers(&r);
	if (rc == 0) {
		report_todo(&r);
		if (!o->no_reload)
			told = tell(&r, &r.c, true, &e);
		if (told == 0 && !o->no_reload)
			told = prove(&r, PROOF_OF_LIFE);
		/* a server that refuses must not keep every later run from mending it */
		rc = backup_drop(w, b);
	}
	cpr_say_errors(&e);
	if (rc < 0)
		cpr_say(3, "%s is not undone (%s): mend that, and run again",
			backup_path(b), strerror(-rc));
	else if (told < 0)
		cpr_say(3, "the old files are back, but a server does not serve with "
			   "them, see above: mend that, and run again");
	return rc < 0 || told < 0 ? CPR_EXIT_FAILED : CPR_EXIT_OK;
}

/* *found: there was a run that was killed; with `check` it is left as it is.  Returns an enum
 * cpr_exit. */
static int look_for_killed(
	const struct world *w, const struct rollout_options *o, bool *found)
{
	_cleanup_(backup_freep) struct backup *b = NULL;
	struct cpr_errors e = {0};
	int rc = backup_find(w, true, &b, &e);

	*found = rc == 0;
	if (rc == -EACCES && geteuid() != 0) {
		/* root's, and this is the user that imports firmware: not its business */
		cpr_errors_clear(&e);
		return CPR_EXIT_OK;
	}
	cpr_say_errors(&e);
	if (rc < 0)
		return rc == -ENOENT ? CPR_EXIT_OK : CPR_EXIT_FAILED;
	if (!o->check)
		return recover(w, b, o);
	cpr_say(4,
		"a run was cut off, or is at work: %s; the next generate undoes it first",
		backup_path(b));
	return CPR_EXIT_OK;
}

int rollout_begin(const struct common *c, struct rollout_options *o, struct world **out)
{
	_cleanup_(world_freep) struct world *w = NULL;
	struct common how = *c;
	bool found;
	int rc;

	o->json = c->json;
	if (o->diff && o->json) {
		cpr_say(3, "--diff and --json both print on stdout: choose one");
		return CPR_EXIT_USAGE;
	}
	how.lock = !o->check;
	rc = world_read(&how, &w);
	if (rc == CPR_EXIT_OK)
		rc = look_for_killed(w, o, &found);
	if (rc != CPR_EXIT_OK)
		return rc;
	o->cut_off = found;
	if (found && !o->check) {
		/* what was read is out of date */
		w = world_free(w);
		rc = world_read(&how, &w);
	}
	if (rc == CPR_EXIT_OK)
		*out = TAKE_PTR(w);
	return rc;
}
