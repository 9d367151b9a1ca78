#include "command.h"

#include "cleanup.h"
#include "cli/bars.h"
#include "cli/cli.h"
#include "common.h"
#include "confine.h"
#include "errors.h"
#include "firmware.h"
#include "generate.h"
#include "intake.h"
#include "report.h"
#include "stage.h"

#include <argp.h>
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <sys/statvfs.h>

enum {
	OPT_REPLACE = 256,
	OPT_DRY_RUN,
	OPT_CONFINE,
};

static const struct argp_option options[] = {
	{"replace", OPT_REPLACE, NULL, 0,
		"replace files of the same name that hold other bytes; transfers under way "
		"finish with the old ones",
		0},
	{"dry-run", OPT_DRY_RUN, NULL, 0, "check everything, publish nothing", 0},
	{"confine", OPT_CONFINE, NULL, 0,
		"give up every right and most memory before the first package is opened; "
		"cpr-conf is then not run",
		0},
	{0},
};

static const char doc[] =
	"Check firmware packages and make their loads available in the TFTP root.\n\n"
	"A PACKAGE is a zip, tar, .cop.sgn, these in each other, a folder of files, or a "
	"file.  It is unpacked where no phone can see it.  Only when every list in it "
	"finds "
	"every file whole and under its own name, all of it is published; else nothing, "
	"and "
	"all reasons are given.  No phone is told to run what was imported: that is for "
	"the site file.\v"
	"Examples:\n"
	"  cpr-helper import cmterm-7941_7961-sccp.9-4-2SR3-1.zip\n"
	"  cpr-helper import --dry-run ~/Downloads/cisco/\n"
	"  cpr-helper import --json P0S3-8-12-00.zip | jq .packages[].loads\n\n"
	"Exit: 0 available, or there already; 1 the environment failed; 4 a package was "
	"refused, nothing of it was published; else as cpr-conf, which puts the term files "
	"and XMLDefault in place at the end.";

struct arguments {
	struct cpr_common common;
	char **package;
	size_t n;
	bool replace, dry_run, confine;
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	stop = number;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	(void)arg;
	switch (key) {
	case OPT_REPLACE:
		a->replace = true;
		break;
	case OPT_DRY_RUN:
		a->dry_run = true;
		break;
	case OPT_CONFINE:
		a->confine = true;
		break;
	case ARGP_KEY_INIT:
		for (size_t i = 0; i < 3; i++)
			state->child_inputs[i] = &a->common;
		break;
	case ARGP_KEY_ARGS:
		a->package = state->argv + state->next;
		a->n = (size_t)(state->argc - state->next);
		break;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "say what to import: a PACKAGE");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static void waiting(void)
{
	cpr_say(6, "another import is at work, waiting for it");
}

static int failed_root(const char *tftp_root, int error)
{
	_cleanup_(cpr_freep) char *private = NULL;
	bool denied = error == -EACCES || error == -EPERM;

	if (asprintf(&private, "%s/" CPR_PRIVATE_DIR, tftp_root) < 0)
	private = NULL;
	if (error == -ENOENT || error == -ENOTDIR)
		cpr_say(3,
			"TFTP root '%s' is not there: make it, or set tftp-root in the "
			"site file",
			tftp_root);
	else if (error == -EBUSY)
		cpr_say(3, "another import has been at work in '%s' for 30 s, try later",
			tftp_root);
	else if (error == -EINTR)
		cpr_say(3, "interrupted, nothing was published");
	else if (error == -EEXIST)
		cpr_say(3,
			"'%s/" CPR_PRIVATE_DIR
			"' is no folder, but ours must have that name: "
			"move it away",
			tftp_root);
	else if (denied && private && access(private, F_OK) == 0)
		cpr_say(3, "'%s': %s, run this as root or as the user to whom it belongs",
			private, strerror(-error));
	else if (denied)
		cpr_say(3, "TFTP root '%s': %s, give this user write permission",
			tftp_root, strerror(-error));
	else
		cpr_say(3, "TFTP root '%s': %s, nothing was published", tftp_root,
			strerror(-error));
	return CPR_EXIT_FAILED;
}

static int failed_package(const char *tftp_root, const char *package, int error)
{
	struct statvfs vfs;

	if (error == -EINTR)
		cpr_say(3, "%s: interrupted, nothing of it was published", package);
	else if ((error == -ENOSPC || error == -EDQUOT) && statvfs(tftp_root, &vfs) == 0)
		cpr_say(3,
			"%s: no room in '%s' (%ju MiB free), nothing of it was "
			"published: make room and import it again",
			package, tftp_root,
			(uintmax_t)vfs.f_bavail * vfs.f_frsize / (1024 * 1024));
	else if (error == -EPERM || error == -EACCES)
		cpr_say(3,
			"%s: %s below '%s', nothing of it was published: run this as root "
			"or as the user to whom the files there belong",
			package, strerror(-error), tftp_root);
	else
		cpr_say(3, "%s: %s below '%s', nothing of it was published", package,
			strerror(-error), tftp_root);
	return CPR_EXIT_FAILED;
}

static int import_all(const struct arguments *a, const char *tftp_root,
	struct cpr_stage *stage, struct cpr_intake *in, size_t *done)
{
	_cleanup_(cpr_bars_freep) struct cpr_bars *bars = NULL;
	_cleanup_(cpr_closep) int base = cpr_common_base(&a->common);
	struct cpr_intake_options o = {
		.tftp_root = tftp_root,
		.base = base,
		.replace = a->replace,
		.dry_run = a->dry_run,
		.stop = &stop,
	};
	int status = CPR_EXIT_OK;

