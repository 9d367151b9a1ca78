#include "cleanup.h"
#include "engine/decode.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Ethernet: to 02:aa:bb:cc:dd:ee, from 00:1b:54:aa:bb:cc */
#define FROM "\x00\x1b\x54\xaa\xbb\xcc"
#define MACS "\x02\xaa\xbb\xcc\xdd\xee" FROM
/* 192.168.10.20 -> 192.168.10.105 */
#define ADDRESSES "\xc0\xa8\x0a\x14\xc0\xa8\x0a\x69"
/* IPv4: 38 bytes, TTL 64, UDP, header checksum right */
#define IP_UDP "\x45\x00\x00\x26\x00\x00\x40\x00\x40\x11\xa4\xf9" ADDRESSES
/* 49152 -> 69, 18 bytes, no checksum; a read request for "a", octet */
#define RRQ      "\x00\x01\x61\x00octet\x00"
#define UDP      "\xc0\x00\x00\x45\x00\x12\x00\x00" RRQ
#define DATAGRAM IP_UDP UDP
/* LLC of CDP: SNAP, 00-00-0c, 0x2000; version 2, time to live 180, checksum */
#define CDP "\xaa\xaa\x03\x00\x00\x0c\x20\x00\x02\xb4\x00\x00"
/* hardware Ethernet, protocol IPv4, lengths 6 and 4, request */
#define ARP                                                \
	"\x00\x01\x08\x00\x06\x04\x00\x01" FROM            \
	"\xc0\xa8\x0a\x14\x00\x00\x00\x00\x00\x00\xc0\xa8" \
	"\x0a\x69"
/* SLL: from another host, Ethernet, address of 6 bytes (in a field of 8) */
#define SLL "\x00\x03\x00\x01\x00\x06" FROM "\x00\x00"
/* SLL2, behind its protocol: reserved, interface 2, Ethernet, from another host, 6 bytes */
#define SLL2 "\x00\x00\x00\x00\x00\x02\x00\x01\x03\x06" FROM "\x00\x00"

#define BYTES(s) s, sizeof(s) - 1

