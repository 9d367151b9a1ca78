/* cpr-conf verify, and cpr-conf plan: what the plan comes to, with and without judgement. */
#include "checks.h"
#include "cleanup.h"
#include "cli/cli.h"
#include "commands.h"
#include "firmware.h"
#include "models.h"
#include "observe.h"
#include "observed.h"
#include "plan.h"
#include "site.h"
#include "world.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <stdio.h>

enum {
	KEY_SERVERS = 512, /* no letter */
	KEY_KNOWN
};

struct arguments {
	struct common common;
	bool servers;
};

static error_t parse_verify(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->common;
		return 0;
	case KEY_KNOWN:
		a->common.fresh = false;
		return 0;
	case KEY_SERVERS:
		a->servers = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {{&common_argp, 0, NULL, 0}, {0}};

static json_t *findings_json(const struct cpr_findings *f)
{
	json_t *all = json_array();

	for (size_t i = 0; i < f->n; i++)
		json_array_append_new(all,
			json_pack("{s:s, s:s, s:o, s:o, s:s}", "id", f->finding[i].id,
				"severity", cpr_severity_name(f->finding[i].severity),
				"file", text_json(f->finding[i].file), "text",
				text_json(f->finding[i].text), "remedy",
				f->finding[i].remedy));
	return all;
}

static void print_findings(const struct cpr_findings *f)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct cpr_finding *one = &f->finding[i];

		printf("\n%s: %s%s%s (%s)\n    %s\n", cpr_severity_name(one->severity),
			one->file, one->file[0] ? ": " : "", one->text, one->id,
			one->remedy);
	}
}

static bool is_bad(const struct cpr_plan *plan, const struct cpr_findings *f)
{
	bool bad = f->lost;

	for (size_t i = 0; i < f->n; i++)
		bad = bad || f->finding[i].severity == CPR_ERROR;
	for (size_t i = 0; i < plan->model_n; i++)
		bad = bad || !plan->model[i].recoverable;
	return bad;
}

int cmd_verify(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"known", KEY_KNOWN, NULL, 0,
			"Do not read again what an earlier generate saw and what has its size and times since",
			0},
		{"servers", KEY_SERVERS, NULL, 0,
			"Fetch term files and lists from every TFTP server of the plan, and compare them with those here",
			0},
		{0}};
	static const struct argp argp = {.options = options,
		.parser = parse_verify,
		.children = children,
		.doc = "Say of each model whether a wiped phone of it would come back, and "
		       "what is wrong with the TFTP root.\vExit status: 0 all is well "
		       "(notes "
		       "and warnings do not count); 6 a model cannot recover, or a file is "
		       "damaged.\n\nExamples:\n"
		       "  cpr-conf verify\n"
		       "  cpr-conf verify --servers\n"
		       "  cpr-conf verify --json | jq -r '.findings[].file'\n"
		       "  cpr-conf verify --root /mnt/image"};
	_cleanup_(world_freep) struct world *w = NULL;
	_cleanup_(cpr_findings_clear) struct cpr_findings f = {0};
	_cleanup_(cpr_observed_clear) struct cpr_observed seen = {0};
	struct arguments a = {.common = {.judge = true, .fresh = true}};
	int r;

	if (argp_parse(&argp, argc, argv, 0, NULL, &a))
		return CPR_EXIT_USAGE;
	r = world_read(&a.common, &w);
	if (r != CPR_EXIT_OK)
		return r;
	observe(w, a.servers, &seen);
	cpr_checks_run(w->plan, &seen, &f);
	f.lost |= seen.lost;
	if (f.lost)
		cpr_say(3, "out of memory: there are more findings");
	if (a.common.json) {
		r = print_json(json_pack("{s:o, s:o}", "models", models_json(w->plan),
				       "findings", findings_json(&f)),
			JSON_INDENT(2));
	} else {
		models_table(w->plan);
		print_findings(&f);
	}
	return r                                   ? r
	       : w->refused || is_bad(w->plan, &f) ? CPR_EXIT_FINDINGS
						   : CPR_EXIT_OK;
}

