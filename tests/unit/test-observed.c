/* Facts are kept in their order, and whoever told them may forget the texts. */
#include "observed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum {
	FACTS = 40
};

static void keeps(void **state)
{
	struct cpr_observed o = {0};
	char a[20], b[20];

	(void)state;
	for (unsigned i = 0; i < FACTS; i++) {
		snprintf(a, sizeof(a), "a%u", i);
		snprintf(b, sizeof(b), "b%u", i);
		cpr_observed_asked(
			&o, &(struct cpr_asked){{i}, i % 2, a, CPR_ASKED_DIFFERS, i});
		cpr_observed_closed(&o, &(struct cpr_closed){a, b, a});
		cpr_observed_lacking(&o, &(struct cpr_lacking){a, b, a, b, a, i % 3});
		cpr_observed_bared(&o, &(struct cpr_bared){a, b});
		cpr_observed_barrier(&o, &(struct cpr_barrier){a, b, i % 2});
	}
	memset(a, 'x', sizeof(a) - 1);
	memset(b, 'x', sizeof(b) - 1);
	assert_false(o.lost);
	assert_int_equal(o.asked_n, FACTS);
	assert_int_equal(o.closed_n, FACTS);
	assert_int_equal(o.lacking_n, FACTS);
	assert_int_equal(o.bared_n, FACTS);
	assert_string_equal(o.bared[3].path, "a3");
	assert_string_equal(o.bared[3].element, "b3");
	assert_int_equal(o.lacking[2].lack, CPR_LACK_OPTION);
	assert_int_equal(o.barrier_n, FACTS);
	assert_int_equal(o.asked[7].server.s_addr, 7);
	assert_true(o.asked[7].own);
	assert_string_equal(o.asked[7].name, "a7");
	assert_int_equal(o.asked[7].at, 7);
	assert_string_equal(o.closed[39].user, "a39");
	assert_string_equal(o.closed[39].path, "b39");
	assert_string_equal(o.lacking[0].file, "b0");
	assert_string_equal(o.lacking[0].line, "a0");
	assert_string_equal(o.lacking[0].where, "b0");
	assert_string_equal(o.lacking[0].why, "a0");
	assert_string_equal(o.barrier[38].chain, "a38");
	assert_string_equal(o.barrier[38].text, "b38");
	assert_false(o.barrier[38].sure);
	cpr_observed_clear(&o);
	assert_int_equal(o.asked_n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(keeps)};

	return cmocka_run_group_tests_name("observed", tests, NULL, NULL);
}
