#include "cleanup.h"
#include "decide.h"
#include "errors.h"
#include "models.h"
#include "parameters.h"
#include "tree-json.h"
#include "tree.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void decider_freep(struct cpr_decider **d)
{
	*d = cpr_decider_free(*d);
}

/* Parameters are written with ' for ". */
static struct cpr_decider *decider(const char *text)
{
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	_cleanup_(cpr_tree_clear) struct cpr_tree tree = {0};
	_cleanup_(cpr_freep) char *json = strdup(text);
	struct cpr_parameters *p = NULL;
	struct cpr_decider *d = NULL;
	json_t *j;

	assert_non_null(json);
	for (char *c = json; *c; c++)
		if (*c == '\'')
			*c = '"';
	j = json_loads(json, 0, NULL);
	assert_non_null(j);
	assert_int_equal(tree_from_json(j, &tree), 0);
	json_decref(j);
	cpr_parameters_parse(&tree, &p, &e);
	assert_string_equal(e.n ? e.line[0] : "", "");
	assert_int_equal(cpr_decider_new(&d, p), 0);
	assert_ptr_equal(cpr_decider_parameters(d), p);
	return d;
}

static struct in_addr address(const char *text)
{
	struct in_addr a = {0};

	assert_int_equal(inet_pton(AF_INET, text, &a), 1);
	return a;
}

static struct cpr_vendor vendor(const char *option60)
{
	struct cpr_vendor v;

	cpr_vendor_parse((const uint8_t *)option60, strlen(option60), &v);
	return v;
}

/* "10.0.0.1,10.0.0.2" */
static uint8_t addresses(const char *text, struct in_addr out[CPR_OPTION150_USED])
{
	uint8_t n = 0;
	char one[2][16] = {"", ""};

	if (text)
		n = (uint8_t)sscanf(text, "%15[^,],%15s", one[0], one[1]);
	for (uint8_t i = 0; i < n; i++)
		out[i] = address(one[i]);
	return n;
}

static void describe(const struct cpr_answer *a, char *out, size_t cap)
{
	size_t n = (size_t)snprintf(
		out, cap, "%s net %d", cpr_reason_name(a->reason), a->network);

	for (uint8_t i = 0; i < a->sent.n; i++)
		n += (size_t)snprintf(
			out + n, cap - n, " %s", inet_ntoa(a->sent.server[i]));
	if (a->first.s_addr)
		n += (size_t)snprintf(
			out + n, cap - n, ", first %s", inet_ntoa(a->first));
	snprintf(out + n, cap - n, "%s%s%s", a->set_66 ? " 66" : "",
		a->set_siaddr ? " siaddr" : "", a->sent.recovery ? " recovery" : "");
}

/* Two general servers, a network within a network, recovery of the phone …:01. */
#define BASE                                                                    \
	"'tftp-servers': ['10.0.0.1', '10.0.0.2', '10.0.0.3'], 'networks': ["   \
	"{'prefix': '10.1.0.0/16', 'tftp-servers': ['10.1.0.5']},"              \
	"{'prefix': '10.1.2.0/24', 'tftp-servers': ['10.1.2.5', '10.1.2.6']}]," \
	"'recovery': {'tftp-servers': ['10.9.0.1'], 'phones': ['02:00:00:00:00:01']}"

enum {
	HAS_150 = 1, /* that phones cannot use, unless `admin` says which */
	HAS_66 = 2,
	HAS_SIADDR = 4,
	MARKED = 8,         /* by command or lease */
	LAST_RECOVERY = 16, /* the last list was recovery's */
};

#define PHONE "Cisco Systems, Inc. IP Phone CP-7961G"

