/* What a packet filter surely drops: rules as `nft -j list ruleset` prints them, one story each.
 * Of what may pass, nothing is said. */
#include "cleanup.h"
#include "firewall.h"
#include "iptables.h"
#include "observed.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define CHAIN(n, h, p)                                                       \
	"{\"chain\":{\"family\":\"inet\",\"table\":\"filter\",\"name\":\"" n \
	"\",\"type\":\"filter\",\"hook\":\"" h "\",\"prio\":0,\"policy\":\"" p "\"}}"
#define PLAIN(n) \
	"{\"chain\":{\"family\":\"inet\",\"table\":\"filter\",\"name\":\"" n "\"}}"
#define RULE(c, e)                                                            \
	",{\"rule\":{\"family\":\"inet\",\"table\":\"filter\",\"chain\":\"" c \
	"\",\"expr\":[" e "]}}"
#define MATCH(op, l, r) "{\"match\":{\"op\":\"" op "\",\"left\":" l ",\"right\":" r "}}"
#define DPORT           "{\"payload\":{\"protocol\":\"udp\",\"field\":\"dport\"}}"
#define STATE           "{\"ct\":{\"key\":\"state\"}}"
#define META(k)         "{\"meta\":{\"key\":\"" k "\"}}"
#define ACCEPT          "{\"accept\":null}"
#define DROP            "{\"drop\":null}"
#define REPLIES(c)      RULE(c, MATCH("in", STATE, "[\"established\",\"related\"]") "," ACCEPT)
#define OPEN(p)         RULE("input", MATCH("==", DPORT, p) "," ACCEPT)

static const struct {
	const char *name, *rules;
	const char
		*found; /* letters: D dhcp in, d dhcp out, T request, A acks, B blocks */
} rows[] = {
	{"no rules", PLAIN("x"), ""},
	{"policy accept", CHAIN("input", "input", "accept") REPLIES("input"), ""},
	{"policy drop", CHAIN("input", "input", "drop"), "DTA"},
	{"all is open",
		CHAIN("input", "input", "drop") REPLIES("input")
			OPEN("{\"set\":[67,69]}"),
		""},
	{"a range",
		CHAIN("input", "input", "drop") REPLIES("input")
			OPEN("{\"range\":[60,70]}"),
		""},
	{"ranges in a set",
		CHAIN("input", "input", "drop") REPLIES("input")
			OPEN("{\"set\":[22,{\"range\":[66,69]}]}"),
		""},
	{"no 69", CHAIN("input", "input", "drop") REPLIES("input") OPEN("67"), "T"},
	{"no 67", CHAIN("input", "input", "drop") REPLIES("input") OPEN("69"), "D"},
	{"no replies", CHAIN("input", "input", "drop") OPEN("{\"set\":[67,69]}"), "A"},
	{"no replies, but ports that may be theirs",
		CHAIN("input", "input", "drop") OPEN("{\"set\":[67,69]}")
			OPEN("{\"range\":[32768,60999]}"),
		""},
	{"a named set may hold them",
		CHAIN("input", "input", "drop") REPLIES("input") OPEN("\"@ok\""), ""},
	{"a drop at the end",
		CHAIN("input", "input", "accept") REPLIES("input") OPEN("67")
			RULE("input", DROP),
		"T"},
	{"a reject at the end",
		CHAIN("input", "input", "accept") REPLIES("input") OPEN("67")
			RULE("input", "{\"reject\":null}"),
		"T"},
	{"on one interface",
		CHAIN("input", "input", "drop") RULE(
			"input", MATCH("==", META("iifname"), "\"voice\"") "," ACCEPT),
		""},
	{"on the loopback alone",
		CHAIN("input", "input", "drop")
			RULE("input", MATCH("==", META("iifname"), "\"lo\"") "," ACCEPT),
		"DTA"},
	{"all but the loopback is dropped",
		CHAIN("input", "input", "accept")
			RULE("input", MATCH("!=", META("iifname"), "\"lo\"") "," DROP),
		"DTA"},
	{"TCP and IPv6 are open",
		CHAIN("input", "input", "drop") REPLIES("input") RULE("input",
			MATCH("==", META("l4proto"), "\"tcp\"") "," ACCEPT) RULE("input",
			MATCH("==", META("nfproto"), "\"ipv6\"") "," ACCEPT) RULE("input",
			MATCH("!=",
				"{\"payload\":{\"protocol\":\"tcp\",\"field\":\"dport\"}}",
				"22") "," ACCEPT),
		"DT"},
	{"some addresses may be dropped",
		CHAIN("input", "input", "accept") RULE("input",
			MATCH("==",
				"{\"payload\":{\"protocol\":\"ip\",\"field\":\"saddr\"}}",
				"\"@bad\"") "," DROP),
		""},
	{"invalid ones are dropped",
		CHAIN("input", "input", "accept")
			RULE("input", MATCH("in", STATE, "\"invalid\"") "," DROP),
		""},
	{"a limit",
		CHAIN("input", "input", "drop") REPLIES("input") RULE(
			"input", "{\"limit\":{\"rate\":9,\"per\":\"second\"}}," ACCEPT),
		""},
	{"a map of states",
		CHAIN("input", "input", "drop") RULE("input",
			"{\"vmap\":{\"key\":" STATE
			",\"data\":{\"set\":[[\"invalid\"," DROP
			"],[\"new\",{\"continue\":null}],[\"established\"," ACCEPT
			"]]}}}"),
		"DT"},
	{"a map of ports",
		CHAIN("input", "input", "drop") REPLIES("input") RULE("input",
			"{\"vmap\":{\"key\":" DPORT ",\"data\":{\"set\":[[67," ACCEPT
			"],[69," DROP "]]}}}"),
		"T"},
	{"a chain that accepts",
		CHAIN("input", "input", "drop") REPLIES("input") RULE(
			"input", "{\"jump\":{\"target\":\"more\"}}") RULE("more", ACCEPT),
		""},
	{"a chain that comes back",
		CHAIN("input", "input", "drop") REPLIES("input") RULE(
			"input", "{\"jump\":{\"target\":\"more\"}}")
			RULE("more", "{\"return\":null}") RULE("more", ACCEPT) OPEN("67"),
		"T"},
	{"a chain that does not come back",
		CHAIN("input", "input", "accept") REPLIES("input") OPEN("67") RULE(
			"input", "{\"goto\":{\"target\":\"more\"}}") RULE("input", ACCEPT)
			RULE("more", "{\"log\":null}," DROP),
		"T"},
	{"chains in a ring",
		CHAIN("input", "input", "drop")
			RULE("input", "{\"jump\":{\"target\":\"input\"}}"),
		""},
	{"what is not known here",
		CHAIN("input", "input", "drop")
			RULE("input", "{\"tproxy\":{\"port\":1}}"),
		""},
	{"what iptables wrote",
		CHAIN("input", "input", "drop") RULE("input",
			"{\"xt\":{\"type\":\"match\",\"name\":\"udp\"}}," ACCEPT),
		""},
	{"before all",
		CHAIN("raw", "prerouting", "accept")
			RULE("raw", MATCH("==", DPORT, "69") "," DROP),
		"T"},
	{"output: replies alone", CHAIN("output", "output", "drop") REPLIES("output"),
		"B"},
	{"output: nothing", CHAIN("output", "output", "drop"), "dB"},
	{"output: replies, and the helper",
		CHAIN("output", "output", "drop") REPLIES(
			"output") ",{\"ct helper\":{\"family\":"
				  "\"inet\",\"name\":\"t\",\"table\":\"filter\",\"type\":\"tftp\"}}",
		""},
	{"forwarding is no matter", CHAIN("forward", "forward", "drop"), ""},
};

