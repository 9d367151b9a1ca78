#include "removal.h"

#include "cleanup.h"
#include "firmware.h"
#include "inspect.h"
#include "loads.h"
#include "models.h"
#include "publish.h"
#include "remove.h"
#include "stage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define REMOVING CPR_PRIVATE_DIR "/removing-"

/* What an earlier run, that was cut off, has set aside. */
struct aside {
	struct cpr_inspect **list;
	ino_t *inode;
	size_t n;
};

struct work {
	const struct cpr_firmware *f;
	struct cpr_removal *r;
	struct aside aside;
	char *list; /* LOAD.loads */
};

static void work_clear(struct work *w)
{
	for (size_t i = 0; i < w->aside.n; i++)
		cpr_inspect_free(w->aside.list[i]);
	free(w->aside.list);
	free(w->aside.inode);
	free(w->list);
}

static int add(char ***list, size_t *n, const char *name)
{
	char **grown = reallocarray(*list, *n + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	*list = grown;
	grown[*n] = strdup(name);
	return grown[*n] ? (int)((*n)++, 0) : -ENOMEM;
}

static char *removing(const char *load)
{
	char *folder;

	return asprintf(&folder, REMOVING "%s", load) < 0 ? NULL : folder;
}

static int add_aside(struct aside *a, int dir, const char *name)
{
	_cleanup_(cpr_closep) int fd = cpr_publish_open(dir, name);
	struct cpr_inspect **list = reallocarray(a->list, a->n + 1, sizeof(*list));
	ino_t *inode;
	struct stat st;
	int r;

	if (!list)
		return -ENOMEM;
	a->list = list;
	inode = reallocarray(a->inode, a->n + 1, sizeof(*inode));
	if (!inode)
		return -ENOMEM;
	a->inode = inode;
	if (fd < 0 || fstat(fd, &st) < 0)
		return fd < 0 ? fd : -errno;
	r = cpr_inspect_fd(fd, name, &a->list[a->n]);
	if (r < 0)
		return r;
	a->inode[a->n++] = st.st_ino;
	return 0;
}

/* 1: there is such a folder; 0: there is none. */
static int read_aside(struct work *w, int root)
{
	_cleanup_(cpr_freep) char *folder = removing(w->r->load);
	int dir = folder ? openat(root, folder,
				   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
			 : -1;
	struct dirent *entry;
	DIR *d;
	int r = 1;

	if (!folder)
		return -ENOMEM;
	if (dir < 0)
		return errno == ENOENT ? 0 : -errno;
	d = fdopendir(dir);
	if (!d) {
		r = -errno;
		close(dir);
		return r;
	}
	while (r > 0 && (entry = readdir(d)))
		if (entry->d_name[0] != '.' &&
			add_aside(&w->aside, dir, entry->d_name) < 0)
			r = -EIO;
	closedir(d);
	return r;
}

static bool lists(const struct cpr_inspect *i, const char *name)
{
	const struct cpr_loads *l = i ? i->lists : NULL;

	for (size_t k = 0; l && k < l->n; k++)
		if (!strcasecmp(l->entry[k].name, name))
			return true;
	return false;
}

/* The served link of a kept term file is one of ours, too. */
static bool is_own_list(const struct work *w, const struct cpr_file *file)
{
	if (file->set ? !strcmp(file->set, w->r->load) : !strcmp(file->name, w->list))
		return true;
	for (size_t i = 0; !file->set && i < w->aside.n; i++)
		if (w->aside.inode[i] == file->inode)
			return true;
	for (size_t i = 0; !file->set && i < w->f->file_n; i++)
		if (w->f->file[i].set && w->f->file[i].inode == file->inode &&
			!strcmp(w->f->file[i].set, w->r->load))
			return true;
	return false;
}

static bool is_list(const struct cpr_file *file)
{
	return cpr_name_kind(file->name) != CPR_NAME_IMAGE;
}

/* LOAD.bin: of phones whose load is one image, and of the 7940, whose lists do not name all of
 * a load's files. */
static bool has_load_name(const struct work *w, const char *name)
{
	size_t n = strlen(w->r->load);

	return !strncasecmp(name, w->r->load, n) && name[n] == '.' &&
	       !strchr(name + n + 1, '.');
}

static bool named_by_own(const struct work *w, const char *name)
{
	if (has_load_name(w, name))
		return true;
	for (size_t i = 0; i < w->aside.n; i++)
		if (lists(w->aside.list[i], name))
			return true;
	for (size_t i = 0; i < w->f->file_n; i++)
		if (is_list(&w->f->file[i]) && is_own_list(w, &w->f->file[i]) &&
			lists(w->f->file[i].inspect, name))
			return true;
	return false;
}

/* The load that names it, too, or NULL; of a term file its own name, where no load is known. */
static const char *named_by_other(const struct work *w, const char *name)
{
	for (size_t i = 0; i < w->f->load_n; i++) {
		const struct cpr_load *l = &w->f->load[i];

		if (l->twin && !strcmp(l->twin->name, w->r->load))
			continue; /* put there by hand; what it serves goes */
		if (!is_own_list(w, l->file) && lists(l->file->inspect, name))
			return l->name;
	}
	return NULL;
}

static int keep(struct cpr_removal *r, const char *name, const char *by)
{
	__typeof__(r->kept) grown = reallocarray(r->kept, r->kept_n + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	r->kept = grown;
	grown[r->kept_n].name = strdup(name);
	grown[r->kept_n].by = strdup(by);
	r->kept_n++;
	return grown[r->kept_n - 1].name && grown[r->kept_n - 1].by ? 0 : -ENOMEM;
}

/* Links to the list, then the list. */
static int plan_lists(struct work *w)
{
	struct cpr_removal *r = w->r;
	int error = 0;

	for (size_t i = 0; error == 0 && i < w->f->file_n; i++) {
		const struct cpr_file *file = &w->f->file[i];

		if (!file->set && file->link && !strcmp(file->link, w->list))
			error = add(&r->gone, &r->gone_n, file->name);
	}
	if (error == 0 && cpr_firmware_file(w->f, w->list))
		error = add(&r->gone, &r->gone_n, w->list);
	for (size_t i = 0; error == 0 && i < w->f->file_n; i++) {
		const struct cpr_file *file = &w->f->file[i];
		_cleanup_(cpr_freep) char *path = NULL;

		if (!file->set || strcmp(file->set, r->load) != 0)
			continue;
		if (asprintf(&path, "%s/%s", file->set, file->name) < 0)
			path = NULL;
		error = path ? add(&r->term, &r->term_n, path) : -ENOMEM;
	}
	return error;
}

/* Spellings count as one: a list that prints another one is served through a link. */
static int plan_images(struct work *w)
{
	struct cpr_removal *r = w->r;
	int error = 0;

	for (int links = 1; links >= 0; links--) /* these first */
		for (size_t i = 0; error == 0 && i < w->f->file_n; i++) {
			const struct cpr_file *file = &w->f->file[i];
			const char *by;

			if (file->set || (file->link != NULL) != links || is_list(file) ||
				!named_by_own(w, file->name))
				continue;
			by = named_by_other(w, file->name);
			error = by ? keep(r, file->name, by)
				   : add(&r->gone, &r->gone_n, file->name);
		}
	return error;
}

int cpr_removal_plan(const struct cpr_stage *stage, const struct cpr_firmware *f,
	const char *load, struct cpr_removal *r)
{
	_cleanup_(work_clear) struct work w = {.f = f, .r = r};
	int found, error;

	*r = (struct cpr_removal){.load = strdup(load)};
	if (!r->load || asprintf(&w.list, "%s.loads", load) < 0) {
		w.list = NULL;
		return -ENOMEM;
	}
	if (!*load || *load == '.' || strchr(load, '/') ||
		cpr_name_kind(w.list) == CPR_NAME_TERM)
		return 0;
	found = read_aside(&w, stage->root);
	if (found < 0)
		return found;
	error = plan_lists(&w);
	if (error == 0)
		error = plan_images(&w);
	r->known = found || r->gone_n || r->term_n;
	return error;
}

/* 0, also where it is gone already. */
static int set_aside(int root, const char *from, const char *folder, const char *name)
{
	_cleanup_(cpr_freep) char *to = NULL;

	if (asprintf(&to, "%s/%s", folder, name) < 0) {
		to = NULL;
		return -ENOMEM;
	}
	return renameat(root, from, root, to) < 0 && errno != ENOENT ? -errno : 0;
}

/* By now another load's term file is served, if there is one; else this one still is when
 * somebody ran cpr-conf in between. */
static int set_term_aside(int root, const char *term, const char *folder)
{
	const char *name = strchr(term, '/') + 1;
	_cleanup_(cpr_freep) char *from = NULL;
	struct stat kept, served;

	if (asprintf(&from, CPR_TERMS_DIR "/%s", term) < 0) {
		from = NULL;
		return -ENOMEM;
	}
	if (fstatat(root, from, &kept, AT_SYMLINK_NOFOLLOW) == 0 &&
		fstatat(root, name, &served, AT_SYMLINK_NOFOLLOW) == 0 &&
		kept.st_ino == served.st_ino && unlinkat(root, name, 0) < 0)
		return -errno;
	return set_aside(root, from, folder, name);
}

static int set_terms_aside(
	const struct cpr_stage *stage, const struct cpr_removal *r, const char *folder)
{
	_cleanup_(cpr_freep) char *set = NULL;
	int error = 0;

	for (size_t i = 0; error == 0 && i < r->term_n; i++)
		error = set_term_aside(stage->root, r->term[i], folder);
	if (asprintf(&set, CPR_TERMS_DIR "/%s", r->load) < 0) {
		set = NULL;
		return -ENOMEM;
	}
	/* Another's file in it stays, and so does the folder. */
	unlinkat(stage->root, set, AT_REMOVEDIR);
	unlinkat(stage->root, CPR_TERMS_DIR, AT_REMOVEDIR);
	return error;
}

static bool is_main_list(const struct cpr_removal *r, const char *name)
{
	size_t n = strlen(r->load);

	return !strncmp(name, r->load, n) && !strcmp(name + n, ".loads");
}

int cpr_removal_carry_out(const struct cpr_stage *stage, const struct cpr_removal *r)
{
	_cleanup_(cpr_freep) char *folder = removing(r->load);
	int error = folder ? cpr_publish_mkdir(stage->root, folder, 0700) : -ENOMEM;
	bool images = false;

	error = error < 0 ? error : set_terms_aside(stage, r, folder);
	for (size_t i = 0; error == 0 && i < r->gone_n; i++) {
		const char *name = r->gone[i];

		/* A list that is gone on disk, before the first image is. */
		if (!images && cpr_name_kind(name) == CPR_NAME_IMAGE) {
			images = true;
			if (fsync(stage->root) < 0)
				return -errno;
		}
		if (is_main_list(r, name))
			error = set_aside(stage->root, name, folder, name);
		else if (unlinkat(stage->root, name, 0) < 0 && errno != ENOENT)
			error = -errno;
	}
	if (error == 0)
		cpr_remove_tree(stage->root, folder);
	return error == 0 && fsync(stage->root) < 0 ? -errno : error;
}

void cpr_removal_clear(struct cpr_removal *r)
{
	for (size_t i = 0; i < r->gone_n; i++)
		free(r->gone[i]);
	for (size_t i = 0; i < r->term_n; i++)
		free(r->term[i]);
	for (size_t i = 0; i < r->kept_n; i++) {
		free(r->kept[i].name);
		free(r->kept[i].by);
	}
	free(r->gone);
	free(r->term);
	free(r->kept);
	free(r->load);
	*r = (struct cpr_removal){0};
}
