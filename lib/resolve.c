#include "resolve.h"

#include "cleanup.h"
#include "container.h"
#include "firmware.h"
#include "inspect.h"
#include "loads.h"
#include "models.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool cpr_loads_alike(const struct cpr_loads *a, const struct cpr_loads *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->entry[i].name, b->entry[i].name))
			return false;
	return true;
}

static const struct cpr_loads *lists_of(const struct cpr_load *load)
{
	return load->file->inspect ? load->file->inspect->lists : NULL;
}

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), e = strlen(end);

	return n >= e && !strcasecmp(name + n - e, end);
}

/* Every file of these kinds that was ever seen published carries a header. */
static bool always_signed(const char *name)
{
	static const char *const kind[] = {".loads", ".sbn", ".sb2", ".sbin", ".sgn"};

	for (size_t i = 0; i < CPR_ARRAY_LEN(kind); i++)
		if (ends_with(name, kind[i]))
			return true;
	return false;
}

/* name: what the own name is compared with. */
static enum cpr_listed state_as(const struct cpr_file *file, const char *name)
{
	const struct cpr_inspect *i = file->inspect;
	bool list = cpr_name_kind(file->name) != CPR_NAME_IMAGE;

	if (!i)
		return CPR_LISTED_UNREADABLE;
	if (i->container_outcome != CPR_CONTAINER_OK)
		return CPR_LISTED_DAMAGED;
	if (i->container.type == CPR_CONTAINER_NONE)
		return always_signed(file->name) ? CPR_LISTED_UNSIGNED
		       : i->complete == 0        ? CPR_LISTED_DAMAGED
						 : CPR_LISTED_OK;
	if (list ? strcmp(i->container.own_name, name)
		 : strcasecmp(i->container.own_name, name))
		return CPR_LISTED_RENAMED;
	if (i->complete == 0 || (list && !i->lists))
		return CPR_LISTED_DAMAGED;
	return CPR_LISTED_OK;
}

enum cpr_listed cpr_file_state(const struct cpr_file *file)
{
	return state_as(file, file->name);
}

enum cpr_listed cpr_firmware_listed(
	const struct cpr_firmware *f, const struct cpr_loads_entry *entry)
{
	const struct cpr_file *file = cpr_firmware_file(f, entry->name);
	enum cpr_listed state;

	if (!file)
		return cpr_firmware_file_nocase(f, entry->name) ? CPR_LISTED_CASE
								: CPR_LISTED_ABSENT;
	state = state_as(file, entry->name);
	if (state != CPR_LISTED_OK)
		return state;
	if (entry->size >= 0 && (uint64_t)entry->size != file->inspect->size)
		return CPR_LISTED_SIZE;
	if (entry->md5[0] && file->inspect->payload_md5[0] &&
		strcasecmp(entry->md5, file->inspect->payload_md5))
		return CPR_LISTED_SUM;
	return CPR_LISTED_OK;
}

/* What is wrong with it, as the rest of a sentence that begins with its name. */
static void describe(const struct cpr_file *file, enum cpr_listed state,
	const struct cpr_loads_entry *entry, char *text, size_t cap)
{
	const struct cpr_inspect *i = file ? file->inspect : NULL;

	switch (state) {
	case CPR_LISTED_OK:
		snprintf(text, cap, "is in order");
		return;
	case CPR_LISTED_ABSENT:
		snprintf(text, cap, "is not there, add it");
		return;
	case CPR_LISTED_CASE:
		snprintf(text, cap, "is there as '%s', make a link of the first name",
			file->name);
		return;
	case CPR_LISTED_UNREADABLE:
		snprintf(text, cap, "cannot be read, mend its permissions or its link");
		return;
	case CPR_LISTED_DAMAGED:
		snprintf(text, cap, "is damaged: %s",
			i->why[0] ? i->why : "its list cannot be read; fetch it again");
		return;
	case CPR_LISTED_UNSIGNED:
		snprintf(text, cap,
			"does not start with a signature header, so it is no firmware or "
			"damaged, fetch it again");
		return;
	case CPR_LISTED_RENAMED:
		snprintf(text, cap,
			"was renamed, phones refuse it: give it back its own name, '%s'",
			i->container.own_name);
		return;
	case CPR_LISTED_SIZE:
		snprintf(text, cap,
			"has %ju bytes where the list says %jd, fetch it again",
			(uintmax_t)i->size, (intmax_t)entry->size);
		return;
	case CPR_LISTED_SUM:
		snprintf(text, cap,
			"is not of the build that the list names, fetch both again");
		return;
	}
}

