/* cpr-helper remove: first nothing tells phones of the load any more, then it goes. */
#include "cleanup.h"
#include "cli/cli.h"
#include "command.h"
#include "common.h"
#include "firmware.h"
#include "generate.h"
#include "guess.h"
#include "removal.h"
#include "seen.h"
#include "stage.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
	OPT_DRY_RUN = 256,
};

static const struct argp_option options[] = {
	{"dry-run", OPT_DRY_RUN, NULL, 0, "say what would go, remove nothing", 0},
	{0},
};

static const char doc[] =
	"Take a load out of the TFTP root: its list, its term files, and the images that no "
	"other list names.\n\n"
	"LOAD is the name of the .loads file, with or without that ending, or of a load "
	"that is a single image.  First XMLDefault and the term files stop telling phones "
	"of it, as another complete load of the same protocol takes its place where there "
	"is one.  A transfer under way finishes.  A load that the site file pins is refused. "
	" What was cut off is completed when it is run again.\v"
	"Examples:\n"
	"  cpr-helper remove --dry-run SCCP41.8-5-2S\n"
	"  cpr-helper remove SCCP41.8-5-2S\n\n"
	"Exit: 0 removed; 1 the environment failed; 4 there is no such load, the site file "
	"pins it or is wrong, and nothing was removed; else as cpr-conf.";

