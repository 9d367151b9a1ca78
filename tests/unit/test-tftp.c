#include "cleanup.h"
#include "tftp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A copy of its exact size, so that the address sanitizer sees a read past its end. */
static uint8_t *exact(const void *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	return copy;
}

#define BYTES(s) s, sizeof(s) - 1

static const struct {
	const char *name;
	const char *input;
	size_t len;
	enum cpr_tftp_outcome expected;
	uint16_t opcode, block;
	const char *text, *mode;
	size_t data_len;
} rows[] = {
	/* opcode 1, file name, mode; no options */
	{"rrq", BYTES("\0\1term61.default.loads\0octet\0"), CPR_TFTP_OK, 1, 0,
		"term61.default.loads", "octet", 0},
	/* options blksize 1428, tsize 0 behind the mode */
	{"rrq options", BYTES("\0\1a\0octet\0blksize\0001428\0tsize\0000\0"), CPR_TFTP_OK,
		1, 0, "a", "octet", 21},
	{"rrq empty name", BYTES("\0\1\0octet\0"), CPR_TFTP_OK, 1, 0, "", "octet", 0},
	{"wrq", BYTES("\0\2a\0netascii\0"), CPR_TFTP_OK, 2, 0, "a", "netascii", 0},
	{"rrq no NUL", BYTES("\0\1term61"), CPR_TFTP_MALFORMED, 1, 0, NULL, NULL, 0},
	{"rrq no mode", BYTES("\0\1a\0"), CPR_TFTP_MALFORMED, 1, 0, "a", NULL, 0},
	{"rrq mode no NUL", BYTES("\0\1a\0octet"), CPR_TFTP_MALFORMED, 1, 0, "a", NULL,
		0},
	{"rrq bare", BYTES("\0\1"), CPR_TFTP_MALFORMED, 1, 0, NULL, NULL, 0},
	/* block 1, three bytes: the last */
	{"data", BYTES("\0\3\0\1abc"), CPR_TFTP_OK, 3, 1, NULL, NULL, 3},
	/* block 65535 empty: a file of a whole number of blocks ends so */
	{"data empty", BYTES("\0\3\xff\xff"), CPR_TFTP_OK, 3, 65535, NULL, NULL, 0},
	{"data short", BYTES("\0\3\0"), CPR_TFTP_SHORT, 3, 0, NULL, NULL, 0},
	{"ack", BYTES("\0\4\1\2"), CPR_TFTP_OK, 4, 0x102, NULL, NULL, 0},
	{"ack padded", BYTES("\0\4\1\2\0\0\0\0"), CPR_TFTP_OK, 4, 0x102, NULL, NULL, 0},
	{"ack short", BYTES("\0\4"), CPR_TFTP_SHORT, 4, 0, NULL, NULL, 0},
	{"error", BYTES("\0\5\0\1File not found\0"), CPR_TFTP_OK, 5, 1, "File not found",
		NULL, 0},
	{"error no NUL", BYTES("\0\5\0\1gone"), CPR_TFTP_MALFORMED, 5, 1, NULL, NULL, 0},
	{"error bare", BYTES("\0\5\0\1"), CPR_TFTP_MALFORMED, 5, 1, NULL, NULL, 0},
	{"oack", BYTES("\0\6blksize\0001428\0"), CPR_TFTP_OK, 6, 0, NULL, NULL, 13},
	{"opcode 7", BYTES("\0\7\0\0"), CPR_TFTP_MALFORMED, 7, 0, NULL, NULL, 0},
	{"opcode 0", BYTES("\0\0\0\0"), CPR_TFTP_MALFORMED, 0, 0, NULL, NULL, 0},
	{"one byte", BYTES("\0"), CPR_TFTP_SHORT, 0, 0, NULL, NULL, 0},
	{"nothing", BYTES(""), CPR_TFTP_SHORT, 0, 0, NULL, NULL, 0},
};

static void check_text(const char *text, const char *expected)
{
	if (expected)
		assert_string_equal(text, expected);
	else
		assert_null(text);
}

static void parses(void **state)
{
	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		_cleanup_(cpr_freep) uint8_t *bytes = exact(rows[i].input, rows[i].len);
		struct cpr_tftp t;

		print_message("# %s\n", rows[i].name);
		assert_int_equal(
			cpr_tftp_parse(bytes, rows[i].len, &t), rows[i].expected);
		assert_int_equal(t.opcode, rows[i].opcode);
		assert_int_equal(t.block, rows[i].block);
		check_text(t.text, rows[i].text);
		check_text(t.mode, rows[i].mode);
		assert_int_equal(t.len, rows[i].data_len);
	}
}

/* Whatever the length, what is borrowed stays inside and text has its NUL. */
static void truncations(void **state)
{
	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		for (size_t len = 0; len <= rows[i].len; len++) {
			_cleanup_(cpr_freep) uint8_t *bytes = exact(rows[i].input, len);
			struct cpr_tftp t;

			cpr_tftp_parse(bytes, len, &t);
			assert_true(!t.text || strlen(t.text) < len);
			assert_true(!t.mode || strlen(t.mode) < len);
			assert_true(!t.data ||
				    (t.data >= bytes && t.data + t.len <= bytes + len));
		}
	}
}

static void writes(void **state)
{
	uint8_t out[64];
	struct cpr_pen p = cpr_pen_of(out, sizeof(out));

	(void)state;
	cpr_tftp_rrq(&p, "CTLSEP0006537B84EF.tlv");
	/* As captured from a 7940: 31 bytes, no options. */
	assert_int_equal(p.len, 31);
	assert_memory_equal(out, "\0\1CTLSEP0006537B84EF.tlv\0octet\0", 31);
	p = cpr_pen_of(out, sizeof(out));
	cpr_tftp_ack(&p, 0x102);
	assert_int_equal(p.len, 4);
	assert_memory_equal(out, "\0\4\1\2", 4);
	p = cpr_pen_of(out, sizeof(out));
	cpr_tftp_error(&p, 3, "full");
	assert_int_equal(p.len, 9);
	assert_memory_equal(out, "\0\5\0\3full\0", 9);
	p = cpr_pen_of(out, 8);
	cpr_tftp_error(&p, 3, "full");
	assert_true(p.full);
}

/* Texts as in.tftpd, dnsmasq and others send them. */
static void reasons(void **state)
{
	static const struct {
		uint16_t code;
		const char *text;
		enum cpr_tftp_reason expected;
	} row[] = {
		{1, "File not found", CPR_TFTP_MISSING},
		{1, "file /srv/access/x not found for 192.0.2.40", CPR_TFTP_MISSING},
		{1, "", CPR_TFTP_MISSING},
		{0, "No such file or directory", CPR_TFTP_MISSING},
		{0, "Permission denied", CPR_TFTP_DENIED},
		{1, "cannot access /srv/x: Permission denied", CPR_TFTP_DENIED},
		{2, "Access violation", CPR_TFTP_DENIED},
		{0, "", CPR_TFTP_ABORTED},
		{3, "disk full", CPR_TFTP_ABORTED},
	};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(row); i++) {
		print_message("# %u %s\n", row[i].code, row[i].text);
		assert_int_equal(
			cpr_tftp_reason(row[i].code, row[i].text), row[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses),
		cmocka_unit_test(truncations),
		cmocka_unit_test(writes),
		cmocka_unit_test(reasons),
	};

	return cmocka_run_group_tests_name("tftp", tests, NULL, NULL);
}
