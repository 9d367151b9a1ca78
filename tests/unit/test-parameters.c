#include "cleanup.h"
#include "errors.h"
#include "models.h"
#include "parameters.h"
#include "tree-json.h"
#include "tree.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Rows are written with ' for ", and read so. */
static void load(const char *text, struct cpr_tree *tree)
{
	_cleanup_(cpr_freep) char *json = strdup(text);
	json_error_t error;
	json_t *j;

	assert_non_null(json);
	for (char *c = json; *c; c++)
		if (*c == '\'')
			*c = '"';
	j = json_loads(json, JSON_DECODE_ANY, &error);
	if (!j)
		fail_msg("%s: %s", text, error.text);
	assert_int_equal(tree_from_json(j, tree), 0);
	json_decref(j);
}

static int parse(const char *text, struct cpr_parameters **out, char *said, size_t cap)
{
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	_cleanup_(cpr_tree_clear) struct cpr_tree tree = {0};
	size_t n = 0;
	int r;

	load(text, &tree);
	r = cpr_parameters_parse(&tree, out, &e);
	said[0] = '\0';
	for (size_t i = 0; i < e.n && n < cap; i++)
		n += (size_t)snprintf(said + n, cap - n, "%s\n", e.line[i]);
	assert_int_equal(r == 0, *out != NULL);
	assert_int_equal(r == 0, e.n == 0);
	return r;
}

static void takes_every_key(void **state)
{
	_cleanup_(cpr_parameters_freep) struct cpr_parameters *p = NULL;
	static const uint8_t macs[][6] = {{0x00, 0x1b, 0x54, 0xaa, 0xbb, 0xcc},
		{0x00, 0x1b, 0x54, 0xaa, 0xbb, 0xcd},
		{0x00, 0x1b, 0x54, 0xaa, 0xbb, 0xce},
		{0x00, 0x1b, 0x54, 0xaa, 0xbb, 0xcf}};
	char said[512];

	(void)state;
	parse("{'tftp-servers': ['192.168.10.105', '192.168.10.106'],"
	      "'networks': [{'prefix': '10.1.0.0/16', 'tftp-servers': ['10.1.0.5']},"
	      "             {'tftp-servers': ['10.9.0.5', '192.168.10.105'],"
	      "              'prefix': '0.0.0.0/0'},"
	      "             {'prefix': '10.1.0.0/17', 'tftp-servers': ['10.1.0.5']}],"
	      "'models': ['7941', 'CP-7961G'],"
	      "'override': true, 'fallbacks': false, 'balance': true, 'strict': true,"
	      "'health': {'interval': 3600, 'failures': 100, 'file': 'a/b.xml'},"
	      "'recovery': {'tftp-servers': ['192.168.10.200'], 'phones':"
	      " ['00:1b:54:aa:bb:cc', '00-1B-54-AA-BB-CD', '001b.54aa.bbce',"
	      "  '001B54AABBCF']},"
	      "'track-phones': 0}",
		&p, said, sizeof(said));
	assert_string_equal(said, "");
	assert_int_equal(p->server_n, 2);
	assert_string_equal(inet_ntoa(p->server[1]), "192.168.10.106");
	assert_int_equal(p->network_n, 3);
	assert_string_equal(inet_ntoa(p->network[0].prefix), "10.1.0.0");
	assert_int_equal(p->network[0].length, 16);
	assert_int_equal(p->network[0].server_n, 1);
	assert_int_equal(p->network[1].length, 0);
	assert_string_equal(inet_ntoa(p->network[1].server[1]), "192.168.10.105");
	assert_int_equal(p->model_n, 2);
	assert_int_equal(p->model[0]->device_id, 115);
	assert_int_equal(p->model[1]->device_id, 30018);
	assert_true(p->override && !p->fallbacks && p->balance && p->strict);
	assert_true(p->health);
	assert_int_equal(p->health_interval, 3600);
	assert_int_equal(p->health_failures, 100);
	assert_string_equal(p->health_file, "a/b.xml");
	assert_int_equal(p->recovery_server_n, 1);
	assert_int_equal(p->recovery_phone_n, 4);
	assert_memory_equal(p->recovery_phone, macs, sizeof(macs));
	assert_int_equal(p->track_phones, 0);
}

