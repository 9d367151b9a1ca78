/* cpr-conf uninstall: all that was generated for servers shall be gone, and a rollout of that.
 * The servers are left to the admin, who has lines of his own to take out. */
#include "cleanup.h"
#include "cli/cli.h"
#include "commands.h"
#include "emit.h"
#include "errors.h"
#include "retire.h"
#include "rollout.h"
#include "seen.h"
#include "site.h"
#include "world.h"

#include <errno.h>

static int uninstall(const struct world *w, const struct rollout_arguments *a)
{
	_cleanup_(outputs_clear) struct outputs out = {0};
	struct cpr_errors e = {0};
	int r = retire(w, false, &out, &e);

	r = r < 0 ? rollout_exit(r, &e) : rollout(w, &out, &a->how, &e);
	if (r == CPR_EXIT_OK)
		cpr_say(6,
			"firmware, term files, OS79XX.TXT and XMLDefault.cnf.xml stay in %s, "
			"for phones live on them; 'cpr-conf rollback' undoes an uninstall",
			w->site->tftp_root);
	cpr_say_errors(&e);
	return r;
}

int cmd_uninstall(int argc, char **argv)
{
	static const struct argp argp = {.parser = rollout_parse,
		.children = rollout_children,
		.doc = "Take away what generate wrote for servers, and say what is left for "
		       "you to do; no server is restarted.\v"
		       "What phones fetch stays where it is, and so does a file that was "
		       "edited by hand.  Before " /* a missing include is no DHCP */
		       "/etc/kea/phone-cpr.json can go, the line that includes it has to, "
		       "and Kea has to know: without the file it does not start.  Do this "
		       "before you remove the package of the hook: without the library it "
		       "does not start either.\n\n"
		       "Exit status: 0 done; 1 a file cannot be read or written; 3 --check: "
		       "changes are pending; 4 a server needs one of the files yet, and "
		       "nothing was touched."};
	_cleanup_(world_freep) struct world *w = NULL;
	struct rollout_arguments a = {.common = {.judge = true}};
	int r;

	if (argp_parse(&argp, argc, argv, 0, NULL, &a))
		return CPR_EXIT_USAGE;
	a.how.no_reload = true;
	r = rollout_begin(&a.common, &a.how, &w);
	if (r == CPR_EXIT_OK)
		r = uninstall(w, &a);
	if (r == CPR_EXIT_OK && !a.how.check)
		cpr_seen_forget(w->base);
	return r;
}
