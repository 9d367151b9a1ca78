#include "cleanup.h"
#include "dhcp.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BYTES(s) s, sizeof(s) - 1

static const uint8_t mac[6] = {0x00, 0x1b, 0x54, 0xaa, 0xbb, 0xcc};

/* The options of a 7941G's DISCOVER, as its client writes them:
 *   53 (1)  1: DISCOVER
 *   61 (7)  1, 00:1b:54:aa:bb:cc
 *   12 (15) SEP001B54AABBCC
 *   60 (38) Cisco Systems, Inc. IP Phone CP-7941G, with the NUL inside the option
 *   55 (7)  1, 66, 6, 3, 15, 150, 35
 *   pad, end; zeros follow up to 548 bytes in all */
#define DISCOVER_7941G                            \
	"\x35\x01\x01"                            \
	"\x3d\x07\x01\x00\x1b\x54\xaa\xbb\xcc"    \
	"\x0c\x0fSEP001B54AABBCC"                 \
	"\x3c\x26"                                \
	"Cisco Systems, Inc. IP Phone CP-7941G\0" \
	"\x37\x07\x01\x42\x06\x03\x0f\x96\x23"    \
	"\x00\xff"

/* A message with the given options, and with file and sname where they are given, in a block
 * of its exact size, so that the address sanitizer sees a read past its end. */
static uint8_t *message(const char *options, size_t options_len, const char *file,
	const char *sname, size_t *len)
{
	uint8_t head[240], *m;
	struct cpr_pen p = cpr_pen_of(head, sizeof(head));

	cpr_dhcp_begin(&p, 1, 0x01020304, 5, 0x8000, (struct in_addr){0}, mac);
	assert_int_equal(p.len, sizeof(head));
	*len = sizeof(head) + options_len;
	m = malloc(*len);
	assert_non_null(m);
	memcpy(m, head, sizeof(head));
	if (sname)
		memcpy(m + 44, sname, 64);
	if (file)
		memcpy(m + 108, file, 128);
	memcpy(m + sizeof(head), options, options_len);
	return m;
}

static void discover(void **state)
{
	static struct cpr_dhcp d;
	size_t len;
	_cleanup_(cpr_freep) uint8_t *m =
		message(DISCOVER_7941G, sizeof(DISCOVER_7941G) - 1, NULL, NULL, &len);

	(void)state;
	assert_int_equal(sizeof(DISCOVER_7941G) - 1, 80);
	assert_int_equal(cpr_dhcp_parse(m, len, &d), CPR_DHCP_OK);
	assert_int_equal(d.op, 1);
	assert_int_equal(d.type, CPR_DHCP_DISCOVER);
	assert_int_equal(d.xid, 0x01020304);
	assert_int_equal(d.secs, 5);
	assert_int_equal(d.flags, 0x8000);
	assert_memory_equal(d.chaddr, mac, 6);
	assert_string_equal(d.sname, "");
	assert_string_equal(d.file, "");
	assert_int_equal(d.option[60].len, 38);
	assert_memory_equal(
		d.option[60].data, "Cisco Systems, Inc. IP Phone CP-7941G", 38);
	assert_int_equal(d.option[55].len, 7);
	assert_memory_equal(d.option[55].data, "\x01\x42\x06\x03\x0f\x96\x23", 7);
	assert_int_equal(d.option[12].len, 15);
	assert_null(d.option[50].data);
	assert_int_equal(d.option[50].len, 0);
}

