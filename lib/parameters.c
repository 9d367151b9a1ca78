/* The rules are tables: one row a key, with where its value goes and how it is written.  A
 * fault is noted and reading goes on, so that one run shows them all. */
#include "parameters.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "buf.h"
#include "cleanup.h"
#include "errors.h"
#include "guess.h"
#include "models.h"
#include "text.h"
#include "tree.h"

enum {
	SERVERS_MAX =
		16, /* of one list; phones use two, the others stand in for dead ones */
	FILE_NAME_MAX = 128, /* a probe's request must fit one datagram */
};

/* Where a value stands, from the inside out. */
struct at {
	const struct at *up;
	const char *key; /* NULL: an element of a list */
	size_t index;
	const struct cpr_tree *t;
};

struct reader {
	struct cpr_errors *e;
	bool wrong, no_memory;
};

struct key {
	const char *name;
	const char *form; /* how it is written, for those who wrote it otherwise */
	enum cpr_tree_type type;
	void (*read)(
		struct reader *r, const struct at *at, const struct key *key, void *into);
	size_t member; /* where it goes: offset in the struct of its map */
	size_t second; /* how many; whether it is there at all */
	unsigned min, max;
};

static void add_path(struct cpr_buf *b, const struct at *at)
{
	if (at->up)
		add_path(b, at->up);
	if (!at->key)
		cpr_buf_printf(b, "[%zu]", at->index);
	else
		cpr_buf_printf(b, "%s%.64s", at->up ? "." : "", at->key);
}

/* Values are quoted in what is said, and may hold anything that JSON can: what would break a
 * line of a log is shown as '?'. */
static void __attribute__((format(printf, 3, 4)))
fault(struct reader *r, const struct at *at, const char *format, ...)
{
	_cleanup_(cpr_buf_free) struct cpr_buf path = {0};
	_cleanup_(cpr_freep) char *text = NULL;
	va_list args;

	r->wrong = true;
	va_start(args, format);
	text = cpr_text_format("", format, args);
	va_end(args);
	add_path(&path, at);
	if (path.failed || !text) {
		r->no_memory = true;
		return;
	}
	cpr_text_tame(path.data, "");
	cpr_errors_add(r->e, at->t->place, 0, "%s: %s", path.data, text);
}

static const char *type_name(enum cpr_tree_type type)
{
	static const char *const name[] = {
		[CPR_TREE_NULL] = "null",
		[CPR_TREE_BOOLEAN] = "true or false",
		[CPR_TREE_INTEGER] = "a number",
		[CPR_TREE_REAL] = "a number with a fraction",
		[CPR_TREE_STRING] = "a text",
		[CPR_TREE_LIST] = "a list",
		[CPR_TREE_MAP] = "a map",
	};

	return name[type];
}

static bool is(
	struct reader *r, const struct at *at, enum cpr_tree_type type, const char *form)
{
	if (at->t->type == type)
		return true;
	fault(r, at, "it is %s, and must be %s: write it like %s", type_name(at->t->type),
		type_name(type), form);
	return false;
}

static void *member(void *base, size_t offset)
{
	return (char *)base + offset;
}

/* Room for all elements of the list; NULL when there is none or no memory. */
static void *room(struct reader *r, const struct at *at, size_t size)
{
	void *p = at->t->child_n ? calloc(at->t->child_n, size) : NULL;

	r->no_memory = r->no_memory || (at->t->child_n && !p);
	return p;
}

/* Not empty: a list that names nobody is a slip, and "leave it out" says the same for sure. */
static bool some(struct reader *r, const struct at *at, const struct key *key)
{
	if (at->t->child_n)
		return true;
	fault(r, at, "it is empty: write it like %s, or leave it out", key->form);
	return false;
}

/* What a list is of. */
struct kind {
	const char *noun, *wrong, *form, *hint; /* for what is said of one that is none */
	size_t size;
	bool (*take)(const char *text, void *into);
};

