#include "buf.h"
#include "cleanup.h"
#include "container.h"
#include "firmware/firmware.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The header of a real SCCP41.9-4-2SR3-1S.loads, with 256 times 'S' as the signature. */
#define S16 "SSSSSSSSSSSSSSSS"
#define S64 S16 S16 S16 S16
/* 000 version, 005 header length 0x19c, 00a signer … */
#define VERSION "\x01\x00\x02\x01\x01"
#define LENGTH  "\x02\x00\x02\x01\x9c"
#define SIGNER                                         \
	"\x03\x00\x5b"                                 \
	"\x04\x00\x27"                                 \
	"CN=someSigner;OU=someOrgUnit;O=someOrg\0"     \
	"\x05\x00\x08\x12\x34\x56\x78\x90\xab\xcd\xef" \
	"\x06\x00\x23"                                 \
	"CN=someCA;OU=someOrgUnit;O=someOrg\0"
/* 068 SHA-1, modulus of 256 bytes */
#define ALGORITHM \
	"\x07\x00\x0f\x08\x00\x01\x01\x09\x00\x08\x0a\x00\x01\x00\x0b\x00\x01\x02"
/* 07a */
#define SIGNATURE "\x0c\x01\x00" S64 S64 S64 S64
/* 17d name, 199 three pads to 0x19c */
#define NAME "\x0e\x00\x19SCCP41.9-4-2SR3-1S.loads\0"
#define PADS "\x0d\x0d\x0d"
#define HEAD VERSION LENGTH SIGNER ALGORITHM SIGNATURE NAME PADS

#define AT_SIGNATURE 0x7a
#define AT_NAME      0x17d

/* The bytes in memory of exactly that size, so that the sanitizer sees a read past them. */
static enum cpr_container_outcome parse(
	const void *bytes, size_t n, struct cpr_container *out)
{
	uint8_t *exact = malloc(n ? n : 1);
	enum cpr_container_outcome r;

	assert_non_null(exact);
	memcpy(exact, bytes, n);
	r = cpr_container_parse(exact, n, out);
	free(exact);
	return r;
}

static void real_header(void **state)
{
	struct cpr_container c;

	(void)state;
	assert_int_equal(sizeof(HEAD) - 1, 0x19c);
	assert_int_equal(parse(HEAD "# list", 0x19c + 6, &c), CPR_CONTAINER_OK);
	assert_int_equal(c.type, CPR_CONTAINER_SIGNED);
	assert_string_equal(c.own_name, "SCCP41.9-4-2SR3-1S.loads");
	assert_int_equal(c.payload_offset, 0x19c);
	assert_false(c.has_payload_len);
}

static void maker_agrees(void **state)
{
	_cleanup_(cpr_buf_free) struct cpr_buf b = {0};

	(void)state;
	cpr_fw_signed(&b, CPR_FW_SIGNER, "SCCP41.9-4-2SR3-1S.loads", "x", 1, 1);
	assert_int_equal(b.len, 0x19d);
	assert_memory_equal(b.data, HEAD, AT_SIGNATURE + 3);
	assert_memory_equal(b.data + AT_NAME, HEAD + AT_NAME, 0x19c - AT_NAME);
}

/* Other names of the field and the header lengths they were seen with. */
static void lengths(void **state)
{
	static const struct {
		const char *name;
		size_t offset;
	} rows[] = {
		{"P0030801SR02.sbn", 404},
		{"P0030801SR02.loads", 404},
		{"term61.default.loads", 408},
		{"SCCP41.9-4-2SR3-1S.loads", 412},
	};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		_cleanup_(cpr_buf_free) struct cpr_buf b = {0};
		struct cpr_container c;

		cpr_fw_signed(&b, CPR_FW_SIGNER, rows[i].name, "", 0, 1);
		assert_int_equal(parse(b.data, b.len, &c), CPR_CONTAINER_OK);
		assert_int_equal(c.payload_offset, rows[i].offset);
		assert_string_equal(c.own_name, rows[i].name);
	}
}

static void none(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
	} rows[] = {
		{"", 0},
		{"\x01", 1},
		{"\x01\x00", 2},
		{"\x01\x00\x01\x00", 4},
		{"\xcd\x34\x12", 3},
		{"PK\x03\x04", 4},
		{"P003-8-12-00 \r\n", 15},
	};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		struct cpr_container c;

		assert_int_equal(parse(rows[i].bytes, rows[i].n, &c), CPR_CONTAINER_OK);
		assert_int_equal(c.type, CPR_CONTAINER_NONE);
		assert_string_equal(c.own_name, "");
		assert_int_equal(c.payload_offset, 0);
	}
}

