/* Kea 2.2's kea-dhcp4.  One file, made to be included where Kea wants such a thing, so that
 * none of the admin's own is touched: an entry of "hooks-libraries" for our hook or for Kea's
 * flex_option, or entries of "client-classes".  Observed there:
 * - An include may stand anywhere, and the file may begin with a comment.
 * - Option 150 has no definition of Kea's own.  As bytes it needs none, and an admin who has
 *   one for other uses does not have it twice.
 * - Where several classes of a packet have an option or a next-server, the first in the
 *   configuration holds: networks stand longest first, then everyone; and behind the admin's
 *   own classes, which win as they do with the hook.
 * - Its expressions know neither "less than" nor bits: a network is told by the digits of the
 *   relay's address.  A phone in the server's own network has no relay.
 * - flex_option sets options only, not siaddr. */
#include "address.h"
#include "answer.h"
#include "cleanup.h"
#include "emit.h"
#include "kea.h"
#include "option150.h"
#include "parameters.h"
#include "plan.h"
#include "site.h"
#include "tree-json.h"
#include "tree.h"
#include "vendor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define FOLDER "/etc/kea"
#define NAME   "phone-cpr.json"
#define HOOKS  CPR_HOOKDIR "/"
#define CLASS  "phone-cpr"

/* Assumption: the ATA186 and ATA188, of which only a part of their text is known, begin with
 * it, for Kea cannot search. */
static void phone_test(struct cpr_buf *b)
{
	for (size_t i = 0; cpr_vendor_substrings[i]; i++)
		cpr_buf_printf(b, "%ssubstring(option[60].hex,0,%zu) == '%s'",
			i ? " or " : "", strlen(cpr_vendor_substrings[i]),
			cpr_vendor_substrings[i]);
}

/* A digit is four bits of the address: where the length ends within one, each digit that
 * fits is named. */
static void relay_test(struct cpr_buf *b, const struct answer *a)
{
	unsigned digits = (a->length + 3) / 4, shift = 32 - 4 * digits;
	uint32_t first = ntohl(a->prefix.s_addr) >> shift,
		 last = cpr_prefix_last(a->prefix, a->length) >> shift;

	for (uint32_t at = first; at <= last; at++)
		cpr_buf_printf(b, "%ssubstring(hexstring(pkt4.giaddr,''),0,%u) == '%0*x'",
			at > first ? " or " : "", digits, (int)digits, at);
}

static void option150(struct cpr_buf *b, const struct answer *a)
{
	for (size_t i = 0; i < a->n; i++)
		cpr_buf_printf(b, "%08X", ntohl(a->server[i].s_addr));
}

/* What is put between quotes below, names of vendors, addresses and tests made of them, has
 * nothing that JSON would want escaped; a test parses it all. */
static void options_of(struct cpr_buf *b, const struct answer *a)
{
	char text[INET_ADDRSTRLEN];

	cpr_buf_printf(b, "   {\"code\": %d, \"csv-format\": false, \"data\": \"",
		CPR_OPTION_TFTP_SERVER_ADDRESS);
	option150(b, a);
	cpr_buf_puts(b, "\", \"always-send\": true, \"comment\": \"");
	answer_list(b, a);
	cpr_buf_printf(b,
		"\"},\n   {\"name\": \"tftp-server-name\", \"data\": \"%s\", "
		"\"always-send\": true}",
		dotted(a->server[0], text));
}

/* The class of one network; alone: there is no other, and its test is the phones'. */
static void class_of(struct cpr_buf *b, const struct answer *a, bool alone)
{
	char text[INET_ADDRSTRLEN];

	cpr_buf_puts(b, " {\"name\": \"" CLASS);
	if (a->length)
		cpr_buf_printf(b, " %s/%u", dotted(a->prefix, text), a->length);
	else if (!alone)
		cpr_buf_puts(b, " everyone");
	cpr_buf_puts(b, "\",\n  \"test\": \"");
	if (alone)
		phone_test(b);
	else
		cpr_buf_puts(b, "member('" CLASS "')");
	if (a->length) {
		cpr_buf_puts(b, " and (");
		relay_test(b, a);
		cpr_buf_puts(b, ")");
	}
	cpr_buf_printf(b, "\",\n  \"next-server\": \"%s\",\n  \"option-data\": [\n",
		dotted(a->server[0], text));
	options_of(b, a);
	cpr_buf_puts(b, "]}");
}

static void classes(const struct cpr_site *site, struct cpr_buf *b)
{
	size_t n = 0;
	_cleanup_(cpr_freep) struct answer *all = answers_of(site, &n);

	b->failed = b->failed || !all;
	if (n > 1) {
		cpr_buf_puts(b, " {\"name\": \"" CLASS "\",\n  \"test\": \"");
		phone_test(b);
		cpr_buf_puts(b, "\"},\n");
	}
	for (size_t i = 0; i < n; i++) {
		class_of(b, &all[i], n == 1);
		cpr_buf_puts(b, i + 1 < n ? ",\n" : "\n");
	}
}

static void value_150(struct cpr_buf *b, const struct answer *a)
{
	cpr_buf_puts(b, "0x");
	option150(b, a);
}

static void value_66(struct cpr_buf *b, const struct answer *a)
{
	char text[INET_ADDRSTRLEN];

	cpr_buf_printf(b, "'%s'", dotted(a->server[0], text));
}

