/* cpr-conf models: the model table, and which model a vendor class stands for. */
#include "cleanup.h"
#include "cli/cli.h"
#include "commands.h"
#include "models.h"
#include "plan.h"
#include "vendor.h"
#include "world.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum {
	OPT_MARKDOWN = 256,
	OPT_VENDOR_CLASS
};

struct arguments {
	struct common common;
	bool markdown;
	const char *vendor_class;
};

static const struct argp_option options[] = {
	{"markdown", OPT_MARKDOWN, NULL, 0, "print a Markdown table", 0},
	{"vendor-class", OPT_VENDOR_CLASS, "STRING", 0,
		"print the model that sends this DHCP option 60; exit 6 when no phone does",
		0},
	{0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->common;
		return 0;
	case OPT_MARKDOWN:
		a->markdown = true;
		return 0;
	case OPT_VENDOR_CLASS:
		a->vendor_class = arg;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is too much: it takes no argument", arg);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

static json_t *or_null(const char *s)
{
	return s && *s ? text_json(s) : json_null();
}

static int print_all_json(void)
{
	json_t *all = json_array();

	for (size_t i = 0; i < cpr_models_n; i++) {
		const struct cpr_model *m = &cpr_models[i];

		json_array_append_new(
			all, json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:o}", "device_id",
				     (int)m->device_id, "name", or_null(m->name), "model",
				     or_null(m->model), "vendor_class",
				     or_null(m->vendor_class), "loads_sccp",
				     or_null(m->loads_sccp), "loads_sip",
				     or_null(m->loads_sip), "recovery_file",
				     or_null(cpr_recovery_file(m))));
	}
	return print_json(all, JSON_INDENT(2));
}

/* Two prefixes of loads as one cell. */
static const char *prefixes(const struct cpr_model *m, char out[128])
{
	snprintf(out, 128, "%s%s%s", or_empty(m->loads_sccp),
		m->loads_sccp && m->loads_sip ? " " : "", or_empty(m->loads_sip));
	return out;
}

static void print_row(bool markdown, const char *id, const char *model,
	const char *vendor_class, const char *asks, const char *loads)
{
	if (markdown)
		printf("| %s | %s | %s | %s | %s |\n", id, model, vendor_class, asks,
			loads);
	else
		printf("%-6s %-14s %-14s %-22s %s\n", id, model, vendor_class, asks,
			loads);
}

static int print_all(bool markdown)
{
	print_row(markdown, "ID", "MODEL", "VENDOR CLASS", "WIPED, ASKS FOR", "LOADS");
	if (markdown)
		printf("|---|---|---|---|---|\n");
	for (size_t i = 0; i < cpr_models_n; i++) {
		const struct cpr_model *m = &cpr_models[i];
		char id[16], loads[128];

		snprintf(id, sizeof(id), "%u", m->device_id);
		print_row(markdown, id, or_empty(m->model), or_empty(m->vendor_class),
			or_empty(cpr_recovery_file(m)), prefixes(m, loads));
	}
	return CPR_EXIT_OK;
}

static int print_vendor(const struct arguments *a)
{
	struct cpr_vendor v;
	enum cpr_vendor_kind kind = cpr_vendor_parse(
		(const uint8_t *)a->vendor_class, strlen(a->vendor_class), &v);
	const char *name = v.model ? v.model->model : v.text;
	int r = CPR_EXIT_OK;

	if (a->common.json)
		r = print_json(
			json_pack("{s:o, s:b, s:b, s:o, s:o}", "vendor_class",
				text_json(a->vendor_class), "phone",
				kind != CPR_VENDOR_NOT_A_PHONE, "damaged",
				kind == CPR_VENDOR_DAMAGED, "model", or_null(name),
				"device_id",
				v.model ? json_integer(v.model->device_id) : json_null()),
			JSON_INDENT(2));
	else if (kind != CPR_VENDOR_NOT_A_PHONE)
		puts(*name ? name : "unknown");
	if (kind == CPR_VENDOR_NOT_A_PHONE)
		cpr_say(4, "no Cisco phone sends '%s'", a->vendor_class);
	else if (kind == CPR_VENDOR_DAMAGED)
		cpr_say(4, "this phone cannot read its own model: it is damaged");
	else if (!*name)
		cpr_say(4, "a Cisco phone that does not say which model it is");
	return r ? r : kind == CPR_VENDOR_NOT_A_PHONE ? CPR_EXIT_FINDINGS : CPR_EXIT_OK;
}

int cmd_models(int argc, char **argv)
{
	static const struct argp_child children[] = {{&json_argp, 0, NULL, 0}, {0}};
	static const struct argp argp = {.options = options,
		.parser = parse,
		.children = children,
		.doc = "Print the phone models that are known.\vAn empty cell is a gap: no "
		       "source tells.\n\nExamples:\n"
		       "  cpr-conf models\n"
		       "  cpr-conf models --vendor-class 'Cisco Systems, Inc. IP Phone "
		       "CP-7961G'"};
	struct arguments a = {0};

	if (argp_parse(&argp, argc, argv, 0, NULL, &a))
		return CPR_EXIT_USAGE;
	if (a.vendor_class)
		return print_vendor(&a);
	return a.common.json ? print_all_json() : print_all(a.markdown);
}
