#include "cleanup.h"
#include "html.h"
#include "mask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void masks(void **state)
{
	static const struct {
		const char *text, *masked;
	} rows[] = {
		{"", ""},
		{"nothing to hide", "nothing to hide"},
		/* a MAC is one in whatever spelling, and keeps its spelling */
		{"00:1b:54:aa:bb:cc 00-1B-54-AA-BB-CC 001b.54aa.bbcc",
			"02:00:00:00:00:01 02-00-00-00-00-01 0200.0000.0001"},
		{"SEP001B54AABBCC CTLSEP001B54AABBCC.tlv, sep001b54aabbcd.cnf.xml",
			"SEP020000000001 CTLSEP020000000001.tlv, sep020000000002.cnf.xml"},
		{"001B54AABBCC", "020000000001"},
		{"SIP001B54AABBCC.cnf not found for SIP001B54AA",
			"SIP020000000001.cnf not found for SIP…"},
		{"SEPARATE SIPDefault.cnf SEP00 x", "SEPARATE SIPDefault.cnf SEP00 x"},
		{"001B54AABBCCDD 1:2:3", "001B54AABBCCDD 1:2:3"},
		/* a network stays one, and so does a host's number in it */
		{"192.168.10.105 192.168.10.106:69 192.168.11.1.",
			"10.1.0.105 10.1.0.106:69 10.1.1.1."},
		{"(192.168.10.105)", "(10.1.0.105)"},
		{"0.0.0.0 127.0.0.1 255.255.255.0 255.255.255.255",
			"0.0.0.0 127.0.0.1 255.255.255.0 255.255.255.255"},
		/* versions are no addresses */
		{"CP7921G-1.4.6.3.LOADS 300.1.1.1 1.2.3 x1.2.3.4",
			"CP7921G-1.4.6.3.LOADS 300.1.1.1 1.2.3 x1.2.3.4"},
		{"option 150: c0 a8 0a 69 c0 a8 0a 6a, 8 bytes",
			"option 150: …, 8 bytes"},
		{"c0 a8 0a", "c0 a8 0a"},
		/* folders are named after people and firms */
		{"File /srv/acme-tftp/term61.default.loads, C:\\TFTP\\Acme Ltd",
			"File …/term61.default.loads, C:…/Acme Ltd"},
		{"and/or 1/2/3 /term61 //x/y 44 bytes/s",
			"and/or 1/2/3 /term61 /…/y 44 bytes/s"},
		/* a name's end may be cut off with the text's */
		{"SEP001B54AABBCC.example.net is tftp.example", "host-3 is host-2"},
		{"is tftp.example.n", "is host-2"},
		{"is tftp.example.n.", "is host-1.example.n."},
		/* names, longest first, in any case; not inside of words */
		{"tftp.example.net TFTP tftpd", "host-2 host-1 tftpd"},
	};
	(void)state;

	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		_cleanup_(cpr_mask_freep) struct cpr_mask *m = NULL;
		_cleanup_(cpr_freep) char *got = NULL;

		assert_int_equal(cpr_mask_new(&m), 0);
		assert_int_equal(cpr_mask_name(m, "tftp"), 0);
		assert_int_equal(cpr_mask_name(m, "tftp.example.net"), 0);
		assert_int_equal(cpr_mask_name(m, "SEP001B54AABBCC.example.net"), 0);
		assert_int_equal(cpr_mask_name(m, "d"), 0);
		got = cpr_mask_text(m, rows[i].text);
		assert_string_equal(got, rows[i].masked);
	}
}

/* In a page's texts as they read, and in none of its marks. */
static void masks_a_page(void **state)
{
	static const char page[] =
		"<style>bar{a>b}</style><section><i class=\"bar\">bar &amp; a&lt;b&quot;c, "
		"192.168.10.1</i> x &lt;bar&gt;</section>";
	static const char masked[] =
		"<style>bar{a>b}</style><section><i class=\"bar\">host-1 &amp; host-2, "
		"10.1.0.1</i> x &lt;host-1&gt;</section>";
	_cleanup_(cpr_mask_freep) struct cpr_mask *m = NULL;
	_cleanup_(cpr_freep) char *got = NULL;
	(void)state;

	assert_int_equal(cpr_mask_new(&m), 0);
	assert_int_equal(cpr_mask_name(m, "bar"), 0);
	assert_int_equal(cpr_mask_name(m, "a<b\"c"), 0);
	assert_int_equal(cpr_mask_name(m, "section"), 0);
	got = cpr_html_mask(m, page);
	assert_string_equal(got, masked);
}

static void is_the_same_each_time(void **state)
{
	_cleanup_(cpr_mask_freep) struct cpr_mask *m = NULL;
	char text[64], want[64];
	(void)state;

	assert_int_equal(cpr_mask_new(&m), 0);
	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < 600; i++) {
			_cleanup_(cpr_freep) char *got = NULL;

			snprintf(text, sizeof(text), "172.%u.%u.9 00:1b:54:00:%02x:%02x",
				16 + i / 256, i % 256, i / 256, i % 256);
			snprintf(want, sizeof(want), "10.%u.%u.9 02:00:00:00:%02x:%02x",
				1 + i / 256, i % 256, (i + 1) / 256, (i + 1) % 256);
			got = cpr_mask_text(m, text);
			assert_string_equal(got, want);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(masks),
		cmocka_unit_test(masks_a_page),
		cmocka_unit_test(is_the_same_each_time),
	};

	return cmocka_run_group_tests_name("mask", tests, NULL, NULL);
}