/* What a phone is sent, by nested conditions; to others nothing. */
static void condition(struct cpr_buf *b, const struct answer *all, size_t n,
	void (*value)(struct cpr_buf *b, const struct answer *a))
{
	cpr_buf_puts(b, "ifelse(");
	phone_test(b);
	cpr_buf_puts(b, ", ");
	for (size_t i = 0; i + 1 < n; i++) {
		cpr_buf_puts(b, "ifelse(");
		relay_test(b, &all[i]);
		cpr_buf_puts(b, ", ");
		value(b, &all[i]);
		cpr_buf_puts(b, ", ");
	}
	value(b, &all[n - 1]);
	for (size_t i = 0; i + 1 < n; i++)
		cpr_buf_puts(b, ")");
	cpr_buf_puts(b, ", '')");
}

static void flex_option(const struct cpr_site *site, struct cpr_buf *b)
{
	size_t n = 0;
	_cleanup_(cpr_freep) struct answer *all = answers_of(site, &n);

	b->failed = b->failed || !all;
	if (!all)
		return;
	cpr_buf_printf(b,
		"{\"library\": \"" HOOKS "libdhcp_flex_option.so\",\n"
		" \"parameters\": {\"options\": [\n  {\"code\": %d, \"add\": \"",
		CPR_OPTION_TFTP_SERVER_ADDRESS);
	condition(b, all, n, value_150);
	cpr_buf_printf(
		b, "\"},\n  {\"code\": %d, \"add\": \"", CPR_OPTION_TFTP_SERVER_NAME);
	condition(b, all, n, value_66);
	cpr_buf_puts(b, "\"}]}}\n");
}

static void tftp_servers(struct cpr_buf *b, const struct in_addr *server, size_t n)
{
	char text[INET_ADDRSTRLEN];

	cpr_buf_puts(b, "\"tftp-servers\": [");
	for (size_t i = 0; i < n; i++)
		cpr_buf_printf(b, "%s\"%s\"", i ? ", " : "", dotted(server[i], text));
	cpr_buf_puts(b, "]");
}

static void hook(const struct cpr_site *site, struct cpr_buf *b)
{
	char text[INET_ADDRSTRLEN];

	cpr_buf_puts(b, "{\"library\": \"" KEA_LIBRARY "\",\n"
			" \"parameters\": {\n  ");
	tftp_servers(b, site->tftp_server, site->tftp_server_n);
	for (size_t i = 0; i < site->network_n; i++) {
		const struct cpr_site_network *n = &site->network[i];

		cpr_buf_printf(b, "%s\n   {\"prefix\": \"%s/%u\", ",
			i ? "," : ",\n  \"networks\": [", dotted(n->prefix, text),
			n->length);
		tftp_servers(b, n->tftp_server, n->tftp_server_n);
		cpr_buf_puts(b, "}");
	}
	cpr_buf_puts(b, site->network_n ? "]}}\n" : "}}\n");
}

/* The hook's own rules look at what it would be given: Kea's checker never does. */
static void lint(const struct cpr_site *site, const struct cpr_buf *text,
	struct outputs *out, struct cpr_errors *e)
{
	_cleanup_(cpr_parameters_freep) struct cpr_parameters *p = NULL;
	_cleanup_(cpr_errors_clear) struct cpr_errors faults = {0};
	_cleanup_(cpr_tree_clear) struct cpr_tree tree = {0};
	const char *body = text->failed ? NULL : strchr(text->data, '\n');
	json_t *j = body ? json_loads(body, JSON_REJECT_DUPLICATES, NULL) : NULL;
	int r = j ? tree_from_json(json_object_get(j, "parameters"), &tree) : -ENOMEM;

	json_decref(j);
	if (r == 0)
		r = cpr_parameters_parse(&tree, &p, &faults);
	out->failed = out->failed || r == -ENOMEM;
	for (size_t i = 0; i < faults.n; i++)
		cpr_errors_add(e, site_name(site), 0, "kea: %s", faults.line[i]);
}

static const struct mode {
	const char *name;
	void (*emit)(const struct cpr_site *site, struct cpr_buf *b);
	bool parameters;    /* the hook's */
	const char *limits; /* NULL: none */
} modes[] = {
	{"hook", hook, true, NULL},
	{"class", classes, false,
		"an option 150 of a subnet, pool or host wins over a class"},
	{"flex-option", flex_option, false,
		"flex_option cannot set siaddr: phones find the server by options 150 "
		"and 66"},
};

bool wants_kea(const struct cpr_site *site)
{
	return site->kea;
}

static void say_limits(
	const struct cpr_site *site, const struct mode *m, struct cpr_errors *note)
{
	if (m->limits)
		cpr_errors_add(note, NULL, 0, "kea: %s", m->limits);
	if (site->network_n && !m->parameters)
		cpr_errors_add(note, NULL, 0,
			"kea: mode \"%s\" knows a network by its relay's address: phones "
			"that ask without a relay, as in the server's own network, get "
			"the general TFTP servers; kea { mode = \"hook\" } tells them "
			"by their own address",
			m->name);
}

void emit_kea(const struct emit_input *in, struct outputs *out, struct cpr_errors *e)
{
	const struct cpr_site *site = in->plan->site;
	const struct mode *m = &modes[0];
	struct output *o;

	if (lacks_servers(site, "kea", e))
		return;
	for (size_t i = 0; i < CPR_ARRAY_LEN(modes); i++)
		if (strcmp(site->kea_mode, modes[i].name) == 0)
			m = &modes[i];
	o = outputs_add(out, "kea", FOLDER, NAME);
	o->guarded = true;
	o->server = "kea-dhcp4-server";
	o->restart = RELOAD_ON_CHANGE;
	cpr_buf_puts(&o->text, GENERATED_LINE);
	m->emit(site, &o->text);
	if (m->parameters)
		lint(site, &o->text, out, e);
	say_limits(site, m, &out->note);
}