/* A short list, without doubles. */
static void read_list(struct reader *r, const struct at *at, const struct key *key,
	void *into, const struct kind *kind)
{
	size_t *n = member(into, key->second);
	char *list;

	if (!some(r, at, key))
		return;
	list = room(r, at, kind->size);
	memcpy(member(into, key->member), &list, sizeof(list));
	for (size_t i = 0; list && i < at->t->child_n; i++) {
		const struct at one = {at, NULL, i, &at->t->child[i]};
		char *mine = list + *n * kind->size;
		bool twice = false;

		if (!is(r, &one, CPR_TREE_STRING, kind->form))
			continue;
		if (!kind->take(one.t->text, mine)) {
			fault(r, &one, "%s\"%.64s\" %s: write it like %s%s", kind->noun,
				one.t->text, kind->wrong, kind->form, kind->hint);
			continue;
		}
		for (char *other = list; other < mine; other += kind->size)
			twice = twice || memcmp(other, mine, kind->size) == 0;
		if (twice)
			fault(r, &one, "%s\"%.64s\" is there twice: leave one out",
				kind->noun, one.t->text);
		else
			(*n)++;
	}
}

static bool take_server(const char *text, void *into)
{
	return cpr_address_host(text, into);
}

static void read_servers(
	struct reader *r, const struct at *at, const struct key *key, void *into)
{
	static const struct kind servers = {"", "is not the address of a host",
		"\"192.168.10.105\"", "", sizeof(struct in_addr), take_server};

	if (at->t->child_n > SERVERS_MAX) {
		fault(r, at, "it has %zu servers: keep at most %d, phones use two",
			at->t->child_n, SERVERS_MAX);
		return;
	}
	read_list(r, at, key, into, &servers);
}

static void read_bool(
	struct reader *r, const struct at *at, const struct key *key, void *into)
{
	(void)r;
	*(bool *)member(into, key->member) = at->t->boolean;
}

static void read_number(
	struct reader *r, const struct at *at, const struct key *key, void *into)
{
	if (at->t->integer < key->min || at->t->integer > key->max)
		fault(r, at, "%lld is out of range: write %u to %u",
			(long long)at->t->integer, key->min, key->max);
	else
		*(unsigned *)member(into, key->member) = (unsigned)at->t->integer;
}

/* What TFTP can ask for and a log can show.  A file in a folder is allowed. */
static bool file_name(const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return n && n <= FILE_NAME_MAX;
}

static void read_file(
	struct reader *r, const struct at *at, const struct key *key, void *into)
{
	char **name = member(into, key->member);

	if (!file_name(at->t->text)) {
		fault(r, at,
			"\"%.64s\" is no file's name for TFTP: write 1 to %d characters "
			"without blanks, like %s",
			at->t->text, FILE_NAME_MAX, key->form);
		return;
	}
	free(*name);
	*name = strdup(at->t->text);
	r->no_memory = r->no_memory || !*name;
}

static bool take_model(const char *text, void *into)
{
	const struct cpr_model *model = cpr_model_by_name(text);

	memcpy(into, &model, sizeof(model));
	return model != NULL;
}

static void read_models(
	struct reader *r, const struct at *at, const struct key *key, void *into)
{
	static const struct kind models = {"model ", "is unknown", "\"7961\"",
		" (cpr-conf models lists them)", sizeof(const struct cpr_model *),
		take_model};

	read_list(r, at, key, into, &models);
}

struct listed_mac {
	uint8_t mac[6];
	size_t index;
};

static int by_mac(const void *a, const void *b)
{
	const struct listed_mac *x = a, *y = b;
	int d = memcmp(x->mac, y->mac, sizeof(x->mac));

	return d ? d : (x->index > y->index) - (x->index < y->index);
}

/* Thousands may be listed, so equal ones are found by sorting. */
static void find_equal_macs(
	struct reader *r, const struct at *at, struct listed_mac *mac, size_t n)
{
	if (n)
		qsort(mac, n, sizeof(*mac), by_mac);
	for (size_t i = 1; i < n; i++) {
		const struct at one = {
			at, NULL, mac[i].index, &at->t->child[mac[i].index]};

		if (!memcmp(mac[i].mac, mac[i - 1].mac, sizeof(mac[i].mac)))
			fault(r, &one, "\"%.64s\" is there already: leave one out",
				one.t->text);
	}
}

static void read_phones(
	struct reader *r, const struct at *at, const struct key *key, void *into)
{
	_cleanup_(cpr_freep) struct listed_mac *mac = room(r, at, sizeof(*mac));
	uint8_t(*list)[6] = room(r, at, sizeof(*list));
	size_t *n = member(into, key->second);

