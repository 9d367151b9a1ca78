#include "report.h"

#include "cleanup.h"
#include "intake.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

static size_t count(const struct cpr_intake *in, enum cpr_item_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < in->n; i++)
		n += in->item[i].state == state;
	return n;
}

void cpr_intake_report_text(const struct cpr_intake *in, bool dry_run)
{
	size_t fresh = count(in, CPR_ITEM_NEW), replaced = count(in, CPR_ITEM_REPLACES);

	if (!in->accepted) {
		printf("%s: refused, nothing of it was published\n", in->package);
		return;
	}
	if (!in->changed)
		printf("%s: already there\n", in->package);
	else if (dry_run)
		printf("%s: in order, would add %zu and replace %zu files\n", in->package,
			fresh, replaced);
	else
		printf("%s: accepted, %zu files added, %zu replaced\n", in->package,
			fresh, replaced);
	for (size_t i = 0; i < in->load_n; i++)
		printf("  load %s\n", in->load[i]);
	for (size_t i = 0; i < in->n; i++) {
		const struct cpr_item *item = &in->item[i];

		if (item->target)
			printf("  %s is linked to %s, as its list spells it\n",
				item->name, item->target);
		else if (item->repaired)
			printf("  %s got back its own spelling, %s\n", item->entry,
				item->name);
	}
	for (size_t i = 0; i < in->left_out_n; i++)
		printf("  left out: %s\n", in->left_out[i]);
}

static json_t *files_of(const struct cpr_intake *in)
{
	json_t *all = json_array();

	for (size_t i = 0; i < in->n; i++) {
		const struct cpr_item *item = &in->item[i];
		const char *state =
			item->faulty ? "refused" : cpr_item_state_name(item->state);

		json_array_append_new(all,
			json_pack("{s:s, s:s, s:s*, s:s*}", "name", item->name, "state",
				state, "set", item->set, "target", item->target));
	}
	return all;
}

/* A path of the user's need not be UTF-8, which JSON is. */
static json_t *string(const char *text)
{
	json_t *j = json_string(text);
	_cleanup_(cpr_freep) char *copy = j ? NULL : strdup(text);

	for (char *c = copy; c && *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return copy ? json_string(copy) : j;
}

static json_t *strings(char *const *text, size_t n)
{
	json_t *all = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(all, string(text[i]));
	return all;
}

static json_t *package_of(const struct cpr_intake *in)
{
	return json_pack("{s:o, s:b, s:b, s:o, s:o, s:o, s:o}", "package",
		string(in->package), "accepted", in->accepted, "changed", in->changed,
		"loads", strings(in->load, in->load_n), "files", files_of(in), "left_out",
		strings(in->left_out, in->left_out_n), "refused",
		strings(in->refused.line, in->refused.n));
}

int cpr_intake_report_json(const struct cpr_intake *in, size_t n)
{
	json_t *list = json_array(), *top;
	int r;

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, package_of(&in[i]));
	top = json_pack("{s:o}", "packages", list);
	if (!top)
		return -ENOMEM;
	r = json_dumpf(top, stdout, JSON_INDENT(2)) < 0 ? -EIO : 0;
	json_decref(top);
	putchar('\n');
	return r ? r : fflush(stdout) ? -errno : 0;
}