static const struct {
	const char *name, *parameters, *vendor;
	uint8_t mac;
	const char *address, *admin, *last;
	unsigned flags;
	uint32_t dead; /* by number: 0 to 2 the general ones */
	const char *said;
} rows[] = {
	{"the first two, and both fallbacks", "{" BASE "}", PHONE, 9, "10.7.0.1", NULL,
		NULL, 0, 0, "sent net -1 10.0.0.1 10.0.0.2, first 10.0.0.1 66 siaddr"},
	{"its network", "{" BASE "}", PHONE, 9, "10.1.3.1", NULL, NULL, 0, 0,
		"sent net 0 10.1.0.5, first 10.1.0.5 66 siaddr"},
	{"the longest of its networks", "{" BASE "}", PHONE, 9, "10.1.2.255", NULL, NULL,
		0, 0, "sent net 1 10.1.2.5 10.1.2.6, first 10.1.2.5 66 siaddr"},
	{"an address that is not known", "{" BASE "}", PHONE, 9, "0.0.0.0", NULL, NULL, 0,
		0, "sent net -1 10.0.0.1 10.0.0.2, first 10.0.0.1 66 siaddr"},
	{"not a phone", "{" BASE "}", "Cisco AP c1240", 1, "10.7.0.1", NULL, NULL, MARKED,
		0, "not-a-phone net -1"},
	{"no vendor class", "{" BASE "}", "", 9, "10.7.0.1", NULL, NULL, 0, 0,
		"not-a-phone net -1"},
	{"a damaged phone is a phone", "{" BASE "}", "Cisco Systems, Inc. IP Phone 79XX",
		9, "10.7.0.1", NULL, NULL, 0, 0,
		"sent net -1 10.0.0.1 10.0.0.2, first 10.0.0.1 66 siaddr"},
	{"a phone of no known model is a phone", "{" BASE "}",
		"Cisco Systems, Inc. IP Phone CP-7777", 9, "10.7.0.1", NULL, NULL, 0, 0,
		"sent net -1 10.0.0.1 10.0.0.2, first 10.0.0.1 66 siaddr"},
	{"one of the models", "{" BASE ", 'models': ['7941', '7961']}", PHONE, 9,
		"10.1.0.1", NULL, NULL, 0, 0,
		"sent net 0 10.1.0.5, first 10.1.0.5 66 siaddr"},
	{"none of the models", "{" BASE ", 'models': ['7941']}", PHONE, 9, "10.1.0.1",
		NULL, NULL, 0, 0, "other-model net -1"},
	{"none of the models, with the admin's option",
		"{" BASE ", 'models': ['7941'], 'override': true}", PHONE, 9, "10.1.0.1",
		"10.5.0.1", NULL, HAS_150, 0, "other-model net -1"},
	{"of no known model, where models are named", "{" BASE ", 'models': ['7941']}",
		"Cisco Systems, Inc. IP Phone CP-7777", 9, "10.1.0.1", NULL, NULL, 0, 0,
		"other-model net -1"},
	{"damaged, where a 79xx is named", "{" BASE ", 'models': ['8841', '7941']}",
		"Cisco Systems, Inc. IP Phone CP-79XX", 9, "10.1.0.1", NULL, NULL, 0, 0,
		"sent net 0 10.1.0.5, first 10.1.0.5 66 siaddr"},
	{"damaged, where no 79xx is named", "{" BASE ", 'models': ['8841']}",
		"Cisco Systems, Inc. IP Phone CP-79XX", 9, "10.1.0.1", NULL, NULL, 0, 0,
		"other-model net -1"},
	{"none of the models, listed for recovery", "{" BASE ", 'models': ['7941']}",
		PHONE, 1, "10.1.0.1", NULL, NULL, 0, 0,
		"sent net -2 10.9.0.1, first 10.9.0.1 66 siaddr recovery"},
	{"no list holds",
		"{'networks': [{'prefix': '10.1.0.0/16', 'tftp-servers': ['10.1.0.5']}]}",
		PHONE, 9, "10.2.0.0", NULL, NULL, 0, 0, "no-server net -1"},
	{"no list holds, and the admin's does, and override",
		"{'networks': [{'prefix': '10.1.0.0/16', 'tftp-servers': ['10.1.0.5']}],"
		"'override': true}",
		PHONE, 9, "10.2.0.0", "10.5.0.1", NULL, HAS_150, 0,
		"kept-admin net -1, first 10.5.0.1 66 siaddr"},
	{"fallbacks that are there stay", "{" BASE "}", PHONE, 9, "10.7.0.1", NULL, NULL,
		HAS_66 | HAS_SIADDR, 0, "sent net -1 10.0.0.1 10.0.0.2, first 10.0.0.1"},
	{"66 is there, siaddr is not", "{" BASE "}", PHONE, 9, "10.7.0.1", NULL, NULL,
		HAS_66, 0, "sent net -1 10.0.0.1 10.0.0.2, first 10.0.0.1 siaddr"},
	{"siaddr is there, 66 is not", "{" BASE "}", PHONE, 9, "10.7.0.1", NULL, NULL,
		HAS_SIADDR, 0, "sent net -1 10.0.0.1 10.0.0.2, first 10.0.0.1 66"},
	{"fallbacks switched off", "{" BASE ", 'fallbacks': false}", PHONE, 9, "10.7.0.1",
		NULL, NULL, 0, 0, "sent net -1 10.0.0.1 10.0.0.2"},
	{"the admin's, and fallbacks that name it", "{" BASE "}", PHONE, 9, "10.1.0.1",
		"10.5.0.1,10.5.0.2", NULL, HAS_150, 0,
		"kept-admin net 0, first 10.5.0.1 66 siaddr"},
	{"the admin's, no fallbacks", "{" BASE ", 'fallbacks': false}", PHONE, 9,
		"10.1.0.1", "10.5.0.1", NULL, HAS_150, 0, "kept-admin net 0"},
	{"the admin's, of a length that is none", "{" BASE "}", PHONE, 9, "10.1.0.1",
		NULL, NULL, HAS_150, 0, "kept-admin net 0"},
	{"the admin's is 0.0.0.0", "{" BASE "}", PHONE, 9, "10.1.0.1", "0.0.0.0", NULL,
		HAS_150, 0, "kept-admin net 0"},
	{"the admin's, and another list was sent last", "{" BASE "}", PHONE, 9,
		"10.1.0.1", "10.5.0.1", "10.0.0.3,10.0.0.1", HAS_150, 0,
		"kept-admin net 0, first 10.5.0.1 66 siaddr"},
	{"override", "{" BASE ", 'override': true}", PHONE, 9, "10.1.0.1", "10.5.0.1",
		NULL, HAS_150, 0, "sent net 0 10.1.0.5, first 10.1.0.5 66 siaddr"},
	{"override, nothing there", "{" BASE ", 'override': true}", PHONE, 9, "10.1.0.1",
		NULL, NULL, 0, 0, "sent net 0 10.1.0.5, first 10.1.0.5 66 siaddr"},
	{"listed for recovery: before network and admin", "{" BASE "}", PHONE, 1,
		"10.1.0.1", "10.5.0.1", NULL, HAS_150, 0,
		"sent net -2 10.9.0.1, first 10.9.0.1 66 siaddr recovery"},
	{"marked for recovery", "{" BASE "}", PHONE, 9, "10.1.0.1", NULL, NULL, MARKED, 0,
		"sent net -2 10.9.0.1, first 10.9.0.1 66 siaddr recovery"},
	{"marked, but nothing to recover from", "{'tftp-servers': ['10.0.0.1']}", PHONE,
		9, "10.1.0.1", "10.5.0.1", NULL, MARKED | HAS_150, 0,
		"kept-admin net -1, first 10.5.0.1 66 siaddr"},
	{"the last list is repeated", "{" BASE "}", PHONE, 9, "10.7.0.1", NULL,
		"10.0.0.3,10.0.0.1", 0, 1,
		"sent net -1 10.0.0.3 10.0.0.1, first 10.0.0.3 66 siaddr"},
	{"a last list of one", "{" BASE "}", PHONE, 9, "10.7.0.1", NULL, "10.0.0.2", 0, 0,
		"sent net -1 10.0.0.2, first 10.0.0.2 66 siaddr"},
	{"nothing was sent last", "{" BASE "}", PHONE, 9, "10.7.0.1", NULL, "", 0, 0,
		"sent net -1 10.0.0.1 10.0.0.2, first 10.0.0.1 66 siaddr"},
	{"marked since the last list", "{" BASE "}", PHONE, 9, "10.7.0.1", NULL,
		"10.0.0.3,10.0.0.1", MARKED, 0,
		"sent net -2 10.9.0.1, first 10.9.0.1 66 siaddr recovery"},
	{"recovered since the last list", "{" BASE "}", PHONE, 9, "10.7.0.1", NULL,
		"10.9.0.1", LAST_RECOVERY, 0,
		"sent net -1 10.0.0.1 10.0.0.2, first 10.0.0.1 66 siaddr"},
	{"recovery's last list is repeated", "{" BASE "}", PHONE, 1, "10.7.0.1", NULL,
		"10.9.0.7", LAST_RECOVERY, 0,
		"sent net -2 10.9.0.7, first 10.9.0.7 66 siaddr recovery"},
	{"the first is dead", "{" BASE "}", PHONE, 9, "10.7.0.1", NULL, NULL, 0, 1,
		"sent net -1 10.0.0.2 10.0.0.3, first 10.0.0.2 66 siaddr"},
	{"two are dead: the live one, then the first dead one", "{" BASE "}", PHONE, 9,
		"10.7.0.1", NULL, NULL, 0, 1 | 2,
		"sent net -1 10.0.0.3 10.0.0.1, first 10.0.0.3 66 siaddr"},
	{"all are dead: as if none were", "{" BASE "}", PHONE, 9, "10.7.0.1", NULL, NULL,
		0, 1 | 2 | 4, "sent net -1 10.0.0.1 10.0.0.2, first 10.0.0.1 66 siaddr"},
	{"the only one is dead", "{" BASE "}", PHONE, 9, "10.1.0.1", NULL, NULL, 0,
		1 << 3, "sent net 0 10.1.0.5, first 10.1.0.5 66 siaddr"},
	{"one of a pair is dead", "{" BASE "}", PHONE, 9, "10.1.2.1", NULL, NULL, 0,
		1 << 4, "sent net 1 10.1.2.6 10.1.2.5, first 10.1.2.6 66 siaddr"},
};

