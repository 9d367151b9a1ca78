/* What is right, wrong, and nobody's fault in what servers answer: sights of literals, one row
 * for each story. */
#include "cleanup.h"
#include "errors.h"
#include "proof.h"
#include "sight.h"
#include "site.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define OWN   "192.0.2.1" /* in no network of the site */
#define OTHER "192.168.122.1"
#define IN_10 "10.1.0.1"
#define DEEP  "10.1.2.1"

static struct in_addr ip(const char *text)
{
	struct in_addr a;

	assert_int_equal(inet_pton(AF_INET, text, &a), 1);
	return a;
}

/* Addresses with blanks between. */
static size_t ips(const char *text, struct in_addr *out)
{
	char copy[200];
	size_t n = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	for (char *save, *one = strtok_r(copy, " ", &save); one;
		one = strtok_r(NULL, " ", &save))
		out[n++] = ip(one);
	return n;
}

/* What was answered at an address: the list, and the one that 66 and siaddr name; list NULL:
 * nothing, because of `result`. */
struct at {
	const char *own, *list, *one;
	int result;
	enum probe_kind kind;
	const char *phone; /* DISCOVER: what it was offered */
};

#define SENT(o, l, f)                               \
	{                                           \
		.own = (o), .list = (l), .one = (f) \
	}
#define QUIET(o, because)                       \
	{                                       \
		.own = (o), .result = (because) \
	}
#define GENERAL "192.0.2.7 192.0.2.8"