static char letter(const char *text)
{
	return strstr(text, "to UDP port 67 ")    ? 'D'
	       : strstr(text, "from UDP port 67") ? 'd'
	       : strstr(text, "port 69 (TFTP)")   ? 'T'
	       : strstr(text, "phones' packets")  ? 'A'
	       : strstr(text, "the blocks")       ? 'B'
						  : '?';
}

static void judge(
	const char *rules, const struct firewall_wants *wants, struct cpr_observed *o)
{
	_cleanup_(cpr_freep) char *text = NULL;
	json_error_t e;
	json_t *all;

	assert_true(asprintf(&text, "{\"nftables\":[%s]}", rules) > 0);
	all = json_loads(text, 0, &e);
	if (!all)
		fail_msg("%s: %s", e.text, text);
	firewall_judge(all, wants, o);
	json_decref(all);
}

static void judges(void **state)
{
	const struct firewall_wants wants = {
		.dhcp = true, .dhcp_udp = true, .tftp = true};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		_cleanup_(cpr_observed_clear) struct cpr_observed o = {0};
		char found[10] = "";

		print_message("# %s\n", rows[i].name);
		judge(rows[i].rules, &wants, &o);
		for (size_t k = 0; k < o.barrier_n; k++) {
			print_message(
				"#   %s: %s\n", o.barrier[k].chain, o.barrier[k].text);
			assert_true(o.barrier[k].sure);
			found[k] = letter(o.barrier[k].text);
		}
		assert_string_equal(found, rows[i].found);
	}
}

#define SHUT \
	"*filter\n:INPUT DROP [12:345]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"