static void decides(void **state)
{
	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		_cleanup_(decider_freep) struct cpr_decider *d =
			decider(rows[i].parameters);
		struct cpr_vendor v = vendor(rows[i].vendor);
		struct cpr_sent last = {.recovery = rows[i].flags & LAST_RECOVERY};
		struct cpr_facts f = {.vendor = &v,
			.mac = {2, 0, 0, 0, 0, rows[i].mac},
			.address = address(rows[i].address),
			.recovery = rows[i].flags & MARKED,
			.has_150 = rows[i].flags & HAS_150,
			.has_66 = rows[i].flags & HAS_66,
			.has_siaddr = rows[i].flags & HAS_SIADDR,
			.last = rows[i].last ? &last : NULL,
			.dead = rows[i].dead ? &rows[i].dead : NULL};
		struct cpr_answer a;
		char said[128];

		print_message("# %s\n", rows[i].name);
		f.admin_n = addresses(rows[i].admin, f.admin);
		if (rows[i].last && *rows[i].last)
			last.n = addresses(rows[i].last, last.server);
		memset(&a, 0xa5, sizeof(a));
		cpr_decide(d, &f, &a);
		describe(&a, said, sizeof(said));
		assert_string_equal(said, rows[i].said);
	}
}

static void numbers_servers(void **state)
{
	_cleanup_(decider_freep) struct cpr_decider *d = decider(
		"{'recovery': {'tftp-servers': ['10.0.0.9', '10.0.0.1']},"
		"'networks': [{'prefix': '10.1.0.0/16', 'tftp-servers':"
		" ['10.0.0.3', '10.0.0.1']}, {'prefix': '10.2.0.0/16', 'tftp-servers':"
		" ['9.0.0.1', '10.0.0.3']}], 'tftp-servers': ['10.0.0.2', '10.0.0.1']}");
	static const char *const expected[] = {
		"10.0.0.2", "10.0.0.1", "10.0.0.3", "9.0.0.1", "10.0.0.9"};
	const struct in_addr *server;
	size_t n;

	(void)state;
	server = cpr_decider_servers(d, &n);
	assert_int_equal(n, CPR_ARRAY_LEN(expected));
	for (size_t i = 0; i < n; i++)
		assert_string_equal(inet_ntoa(server[i]), expected[i]);
}

