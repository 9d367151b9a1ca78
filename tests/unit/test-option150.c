#include "cleanup.h"
#include "option150.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct in_addr ip(const char *text)
{
	struct in_addr a;

	assert_int_equal(inet_pton(AF_INET, text, &a), 1);
	return a;
}

/* A copy of its exact size, so that the address sanitizer sees a read past its end. */
static uint8_t *exact(const void *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	return copy;
}

static void encodes(void **state)
{
	struct in_addr two[] = {ip("192.168.10.105"), ip("10.0.0.1")};
	uint8_t out[8];

	(void)state;
	assert_int_equal(cpr_option150_encode(two, 1, out, sizeof(out)), 4);
	assert_memory_equal(out, "\xc0\xa8\x0a\x69", 4);
	assert_int_equal(cpr_option150_encode(two, 2, out, sizeof(out)), 8);
	assert_memory_equal(out, "\xc0\xa8\x0a\x69\x0a\x00\x00\x01", 8);
	assert_int_equal(cpr_option150_encode(two, 2, out, 7), 0);
	assert_int_equal(cpr_option150_encode(two, 0, out, sizeof(out)), 0);
}

static const struct {
	const char *name;
	const char *input;
	size_t len;
	enum cpr_option150_outcome expected;
	size_t n;
	const char *first;
} decode_rows[] = {
	/* 192.168.10.105 */
	{"one", "\xc0\xa8\x0a\x69", 4, CPR_OPTION150_OK, 1, "192.168.10.105"},
	/* 192.168.10.105, 10.0.0.1 */
	{"two", "\xc0\xa8\x0a\x69\x0a\x00\x00\x01", 8, CPR_OPTION150_OK, 2,
		"192.168.10.105"},
	/* 1.1.1.1 to 5.5.5.5, into room for four */
	{"five", "\1\1\1\1\2\2\2\2\3\3\3\3\4\4\4\4\5\5\5\5", 20, CPR_OPTION150_OK, 4,
		"1.1.1.1"},
	/* Byte-reversed: nothing in the bytes gives that away. */
	{"reversed", "\x69\x0a\xa8\xc0", 4, CPR_OPTION150_OK, 1, "105.10.168.192"},
	/* An address whose bytes happen to be digits: 49.46.49.46 */
	{"printable", "1.1.", 4, CPR_OPTION150_OK, 1, "49.46.49.46"},
	{"absent", "", 0, CPR_OPTION150_ABSENT, 0, NULL},
	{"three bytes", "\xc0\xa8\x0a", 3, CPR_OPTION150_LENGTH, 0, NULL},
	{"five bytes", "\xc0\xa8\x0a\x69\x00", 5, CPR_OPTION150_LENGTH, 0, NULL},
	{"text of 14", "192.168.10.105", 14, CPR_OPTION150_TEXT, 0, NULL},
	{"text of 12", "192.168.10.1", 12, CPR_OPTION150_TEXT, 0, NULL},
	{"text of 8", "10.0.0.1", 8, CPR_OPTION150_TEXT, 0, NULL},
	{"text with NUL", "192.168.10.105\0\0", 16, CPR_OPTION150_TEXT, 0, NULL},
	{"text list", "10.0.0.1,10.0.0.2", 17, CPR_OPTION150_TEXT, 0, NULL},
	{"text, 16 bytes", "100.100.100.100x", 16, CPR_OPTION150_OK, 4, "49.48.48.46"},
	{"host name", "tftp.example", 12, CPR_OPTION150_OK, 3, "116.102.116.112"},
	{"zero", "\0\0\0\0", 4, CPR_OPTION150_ZERO, 0, NULL},
	{"zero first", "\0\0\0\0\x0a\x00\x00\x01", 8, CPR_OPTION150_ZERO, 0, NULL},
	{"zero second", "\x0a\x00\x00\x01\0\0\0\0", 8, CPR_OPTION150_OK, 2, "10.0.0.1"},
};

static void decodes(void **state)
{
	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(decode_rows); i++) {
		_cleanup_(cpr_freep) uint8_t *bytes =
			exact(decode_rows[i].input, decode_rows[i].len);
		struct in_addr a[4];
		size_t n = 99;

		print_message("# %s\n", decode_rows[i].name);
		assert_int_equal(
			cpr_option150_decode(bytes, decode_rows[i].len, a, 4, &n),
			decode_rows[i].expected);
		assert_int_equal(n, decode_rows[i].n);
		if (n)
			assert_int_equal(a[0].s_addr, ip(decode_rows[i].first).s_addr);
	}
}

static void encodes_66(void **state)
{
	char out[32];

	(void)state;
	assert_int_equal(cpr_option66_encode(ip("192.168.10.105"), out, sizeof(out)), 14);
	assert_memory_equal(out, "192.168.10.105", 14);
	assert_int_equal(cpr_option66_encode(ip("192.168.10.105"), out, 13), 0);
}

static const struct {
	const char *input;
	size_t len;
	enum cpr_option66_outcome expected;
	const char *name;
} name_rows[] = {
	{"192.168.10.105", 14, CPR_OPTION66_ADDRESS, "192.168.10.105"},
	{"192.168.10.105\0", 15, CPR_OPTION66_ADDRESS, "192.168.10.105"},
	{"tftp.example\0\0", 14, CPR_OPTION66_NAME, "tftp.example"},
	{"1.2.3", 5, CPR_OPTION66_NAME, "1.2.3"},
	{"", 0, CPR_OPTION66_ABSENT, ""},
	{"\0\0", 2, CPR_OPTION66_ABSENT, ""},
	{"a\0b", 3, CPR_OPTION66_MALFORMED, ""},
	/* The four bytes of an address where text belongs. */
	{"\xc0\xa8\x0a\x69", 4, CPR_OPTION66_MALFORMED, ""},
	{"tab\there", 8, CPR_OPTION66_MALFORMED, ""},
};

static void decodes_66(void **state)
{
	char name[256], longest[256];
	struct in_addr a;

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(name_rows); i++) {
		_cleanup_(cpr_freep) uint8_t *bytes =
			exact(name_rows[i].input, name_rows[i].len);

		print_message("# row %zu\n", i);
		assert_int_equal(cpr_option66_decode(bytes, name_rows[i].len, &a, name),
			name_rows[i].expected);
		assert_string_equal(name, name_rows[i].name);
		assert_int_equal(a.s_addr, name_rows[i].expected == CPR_OPTION66_ADDRESS
						   ? ip("192.168.10.105").s_addr
						   : 0);
	}
	memset(longest, 'x', sizeof(longest));
	assert_int_equal(cpr_option66_decode((uint8_t *)longest, 255, &a, name),
		CPR_OPTION66_NAME);
	assert_int_equal(strlen(name), 255);
	assert_int_equal(cpr_option66_decode((uint8_t *)longest, 256, &a, name),
		CPR_OPTION66_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encodes),
		cmocka_unit_test(decodes),
		cmocka_unit_test(encodes_66),
		cmocka_unit_test(decodes_66),
	};

	return cmocka_run_group_tests_name("option150", tests, NULL, NULL);
}