static void has_defaults(void **state)
{
	static const char *const texts[] = {"{'tftp-servers': ['10.0.0.1']}",
		"{'networks': [{'prefix': '10.0.0.0/8', 'tftp-servers': ['10.0.0.1']}]}",
		"{'recovery': {'tftp-servers': ['10.0.0.1']}}",
		"{'tftp-servers': ['10.0.0.1'], 'networks': [], 'health': {},"
		" 'recovery': {'tftp-servers': ['10.0.0.1'], 'phones': []}}"};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(texts); i++) {
		_cleanup_(cpr_parameters_freep) struct cpr_parameters *p = NULL;
		char said[512];

		parse(texts[i], &p, said, sizeof(said));
		assert_string_equal(said, "");
		assert_false(p->override || p->balance || p->strict);
		assert_true(p->fallbacks);
		assert_int_equal(p->health, i == 3);
		assert_int_equal(p->health_interval, 10);
		assert_int_equal(p->health_failures, 3);
		assert_string_equal(p->health_file, "XMLDefault.cnf.xml");
		assert_int_equal(p->track_phones, 65536);
		assert_int_equal(p->model_n, 0);
		assert_int_equal(p->recovery_phone_n, 0);
	}
}

/* a list of servers that is right; what is said of one that is not */
#define OK      "'tftp-servers': ['10.0.0.1']"
#define HOSTS   "write it like \"192.168.10.105\"\n"
#define SERVERS "[\"192.168.10.105\", \"192.168.10.106\"]"
#define SIXTEEN                                                                 \
	"'10.0.0.1','10.0.0.2','10.0.0.3','10.0.0.4','10.0.0.5','10.0.0.6',"    \
	"'10.0.0.7','10.0.0.8','10.0.0.9','10.0.0.10','10.0.0.11','10.0.0.12'," \
	"'10.0.0.13','10.0.0.14','10.0.0.15','10.0.0.16'"

