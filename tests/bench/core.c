/* bench-core decide NETWORKS N: decides N times with so many scattered networks.  Whoever counts
 * its instructions runs it twice and takes the difference, which is of the decisions alone.
 * bench-core table ROWS MACS: what the phone table holds before and after so many phones.
 * For tests/bench/hook. */
#include <arpa/inet.h>
#include <err.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "decide.h"
#include "errors.h"
#include "parameters.h"
#include "phones.h"
#include "tree.h"

enum {
	SHORTEST = 20, /* prefixes of 20 to 28 bits */
	LENGTHS = 9,
	ADDRESSES = 4096,
};

static const char phone60[] = "Cisco Systems, Inc. IP Phone CP-7961G";

/* The i-th of 2^length different numbers, in no order: multiplication by an odd number and
 * a shifted exclusive or lose nothing modulo a power of two. */
static uint32_t scatter(uint32_t i, unsigned length)
{
	uint32_t mask = (UINT32_C(1) << length) - 1, x = i * UINT32_C(2654435761) & mask;

	x ^= x >> length / 2;
	return x * UINT32_C(2246822519) & mask;
}

static uint32_t network(size_t i, unsigned *length)
{
	*length = SHORTEST + i % LENGTHS;
	return scatter((uint32_t)i, *length) << (32 - *length);
}

static void add_text(struct cpr_tree *parent, const char *key, const char *text)
{
	struct cpr_tree *t = cpr_tree_add(parent, CPR_TREE_STRING, key, NULL);

	if (!t || cpr_tree_set_text(t, text) < 0)
		err(1, "networks");
}

static struct cpr_tree *add(
	struct cpr_tree *parent, enum cpr_tree_type type, const char *key)
{
	struct cpr_tree *t = cpr_tree_add(parent, type, key, NULL);

	if (!t)
		err(1, "networks");
	return t;
}

/* Each network has two servers of its own, as a site would. */
static void add_network(struct cpr_tree *list, size_t i)
{
	struct cpr_tree *map = add(list, CPR_TREE_MAP, NULL), *servers;
	char text[INET_ADDRSTRLEN + 4], dotted[INET_ADDRSTRLEN];
	unsigned length;
	struct in_addr a = {htonl(network(i, &length))};

	inet_ntop(AF_INET, &a, dotted, sizeof(dotted));
	snprintf(text, sizeof(text), "%s/%u", dotted, length);
	add_text(map, "prefix", text);
	servers = add(map, CPR_TREE_LIST, "tftp-servers");
	for (uint32_t n = 1; n <= 2; n++) {
		struct in_addr server = {htonl(0x0a000000 + 2 * (uint32_t)i + n)};

		add_text(servers, NULL,
			inet_ntop(AF_INET, &server, dotted, sizeof(dotted)));
	}
}

static struct cpr_decider *decider(size_t networks)
{
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	_cleanup_(cpr_tree_clear) struct cpr_tree tree = {.type = CPR_TREE_MAP};
	struct cpr_parameters *p = NULL;
	struct cpr_decider *d = NULL;
	struct cpr_tree *list;

	add_text(add(&tree, CPR_TREE_LIST, "tftp-servers"), NULL, "192.0.2.7");
	list = add(&tree, CPR_TREE_LIST, "networks");
	for (size_t i = 0; i < networks; i++)
		add_network(list, i);
	if (cpr_parameters_parse(&tree, &p, &e) < 0)
		errx(1, "%s", e.n ? e.line[0] : "parameters");
	if (cpr_decider_new(&d, p) < 0)
		err(1, "parameters");
	return d;
}

static void decide(size_t networks, size_t n)
{
	static struct in_addr address[ADDRESSES];
	struct cpr_decider *d = decider(networks);
	struct cpr_vendor vendor = {0};
	struct cpr_facts facts = {.vendor = &vendor, .mac = {0, 0x1b, 0x54, 0, 0, 1}};
	size_t own = 0;

	/* one half lies in a network, the other anywhere */
	for (size_t i = 0; i < ADDRESSES; i++) {
		unsigned length;
		uint32_t in = network(scatter((uint32_t)i, 20) % networks, &length);

		address[i].s_addr = htonl(i % 2 ? in + 9 : scatter((uint32_t)i, 31) * 2);
	}
	cpr_vendor_parse((const uint8_t *)phone60, sizeof(phone60), &vendor);
	for (size_t i = 0; i < n; i++) {
		struct cpr_answer answer;

		facts.address = address[i % ADDRESSES];
		cpr_decide(d, &facts, &answer);
		if (answer.reason != CPR_REASON_SENT)
			errx(1, "no list for a phone");
		own += answer.network >= 0;
	}
	printf("own %zu of %zu\n", own, n);
	cpr_decider_free(d);
}

/* All that is allocated, mapped or not. */
static size_t allocated(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

static void show(const struct cpr_phones *p, size_t before, const char *when)
{
	printf("%s %zu %zu\n", when, cpr_phones_bytes(p), allocated() - before);
}

static void table(size_t rows, size_t macs)
{
	struct cpr_vendor vendor = {0};
	struct cpr_answer answer = {.reason = CPR_REASON_SENT, .sent = {.n = 2}};
	struct cpr_phones *p = NULL;
	struct cpr_sent last;
	size_t before;

	puts("when bytes allocated"); /* and stdio has its buffer */
	before = allocated();
	if (cpr_phones_new(&p, rows) < 0)
		err(1, "phone table");
	cpr_vendor_parse((const uint8_t *)phone60, sizeof(phone60), &vendor);
	show(p, before, "before");
	for (uint32_t i = 0; i < macs; i++) {
		uint8_t mac[6] = {0, 0x1b, (uint8_t)(i >> 24), (uint8_t)(i >> 16),
			(uint8_t)(i >> 8), (uint8_t)i};

		cpr_phones_seen(p, mac, &vendor, true, i / 1000, &last);
		cpr_phones_answered(
			p, mac, (struct in_addr){htonl(i)}, &answer, i / 1000);
	}
	show(p, before, "after");
	printf("phones %zu\n", cpr_phones_count(p));
	cpr_phones_free(p);
}

int main(int argc, char **argv)
{
	size_t first, second;

	if (argc != 4)
		errx(2, "bench-core decide NETWORKS N | table ROWS MACS");
	first = strtoul(argv[2], NULL, 10);
	second = strtoul(argv[3], NULL, 10);
	if (!strcmp(argv[1], "decide") && first)
		decide(first, second);
	else if (!strcmp(argv[1], "table"))
		table(first, second);
	else
		errx(2, "bench-core decide NETWORKS N | table ROWS MACS");
	return 0;
}
