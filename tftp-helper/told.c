#include "told.h"

#include "cleanup.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static json_t *here_of(json_t *status)
{
	json_t *here = json_object_get(status, "here");

	if (!json_is_array(here)) {
		here = json_array();
		json_object_set_new(status, "here", here);
	}
	return here;
}

static bool holds(const json_t *list, const char *name)
{
	const json_t *one;
	size_t i;

	json_array_foreach(
		list, i, one) if (json_is_string(one) &&
				  !strcmp(json_string_value(one), name)) return true;
	return false;
}

/* "LOAD.bin": of a phone that has no lists. */
static bool has_image(int root, const char *load)
{
	int own = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = own < 0 ? NULL : fdopendir(own);
	size_t n = strlen(load);
	struct dirent *entry;
	bool found = false;

	while (d && !found && (entry = readdir(d)))
		found = !strncmp(entry->d_name, load, n) && entry->d_name[n] == '.';
	if (d)
		closedir(d);
	else
		cpr_closep(&own);
	return found;
}

static bool is_here(int root, const char *load)
{
	_cleanup_(cpr_freep) char *list = NULL;
	struct stat st;

	if (asprintf(&list, "%s.loads", load) < 0) {
		list = NULL;
		return true; /* nothing is taken back on a guess */
	}
	return fstatat(root, list, &st, AT_SYMLINK_NOFOLLOW) == 0 ||
	       has_image(root, load);
}

void cpr_told_note(json_t *status, int root)
{
	json_t *here = here_of(status);
	const json_t *m;
	size_t i;

	json_array_foreach(json_object_get(status, "models"), i, m)
	{
		const char *load = json_string_value(json_object_get(m, "load"));

		if (load && *load && !strchr(load, '/') && !holds(here, load) &&
			is_here(root, load))
			json_array_append_new(here, json_string(load));
	}
}

json_t *cpr_told_gone(json_t *status, int root)
{
	json_t *gone = json_array();
	const json_t *one;
	size_t i;

	json_array_foreach(here_of(status), i, one)
	{
		const char *load = json_string_value(one);

		if (load && !is_here(root, load))
			json_array_append_new(gone, json_string(load));
	}
	return gone;
}

void cpr_told_forget(json_t *status, const json_t *gone)
{
	json_t *here = here_of(status);

	for (size_t i = json_array_size(here); i-- > 0;) {
		const char *load = json_string_value(json_array_get(here, i));

		if (!load || holds(gone, load))
			json_array_remove(here, i);
	}
}
