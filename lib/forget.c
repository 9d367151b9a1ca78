/* An inventory without a load that is there (firmware.h). */
#include "firmware.h"
#include "inspect.h"
#include "loads.h"
#include "resolve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool alike(const struct cpr_file *a, const struct cpr_file *b)
{
	return a->inspect && b->inspect && a->inspect->lists && b->inspect->lists &&
	       cpr_loads_alike(a->inspect->lists, b->inspect->lists);
}

/* A term file that is served: a link to a kept one that went, or one that was put there by hand
 * with the images of a list that went, and of no other. */
static bool served_for_gone(const struct cpr_firmware *f, const struct cpr_file *file)
{
	bool found = false;

	for (size_t i = 0; i < f->gone_n; i++) {
		if (f->gone[i].set && f->gone[i].inode == file->inode)
			return true;
		found = found || alike(&f->gone[i], file);
	}
	for (size_t i = 0; found && i < f->file_n; i++)
		if (!f->file[i].link &&
			cpr_name_kind(f->file[i].name) == CPR_NAME_LOADS &&
			alike(&f->file[i], file))
			return false;
	return found;
}

/* Moves the files of one kind from f->file to f->gone, which has room for all. */
static void take_out(struct cpr_firmware *f, const char *load,
	bool (*is_gone)(
		const struct cpr_firmware *, const struct cpr_file *, const char *))
{
	size_t kept = 0, n = f->file_n;

	for (size_t i = 0; i < n; i++) {
		if (is_gone(f, &f->file[i], load))
			f->gone[f->gone_n++] = f->file[i];
		else
			f->file[kept++] = f->file[i];
	}
	f->file_n = kept;
}

static bool is_list(
	const struct cpr_firmware *f, const struct cpr_file *file, const char *load)
{
	size_t n = strlen(load);

	(void)f;
	return !file->set && !strncmp(file->name, load, n) &&
	       !strcmp(file->name + n, ".loads");
}

static bool is_kept_for(
	const struct cpr_firmware *f, const struct cpr_file *file, const char *load)
{
	(void)f;
	return file->set && !strcmp(file->set, load);
}

static bool is_served_link(
	const struct cpr_firmware *f, const struct cpr_file *file, const char *load)
{
	(void)load;
	return !file->set && cpr_name_kind(file->name) == CPR_NAME_TERM &&
	       served_for_gone(f, file);
}

int cpr_firmware_forget(struct cpr_firmware *f, const char *load)
{
	char **names = reallocarray(f->forgotten, f->forgotten_n + 1, sizeof(*names));
	struct cpr_file *gone;
	bool there = cpr_firmware_load(f, load) != NULL;

	if (!names)
		return -ENOMEM;
	f->forgotten = names;
	names[f->forgotten_n] = strdup(load);
	if (!names[f->forgotten_n])
		return -ENOMEM;
	f->forgotten_n++;
	if (!there)
		return 0;
	gone = reallocarray(f->gone, f->gone_n + f->file_n, sizeof(*gone));
	if (!gone)
		return -ENOMEM;
	f->gone = gone;
	cpr_resolve_clear(f);
	take_out(f, load, is_list);
	take_out(f, load, is_kept_for);
	take_out(f, load, is_served_link);
	return cpr_resolve(f);
}

bool cpr_firmware_forgot(const struct cpr_firmware *f, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < f->forgotten_n; i++)
		if (!strcmp(f->forgotten[i], name))
			return true;
	for (size_t i = 0; i < f->gone_n; i++) {
		const struct cpr_loads *lists =
			f->gone[i].inspect ? f->gone[i].inspect->lists : NULL;

		for (size_t k = 0; n && lists && k < lists->n; k++)
			if (!strncmp(lists->entry[k].name, name, n) &&
				lists->entry[k].name[n] == '.')
				return true;
	}
	return false;
}
