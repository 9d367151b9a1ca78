/* Includes in servers' configurations: where they stand, and in which of Kea's lists. */
#include "cleanup.h"
#include "includes.h"

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
} kea[] = {
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

static const struct {
	const char *name, *text, *list, *expected;
} dhcpd[] = {
	{"a statement", "# x\ninclude \"/a\"; include\n\t\"/b\" ;", "", "2  /a;3  /b;"},
	{"within a subnet", "subnet 10.0.0.0 netmask 255.0.0.0 { include \"/a\"; }", "",
		"1  /a;"},
	{"any case", "INCLUDE \"/a\";", "", "1  /a;"},
	{"in comments and strings",
		"# include \"/a\";\nfilename \"\\\" include \"; option x \"include\";\n"
		"include \"/b\";",
		"", "3  /b;"},
	{"other words", "my-include \"/a\"; include-x \"/b\"; includes \"/c\";", "", ""},
	{"cut off", "include \"/a", "", "1  /a;"},
	{"a string cut off", "filename \"\\", "", ""},
	{"a word alone", "include", "", ""},
};

static void scan_all(bool (*next)(struct scan *s, struct include *out), const char *name,
	const char *text, const char *list, const char *expected)
{
	struct include one;
	struct scan s;
	char got[500] = "";
	size_t n = 0;

	scan_start(&s, text, strlen(text), list);
	while (next(&s, &one))
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%u %s %.*s;", one.line,
			one.list, (int)one.len, text + one.at);
	if (strcmp(got, expected) != 0)
		print_error("%s\n", name);
	assert_string_equal(got, expected);
}

static void scan(void **state)
{
	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(kea); i++)
		scan_all(
			scan_kea, kea[i].name, kea[i].text, kea[i].list, kea[i].expected);
	for (size_t i = 0; i < CPR_ARRAY_LEN(dhcpd); i++)
		scan_all(scan_dhcpd, dhcpd[i].name, dhcpd[i].text, dhcpd[i].list,
			dhcpd[i].expected);
}

/* Lists within lists, more than anybody has. */
static void deep(void **state)
{
	static char text[1000];
	struct include one;
	struct scan s;

	(void)state;
	memset(text, '[', 500);
	strcat(text, I);
	scan_start(&s, text, strlen(text), "");
	assert_true(scan_kea(&s, &one));
	assert_string_equal(one.list, "");
	assert_false(scan_kea(&s, &one));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scan), cmocka_unit_test(deep)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