static void address_text(const struct in_addr *a, char out[INET_ADDRSTRLEN])
{
	inet_ntop(AF_INET, a, out, INET_ADDRSTRLEN);
}

static json_t *addresses_json(const struct in_addr *a, size_t n)
{
	json_t *all = json_array();
	char text[INET_ADDRSTRLEN];

	for (size_t i = 0; i < n; i++) {
		address_text(&a[i], text);
		json_array_append_new(all, json_string(text));
	}
	return all;
}

static void print_addresses(const char *what, const struct in_addr *a, size_t n)
{
	char text[INET_ADDRSTRLEN];

	printf("%-14s", what);
	for (size_t i = 0; i < n; i++) {
		address_text(&a[i], text);
		printf("%s%s", i ? ", " : "", text);
	}
	printf("%s\n", n ? "" : "(not set)");
}

static json_t *plan_json(const struct cpr_plan *plan)
{
	const struct cpr_site *s = plan->site;
	json_t *networks = json_array();

	for (size_t i = 0; i < s->network_n; i++) {
		char prefix[INET_ADDRSTRLEN], text[INET_ADDRSTRLEN + 4];

		address_text(&s->network[i].prefix, prefix);
		snprintf(text, sizeof(text), "%s/%u", prefix, s->network[i].length);
		json_array_append_new(
			networks, json_pack("{s:s, s:o}", "prefix", text, "tftp_servers",
					  addresses_json(s->network[i].tftp_server,
						  s->network[i].tftp_server_n)));
	}
	return json_pack("{s:o, s:o, s:o, s:o, s:s, s:s, s:o}", "tftp_root",
		text_json(s->tftp_root), "tftp_servers",
		addresses_json(s->tftp_server, s->tftp_server_n), "networks", networks,
		"call_managers", addresses_json(s->call_manager, s->call_manager_n),
		"protocol", cpr_protocol_name(s->protocol), "upgrade",
		s->upgrade_auto ? "auto" : "manual", "models", models_json(plan));
}

static void print_plan(const struct cpr_plan *plan)
{
	const struct cpr_site *s = plan->site;

	printf("%-14s%s\n", "TFTP root", s->tftp_root);
	print_addresses("TFTP servers", s->tftp_server, s->tftp_server_n);
	for (size_t i = 0; i < s->network_n; i++) {
		char prefix[INET_ADDRSTRLEN];

		address_text(&s->network[i].prefix, prefix);
		printf("  in %s/%u: ", prefix, s->network[i].length);
		print_addresses(
			"", s->network[i].tftp_server, s->network[i].tftp_server_n);
	}
	print_addresses("call managers", s->call_manager, s->call_manager_n);
	printf("%-14s%s, upgrade %s\n\n", "protocol", cpr_protocol_name(s->protocol),
		s->upgrade_auto ? "auto" : "manual");
	models_table(plan);
}

int cmd_plan(int argc, char **argv)
{
	/* without a parser the input is the first child's */
	static const struct argp argp = {.children = children,
		.doc = "Show what would be served: to whom, from where, which load.  "
		       "Nothing "
		       "is judged (see verify) and nothing written (see generate).\v"
		       "A model keeps the load that XMLDefault.cnf.xml names while that is "
		       "complete: a newly imported package re-flashes nobody, unless the "
		       "site file says load = or upgrade = \"auto\".\n\nExample:\n"
		       "  cpr-conf plan"};
	_cleanup_(world_freep) struct world *w = NULL;
	struct common c = {0};
	int r;

	if (argp_parse(&argp, argc, argv, 0, NULL, &c))
		return CPR_EXIT_USAGE;
	r = world_read(&c, &w);
	if (r != CPR_EXIT_OK)
		return r;
	if (c.json)
		return print_json(plan_json(w->plan), JSON_INDENT(2));
	print_plan(w->plan);
	return CPR_EXIT_OK;
}