static void every_truncation(void **state)
{
	_cleanup_(cpr_buf_free) struct cpr_buf b = {0};
	struct cpr_container c;

	(void)state;
	for (size_t n = 3; n < 0x19c; n++) {
		assert_int_equal(parse(HEAD, n, &c), CPR_CONTAINER_SHORT);
		assert_int_equal(c.type, CPR_CONTAINER_SIGNED);
		assert_string_equal(c.own_name, "");
	}
	cpr_fw_cd34(&b, "sip78xx.11-0-1-11.loads", "abc", 3, 1);
	for (size_t n = 4; n < 0x150; n++) {
		assert_int_equal(parse(b.data, n, &c), CPR_CONTAINER_SHORT);
		assert_int_equal(c.type, CPR_CONTAINER_CD34);
	}
	assert_int_equal(parse(b.data, 0x150, &c), CPR_CONTAINER_OK);
}

#define FILLED(size) "\x01\x00\x02\x01\x01\x02\x00\x02" size
/* Whole headers made of other tags; header length in the third row of bytes. */
static void tags(void **state)
{
	static const struct {
		const char *what, *bytes;
		size_t n;
		enum cpr_container_outcome expected;
	} rows[] = {
#define ROW(what, bytes, outcome) {what, bytes, sizeof(bytes) - 1, outcome}
		/* 0a: nothing but the two lengths */
		ROW("no tags", FILLED("\x00\x0a"), CPR_CONTAINER_MALFORMED),
		ROW("no signature", FILLED("\x00\x10") "\x0e\x00\x03\x61\x62\x00",
			CPR_CONTAINER_MALFORMED),
		ROW("no own name", FILLED("\x00\x0e") "\x0c\x00\x01\x00",
			CPR_CONTAINER_MALFORMED),
		ROW("smallest", FILLED("\x00\x13") "\x0c\x00\x00\x0e\x00\x03\x61\x62\x00",
			CPR_CONTAINER_OK),
		ROW("name first",
			FILLED("\x00\x13") "\x0e\x00\x03\x61\x62\x00\x0c\x00\x00",
			CPR_CONTAINER_OK),
		ROW("with time",
			FILLED("\x00\x1a") "\x0c\x00\x00\x0e\x00\x03\x61\x62\x00"
					   "\x0f\x00\x04\x52\xc3\x54\x00",
			CPR_CONTAINER_OK),
		ROW("header ends before the tags begin", FILLED("\x00\x09") "\x0d",
			CPR_CONTAINER_MALFORMED),
		ROW("header length 0", FILLED("\x00\x00") "\x0d",
			CPR_CONTAINER_MALFORMED),
		ROW("header beyond the file",
			FILLED("\x00\x14") "\x0c\x00\x00\x0e\x00\x03\x61\x62\x00",
			CPR_CONTAINER_SHORT),
		ROW("header of 64 KiB",
			FILLED("\xff\xff") "\x0c\x00\x00\x0e\x00\x03\x61\x62\x00",
			CPR_CONTAINER_MALFORMED),
		ROW("tag over the header's end",
			FILLED("\x00\x13") "\x0c\x00\x00\x0e\x00\x04\x61\x62\x00\x00",
			CPR_CONTAINER_MALFORMED),
		ROW("tag without a whole length",
			FILLED("\x00\x15") "\x0c\x00\x00"
					   "\x0e\x00\x03\x61\x62\x00\x0f\x00",
			CPR_CONTAINER_MALFORMED),
		ROW("signature twice",
			FILLED("\x00\x16") "\x0c\x00\x00\x0c\x00\x00\x0e\x00\x03\x61\x62"
					   "\x00",
			CPR_CONTAINER_MALFORMED),
		ROW("name twice",
			FILLED("\x00\x19") "\x0c\x00\x00\x0e\x00\x03\x61\x62\x00\x0e\x00"
					   "\x03"
					   "\x61\x62\x00",
			CPR_CONTAINER_MALFORMED),
		ROW("length twice",
			FILLED("\x00\x18") "\x02\x00\x02\x00\x18\x0c\x00\x00\x0e\x00\x03"
					   "\x61\x62"
					   "\x00",
			CPR_CONTAINER_MALFORMED),
		ROW("tag behind a pad",
			FILLED("\x00\x14") "\x0c\x00\x00\x0d\x0e\x00\x03\x61\x62\x00",
			CPR_CONTAINER_MALFORMED),
		ROW("tag 0",
			FILLED("\x00\x16") "\x00\x00\x00\x0c\x00\x00\x0e\x00\x03\x61\x62"
					   "\x00",
			CPR_CONTAINER_MALFORMED),
		ROW("tag ff",
			FILLED("\x00\x16") "\xff\x00\x00\x0c\x00\x00\x0e\x00\x03\x61\x62"
					   "\x00",
			CPR_CONTAINER_MALFORMED),
		ROW("name of length 0", FILLED("\x00\x10") "\x0c\x00\x00\x0e\x00\x00",
			CPR_CONTAINER_MALFORMED),
		ROW("name of a NUL", FILLED("\x00\x11") "\x0c\x00\x00\x0e\x00\x01\x00",
			CPR_CONTAINER_MALFORMED),
		ROW("name without NUL",
			FILLED("\x00\x13") "\x0c\x00\x00\x0e\x00\x03\x61\x62\x63",
			CPR_CONTAINER_MALFORMED),
		ROW("NUL inside the name",
			FILLED("\x00\x13") "\x0c\x00\x00\x0e\x00\x03\x61\x00\x00",
			CPR_CONTAINER_MALFORMED),
		ROW("name with a slash",
			FILLED("\x00\x14") "\x0c\x00\x00\x0e\x00\x04\x61\x2f\x62\x00",
			CPR_CONTAINER_MALFORMED),
		ROW("name with an escape",
			FILLED("\x00\x14") "\x0c\x00\x00\x0e\x00\x04\x61\x1b\x62\x00",
			CPR_CONTAINER_MALFORMED),
		ROW("name with ff",
			FILLED("\x00\x14") "\x0c\x00\x00\x0e\x00\x04\x61\xff\x62\x00",
			CPR_CONTAINER_MALFORMED),
		ROW("name ..", FILLED("\x00\x13") "\x0c\x00\x00\x0e\x00\x03..\x00",
			CPR_CONTAINER_MALFORMED),
		ROW("second tag is no length", "\x01\x00\x02\x01\x01\x03\x00\x02\x00\x0a",
			CPR_CONTAINER_MALFORMED),
		ROW("length of three bytes",
			"\x01\x00\x02\x01\x01\x02\x00\x03\x00\x0a\x00",
			CPR_CONTAINER_MALFORMED),
	};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		struct cpr_container c;
		enum cpr_container_outcome r = parse(rows[i].bytes, rows[i].n, &c);

		if (r != rows[i].expected)
			print_error("row \"%s\"\n", rows[i].what);
		assert_int_equal(r, rows[i].expected);
		assert_int_equal(c.type, CPR_CONTAINER_SIGNED);
		assert_string_equal(c.own_name, r ? "" : "ab");
		assert_true(r == CPR_CONTAINER_OK || !c.payload_offset);
	}
}