/* A server that stands in several lists is dead in all of them, beyond the first word too. */
static void reads_health_of_many(void **state)
{
	_cleanup_(decider_freep) struct cpr_decider *d = NULL;
	struct cpr_parameters *p = calloc(1, sizeof(*p));
	struct cpr_vendor v = vendor(PHONE);

	(void)state;
	assert_non_null(p);
	p->network = calloc(100, sizeof(*p->network));
	assert_non_null(p->network);
	for (uint32_t i = 0; i < 100; i++) {
		struct cpr_parameters_network *n = &p->network[p->network_n++];

		n->prefix.s_addr = htonl(0x0a000000 + (i << 8));
		n->length = 24;
		n->server_n = 2;
		n->server = calloc(2, sizeof(*n->server));
		assert_non_null(n->server);
		n->server[0].s_addr = htonl(0xc0000201 + i);
		n->server[1].s_addr = htonl(0xc0000201 + i + 1);
	}
	assert_int_equal(cpr_decider_new(&d, p), 0);
	/* server k is first in network k, second in network k - 1 */
	for (uint32_t k = 1; k < 100; k++) {
		uint32_t dead[4] = {0};
		struct cpr_facts f = {.vendor = &v, .dead = dead};
		struct cpr_answer a;

		dead[k / 32] = UINT32_C(1) << k % 32;
		for (uint32_t i = 0; i < 100; i++) {
			f.address.s_addr = htonl(0x0a000001 + (i << 8));
			cpr_decide(d, &f, &a);
			assert_int_equal(a.network, i);
			assert_int_equal(a.sent.n, 2);
			assert_int_equal(ntohl(a.sent.server[0].s_addr),
				0xc0000201 + i + (i == k));
			assert_int_equal(ntohl(a.sent.server[1].s_addr),
				0xc0000201 + i + (i != k));
		}
	}
}