/* The writer gives the same bytes, padded as phones do. */
static void writes(void **state)
{
	uint8_t out[600];
	struct cpr_pen p = cpr_pen_of(out, sizeof(out));
	size_t len;
	_cleanup_(cpr_freep) uint8_t *m =
		message(DISCOVER_7941G, sizeof(DISCOVER_7941G) - 1, NULL, NULL, &len);

	(void)state;
	cpr_dhcp_begin(&p, 1, 0x01020304, 5, 0x8000, (struct in_addr){0}, mac);
	cpr_dhcp_option(&p, 53, "\x01", 1);
	cpr_dhcp_option(&p, 61, "\x01\x00\x1b\x54\xaa\xbb\xcc", 7);
	cpr_dhcp_option(&p, 12, "SEP001B54AABBCC", 15);
	cpr_dhcp_option(&p, 60, "Cisco Systems, Inc. IP Phone CP-7941G", 38);
	cpr_dhcp_option(&p, 55, "\x01\x42\x06\x03\x0f\x96\x23", 7);
	cpr_dhcp_option(&p, 0, NULL, 0);
	cpr_dhcp_end(&p, 548);
	assert_false(p.full);
	assert_int_equal(p.len, 548);
	assert_memory_equal(out, m, len);
	for (size_t i = len; i < 548; i++)
		assert_int_equal(out[i], 0);
	/* op, Ethernet, address length, hops, xid, secs, broadcast flag */
	assert_memory_equal(out, "\x01\x01\x06\x00\x01\x02\x03\x04\x00\x05\x80\x00", 12);
	assert_memory_equal(out + 28, mac, 6);
	assert_memory_equal(out + 236, "\x63\x82\x53\x63", 4);
	p = cpr_pen_of(out, 300);
	cpr_dhcp_end(&p, 548);
	assert_true(p.full);
}

static const char file_options[128] = "\x96\x04\xc0\xa8\x0a\x69\xff";
static const char sname_options[64] = "\x42\x08"
				      "10.0.0.1\xff";
static const char file_piece[128] = "\x96\x04\x02\x02\x02\x02\xff";
static const char sname_piece[64] = "\x96\x04\x03\x03\x03\x03\xff";
static const char file_lie[128] = "\x96\xff";
static char file_full[128], sname_full[64];

static const struct {
	const char *name;
	const char *options;
	size_t len;
	const char *file, *sname;
	enum cpr_dhcp_outcome expected;
	uint8_t code;
	const char *value; /* NULL: absent */
	size_t value_len;
	const char *file_text, *sname_text;
} rows[] = {
	{"no options", BYTES(""), NULL, NULL, CPR_DHCP_OK, 53, NULL, 0, "", ""},
	{"end only", BYTES("\xff"), NULL, NULL, CPR_DHCP_OK, 53, NULL, 0, "", ""},
	{"pads only", BYTES("\0\0\0"), NULL, NULL, CPR_DHCP_OK, 53, NULL, 0, "", ""},
	{"no end", BYTES("\x35\x01\x02"), NULL, NULL, CPR_DHCP_OK, 53, BYTES("\x02"), "",
		""},
	{"behind the end", BYTES("\xff\x35\x01\x02"), NULL, NULL, CPR_DHCP_OK, 53, NULL,
		0, "", ""},
	{"empty option", BYTES("\x50\x00\xff"), NULL, NULL, CPR_DHCP_OK, 80, BYTES(""),
		"", ""},
	{"no length", BYTES("\x35\x01\x02\x96"), NULL, NULL, CPR_DHCP_TRUNCATED, 53,
		BYTES("\x02"), "", ""},
	{"length past the end", BYTES("\x35\x01\x02\x96\x04\xc0\xa8\x0a"), NULL, NULL,
		CPR_DHCP_TRUNCATED, 53, BYTES("\x02"), "", ""},
	{"the one past the end is absent", BYTES("\x96\x04\xc0\xa8\x0a"), NULL, NULL,
		CPR_DHCP_TRUNCATED, 150, NULL, 0, "", ""},
	/* RFC 3396: 150 in two pieces, another option between them */
	{"split", BYTES("\x96\x04\x01\x01\x01\x01\x35\x01\x02\x96\x02\x02\x02\xff"), NULL,
		NULL, CPR_DHCP_OK, 150, BYTES("\x01\x01\x01\x01\x02\x02"), "", ""},
	/* 150 and 66 in pieces by turns */
	{"split, interleaved",
		BYTES("\x96\x01\x01\x42\x01"
		      "a\x96\x01\x02\x42\x01"
		      "b\x96\x01\x03\xff"),
		NULL, NULL, CPR_DHCP_OK, 150, BYTES("\x01\x02\x03"), "", ""},
	{"split, second past the end", BYTES("\x96\x01\x01\x96\x05\x02"), NULL, NULL,
		CPR_DHCP_TRUNCATED, 150, BYTES("\x01"), "", ""},
	/* 52: 1 file, 2 sname, 3 both hold options */
	{"overload file", BYTES("\x34\x01\x01\xff"), file_options, sname_options,
		CPR_DHCP_OK, 150, BYTES("\xc0\xa8\x0a\x69"), "",
		"\x42\x08"
		"10.0.0.1\xff"},
	{"overload sname", BYTES("\x34\x01\x02\xff"), NULL, sname_options, CPR_DHCP_OK,
		66, BYTES("10.0.0.1"), "", ""},
	{"overload both, joined in order",
		BYTES("\x34\x01\x03\x96\x04\x01\x01\x01\x01\xff"), file_piece,
		sname_piece, CPR_DHCP_OK, 150,
		BYTES("\x01\x01\x01\x01\x02\x02\x02\x02\x03\x03\x03\x03"), "", ""},
	{"overload, lying length", BYTES("\x34\x01\x01\x35\x01\x02\xff"), file_lie, NULL,
		CPR_DHCP_TRUNCATED, 53, BYTES("\x02"), "", ""},
	{"overload, empty", BYTES("\x34\x00\xff"), file_options, NULL, CPR_DHCP_OK, 150,
		NULL, 0, "\x96\x04\xc0\xa8\x0a\x69\xff", ""},
	{"full fields without NUL", BYTES("\xff"), file_full, sname_full, CPR_DHCP_OK,
		150, NULL, 0, NULL, NULL},
};