/* The longest name that fits the struct, and one letter more. */
static void long_names(void **state)
{
	char name[257];

	(void)state;
	memset(name, 'n', sizeof(name));
	for (size_t n = 255; n <= 256; n++) {
		_cleanup_(cpr_buf_free) struct cpr_buf a = {0}, b = {0};
		struct cpr_container c;

		name[255] = n == 255 ? 0 : 'n';
		name[n] = 0;
		cpr_fw_signed(&a, CPR_FW_SIGNER, name, "", 0, 1);
		cpr_fw_cd34(&b, name, "", 0, 1);
		assert_int_equal(parse(a.data, a.len, &c),
			n == 255 ? CPR_CONTAINER_OK : CPR_CONTAINER_MALFORMED);
		assert_int_equal(strlen(c.own_name), n == 255 ? 255 : 0);
		assert_int_equal(parse(b.data, b.len, &c),
			n == 255 ? CPR_CONTAINER_OK : CPR_CONTAINER_MALFORMED);
	}
}

/* sip78xx: the first 0x50 bytes as they were seen; SHA-256 of "abc" is FIPS 180-2's own. */
static void cd34(void **state)
{
	static const char head[] =
		"\xcd\x34\x12\xab\x50\x01\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x00\x00"
		"\x00\x00"
		"\xba\x78\x16\xbf\x8f\x01\xcf\xea\x41\x41\x40\xde\x5d\xae\x22\x23"
		"\xb0\x03\x61\xa3\x96\x17\x7a\x9c\xb4\x10\xff\x61\xf2\x00\x15\xad"
		"\x17\x00\x00\x00sip78xx.11-0-1-11.loads\0" S64 S64 S64 S64 "abc";
	_cleanup_(cpr_buf_free) struct cpr_buf b = {0};
	struct cpr_container c;

	(void)state;
	assert_int_equal(parse(head, sizeof(head) - 1, &c), CPR_CONTAINER_OK);
	assert_int_equal(c.type, CPR_CONTAINER_CD34);
	assert_string_equal(c.own_name, "sip78xx.11-0-1-11.loads");
	assert_int_equal(c.payload_offset, 0x150);
	assert_true(c.has_payload_len);
	assert_int_equal(c.payload_len, 3);
	assert_memory_equal(c.sha256, head + 0x14, 32);
	cpr_fw_cd34(&b, c.own_name, "abc", 3, 1);
	assert_int_equal(b.len, sizeof(head) - 1);
	assert_memory_equal(b.data, head, 0x50);
}

