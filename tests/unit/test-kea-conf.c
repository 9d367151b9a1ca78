/* kea-dhcp4.conf: the includes in it, where they stand and in which list. */
#include "cleanup.h"
#include "kea-conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define I "<?include \"/etc/kea/phone-cpr.json\"?>"
#define P "/etc/kea/phone-cpr.json"

/* Each include as "LINE LIST PATH;". */
static const struct {
	const char *name, *text, *list, *expected;
} cases[] = {
	{"in its list", "{\"Dhcp4\": {\n\"hooks-libraries\": [\n" I "]}}", "",
		"3 hooks-libraries " P ";"},
	{"last of several", "{\"Dhcp4\": {\"client-classes\": [{\"a\": [1]},\n" I "]}}",
		"", "2 client-classes " P ";"},
	{"as the list",
		"{\"Dhcp4\": {\"hooks-libraries\": <?include \"/h\"?>, \"x\": 1}}", "",
		"1 hooks-libraries /h;"},
	{"within an included list", "[ {\"library\": \"x\"}, " I " ]", "hooks-libraries",
		"1 hooks-libraries " P ";"},
	{"an included entry", I, "hooks-libraries", "1 hooks-libraries " P ";"},
	{"behind another list", "{\"a\": [{}], \"b\": {\"c\": [\"" I "\", " I "]}}", "",
		"1 c " P ";"},
	{"at the top", I, "", "1  " P ";"},
	{"in comments", "# " I "\n// " I "\n/* " I "\n" I " */ {\"a\": [ # \"\n" I "]}",
		"", "5 a " P ";"},
	{"no comment in a string", "{\"a\": \"// \\\" /*\", \"b\": [" I "]}", "",
		"1 b " P ";"},
	{"blanks and lines between", "[ <? include\n\t\"/x\"\n?>\n<?include\"/y\" ?>]",
		"", "2  /x;4  /y;"},
	{"no include", "[ <?exclude \"/x\"?>, <?include /x ?> ]", "", ""},
	{"cut off", "[ <?include \"/x", "", "1  /x;"},
	{"a string cut off", "{\"a\": \"\\", "", ""},
	{"a comment cut off", "{/* \"a\": [" I, "", ""},
	{"too many ends", "]]}}" I, "", "1  " P ";"},
};

static void scan(void **state)
{
	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(cases); i++) {
		struct kea_include one;
		struct kea_scan s;
		char got[500] = "";
		size_t n = 0;

		kea_scan_start(&s, cases[i].text, strlen(cases[i].text), cases[i].list);
		while (kea_scan_next(&s, &one))
			n += (size_t)snprintf(got + n, sizeof(got) - n, "%u %s %.*s;",
				one.line, one.list, (int)one.len, cases[i].text + one.at);
		if (strcmp(got, cases[i].expected) != 0)
			print_error("%s\n", cases[i].name);
		assert_string_equal(got, cases[i].expected);
	}
}

/* Lists within lists, more than anybody has. */
static void deep(void **state)
{
	static char text[1000];
	struct kea_include one;
	struct kea_scan s;

	(void)state;
	memset(text, '[', 500);
	strcat(text, I);
	kea_scan_start(&s, text, strlen(text), "");
	assert_true(kea_scan_next(&s, &one));
	assert_string_equal(one.list, "");
	assert_false(kea_scan_next(&s, &one));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scan), cmocka_unit_test(deep)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