static const struct {
	const char *name, *json, *said;
} rows[] = {
	{"no map", "[]",
		"parameters: it is a list, and must be a map: write it like "
		"{\"tftp-servers\": " SERVERS "}\n"},
	{"nothing", "{}",
		"parameters: they name no server: add \"tftp-servers\": " SERVERS "\n"},
	{"networks without any, and flags", "{'networks': [], 'balance': true}",
		"parameters: they name no server: add \"tftp-servers\": " SERVERS "\n"},
	{"a key misspelt", "{" OK ", 'tftp-server': [], 'Models': ['7961']}",
		"parameters.tftp-server: there is no such key; did you mean "
		"\"tftp-servers\"?\n"
		"parameters.Models: there is no such key; did you mean \"models\"?\n"},
	{"a key like none", "{" OK ", 'user-context': {}}",
		"parameters.user-context: there is no such key: what can stand here is "
		"tftp-servers, networks, models, override, fallbacks, balance, strict, "
		"health, recovery, track-phones\n"},
	{"a key with a line end", "{" OK ", 'a\\nb': 1}",
		"parameters.a?b: there is no such key: what can stand here is "
		"tftp-servers, networks, models, override, fallbacks, balance, strict, "
		"health, recovery, track-phones\n"},
	{"text for a list", "{'tftp-servers': '10.0.0.1'}",
		"parameters.tftp-servers: it is a text, and must be a list: write it "
		"like " SERVERS "\n"},
	{"no address among them",
		"{'tftp-servers': ['10.0.0.1', 'tftp', 3, '10.0.0', ' 10.0.0.2']}",
		"parameters.tftp-servers[1]: \"tftp\" is not the address of a host: " HOSTS
		"parameters.tftp-servers[2]: it is a number, and must be a text: " HOSTS
		"parameters.tftp-servers[3]: \"10.0.0\" is not the address of a host: " HOSTS
		"parameters.tftp-servers[4]: \" 10.0.0.2\" is not the address of a "
		"host: " HOSTS},
	{"addresses of nobody",
		"{'tftp-servers': ['0.0.0.0', '255.255.255.255', '224.0.0.1', '240.0.0.1']}",
		"parameters.tftp-servers[0]: \"0.0.0.0\" is not the address of a host: " HOSTS
		"parameters.tftp-servers[1]: \"255.255.255.255\" is not the address of a "
		"host: " HOSTS
		"parameters.tftp-servers[2]: \"224.0.0.1\" is not the address of a host: " HOSTS
		"parameters.tftp-servers[3]: \"240.0.0.1\" is not the address of a "
		"host: " HOSTS},
	{"twice", "{'tftp-servers': ['10.0.0.1', '10.0.0.2', '10.0.0.1']}",
		"parameters.tftp-servers[2]: \"10.0.0.1\" is there twice: leave one out\n"},
	{"none", "{'tftp-servers': []}",
		"parameters.tftp-servers: it is empty: write it like " SERVERS
		", or leave it out\n"},
	{"sixteen", "{'tftp-servers': [" SIXTEEN "]}", ""},
	{"seventeen", "{'tftp-servers': [" SIXTEEN ", '10.0.0.17']}",
		"parameters.tftp-servers: it has 17 servers: keep at most 16, phones use "
		"two\n"},
	{"prefixes",
		"{'networks': [{'prefix': '10.1.2.0/16', " OK "},"
		"{'prefix': '10.1.0.0', " OK "}, {'prefix': '10.1.0.0/33', " OK "},"
		"{'prefix': '10.1.0.0/08', " OK "}, {'prefix': '10.1.0.0/', " OK "},"
		"{'prefix': '10.1.0.0/16 ', " OK "}, {'prefix': 10, " OK "},"
		"{'prefix': '10.1.0.0/-1', " OK "}, {'prefix': '10.1.0.1/32', " OK "}]}",
		"parameters.networks[0].prefix: \"10.1.2.0/16\" is an address within a "
		"network: write the network's first, \"10.1.0.0/16\", or another length\n"
		"parameters.networks[1].prefix: \"10.1.0.0\" is not a network: write its "
		"first address and length, like \"10.1.0.0/16\"\n"
		"parameters.networks[2].prefix: \"10.1.0.0/33\" is not a network: write "
		"its first address and length, like \"10.1.0.0/16\"\n"
		"parameters.networks[3].prefix: \"10.1.0.0/08\" is not a network: write "
		"its first address and length, like \"10.1.0.0/16\"\n"
		"parameters.networks[4].prefix: \"10.1.0.0/\" is not a network: write its "
		"first address and length, like \"10.1.0.0/16\"\n"
		"parameters.networks[5].prefix: \"10.1.0.0/16 \" is not a network: write "
		"its first address and length, like \"10.1.0.0/16\"\n"
		"parameters.networks[6].prefix: it is a number, and must be a text: write "
		"it like \"10.1.0.0/16\"\n"
		"parameters.networks[7].prefix: \"10.1.0.0/-1\" is not a network: write "
		"its first address and length, like \"10.1.0.0/16\"\n"},
	{"the same network twice, three times",
		"{'networks': [{'prefix': '10.1.0.0/16', " OK "},"
		"{'prefix': '10.2.0.0/16', " OK "}, {'prefix': '10.1.0.0/16', " OK "},"
		"{'prefix': '10.1.0.0/17', " OK "}, {'prefix': '10.1.0.0/16', " OK "}]}",
		"parameters.networks[2].prefix: networks[0] has \"10.1.0.0/16\" already: "
		"put its servers into one of the two\n"
		"parameters.networks[4].prefix: networks[2] has \"10.1.0.0/16\" already: "
		"put its servers into one of the two\n"},
	{"networks that lack something",
		"{'networks': [{}, 3, {" OK ", 'prefx': '10.1.0.0/16'}]}",
		"parameters.networks[0]: it has no prefix, so it holds nobody: add "
		"\"prefix\": \"10.1.0.0/16\"\n"
		"parameters.networks[0]: it has no tftp-servers, so nothing can be sent "
		"there: add \"tftp-servers\": " SERVERS "\n"
		"parameters.networks[1]: it is a number, and must be a map: write it like "
		"{\"prefix\": \"10.1.0.0/16\", \"tftp-servers\": " SERVERS "}\n"
		"parameters.networks[2].prefx: there is no such key; did you mean "
		"\"prefix\"?\n"
		"parameters.networks[2]: it has no prefix, so it holds nobody: add "
		"\"prefix\": \"10.1.0.0/16\"\n"},
	{"models", "{" OK ", 'models': ['7961', '7999', 7941, 'CP-7961G']}",
		"parameters.models[1]: model \"7999\" is unknown: write it like \"7961\" "
		"(cpr-conf models lists them)\n"
		"parameters.models[2]: it is a number, and must be a text: write it like "
		"\"7961\"\n"
		"parameters.models[3]: model \"CP-7961G\" is there twice: leave one out\n"},
	{"no model", "{" OK ", 'models': []}",
		"parameters.models: it is empty: write it like [\"7941\", \"7961\"], or "
		"leave it out\n"},
	{"flags", "{" OK ", 'override': 'true', 'strict': 1, 'balance': null}",
		"parameters.override: it is a text, and must be true or false: write it "
		"like true\n"
		"parameters.strict: it is a number, and must be true or false: write it "
		"like true\n"
		"parameters.balance: it is null, and must be true or false: write it like "
		"true\n"},
	{"health",
		"{" OK
		", 'health': {'interval': 0, 'failures': 101, 'file': '', 'port': 69}}",
		"parameters.health.interval: 0 is out of range: write 1 to 3600\n"
		"parameters.health.failures: 101 is out of range: write 1 to 100\n"
		"parameters.health.file: \"\" is no file's name for TFTP: write 1 to 128 "
		"characters without blanks, like \"XMLDefault.cnf.xml\"\n"
		"parameters.health.port: there is no such key: what can stand here is "
		"interval, failures, file\n"},
	{"health otherwise",
		"{" OK
		", 'health': {'interval': 10.0, 'failures': '3', 'file': 'a\\tb'}}",
		"parameters.health.interval: it is a number with a fraction, and must be "
		"a number: write it like 10\n"
		"parameters.health.failures: it is a text, and must be a number: write it "
		"like 3\n"
		"parameters.health.file: \"a?b\" is no file's name for TFTP: write 1 to "
		"128 characters without blanks, like \"XMLDefault.cnf.xml\"\n"},
	{"health switched on", "{" OK ", 'health': true}",
		"parameters.health: it is true or false, and must be a map: write it like "
		"{\"interval\": 10, \"failures\": 3}\n"},
	{"recovery without servers", "{" OK ", 'recovery': {'phones': []}}",
		"parameters.recovery: it has no tftp-servers, so no phone can be "
		"recovered: add \"tftp-servers\": " SERVERS "\n"},
	{"MACs",
		"{'recovery': {" OK ", 'phones': ['00:1b:54:aa:bb:cc', '00:1b:54:aa:bb',"
		"'00:1b:54:aa:bb:cc:dd', '00:1b-54:aa:bb:cc', '00:1b:54:aa:bb:cg',"
		"'00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff', '01:00:5e:00:00:01', '',"
		"'SEP001B54AABBCC', '001B54AABBCC', 1]}}",
		"parameters.recovery.phones[1]: \"00:1b:54:aa:bb\" is not the MAC address "
		"of a phone: write it like \"00:1b:54:aa:bb:cc\"\n"
		"parameters.recovery.phones[2]: \"00:1b:54:aa:bb:cc:dd\" is not the MAC "
		"address of a phone: write it like \"00:1b:54:aa:bb:cc\"\n"
		"parameters.recovery.phones[3]: \"00:1b-54:aa:bb:cc\" is not the MAC "
		"address of a phone: write it like \"00:1b:54:aa:bb:cc\"\n"
		"parameters.recovery.phones[4]: \"00:1b:54:aa:bb:cg\" is not the MAC "
		"address of a phone: write it like \"00:1b:54:aa:bb:cc\"\n"
		"parameters.recovery.phones[5]: \"00:00:00:00:00:00\" is not the MAC "
		"address of a phone: write it like \"00:1b:54:aa:bb:cc\"\n"
		"parameters.recovery.phones[6]: \"ff:ff:ff:ff:ff:ff\" is not the MAC "
		"address of a phone: write it like \"00:1b:54:aa:bb:cc\"\n"
		"parameters.recovery.phones[7]: \"01:00:5e:00:00:01\" is not the MAC "
		"address of a phone: write it like \"00:1b:54:aa:bb:cc\"\n"
		"parameters.recovery.phones[8]: \"\" is not the MAC address of a phone: "
		"write it like \"00:1b:54:aa:bb:cc\"\n"
		"parameters.recovery.phones[9]: \"SEP001B54AABBCC\" is not the MAC address "
		"of a phone: write it like \"00:1b:54:aa:bb:cc\"\n"
		"parameters.recovery.phones[11]: it is a number, and must be a text: write "
		"it like \"00:1b:54:aa:bb:cc\"\n"
		"parameters.recovery.phones[10]: \"001B54AABBCC\" is there already: leave "
		"one out\n"},
	{"rows of the table", "{" OK ", 'track-phones': 1048577}",
		"parameters.track-phones: 1048577 is out of range: write 0 to 1048576\n"},
	{"rows below none", "{" OK ", 'track-phones': -1}",
		"parameters.track-phones: -1 is out of range: write 0 to 1048576\n"},
	{"rows beyond 32 bits", "{" OK ", 'track-phones': 4294967296}",
		"parameters.track-phones: 4294967296 is out of range: write 0 to 1048576\n"},
};

