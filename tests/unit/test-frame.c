#include "cleanup.h"
#include "frame.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t server[6] = {0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee};
static const uint8_t phone[6] = {0x00, 0x1b, 0x54, 0xaa, 0xbb, 0xcc};
static const uint8_t nobody[6] = {0};

static struct in_addr ip(const char *text)
{
	struct in_addr a;

	assert_int_equal(inet_pton(AF_INET, text, &a), 1);
	return a;
}

#define SOURCE ip("192.168.10.20")
#define TARGET ip("192.168.10.105")

/* All checksums below were computed apart from this code.
 * Ethernet: to 02:aa:bb:cc:dd:ee, from 00:1b:54:aa:bb:cc. */
#define MACS     "\x02\xaa\xbb\xcc\xdd\xee\x00\x1b\x54\xaa\xbb\xcc"
#define ETHERNET MACS "\x08\x00"
/* 192.168.10.20 -> 192.168.10.105 */
#define ADDRESSES "\xc0\xa8\x0a\x14\xc0\xa8\x0a\x69"
/* IPv4: 38 bytes, don't fragment, TTL 64, UDP */
#define IP_UDP "\x45\x00\x00\x26\x00\x00\x40\x00\x40\x11\xa4\xf9" ADDRESSES
/* UDP: 49152 -> 69, 18 bytes; a read request for "a", octet */
#define RRQ     "\x00\x01\x61\x00octet\x00"
#define UDP     "\xc0\x00\x00\x45\x00\x12\xf0\xeb" RRQ
#define UDP_RRQ ETHERNET IP_UDP UDP
/* IPv4: 40 bytes, TCP: 49153 -> 2000, sequence 0x01020304, SYN, window 8192 */
#define TCP_SYN                                                                    \
	ETHERNET                                                                   \
	"\x45\x00\x00\x28\x00\x00\x40\x00\x40\x06\xa5\x02" ADDRESSES               \
	"\xc0\x01\x07\xd0\x01\x02\x03\x04\x00\x00\x00\x00\x50\x02\x20\x00\x2e\x3d" \
	"\x00\x00"
/* IPv4: 31 bytes, ICMP echo request, id 7, sequence 1, "abc" */
#define PING                                                         \
	ETHERNET                                                     \
	"\x45\x00\x00\x1f\x00\x00\x40\x00\x40\x01\xa5\x10" ADDRESSES \
	"\x08\x00\x33\x95\x00\x07\x00\x01\x61\x62\x63"
/* ARP: Ethernet, IPv4, lengths 6 and 4, request; sender, nobody, target */
#define ARP_WHO                                         \
	MACS "\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01" \
	     "\x00\x1b\x54\xaa\xbb\xcc\xc0\xa8\x0a\x14" \
	     "\x00\x00\x00\x00\x00\x00\xc0\xa8\x0a\x69"

#define BYTES(s) s, sizeof(s) - 1