static const struct {
	const char *name;
	int link;
	const char *input;
	size_t len;
	enum cpr_frame_kind kind;
	int vlan, inner;
	bool from; /* the sender's MAC is known */
	size_t payload, real;
	uint16_t ethertype;
	size_t link_len;
} rows[] = {
	{"ethernet", 1, BYTES(MACS "\x08\x00" DATAGRAM), CPR_FRAME_UDP, -1, -1, true, 10,
		10, 0x800, 0},
	{"802.1Q", 1, BYTES(MACS "\x81\x00\xa0\x64\x08\x00" DATAGRAM), CPR_FRAME_UDP, 100,
		-1, true, 10, 10, 0x800, 0},
	{"802.1ad, 802.1Q", 1,
		BYTES(MACS "\x88\xa8\x00\xc8\x81\x00\x00\x64\x08\x00" DATAGRAM),
		CPR_FRAME_UDP, 200, 100, true, 10, 10, 0x800, 0},
	{"802.1Q twice", 1,
		BYTES(MACS "\x81\x00\x00\xc8\x81\x00\x00\x64\x08\x00" DATAGRAM),
		CPR_FRAME_UDP, 200, 100, true, 10, 10, 0x800, 0},
	{"0x9100, and a third tag", 1,
		BYTES(MACS
			"\x91\x00\x00\xc8\x81\x00\x00\x64\x81\x00\x00\x05\x08\x00" DATAGRAM),
		CPR_FRAME_UDP, 200, 100, true, 10, 10, 0x800, 0},
	{"tag without end", 1, BYTES(MACS "\x81\x00\x00\x64"), CPR_FRAME_OTHER, 100, -1,
		true, 0, 0, 0, 0},
	{"cooked", 113, BYTES(SLL "\x08\x00" DATAGRAM), CPR_FRAME_UDP, -1, -1, true, 10,
		10, 0x800, 0},
	{"cooked, tagged", 113, BYTES(SLL "\x81\x00\x00\x64\x08\x00" DATAGRAM),
		CPR_FRAME_UDP, 100, -1, true, 10, 10, 0x800, 0},
	/* loopback: hardware type 772, no address */
	{"cooked, of no Ethernet", 113,
		BYTES("\x00\x00\x03\x04\x00\x00\x00\x1b\x54\xaa\xbb\xcc\x00\x00\x08\x00" DATAGRAM),
		CPR_FRAME_UDP, -1, -1, false, 10, 10, 0x800, 0},
	{"cooked, arp", 113, BYTES(SLL "\x08\x06" ARP), CPR_FRAME_ARP, -1, -1, true, 0, 0,
		0x806, 0},
	{"cooked, cdp", 113, BYTES(SLL "\x00\x04" CDP), CPR_FRAME_OTHER, -1, -1, true, 0,
		0, 4, 12},
	{"cooked v2", 276, BYTES("\x08\x00" SLL2 DATAGRAM), CPR_FRAME_UDP, -1, -1, true,
		10, 10, 0x800, 0},
	{"cooked v2, tagged", 276, BYTES("\x81\x00" SLL2 "\x00\x64\x08\x00" DATAGRAM),
		CPR_FRAME_UDP, 100, -1, true, 10, 10, 0x800, 0},
	{"raw", 101, BYTES(DATAGRAM), CPR_FRAME_UDP, -1, -1, false, 10, 10, 0x800, 0},
	{"raw, libpcap on Linux", 12, BYTES(DATAGRAM), CPR_FRAME_UDP, -1, -1, false, 10,
		10, 0x800, 0},
	{"raw, OpenBSD", 14, BYTES(DATAGRAM), CPR_FRAME_UDP, -1, -1, false, 10, 10, 0x800,
		0},
	{"raw IPv4", 228, BYTES(DATAGRAM), CPR_FRAME_UDP, -1, -1, false, 10, 10, 0x800,
		0},
	{"raw IPv6", 101, BYTES("\x60\x00\x00\x00"), CPR_FRAME_OTHER, -1, -1, false, 0, 0,
		0, 0},
	{"loopback, little-endian", 0, BYTES("\x02\x00\x00\x00" DATAGRAM), CPR_FRAME_UDP,
		-1, -1, false, 10, 10, 0x800, 0},
	{"loopback, big-endian", 0, BYTES("\x00\x00\x00\x02" DATAGRAM), CPR_FRAME_UDP, -1,
		-1, false, 10, 10, 0x800, 0},
	{"loopback, OpenBSD", 108, BYTES("\x00\x00\x00\x02" DATAGRAM), CPR_FRAME_UDP, -1,
		-1, false, 10, 10, 0x800, 0},
	{"loopback, IPv6", 0, BYTES("\x1c\x00\x00\x00\x60"), CPR_FRAME_OTHER, -1, -1,
		false, 0, 0, 0, 0},
	{"a link that nobody knows", 105, BYTES(DATAGRAM), CPR_FRAME_OTHER, -1, -1, false,
		0, 0, 0, 0},
	/* options of four bytes (router alert), header length 24 */
	{"ip options", 1,
		BYTES(MACS
			"\x08\x00\x46\x00\x00\x2a\x00\x00\x40\x00\x40\x11\x0f\xf1" ADDRESSES
			"\x94\x04\x00\x00" UDP),
		CPR_FRAME_UDP, -1, -1, true, 10, 10, 0x800, 0},
	/* as the sender sees it before its card fills them in */
	{"checksums 0", 1,
		BYTES(MACS
			"\x08\x00\x45\x00\x00\x26\x00\x00\x40\x00\x40\x11\x00\x00" ADDRESSES
				UDP),
		CPR_FRAME_UDP, -1, -1, true, 10, 10, 0x800, 0},
	{"checksums wrong", 1,
		BYTES(MACS
			"\x08\x00\x45\x00\x00\x26\x00\x00\x40\x00\x40\x11\x12\x34" ADDRESSES
			"\xc0\x00\x00\x45\x00\x12\x56\x78" RRQ),
		CPR_FRAME_UDP, -1, -1, true, 10, 10, 0x800, 0},
	/* as the sender sees it before its card cuts it into segments */
	{"total length 0", 1,
		BYTES(MACS
			"\x08\x00\x45\x00\x00\x00\x00\x00\x40\x00\x40\x11\x00\x00" ADDRESSES
				UDP),
		CPR_FRAME_UDP, -1, -1, true, 10, 10, 0x800, 0},
	{"padded to 60", 1, BYTES(MACS "\x08\x00" DATAGRAM "\0\0\0\0\0\0\0\0"),
		CPR_FRAME_UDP, -1, -1, true, 10, 10, 0x800, 0},
	{"cut in the payload", 1, MACS "\x08\x00" DATAGRAM, 14 + 20 + 8 + 4,
		CPR_FRAME_UDP, -1, -1, true, 4, 10, 0x800, 0},
	{"cut behind the ports", 1, MACS "\x08\x00" DATAGRAM, 14 + 20 + 8, CPR_FRAME_UDP,
		-1, -1, true, 0, 10, 0x800, 0},
	{"cut in the UDP header", 1, MACS "\x08\x00" DATAGRAM, 14 + 20 + 7,
		CPR_FRAME_OTHER, -1, -1, true, 0, 0, 0x800, 0},
	{"cut in the IPv4 header", 1, MACS "\x08\x00" DATAGRAM, 14 + 19, CPR_FRAME_OTHER,
		-1, -1, true, 0, 0, 0x800, 0},
	{"UDP length past IPv4's", 1,
		BYTES(MACS "\x08\x00" IP_UDP "\xc0\x00\x00\x45\x00\x13\x00\x00" RRQ),
		CPR_FRAME_OTHER, -1, -1, true, 0, 0, 0x800, 0},
	/* 49153 -> 2000, SYN; header of 24 bytes with one option, of 44 in all */
	{"tcp", 1,
		BYTES(MACS
			"\x08\x00\x45\x00\x00\x2c\x00\x00\x40\x00\x40\x06\x00\x00" ADDRESSES
			"\xc0\x01\x07\xd0\x01\x02\x03\x04\x00\x00\x00\x00\x60\x02\x20\x00"
			"\x00\x00\x00\x00\x02\x04\x05\xb4"),
		CPR_FRAME_TCP, -1, -1, true, 0, 0, 0x800, 0},
	/* the same behind its flags */
	{"tcp, cut", 1,
		BYTES(MACS
			"\x08\x00\x45\x00\x00\x2c\x00\x00\x40\x00\x40\x06\x00\x00" ADDRESSES
			"\xc0\x01\x07\xd0\x01\x02\x03\x04\x00\x00\x00\x00\x60\x02"),
		CPR_FRAME_TCP, -1, -1, true, 0, 0, 0x800, 0},
	/* port unreachable, quoting 28 bytes of which 20 are here */
	{"icmp, cut", 1,
		BYTES(MACS
			"\x08\x00\x45\x00\x00\x38\x00\x00\x40\x00\x40\x01\x00\x00" ADDRESSES
			"\x03\x03\x00\x00\x00\x00\x00\x00" IP_UDP),
		CPR_FRAME_ICMP, -1, -1, true, 20, 28, 0x800, 0},
	{"arp", 1, BYTES(MACS "\x08\x06" ARP), CPR_FRAME_ARP, -1, -1, true, 0, 0, 0x806,
		0},
	{"arp, cut", 1, MACS "\x08\x06" ARP, 14 + 20, CPR_FRAME_OTHER, -1, -1, true, 0, 0,
		0x806, 0},
	{"lldp", 1, BYTES(MACS "\x88\xcc\x02\x07\x04" FROM), CPR_FRAME_OTHER, -1, -1,
		true, 0, 0, 0x88cc, 9},
	/* 12 bytes by its length, the rest is padding */
	{"cdp", 1, BYTES(MACS "\x00\x0c" CDP "\0\0\0\0"), CPR_FRAME_OTHER, -1, -1, true,
		0, 0, 12, 12},
	{"cdp in a VLAN", 1, BYTES(MACS "\x81\x00\x00\x64\x00\x0c" CDP "\0\0\0\0"),
		CPR_FRAME_OTHER, 100, -1, true, 0, 0, 12, 12},
	{"802.3 that promises more", 1, BYTES(MACS "\x05\xdc" CDP), CPR_FRAME_OTHER, -1,
		-1, true, 0, 0, 0x5dc, 12},
	/* RFC 1042: SNAP with 00-00-00 and an ethertype */
	{"IPv4 in SNAP", 1,
		BYTES(MACS "\x00\x2e\xaa\xaa\x03\x00\x00\x00\x08\x00" DATAGRAM),
		CPR_FRAME_UDP, -1, -1, true, 10, 10, 0x800, 0},
	{"ipv6", 1, BYTES(MACS "\x86\xdd\x60"), CPR_FRAME_OTHER, -1, -1, true, 0, 0,
		0x86dd, 1},
	{"nothing", 1, BYTES(""), CPR_FRAME_OTHER, -1, -1, false, 0, 0, 0, 0},
};

