/* A JSON value as the tree that the hook's parameters are read from, so that cpr-conf and the
 * server know one set of rules.  jansson tells no places: they are left out. */
#pragma once

struct cpr_tree;
struct json_t;

/* 0, and the tree is the caller's to clear; or -ENOMEM, and there is nothing to clear. */
int tree_from_json(const struct json_t *value, struct cpr_tree *out);