static void options(void **state)
{
	static struct cpr_dhcp d;

	(void)state;
	memset(file_full, 'f', sizeof(file_full));
	memset(sname_full, 's', sizeof(sname_full));
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		size_t len;
		_cleanup_(cpr_freep) uint8_t *m = message(
			rows[i].options, rows[i].len, rows[i].file, rows[i].sname, &len);

		print_message("# %s\n", rows[i].name);
		assert_int_equal(cpr_dhcp_parse(m, len, &d), rows[i].expected);
		assert_int_equal(d.option[rows[i].code].len, rows[i].value_len);
		assert_int_equal(!d.option[rows[i].code].data, !rows[i].value);
		if (rows[i].value_len)
			assert_memory_equal(d.option[rows[i].code].data, rows[i].value,
				rows[i].value_len);
		if (rows[i].file_text)
			assert_string_equal(d.file, rows[i].file_text);
		else
			assert_int_equal(strlen(d.file), 128);
		if (rows[i].sname_text)
			assert_string_equal(d.sname, rows[i].sname_text);
		else
			assert_int_equal(strlen(d.sname), 64);
	}
}

static void not_dhcp(void **state)
{
	static struct cpr_dhcp d;
	static const struct {
		size_t at;
		uint8_t value;
	} wrong[] = {{1, 6}, {2, 16}, {236, 0}, {239, 0x64}};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(wrong); i++) {
		size_t len;
		_cleanup_(cpr_freep) uint8_t *m = message(
			DISCOVER_7941G, sizeof(DISCOVER_7941G) - 1, NULL, NULL, &len);

		m[wrong[i].at] = wrong[i].value;
		assert_int_equal(cpr_dhcp_parse(m, len, &d), CPR_DHCP_NOT_DHCP);
		assert_int_equal(d.type, 0);
	}
}

/* Everything parsed lies inside the packet or inside `joined`. */
static void check_inside(const struct cpr_dhcp *d, const uint8_t *m, size_t len)
{
	for (unsigned code = 0; code < 256; code++) {
		const uint8_t *at = d->option[code].data;
		size_t n = d->option[code].len;

		if (!at) {
			assert_int_equal(n, 0);
			continue;
		}
		assert_true((at >= m && at + n <= m + len) ||
			    (at >= d->joined && at + n <= d->joined + d->joined_len));
	}
}

static void truncations(void **state)
{
	static struct cpr_dhcp d;
	size_t whole;
	_cleanup_(cpr_freep) uint8_t *m =
		message(DISCOVER_7941G, sizeof(DISCOVER_7941G) - 1, NULL, NULL, &whole);

	(void)state;
	for (size_t len = 0; len < whole; len++) {
		_cleanup_(cpr_freep) uint8_t *cut = malloc(len ? len : 1);
		enum cpr_dhcp_outcome outcome;

		assert_non_null(cut);
		memcpy(cut, m, len);
		outcome = cpr_dhcp_parse(cut, len, &d);
		assert_int_equal(outcome == CPR_DHCP_SHORT, len < 240);
		check_inside(&d, cut, len);
	}
}

