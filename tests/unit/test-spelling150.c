/* What servers make of option 150 as people write it, and what those meant.  The rows of the
 * first table are the spellings that are known to go right or wrong in the field. */
#include "buf.h"
#include "cleanup.h"
#include "reading150.h"
#include "spelling150.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *server, *value;
	enum cpr_sent sent;
	const char *bytes; /* hexadecimal */
	const char *meant; /* the first reading; NULL: none */
} rows[] = {
	/* the first article that everybody copies: one right, one with a zero lost */
	{"tftpd32", "0x0101A8C0", CPR_SENT_BYTES, "c0a80101", "192.168.1.1"},
	{"tftpd32", "0x69AA8C0", CPR_SENT_BYTES, "c0a89a06", "192.168.10.105"},
	{"tftpd32", "x 69AA8C0", CPR_SENT_BYTES, "c0a89a06", "192.168.10.105"},
	{"tftpd32", "a 192.168.10.105", CPR_SENT_BYTES, "c0a80a69", "192.168.10.105"},
	{"tftpd32", "a 192.168.10.105 10.0.0.2", CPR_SENT_BYTES, "c0a80a690a000002",
		"192.168.10.105"},
	{"tftpd32", "x C0.A8.0A.69", CPR_SENT_BYTES, "c0a80a69", "192.168.10.105"},
	{"tftpd32", "x C0.A8.A.69", CPR_SENT_BYTES, "c0a80a69", "192.168.10.105"},
	{"tftpd32", "x C0A8:0A69", CPR_SENT_BYTES, "a8c0690a", "192.168.10.105"},
	{"tftpd32", "x 690AA8C0", CPR_SENT_BYTES, "c0a80a69", "192.168.10.105"},
	{"tftpd32", "x C0A80A69", CPR_SENT_BYTES, "690aa8c0", "192.168.10.105"},
	{"tftpd32", "x C0A80A690A", CPR_SENT_UNKNOWN, "", NULL},
	{"tftpd32", "x C0,A8", CPR_SENT_UNKNOWN, "", NULL},
	{"tftpd32", "192.168.10.105", CPR_SENT_BYTES, "3139322e3136382e31302e313035",
		"192.168.10.105"},
	{"tftpd32", "a 192.168.010.105", CPR_SENT_BYTES, "c0a80869", "192.168.10.105"},
	{"tftpd32", "a tftp", CPR_SENT_BYTES, "ffffffff", NULL},
	{"tftpd32", "i 1762306240", CPR_SENT_BYTES, "c0a80a69", "192.168.10.105"},
	{"tftpd32", "n 167772162", CPR_SENT_BYTES, "0a000002", "10.0.0.2"},
	{"tftpd32", "n 3232238185", CPR_SENT_BYTES, "7fffffff", "192.168.10.105"},
	{"tftpd32", "b 192.168.10.105", CPR_SENT_BYTES, "c0a80a69", "192.168.10.105"},
	{"tftpd32", "s 10.0.0.1", CPR_SENT_BYTES, "31302e302e302e31", "10.0.0.1"},
	{"tftpd32", "", CPR_SENT_BYTES, "", NULL},
	{"tftpd32", "a", CPR_SENT_BYTES, "61", NULL},
	{"dnsmasq", "192.168.10.105", CPR_SENT_BYTES, "c0a80a69", "192.168.10.105"},
	{"dnsmasq", "dhcp-option=tag:cisco,150,192.168.10.105", CPR_SENT_BYTES,
		"c0a80a69", "192.168.10.105"},
	{"dnsmasq", "\"192.168.10.105\"", CPR_SENT_REFUSED, "", "192.168.10.105"},
	{"dnsmasq", "c0:a8:0a:69", CPR_SENT_REFUSED, "", "192.168.10.105"},
	{"dnsmasq", "0.0.0.0", CPR_SENT_OWN, "", NULL},
	{"isc-dhcpd", "192.168.10.105, 10.0.0.2;", CPR_SENT_BYTES, "c0a80a690a000002",
		"192.168.10.105"},
	{"isc-dhcpd", "\"192.168.10.105\"", CPR_SENT_UNKNOWN, "", "192.168.10.105"},
	{"kea", "192.168.10.105,10.0.0.2", CPR_SENT_BYTES, "c0a80a690a000002",
		"192.168.10.105"},
	{"kea", "C0A80A69", CPR_SENT_BYTES, "c0a80a69", "192.168.10.105"},
	{"kea", "tftp.example", CPR_SENT_REFUSED, "", NULL},
	{"mikrotik", "\"'192.168.10.105'\"", CPR_SENT_BYTES, "c0a80a69",
		"192.168.10.105"},
	{"mikrotik", "0x0A0000010A000002", CPR_SENT_BYTES, "0a0000010a000002",
		"10.0.0.1"},
	{"mikrotik", "'10.0.0.1''10.0.0.2'", CPR_SENT_UNKNOWN, "", NULL},
	{"mikrotik", "s'10.0.0.1'", CPR_SENT_BYTES, "31302e302e302e31", "10.0.0.1"},
	{"mikrotik", "10.0.0.1", CPR_SENT_BYTES, "31302e302e302e31", "10.0.0.1"},
	{"mikrotik", "0xC0A80A69", CPR_SENT_BYTES, "c0a80a69", "192.168.10.105"},
	{"ios", "option 150 ip 192.168.10.105 10.0.0.2", CPR_SENT_BYTES,
		"c0a80a690a000002", "192.168.10.105"},
	{"ios", "ascii 192.168.10.105", CPR_SENT_BYTES, "3139322e3136382e31302e313035",
		"192.168.10.105"},
	{"ios", "ascii \"10.0.0.1\"", CPR_SENT_BYTES, "31302e302e302e31", "10.0.0.1"},
	{"ios", "hex 690a.a8c0", CPR_SENT_BYTES, "690aa8c0", "192.168.10.105"},
	{"ios", "192.168.10.105", CPR_SENT_REFUSED, "", "192.168.10.105"},
	{"windows", "192.168.10.105 10.0.0.2", CPR_SENT_BYTES, "c0a80a690a000002",
		"192.168.10.105"},
	{"fortigate", "C0A80A69", CPR_SENT_BYTES, "c0a80a69", "192.168.10.105"},
	{"fortigate", "0xC0A80A69", CPR_SENT_UNKNOWN, "", "192.168.10.105"},
	{"hex", "69-0A-A8-C0", CPR_SENT_BYTES, "690aa8c0", "192.168.10.105"},
	{"hex", "3139322E3136382E31302E313035", CPR_SENT_BYTES,
		"3139322e3136382e31302e313035", "192.168.10.105"},
	{"hex", "C0A80A6", CPR_SENT_REFUSED, "", "192.168.10.6"},
	/* no server in the table, but what people paste */
	{"hex", "3232238185", CPR_SENT_BYTES, "3232238185", "192.168.10.105"},
	{"hex", "-1062729111", CPR_SENT_BYTES, "1062729111", "192.168.10.105"},
	{"hex", "105.10.168.192", CPR_SENT_REFUSED, "", "192.168.10.105"},
	{"hex", "49.57.50.46", CPR_SENT_BYTES, "49575046", "49.57.50.46"},
	{"hex", "A001", CPR_SENT_BYTES, "a001", "10.0.0.1"},
	{"hex", "224.0.0.225", CPR_SENT_REFUSED, "", NULL},
	{"hex", "phone", CPR_SENT_REFUSED, "", NULL},
};