	*(void **)member(into, key->member) = list;
	for (size_t i = 0; list && mac && i < at->t->child_n; i++) {
		const struct at one = {at, NULL, i, &at->t->child[i]};

		if (!is(r, &one, CPR_TREE_STRING, "\"00:1b:54:aa:bb:cc\""))
			continue;
		if (!cpr_mac_parse(one.t->text, list[*n])) {
			fault(r, &one,
				"\"%.64s\" is not the MAC address of a phone: write it "
				"like \"00:1b:54:aa:bb:cc\"",
				one.t->text);
			continue;
		}
		memcpy(mac[*n].mac, list[*n], sizeof(list[*n]));
		mac[*n].index = i;
		(*n)++;
	}
	if (list && mac)
		find_equal_macs(r, at, mac, *n);
}

struct keys {
	const struct key *key;
	size_t n;
};

static const char *key_name(const void *context, size_t i)
{
	return ((const struct keys *)context)->key[i].name;
}

static void unknown_key(struct reader *r, const struct at *at, const struct keys *keys)
{
	const char *meant = cpr_guess(at->key, key_name, keys, keys->n);
	_cleanup_(cpr_buf_free) struct cpr_buf known = {0};

	if (meant) {
		fault(r, at, "there is no such key; did you mean \"%s\"?", meant);
		return;
	}
	for (size_t i = 0; i < keys->n; i++)
		cpr_buf_printf(&known, "%s%s", i ? ", " : "", keys->key[i].name);
	fault(r, at, "there is no such key: what can stand here is %s",
		known.failed ? "less" : known.data);
}

static void read_keys(
	struct reader *r, const struct at *at, const struct keys *keys, void *into)
{
	for (size_t i = 0; i < at->t->child_n; i++) {
		const struct cpr_tree *t = &at->t->child[i];
		const struct at one = {at, t->key ? t->key : "", 0, t};
		const struct key *key = NULL;

		for (size_t k = 0; !key && k < keys->n; k++)
			if (!strcmp(one.key, keys->key[k].name))
				key = &keys->key[k];
		/* each has room for one value; not every parser sees to it that there is one */
		if (cpr_tree_get(at->t, one.key) != t)
			fault(r, &one, "it is there twice: leave one out");
		else if (!key)
			unknown_key(r, &one, keys);
		else if (is(r, &one, key->type, key->form))
			key->read(r, &one, key, into);
	}
}

/* The faults of these are of the map as a whole. */
static void require(struct reader *r, const struct at *at, const char *key,
	const char *form, const char *why)
{
	if (!cpr_tree_get(at->t, key))
		fault(r, at, "it has no %s, %s: add \"%s\": %s", key, why, key, form);
}

#define SERVERS_FORM "[\"192.168.10.105\", \"192.168.10.106\"]"
#define PREFIX_FORM  "\"10.1.0.0/16\""

static void read_prefix(
	struct reader *r, const struct at *at, const struct key *key, void *into)
{
	struct cpr_parameters_network *n = into;
	char first[INET_ADDRSTRLEN];

	switch (cpr_prefix_parse(at->t->text, &n->prefix, &n->length)) {
	case CPR_PREFIX_OK:
		break;
	case CPR_PREFIX_HOST_BITS:
		inet_ntop(AF_INET, &n->prefix, first, sizeof(first));
		fault(r, at,
			"\"%.64s\" is an address within a network: write the network's "
			"first, \"%s/%u\", or another length",
			at->t->text, first, n->length);
		break;
	case CPR_PREFIX_MALFORMED:
		fault(r, at,
			"\"%.64s\" is not a network: write its first address and length, "
			"like %s",
			at->t->text, key->form);
		break;
	}
}

static void read_network(
	struct reader *r, const struct at *at, struct cpr_parameters_network *n)
{
	static const struct key key[] = {
		{"prefix", PREFIX_FORM, CPR_TREE_STRING, read_prefix, 0, 0, 0, 0},
		{"tftp-servers", SERVERS_FORM, CPR_TREE_LIST, read_servers,
			offsetof(struct cpr_parameters_network, server),
			offsetof(struct cpr_parameters_network, server_n), 0, 0},
	};
	static const struct keys keys = {key, CPR_ARRAY_LEN(key)};

