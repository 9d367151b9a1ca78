#include "cleanup.h"
#include "tree-json.h"
#include "tree.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void keeps_what_is_added(void **state)
{
	_cleanup_(cpr_tree_clear) struct cpr_tree t = {.type = CPR_TREE_MAP};
	char key[] = "list", place[] = "kea-dhcp4.conf:58:7", text[16];
	struct cpr_tree *list, *one;

	(void)state;
	list = cpr_tree_add(&t, CPR_TREE_LIST, key, place);
	assert_non_null(list);
	key[0] = place[0] = 'X'; /* both were copied */
	for (int i = 0; i < 1000; i++) {
		one = cpr_tree_add(list, CPR_TREE_STRING, NULL, NULL);
		assert_non_null(one);
		snprintf(text, sizeof(text), "%d", i);
		assert_int_equal(cpr_tree_set_text(one, "first"), 0);
		assert_int_equal(cpr_tree_set_text(one, text), 0);
	}
	assert_string_equal(list->key, "list");
	assert_string_equal(list->place, "kea-dhcp4.conf:58:7");
	assert_ptr_equal(cpr_tree_get(&t, "list"), list);
	assert_null(cpr_tree_get(&t, "lis"));
	assert_null(cpr_tree_get(list, "list"));
	assert_int_equal(list->child_n, 1000);
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "%d", i);
		assert_string_equal(list->child[i].text, text);
		assert_null(list->child[i].key);
		assert_null(list->child[i].place);
	}
	cpr_tree_clear(&t);
	assert_int_equal(t.child_n, 0);
	assert_null(cpr_tree_get(&t, "list"));
}

static void reads_json(void **state)
{
	_cleanup_(cpr_tree_clear) struct cpr_tree t = {0};
	json_t *j = json_loads("{\"a\": [1, -9007199254740993, 2.5, \"\", \"\\u00e4\", "
			       "true, false, null, {}, []], \"b\": {\"c\": 3}}",
		0, NULL);
	static const enum cpr_tree_type types[] = {CPR_TREE_INTEGER, CPR_TREE_INTEGER,
		CPR_TREE_REAL, CPR_TREE_STRING, CPR_TREE_STRING, CPR_TREE_BOOLEAN,
		CPR_TREE_BOOLEAN, CPR_TREE_NULL, CPR_TREE_MAP, CPR_TREE_LIST};
	const struct cpr_tree *a, *b;

	(void)state;
	assert_non_null(j);
	assert_int_equal(tree_from_json(j, &t), 0);
	json_decref(j);
	assert_int_equal(t.type, CPR_TREE_MAP);
	a = cpr_tree_get(&t, "a");
	assert_int_equal(a->type, CPR_TREE_LIST);
	assert_int_equal(a->child_n, CPR_ARRAY_LEN(types));
	for (size_t i = 0; i < CPR_ARRAY_LEN(types); i++)
		assert_int_equal(a->child[i].type, types[i]);
	assert_int_equal(a->child[1].integer, INT64_C(-9007199254740993));
	assert_true(a->child[2].real == 2.5);
	assert_string_equal(a->child[3].text, "");
	assert_string_equal(a->child[4].text, "ä");
	assert_true(a->child[5].boolean);
	assert_false(a->child[6].boolean);
	b = cpr_tree_get(&t, "b");
	assert_int_equal(cpr_tree_get(b, "c")->integer, 3);
	assert_null(cpr_tree_get(b, "c")->place);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_what_is_added),
		cmocka_unit_test(reads_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
