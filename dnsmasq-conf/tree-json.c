#include "tree-json.h"

#include "cleanup.h"
#include "tree.h"

#include <errno.h>
#include <jansson.h>

static enum cpr_tree_type type_of(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return CPR_TREE_MAP;
	case JSON_ARRAY:
		return CPR_TREE_LIST;
	case JSON_STRING:
		return CPR_TREE_STRING;
	case JSON_INTEGER:
		return CPR_TREE_INTEGER;
	case JSON_REAL:
		return CPR_TREE_REAL;
	case JSON_TRUE:
	case JSON_FALSE:
		return CPR_TREE_BOOLEAN;
	case JSON_NULL:
		break;
	}
	return CPR_TREE_NULL;
}

static int fill(struct cpr_tree *t, const json_t *value);

static int add(struct cpr_tree *parent, const char *key, const json_t *value)
{
	struct cpr_tree *child = cpr_tree_add(parent, type_of(value), key, NULL);

	return child ? fill(child, value) : -ENOMEM;
}

/* As deep as the value, whose depth jansson bounds. */
static int fill(struct cpr_tree *t, const json_t *value)
{
	const char *key;
	json_t *child;
	int r = 0;

	t->boolean = json_is_true(value);
	t->integer = json_integer_value(value);
	t->real = json_real_value(value);
	if (json_is_string(value))
		return cpr_tree_set_text(t, json_string_value(value));
	for (size_t i = 0; r == 0 && i < json_array_size(value); i++)
		r = add(t, NULL, json_array_get(value, i));
	json_object_foreach((json_t *)value, key, child)
	{
		if (r == 0)
			r = add(t, key, child);
	}
	return r;
}

int tree_from_json(const struct json_t *value, struct cpr_tree *out)
{
	_cleanup_(cpr_tree_clear) struct cpr_tree t = {.type = type_of(value)};
	int r = fill(&t, value);

	if (r == 0) {
		*out = t;
		t = (struct cpr_tree){0};
	}
	return r;
}