static const struct {
	const char *name;
	const char *input;
	size_t len;
	bool whole;
	enum cpr_frame_kind kind;
	int vlan;
	bool checksum_wrong;
	size_t payload_len;
} rows[] = {
	{"udp", BYTES(UDP_RRQ), true, CPR_FRAME_UDP, -1, false, 10},
	{"udp, padded to 60", BYTES(UDP_RRQ "\0\0\0\0\0\0\0\0"), true, CPR_FRAME_UDP, -1,
		false, 10},
	/* 802.1Q tag: VLAN 100, priority 5 */
	{"vlan", BYTES(MACS "\x81\x00\xa0\x64\x08\x00" IP_UDP UDP), true, CPR_FRAME_UDP,
		100, false, 10},
	/* 802.1ad tag 200 outside, 802.1Q tag 100 inside */
	{"qinq", BYTES(MACS "\x88\xa8\x00\xc8\x81\x00\x00\x64\x08\x00" IP_UDP UDP), true,
		CPR_FRAME_UDP, 200, false, 10},
	{"tag without end", BYTES(MACS "\x81\x00\x00\x64"), false, CPR_FRAME_OTHER, 100,
		false, 0},
	/* options of four bytes (router alert), header length 24 */
	{"ip options",
		BYTES(ETHERNET
			"\x46\x00\x00\x2a\x00\x00\x40\x00\x40\x11\x0f\xf1" ADDRESSES
			"\x94\x04\x00\x00" UDP),
		true, CPR_FRAME_UDP, -1, false, 10},
	/* header checksum one off */
	{"ip checksum",
		BYTES(ETHERNET
			"\x45\x00\x00\x26\x00\x00\x40\x00\x40\x11\xa4\xf8" ADDRESSES UDP),
		true, CPR_FRAME_OTHER, -1, false, 0},
	/* more fragments, offset 0 */
	{"first fragment",
		BYTES(ETHERNET
			"\x45\x00\x00\x26\x00\x00\x20\x00\x40\x11\xc4\xf9" ADDRESSES UDP),
		true, CPR_FRAME_UDP, -1, false, 10},
	/* offset 16 */
	{"later fragment",
		BYTES(ETHERNET
			"\x45\x00\x00\x26\x00\x00\x00\x02\x40\x11\xe4\xf7" ADDRESSES UDP),
		true, CPR_FRAME_OTHER, -1, false, 0},
	{"udp checksum wrong",
		BYTES(ETHERNET IP_UDP "\xc0\x00\x00\x45\x00\x12\xf0\xec" RRQ), true,
		CPR_FRAME_UDP, -1, true, 10},
	{"udp checksum none",
		BYTES(ETHERNET IP_UDP "\xc0\x00\x00\x45\x00\x12\x00\x00" RRQ), true,
		CPR_FRAME_UDP, -1, false, 10},
	{"udp length past the end",
		BYTES(ETHERNET IP_UDP "\xc0\x00\x00\x45\x00\x13\xf0\xeb" RRQ), false,
		CPR_FRAME_OTHER, -1, false, 0},
	{"udp length 7", BYTES(ETHERNET IP_UDP "\xc0\x00\x00\x45\x00\x07\xf0\xeb" RRQ),
		false, CPR_FRAME_OTHER, -1, false, 0},
	/* total length 0x27, one more than is there */
	{"ip length past the end",
		BYTES(ETHERNET
			"\x45\x00\x00\x27\x00\x00\x40\x00\x40\x11\xa4\xf8" ADDRESSES UDP),
		false, CPR_FRAME_OTHER, -1, false, 0},
	/* header length 60 of 38 bytes in all */
	{"ip header past the end",
		BYTES(ETHERNET
			"\x4f\x00\x00\x26\x00\x00\x40\x00\x40\x11\xa4\xf9" ADDRESSES UDP),
		false, CPR_FRAME_OTHER, -1, false, 0},
	{"ip header of 16",
		BYTES(ETHERNET
			"\x44\x00\x00\x26\x00\x00\x40\x00\x40\x11\xa4\xf9" ADDRESSES UDP),
		false, CPR_FRAME_OTHER, -1, false, 0},
	{"version 6 inside 0x0800",
		BYTES(ETHERNET
			"\x65\x00\x00\x26\x00\x00\x40\x00\x40\x11\xa4\xf9" ADDRESSES UDP),
		false, CPR_FRAME_OTHER, -1, false, 0},
	{"tcp", BYTES(TCP_SYN), true, CPR_FRAME_TCP, -1, false, 0},
	{"icmp", BYTES(PING), true, CPR_FRAME_ICMP, -1, false, 3},
	{"arp", BYTES(ARP_WHO), true, CPR_FRAME_ARP, -1, false, 0},
	/* hardware type 6 */
	{"arp, not Ethernet", BYTES(MACS "\x08\x06\x00\x06\x08\x00\x06\x04\x00\x01"),
		true, CPR_FRAME_OTHER, -1, false, 0},
	{"ipv6", BYTES(MACS "\x86\xdd\x60"), true, CPR_FRAME_OTHER, -1, false, 0},
	/* 802.3 with a length: spanning tree, CDP */
	{"802.3", BYTES(MACS "\x00\x03\xaa\xaa\x03"), true, CPR_FRAME_OTHER, -1, false,
		0},
	{"nothing", BYTES(""), false, CPR_FRAME_OTHER, -1, false, 0},
};

/* A copy of its exact size, so that the address sanitizer sees a read past its end. */
static uint8_t *exact(const void *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	return copy;
}

static void parses(void **state)
{
	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		_cleanup_(cpr_freep) uint8_t *bytes = exact(rows[i].input, rows[i].len);
		struct cpr_frame f;

		print_message("# %s\n", rows[i].name);
		assert_int_equal(
			cpr_frame_parse(bytes, rows[i].len, true, &f), rows[i].whole);
		assert_int_equal(f.kind, rows[i].kind);
		assert_int_equal(f.vlan, rows[i].vlan);
		assert_int_equal(f.checksum_wrong, rows[i].checksum_wrong);
		assert_int_equal(f.payload_len, rows[i].payload_len);
		cpr_frame_parse(bytes, rows[i].len, false, &f);
		assert_false(f.checksum_wrong);
	}
}