static void finds_listed_phones(void **state)
{
	_cleanup_(decider_freep) struct cpr_decider *d = NULL;
	struct cpr_parameters *p = calloc(1, sizeof(*p));
	uint8_t mac[6] = {0x02};

	(void)state;
	assert_non_null(p);
	p->recovery_phone = calloc(1000, sizeof(*p->recovery_phone));
	assert_non_null(p->recovery_phone);
	for (unsigned i = 0; i < 1000; i++) {
		unsigned k = i * 7 % 1000 * 2; /* not in order */

		memcpy(p->recovery_phone[p->recovery_phone_n],
			(uint8_t[]){0x02, 0, 0, 0, (uint8_t)(k >> 8), (uint8_t)k}, 6);
		p->recovery_phone_n++;
	}
	assert_int_equal(cpr_decider_new(&d, p), 0);
	for (unsigned k = 0; k < 2002; k++) {
		mac[4] = (uint8_t)(k >> 8);
		mac[5] = (uint8_t)k;
		assert_int_equal(cpr_decider_lists(d, mac), k < 2000 && k % 2 == 0);
	}
}

static uint32_t draw_state;

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

static int by_prefix(const void *a, const void *b)
{
	const struct cpr_parameters_network *x = a, *y = b;

	if (x->prefix.s_addr != y->prefix.s_addr)
		return ntohl(x->prefix.s_addr) < ntohl(y->prefix.s_addr) ? -1 : 1;
	return (x->length > y->length) - (x->length < y->length);
}

/* n different prefixes below one of `cover` bits, in no order; network i is served by i. */
static struct cpr_parameters *random_networks(size_t n, unsigned cover, unsigned shortest)
{
	struct cpr_parameters *p = calloc(1, sizeof(*p));
	struct cpr_parameters_network *network;

	assert_non_null(p);
	p->network = network = calloc(n + 1, sizeof(*network));
	assert_non_null(network);
	while (p->network_n < n) {
		size_t kept = 0;

		for (; p->network_n < n; p->network_n++) {
			unsigned length = shortest + draw() % (33 - shortest);
			uint32_t at = (0x0a000000 & mask_of(cover)) |
				      (draw() & ~mask_of(cover));

			network[p->network_n] = (struct cpr_parameters_network){
				.prefix = {htonl(at & mask_of(length))},
				.length = length};
		}
		qsort(network, n, sizeof(*network), by_prefix);
		for (size_t i = 0; i < n; i++)
			if (!i || by_prefix(&network[i], &network[i - 1]))
				network[kept++] = network[i];
		p->network_n = kept;
	}
	for (size_t i = n; i > 1; i--) {
		size_t k = draw() % i;
		struct cpr_parameters_network other = network[i - 1];

		network[i - 1] = network[k];
		network[k] = other;
	}
	for (size_t i = 0; i < n; i++) {
		network[i].server = malloc(sizeof(*network[i].server));
		assert_non_null(network[i].server);
		network[i].server->s_addr = htonl(0xc0000000 + (uint32_t)i);
		network[i].server_n = 1;
	}
	return p;
}