struct arguments {
	struct cpr_common common;
	char *load;
	bool dry_run;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case OPT_DRY_RUN:
		a->dry_run = true;
		break;
	case ARGP_KEY_INIT:
		for (size_t i = 0; i < 3; i++)
			state->child_inputs[i] = &a->common;
		break;
	case ARGP_KEY_ARG:
		if (a->load)
			argp_error(state, "one load at a time: '%s' is too much", arg);
		a->load = arg;
		break;
	case ARGP_KEY_END:
		if (!a->load)
			argp_error(state, "say what to remove: a LOAD");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static void waiting(void)
{
	cpr_say(6, "an import is at work, waiting for it");
}

static int failed(const char *what, int error)
{
	cpr_say(3, "%s: %s%s", what, strerror(-error),
		error == -EACCES || error == -EPERM
			? ": run this as root or as the user to whom it belongs"
		: error == -EBUSY
			? ": an import has been at work in it for 30 s, try later"
			: "");
	return CPR_EXIT_FAILED;
}

static const char *load_name(const void *context, size_t i)
{
	const struct cpr_firmware *f = context;

	return f->load[i].name;
}

static int unknown(const struct cpr_firmware *f, const char *load)
{
	const char *meant = cpr_guess(load, load_name, f, f->load_n);

	if (meant)
		cpr_say(3, "there is no load '%s' in '%s'; did you mean '%s'?", load,
			f->root, meant);
	else
		cpr_say(3,
			"there is no load '%s' in '%s'; 'cpr-conf plan' and the .loads "
			"files there name them",
			load, f->root);
	return CPR_EXIT_INVALID;
}

static void report_text(const struct cpr_removal *r, bool dry_run)
{
	const char *gone = dry_run ? "would go" : "removed";

	printf("%s: %s\n", r->load, gone);
	for (size_t i = 0; i < r->term_n; i++)
		printf("  %s: term file %s\n", gone, r->term[i]);
	for (size_t i = 0; i < r->gone_n; i++)
		printf("  %s: %s\n", gone, r->gone[i]);
	for (size_t i = 0; i < r->kept_n; i++)
		printf("  kept: %s, %s names it, too\n", r->kept[i].name, r->kept[i].by);
}

static int report_json(const struct cpr_removal *r)
{
	json_t *gone = json_array(), *terms = json_array(), *kept = json_array(), *top;
	int failed;

	for (size_t i = 0; i < r->gone_n; i++)
		json_array_append_new(gone, json_string(r->gone[i]));
	for (size_t i = 0; i < r->term_n; i++)
		json_array_append_new(terms, json_string(r->term[i]));
	for (size_t i = 0; i < r->kept_n; i++)
		json_array_append_new(
			kept, json_pack("{s:s, s:s}", "name", r->kept[i].name,
				      "needed_by", r->kept[i].by));
	top = json_pack("{s:s, s:o, s:o, s:o}", "load", r->load, "removed", gone, "terms",
		terms, "kept", kept);
	failed = !top || json_dumpf(top, stdout, JSON_INDENT(2)) < 0;
	json_decref(top);
	putchar('\n');
	return failed || fflush(stdout) ? CPR_EXIT_FAILED : CPR_EXIT_OK;
}

/* Where no XMLDefault is, none names it; making one is not what was asked for. */
static int forget(const struct arguments *a, const struct cpr_stage *stage)
{
	struct stat st;
	bool xmldefault =
		fstatat(stage->root, "XMLDefault.cnf.xml", &st, AT_SYMLINK_NOFOLLOW) == 0;
	int status = cpr_generate_without(&a->common, a->load, xmldefault, a->dry_run);

	if (status != CPR_EXIT_OK)
		cpr_say(3, "%s: nothing was removed, because of what was said before",
			a->load);
	return status;
}

/* What there is of it now. */
static int look(const struct arguments *a, const struct cpr_stage *stage,
	const char *tftp_root, struct cpr_firmware **f, struct cpr_removal *removal)
{
	_cleanup_(cpr_closep) int base = cpr_common_base(&a->common);
	_cleanup_(cpr_firmware_freep) struct cpr_firmware *known = cpr_seen_read(base);
	int r;

	cpr_firmware_freep(f);
	*f = NULL;
	cpr_removal_clear(removal);
	r = cpr_firmware_scan_known(tftp_root, known, f, NULL);
	return r < 0 ? r : cpr_removal_plan(stage, *f, a->load, removal);
}

static int remove_from(const struct arguments *a, const char *tftp_root)
{
	_cleanup_(cpr_stage_close) struct cpr_stage stage;
	_cleanup_(cpr_firmware_freep) struct cpr_firmware *f = NULL;
	_cleanup_(cpr_removal_clear) struct cpr_removal removal = {0};
	int r = cpr_stage_open(tftp_root, &stage, waiting, NULL), status;

	if (r == 0)
		r = look(a, &stage, tftp_root, &f, &removal);
	if (r < 0)
		return failed(tftp_root, r);
	if (!removal.known)
		return unknown(f, a->load);
	status = forget(a, &stage);
	if (status != CPR_EXIT_OK)
		return status;
	/* The links in other spellings are cpr-conf's, and it may have made or removed some. */
	if (!a->dry_run)
		r = look(a, &stage, tftp_root, &f, &removal);
	if (!a->dry_run && r == 0)
		r = cpr_removal_carry_out(&stage, &removal);
	if (r < 0) {
		cpr_say(3,
			"%s: %s; no phone is told of it any more, but some of its files "
			"are there yet: run this again, as root or as the user to whom "
			"they belong",
			a->load, strerror(-r));
		return CPR_EXIT_FAILED;
	}
	if (a->common.json)
		return report_json(&removal);
	report_text(&removal, a->dry_run);
	return CPR_EXIT_OK;
}

int cpr_command_remove(int argc, char **argv)
{
	static const struct argp_child children[] = {{&cpr_site_argp, 0, NULL, 0},
		{&cpr_root_argp, 0, NULL, 0}, {&cpr_json_argp, 0, NULL, 0}, {0}};
	static const struct argp argp = {
		options, parse, "LOAD", doc, children, NULL, NULL};
	_cleanup_(cpr_freep) char *tftp_root = NULL;
	struct arguments a = {0};
	size_t n;
	int r;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	n = strlen(a.load);
	if (n > 6 && !strcmp(a.load + n - 6, ".loads"))
		a.load[n - 6] = 0;
	r = cpr_common_tftp_root(&a.common, &tftp_root);
	return r == CPR_EXIT_OK ? remove_from(&a, tftp_root) : r;
}