static void fields(void **state)
{
	struct cpr_frame f;

	(void)state;
	assert_true(
		cpr_frame_parse((const uint8_t *)UDP_RRQ, sizeof(UDP_RRQ) - 1, true, &f));
	assert_memory_equal(f.to, server, 6);
	assert_memory_equal(f.from, phone, 6);
	assert_int_equal(f.source.s_addr, SOURCE.s_addr);
	assert_int_equal(f.target.s_addr, TARGET.s_addr);
	assert_int_equal(f.source_port, 49152);
	assert_int_equal(f.target_port, 69);
	assert_memory_equal(f.payload, RRQ, 10);

	assert_true(
		cpr_frame_parse((const uint8_t *)TCP_SYN, sizeof(TCP_SYN) - 1, true, &f));
	assert_int_equal(f.source_port, 49153);
	assert_int_equal(f.target_port, 2000);
	assert_int_equal(f.tcp_seq, 0x01020304);
	assert_int_equal(f.tcp_flags, CPR_TCP_SYN);

	assert_true(cpr_frame_parse((const uint8_t *)PING, sizeof(PING) - 1, true, &f));
	assert_int_equal(f.icmp_type, 8);
	assert_int_equal(f.icmp_rest, 0x00070001);
	assert_memory_equal(f.payload, "abc", 3);

	assert_true(
		cpr_frame_parse((const uint8_t *)ARP_WHO, sizeof(ARP_WHO) - 1, true, &f));
	assert_int_equal(f.arp_op, 1);
	assert_memory_equal(f.arp_sender, phone, 6);
	assert_int_equal(f.source.s_addr, SOURCE.s_addr);
	assert_int_equal(f.target.s_addr, TARGET.s_addr);
}

/* No length of a valid frame but the whole one is a frame, and none is read past its end. */
static void truncations(void **state)
{
	static const struct {
		const char *input;
		size_t len;
	} whole[] = {
		{BYTES(UDP_RRQ)},
		{BYTES(TCP_SYN)},
		{BYTES(PING)},
		{BYTES(ARP_WHO)},
		{BYTES(MACS "\x81\x00\xa0\x64\x08\x00" IP_UDP UDP)},
	};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(whole); i++) {
		for (size_t len = 0; len < whole[i].len; len++) {
			_cleanup_(cpr_freep) uint8_t *bytes = exact(whole[i].input, len);
			struct cpr_frame f;

			assert_false(cpr_frame_parse(bytes, len, true, &f));
		}
	}
}

/* Every byte of a valid frame in every value: whatever it says, payload stays inside. */
static void lies(void **state)
{
	size_t len = sizeof(UDP_RRQ) - 1;
	_cleanup_(cpr_freep) uint8_t *bytes = exact(UDP_RRQ, len);

	(void)state;
	for (size_t at = 0; at < len; at++) {
		for (unsigned v = 0; v < 256; v++) {
			struct cpr_frame f;

			bytes[at] = (uint8_t)v;
			cpr_frame_parse(bytes, len, true, &f);
			assert_true(!f.payload ||
				    (f.payload >= bytes &&
					    f.payload + f.payload_len <= bytes + len));
		}
		bytes[at] = (uint8_t)UDP_RRQ[at];
	}
}

static void check_written(const struct cpr_pen *p, const char *expected, size_t len)
{
	assert_false(p->full);
	assert_int_equal(p->len, len);
	assert_memory_equal(p->data, expected, len);
}

static void writes(void **state)
{
	uint8_t out[128];
	struct cpr_pen p = cpr_pen_of(out, sizeof(out));

	(void)state;
	cpr_frame_udp(&p, server, phone, SOURCE, 49152, TARGET, 69, RRQ, 10);
	check_written(&p, BYTES(UDP_RRQ));
	p = cpr_pen_of(out, sizeof(out));
	cpr_frame_tcp(&p, server, phone, SOURCE, 49153, TARGET, 2000, 0x01020304, 0,
		CPR_TCP_SYN);
	check_written(&p, BYTES(TCP_SYN));
	p = cpr_pen_of(out, sizeof(out));
	cpr_frame_icmp(&p, server, phone, SOURCE, TARGET, 8, 0, 0x00070001, "abc", 3);
	check_written(&p, BYTES(PING));
	p = cpr_pen_of(out, sizeof(out));
	cpr_frame_arp(&p, 1, server, phone, SOURCE, nobody, TARGET);
	check_written(&p, BYTES(ARP_WHO));
}

static void writes_nothing_past_the_end(void **state)
{
	(void)state;
	for (size_t cap = 0; cap < sizeof(UDP_RRQ) - 1; cap++) {
		_cleanup_(cpr_freep) uint8_t *out = exact(UDP_RRQ, cap);
		struct cpr_pen p = cpr_pen_of(out, cap);

		cpr_frame_udp(&p, server, phone, SOURCE, 49152, TARGET, 69, RRQ, 10);
		assert_true(p.full);
		p = cpr_pen_of(out, cap < 40 ? cap : 40);
		cpr_frame_tcp(&p, server, phone, SOURCE, 1, TARGET, 2, 3, 4, 0);
		assert_true(p.full);
		p = cpr_pen_of(out, cap < 40 ? cap : 40);
		cpr_frame_icmp(&p, server, phone, SOURCE, TARGET, 0, 0, 0, "abc", 3);
		assert_true(p.full);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses),
		cmocka_unit_test(fields),
		cmocka_unit_test(truncations),
		cmocka_unit_test(lies),
		cmocka_unit_test(writes),
		cmocka_unit_test(writes_nothing_past_the_end),
	};

	return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
