/* The hook's core as Kea drives it: packet threads that see, decide and answer, the prober's
 * own thread, and the main thread, which runs commands beside the packets, and reconfigures
 * with the packet threads stopped.  Meant for the thread and the address sanitizer. */
#include "cleanup.h"
#include "decide.h"
#include "errors.h"
#include "health.h"
#include "parameters.h"
#include "phones.h"
#include "tree-json.h"
#include "tree.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum {
	PACKET_THREADS = 3,
	VERSIONS = 200,
	CROWD = 3000,
	SERVERS = 3,
};

struct core {
	pthread_rwlock_t stopped; /* held for writing: no packet is under way */
	struct cpr_decider *decider;
	struct cpr_phones *phones;
	struct cpr_health *health;
	struct cpr_health_state known[SERVERS];
	size_t known_n;
	unsigned version; /* of the configuration: each has servers of its own */
	_Atomic bool over;
	_Atomic unsigned packets, wrong, threads;
};

/* Servers 127.VERSION.0.1 and .2, in recovery .3; nobody answers there. */
static struct cpr_decider *decider(unsigned version)
{
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	_cleanup_(cpr_tree_clear) struct cpr_tree tree = {0};
	struct cpr_parameters *p = NULL;
	struct cpr_decider *d = NULL;
	char text[400];
	json_t *j;

	snprintf(text, sizeof(text),
		"{\"tftp-servers\": [\"127.%u.0.1\", \"127.%u.0.2\"], \"balance\": %s,"
		" \"networks\": [{\"prefix\": \"10.1.0.0/16\", \"tftp-servers\": [\"127.%u.0.2\"]}],"
		" \"recovery\": {\"tftp-servers\": [\"127.%u.0.3\"]}, \"health\": {}}",
		version, version, version % 2 ? "true" : "false", version, version);
	j = json_loads(text, 0, NULL);
	assert_non_null(j);
	assert_int_equal(tree_from_json(j, &tree), 0);
	json_decref(j);
	assert_int_equal(cpr_parameters_parse(&tree, &p, &e), 0);
	assert_int_equal(cpr_decider_new(&d, p), 0);
	return d;
}

static void mac_of(uint32_t n, uint8_t mac[6])
{
	const uint8_t bytes[6] = {
		0, 0x1b, 0x54, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};

	memcpy(mac, bytes, 6);
}

static void packet(struct core *c, uint32_t n, bool discover)
{
	static const char class[] = "Cisco Systems, Inc. IP Phone CP-7961G";
	struct cpr_vendor vendor;
	struct cpr_facts f = {.vendor = &vendor, .address = {htonl(0x0a010000 + n * 61)}};
	struct cpr_sent last;
	struct cpr_answer a;

	cpr_vendor_parse((const uint8_t *)class, sizeof(class), &vendor);
	mac_of(n, f.mac);
	cpr_phones_seen(c->phones, f.mac, &vendor, discover, 1000, &last);
	f.recovery = cpr_phones_marked(c->phones, f.mac, 1000, NULL);
	f.last = discover || !last.n ? NULL : &last;
	f.dead = cpr_health_dead(c->health);
	cpr_decide(c->decider, &f, &a);
	cpr_phones_answered(c->phones, f.mac, f.address, &a, 1000);
	/* a list of another configuration than the one in force must not be repeated */
	for (unsigned i = 0; i < a.sent.n; i++)
		if ((ntohl(a.sent.server[i].s_addr) >> 16 & 0xff) != c->version)
			c->wrong++;
	if (a.reason != CPR_REASON_SENT || !a.sent.n)
		c->wrong++;
}

static void *packets(void *context)
{
	struct core *c = context;
	uint32_t x = atomic_fetch_add(&c->threads, 1) + 1;

	while (!c->over) {
		pthread_rwlock_rdlock(&c->stopped);
		for (int i = 0; i < 50; i++) {
			x = x * 1103515245 + 12345;
			packet(c, (x >> 8) % CROWD, i % 3 == 0);
			c->packets++;
		}
		pthread_rwlock_unlock(&c->stopped);
	}
	return NULL;
}

