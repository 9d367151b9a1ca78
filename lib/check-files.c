/* Checks of the files that are there: what a list names, and what each file is. */
#include "check.h"
#include "firmware.h"
#include "inspect.h"
#include "loads.h"
#include "models.h"
#include "plan.h"
#include "resolve.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* A file as the person finds it: below the TFTP root. */
static const char *where(const struct cpr_file *f, char out[512])
{
	if (f->set)
		snprintf(out, 512, "%s/%s/%s", CPR_TERMS_DIR, f->set, f->name);
	else
		snprintf(out, 512, "%s", f->name);
	return out;
}

static void found_listed(const struct cpr_firmware *f, struct cpr_sink *s,
	const struct cpr_loads_entry *e, enum cpr_listed state, const char *list)
{
	if (state == CPR_LISTED_ABSENT)
		cpr_found(s, e->name, "%s lists it, and it is not there", list);
	else if (state == CPR_LISTED_CASE)
		cpr_found(s, e->name,
			"%s lists it in this spelling; there is only \"%s\"", list,
			cpr_firmware_file_nocase(f, e->name)->name);
	else if (state == CPR_LISTED_SIZE)
		cpr_found(s, e->name, "it has %ju bytes, %s says %jd",
			(uintmax_t)cpr_firmware_file(f, e->name)->inspect->size, list,
			(intmax_t)e->size);
	else if (state == CPR_LISTED_SUM)
		cpr_found(s, e->name, "it is not of the build that %s lists", list);
}

/* A listed file in this state: once a name, by the first list that prints it. */
static void each_entry(
	const struct cpr_plan *p, struct cpr_sink *s, enum cpr_listed state)
{
	const struct cpr_firmware *f = p->firmware;
	char list[512];

	for (size_t i = 0; i < f->load_n; i++) {
		const struct cpr_load *l = &f->load[i];
		const struct cpr_loads *lists =
			l->file->inspect ? l->file->inspect->lists : NULL;

		for (size_t k = 0; lists && k < lists->n; k++) {
			const struct cpr_loads_entry *e = &lists->entry[k];

			if (cpr_firmware_listed(f, e) == state)
				found_listed(f, s, e, state, where(l->file, list));
		}
	}
}

/* What the fault lies in. */
enum part {
	HEADER,
	IMAGE,
	LIST
};

static enum part part_of(const struct cpr_file *f)
{
	if (f->inspect->container_outcome != CPR_CONTAINER_OK)
		return HEADER;
	return cpr_name_kind(f->name) == CPR_NAME_IMAGE ? IMAGE : LIST;
}

/* A link in another spelling of its target's own name is how capitals are served. */
static bool alias(const struct cpr_file *f)
{
	return f->link && strcasecmp(f->inspect->container.own_name, f->name) == 0;
}

static void each_file(const struct cpr_plan *p, struct cpr_sink *s, enum cpr_listed state,
	enum part part, const char *text)
{
	char file[512];

	for (size_t i = 0; i < p->firmware->file_n; i++) {
		const struct cpr_file *f = &p->firmware->file[i];

		if (!f->inspect || part_of(f) != part || cpr_file_state(f) != state)
			continue;
		if (state != CPR_LISTED_RENAMED)
			cpr_found(s, where(f, file), "%s%s%s", text,
				f->inspect->why[0] ? ": " : "", f->inspect->why);
		else if (!alias(f))
			cpr_found(s, where(f, file), "its own, signed name is \"%s\"",
				f->inspect->container.own_name);
	}
}

void cpr_check_missing_image(const struct cpr_plan *p, struct cpr_sink *s)
{
	each_entry(p, s, CPR_LISTED_ABSENT);
}

void cpr_check_wrong_case(const struct cpr_plan *p, struct cpr_sink *s)
{
	each_entry(p, s, CPR_LISTED_CASE);
	for (size_t i = 0; i < p->model_n; i++) {
		const char *name = p->model[i].recovery_file;
		const struct cpr_file *other;

		if (!name || cpr_firmware_file(p->firmware, name))
			continue;
		other = cpr_firmware_file_nocase(p->firmware, name);
		if (other)
			cpr_found(s, name,
				"a wiped %s asks for it in this spelling; there is only "
				"\"%s\"",
				p->model[i].model->model, other->name);
	}
}

void cpr_check_truncated_image(const struct cpr_plan *p, struct cpr_sink *s)
{
	each_file(p, s, CPR_LISTED_DAMAGED, IMAGE, "it is not whole");
	each_entry(p, s, CPR_LISTED_SIZE);
	each_entry(p, s, CPR_LISTED_SUM);
}

void cpr_check_renamed(const struct cpr_plan *p, struct cpr_sink *s)
{
	each_file(p, s, CPR_LISTED_RENAMED, IMAGE, "");
}

void cpr_check_loads_inner_name(const struct cpr_plan *p, struct cpr_sink *s)
{
	each_file(p, s, CPR_LISTED_RENAMED, LIST, "");
}

void cpr_check_container_malformed(const struct cpr_plan *p, struct cpr_sink *s)
{
	each_file(p, s, CPR_LISTED_DAMAGED, HEADER, "its header is damaged");
	each_file(p, s, CPR_LISTED_UNSIGNED, IMAGE,
		"it does not begin with a signature header");
	each_file(p, s, CPR_LISTED_UNSIGNED, LIST,
		"it does not begin with a signature header");
}

void cpr_check_loads_malformed(const struct cpr_plan *p, struct cpr_sink *s)
{
	each_file(p, s, CPR_LISTED_DAMAGED, LIST, "its list cannot be read");
}

static bool is_absolute(const struct cpr_file *f)
{
	return f->link && *f->link == '/';
}

void cpr_check_absolute_link(const struct cpr_plan *p, struct cpr_sink *s)
{
	for (size_t i = 0; i < p->firmware->file_n; i++) {
		const struct cpr_file *f = &p->firmware->file[i];

		if (is_absolute(f))
			cpr_found(s, f->name, "it is a link to \"%s\"", f->link);
	}
}

/* 65535 blocks of 512 bytes, the last of them short. */
#define TFTP_MOST (UINT64_C(65535) * 512 - 1)

void cpr_check_beyond_tftp(const struct cpr_plan *p, struct cpr_sink *s)
{
	for (size_t i = 0; i < p->firmware->file_n; i++) {
		const struct cpr_file *f = &p->firmware->file[i];

		if (f->inspect && f->inspect->size > TFTP_MOST)
			cpr_found(s, f->name,
				"it has %ju bytes, and block numbers end after %ju",
				(uintmax_t)f->inspect->size, (uintmax_t)TFTP_MOST);
	}
}

void cpr_check_unreadable(const struct cpr_plan *p, struct cpr_sink *s)
{
	char file[512];

	for (size_t i = 0; i < p->firmware->file_n; i++) {
		const struct cpr_file *f = &p->firmware->file[i];

		if (!f->inspect && !is_absolute(f))
			cpr_found(s, where(f, file), "it cannot be read");
		else if (f->inspect && !(f->mode & S_IROTH))
			cpr_found(s, where(f, file),
				"its mode is %04o: others may not read it",
				(unsigned)f->mode & 07777);
	}
}
