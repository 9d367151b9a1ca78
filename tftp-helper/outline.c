#include "outline.h"

#include "cleanup.h"
#include "incoming.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static int add_name(json_t *outline, int root, const char *name)
{
	struct stat st;

	if (name[0] == '.')
		return 0;
	if (fstatat(root, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	/* A name that is no UTF-8 is no firmware's. */
	return json_object_set_new_nocheck(
		outline, name, json_integer((json_int_t)cpr_print_of(name, &st)));
}

json_t *cpr_outline(int root)
{
	int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	json_t *outline = json_object();
	struct dirent *d;

	if (!dir && fd >= 0)
		close(fd);
	errno = 0;
	while (dir && r == 0 && (d = readdir(dir)))
		r = add_name(outline, root, d->d_name);
	if (!dir || r != 0 || errno) {
		json_decref(outline);
		outline = NULL;
	}
	if (dir)
		closedir(dir);
	return outline;
}

static bool is_later(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

/* NULL: it left that file alone, or the file lies elsewhere. */
static const char *own_name(const json_t *file, const char *tftp_root)
{
	const char *path = json_string_value(json_object_get(file, "path"));
	const char *state = json_string_value(json_object_get(file, "state"));
	size_t n = strlen(tftp_root);

	if (!path || !state || !strcmp(state, "unchanged") ||
		strncmp(path, tftp_root, n) != 0 || path[n] != '/')
		return NULL;
	path += n + strspn(path + n, "/");
	return strchr(path, '/') ? NULL : path;
}

bool cpr_outline_is_own(json_t *before, json_t *after, const json_t *report, int root,
	const char *tftp_root, const struct timespec *written)
{
	const json_t *files = json_object_get(report, "files");
	json_t *was = json_copy(before), *is = json_copy(after);
	bool own = json_is_array(files);

	for (size_t i = 0; own && i < json_array_size(files); i++) {
		const char *name = own_name(json_array_get(files, i), tftp_root);
		struct stat st;

		if (!name)
			continue;
		json_object_del(was, name);
		json_object_del(is, name);
		own = fstatat(root, name, &st, AT_SYMLINK_NOFOLLOW) < 0
			      ? errno == ENOENT
			      : !is_later(&st.st_ctim, written);
	}
	own = own && json_equal(was, is);
	json_decref(was);
	json_decref(is);
	return own;
}