static void says_every_fault(void **state)
{
	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		_cleanup_(cpr_parameters_freep) struct cpr_parameters *p = NULL;
		char said[4096];
		int r;

		print_message("# %s\n", rows[i].name);
		r = parse(rows[i].json, &p, said, sizeof(said));
		assert_string_equal(said, rows[i].said);
		assert_int_equal(r, *rows[i].said ? -EINVAL : 0);
	}
}

/* Faults that are found late, of the same value twice, have a place as the others do. */
static void says_places(void **state)
{
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	_cleanup_(cpr_tree_clear) struct cpr_tree t = {0};
	struct cpr_parameters *p = NULL;
	struct cpr_tree *list, *network;

	(void)state;
	load("{'networks': [{'prefix': '10.1.0.0/16', " OK "},"
	     "{'prefix': '10.1.0.0/16', " OK "}], 'balance': 3}",
		&t);
	list = (struct cpr_tree *)cpr_tree_get(&t, "networks");
	network = (struct cpr_tree *)cpr_tree_get(&list->child[1], "prefix");
	network->place = strdup("/etc/kea/kea-dhcp4.conf:7:9");
	((struct cpr_tree *)cpr_tree_get(&t, "balance"))->place = strdup("<wire>:0:99");
	assert_int_equal(cpr_parameters_parse(&t, &p, &e), -EINVAL);
	assert_null(p);
	assert_int_equal(e.n, 2);
	assert_string_equal(e.line[0],
		"/etc/kea/kea-dhcp4.conf:7:9: parameters.networks[1].prefix: networks[0] "
		"has \"10.1.0.0/16\" already: put its servers into one of the two");
	assert_string_equal(e.line[1],
		"<wire>:0:99: parameters.balance: it is a number, and must be true or "
		"false: write it like true");
}

