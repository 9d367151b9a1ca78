/* The questions' bytes, and what counts as an answer: packets of others, broken and hostile
 * ones do not. */
#include "cleanup.h"
#include "dhcp.h"
#include "probes.h"
#include "tftp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum {
	XID = 0x12345678
};

static const uint8_t mac[6] = {0x02, 0x63, 0x70, 0x72, 0, 1};

static struct in_addr ip(const char *text)
{
	struct in_addr a;

	assert_int_equal(inet_pton(AF_INET, text, &a), 1);
	return a;
}

/* 53, 61 (01 + MAC), 12 "SEP026370720001", 60 with its NUL, 55 = 1,66,6,3,15,150,35, a pad,
 * the end. */
static void asks(void **state)
{
	static const char options[] =
		"\x35\x01\x08\x3d\x07\x01\x02\x63\x70\x72\x00\x01\x0c\x0fSEP026370720001"
		"\x3c\x26"
		"Cisco Systems, Inc. IP Phone CP-7961G\0"
		"\x37\x07\x01\x42\x06\x03\x0f\x96\x23\x00\xff";
	uint8_t out[600];
	struct cpr_dhcp m;

	(void)state;
	assert_int_equal(
		probe_question(PROBE_INFORM, ip("192.0.2.1"), XID, out, 548), 548);
	assert_memory_equal(out + 240, options, sizeof(options) - 1);
	assert_int_equal(cpr_dhcp_parse(out, 548, &m), CPR_DHCP_OK);
	assert_int_equal(m.xid, XID);
	assert_int_equal(m.flags, 0);
	assert_int_equal(m.ciaddr.s_addr, ip("192.0.2.1").s_addr);
	assert_memory_equal(m.chaddr, mac, 6);

	assert_int_equal(
		probe_question(PROBE_DISCOVER, ip("192.0.2.1"), XID, out, 600), 548);
	assert_int_equal(cpr_dhcp_parse(out, 548, &m), CPR_DHCP_OK);
	assert_int_equal(m.type, CPR_DHCP_DISCOVER);
	assert_int_equal(m.flags, 0x8000); /* this host has not the address yet */
	assert_int_equal(m.ciaddr.s_addr, 0);
	assert_int_equal(probe_question(PROBE_INFORM, ip("192.0.2.1"), XID, out, 547), 0);
}

struct answer {
	uint8_t op, type;
	uint32_t xid;
	const char *option150; /* with its length first */
	const char *option66;
};

static size_t write_answer(const struct answer *a, uint8_t *out, size_t cap)
{
	struct cpr_pen p = cpr_pen_of(out, cap);
	struct in_addr server = ip("192.0.2.1");

	cpr_dhcp_begin(&p, a->op, a->xid, 0, 0, (struct in_addr){0}, mac);
	memcpy(out + 20, &server, 4); /* siaddr */
	cpr_dhcp_option(&p, 53, &a->type, 1);
	cpr_dhcp_option(&p, 54, &server, 4);
	if (a->option150)
		cpr_dhcp_option(&p, 150, a->option150 + 1, (uint8_t)a->option150[0]);
	if (a->option66)
		cpr_dhcp_option(&p, 66, a->option66, strlen(a->option66));
	cpr_dhcp_end(&p, 300);
	assert_false(p.full);
	return p.len;
}