static void cd34_lies(void **state)
{
	static const struct {
		const char *what;
		size_t at;
		uint8_t byte;
		enum cpr_container_outcome expected;
	} rows[] = {
		{"header longer than the file", 5, 0x02, CPR_CONTAINER_SHORT},
		{"header shorter than name and signature", 4, 0x4f,
			CPR_CONTAINER_MALFORMED},
		{"header of 16 MiB", 7, 0x01, CPR_CONTAINER_MALFORMED},
		{"header over 4 GiB", 8, 0x01, CPR_CONTAINER_MALFORMED},
		{"payload over 4 GiB", 0x10, 0x01, CPR_CONTAINER_MALFORMED},
		{"name longer than its room", 0x34, 0x18, CPR_CONTAINER_MALFORMED},
		{"name ends before its NUL", 0x34, 0x16, CPR_CONTAINER_MALFORMED},
		{"name of length 0", 0x34, 0x00, CPR_CONTAINER_MALFORMED},
		{"name of 4 GiB", 0x37, 0xff, CPR_CONTAINER_MALFORMED},
		{"NUL inside the name", 0x3a, 0x00, CPR_CONTAINER_MALFORMED},
		{"slash in the name", 0x3a, '/', CPR_CONTAINER_MALFORMED},
		{"newline in the name", 0x3a, '\n', CPR_CONTAINER_MALFORMED},
		{"no NUL behind the name", 0x4f, 'x', CPR_CONTAINER_MALFORMED},
	};
	_cleanup_(cpr_buf_free) struct cpr_buf b = {0};

	(void)state;
	cpr_fw_cd34(&b, "sip78xx.11-0-1-11.loads", "abc", 3, 1);
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		char was = b.data[rows[i].at];
		struct cpr_container c;

		b.data[rows[i].at] = (char)rows[i].byte;
		if (cpr_container_parse((uint8_t *)b.data, b.len, &c) != rows[i].expected)
			print_error("row \"%s\"\n", rows[i].what);
		assert_int_equal(parse(b.data, b.len, &c), rows[i].expected);
		assert_string_equal(c.own_name, "");
		b.data[rows[i].at] = was;
	}
}

/* No single byte, whatever its value, makes the parser read outside (sanitizer) or report a
 * payload outside of the header's bounds. */
static void every_byte(void **state)
{
	static const uint8_t values[] = {0, 1, 2, 13, 14, 0x7f, 0x80, 0xff};
	struct cpr_buf b[2] = {{0}, {0}};

	(void)state;
	cpr_buf_add(&b[0], HEAD, 0x19c);
	cpr_fw_cd34(&b[1], "sip78xx.11-0-1-11.loads", "", 0, 1);
	for (int k = 0; k < 2; k++) {
		for (size_t at = 4; at < b[k].len; at++)
			for (size_t v = 0; v < sizeof(values); v++) {
				char was = b[k].data[at];
				struct cpr_container c;

				b[k].data[at] = (char)values[v];
				parse(b[k].data, b[k].len, &c);
				assert_true(c.payload_offset <= b[k].len);
				assert_true(!strchr(c.own_name, '/'));
				b[k].data[at] = was;
			}
		cpr_buf_free(&b[k]);
	}
}

static void names(void **state)
{
	(void)state;
	assert_string_equal(cpr_container_name(CPR_CONTAINER_NONE), "none");
	assert_string_equal(cpr_container_name(CPR_CONTAINER_SIGNED), "signed");
	assert_string_equal(cpr_container_name(CPR_CONTAINER_CD34), "cd34");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_header),
		cmocka_unit_test(maker_agrees),
		cmocka_unit_test(lengths),
		cmocka_unit_test(none),
		cmocka_unit_test(every_truncation),
		cmocka_unit_test(tags),
		cmocka_unit_test(long_names),
		cmocka_unit_test(cd34),
		cmocka_unit_test(cd34_lies),
		cmocka_unit_test(every_byte),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests_name("container", tests, NULL, NULL);
}