/* Not every parser of JSON refuses it, and there is room for the values of one. */
static void says_what_is_there_twice(void **state)
{
	static const char *const keys[] = {
		"tftp-servers", "networks", "models", "health", "recovery"};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(keys); i++) {
		_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
		_cleanup_(cpr_tree_clear) struct cpr_tree t = {0};
		struct cpr_parameters *p = NULL;
		struct cpr_tree *first;
		char said[100];

		load("{'first': ['10.0.0.1'], 'tftp-servers': ['10.0.0.1', '10.0.0.2'],"
		     "'networks': [{'prefix': '10.1.0.0/16', " OK
		     "}], 'models': ['7961'],"
		     "'health': {'file': 'x'}, 'recovery': {" OK "}}",
			&t);
		first = (struct cpr_tree *)cpr_tree_get(&t, "first");
		free(first->key);
		first->key = strdup(keys[i]);
		first->type = cpr_tree_get(&t, keys[i])->type;
		assert_int_equal(cpr_parameters_parse(&t, &p, &e), -EINVAL);
		assert_null(p);
		snprintf(said, sizeof(said),
			"parameters.%s: it is there twice: leave one out", keys[i]);
		assert_string_equal(e.line[e.n - 1], said);
	}
}

/* Any cut or change of a good text is taken or refused, never worse. */
static void survives_mutations(void **state)
{
	static const char good[] =
		"{\"tftp-servers\":[\"10.0.0.1\"],\"networks\":[{\"prefix\":\"10.1.0.0/16\","
		"\"tftp-servers\":[\"10.0.0.2\"]}],\"models\":[\"7961\"],\"balance\":true,"
		"\"health\":{\"interval\":10,\"file\":\"x\"},\"recovery\":{\"tftp-servers\":"
		"[\"10.0.0.3\"],\"phones\":[\"001b54aabbcc\"]},\"track-phones\":5}";
	static const char with[] = "\"[]{},:0129./- tx";
	size_t taken = 0, refused = 0;

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(good); i++)
		for (size_t k = 0; k + 1 < sizeof(with); k++) {
			_cleanup_(cpr_parameters_freep) struct cpr_parameters *p = NULL;
			_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
			_cleanup_(cpr_tree_clear) struct cpr_tree t = {0};
			char text[sizeof(good)];
			json_t *j;
			int r;

			memcpy(text, good, sizeof(good));
			text[i] = with[k];
			j = json_loads(text, JSON_DECODE_ANY, NULL);
			if (!j)
				continue;
			assert_int_equal(tree_from_json(j, &t), 0);
			json_decref(j);
			r = cpr_parameters_parse(&t, &p, &e);
			assert_int_equal(r, e.n ? -EINVAL : 0);
			taken += r == 0;
			refused += r != 0;
		}
	assert_true(taken > 100 && refused > 1000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_every_key),
		cmocka_unit_test(has_defaults),
		cmocka_unit_test(says_every_fault),
		cmocka_unit_test(says_places),
		cmocka_unit_test(says_what_is_there_twice),
		cmocka_unit_test(survives_mutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
