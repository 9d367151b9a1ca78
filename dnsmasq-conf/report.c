/* What a run tells: the person on stderr, and programs as JSON on stdout. */
#include "cli/cli.h"
#include "commands.h"
#include "emit.h"
#include "errors.h"
#include "rollout.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const char *state_name(enum change_state s)
{
	static const char *const name[] = {"unchanged", "new", "changed", "gone"};

	return name[s];
}

static const char *verb_of(const struct output *o, bool done)
{
	if (o->kind == OUTPUT_GONE)
		return done ? "removed" : "would remove";
	if (o->kind == OUTPUT_TEXT)
		return done ? "wrote" : "would write";
	return done ? "linked" : "would link";
}

void report_changes(const struct rollout *r)
{
	bool check = r->o->check;

	for (size_t i = 0; i < r->c.n; i++) {
		const struct change *one = &r->c.change[i];
		const struct output *o = one->o;
		bool link = o->kind == OUTPUT_LINK || o->kind == OUTPUT_SYMLINK;

		if (check ? one->state == CHANGE_NONE : !one->written)
			continue;
		if (one->keep)
			cpr_say(6, "%s '%s' as '%s'", check ? "would keep" : "kept",
				o->path, one->keep);
		cpr_say(6, "%s '%s'%s%s%s", verb_of(o, !check), o->path,
			link ? " to '" : "", link ? o->from : "", link ? "'" : "");
	}
	if (!r->c.any)
		cpr_say(6, "nothing to change");
}

/* True when this run tells the server by itself. */
static bool told(const struct rollout *r, const char *server)
{
	for (size_t i = 0; i < servers_n; i++)
		if (strcmp(servers[i].name, server) == 0)
			return r->verdict[i].ran && !r->o->no_reload;
	return false;
}

static void say_restart(const struct change *c, const char *server)
{
	static const char *const how[] = {
		"is as it was", "is new", "has changed", "is gone"};

	if (c->o->restart == RESTART_ON_LOST_LINES)
		cpr_say(4,
			"%s: restart it once, for lines are gone from %s, and stay in force "
			"until then",
			server, c->o->path);
	else if (c->o->restart == RELOAD_ON_CHANGE)
		cpr_say(4,
			"%s: have it read its files anew, for %s %s: config-reload on its "
			"control socket, or systemctl kill --signal=HUP %s",
			server, c->o->path, how[c->state], server);
	else if (c->o->restart == RESTART_ON_EVERY_CHANGE)
		cpr_say(4, "%s: restart it, for %s %s", server, c->o->path,
			how[c->state]);
	else
		cpr_say(4, "%s: restart it once, for %s %s; %s", server, c->o->path,
			how[c->state],
			c->state == CHANGE_GONE
				? "what it said stays in force until then"
				: "other addresses or firmware need no restart later");
}

/* Which of a server's files says best why it is restarted. */
static int weight(const struct change *c)
{
	return c->o->restart == RESTART_ON_LOST_LINES ? 1
	       : c->state == CHANGE_GONE              ? 2
						      : 0;
}

/* One restart is enough for all of a server's files. */
static bool is_said_by_another(const struct changes *c, const struct change *of)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct change *one = &c->change[i];
		const char *server = change_restarts(one);

		if (server && strcmp(server, of->o->server) == 0 &&
			weight(one) > weight(of))
			return true;
	}
	return false;
}

void report_todo(const struct rollout *r)
{
	for (size_t i = 0; i < r->c.n; i++) {
		const char *server = change_restarts(&r->c.change[i]);

		if (server && !told(r, server) &&
			!is_said_by_another(&r->c, &r->c.change[i]))
			say_restart(&r->c.change[i], server);
	}
	report_needs(r);
	for (size_t i = 0; i < r->out->note.n; i++)
		cpr_say(4, "%s", r->out->note.line[i]);
}

void report_needs(const struct rollout *r)
{
	for (size_t i = 0; i < r->needs.n; i++) {
		const struct need *n = &r->needs.need[i];

		char at[16] = "";

		if (n->at)
			snprintf(at, sizeof(at), ":%u", n->at);
		cpr_say(4, "%s: put into %s%s, %s: %s (%s)", n->server,
			n->file ? n->file : "?", at, n->where ? n->where : "?",
			n->line ? n->line : "?", n->why ? n->why : "?");
	}
}

void report_verdicts(const struct rollout *r)
{
	for (size_t i = 0; i < servers_n; i++) {
		const struct verdict *v = &r->verdict[i];

		if (!v->asked)
			continue;
		if (v->proof == PROOF_OK)
			cpr_say(6, "%s: answers as it should", servers[i].name);
		else
			cpr_say(v->proof == PROOF_FAILED ? 3 : 4, "%s: %s: %s",
				servers[i].name,
				v->proof == PROOF_FAILED ? "failed" : "unproven",
				v->text ? v->text : "?");
	}
}

static json_t *files_json(const struct changes *c)
{
	json_t *files = json_array();

	for (size_t i = 0; i < c->n; i++)
		json_array_append_new(files,
			json_pack("{s:o, s:s}", "path", text_json(c->change[i].o->path),
				"state", state_name(c->change[i].state)));
	return files;
}

static json_t *reloads_json(const struct changes *c)
{
	json_t *reloads = json_array();

	for (size_t i = 0; i < c->n; i++) {
		const char *server = change_restarts(&c->change[i]);
		bool there = false;
		json_t *known;
		size_t k;

		json_array_foreach(reloads, k, known) there =
			there || (server && !strcmp(json_string_value(known), server));
		if (server && !there)
			json_array_append_new(reloads, json_string(server));
	}
	return reloads;
}

static json_t *probe_json(const struct rollout *r)
{
	static const char *const result[] = {"ok", "unproven", "failed"};
	json_t *probe = json_array();

	for (size_t i = 0; i < servers_n; i++) {
		const struct verdict *v = &r->verdict[i];

		if (v->asked)
			json_array_append_new(probe,
				json_pack("{s:s, s:s, s:o}", "server", servers[i].name,
					"result", result[v->proof], "text",
					text_json(v->text ? v->text : "")));
	}
	return probe;
}

static json_t *needs_json(const struct needs *needs)
{
	json_t *all = json_array();

	for (size_t i = 0; i < needs->n; i++) {
		const struct need *n = &needs->need[i];

		json_array_append_new(
			all, json_pack("{s:s, s:o, s:o, s:o, s:o}", "server", n->server,
				     "file", text_json(n->file ? n->file : ""), "line",
				     text_json(n->line ? n->line : ""), "where",
				     text_json(n->where ? n->where : ""), "why",
				     text_json(n->why ? n->why : "")));
	}
	return all;
}

int report_json(const struct rollout *r)
{
	return print_json(
		json_pack("{s:b, s:b, s:o, s:o, s:o, s:o}", "changed",
			r->c.any && !r->rolled_back, "rolled_back", r->rolled_back,
			"files", files_json(&r->c), "reloads", reloads_json(&r->c),
			"probe", probe_json(r), "needs", needs_json(&r->needs)),
		JSON_INDENT(2));
}