/* The same of iptables-legacy, as its iptables-legacy-save prints it. */
static const struct {
	const char *name, *rules, *found;
} legacy[] = {
	{"nothing", "", ""},
	{"policy drop", SHUT "COMMIT\n", "DTA"},
	{"ports, and what belongs to connections",
		SHUT "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
		     "-A INPUT -p udp -m udp --dport 67 -j ACCEPT\n"
		     "-A INPUT -p udp -m multiport --dports 53,69:70 -j ACCEPT\n"
		     "COMMIT\n",
		""},
	{"no replies",
		SHUT
		"-A INPUT -p udp -m udp --dport 60:70 -m comment --comment \"all \\\" "
		"of it\" -j ACCEPT\n"
		"COMMIT\n",
		"A"},
	{"tcp, the loopback interface and another port are no use",
		SHUT
		"-A INPUT -i lo -j ACCEPT\n-A INPUT -p tcp -m tcp --dport 69 -j ACCEPT\n"
		"-A INPUT ! -p udp -j ACCEPT\n-A INPUT -p udp -m udp --dport 53 -j "
		"ACCEPT\nCOMMIT\n",
		"DTA"},
	{"an interface, an address or a module may be theirs",
		SHUT "-A INPUT -s 10.0.0.0/8 -i eth0 -m set --match-set ok src -j "
		     "ACCEPT\nCOMMIT\n",
		""},
	{"all but the loopback interface", SHUT "-A INPUT ! -i lo -j ACCEPT\nCOMMIT\n",
		""},
	{"a drop before the accept",
		SHUT "-A INPUT -p udp -m udp --dport 69 -j REJECT --reject-with "
		     "icmp-port-unreachable\n-A INPUT -j ACCEPT\nCOMMIT\n",
		"T"},
	{"a chain of its own, and the log",
		"*filter\n:INPUT DROP [0:0]\n:phones - [0:0]\n"
		"-A INPUT -j LOG --log-prefix \"in: \"\n-A INPUT -p udp -j phones\n"
		"-A phones -p udp -m udp --dport 67 -j ACCEPT\n-A phones -j RETURN\n"
		"-A phones -j ACCEPT\nCOMMIT\n",
		"TA"},
	{"a target that is not known here may do anything",
		SHUT "-A INPUT -j NFQUEUE --queue-num 0\nCOMMIT\n", ""},
	{"a chain of another table is none of this one's",
		"*mangle\n:INPUT ACCEPT [0:0]\n:phones - [0:0]\n-A phones -j DROP\nCOMMIT\n"
		"*filter\n:INPUT ACCEPT [0:0]\n:phones - [0:0]\n-A INPUT -j phones\nCOMMIT\n",
		""},
	{"nat drops nothing", "*nat\n:OUTPUT DROP [0:0]\nCOMMIT\n", ""},
	{"the blocks do not get out",
		"*filter\n:OUTPUT DROP [0:0]\n-A OUTPUT -m state --state "
		"RELATED,ESTABLISHED -j ACCEPT\n-A OUTPUT -p udp -m udp --sport 67 -j "
		"ACCEPT\nCOMMIT\n",
		"B"},
	{"they do by the helper",
		"*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p udp -m udp --dport 69 -j "
		"CT --helper tftp\nCOMMIT\n"
		"*filter\n:OUTPUT DROP [0:0]\n-A OUTPUT -m state --state "
		"RELATED,ESTABLISHED -j ACCEPT\n-A OUTPUT -p udp -m udp --sport 67 -j "
		"ACCEPT\nCOMMIT\n",
		""},
	{"half a line", SHUT "-A\n-A \n-A INPUT !\n:\n*\n-A INPUT -p\n", "DTA"},
	{"half a target", SHUT "-A INPUT -j\n", ""},
};

static void judges_legacy(void **state)
{
	const struct firewall_wants wants = {true, true, true};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(legacy); i++) {
		_cleanup_(cpr_observed_clear) struct cpr_observed o = {0};
		json_t *ruleset = json_pack("{s:[]}", "nftables");
		char found[16] = "";

		print_message("# %s\n", legacy[i].name);
		assert_int_equal(iptables_objects(legacy[i].rules,
					 json_object_get(ruleset, "nftables")),
			0);
		firewall_judge(ruleset, &wants, &o);
		json_decref(ruleset);
		for (size_t k = 0; k < o.barrier_n; k++) {
			print_message(
				"#   %s: %s\n", o.barrier[k].chain, o.barrier[k].text);
			found[k] = letter(o.barrier[k].text);
		}
		assert_string_equal(found, legacy[i].found);
	}
}

/* What this host is not for phones, no filter can keep from them; and raw sockets hear what a
 * filter drops. */
static void wanted(void **state)
{
	static const char all_shut[] =
		CHAIN("input", "input", "drop") "," CHAIN("output", "output", "drop");
	_cleanup_(cpr_observed_clear) struct cpr_observed none = {0}, raw = {0};

	(void)state;
	judge(all_shut, &(struct firewall_wants){0}, &none);
	assert_int_equal(none.barrier_n, 0);
	judge(all_shut, &(struct firewall_wants){.dhcp = true}, &raw);
	assert_int_equal(raw.barrier_n, 2);
	assert_false(raw.barrier[0].sure || raw.barrier[1].sure);
	assert_string_equal(raw.barrier[0].chain, "inet filter input");
	assert_non_null(strstr(raw.barrier[0].text, "raw sockets may hear"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(judges),
		cmocka_unit_test(judges_legacy), cmocka_unit_test(wanted)};

	return cmocka_run_group_tests_name("firewall", tests, NULL, NULL);
}
