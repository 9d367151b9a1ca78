/* What is generated for Kea, read back. */
#include "cleanup.h"
#include "emit.h"
#include "parameters.h"
#include "plan.h"
#include "site.h"
#include "tree-json.h"
#include "tree.h"
#include "vendor.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	NETWORKS = 200,
	SERVERS = 17
};

static uint32_t draw_state = 2463534242;

static uint32_t draw(void)
{
	draw_state ^= draw_state << 13;
	draw_state ^= draw_state >> 17;
	draw_state ^= draw_state << 5;
	return draw_state;
}

static uint32_t mask_of(unsigned length)
{
	return length ? UINT32_MAX << (32 - length) : 0;
}

struct made {
	struct cpr_site site;
	struct cpr_site_network network[NETWORKS];
	struct in_addr server[SERVERS], of_network[NETWORKS][2];
	char file[16], mode[16];
};

/* A site with so many networks, whose lengths are of all kinds, all different. */
static void make(struct made *m, const char *mode, size_t servers, size_t networks)
{
	*m = (struct made){.file = "site.conf"};
	snprintf(m->mode, sizeof(m->mode), "%s", mode);
	m->site = (struct cpr_site){.file = m->file,
		.kea = true,
		.kea_mode = m->mode,
		.tftp_server = m->server,
		.tftp_server_n = servers,
		.network = m->network,
		.network_n = networks};
	for (size_t i = 0; i < servers; i++)
		m->server[i].s_addr = htonl(0xc0a80a69 + (uint32_t)i);
	for (size_t i = 0; i < networks; i++) {
		unsigned length = 1 + (unsigned)i % 32;

		/* the top bits count, so that no two are the same */
		m->of_network[i][0].s_addr = htonl(0x0a000001 + (uint32_t)i);
		m->of_network[i][1].s_addr = htonl(0x0b000001 + (uint32_t)i);
		m->network[i] = (struct cpr_site_network){
			.prefix = {htonl((i < 32 ? UINT32_C(0x80000000)
						 : (uint32_t)i << 24 | draw() >> 8) &
					 mask_of(i < 32 ? length : 8 + length % 25))},
			.length = i < 32 ? length : 8 + length % 25,
			.tftp_server = m->of_network[i],
			.tftp_server_n = 1 + i % 2};
	}
}

static void emit(const struct made *m, struct outputs *out, struct cpr_errors *e)
{
	const struct cpr_plan plan = {.site = &m->site};
	const struct emit_input in = {.plan = &plan};

	emit_kea(&in, out, e);
	assert_false(out->failed);
}

/* What is behind the first line, with something around it, as JSON. */
static json_t *read_back(
	const struct outputs *out, const char *before, const char *behind)
{
	_cleanup_(cpr_freep) char *text = NULL;
	const struct output *o = &out->output[0];
	json_t *j;

	assert_int_equal(out->n, 1);
	assert_string_equal(o->path, "/etc/kea/phone-cpr.json");
	assert_false(o->text.failed);
	assert_int_equal(
		strncmp(o->text.data, GENERATED_LINE, strlen(GENERATED_LINE)), 0);
	assert_true(asprintf(&text, "%s%s%s", before,
			    o->text.data + strlen(GENERATED_LINE), behind) > 0);
	j = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(j);
	return j;
}

static void same_addresses(
	const struct in_addr *a, size_t a_n, const struct in_addr *b, size_t b_n)
{
	assert_int_equal(a_n, b_n);
	assert_memory_equal(a, b, a_n * sizeof(*a));
}

static void hook_is_the_same_configuration(void **state)
{
	static const size_t networks[] = {0, 1, NETWORKS};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(networks); i++) {
		_cleanup_(cpr_parameters_freep) struct cpr_parameters *p = NULL;
		_cleanup_(cpr_tree_clear) struct cpr_tree tree = {0};
		_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
		_cleanup_(outputs_clear) struct outputs out = {0};
		struct made m;
		json_t *j;

		make(&m, "hook", 3, networks[i]);
		emit(&m, &out, &e);
		assert_string_equal(e.n ? e.line[0] : "", "");
		j = read_back(&out, "", "");
		assert_int_equal(json_object_size(j), 2);
		assert_string_equal(json_string_value(json_object_get(j, "library")),
			"/usr/lib/x86_64-linux-gnu/kea/hooks/libdhcp_option150.so");
		assert_int_equal(
			tree_from_json(json_object_get(j, "parameters"), &tree), 0);
		json_decref(j);
		assert_int_equal(cpr_parameters_parse(&tree, &p, &e), 0);
		same_addresses(p->server, p->server_n, m.server, 3);
		assert_int_equal(p->network_n, networks[i]);
		for (size_t k = 0; k < networks[i]; k++) {
			const struct cpr_site_network *n = &m.network[k];

			assert_int_equal(p->network[k].prefix.s_addr, n->prefix.s_addr);
			assert_int_equal(p->network[k].length, n->length);
			same_addresses(p->network[k].server, p->network[k].server_n,
				n->tftp_server, n->tftp_server_n);
		}
		/* all else as it is where nothing is said */
		assert_true(p->fallbacks);
		assert_false(p->override || p->balance || p->strict || p->health);
		assert_int_equal(p->model_n + p->recovery_server_n, 0);
	}
}