/* Every byte of the options in every value. */
static void lies(void **state)
{
	static struct cpr_dhcp d;
	size_t len;
	_cleanup_(cpr_freep) uint8_t *m =
		message("\x34\x01\x03\x35\x01\x02\x96\x04\x01\x02\x03\x04\x96\x02\x05\x06"
			"\x42\x03"
			"abc\xff",
			22, file_piece, sname_piece, &len);

	(void)state;
	for (size_t at = 44; at < len; at++) {
		uint8_t was = m[at];

		for (unsigned v = 0; v < 256; v++) {
			m[at] = (uint8_t)v;
			cpr_dhcp_parse(m, len, &d);
			check_inside(&d, m, len);
		}
		m[at] = was;
	}
}

/* An option over 255 bytes goes out in pieces and comes back whole; more than `joined` holds
 * is left out and said. */
static void long_options(void **state)
{
	static struct cpr_dhcp d;
	static uint8_t out[4096], value[2000];
	struct cpr_pen p = cpr_pen_of(out, sizeof(out));

	(void)state;
	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = (uint8_t)(i * 7);
	cpr_dhcp_begin(&p, 2, 1, 0, 0, (struct in_addr){0}, mac);
	cpr_dhcp_option(&p, 53, "\x05", 1);
	cpr_dhcp_option(&p, 43, value, 600);
	cpr_dhcp_option(&p, 80, NULL, 0);
	cpr_dhcp_end(&p, 0);
	assert_int_equal(cpr_dhcp_parse(out, p.len, &d), CPR_DHCP_OK);
	assert_int_equal(d.option[43].len, 600);
	assert_memory_equal(d.option[43].data, value, 600);
	assert_non_null(d.option[80].data);

	p = cpr_pen_of(out, sizeof(out));
	cpr_dhcp_begin(&p, 2, 1, 0, 0, (struct in_addr){0}, mac);
	cpr_dhcp_option(&p, 53, "\x05", 1);
	cpr_dhcp_option(&p, 43, value, sizeof(value));
	cpr_dhcp_end(&p, 0);
	assert_int_equal(cpr_dhcp_parse(out, p.len, &d), CPR_DHCP_TRUNCATED);
	assert_null(d.option[43].data);
	assert_int_equal(d.type, CPR_DHCP_ACK);
}

static void addresses(void **state)
{
	static struct cpr_dhcp d;
	size_t len;
	/* 54: 192.168.10.105; 3: two addresses; 28: three bytes */
	_cleanup_(cpr_freep) uint8_t *m = message(
		BYTES("\x36\x04\xc0\xa8\x0a\x69\x03\x08\x01\x02\x03\x04\x05\x06\x07\x08"
		      "\x1c\x03\x01\x02\x03\xff"),
		NULL, NULL, &len);

	(void)state;
	/* yiaddr 10.1.1.1, siaddr 10.1.1.2, giaddr 10.1.1.3 */
	memcpy(m + 16, "\x0a\x01\x01\x01\x0a\x01\x01\x02\x0a\x01\x01\x03", 12);
	assert_int_equal(cpr_dhcp_parse(m, len, &d), CPR_DHCP_OK);
	assert_int_equal(ntohl(d.yiaddr.s_addr), 0x0a010101);
	assert_int_equal(ntohl(d.siaddr.s_addr), 0x0a010102);
	assert_int_equal(ntohl(d.giaddr.s_addr), 0x0a010103);
	assert_int_equal(ntohl(cpr_dhcp_address(&d, 54).s_addr), 0xc0a80a69);
	assert_int_equal(ntohl(cpr_dhcp_address(&d, 3).s_addr), 0x01020304);
	assert_int_equal(cpr_dhcp_address(&d, 28).s_addr, 0);
	assert_int_equal(cpr_dhcp_address(&d, 150).s_addr, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(discover),
		cmocka_unit_test(writes),
		cmocka_unit_test(options),
		cmocka_unit_test(not_dhcp),
		cmocka_unit_test(truncations),
		cmocka_unit_test(lies),
		cmocka_unit_test(long_options),
		cmocka_unit_test(addresses),
	};

	return cmocka_run_group_tests_name("dhcp", tests, NULL, NULL);
}