static void in_hex(const struct cpr_value150 *v, char *out)
{
	*out = 0;
	for (size_t i = 0; i < v->n; i++)
		sprintf(out + 2 * i, "%02x", v->bytes[i]);
}

static void known(void **state)
{
	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		const struct cpr_spelling150 *s = cpr_spelling150_by_name(rows[i].server);
		struct cpr_reading150 reading[CPR_READINGS];
		struct cpr_value150 v;
		char text[600];
		size_t n;

		print_message("# %s: %s\n", rows[i].server, rows[i].value);
		assert_non_null(s);
		cpr_spelling150_read(s, rows[i].value, &v);
		assert_int_equal(v.sent, rows[i].sent);
		assert_true(v.sent == CPR_SENT_BYTES || strlen(v.why) > 10);
		in_hex(&v, text);
		assert_string_equal(text, rows[i].bytes);
		n = cpr_reading150_all(rows[i].value, reading);
		assert_int_equal(n > 0, rows[i].meant != NULL);
		if (n)
			assert_string_equal(inet_ntop(AF_INET, reading[0].address, text,
						    sizeof(text)),
				rows[i].meant);
	}
}

/* A lost zero can stand in more than one place; each that gives an address of private use is
 * named, and the one that any number loses at its head comes after the others. */
static void lost_zero(void **state)
{
	struct cpr_reading150 r[CPR_READINGS];
	char text[INET_ADDRSTRLEN];
	size_t n = cpr_reading150_all("0x69AA8C0", r);

	(void)state;
	assert_true(n >= 2);
	assert_true(r[0].zero_lost && r[1].zero_lost && r[0].rank == r[1].rank);
	assert_string_equal(
		inet_ntop(AF_INET, r[1].address, text, sizeof(text)), "192.168.154.6");
	for (size_t i = 2; i < n; i++)
		assert_true(r[i].rank < r[0].rank);
	n = cpr_reading150_all("0x0101A8C0", r);
	assert_true(n && !r[0].zero_lost);
}

