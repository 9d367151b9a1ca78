/* cpr-conf generate: the emitters' candidates, and a rollout of them. */
#include "cleanup.h"
#include "cli/cli.h"
#include "commands.h"
#include "dnsmasq-lines.h"
#include "emit.h"
#include "firmware.h"
#include "guess.h"
#include "retire.h"
#include "rollout.h"
#include "seen.h"
#include "site.h"
#include "world.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	OPT_ONLY = 256,
	OPT_PRINT,
	OPT_FORGET,
	EMITTERS_MAX = 16,
	FORGET_MAX = 256
};

struct arguments {
	struct common common;
	struct rollout_options how;
	const struct emitter *only[EMITTERS_MAX];
	size_t only_n;
	const struct emitter *print;
	const char *forget[FORGET_MAX];
};

static const struct argp_option options[] = {
	{"only", OPT_ONLY, "EMITTER", 0, "this one only; may be given more than once", 0},
	{"print", OPT_PRINT, "EMITTER", 0, "print its files on stdout, write nothing", 0},
	{"forget", OPT_FORGET, "LOAD", 0,
		"as if this load were not there: neither XMLDefault nor a term file tells "
		"phones of it afterwards; may be given more than once",
		0},
	{0},
};

static const char *emitter_name(const void *context, size_t i)
{
	(void)context;
	return emitters[i].name;
}

