#include "iptables.h"

#include "cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	WORDS_MAX = 128,
	PORT_LAST = 65535,
};

/* A rule under way. */
struct rule {
	json_t *objects; /* of all rules */
	const char *table;
	char *word[WORDS_MAX];
	size_t n;
	json_t *expr;
	bool inverted; /* by the "!" in front */
};

static const struct {
	const char *chain, *hook;
} bases[] = {
	{"PREROUTING", "prerouting"},
	{"INPUT", "input"},
	{"FORWARD", "forward"},
	{"OUTPUT", "output"},
	{"POSTROUTING", "postrouting"},
};

static bool is_one_of(const char *word, const char *const list[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(word, list[i]) == 0)
			return true;
	return false;
}
#define IS_ONE_OF(word, list) is_one_of(word, list, CPR_ARRAY_LEN(list))

static void add_match(struct rule *r, json_t *left, json_t *right)
{
	json_array_append_new(r->expr,
		json_pack("{s:{s:s, s:o, s:o}}", "match", "op",
			r->inverted ? "!=" : "==", "left", left, "right", right));
}

static json_t *header(const char *protocol, const char *field)
{
	return json_pack(
		"{s:{s:s, s:s}}", "payload", "protocol", protocol, "field", field);
}

static json_t *key_of(const char *what, const char *key)
{
	return json_pack("{s:{s:s}}", what, "key", key);
}

/* Whether it holds nobody can say. */
static void may_match(struct rule *r)
{
	add_match(r, key_of("meta", "unknown"), json_null());
}

static json_t *port_of(const char *text)
{
	const char *colon = strchr(text, ':');
	unsigned first = (unsigned)strtoul(text, NULL, 10), last;

	if (!colon)
		return json_integer(first);
	last = colon[1] ? (unsigned)strtoul(colon + 1, NULL, 10) : PORT_LAST;
	return json_pack("{s:[i, i]}", "range", first, last);
}

/* "67,69" or "67:69" or "RELATED,ESTABLISHED" */
static json_t *list_of(char *text, bool ports)
{
	json_t *list = json_array();
	char *save = NULL;

	for (char *one = strtok_r(text, ",", &save); one;
		one = strtok_r(NULL, ",", &save)) {
		for (char *c = one; *c; c++)
			*c = (char)tolower((unsigned char)*c);
		json_array_append_new(list, ports ? port_of(one) : json_string(one));
	}
	return list;
}

static void match_ports(struct rule *r, char *value, const char *field)
{
	add_match(r, header("th", field), list_of(value, true));
}

static void match_target_ports(struct rule *r, char *value)
{
	match_ports(r, value, "dport");
}

static void match_source_ports(struct rule *r, char *value)
{
	match_ports(r, value, "sport");
}

static void match_state(struct rule *r, char *value)
{
	add_match(r, key_of("ct", "state"), list_of(value, false));
}

static void match_protocol(struct rule *r, char *value)
{
	if (strcmp(value, "all") == 0 || strcmp(value, "0") == 0)
		return;
	add_match(r, header("ip", "protocol"),
		json_string(strcmp(value, "17") == 0 ? "udp" : value));
}

static void match_interface(struct rule *r, char *value)
{
	add_match(r, key_of("meta", "iifname"), json_string(value));
}

/* A module that only brings options; others may match by their mere name. */
static void match_module(struct rule *r, char *value)
{
	static const char *const harmless[] = {
		"udp", "tcp", "multiport", "conntrack", "state", "comment"};

	if (!IS_ONE_OF(value, harmless))
		may_match(r);
}

static void ignore(struct rule *r, char *value)
{
	(void)r;
	(void)value;
}

static const struct {
	const char *name;
	void (*match)(struct rule *r, char *value);
} options[] = {
	{"-p", match_protocol},
	{"-i", match_interface},
	{"-o", match_interface},
	{"-m", match_module},
	{"--dport", match_target_ports},
	{"--dports", match_target_ports},
	{"--sport", match_source_ports},
	{"--sports", match_source_ports},
	{"--state", match_state},
	{"--ctstate", match_state},
	{"--comment", ignore},
};

static bool is_chain(const struct rule *r, const char *name)
{
	const json_t *object;
	size_t i;

	json_array_foreach(r->objects, i, object)
	{
		const json_t *chain = json_object_get(object, "chain");
		const char *its = json_string_value(json_object_get(chain, "name"));
		const char *table = json_string_value(json_object_get(chain, "table"));

		if (its && table && strcmp(its, name) == 0 &&
			strcmp(table, r->table) == 0)
			return true;
	}
	return false;
}