static void commands(struct core *c, unsigned k)
{
	struct cpr_phone_mark marks[CPR_RECOVERY_MARKS];
	struct cpr_phones_query q = {.limit = 20, .looping = k % 2};
	struct cpr_phone_row page[20];
	struct cpr_health_state state;
	size_t total;
	uint8_t mac[6];

	mac_of(k * 7 % CROWD, mac);
	cpr_phones_mark(c->phones, mac, 1000, k % 3 ? INT64_MAX : 1001);
	cpr_phones_list(c->phones, &q, page, &total);
	for (size_t i = 0; i < SERVERS; i++)
		cpr_health_state(c->health, i, &state);
	if (cpr_phones_marks(c->phones, 1000, marks, CPR_RECOVERY_MARKS) == 0 ||
		cpr_phones_count(c->phones) > cpr_phones_bytes(c->phones) / 100)
		c->wrong++;
	if (k % 5 == 0)
		cpr_phones_unmark(c->phones, mac);
}

static void probe(struct core *c)
{
	struct cpr_health_options o = {.port = 9,
		.interval_ms = 6,
		.failures = 1,
		.file = "XMLDefault.cnf.xml",
		.known = c->known,
		.known_n = c->known_n};

	o.server = cpr_decider_servers(c->decider, &o.n);
	assert_int_equal(o.n, SERVERS);
	assert_int_equal(cpr_health_new(&c->health, &o, NULL, NULL), 0);
}

/* A table of another size now and then, to which the marks move. */
static void reconfigure(struct core *c)
{
	struct cpr_phone_mark marks[CPR_RECOVERY_MARKS];

	for (c->known_n = 0; c->known_n < SERVERS; c->known_n++)
		cpr_health_state(c->health, c->known_n, &c->known[c->known_n]);
	c->health = cpr_health_free(c->health);
	cpr_decider_free(c->decider);
	c->decider = decider(++c->version);
	probe(c);
	cpr_phones_forget_sent(c->phones);
	if (c->version % 8 == 0) {
		size_t n = cpr_phones_marks(c->phones, 1000, marks, CPR_RECOVERY_MARKS);

		cpr_phones_free(c->phones);
		assert_int_equal(
			cpr_phones_new(&c->phones, c->version % 16 ? 500 : 2500), 0);
		for (size_t i = 0; i < n; i++)
			cpr_phones_mark(c->phones, marks[i].mac, 1000, marks[i].until);
	}
}

static void packets_commands_and_reconfiguration(void **state)
{
	struct core c = {.version = 1, .decider = decider(1)};
	pthread_t thread[PACKET_THREADS];
	pthread_rwlockattr_t kind;

	(void)state;
	pthread_rwlockattr_init(&kind);
	pthread_rwlockattr_setkind_np(
		&kind, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&c.stopped, &kind);
	assert_int_equal(cpr_phones_new(&c.phones, 2000), 0);
	probe(&c);
	for (int i = 0; i < PACKET_THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, packets, &c), 0);
	while (c.version < VERSIONS) {
		for (unsigned k = 0; k < 10; k++)
			commands(&c, c.version * 10 + k);
		pthread_rwlock_wrlock(&c.stopped);
		reconfigure(&c);
		pthread_rwlock_unlock(&c.stopped);
	}
	c.over = true;
	for (int i = 0; i < PACKET_THREADS; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	assert_int_equal(c.wrong, 0);
	assert_true(c.packets > 10000);
	cpr_health_free(c.health);
	cpr_phones_free(c.phones);
	cpr_decider_free(c.decider);
	pthread_rwlock_destroy(&c.stopped);
	pthread_rwlockattr_destroy(&kind);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_commands_and_reconfiguration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
