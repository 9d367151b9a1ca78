#include "remove.h"

#include "cleanup.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>

/* Takes over fd. */
static void empty(int fd)
{
	DIR *d = fdopendir(fd);
	struct dirent *entry;

	if (!d) {
		close(fd);
		return;
	}
	while ((entry = readdir(d)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			cpr_remove_tree(fd, entry->d_name);
	closedir(d);
}

void cpr_remove_tree(int dir, const char *name)
{
	int inner;

	if (unlinkat(dir, name, 0) == 0)
		return;
	inner = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (inner >= 0)
		empty(inner);
	unlinkat(dir, name, AT_REMOVEDIR);
}