static int brute_force(const struct cpr_parameters *p, uint32_t address)
{
	int best = -1;

	for (size_t i = 0; i < p->network_n; i++)
		if ((address & mask_of(p->network[i].length)) ==
				ntohl(p->network[i].prefix.s_addr) &&
			(best < 0 || p->network[i].length > p->network[best].length))
			best = (int)i;
	return best;
}

static void check_address(const struct cpr_decider *d, const struct cpr_vendor *v,
	uint32_t address, size_t *found)
{
	const struct cpr_parameters *p = cpr_decider_parameters(d);
	struct cpr_facts f = {.vendor = v, .address = {htonl(address)}};
	int expected = brute_force(p, address);
	struct cpr_answer a;

	cpr_decide(d, &f, &a);
	assert_int_equal(a.network, expected);
	*found += expected >= 0;
	if (expected >= 0)
		assert_int_equal(ntohl(a.sent.server[0].s_addr), 0xc0000000 + expected);
	else
		assert_int_equal(a.reason, CPR_REASON_NO_SERVER);
}

/* Against the plainest way to say it, at the edges of networks and anywhere. */
static void finds_the_longest_prefix(void **state)
{
	static const struct {
		size_t networks;
		unsigned cover, shortest;
		size_t edges; /* how many networks' edges are looked at */
	} cases[] = {{0, 0, 0, 0}, {1, 0, 0, 1}, {2, 0, 0, 2}, {10, 0, 0, 10},
		{33, 32, 0, 33}, /* one within the other, to a single address */
		{500, 20, 20, 500}, {10000, 0, 8, 600}, {10000, 12, 12, 600},
		{10000, 0, 32, 600}};
	struct cpr_vendor v = vendor(PHONE);

	(void)state;
	draw_state = 2463534242;
	for (size_t c = 0; c < CPR_ARRAY_LEN(cases); c++) {
		_cleanup_(decider_freep) struct cpr_decider *d = NULL;
		struct cpr_parameters *p = random_networks(
			cases[c].networks, cases[c].cover, cases[c].shortest);
		size_t found = 0;

		assert_int_equal(cpr_decider_new(&d, p), 0);
		check_address(d, &v, 0, &found);
		check_address(d, &v, UINT32_MAX, &found);
		for (size_t i = 0; i < cases[c].edges; i++) {
			uint32_t first = ntohl(p->network[i].prefix.s_addr),
				 last = first | ~mask_of(p->network[i].length);

			check_address(d, &v, first, &found);
			check_address(d, &v, last, &found);
			check_address(d, &v, first - 1, &found);
			check_address(d, &v, last + 1, &found);
		}
		assert_true(found >= 2 * cases[c].edges);
		for (size_t i = 0; i < 1000; i++)
			check_address(d, &v, draw(), &found);
	}
}

static void set_mac(uint8_t mac[6], uint32_t n)
{
	/* one maker's phones, numbered through: as a site buys them */
	memcpy(mac, (uint8_t[]){0x00, 0x1b, 0x54}, 3);
	for (int i = 0; i < 3; i++)
		mac[3 + i] = (uint8_t)(n >> (16 - 8 * i));
}

#define FIVE "'10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5'"

static void balances(void **state)
{
	_cleanup_(decider_freep) struct cpr_decider *d =
		decider("{'tftp-servers': [" FIVE "], 'balance': true}");
	_cleanup_(decider_freep) struct cpr_decider *reversed =
		decider("{'tftp-servers': ['10.0.0.5', '10.0.0.4', '10.0.0.3', "
			"'10.0.0.2', '10.0.0.1'], 'balance': true}");
	_cleanup_(decider_freep) struct cpr_decider *less =
		decider("{'tftp-servers': ['10.0.0.1', '10.0.0.2', '10.0.0.4', "
			"'10.0.0.5'], 'balance': true}");
	struct cpr_vendor v = vendor(PHONE);
	const uint32_t third_dead = 1 << 2;
	size_t first[6] = {0}, pair[6][6] = {{0}};

	(void)state;
	for (uint32_t i = 0; i < 100000; i++) {
		struct cpr_facts f = {.vendor = &v};
		struct cpr_answer a, b;
		uint32_t one, two;

		set_mac(f.mac, i);
		cpr_decide(d, &f, &a);
		one = ntohl(a.sent.server[0].s_addr) & 7;
		two = ntohl(a.sent.server[1].s_addr) & 7;
		assert_true(a.sent.n == 2 && one != two);
		first[one]++;
		pair[one][two]++;
		/* the order in which the servers are written says nothing */
		cpr_decide(reversed, &f, &b);
		assert_memory_equal(&a.sent, &b.sent, sizeof(a.sent));
		/* without the third, or with it dead, only its own phones move */
		cpr_decide(less, &f, &b);
		assert_int_equal(
			ntohl(b.sent.server[0].s_addr) & 7, one == 3 ? two : one);
		f.dead = &third_dead;
		cpr_decide(d, &f, &a);
		assert_memory_equal(&a.sent, &b.sent, sizeof(a.sent));
	}
	/* Of 100,000 each fifth is 20,000 with a standard deviation of 126, each ordered pair
	 * 5,000 with one of 69: five of them are allowed. */
	for (int i = 1; i <= 5; i++) {
		assert_in_range(first[i], 20000 - 630, 20000 + 630);
		for (int k = 1; k <= 5; k++)
			if (i != k)
				assert_in_range(pair[i][k], 5000 - 345, 5000 + 345);
	}
}