static void reads(void **state)
{
	static const char two[] = "\x08\xc0\x00\x02\x07\xc0\x00\x02\x08";
	static const struct {
		const char *name;
		struct answer answer;
		bool is;
		size_t n;
		const char *first, *option66;
	} row[] = {
		{"whole", {2, CPR_DHCP_ACK, XID, two, "192.0.2.7"}, true, 2, "192.0.2.7",
			"192.0.2.7"},
		{"nothing for phones", {2, CPR_DHCP_ACK, XID, NULL, NULL}, true, 0,
			"0.0.0.0", "0.0.0.0"},
		{"a name in 66", {2, CPR_DHCP_ACK, XID, NULL, "tftp.example"}, true, 0,
			"0.0.0.0", "0.0.0.0"},
		{"150 as text",
			{2, CPR_DHCP_ACK, XID,
				"\x09"
				"192.0.2.7",
				NULL},
			true, 0, "0.0.0.0", "0.0.0.0"},
		{"150 of five bytes",
			{2, CPR_DHCP_ACK, XID, "\x05\xc0\x00\x02\x07\x00", NULL}, true, 0,
			"0.0.0.0", "0.0.0.0"},
		{"another's", {2, CPR_DHCP_ACK, XID + 1, two, NULL}, false, 0, NULL,
			NULL},
		{"a NAK", {2, CPR_DHCP_NAK, XID, two, NULL}, false, 0, NULL, NULL},
		{"an offer", {2, CPR_DHCP_OFFER, XID, two, NULL}, false, 0, NULL, NULL},
		{"a question", {1, CPR_DHCP_ACK, XID, two, NULL}, false, 0, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(row); i++) {
		struct probe_answer a = {0};
		uint8_t bytes[600];
		size_t n = write_answer(&row[i].answer, bytes, sizeof(bytes));

		print_message("# %s\n", row[i].name);
		assert_int_equal(probe_read(bytes, n, PROBE_INFORM, XID, &a), row[i].is);
		if (!row[i].is)
			continue;
		assert_int_equal(a.n, row[i].n);
		assert_int_equal(a.option150[0].s_addr, ip(row[i].first).s_addr);
		assert_int_equal(a.option66.s_addr, ip(row[i].option66).s_addr);
		assert_int_equal(a.siaddr.s_addr, ip("192.0.2.1").s_addr);
		assert_int_equal(a.server.s_addr, ip("192.0.2.1").s_addr);
	}
}

/* Cut off anywhere, it is no answer, and nothing is read past its end. */
static void truncations(void **state)
{
	const struct answer whole = {
		2, CPR_DHCP_OFFER, XID, "\x04\xc0\x00\x02\x07", NULL};
	uint8_t bytes[600];
	size_t n = write_answer(&whole, bytes, sizeof(bytes));

	(void)state;
	for (size_t len = 0; len < 254; len++) {
		_cleanup_(cpr_freep) uint8_t *exact = malloc(len ? len : 1);
		struct probe_answer a = {0};

		assert_non_null(exact);
		memcpy(exact, bytes, len);
		probe_read(exact, len, PROBE_DISCOVER, XID, &a);
		assert_int_equal(a.n, 0);
	}
	assert_true(probe_read(bytes, n, PROBE_DISCOVER, XID, &(struct probe_answer){0}));
}

/* A step: what the server sends, what is to be said to it, and how the transfer stands. */
struct step {
	const char *name;
	size_t len;
	uint16_t opcode, number;
	int expected;
	const char *reply; /* four bytes of it; NULL: none */
	size_t have;
};

static size_t write_step(const struct step *s, uint8_t *out, size_t cap)
{
	struct cpr_pen p = cpr_pen_of(out, cap);

	cpr_pen_be16(&p, s->opcode);
	cpr_pen_be16(&p, s->number);
	for (size_t i = 0; i < s->len; i++)
		cpr_pen_u8(&p, (uint8_t)('a' + s->number % 26));
	if (s->opcode == CPR_TFTP_ERROR)
		cpr_pen_u8(&p, 0);
	assert_false(p.full);
	return p.len;
}

static void run_steps(const struct step *step, size_t n, size_t cap)
{
	_cleanup_(cpr_freep) uint8_t *data = malloc(cap ? cap : 1);
	struct probe_transfer t = {.data = data, .cap = cap};
	uint8_t bytes[700];

	assert_non_null(data);
	for (size_t i = 0; i < n; i++) {
		print_message("# %s\n", step[i].name);
		assert_int_equal(probe_transfer_feed(&t, bytes,
					 write_step(&step[i], bytes, sizeof(bytes))),
			step[i].expected);
		assert_int_equal(t.reply_len > 0, step[i].reply != NULL);
		if (step[i].reply)
			assert_memory_equal(t.reply, step[i].reply, 4);
		assert_int_equal(t.len, step[i].have);
	}
	for (size_t i = 0; i < t.len; i++)
		assert_int_equal(data[i], 'a' + (i / 512 + 1) % 26);
}

static void transfers(void **state)
{
	static const struct step good[] = {
		{"a later block is none of ours", 512, CPR_TFTP_DATA, 2, 1, NULL, 0},
		{"block 0 neither", 512, CPR_TFTP_DATA, 0, 1, NULL, 0},
		{"first", 512, CPR_TFTP_DATA, 1, 1, "\0\4\0\1", 512},
		{"again: our ACK was lost", 512, CPR_TFTP_DATA, 1, 1, "\0\4\0\1", 512},
		{"second", 512, CPR_TFTP_DATA, 2, 1, "\0\4\0\2", 1024},
		{"the first once more", 512, CPR_TFTP_DATA, 1, 1, NULL, 1024},
		{"last", 100, CPR_TFTP_DATA, 3, 0, "\0\4\0\3", 1124},
	};
	static const struct step whole_blocks[] = {
		{"first", 512, CPR_TFTP_DATA, 1, 1, "\0\4\0\1", 512},
		{"an empty last one", 0, CPR_TFTP_DATA, 2, 0, "\0\4\0\2", 512},
	};
	static const struct step too_long[] = {
		{"first", 512, CPR_TFTP_DATA, 1, 1, "\0\4\0\1", 512},
		{"more than is wanted", 1, CPR_TFTP_DATA, 2, -EFBIG, "\0\5\0\3", 512},
	};
	static const struct step single[] = {
		{"empty file", 0, CPR_TFTP_DATA, 1, 0, "\0\4\0\1", 0},
		{"a block of 513", 513, CPR_TFTP_DATA, 1, -EPROTO, "\0\5\0\4", 0},
		{"absent", 0, CPR_TFTP_ERROR, 1, -ENOENT, NULL, 0},
		{"closed", 0, CPR_TFTP_ERROR, 2, -EACCES, NULL, 0},
		{"another error", 0, CPR_TFTP_ERROR, 3, -EPROTO, NULL, 0},
		{"options that nobody asked for", 0, CPR_TFTP_OACK, 0, -EPROTO,
			"\0\5\0\4", 0},
		{"a request", 0, CPR_TFTP_ACK, 1, -EPROTO, "\0\5\0\4", 0},
		{"no TFTP", 9, 77, 1, -EPROTO, NULL, 0},
	};

	(void)state;
	run_steps(good, CPR_ARRAY_LEN(good), 2000);
	run_steps(good, CPR_ARRAY_LEN(good), 1124);
	run_steps(whole_blocks, CPR_ARRAY_LEN(whole_blocks), 512);
	run_steps(too_long, CPR_ARRAY_LEN(too_long), 512);
	for (size_t i = 0; i < CPR_ARRAY_LEN(single); i++)
		run_steps(&single[i], 1, 600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks),
		cmocka_unit_test(reads),
		cmocka_unit_test(truncations),
		cmocka_unit_test(transfers),
	};

	return cmocka_run_group_tests_name("probes", tests, NULL, NULL);
}