	if (cpr_bars_new(&bars, STDERR_FILENO) == 0)
		o.bars = bars;
	for (; *done < a->n; (*done)++) {
		const char *package = a->package[*done];
		int r = cpr_intake(&in[*done], package, stage, &o);

		for (size_t i = 0; i < in[*done].refused.n; i++)
			cpr_say(3, "%s", in[*done].refused.line[i]);
		if (in[*done].refused.lost)
			r = -ENOMEM;
		if (r < 0) {
			(*done)++;
			return failed_package(tftp_root, package, r);
		}
		if (!in[*done].accepted)
			status = CPR_EXIT_INVALID;
		if (!a->common.json)
			cpr_intake_report_text(&in[*done], a->dry_run);
	}
	return status;
}

static int import_into(const struct arguments *a, const char *tftp_root)
{
	_cleanup_(cpr_stage_close) struct cpr_stage stage;
	_cleanup_(cpr_freep) struct cpr_intake *in = calloc(a->n, sizeof(*in));
	bool accepted = false;
	size_t done = 0;
	int r = cpr_stage_open(tftp_root, &stage, waiting, &stop), status, after;

	if (r < 0 || !in)
		return failed_root(tftp_root, r < 0 ? r : -ENOMEM);
	status = import_all(a, tftp_root, &stage, in, &done);
	if (a->common.json && cpr_intake_report_json(in, done) < 0)
		status = CPR_EXIT_FAILED;
	for (size_t i = 0; i < done; i++) {
		accepted |= in[i].accepted;
		cpr_intake_clear(&in[i]);
	}
	/* also when all was there already: a run before this one may have ended here */
	after = accepted && !a->dry_run && !a->confine ? cpr_generate(&a->common)
						       : CPR_EXIT_OK;
	return status == CPR_EXIT_OK ? after : status;
}

int cpr_command_import(int argc, char **argv)
{
	static const struct argp_child children[] = {{&cpr_site_argp, 0, NULL, 0},
		{&cpr_root_argp, 0, NULL, 0}, {&cpr_json_argp, 0, NULL, 0}, {0}};
	static const struct argp argp = {
		options, parse, "PACKAGE...", doc, children, NULL, NULL};
	_cleanup_(cpr_freep) char *tftp_root = NULL;
	struct arguments a = {0};
	struct sigaction action = {.sa_handler = on_signal};
	int r;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	/* Or libarchive cannot read the names of a zip that are marked as UTF-8. */
	setlocale(LC_CTYPE, "C.UTF-8");
	r = cpr_common_tftp_root(&a.common, &tftp_root);
	if (r != CPR_EXIT_OK)
		return r;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	r = a.confine ? cpr_confine() : 0;
	if (r < 0) {
		cpr_say(3, "cannot give up rights: %s, nothing was opened", strerror(-r));
		return CPR_EXIT_FAILED;
	}
	return import_into(&a, tftp_root);
}