static void refuses_what_the_hook_would(void **state)
{
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	_cleanup_(outputs_clear) struct outputs out = {0}, none = {0};
	struct made m;

	(void)state;
	make(&m, "hook", SERVERS, 0);
	emit(&m, &out, &e);
	assert_int_equal(e.n, 1);
	assert_string_equal(e.line[0],
		"site.conf: kea: parameters.tftp-servers: it has 17 servers: keep at most "
		"16, phones use two");
	make(&m, "class", 0, 1);
	m.network[0].tftp_server_n = 0;
	emit(&m, &none, &e);
	assert_int_equal(none.n, 0);
	assert_int_equal(e.n, 3);
	assert_string_equal(e.line[1],
		"site.conf: kea needs the TFTP server's address to send it to phones: set "
		"tftp-servers = {\"ADDRESS\"}");
	assert_string_equal(e.line[2],
		"site.conf: network \"128.0.0.0/1\": set tftp-servers = {\"ADDRESS\"} in it");
}

/* Evaluates the generated comparisons of digits of the relay's address. */
static bool relay_fits(const char *test, size_t len, uint32_t relay)
{
	static const char words[] = "substring(hexstring(pkt4.giaddr,''),0,";
	char hex[9];
	size_t seen = 0;

	snprintf(hex, sizeof(hex), "%08x", relay);
	for (const char *at = test; (at = strstr(at, words)) && at < test + len; seen++) {
		unsigned n;
		char digits[9];

		at += strlen(words);
		assert_int_equal(sscanf(at, "%u) == '%8[0-9a-f]'", &n, digits), 2);
		assert_int_equal(strlen(digits), n);
		if (!strncmp(hex, digits, n))
			return true;
	}
	assert_in_range(seen, 1, 8);
	return false;
}

/* Which network of the site holds; -1: none. */
static int longest(const struct made *m, uint32_t relay)
{
	int best = -1;

	for (size_t i = 0; i < m->site.network_n; i++)
		if ((relay & mask_of(m->network[i].length)) ==
				ntohl(m->network[i].prefix.s_addr) &&
			(best < 0 || m->network[i].length > m->network[best].length))
			best = (int)i;
	return best;
}

/* The first class that fits, as Kea takes it. */
static const json_t *class_for(const json_t *classes, uint32_t relay)
{
	for (size_t i = 1; i < json_array_size(classes); i++) {
		const json_t *one = json_array_get(classes, i);
		const char *test = json_string_value(json_object_get(one, "test"));

		assert_int_equal(strncmp(test, "member('phone-cpr')", 19), 0);
		if (!test[19] || relay_fits(test, strlen(test), relay))
			return one;
	}
	fail();
	return NULL;
}

static void check_class(const json_t *one, const struct in_addr *server, size_t n)
{
	const json_t *options = json_object_get(one, "option-data");
	const char *next = json_string_value(json_object_get(one, "next-server"));
	const char *data =
		json_string_value(json_object_get(json_array_get(options, 0), "data"));
	const char *name =
		json_string_value(json_object_get(json_array_get(options, 1), "data"));
	char hex[17] = "", text[INET_ADDRSTRLEN];

	n = n > 2 ? 2 : n;
	for (size_t i = 0; i < n; i++)
		snprintf(hex + 8 * i, sizeof(hex) - 8 * i, "%08X",
			ntohl(server[i].s_addr));
	inet_ntop(AF_INET, &server[0], text, sizeof(text));
	assert_string_equal(data, hex);
	assert_string_equal(next, text);
	assert_string_equal(name, text);
}