static const struct row {
	const char *name;
	enum proof_manner manner;
	enum proof_of of;
	enum proof expected;
	const char *why; /* a part of the first line; NULL: there is none */
	struct at before[3], now[3];
} rows[] = {
	{"right", PROOF_DNSMASQ, PROOF_OF_PLAN, PROOF_OK, NULL, {{0}},
		{SENT(OWN, GENERAL, "192.0.2.7")}},
	{"the third server, too", PROOF_DNSMASQ, PROOF_OF_PLAN, PROOF_OK, NULL, {{0}},
		{SENT(OWN, GENERAL " 192.0.2.9", "192.0.2.7")}},
	{"one of three", PROOF_DNSMASQ, PROOF_OF_PLAN, PROOF_FAILED,
		"at 192.0.2.1 (eth0) phones are sent 192.0.2.7 in option 150, and it should "
		"be 192.0.2.7, 192.0.2.8",
		{{0}}, {SENT(OWN, "192.0.2.7", "192.0.2.7")}},
	{"none", PROOF_DNSMASQ, PROOF_OF_PLAN, PROOF_FAILED, "sent nothing in option 150",
		{{0}}, {SENT(OWN, "", "192.0.2.1")}},
	{"turned round", PROOF_DNSMASQ, PROOF_OF_PLAN, PROOF_FAILED,
		"192.0.2.8, 192.0.2.7", {{0}},
		{SENT(OWN, "192.0.2.8 192.0.2.7", "192.0.2.8")}},
	{"turned round by health", PROOF_KEA_HOOK, PROOF_OF_PLAN, PROOF_OK, NULL, {{0}},
		{SENT(OWN, "192.0.2.9 192.0.2.7", "192.0.2.9")}},
	{"not by health: a stranger", PROOF_KEA_HOOK, PROOF_OF_PLAN, PROOF_FAILED,
		"192.0.2.66", {SENT(OWN, GENERAL, "192.0.2.7")},
		{SENT(OWN, "192.0.2.7 192.0.2.66", "192.0.2.7")}},
	{"a network's", PROOF_KEA_HOOK, PROOF_OF_PLAN, PROOF_OK, NULL, {{0}},
		{SENT(IN_10, "10.0.0.5", "10.0.0.5"),
			SENT(DEEP, "10.1.2.5", "10.1.2.5")}},
	{"the outer network's", PROOF_KEA_HOOK, PROOF_OF_PLAN, PROOF_FAILED, "10.1.2.5",
		{{0}}, {SENT(DEEP, "10.0.0.5", "10.0.0.5")}},
	{"by the offered address", PROOF_KEA_HOOK, PROOF_OF_PLAN, PROOF_OK, NULL, {{0}},
		{{OWN, "10.1.2.5", "10.1.2.5", 0, PROBE_DISCOVER, "10.1.2.99"}}},
	{"a boot line of the admin's", PROOF_DNSMASQ, PROOF_OF_PLAN, PROOF_FAILED,
		"192.0.2.7 in option 66 and siaddr 192.0.2.66, and both should be 192.0.2.7",
		{{0}}, {SENT(OWN, GENERAL, "192.0.2.7 192.0.2.66")}},
	{"Kea's siaddr is the admin's", PROOF_KEA_CLASS, PROOF_OF_PLAN, PROOF_OK, NULL,
		{{0}}, {SENT(OWN, GENERAL, "0.0.0.0")}},
	{"no tag on the range", PROOF_DNSMASQ, PROOF_OF_PLAN, PROOF_UNPROVEN,
		"10.0.0.5: a line of your own wins, or one is missing", {{0}},
		{SENT(IN_10, GENERAL, "192.0.2.7")}},
	{"the hook needs no tag", PROOF_KEA_HOOK, PROOF_OF_PLAN, PROOF_FAILED, "10.0.0.5",
		{{0}}, {SENT(IN_10, GENERAL, "192.0.2.7")}},
	{"an option 150 of the admin's own", PROOF_KEA_HOOK, PROOF_OF_PLAN,
		PROOF_UNPROVEN, "sent 9.9.9.9", {SENT(OWN, "9.9.9.9", "9.9.9.9")},
		{SENT(OWN, "9.9.9.9", "9.9.9.9")}},
	{"the same, to a broadcast alone", PROOF_KEA_HOOK, PROOF_OF_PLAN, PROOF_UNPROVEN,
		"sent 9.9.9.9", {{0}},
		{QUIET(OWN, -ETIMEDOUT),
			{OWN, "9.9.9.9", "9.9.9.9", 0, PROBE_DISCOVER, OWN}}},
	{"the old list still", PROOF_DNSMASQ, PROOF_OF_PLAN, PROOF_FAILED, "sent 9.9.9.9",
		{SENT(OWN, "9.9.9.9", "9.9.9.9")}, {SENT(OWN, "9.9.9.9", "9.9.9.9")}},
	{"another list than before, but not ours", PROOF_KEA_HOOK, PROOF_OF_PLAN,
		PROOF_FAILED, "sent 9.9.9.9", {SENT(OWN, GENERAL, "192.0.2.7")},
		{SENT(OWN, "9.9.9.9", "9.9.9.9")}},
	{"libvirt's beside ours", PROOF_DNSMASQ, PROOF_OF_PLAN, PROOF_OK, NULL,
		{SENT(OTHER, "", OTHER)},
		{SENT(OTHER, "", OTHER), SENT(OWN, GENERAL, "192.0.2.7")}},
	{"lost beside one that is right", PROOF_DNSMASQ, PROOF_OF_PLAN, PROOF_FAILED,
		"at 192.168.122.1 (eth0) phones are sent nothing",
		{SENT(OTHER, GENERAL, "192.0.2.7")},
		{SENT(OTHER, "", OTHER), SENT(OWN, GENERAL, "192.0.2.7")}},
	{"silent where it always was", PROOF_DNSMASQ, PROOF_OF_PLAN, PROOF_OK, NULL,
		{QUIET(OTHER, -ETIMEDOUT)},
		{QUIET(OTHER, -ETIMEDOUT), SENT(OWN, GENERAL, "192.0.2.7")}},
	{"silent everywhere, as before", PROOF_DNSMASQ, PROOF_OF_PLAN, PROOF_UNPROVEN,
		"at 192.0.2.1 (eth0) nobody answers", {QUIET(OWN, -ETIMEDOUT)},
		{QUIET(OWN, -ETIMEDOUT)}},
	{"silent, and nobody asked before", PROOF_DNSMASQ, PROOF_OF_PLAN, PROOF_UNPROVEN,
		"nobody answers", {{0}}, {QUIET(OWN, -ETIMEDOUT)}},
	{"silent where it answered", PROOF_DNSMASQ, PROOF_OF_PLAN, PROOF_FAILED,
		"at 192.0.2.1 (eth0) it answers no more", {SENT(OWN, "", OWN)},
		{QUIET(OWN, -ETIMEDOUT), SENT(OTHER, GENERAL, "192.0.2.7")}},
	{"silent to a broadcast alone", PROOF_KEA_HOOK, PROOF_OF_PLAN, PROOF_FAILED,
		"answers no more", {{OWN, GENERAL, "192.0.2.7", 0, PROBE_DISCOVER, OWN}},
		{SENT(OWN, GENERAL, "192.0.2.7"),
			{OWN, NULL, NULL, -ETIMEDOUT, PROBE_DISCOVER, NULL}}},
	{"the cable was pulled", PROOF_DNSMASQ, PROOF_OF_PLAN, PROOF_UNPROVEN,
		"nobody answers: the interface has no carrier", {SENT(OWN, "", OWN)},
		{QUIET(OWN, -ENETDOWN)}},
	{"not root", PROOF_KEA_HOOK, PROOF_OF_PLAN, PROOF_UNPROVEN, "only root may ask",
		{{0}}, {QUIET(OWN, -EACCES)}},
	{"no address", PROOF_DNSMASQ, PROOF_OF_PLAN, PROOF_UNPROVEN, "no address", {{0}},
		{{0}}},
	{"alive, whatever it says", PROOF_DNSMASQ, PROOF_OF_LIFE, PROOF_OK, NULL,
		{SENT(OWN, GENERAL, "192.0.2.7")}, {SENT(OWN, "9.9.9.9", OWN)}},
	{"not alive where it was", PROOF_DNSMASQ, PROOF_OF_LIFE, PROOF_FAILED,
		"answers no more", {SENT(OWN, "", OWN)}, {QUIET(OWN, -ETIMEDOUT)}},
};

