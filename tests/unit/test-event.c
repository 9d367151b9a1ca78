/* Each event has its paragraph in the catalog that is installed, in the table's words, and there
 * is no other. */
#include "cleanup.h"
#include "event.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CATALOG "tftp-helper/systemd/phone-cpr.catalog"

static char *read_catalog(void)
{
	_cleanup_(cpr_fclosep) FILE *f = fopen(CATALOG, "r");
	char *text = calloc(1, 65536);

	assert_non_null(f);
	assert_non_null(text);
	assert_in_range(fread(text, 1, 65535, f), 1, 65534);
	return text;
}

/* Lines are wrapped there: blanks of any kind are one. */
static void squeeze(char *text)
{
	char *to = text;

	for (char *from = text; *from; from++) {
		if (!isspace((unsigned char)*from))
			*to++ = *from;
		else if (to > text && to[-1] != ' ')
			*to++ = ' ';
	}
	while (to > text && to[-1] == ' ')
		to--;
	*to = 0;
}

static void test_each_has_its_paragraph(void **state)
{
	(void)state;
	for (size_t i = 0; i < CPR_EVENTS; i++) {
		_cleanup_(cpr_freep) char *text = read_catalog(), *why = NULL;
		char head[64], *entry, *body, *end;

		snprintf(head, sizeof(head), "\n-- %s\nSubject: ", cpr_events[i].id);
		entry = strstr(text, head);
		if (!entry)
			fail_msg("%s lacks the entry of '%s':\n-- %s\nSubject: ...\n\n%s",
				CATALOG, cpr_events[i].name, cpr_events[i].id,
				cpr_events[i].why);
		body = strstr(entry, "\n\n");
		assert_non_null(body);
		end = strstr(body, "\n\n-- ");
		if (end)
			*end = 0;
		why = strdup(cpr_events[i].why);
		squeeze(why);
		squeeze(body);
		assert_string_equal(body, why);
	}
}

static void test_there_is_no_other(void **state)
{
	_cleanup_(cpr_freep) char *text = read_catalog();
	size_t n = 0;

	(void)state;
	for (const char *at = text; (at = strstr(at, "\n-- ")); at++)
		n++;
	assert_int_equal(n, CPR_EVENTS);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_has_its_paragraph),
		cmocka_unit_test(test_there_is_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