/* A copy of its exact size, so that the address sanitizer sees a read past its end. */
static uint8_t *exact(const void *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	return copy;
}

static int setup(void **state)
{
	return cpr_decoder_new((struct cpr_decoder **)state);
}

static int teardown(void **state)
{
	cpr_decoder_free(*state);
	return 0;
}

static void links(void **state)
{
	const uint8_t from[6] = {0x00, 0x1b, 0x54, 0xaa, 0xbb, 0xcc}, none[6] = {0};

	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		_cleanup_(cpr_freep) uint8_t *bytes = exact(rows[i].input, rows[i].len);
		struct cpr_captured c = {rows[i].link, 7, 1000000, bytes, rows[i].len};
		struct cpr_packet k;

		print_message("# %s\n", rows[i].name);
		cpr_decode(*state, &c, &k);
		assert_int_equal(k.number, 7);
		assert_int_equal(k.time_us, 1000000);
		assert_int_equal(k.frame.kind, rows[i].kind);
		assert_int_equal(k.frame.vlan, rows[i].vlan);
		assert_int_equal(k.inner_vlan, rows[i].inner);
		assert_memory_equal(k.frame.from, rows[i].from ? from : none, 6);
		assert_int_equal(k.frame.payload_len, rows[i].payload);
		assert_int_equal(k.payload_real, rows[i].real);
		assert_int_equal(k.ethertype, rows[i].ethertype);
		assert_int_equal(k.link_len, rows[i].link_len);
		assert_false(k.frame.checksum_wrong);
	}
	assert_false(cpr_link_known(105)); /* IEEE 802.11 */
	assert_true(cpr_link_known(276));
}