static void fill(struct sight *s, const struct at at[3])
{
	*s = (struct sight){0};
	for (size_t i = 0; i < 3 && at[i].own; i++) {
		struct sight_dhcp *d = &s->dhcp[s->dhcp_n++];
		struct in_addr one[2] = {{0}};

		strcpy(d->interface, "eth0");
		d->asked = (struct probe_asked){
			.kind = at[i].kind, .own = ip(at[i].own), .result = at[i].result};
		if (!at[i].list)
			continue;
		d->asked.answer.phone = ip(at[i].phone ? at[i].phone : at[i].own);
		d->asked.answer.n = ips(at[i].list, d->asked.answer.option150);
		if (ips(at[i].one, one) == 1)
			one[1] = one[0];
		d->asked.answer.option66 = one[0];
		d->asked.answer.siaddr = one[1];
	}
}

static struct cpr_site *the_site(void)
{
	static struct in_addr all[3], ten[1], deep[1];
	static struct cpr_site_network network[2];
	static struct cpr_site site;

	site.tftp_root = (char *)"/srv/tftp";
	site.tftp_server = all;
	site.tftp_server_n = ips(GENERAL " 192.0.2.9", all);
	ips("10.0.0.5", ten);
	ips("10.1.2.5", deep);
	network[0] = (struct cpr_site_network){.prefix = ip("10.0.0.0"),
		.length = 8,
		.tftp_server = ten,
		.tftp_server_n = 1};
	network[1] = (struct cpr_site_network){.prefix = ip("10.1.2.0"),
		.length = 24,
		.tftp_server = deep,
		.tftp_server_n = 1};
	site.network = network;
	site.network_n = 2;
	return &site;
}