	read_keys(r, at, &keys, n);
	require(r, at, "prefix", PREFIX_FORM, "so it holds nobody");
	require(r, at, "tftp-servers", SERVERS_FORM, "so nothing can be sent there");
}

static int by_prefix(const void *a, const void *b)
{
	const struct cpr_parameters_network *x = *(void *const *)a,
					    *y = *(void *const *)b;
	uint32_t first = ntohl(x->prefix.s_addr), second = ntohl(y->prefix.s_addr);

	if (first != second)
		return first < second ? -1 : 1;
	if (x->length != y->length)
		return x->length < y->length ? -1 : 1;
	return (x > y) - (x < y);
}

/* The same network twice with different servers would be decided by chance. */
static void find_equal_networks(
	struct reader *r, const struct at *at, const struct cpr_parameters *p)
{
	_cleanup_(cpr_freep) const struct cpr_parameters_network **sorted =
		room(r, at, sizeof(*sorted));
	size_t n = 0;

	for (size_t i = 0; sorted && i < p->network_n; i++) {
		const struct cpr_tree *t = &at->t->child[i], *prefix;
		struct in_addr a;
		unsigned length;

		prefix = t->type == CPR_TREE_MAP ? cpr_tree_get(t, "prefix") : NULL;
		if (prefix && prefix->type == CPR_TREE_STRING &&
			cpr_prefix_parse(prefix->text, &a, &length) == CPR_PREFIX_OK)
			sorted[n++] = &p->network[i];
	}
	if (n)
		qsort(sorted, n, sizeof(*sorted), by_prefix);
	for (size_t i = 1; i < n; i++) {
		const size_t index = (size_t)(sorted[i] - p->network),
			     first = (size_t)(sorted[i - 1] - p->network);
		const struct at network = {at, NULL, index, &at->t->child[index]};
		const struct at one = {
			&network, "prefix", 0, cpr_tree_get(network.t, "prefix")};

		if (sorted[i]->prefix.s_addr == sorted[i - 1]->prefix.s_addr &&
			sorted[i]->length == sorted[i - 1]->length)
			fault(r, &one,
				"networks[%zu] has \"%.64s\" already: put its servers "
				"into one of the two",
				first, one.t->text);
	}
}

static void read_networks(
	struct reader *r, const struct at *at, const struct key *key, void *into)
{
	struct cpr_parameters *p = into;

	(void)key;
	p->network = room(r, at, sizeof(*p->network));
	p->network_n = p->network ? at->t->child_n : 0;
	for (size_t i = 0; i < p->network_n; i++) {
		const struct at one = {at, NULL, i, &at->t->child[i]};

		if (is(r, &one, CPR_TREE_MAP,
			    "{\"prefix\": " PREFIX_FORM
			    ", \"tftp-servers\": " SERVERS_FORM "}"))
			read_network(r, &one, &p->network[i]);
	}
	find_equal_networks(r, at, p);
}

static void read_health(
	struct reader *r, const struct at *at, const struct key *key, void *into)
{
	static const struct key inner[] = {
		{"interval", "10", CPR_TREE_INTEGER, read_number,
			offsetof(struct cpr_parameters, health_interval), 0, 1, 3600},
		{"failures", "3", CPR_TREE_INTEGER, read_number,
			offsetof(struct cpr_parameters, health_failures), 0, 1, 100},
		{"file", "\"XMLDefault.cnf.xml\"", CPR_TREE_STRING, read_file,
			offsetof(struct cpr_parameters, health_file), 0, 0, 0},
	};
	static const struct keys keys = {inner, CPR_ARRAY_LEN(inner)};

	*(bool *)member(into, key->member) = true;
	read_keys(r, at, &keys, into);
}

static void read_recovery(
	struct reader *r, const struct at *at, const struct key *key, void *into)
{
	static const struct key inner[] = {
		{"tftp-servers", SERVERS_FORM, CPR_TREE_LIST, read_servers,
			offsetof(struct cpr_parameters, recovery_server),
			offsetof(struct cpr_parameters, recovery_server_n), 0, 0},
		{"phones", "[\"00:1b:54:aa:bb:cc\"]", CPR_TREE_LIST, read_phones,
			offsetof(struct cpr_parameters, recovery_phone),
			offsetof(struct cpr_parameters, recovery_phone_n), 0, 0},
	};
	static const struct keys keys = {inner, CPR_ARRAY_LEN(inner)};

