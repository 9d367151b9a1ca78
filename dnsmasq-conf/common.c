/* What the commands share: options, the table of models, JSON. */
#include "cleanup.h"
#include "cli/cli.h"
#include "commands.h"
#include "firmware.h"
#include "models.h"
#include "plan.h"
#include "rollout.h"
#include "site.h"
#include "text.h"
#include "world.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum {
	OPT_SITE = 256,
	OPT_ROOT,
	OPT_JSON,
	OPT_CHECK,
	OPT_DIFF,
	OPT_NO_RELOAD
};

static const struct argp_option common_options[] = {
	{"site", OPT_SITE, "FILE", 0, "the site file; default " CPR_SITE_FILE, 10},
	{"root", OPT_ROOT, "DIR", 0, "take all absolute paths below DIR", 10},
	{"json", OPT_JSON, NULL, 0, "print JSON", 10},
	{0},
};
static const struct argp_option json_options[] = {
	{"json", OPT_JSON, NULL, 0, "print JSON", 10},
	{0},
};

static const struct argp_option rollout_options[] = {
	{"check", OPT_CHECK, NULL, 0, "write nothing; exit 3 when changes are pending",
		0},
	{"diff", OPT_DIFF, NULL, 0, "show the changes as a unified diff", 0},
	{"no-reload", OPT_NO_RELOAD, NULL, 0,
		"leave the servers alone, and say what is to be done with them", 0},
	{0},
};

static error_t parse_rollout(int key, char *arg, struct argp_state *state)
{
	struct rollout_options *o = state->input;

	(void)arg;
	switch (key) {
	case OPT_CHECK:
		o->check = true;
		return 0;
	case OPT_DIFF:
		o->diff = true;
		return 0;
	case OPT_NO_RELOAD:
		o->no_reload = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp rollout_argp = {.options = rollout_options, .parser = parse_rollout};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct common *c = state->input;

	switch (key) {
	case OPT_SITE:
		c->site = arg;
		return 0;
	case OPT_ROOT:
		c->root = arg;
		return 0;
	case OPT_JSON:
		c->json = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Of commands that take options alone. */
static error_t parse_all(int key, char *arg, struct argp_state *state)
{
	if (key == ARGP_KEY_ARG)
		argp_error(state, "'%s' is too much: it takes no argument", arg);
	return parse(key, arg, state);
}

const struct argp common_argp = {.options = common_options, .parser = parse_all};

const struct argp_child rollout_children[] = {
	{&rollout_argp, 0, NULL, 0}, {&common_argp, 0, NULL, 0}, {0}};

error_t rollout_parse(int key, char *arg, struct argp_state *state)
{
	struct rollout_arguments *a = state->input;

	(void)arg;
	if (key != ARGP_KEY_INIT)
		return ARGP_ERR_UNKNOWN;
	state->child_inputs[0] = &a->how;
	state->child_inputs[1] = &a->common;
	return 0;
}
const struct argp json_argp = {.options = json_options, .parser = parse};

/* What the model will speak: its load's protocol, or that of the load it recovers with. */
static const char *protocol_of(const struct cpr_plan_model *m)
{
	const struct cpr_load *l = m->load ? m->load : m->recovery;

	return l ? cpr_protocol_name(l->protocol) : "";
}

struct json_t *text_json(const char *text)
{
	json_t *j = json_string(text);
	_cleanup_(cpr_freep) char *copy = j ? NULL : strdup(text);

	if (!copy)
		return j;
	cpr_text_printable(copy, "");
	return json_string(copy);
}

static json_t *string_or_null(const char *s)
{
	return s && *s ? text_json(s) : json_null();
}

struct json_t *models_json(const struct cpr_plan *plan)
{
	json_t *all = json_array();

	for (size_t i = 0; i < plan->model_n; i++) {
		const struct cpr_plan_model *m = &plan->model[i];
		json_t *missing = json_array();

		for (size_t k = 0; k < m->missing_n; k++)
			json_array_append_new(missing, json_string(m->missing[k]));
		json_array_append_new(all,
			json_pack("{s:s, s:i, s:b, s:o, s:o, s:o, s:o}", "model",
				m->model->model, "device_id", (int)m->model->device_id,
				"recoverable", m->recoverable, "recovery_file",
				string_or_null(m->recovery_file), "load",
				string_or_null(m->load_name), "protocol",
				string_or_null(protocol_of(m)), "missing", missing));
	}
	return all;
}

/* "by term61.default.loads", of which load where XMLDefault names another one. */
static void print_recovery(const struct cpr_plan_model *m)
{
	const struct cpr_load *r = m->recovery;
	const char *name = r && r->twin ? r->twin->name : r ? r->name : "";

	if (!m->recoverable) {
		printf("missing: ");
		for (size_t i = 0; i < m->missing_n; i++)
			printf("%s%s", i ? ", " : "", m->missing[i]);
	} else if (!m->recovery_file) {
		printf("by the load that XMLDefault.cnf.xml names");
	} else if (r == m->load || (r->twin && r->twin == m->load)) {
		printf("by %s", m->recovery_file);
	} else {
		printf("by %s of %s", m->recovery_file, name);
	}
	putchar('\n');
}

void models_table(const struct cpr_plan *plan)
{
	if (!plan->model_n) {
		printf("no firmware in %s\n", plan->site->tftp_root);
		return;
	}
	printf("%-10s %-9s %-26s %s\n", "MODEL", "RECOVERS", "LOAD", "HOW");
	for (size_t i = 0; i < plan->model_n; i++) {
		const struct cpr_plan_model *m = &plan->model[i];

		printf("%-10s %-9s %-26s ", m->model->model,
			m->recoverable ? "yes" : "NO", m->load_name ? m->load_name : "-");
		print_recovery(m);
	}
}

int print_json(struct json_t *j, size_t flags)
{
	int r = j ? json_dumpf(j, stdout, flags) : -1;

	if (r == 0)
		putchar('\n');
	json_decref(j);
	if (r == 0 && fflush(stdout) == 0)
		return CPR_EXIT_OK;
	cpr_say(3, "cannot print: %s", strerror(errno ? errno : ENOMEM));
	return CPR_EXIT_FAILED;
}
