/* dnsmasq's merged configuration as one text, and whose each of its lines is. */
#include "cleanup.h"
#include "dnsmasq-lines.h"
#include "dnsmasq-trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define LIVE DNSMASQ_LIVE "/phone-cpr"

/* What two instances read: "" the first three files, "lan" the last. */
static void fill(struct dnsmasq_lines *l)
{
	static const struct {
		const char *instance, *file, *key, *text;
	} file[] = {
		{"", "/etc/default/dnsmasq", NULL,
			"conf-dir=/etc/dnsmasq.d/,.dpkg-old\n"},
		{"", "/etc/dnsmasq.d/a", NULL,
			"# a\n\n  dhcp-option=6,\"x\" # b\nconf-file=/x\n"},
		{"", DNSMASQ_STATIC, NULL, "enable-tftp\n"},
		{"", LIVE, "dhcp-option", "150,192.0.2.1\n"},
		{"lan", "/etc/dnsmasq.conf", NULL,
			"conf-dir=/etc/dnsmasq.d,*.dhcp\nport=0\n"},
	};

	for (size_t i = 0; i < CPR_ARRAY_LEN(file); i++)
		dnsmasq_lines_parse(l, file[i].instance, file[i].file, file[i].key,
			file[i].text, strlen(file[i].text));
}

static const struct {
	const char *name, *instance, *fixed, *live, *text;
	const char *places; /* "FILE:LINE;" each */
} cases[] = {
	{"as it lies there", "", NULL, NULL, "dhcp-option=6,\"x\" # b\nenable-tftp\n",
		"/etc/dnsmasq.d/a:3;" DNSMASQ_STATIC ":1;"},
	{"without ours", "", "", NULL, "dhcp-option=6,\"x\" # b\n",
		"/etc/dnsmasq.d/a:3;"},
	{"with candidates", "", "# c\nport=1", "# d\ntag:x,66,y\n",
		"dhcp-option=6,\"x\" # b\n# c\nport=1\n# d\ndhcp-option=tag:x,66,y\n",
		"/etc/dnsmasq.d/a:3;" DNSMASQ_STATIC ":1;" DNSMASQ_STATIC ":2;" LIVE
		":1;" LIVE ":2;"},
	{"another instance", "lan", NULL, NULL, "port=0\n", "/etc/dnsmasq.conf:2;"},
};

static void makes(void **state)
{
	_cleanup_(dnsmasq_lines_clear) struct dnsmasq_lines lines = {0};

	(void)state;
	fill(&lines);
	for (size_t i = 0; i < CPR_ARRAY_LEN(cases); i++) {
		const struct dnsmasq_candidates c = {cases[i].fixed, cases[i].live};
		_cleanup_(dnsmasq_trial_clear) struct dnsmasq_trial t = {0};
		char places[500] = "";

		print_message("%s\n", cases[i].name);
		dnsmasq_trial_make(&t, &lines, cases[i].instance, &c);
		assert_string_equal(t.text.data, cases[i].text);
		for (size_t k = 0; k < t.n; k++)
			sprintf(places + strlen(places), "%s:%u;", t.place[k].file,
				t.place[k].line);
		assert_string_equal(places, cases[i].places);
	}
}

static void knows_readers(void **state)
{
	_cleanup_(dnsmasq_lines_clear) struct dnsmasq_lines lines = {0};
	const char *first, *second;

	(void)state;
	assert_null(dnsmasq_next_instance(&lines, NULL));
	fill(&lines);
	first = dnsmasq_next_instance(&lines, NULL);
	second = dnsmasq_next_instance(&lines, first);
	assert_string_equal(first, "");
	assert_string_equal(second, "lan");
	assert_null(dnsmasq_next_instance(&lines, second));
	assert_true(dnsmasq_reads_ours(&lines, ""));
	assert_false(dnsmasq_reads_ours(&lines, "lan")); /* *.dhcp alone */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes), cmocka_unit_test(knows_readers)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