/* `at` is behind -j or -g: its name, and what that takes. */
static void add_target(struct rule *r, size_t at, bool go)
{
	static const char *const passing[] = {"LOG", "NFLOG", "ULOG", "MARK", "CONNMARK",
		"CT", "NOTRACK", "TRACE", "AUDIT", "SET", "DSCP", "TOS", "TTL",
		"CHECKSUM", "TCPMSS", "CLASSIFY", "RATEEST", "TEE"};
	const char *name = at < r->n ? r->word[at] : "";
	const char *verdict = strcmp(name, "ACCEPT") == 0   ? "accept"
			      : strcmp(name, "DROP") == 0   ? "drop"
			      : strcmp(name, "REJECT") == 0 ? "reject"
			      : strcmp(name, "RETURN") == 0 ? "return"
							    : NULL;

	for (size_t i = at + 1; i + 1 < r->n; i++)
		if (strcmp(r->word[i], "--helper") == 0)
			json_array_append_new(
				r->objects, json_pack("{s:{s:s}}", "ct helper", "type",
						    r->word[i + 1]));
	if (verdict)
		json_array_append_new(r->expr, json_pack("{s:n}", verdict));
	else if (is_chain(r, name))
		json_array_append_new(r->expr,
			json_pack("{s:{s:s}}", go ? "goto" : "jump", "target", name));
	else if (!IS_ONE_OF(name, passing))
		json_array_append_new(r->expr, json_pack("{s:n}", "queue"));
}

static void add_option(struct rule *r, size_t *at)
{
	const char *name = r->word[(*at)++];
	bool has_value = *at < r->n && r->word[*at][0] != '-' && r->word[*at][0] != '!';

	for (size_t i = 0; i < CPR_ARRAY_LEN(options); i++)
		if (has_value && strcmp(name, options[i].name) == 0) {
			options[i].match(r, r->word[(*at)++]);
			return;
		}
	may_match(r);
	while (*at < r->n && r->word[*at][0] != '-' && r->word[*at][0] != '!')
		(*at)++;
}

/* In place, at blanks; within quotes a backslash takes the next one's meaning. */
static size_t split(char *line, char **word)
{
	size_t n = 0;

	for (char *in = line; *in && n < WORDS_MAX;) {
		bool quoted = false;
		char *out = in;

		while (*in == ' ')
			in++;
		if (!*in)
			break;
		out = word[n++] = in;
		for (; *in && (quoted || *in != ' '); in++) {
			if (*in == '"') {
				quoted = !quoted;
				continue;
			}
			if (*in == '\\' && quoted && in[1])
				in++;
			*out++ = *in;
		}
		if (*in)
			in++;
		*out = 0;
	}
	return n;
}

/* "-A INPUT -p udp -m udp --dport 67 -j ACCEPT" */
static int add_rule(json_t *objects, const char *table, char *line)
{
	struct rule r = {.objects = objects, .table = table, .expr = json_array()};
	size_t at = 2;

	r.n = split(line, r.word);
	while (at < r.n) {
		bool go = strcmp(r.word[at], "-g") == 0;

		if (go || strcmp(r.word[at], "-j") == 0) {
			add_target(&r, at + 1, go);
			break;
		}
		r.inverted = strcmp(r.word[at], "!") == 0;
		at += r.inverted;
		if (at < r.n)
			add_option(&r, &at);
	}
	if (r.n < 2) {
		json_decref(r.expr);
		return 0;
	}
	return json_array_append_new(objects,
		       json_pack("{s:{s:s, s:s, s:s, s:o}}", "rule", "family", "ip",
			       "table", table, "chain", r.word[1], "expr", r.expr)) < 0
		       ? -ENOMEM
		       : 0;
}

/* ":INPUT DROP [0:0]"; the policy of one that is no base chain is "-". */
static int add_chain(json_t *objects, const char *table, char *line)
{
	char *word[WORDS_MAX];
	const char *hook = NULL;
	json_t *chain;

	if (split(line, word) < 2)
		return 0;
	for (size_t i = 0; i < CPR_ARRAY_LEN(bases); i++)
		if (strcmp(word[0], bases[i].chain) == 0)
			hook = bases[i].hook;
	chain = json_pack(
		"{s:s, s:s, s:s}", "family", "ip", "table", table, "name", word[0]);
	if (hook && strncmp(table, "nat ", 4) != 0) {
		json_object_set_new(chain, "type", json_string("filter"));
		json_object_set_new(chain, "hook", json_string(hook));
		json_object_set_new(chain, "policy",
			json_string(strcmp(word[1], "DROP") == 0 ? "drop" : "accept"));
	}
	return json_array_append_new(objects, json_pack("{s:o}", "chain", chain)) < 0
		       ? -ENOMEM
		       : 0;
}

int iptables_objects(const char *text, json_t *objects)
{
	_cleanup_(cpr_freep) char *copy = strdup(text);
	char table[64] = "", *rest = copy, *line;
	int r = copy ? 0 : -ENOMEM;

	while (r == 0 && rest && (line = strsep(&rest, "\n"))) {
		if (*line == '*')
			snprintf(table, sizeof(table), "%.32s (iptables-legacy)",
				line + 1);
		else if (*line == ':')
			r = add_chain(objects, table, line + 1);
		else if (strncmp(line, "-A ", 3) == 0)
			r = add_rule(objects, table, line);
	}
	return r;
}
