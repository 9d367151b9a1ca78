/* Phones' own files in the TFTP root, SEP<MAC>.cnf.xml: which of them hold a password. */
#include "observe.h"

#include "cleanup.h"
#include "firmware.h"
#include "io.h"
#include "observed.h"
#include "text.h"
#include "world.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* Those that were seen have some 10 KB. */
#define MOST 65536

/* The name of the first element with a password in it: <sshPassword>, <authPassword> ... */
static bool find_password(const char *xml, char element[64])
{
	for (const char *at = xml; (at = strchr(at, '<')); at++) {
		size_t n = strcspn(at + 1, "> \t\r\n/");
		const char *content = at + 1 + n;

		if (*content != '>' || n >= 64 || content[1] == '<' || !content[1])
			continue;
		memcpy(element, at + 1, n);
		element[n] = 0;
		if (strcasestr(element, "password"))
			return true;
	}
	return false;
}

static void look(int dir, const char *name, struct cpr_observed *o)
{
	_cleanup_(cpr_closep) int fd =
		openat(dir, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	char xml[MOST + 1], element[64];
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
		!(st.st_mode & S_IROTH))
		return;
	n = cpr_io_read_at(fd, xml, MOST, 0);
	if (n < 0)
		return;
	xml[n] = 0;
	if (find_password(xml, element))
		cpr_observed_bared(
			o, &(struct cpr_bared){.path = name, .element = element});
}

static int is_phones(const struct dirent *entry)
{
	return cpr_text_after(entry->d_name, "SEP") && strstr(entry->d_name, ".xml");
}

void observe_secrets(const struct world *w, struct cpr_observed *o)
{
	_cleanup_(cpr_closep) int dir =
		open(w->firmware->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent **names = NULL;
	int n = dir < 0 ? 0 : scandir(w->firmware->root, &names, is_phones, alphasort);

	for (int i = 0; i < n; i++) {
		look(dir, names[i]->d_name, o);
		free(names[i]);
	}
	free(names);
}
