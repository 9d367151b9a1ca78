/* cpr-conf option150: what to type for a TFTP server's address, and what became of what
 * somebody typed. */
#include "address.h"
#include "buf.h"
#include "cleanup.h"
#include "cli/cli.h"
#include "commands.h"
#include "guess.h"
#include "option150.h"
#include "reading150.h"
#include "spelling150.h"
#include "text.h"
#include "world.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum {
	OPT_FOR = 256,
	OPT_EXPLAIN
};

struct arguments {
	struct common common;
	const struct cpr_spelling150 *server; /* NULL: all */
	const char *explain;
	struct in_addr address[CPR_ADDRESSES];
	size_t n;
};

static const struct argp_option options[] = {
	{"for", OPT_FOR, "SERVER", 0,
		"for this server alone: tftpd32, dnsmasq, isc-dhcpd, kea, ios, mikrotik, "
		"windows, fortigate, or hex for the bytes themselves",
		0},
	{"explain", OPT_EXPLAIN, "VALUE", 0,
		"say what phones see of a value that somebody typed, and what was meant",
		0},
	{0},
};

static const char *server_name(const void *context, size_t i)
{
	(void)context;
	return cpr_spellings150[i].name;
}

static void choose(struct arguments *a, const char *name, struct argp_state *state)
{
	const char *meant = cpr_guess(name, server_name, NULL, cpr_spellings150_n);

	a->server = cpr_spelling150_by_name(name);
	if (!a->server && meant)
		argp_error(state, "no server '%s'; did you mean '%s'?", name, meant);
	else if (!a->server)
		argp_error(state,
			"how '%s' wants the option written is not known; take 'hex' where "
			"it asks for bytes",
			name);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->common;
		return 0;
	case OPT_FOR:
		choose(a, arg, state);
		return 0;
	case OPT_EXPLAIN:
		a->explain = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (a->n == CPR_ADDRESSES)
			argp_error(state, "these are too many: phones use two");
		else if (!cpr_address_host(arg, &a->address[a->n++]))
			argp_error(state,
				"'%s' is no address of a host; --explain says what it is",
				arg);
		return 0;
	case ARGP_KEY_END:
		if (!a->explain == !a->n)
			argp_error(state, "name an address, or a value to --explain");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static bool chosen(const struct arguments *a, const struct cpr_spelling150 *s)
{
	return !a->server || a->server == s;
}

static void address_text(struct in_addr a, char out[INET_ADDRSTRLEN])
{
	inet_ntop(AF_INET, &a, out, INET_ADDRSTRLEN);
}

static json_t *addresses_json(const struct in_addr *a, size_t n)
{
	json_t *all = json_array();

	for (size_t i = 0; i < n; i++) {
		char text[INET_ADDRSTRLEN];

		address_text(a[i], text);
		json_array_append_new(all, json_string(text));
	}
	return all;
}

/* The lines to type as an array. */
static json_t *lines_json(
	const struct cpr_spelling150 *s, const struct in_addr *a, size_t n)
{
	_cleanup_(cpr_buf_free) struct cpr_buf b = {0};
	json_t *all = json_array();
	char *line, *rest;

	cpr_spelling150_lines(s, a, n, &b);
	rest = b.failed ? NULL : b.data;
	while ((line = strsep(&rest, "\n")) && *line)
		json_array_append_new(all, json_string(line));
	return all;
}

static void print_lines(const struct cpr_spelling150 *s, const struct in_addr *a,
	size_t n, const char *indent)
{
	_cleanup_(cpr_buf_free) struct cpr_buf b = {0};
	char *line, *rest;

	cpr_spelling150_lines(s, a, n, &b);
	rest = b.failed ? NULL : b.data;
	while ((line = strsep(&rest, "\n")) && *line)
		printf("%s%s\n", indent, line);
}

static int encode(const struct arguments *a)
{
	json_t *all = a->common.json ? json_array() : NULL;

	if (a->n > CPR_OPTION150_USED)
		cpr_say(4, "phones use the first two addresses alone");
	for (size_t i = 0; i < cpr_spellings150_n; i++) {
		const struct cpr_spelling150 *s = &cpr_spellings150[i];

		if (!chosen(a, s))
			continue;
		if (all) {
			json_array_append_new(
				all, json_pack("{s:s, s:s, s:o}", "server", s->name,
					     "where", s->where, "lines",
					     lines_json(s, a->address, a->n)));
		} else if (a->server) {
			cpr_say(6, "where: %s", s->where);
			print_lines(s, a->address, a->n, "");
		} else {
			printf("%s (%s):\n", s->name, s->where);
			print_lines(s, a->address, a->n, "    ");
		}
	}
	return all ? print_json(all, JSON_INDENT(2)) : CPR_EXIT_OK;
}

/* A value with all that is to be said of it. */
struct explained {
	const char *value;
	struct cpr_reading150 reading[CPR_READINGS];
	size_t n;
};

/* A value at one server: what it sends, and what a phone makes of that. */
struct seen {
	struct cpr_value150 sent;
	enum cpr_option150_outcome outcome;
	struct in_addr address[CPR_ADDRESSES];
	size_t n;
	bool meant;
};

/* Of readings that are as good as each other any may have been meant; but a zero that is
 * missing tells against the one that the server happens to hit. */
static bool is_meant(const struct explained *e, const struct seen *seen)
{
	if (seen->sent.sent != CPR_SENT_BYTES || seen->outcome != CPR_OPTION150_OK)
		return seen->sent.sent == CPR_SENT_OWN;
	for (size_t i = 0; i < e->n && e->reading[i].rank == e->reading[0].rank; i++)
		if (e->reading[i].n == seen->n &&
			memcmp(e->reading[i].address, seen->address,
				seen->n * sizeof(*seen->address)) == 0)
			return i == 0 || !e->reading[i].zero_lost;
	return false;
}

static struct seen see(const struct explained *e, const struct cpr_spelling150 *s)
{
	struct seen seen = {0};

	cpr_spelling150_read(s, e->value, &seen.sent);
	seen.outcome = cpr_option150_decode(
		seen.sent.bytes, seen.sent.n, seen.address, CPR_ADDRESSES, &seen.n);
	seen.meant = is_meant(e, &seen);
	return seen;
}

static const char *outcome_name(const struct seen *seen)
{
	static const char *const sent[] = {"", "own-address", "refused", "unknown"};
	static const char *const outcome[] = {
		"addresses", "nothing", "length", "text", "zero"};

	return seen->sent.sent == CPR_SENT_BYTES ? outcome[seen->outcome]
						 : sent[seen->sent.sent];
}

/* The first four bytes as the address that a phone may take them for. */
static void first_four(const struct cpr_value150 *v, struct cpr_buf *out)
{
	char text[INET_ADDRSTRLEN];

	if (v->n >= 4)
		cpr_buf_printf(out, ", or goes to %s, which are its first four bytes",
			inet_ntop(AF_INET, v->bytes, text, sizeof(text)));
}

/* What a phone sees, in words. */
static void seen_text(const struct seen *seen, struct cpr_buf *out)
{
	char text[INET_ADDRSTRLEN];

	static const char *const instead[] = {
		"", "phones see its own address", "refused", "not known"};

	if (seen->sent.sent != CPR_SENT_BYTES) {
		cpr_buf_printf(out, "%s; %s", instead[seen->sent.sent], seen->sent.why);
		return;
	}
	cpr_buf_puts(out, "phones see ");
	switch (seen->outcome) {
	case CPR_OPTION150_OK:
		for (size_t i = 0; i < seen->n; i++) {
			address_text(seen->address[i], text);
			cpr_buf_printf(out, "%s%s", i ? ", " : "", text);
		}
		if (seen->n > CPR_OPTION150_USED)
			cpr_buf_puts(out, "; of these the first two");
		if (cpr_reading150_is_text(seen->address[0]))
			cpr_buf_printf(out, "; these are the characters \"%.4s\"",
				(const char *)seen->sent.bytes);
		return;
	case CPR_OPTION150_ABSENT:
		cpr_buf_puts(out, "an empty option");
		return;
	case CPR_OPTION150_TEXT:
	case CPR_OPTION150_LENGTH:
		cpr_buf_printf(out, "%zu bytes, %s; a phone drops the answer",
			seen->sent.n,
			seen->outcome == CPR_OPTION150_TEXT
				? "which are text"
				: "a length that no list of addresses has");
		first_four(&seen->sent, out);
		return;
	case CPR_OPTION150_ZERO:
		cpr_buf_puts(out, "0.0.0.0 first: it goes on to option 66, or siaddr");
		return;
	}
}

static void print_meant(const struct arguments *a, const struct explained *e)
{
	for (size_t i = 0; i < e->n && e->reading[i].rank == e->reading[0].rank; i++) {
		const struct cpr_reading150 *r = &e->reading[i];

		printf("%s", i ? "            or: " : "probably meant: ");
		for (size_t k = 0; k < r->n; k++) {
			char text[INET_ADDRSTRLEN];

			address_text(r->address[k], text);
			printf("%s%s", k ? ", " : "", text);
		}
		printf(" (%s)\n", r->how);
	}
	if (!e->n)
		puts("no address can be made of it");
	else if (e->reading[0].zero_lost)
		puts("a zero was lost: two digits make a byte");
	if (!e->n || !a->server)
		return;
	puts("type:");
	print_lines(a->server, e->reading[0].address, e->reading[0].n, "    ");
}

static int print_explained(const struct arguments *a, const struct explained *e)
{
	bool meant = e->n > 0;

	for (size_t i = 0; i < cpr_spellings150_n; i++) {
		const struct cpr_spelling150 *s = &cpr_spellings150[i];
		_cleanup_(cpr_buf_free) struct cpr_buf b = {0};
		struct seen seen;

		if (!chosen(a, s))
			continue;
		seen = see(e, s);
		seen_text(&seen, &b);
		cpr_text_tame(b.data ? b.data : (char[]){""}, "");
		printf("%s: %s\n", s->name, b.data ? b.data : "?");
		meant = meant && (!a->server || seen.meant);
	}
	print_meant(a, e);
	return meant ? CPR_EXIT_OK : CPR_EXIT_FINDINGS;
}

static json_t *bytes_json(const struct cpr_value150 *v)
{
	char text[2 * sizeof(v->bytes) + 1] = "";

	if (v->sent != CPR_SENT_BYTES)
		return json_null();
	for (size_t i = 0; i < v->n; i++)
		sprintf(text + 2 * i, "%02x", v->bytes[i]);
	return json_string(text);
}

static int json_explained(const struct arguments *a, const struct explained *e)
{
	json_t *meant = json_array(), *servers = json_array();
	bool right = e->n > 0;
	int r;

	for (size_t i = 0; i < e->n && e->reading[i].rank == e->reading[0].rank; i++)
		json_array_append_new(meant,
			json_pack("{s:o, s:s, s:b}", "addresses",
				addresses_json(e->reading[i].address, e->reading[i].n),
				"how", e->reading[i].how, "zero_lost",
				e->reading[i].zero_lost));
	for (size_t i = 0; i < cpr_spellings150_n; i++) {
		const struct cpr_spelling150 *s = &cpr_spellings150[i];
		struct seen seen;

		if (!chosen(a, s))
			continue;
		seen = see(e, s);
		right = right && (!a->server || seen.meant);
		json_array_append_new(
			servers, json_pack("{s:s, s:s, s:o, s:o, s:b, s:o}", "server",
					 s->name, "outcome", outcome_name(&seen), "bytes",
					 bytes_json(&seen.sent), "addresses",
					 addresses_json(seen.address, seen.n), "as_meant",
					 seen.meant, "lines",
					 e->n ? lines_json(s, e->reading[0].address,
							e->reading[0].n)
					      : json_array()));
	}
	r = print_json(json_pack("{s:o, s:o, s:o}", "value", text_json(e->value), "meant",
			       meant, "servers", servers),
		JSON_INDENT(2));
	return r ? r : right ? CPR_EXIT_OK : CPR_EXIT_FINDINGS;
}

int cmd_option150(int argc, char **argv)
{
	static const struct argp_child children[] = {{&json_argp, 0, NULL, 0}, {0}};
	static const struct argp argp = {.options = options,
		.parser = parse,
		.children = children,
		.args_doc = "ADDRESS...\n--explain VALUE",
		.doc = "Print what to type into a DHCP server for option 150, which tells "
		       "phones the addresses of their TFTP servers; or say what became of "
		       "what was typed.\vEach server has a spelling of its own, and what "
		       "is right for one sends phones elsewhere on the next.\n"
		       "Exit status of --explain: 0 phones see what was meant; 6 they do "
		       "not, or nothing can be meant by it.\n\nExamples:\n"
		       "  cpr-conf option150 192.168.10.105 192.168.10.106 --for mikrotik\n"
		       "  cpr-conf option150 --explain 0x69AA8C0 --for tftpd32"};
	struct arguments a = {0};
	struct explained e = {0};

	if (argp_parse(&argp, argc, argv, 0, NULL, &a))
		return CPR_EXIT_USAGE;
	if (!a.explain)
		return encode(&a);
	e.value = a.explain;
	e.n = cpr_reading150_all(e.value, e.reading);
	return a.common.json ? json_explained(&a, &e) : print_explained(&a, &e);
}