/* These may never change: the two servers of a pair are upgraded one after the other. */
static void balances_as_ever(void **state)
{
	static const struct {
		uint8_t mac[6];
		const char *said;
	} known[] = {
		{{0x00, 0x1b, 0x54, 0xaa, 0xbb, 0xcc}, "sent net -1 10.0.0.2 10.0.0.5"},
		{{0x00, 0x1b, 0x54, 0xaa, 0xbb, 0xcd}, "sent net -1 10.0.0.3 10.0.0.1"},
		{{0x02, 0x00, 0x00, 0x00, 0x00, 0x01}, "sent net -1 10.0.0.5 10.0.0.4"},
		{{0xfe, 0xff, 0xff, 0xff, 0xff, 0xff}, "sent net -1 10.0.0.5 10.0.0.4"},
	};
	_cleanup_(decider_freep) struct cpr_decider *d =
		decider("{'tftp-servers': [" FIVE "], 'balance': true, "
			"'fallbacks': false}");
	struct cpr_vendor v = vendor(PHONE);

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(known); i++) {
		struct cpr_facts f = {.vendor = &v};
		struct cpr_answer a;
		char said[128];

		memcpy(f.mac, known[i].mac, 6);
		cpr_decide(d, &f, &a);
		describe(&a, said, sizeof(said));
		assert_string_equal(said, known[i].said);
	}
}

enum {
	THREADS = 8,
	ROUNDS = 20000,
};

struct shared {
	const struct cpr_decider *d;
	struct cpr_vendor vendor;
	uint32_t dead[512];
};

/* Every thread asks the same questions, beginning elsewhere; the sum of the answers shows
 * that they got the same. */
static void *ask(void *context)
{
	const struct shared *s = context;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < ROUNDS; i++) {
		struct cpr_facts f = {.vendor = &s->vendor,
			.address = {htonl(0x0a000000 + i * 65521)},
			.dead = i % 3 ? s->dead : NULL};
		struct cpr_answer a;

		set_mac(f.mac, i);
		f.recovery = cpr_decider_lists(s->d, f.mac);
		cpr_decide(s->d, &f, &a);
		sum = sum * 31 + (uint64_t)(a.network + 3) +
		      (a.sent.n ? a.sent.server[0].s_addr : 0);
	}
	return (void *)(uintptr_t)sum;
}

static void is_shared_by_threads(void **state)
{
	_cleanup_(decider_freep) struct cpr_decider *d = NULL;
	struct cpr_parameters *p;
	struct shared s = {.vendor = vendor(PHONE), .dead = {7, 0, 9}};
	pthread_t thread[THREADS];
	void *alone, *sum;

	(void)state;
	draw_state = 88172645;
	p = random_networks(10000, 8, 8);
	p->balance = true;
	assert_int_equal(cpr_decider_new(&d, p), 0);
	s.d = d;
	alone = ask(&s);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, ask, &s), 0);
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(thread[i], &sum), 0);
		assert_ptr_equal(sum, alone);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(decides),
		cmocka_unit_test(numbers_servers),
		cmocka_unit_test(reads_health_of_many),
		cmocka_unit_test(finds_listed_phones),
		cmocka_unit_test(finds_the_longest_prefix),
		cmocka_unit_test(balances),
		cmocka_unit_test(balances_as_ever),
		cmocka_unit_test(is_shared_by_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