static void fields(void **state)
{
	struct cpr_captured c = {.link = 276,
		.bytes = (const uint8_t *)"\x81\x00" SLL2 "\x00\x64\x08\x00" DATAGRAM,
		.len = sizeof("\x81\x00" SLL2 "\x00\x64\x08\x00" DATAGRAM) - 1};
	struct cpr_packet k;
	char text[INET_ADDRSTRLEN];

	cpr_decode(*state, &c, &k);
	assert_string_equal(
		inet_ntop(AF_INET, &k.frame.source, text, sizeof(text)), "192.168.10.20");
	assert_string_equal(inet_ntop(AF_INET, &k.frame.target, text, sizeof(text)),
		"192.168.10.105");
	assert_int_equal(k.frame.source_port, 49152);
	assert_int_equal(k.frame.target_port, 69);
	assert_memory_equal(k.frame.payload, RRQ, 10);
}

/* Every link cut at each length, and with every byte in every value: the packet's bytes stay
 * inside. */
static void lies(void **state)
{
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		struct cpr_captured c = {.link = rows[i].link};
		struct cpr_packet k;

		for (c.len = 0; c.len < rows[i].len; c.len++) {
			_cleanup_(cpr_freep) uint8_t *bytes = exact(rows[i].input, c.len);

			c.bytes = bytes;
			cpr_decode(*state, &c, &k);
			assert_true(k.frame.payload_len <= c.len);
			assert_true(k.payload_real >= k.frame.payload_len);
		}
		_cleanup_(cpr_freep) uint8_t *bytes = exact(rows[i].input, rows[i].len);
		c.bytes = bytes;
		for (size_t at = 0; at < c.len; at++) {
			for (unsigned v = 0; v < 256; v++) {
				bytes[at] = (uint8_t)v;
				cpr_decode(*state, &c, &k);
				assert_true(k.frame.payload_len <= c.len);
				assert_true(k.payload_real >= k.frame.payload_len);
				assert_true(k.link_len <= c.len);
			}
			bytes[at] = (uint8_t)rows[i].input[at];
		}
	}
}

/* A datagram of 49152 -> 69 with 32 bytes of payload, cut into fragments: a text of one or more
 * of "OFFSET LENGTH FLAGS" in bytes of what follows the IPv4 header (40 in all); FLAGS: m more
 * come, x its bytes are others, c only half of it is captured, t half a minute later, i another
 * identification.  It is whole with the fragment number `whole` (from 1; 0: never), and has so
 * many bytes of payload then. */
static const struct {
	const char *name, *fragments;
	unsigned whole;
	size_t payload;
} cut[] = {
	{"in order", "0 16 m, 16 16 m, 32 8 -", 3, 32},
	{"backwards", "32 8 -, 16 16 m, 0 16 m", 3, 32},
	{"not cut", "0 40 -", 1, 32},
	{"each twice", "0 16 m, 0 16 m, 16 24 -, 16 24 -", 3, 32},
	{"the last is missing", "0 16 m, 16 16 m", 0, 0},
	{"a gap", "0 16 m, 32 8 -", 0, 0},
	{"one has other bytes", "0 16 m, 0 16 mx, 16 24 -", 0, 0},
	{"they overlap", "0 24 m, 16 24 -", 0, 0},
	{"one lies within another", "0 32 m, 8 8 m, 32 8 -", 3, 32},
	{"one ends behind the end", "16 24 -, 0 16 m, 40 8 m", 2, 32},
	{"one behind the end comes first", "40 8 m, 0 16 m, 16 24 -", 0, 0},
	{"two ends", "32 8 -, 24 8 -, 0 24 m", 0, 0},
	{"an end inside a unit", "0 12 m, 16 24 -", 0, 0},
	{"nothing in it", "0 0 m, 0 16 m, 16 24 -", 3, 32},
	{"behind the longest datagram", "65528 8 m, 0 16 m, 16 24 -", 3, 32},
	{"of another datagram", "0 16 m, 16 24 i", 0, 0},
	{"half a minute later", "0 16 m, 16 24 t", 0, 0},
	{"the first cut by the snap length", "0 32 mc, 32 8 -", 2, 8},
	{"the last cut by the snap length", "0 16 m, 16 24 c", 2, 20},
	{"cut and whole, the same", "0 16 mc, 0 16 m, 16 24 -", 3, 0},
};