/* What is to be typed for any address reaches the phone as that address, and is understood. */
static void round_trip(void **state)
{
	uint32_t seed = 150;

	(void)state;
	for (size_t s = 0; s < cpr_spellings150_n; s++) {
		for (unsigned i = 0; i < 10000; i++) {
			_cleanup_(cpr_buf_free) struct cpr_buf b = {0};
			struct cpr_reading150 reading[CPR_READINGS];
			struct in_addr a[2];
			size_t n = i % 2 + 1, k = 0, found;
			struct cpr_value150 v;

			for (size_t j = 0; j < n; j++) {
				/* any host's address: 1.0.0.0 to 223.255.255.255 */
				seed = seed * 1664525u + 1013904223u;
				a[j].s_addr = htonl(0x01000000u + seed % 0xdf000000u);
				if (ntohl(a[j].s_addr) >> 24 == 127)
					a[j].s_addr = htonl(0x0a000001u + i);
			}
			cpr_spelling150_lines(&cpr_spellings150[s], a, n, &b);
			assert_false(b.failed);
			cpr_spelling150_read(&cpr_spellings150[s], b.data, &v);
			assert_int_equal(v.sent, CPR_SENT_BYTES);
			assert_int_equal(v.n, 4 * n);
			assert_memory_equal(v.bytes, a, 4 * n);
			b.len = 0;
			cpr_spellings150[s].write(a, n, &b);
			found = cpr_reading150_all(b.data, reading);
			while (k < found && (reading[k].n != n ||
						    memcmp(reading[k].address, a, 4 * n)))
				k++;
			assert_true(k < found);
		}
	}
}

/* Neither reads past its input, nor writes past its room. */
static void long_values(void **state)
{
	char text[3000];

	(void)state;
	for (size_t n = 0; n < sizeof(text); n += 7) {
		struct cpr_reading150 reading[CPR_READINGS];
		static const char *const head[] = {
			"a ", "x ", "b ", "", "0x", "'", "ip "};

		memset(text, '1', n);
		for (size_t i = 3; i < n; i += 4)
			text[i] = '.';
		text[n] = 0;
		for (size_t h = 0; h < CPR_ARRAY_LEN(head); h++) {
			memcpy(text, head[h], n < 3 ? 0 : strlen(head[h]));
			for (size_t s = 0; s < cpr_spellings150_n; s++) {
				struct cpr_value150 v;

				cpr_spelling150_read(&cpr_spellings150[s], text, &v);
				assert_true(v.n <= sizeof(v.bytes));
			}
			assert_true(cpr_reading150_all(text, reading) <= CPR_READINGS);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known),
		cmocka_unit_test(lost_zero),
		cmocka_unit_test(round_trip),
		cmocka_unit_test(long_values),
	};

	return cmocka_run_group_tests_name("spelling150", tests, NULL, NULL);
}
