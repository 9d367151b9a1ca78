/* cpr-conf rollback: the newest backup's files as candidates, and a rollout of them. */
#include "backup.h"
#include "cleanup.h"
#include "cli/cli.h"
#include "commands.h"
#include "emit.h"
#include "errors.h"
#include "rollout.h"
#include "world.h"

#include <errno.h>
#include <string.h>

/* A file that somebody changed since is worth more than the whole of the rest. */
static int put_back(const struct world *w, struct rollout_arguments *a, struct backup *b,
	struct cpr_errors *e)
{
	_cleanup_(outputs_clear) struct outputs out = {0};
	size_t before = e->n;
	int r = backup_outputs(w, b, &out, e, e);

	if (r < 0)
		return rollout_exit(r, e);
	if (e->n > before) {
		cpr_say(3, "nothing was touched: move these files away, or put them back "
			   "by hand");
		return CPR_EXIT_INVALID;
	}
	a->how.undo = b;
	return rollout(w, &out, &a->how, e);
}

static int rollback(const struct world *w, struct rollout_arguments *a)
{
	_cleanup_(backup_freep) struct backup *b = NULL;
	struct cpr_errors e = {0};
	int r;

	if (a->how.cut_off && !a->how.check) {
		cpr_say(6, "that was the newest run; run again to go back one more");
		return CPR_EXIT_OK;
	}
	r = backup_find(w, false, &b, &e);
	if (r == -ENOENT && !e.n) {
		cpr_say(3,
			"there is nothing to go back to: " BACKUP_DIR " holds no backup");
		return CPR_EXIT_FAILED;
	}
	if (r == 0) {
		cpr_say(6, "going back to what stood before %s", backup_path(b));
		r = put_back(w, a, b, &e);
	} else {
		r = CPR_EXIT_FAILED;
	}
	cpr_say_errors(&e);
	if (r == CPR_EXIT_OK && !a->how.check)
		cpr_say(4,
			"the site file still says what it said: mend it before the next "
			"generate");
	return r;
}

int cmd_rollback(int argc, char **argv)
{
	static const struct argp argp = {.parser = rollout_parse,
		.children = rollout_children,
		.doc = "Put back what the last generate replaced, and tell the servers.\v"
		       "Each run that changed anything is one step; a second rollback goes "
		       "back one more, never forth again: for that there is generate.  A "
		       "file that was changed since is not overwritten; nothing is then.\n\n"
		       "Exit status: 0 done; 1 there is no backup, or a file cannot be read "
		       "or written; 3 --check: changes are pending; 4 nothing was touched; "
		       "5 a server did not answer rightly, and all is as it was before.\n\n"
		       "Examples:\n"
		       "  cpr-conf rollback --check --diff\n"
		       "  cpr-conf rollback"};
	_cleanup_(world_freep) struct world *w = NULL;
	struct rollout_arguments a = {.common = {.judge = true}};
	int r;

	if (argp_parse(&argp, argc, argv, 0, NULL, &a))
		return CPR_EXIT_USAGE;
	r = rollout_begin(&a.common, &a.how, &w);
	return r == CPR_EXIT_OK ? rollback(w, &a) : r;
}
