/* A JSON-like value that knows where it stood: what the hook's parameters are read from,
 * whether Kea parsed them (its Elements carry file:line:column) or cpr-conf did (jansson, the
 * path alone).  The tree owns all its nodes and texts; const once built. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cpr_tree_type {
	CPR_TREE_NULL,
	CPR_TREE_BOOLEAN,
	CPR_TREE_INTEGER,
	CPR_TREE_REAL,
	CPR_TREE_STRING,
	CPR_TREE_LIST,
	CPR_TREE_MAP,
};

struct cpr_tree {
	enum cpr_tree_type type;
	char *key;   /* its name in the map it stands in; NULL elsewhere */
	char *place; /* "kea-dhcp4.conf:58:7"; NULL when there is none */
	bool boolean;
	int64_t integer;
	double real;
	char *text;             /* CPR_TREE_STRING */
	struct cpr_tree *child; /* of a list or map, an array */
	size_t child_n;
};

/* A new child of a list (key NULL) or map, to be filled in; valid until the next one is added
 * to the same parent.  key and place are copied.  NULL: no memory. */
struct cpr_tree *cpr_tree_add(struct cpr_tree *parent, enum cpr_tree_type type,
	const char *key, const char *place);
int cpr_tree_set_text(struct cpr_tree *t, const char *text); /* 0 or -ENOMEM */
const struct cpr_tree *cpr_tree_get(const struct cpr_tree *map, const char *key);
void cpr_tree_clear(struct cpr_tree *t); /* all below t, and its texts; also _cleanup_ */