static void check_relay(const struct made *m, const json_t *classes, uint32_t relay)
{
	int i = longest(m, relay);
	const json_t *one = class_for(classes, relay);

	if (i < 0)
		check_class(one, m->server, m->site.tftp_server_n);
	else
		check_class(one, m->of_network[i], m->network[i].tftp_server_n);
}

static void classes_tell_networks_by_relay(void **state)
{
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	_cleanup_(outputs_clear) struct outputs out = {0};
	struct made m;
	json_t *classes;

	(void)state;
	make(&m, "class", 3, NETWORKS);
	emit(&m, &out, &e);
	assert_int_equal(e.n, 0);
	classes = read_back(&out, "[", "]");
	assert_int_equal(json_array_size(classes), NETWORKS + 2);
	check_relay(&m, classes, 0);
	for (size_t i = 0; i < NETWORKS; i++) {
		uint32_t first = ntohl(m.network[i].prefix.s_addr),
			 last = first | ~mask_of(m.network[i].length);

		check_relay(&m, classes, first);
		check_relay(&m, classes, last);
		check_relay(&m, classes, first - 1);
		check_relay(&m, classes, last + 1);
		check_relay(&m, classes, draw());
	}
	json_decref(classes);
}

/* A network of all addresses takes the place of the general servers. */
static void everyone_may_be_a_network(void **state)
{
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	_cleanup_(outputs_clear) struct outputs out = {0};
	struct made m;
	json_t *classes;

	(void)state;
	make(&m, "class", 3, 1);
	m.network[0].prefix.s_addr = 0;
	m.network[0].length = 0;
	emit(&m, &out, &e);
	classes = read_back(&out, "[", "]");
	assert_int_equal(json_array_size(classes), 1);
	check_class(json_array_get(classes, 0), m.of_network[0], 1);
	json_decref(classes);
}

/* The values in the order of the nested conditions. */
static void flex_option_nests(void **state)
{
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	_cleanup_(outputs_clear) struct outputs out = {0};
	struct made m;
	const json_t *options;
	const char *add, *address;
	json_t *j;

	(void)state;
	make(&m, "flex-option", 3, 3);
	emit(&m, &out, &e);
	j = read_back(&out, "", "");
	options = json_object_get(json_object_get(j, "parameters"), "options");
	assert_int_equal(json_array_size(options), 2);
	assert_int_equal(
		json_integer_value(json_object_get(json_array_get(options, 0), "code")),
		150);
	assert_int_equal(
		json_integer_value(json_object_get(json_array_get(options, 1), "code")),
		66);
	add = json_string_value(json_object_get(json_array_get(options, 0), "add"));
	for (size_t i = 0; cpr_vendor_substrings[i]; i++)
		assert_non_null(strstr(add, cpr_vendor_substrings[i]));
	address = strstr(add, "ifelse(substring(hex");
	assert_string_equal(address,
		"ifelse(substring(hexstring(pkt4.giaddr,''),0,1) == '8' or "
		"substring(hexstring(pkt4.giaddr,''),0,1) == '9', 0x0A000003, "
		"ifelse(substring(hexstring(pkt4.giaddr,''),0,1) == '8' or "
		"substring(hexstring(pkt4.giaddr,''),0,1) == '9' or "
		"substring(hexstring(pkt4.giaddr,''),0,1) == 'a' or "
		"substring(hexstring(pkt4.giaddr,''),0,1) == 'b', 0x0A0000020B000002, "
		"ifelse(substring(hexstring(pkt4.giaddr,''),0,1) == '8' or "
		"substring(hexstring(pkt4.giaddr,''),0,1) == '9' or "
		"substring(hexstring(pkt4.giaddr,''),0,1) == 'a' or "
		"substring(hexstring(pkt4.giaddr,''),0,1) == 'b' or "
		"substring(hexstring(pkt4.giaddr,''),0,1) == 'c' or "
		"substring(hexstring(pkt4.giaddr,''),0,1) == 'd' or "
		"substring(hexstring(pkt4.giaddr,''),0,1) == 'e' or "
		"substring(hexstring(pkt4.giaddr,''),0,1) == 'f', 0x0A000001, "
		"0xC0A80A69C0A80A6A))), '')");
	json_decref(j);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(hook_is_the_same_configuration),
		cmocka_unit_test(refuses_what_the_hook_would),
		cmocka_unit_test(classes_tell_networks_by_relay),
		cmocka_unit_test(everyone_may_be_a_network),
		cmocka_unit_test(flex_option_nests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