static void check_why(const struct cpr_errors *why, const char *expected)
{
	for (size_t i = 0; i < why->n; i++)
		print_message("#   %s\n", why->line[i]);
	assert_false(why->lost);
	assert_int_equal(why->n > 0, expected != NULL);
	if (expected)
		assert_non_null(strstr(why->line[0], expected));
}

static void dhcp(void **state)
{
	static struct sight before, now;

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		const struct row *r = &rows[i];
		_cleanup_(cpr_errors_clear) struct cpr_errors why = {0};

		print_message("# %s\n", r->name);
		fill(&before, r->before);
		fill(&now, r->now);
		assert_int_equal(
			proof_dhcp(the_site(), r->manner,
				r->before[0].own ? &before : NULL, &now, r->of, &why),
			r->expected);
		check_why(&why, r->why);
	}
}

static const struct file_row {
	const char *name;
	int before; /* -1: nobody asked */
	int now;    /* -1: no server of the plan is here */
	bool to_compare;
	enum proof_of of;
	enum proof expected;
	const char *why;
} files[] = {
	{"same", -1, CPR_ASKED_SAME, true, PROOF_OF_PLAN, PROOF_OK, NULL},
	{"another root", -1, CPR_ASKED_ABSENT, true, PROOF_OF_PLAN, PROOF_FAILED,
		"at 192.0.2.7 it is not there"},
	{"another file", CPR_ASKED_SAME, CPR_ASKED_DIFFERS, true, PROOF_OF_PLAN,
		PROOF_FAILED, "it is another one"},
	{"closed", -1, CPR_ASKED_DENIED, true, PROOF_OF_PLAN, PROOF_FAILED,
		"may not be read"},
	{"cut off", -1, CPR_ASKED_BROKEN, true, PROOF_OF_PLAN, PROOF_FAILED,
		"breaks off"},
	{"an empty root", -1, CPR_ASKED_ABSENT, false, PROOF_OF_PLAN, PROOF_UNPROVEN,
		"no file of phones in /srv/tftp"},
	{"gone", CPR_ASKED_SAME, CPR_ASKED_REFUSED, true, PROOF_OF_PLAN, PROOF_FAILED,
		"nothing listens"},
	{"never there", CPR_ASKED_REFUSED, CPR_ASKED_REFUSED, true, PROOF_OF_PLAN,
		PROOF_UNPROVEN, "nothing listens"},
	{"silent", -1, CPR_ASKED_SILENT, true, PROOF_OF_PLAN, PROOF_UNPROVEN,
		"no answer"},
	{"elsewhere", -1, -1, true, PROOF_OF_PLAN, PROOF_UNPROVEN, "is this host"},
	{"alive", CPR_ASKED_SAME, CPR_ASKED_ABSENT, true, PROOF_OF_LIFE, PROOF_OK, NULL},
	{"dead", CPR_ASKED_SAME, CPR_ASKED_SILENT, true, PROOF_OF_LIFE, PROOF_FAILED,
		"no answer"},
};

static void fill_file(struct sight *s, int state, bool to_compare)
{
	*s = (struct sight){.name = "term61.default.loads", .to_compare = to_compare};
	if (state < 0)
		return;
	s->file[s->file_n++] = (struct cpr_asked){.server = ip("192.0.2.7"),
		.own = true,
		.name = s->name,
		.state = (enum cpr_asked_state)state};
}

static void tftp(void **state)
{
	static struct sight before, now;

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(files); i++) {
		const struct file_row *r = &files[i];
		_cleanup_(cpr_errors_clear) struct cpr_errors why = {0};

		print_message("# %s\n", r->name);
		fill_file(&before, r->before, true);
		fill_file(&now, r->now, r->to_compare);
		assert_int_equal(proof_tftp(the_site(), r->before < 0 ? NULL : &before,
					 &now, r->of, &why),
			r->expected);
		check_why(&why, r->why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dhcp), cmocka_unit_test(tftp)};

	return cmocka_run_group_tests_name("proof", tests, NULL, NULL);
}