void cpr_file_explain(const struct cpr_file *file, char *text, size_t cap)
{
	describe(file, cpr_file_state(file), NULL, text, cap);
}

void cpr_firmware_explain(const struct cpr_firmware *f, const struct cpr_load *load,
	const char *missing, char *text, size_t cap)
{
	const struct cpr_loads *lists = lists_of(load);
	int quoted = snprintf(text, cap, "'%s' ", missing);
	size_t n = (size_t)quoted < cap ? (size_t)quoted : cap - 1;

	for (size_t i = 0; lists && i < lists->n; i++) {
		const struct cpr_loads_entry *entry = &lists->entry[i];
		const struct cpr_file *file = cpr_firmware_file(f, entry->name);

		if (strcmp(entry->name, missing))
			continue;
		if (!file)
			file = cpr_firmware_file_nocase(f, entry->name);
		describe(file, cpr_firmware_listed(f, entry), entry, text + n, cap - n);
		return;
	}
	cpr_file_explain(load->file, text + n, cap - n);
}

/* The part of a load's name that tells its version: what follows the model's prefix. */
static const char *version_in(const char *name)
{
	const char *dot = strchr(name, '.');
	size_t longest = 0;

	for (size_t i = 0; i < cpr_models_n; i++) {
		const char *prefix[] = {
			cpr_models[i].loads_sccp, cpr_models[i].loads_sip};

		for (size_t k = 0; k < CPR_ARRAY_LEN(prefix); k++) {
			size_t n = prefix[k] ? strlen(prefix[k]) : 0;

			if (n > longest && n < strlen(name) &&
				!strncasecmp(name, prefix[k], n))
				longest = n;
		}
	}
	return longest ? name + longest : dot && dot[1] ? dot + 1 : name;
}

/* A term file's name tells nothing; its images' names do: jar41sccp…, cvm41sip… */
static enum cpr_protocol protocol_of_images(const struct cpr_loads *lists)
{
	for (size_t i = 0; lists && i < lists->n; i++) {
		if (strcasestr(lists->entry[i].name, "sccp"))
			return CPR_SCCP;
		if (strcasestr(lists->entry[i].name, "sip"))
			return CPR_SIP;
	}
	return CPR_PROTOCOL_NONE;
}

static int add_missing(struct cpr_load *load, const char *name)
{
	char **grown = reallocarray(load->missing, load->missing_n + 1, sizeof(*grown));
	char *copy = grown ? strdup(name) : NULL;

	if (grown)
		load->missing = grown;
	if (!copy)
		return -ENOMEM;
	grown[load->missing_n++] = copy;
	return 0;
}

static int check_files(const struct cpr_firmware *f, struct cpr_load *load)
{
	const struct cpr_loads *lists = lists_of(load);
	int r = 0;

	if (cpr_file_state(load->file) != CPR_LISTED_OK)
		r = add_missing(load, load->file->name);
	for (size_t i = 0; r == 0 && lists && i < lists->n; i++)
		if (cpr_firmware_listed(f, &lists->entry[i]) != CPR_LISTED_OK)
			r = add_missing(load, lists->entry[i].name);
	load->complete = r == 0 && load->missing_n == 0;
	return r;
}

/* The served term file is a hard link to a kept one, not a second load.  Files of one name
 * stand together, that of the root first. */
static bool kept_elsewhere(const struct cpr_firmware *f, const struct cpr_file *file)
{
	const struct cpr_file *end = f->file + f->file_n;

	for (const struct cpr_file *k = file + 1;
		!file->set && k < end && !strcmp(k->name, file->name); k++)
		if (k->inode == file->inode)
			return true;
	return false;
}