static size_t fragment_of(const char *text, uint8_t out[64], uint64_t *time_us)
{
	static const char datagram[] =
		"\xc0\x00\x00\x45\x00\x28\x00\x00"
		"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP";
	struct cpr_pen p = cpr_pen_of(out, 64);
	unsigned offset, len, kept;
	char flags[8] = "";

	assert_int_equal(sscanf(text, "%u %u %7[^,]", &offset, &len, flags), 3);
	kept = strchr(flags, 'c') ? len / 2 : len;
	cpr_pen_be16(&p, 0x4500);
	cpr_pen_be16(&p, (uint16_t)(20 + len));
	cpr_pen_be16(&p, strchr(flags, 'i') ? 8 : 7);
	cpr_pen_be16(&p, (uint16_t)((strchr(flags, 'm') ? 0x2000 : 0) | offset / 8));
	cpr_pen_be16(&p, 0x4011);
	cpr_pen_be16(&p, 0);
	cpr_pen_add(&p, ADDRESSES, 8);
	cpr_pen_add(&p, strchr(flags, 'x') ? "????????????????" : datagram + offset % 48,
		kept);
	assert_false(p.full);
	*time_us += strchr(flags, 't') ? 30 * 1000000 : 1000;
	return p.len;
}

static void fragments(void **state)
{
	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(cut); i++) {
		_cleanup_(cpr_decoder_freep) struct cpr_decoder *d = NULL;
		struct cpr_captured c = {.link = CPR_LINK_RAW, .time_us = 1000000};
		unsigned whole = 0;

		print_message("# %s\n", cut[i].name);
		assert_int_equal(cpr_decoder_new(&d), 0);
		for (const char *one = cut[i].fragments; one;
			one = strchr(one, ',') ? strchr(one, ',') + 1 : NULL) {
			uint8_t bytes[64];
			struct cpr_packet k;

			c.len = fragment_of(one, bytes, &c.time_us);
			c.bytes = bytes;
			c.number++;
			cpr_decode(d, &c, &k);
			if (k.frame.kind != CPR_FRAME_UDP)
				continue;
			assert_int_equal(whole, 0);
			whole = (unsigned)c.number;
			assert_int_equal(k.frame.target_port, 69);
			assert_int_equal(k.payload_real, 32);
			assert_int_equal(k.frame.payload_len, cut[i].payload);
			assert_memory_equal(k.frame.payload,
				"0123456789abcdefghijklmnopqrstuv", cut[i].payload);
		}
		assert_int_equal(whole, cut[i].whole);
	}
}

/* Whoever sends first fragments without end makes nobody else's wait for ever. */
static void flood(void **state)
{
	uint8_t bytes[64];
	struct cpr_captured c = {.link = CPR_LINK_RAW, .bytes = bytes, .time_us = 1};
	struct cpr_packet k;

	for (unsigned i = 0; i < 100000; i++) {
		c.len = fragment_of("0 16 m", bytes, &c.time_us);
		bytes[4] = (uint8_t)(i >> 8);
		bytes[5] = (uint8_t)i;
		bytes[12] = 10;
		cpr_decode(*state, &c, &k);
		assert_int_equal(k.frame.kind, CPR_FRAME_OTHER);
	}
	c.len = fragment_of("0 16 m", bytes, &c.time_us);
	cpr_decode(*state, &c, &k);
	c.len = fragment_of("16 24 -", bytes, &c.time_us);
	cpr_decode(*state, &c, &k);
	assert_int_equal(k.frame.kind, CPR_FRAME_UDP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(links),
		cmocka_unit_test(fields),
		cmocka_unit_test(lies),
		cmocka_unit_test(fragments),
		cmocka_unit_test(flood),
	};

	return cmocka_run_group_tests_name("decode", tests, setup, teardown);
}
