/* The Kea hook's manual page against the tables that it describes: every parameter, command,
 * argument, statistic and message is there.  Reads the source tree, as tests run in it. */
#include "cleanup.h"
#include "errors.h"
#include "parameters.h"
#include "tree-json.h"
#include "tree.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum {
	TEXT_MAX = 32768
};

static char page[TEXT_MAX];

static void read_file(const char *path, char text[TEXT_MAX])
{
	_cleanup_(cpr_fclosep) FILE *f = fopen(path, "r");
	size_t n;

	if (!f)
		fail_msg("%s is not there", path);
	n = fread(text, 1, TEXT_MAX, f);
	assert_in_range(n, 1, TEXT_MAX - 1);
	text[n] = '\0';
}

static int read_page(void **state)
{
	(void)state;
	read_file("docs/kea-hook-option150.8", page);
	return 0;
}

static void look_up(const char *before, const char *name, const char *after)
{
	char mention[128];

	snprintf(mention, sizeof(mention), "%s%s%s", before, name, after);
	if (!strstr(page, mention))
		fail_msg("the manual page has no \"%s\"", mention);
}

/* What stands between `before` and the next `after`, once for each `before`; false at the
 * end.  *at moves on. */
static bool next(const char **at, const char *before, const char *after, char name[64])
{
	const char *from = strstr(*at, before), *end;

	if (!from)
		return false;
	from += strlen(before);
	end = strstr(from, after);
	assert_non_null(end);
	assert_in_range(end - from, 1, 63);
	snprintf(name, 64, "%.*s", (int)(end - from), from);
	*at = end;
	return true;
}

static int parse(const char *text, size_t len, struct cpr_errors *e)
{
	_cleanup_(cpr_tree_clear) struct cpr_tree tree = {0};
	_cleanup_(cpr_parameters_freep) struct cpr_parameters *p = NULL;
	json_error_t error;
	json_t *j = json_loadb(text, len, 0, &error);

	if (!j)
		fail_msg("%s", error.text);
	assert_int_equal(tree_from_json(j, &tree), 0);
	json_decref(j);
	return cpr_parameters_parse(&tree, &p, e);
}

/* Of an unknown key, the parser says all that there are. */
static void names_every_parameter(void **state)
{
	static const char unknown[] = "{\"?\": 0, \"networks\": [{\"?\": 0}], "
				      "\"health\": {\"?\": 0}, \"recovery\": {\"?\": 0}}";
	static const char known[] = "what can stand here is ";
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0}, none = {0};
	char *shown = strstr(page, "All of them:\n.Bd -literal\n"), *end;
	size_t maps = 0;

	(void)state;
	assert_non_null(shown);
	shown = strchr(shown, '{');
	end = strstr(shown, ".Ed");
	assert_non_null(end);
	assert_int_equal(parse(shown, (size_t)(end - shown), &none), 0);

	assert_int_not_equal(parse(unknown, sizeof(unknown) - 1, &e), 0);
	for (size_t i = 0; i < e.n; i++) {
		char *list = strstr(e.line[i], known), *rest = NULL;

		if (!list)
			continue;
		maps++;
		for (char *key = strtok_r(list + strlen(known), ", ", &rest); key;
			key = strtok_r(NULL, ", ", &rest)) {
			char quoted[64];

			look_up(".It Ic ", key, "\n");
			snprintf(quoted, sizeof(quoted), "\"%s\"", key);
			if (!memmem(shown, (size_t)(end - shown), quoted, strlen(quoted)))
				fail_msg("the example has no %s", quoted);
		}
	}
	assert_int_equal(maps, 4);
}

static void names_every_command_and_argument(void **state)
{
	static char source[TEXT_MAX];
	const char *at = source;
	char name[64], list[64];
	size_t n = 0;

	(void)state;
	read_file("kea-hook/commands.cc", source);
	for (; next(&at, "registerCommandCallout(\"", "\"", name); n++) {
		look_up(".It Ic ", name, "\n");
		look_up("\n{\"command\": \"", name, "\"");
	}
	assert_in_range(n, 1, 100);
	n = 0;
	for (at = source; next(&at, "args(arguments, {", "}", list); n++)
		for (const char *argument = list; next(&argument, "\"", "\"", name);
			argument++)
			look_up(".Ql ", name, "\n");
	assert_in_range(n, 1, 100);
}

static void names_every_statistic(void **state)
{
	static char source[TEXT_MAX];
	const char *at = source;
	char name[64];
	size_t n = 0;

	(void)state;
	read_file("kea-hook/statistics.cc", source);
	for (; next(&at, "\t\"option150.", "\"", name); n++)
		look_up(".It Ic option150.", name, "\n");
	assert_in_range(n, 1, 100);
}

static void names_every_message_and_no_other(void **state)
{
	static char source[TEXT_MAX];
	const char *at = source;
	char name[64], line[64];
	size_t n = 0;

	(void)state;
	read_file("kea-hook/option150_messages.mes", source);
	for (; next(&at, "\n% ", " ", name); n++) {
		size_t end = strlen(name);
		const char *found = strstr(page, name);

		while (found && strchr(" \n", found[end]) == NULL)
			found = strstr(found + 1, name);
		if (!found)
			fail_msg("the manual page does not name %s", name);
	}
	assert_in_range(n, 1, 100);
	for (at = page; (at = strstr(at, "OPTION150_")); at += strlen(name)) {
		snprintf(name, sizeof(name), "%.*s",
			(int)strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789"), at);
		snprintf(line, sizeof(line), "\n%% %.50s ", name);
		if (strcmp(name, "OPTION150_") && !strstr(source, line))
			fail_msg("there is no message %s", name);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_every_parameter),
		cmocka_unit_test(names_every_command_and_argument),
		cmocka_unit_test(names_every_statistic),
		cmocka_unit_test(names_every_message_and_no_other),
	};

	return cmocka_run_group_tests(tests, read_page, NULL);
}