static const struct emitter *find_emitter(struct argp_state *state, const char *name)
{
	const struct emitter *found = emitter_by_name(name);
	const char *meant = cpr_guess(name, emitter_name, NULL, emitters_n);

	if (!found && meant)
		argp_error(state, "no emitter '%s'; did you mean '%s'?", name, meant);
	else if (!found)
		argp_error(state, "no emitter '%s'; --help lists them", name);
	return found;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->how;
		state->child_inputs[1] = &a->common;
		return 0;
	case OPT_ONLY:
		if (a->only_n == EMITTERS_MAX)
			argp_error(state, "too many --only");
		else
			a->only[a->only_n++] = find_emitter(state, arg);
		return 0;
	case OPT_PRINT:
		a->print = find_emitter(state, arg);
		return 0;
	case OPT_FORGET:
		if (a->common.forget_n == FORGET_MAX)
			argp_error(state, "too many --forget");
		else
			a->forget[a->common.forget_n++] = arg;
		a->common.forget = a->forget;
		return 0;
	case ARGP_KEY_END:
		if (a->print &&
			(a->only_n || a->how.check || a->how.diff || a->common.json))
			argp_error(state, "--print goes with none of --only, --check, "
					  "--diff and --json");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static bool asked_for(const struct arguments *a, const struct emitter *emitter)
{
	if (a->print)
		return a->print == emitter;
	for (size_t i = 0; i < a->only_n; i++)
		if (a->only[i] == emitter)
			return true;
	return a->only_n == 0;
}

/* What dnsmasq has already, for its emitter.  0 or -ENOMEM. */
static int read_dnsmasq(
	const struct world *w, const struct arguments *a, struct dnsmasq_lines *lines)
{
	_cleanup_(cpr_errors_clear) struct cpr_errors unread = {0};
	int r = 0;

	if ((w->site->dnsmasq || a->print) && asked_for(a, emitter_by_name("dnsmasq")))
		r = dnsmasq_lines_read(w->base, lines, &unread);
	for (size_t i = 0; i < unread.n; i++)
		cpr_say(4, "%s", unread.line[i]);
	return r;
}

/* 0, -EINVAL (lines in e) or -ENOMEM. */
static int build(const struct world *w, const struct arguments *a, struct outputs *out,
	struct cpr_errors *e)
{
	_cleanup_(dnsmasq_lines_clear) struct dnsmasq_lines lines = {0};
	const struct emit_input in = {.plan = w->plan,
		.xmldefault = &w->xmldefault,
		.os79xx = &w->os79xx,
		.dnsmasq = &lines};
	size_t before = e->n;
	int r = read_dnsmasq(w, a, &lines);

	if (r < 0)
		return r;
	for (size_t i = 0; i < emitters_n; i++) {
		const struct emitter *one = &emitters[i];
		bool off = one->wanted && !one->wanted(w->site);

		if (!asked_for(a, one))
			continue;
		if (off && a->only_n)
			cpr_errors_add(e, site_name(w->site), 0,
				"%s is switched off: set %s", one->name, one->switch_on);
		if (off && a->print)
			cpr_say(6, "%s is switched off: set %s to have this written",
				one->name, one->switch_on);
		if (!off || a->print)
			one->emit(&in, out, e);
	}
	for (size_t i = 0; i < out->n; i++)
		out->failed = out->failed || out->output[i].text.failed;
	return out->failed ? -ENOMEM : e->n > before ? -EINVAL : 0;
}

/* Of half an inventory no more could be said than "nothing to change" of the half that is
 * known, or phones would be sent to something else.  Servers' own files are made without it. */
static bool knows_enough(const struct world *w, const struct arguments *a)
{
	bool firmware = false;

	for (size_t i = 0; i < emitters_n; i++)
		firmware =
			firmware || (!emitters[i].wanted && asked_for(a, &emitters[i]));
	if (!w->firmware->partial || !firmware)
		return true;
	cpr_say(3,
		"what cannot be read decides what phones are told, so nothing is done: "
		"see above");
	return false;
}

static int print_candidates(const struct outputs *out)
{
	for (size_t i = 0; i < out->n; i++) {
		const struct output *o = &out->output[i];

		if (o->kind == OUTPUT_LINK || o->kind == OUTPUT_SYMLINK)
			printf("# %s is a link to %s\n", o->path, o->from);
		else if (o->kind == OUTPUT_GONE)
			printf("# %s goes\n", o->path);
		else if (out->n > 1)
			printf("# %s:\n", o->path);
		if (o->kind == OUTPUT_TEXT)
			fwrite(o->text.data, 1, o->text.len, stdout);
	}
	return fflush(stdout) == 0 ? CPR_EXIT_OK : CPR_EXIT_FAILED;
}

/* With all emitters at work, what none of them makes any more goes. */
static int leave_out(const struct world *w, const struct arguments *a,
	struct outputs *out, struct cpr_errors *e)
{
	return a->only_n ? 0 : retire(w, true, out, e);
}

static int generate(const struct world *w, const struct arguments *a)
{
	_cleanup_(outputs_clear) struct outputs out = {0};
	struct cpr_errors e = {0};
	int r = build(w, a, &out, &e);

	if (r == 0 && !a->print)
		r = leave_out(w, a, &out, &e);
	if (r < 0)
		r = rollout_exit(r, &e);
	else
		r = a->print ? print_candidates(&out) : rollout(w, &out, &a->how, &e);
	cpr_say_errors(&e);
	return r;
}

/* The emitters as --help shows them; argp's filters want malloc'ed text. */
static char *help_filter(int key, const char *text, void *input)
{
	char *list, *grown;

	(void)input;
	if (key != ARGP_KEY_HELP_EXTRA)
		return (char *)text;
	list = strdup("");
	for (size_t i = 0; list && i < emitters_n; i++) {
		if (asprintf(&grown, "%s%s  %-12s%s", list, i ? "\n" : "Emitters:\n",
			    emitters[i].name, emitters[i].about) < 0)
			grown = NULL;
		free(list);
		list = grown;
	}
	return list;
}

int cmd_generate(int argc, char **argv)
{
	static const struct argp_child children[] = {
		{&rollout_argp, 0, NULL, 0}, {&common_argp, 0, NULL, 0}, {0}};
	static const struct argp argp = {.options = options,
		.parser = parse,
		.children = children,
		.help_filter = help_filter,
		.doc = "Write what the servers and the phones read, from the site file and "
		       "the firmware that is there.  All of it is built and checked before "
		       "the first file is written; what is right already is not touched.\v"
		       "With --root the files name paths without DIR, as they are seen "
		       "inside of it.  "
		       "A generated file that was edited by hand is not overwritten.  "
		       "XMLDefault.cnf.xml is yours: only its call managers and the "
		       "loadInformation lines of complete loads are changed in it.\n\n"
		       "Exit status: 0 done; 1 a file cannot be read or written; 3 "
		       "--check: "
		       "changes are pending; 4 something is wrong, and nothing was "
		       "touched; 5 a server did not answer rightly afterwards, and what "
		       "was there before serves again.\n\nExamples:\n"
		       "  cpr-conf generate --check --diff\n"
		       "  cpr-conf generate\n"
		       "  cpr-conf generate --only term --only xmldefault\n"
		       "  cpr-conf generate --print dnsmasq"};
	_cleanup_(world_freep) struct world *w = NULL;
	struct arguments a = {0};
	int r;

	if (argp_parse(&argp, argc, argv, 0, NULL, &a))
		return CPR_EXIT_USAGE;
	r = a.print ? world_read(&a.common, &w) : rollout_begin(&a.common, &a.how, &w);
	if (r == CPR_EXIT_OK)
		r = knows_enough(w, &a) ? generate(w, &a) : CPR_EXIT_FAILED;
	if (r == CPR_EXIT_OK && !a.print && !a.how.check)
		cpr_seen_keep(w->base, w->firmware);
	return r;
}