/* A link in another spelling is an alias of a load, not a load. */
static bool alias(const struct cpr_file *file)
{
	return file->link && file->inspect &&
	       strcmp(file->inspect->container.own_name, file->name) &&
	       !strcasecmp(file->inspect->container.own_name, file->name);
}

static int add_load(struct cpr_firmware *f, const struct cpr_file *file)
{
	bool term = cpr_name_kind(file->name) == CPR_NAME_TERM;
	size_t stem = strlen(file->name) - (ends_with(file->name, ".loads") ? 6 : 0);
	struct cpr_load *grown = reallocarray(f->load, f->load_n + 1, sizeof(*grown)),
			*load;

	if (!grown)
		return -ENOMEM;
	f->load = grown;
	load = &grown[f->load_n++];
	*load = (struct cpr_load){.file = file, .term = term};
	load->name = !term       ? strndup(file->name, stem)
		     : file->set ? strdup(file->set)
				 : strdup(file->name);
	if (!load->name)
		return -ENOMEM;
	if (!term)
		load->protocol = cpr_load_protocol(file->name);
	return check_files(f, load);
}

static int load_order(const void *a, const void *b)
{
	const struct cpr_load *la = a, *lb = b;
	int r = strcmp(la->name, lb->name);

	return r ? r : strcmp(la->file->name, lb->file->name);
}

/* The load of its own set first, else any with the same list. */
static const struct cpr_load *find_twin(
	const struct cpr_firmware *f, const struct cpr_load *term)
{
	const struct cpr_loads *lists = lists_of(term);
	const struct cpr_load *own = cpr_firmware_load(f, term->name);

	if (lists && own && lists_of(own) && cpr_loads_alike(lists, lists_of(own)))
		return own;
	for (size_t i = 0; lists && i < f->load_n; i++) {
		const struct cpr_load *load = &f->load[i];

		if (!load->term && lists_of(load) &&
			cpr_loads_alike(lists, lists_of(load)))
			return load;
	}
	return NULL;
}

static int settle(const struct cpr_firmware *f, struct cpr_load *load)
{
	const struct cpr_loads *lists = lists_of(load);
	/* A term file that lies in the root, or came from there, has no name that tells:
	 * "default" must not sort above all numbers. */
	bool named = !load->term || cpr_load_protocol(load->name) != CPR_PROTOCOL_NONE;
	const char *version = lists && lists->version[0] ? lists->version
			      : named                    ? version_in(load->name)
							 : "";

	if (load->term) {
		load->twin = find_twin(f, load);
		load->protocol =
			load->twin ? load->twin->protocol : protocol_of_images(lists);
	}
	load->version = strdup(load->twin ? load->twin->version : version);
	return load->version ? 0 : -ENOMEM;
}

int cpr_resolve(struct cpr_firmware *f)
{
	for (size_t i = 0; i < f->file_n; i++) {
		const struct cpr_file *file = &f->file[i];
		int r;

		if (cpr_name_kind(file->name) == CPR_NAME_IMAGE || alias(file) ||
			kept_elsewhere(f, file))
			continue;
		r = add_load(f, file);
		if (r < 0)
			return r;
	}
	if (f->load_n)
		qsort(f->load, f->load_n, sizeof(*f->load), load_order);
	/* Main loads first: a term file takes its twin's version. */
	for (int term = 0; term < 2; term++)
		for (size_t i = 0; i < f->load_n; i++)
			if (f->load[i].term == term && settle(f, &f->load[i]) < 0)
				return -ENOMEM;
	return 0;
}

void cpr_resolve_clear(struct cpr_firmware *f)
{
	for (size_t i = 0; i < f->load_n; i++) {
		struct cpr_load *load = &f->load[i];

		for (size_t m = 0; m < load->missing_n; m++)
			free(load->missing[m]);
		free(load->missing);
		free((void *)load->name);
		free((void *)load->version);
	}
	free(f->load);
	f->load = NULL;
	f->load_n = 0;
}