	(void)key;
	read_keys(r, at, &keys, into);
	require(r, at, "tftp-servers", SERVERS_FORM, "so no phone can be recovered");
}

static const struct key top[] = {
	{"tftp-servers", SERVERS_FORM, CPR_TREE_LIST, read_servers,
		offsetof(struct cpr_parameters, server),
		offsetof(struct cpr_parameters, server_n), 0, 0},
	{"networks",
		"[{\"prefix\": " PREFIX_FORM ", \"tftp-servers\": " SERVERS_FORM "}]",
		CPR_TREE_LIST, read_networks, 0, 0, 0, 0},
	{"models", "[\"7941\", \"7961\"]", CPR_TREE_LIST, read_models,
		offsetof(struct cpr_parameters, model),
		offsetof(struct cpr_parameters, model_n), 0, 0},
	{"override", "true", CPR_TREE_BOOLEAN, read_bool,
		offsetof(struct cpr_parameters, override), 0, 0, 0},
	{"fallbacks", "true", CPR_TREE_BOOLEAN, read_bool,
		offsetof(struct cpr_parameters, fallbacks), 0, 0, 0},
	{"balance", "true", CPR_TREE_BOOLEAN, read_bool,
		offsetof(struct cpr_parameters, balance), 0, 0, 0},
	{"strict", "true", CPR_TREE_BOOLEAN, read_bool,
		offsetof(struct cpr_parameters, strict), 0, 0, 0},
	{"health", "{\"interval\": 10, \"failures\": 3}", CPR_TREE_MAP, read_health,
		offsetof(struct cpr_parameters, health), 0, 0, 0},
	{"recovery", "{\"tftp-servers\": " SERVERS_FORM "}", CPR_TREE_MAP, read_recovery,
		0, 0, 0, 0},
	{"track-phones", "65536", CPR_TREE_INTEGER, read_number,
		offsetof(struct cpr_parameters, track_phones), 0, 0, 1048576},
};

static void read_all(
	struct reader *r, const struct cpr_tree *tree, struct cpr_parameters *p)
{
	static const struct keys keys = {top, CPR_ARRAY_LEN(top)};
	const struct at at = {NULL, "parameters", 0, tree};
	const struct cpr_tree *networks;

	if (!is(r, &at, CPR_TREE_MAP, "{\"tftp-servers\": " SERVERS_FORM "}"))
		return;
	read_keys(r, &at, &keys, p);
	networks = cpr_tree_get(tree, "networks");
	/* Recovery alone is a use of its own: native options for everyone else. */
	if (!cpr_tree_get(tree, "tftp-servers") && !(networks && networks->child_n) &&
		!cpr_tree_get(tree, "recovery"))
		fault(r, &at, "they name no server: add \"tftp-servers\": %s",
			SERVERS_FORM);
}

int cpr_parameters_parse(
	const struct cpr_tree *tree, struct cpr_parameters **out, struct cpr_errors *e)
{
	_cleanup_(cpr_parameters_freep) struct cpr_parameters *p = calloc(1, sizeof(*p));
	struct reader r = {.e = e};

	if (!p || !(p->health_file = strdup("XMLDefault.cnf.xml")))
		return -ENOMEM;
	p->fallbacks = true;
	p->health_interval = 10;
	p->health_failures = 3;
	p->track_phones = 65536;
	read_all(&r, tree, p);
	if (r.no_memory)
		return -ENOMEM;
	if (r.wrong)
		return -EINVAL;
	*out = TAKE_PTR(p);
	return 0;
}

struct cpr_parameters *cpr_parameters_free(struct cpr_parameters *p)
{
	if (!p)
		return NULL;
	for (size_t i = 0; i < p->network_n; i++)
		free(p->network[i].server);
	free(p->server);
	free(p->network);
	free(p->model);
	free(p->health_file);
	free(p->recovery_server);
	free(p->recovery_phone);
	free(p);
	return NULL;
}

void cpr_parameters_freep(struct cpr_parameters **p)
{
	*p = cpr_parameters_free(*p);
}
