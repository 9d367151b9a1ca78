#include "tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

/* Room doubles: a list holds as many as the next power of two of its length. */
static bool full(size_t n)
{
	return (n & (n - 1)) == 0;
}

struct cpr_tree *cpr_tree_add(struct cpr_tree *parent, enum cpr_tree_type type,
	const char *key, const char *place)
{
	_cleanup_(cpr_freep) char *own_key = key ? strdup(key) : NULL;
	_cleanup_(cpr_freep) char *own_place = place ? strdup(place) : NULL;
	struct cpr_tree *child;

	if ((key && !own_key) || (place && !own_place))
		return NULL;
	if (full(parent->child_n)) {
		size_t room = parent->child_n ? 2 * parent->child_n : 1;
		struct cpr_tree *grown =
			reallocarray(parent->child, room, sizeof(*grown));

		if (!grown)
			return NULL;
		parent->child = grown;
	}
	child = &parent->child[parent->child_n++];
	*child = (struct cpr_tree){
		.type = type, .key = TAKE_PTR(own_key), .place = TAKE_PTR(own_place)};
	return child;
}

int cpr_tree_set_text(struct cpr_tree *t, const char *text)
{
	char *own = strdup(text);

	if (!own)
		return -ENOMEM;
	free(t->text);
	t->text = own;
	return 0;
}

const struct cpr_tree *cpr_tree_get(const struct cpr_tree *map, const char *key)
{
	for (size_t i = 0; i < map->child_n; i++)
		if (map->child[i].key && !strcmp(map->child[i].key, key))
			return &map->child[i];
	return NULL;
}

void cpr_tree_clear(struct cpr_tree *t)
{
	for (size_t i = 0; i < t->child_n; i++)
		cpr_tree_clear(&t->child[i]);
	free(t->child);
	free(t->key);
	free(t->place);
	free(t->text);
	*t = (struct cpr_tree){0};
}
