/* Checks of which firmware may follow which, and which boards take it. */
#include "check.h"
#include "cleanup.h"
#include "firmware.h"
#include "inspect.h"
#include "loads.h"
#include "models.h"
#include "plan.h"
#include "site.h"

#include <stdio.h>
#include <string.h>

/* The highest mask that a published load of the model prints, with the version it came with.
 * A phone refuses a load whose mask lacks one of its board's bits; no line is a mask of 0.
 * From the lists of 53 loads; other models print none. */
static const struct {
	const char *loads; /* of the SCCP row */
	uint32_t mask;
	const char *since;
} boards[] = {
	{"SCCP11.", 1, "8.3(3)"},
	{"SCCP42.", 5, "9.4(2)"},
	{"SCCP45.", 15, "9.4(2)"},
	{"SCCP75.", 5, "9.4(2)"},
};

static uint32_t mask_of(const struct cpr_load *l)
{
	return l->file->inspect && l->file->inspect->lists
		       ? l->file->inspect->lists->hardware_compatibility
		       : 0;
}

static void check_mask(
	const struct cpr_model *m, const struct cpr_load *l, struct cpr_sink *s)
{
	for (size_t i = 0; l && l->complete && i < CPR_ARRAY_LEN(boards); i++)
		if (m->loads_sccp && strcmp(m->loads_sccp, boards[i].loads) == 0 &&
			(mask_of(l) & boards[i].mask) != boards[i].mask)
			cpr_found(s, l->file->name,
				"its hardware mask is %u; that of %s has %u, and boards "
				"of the %s which need the other bits refuse this list",
				mask_of(l), boards[i].since, boards[i].mask, m->model);
}

void cpr_check_hardware_mask(const struct cpr_plan *p, struct cpr_sink *s)
{
	for (size_t i = 0; i < p->model_n; i++) {
		check_mask(p->model[i].model, p->model[i].recovery, s);
		check_mask(p->model[i].model, p->model[i].load, s);
	}
}

/* What a load is called, behind its prefix; "" where only its images are known, whose numbers
 * count otherwise (8-5-2TH1-9 is 8-5-2S). */
static const char *version_of(const char *name)
{
	const char *dot = strchr(name, '.');

	if (cpr_load_protocol(name) == CPR_PROTOCOL_NONE)
		return "";
	return dot ? dot + 1 : name;
}

static const char *load_version(const struct cpr_load *l)
{
	return version_of(l->twin ? l->twin->name : l->name);
}

/* Cisco's release notes for 9.2 and two more sources: firmware below 8.3(3) goes to 8.3(3) …
 * 8.5(2) first, or loops.  Three sources: 8.5(2)SR1 and later are signed with another key,
 * which only phones from 8.5(2) on know. */
#define STONE_FIRST "8-3-3"
#define STONE_LAST  "8-5-2S"

static bool below_stones(const char *version)
{
	return *version && cpr_version_compare(version, STONE_FIRST) < 0;
}

static bool above_stones(const char *version)
{
	return *version && cpr_version_compare(version, STONE_LAST) > 0;
}

/* A complete load for the model between the two. */
static bool has_stone(const struct cpr_plan *p, const struct cpr_model *m)
{
	for (size_t i = 0; i < p->firmware->load_n; i++) {
		const struct cpr_load *l = &p->firmware->load[i];
		const char *version = load_version(l);

		if (!l->term && l->complete && *version &&
			cpr_model_takes_load(m, l->name) && !below_stones(version) &&
			!above_stones(version))
			return true;
	}
	return false;
}

/* What phones are told to run now, against what they are to run next. */
static void check_step(
	const struct cpr_plan *p, const struct cpr_plan_model *m, struct cpr_sink *s)
{
	const char *now = cpr_running_load(p->running, m->model->device_id);
	const char *from = now ? version_of(now) : "";

	if (!m->load || !above_stones(load_version(m->load)) || !*from ||
		above_stones(from))
		return;
	if (below_stones(from))
		cpr_found_as(s, CPR_WARNING, m->load->file->name,
			"XMLDefault.cnf.xml names %s for %s: from below 8.3(3) a phone "
			"loops when it is sent above 8.5(2) at once",
			now, m->model->model);
	else if (cpr_version_compare(from, "8-5-2") < 0)
		cpr_found_as(s, CPR_WARNING, m->load->file->name,
			"XMLDefault.cnf.xml names %s for %s: 8.5(2)SR1 and later have "
			"another signing key, which phones learn by 8.5(2) without SR",
			now, m->model->model);
}

void cpr_check_upgrade_path(const struct cpr_plan *p, struct cpr_sink *s)
{
	for (size_t i = 0; i < p->model_n; i++) {
		const struct cpr_plan_model *m = &p->model[i];

		if (m->model->family != CPR_FAMILY_79X1)
			continue;
		check_step(p, m, s);
		if (m->recoverable && above_stones(load_version(m->recovery)) &&
			!has_stone(p, m->model))
			cpr_found(s, m->recovery_file,
				"it brings %s, which a %s whose own firmware is below "
				"8.3(3) does not take; there is no load from 8.3(3) to "
				"8.5(2) here to go by",
				m->recovery->twin ? m->recovery->twin->name
						  : m->recovery->name,
				m->model->model);
	}
}

/* Whether there are complete loads, or term files, of this protocol for the model. */
static bool has_protocol(const struct cpr_plan *p, const struct cpr_model *m, bool term,
	enum cpr_protocol protocol)
{
	for (size_t i = 0; i < p->firmware->load_n; i++) {
		const struct cpr_load *l = &p->firmware->load[i];

		if (l->term == term && l->protocol == protocol &&
			(term ? strcmp(l->file->name, m->term) == 0
			      : l->complete && cpr_model_takes_load(m, l->name)))
			return true;
	}
	return false;
}

static bool pinned(const struct cpr_site *site, const struct cpr_model *m)
{
	for (size_t i = 0; i < site->model_n; i++)
		if (site->model[i].recovery &&
			strcmp(site->model[i].model->term ? site->model[i].model->term
							  : "",
				m->term) == 0)
			return true;
	return false;
}

void cpr_check_term_collision(const struct cpr_plan *p, struct cpr_sink *s)
{
	for (size_t i = 0; i < p->model_n; i++) {
		const struct cpr_model *m = p->model[i].model;
		const struct cpr_load *r = p->model[i].recovery;
		bool both;

		if (!m->term || !r || r->protocol == CPR_PROTOCOL_NONE ||
			pinned(p->site, m))
			continue;
		both = has_protocol(p, m, true, CPR_SCCP) &&
		       has_protocol(p, m, true, CPR_SIP);
		if (both)
			cpr_found_as(s, CPR_NOTE, m->term,
				"SCCP and SIP sets both brought one; the plan is the one "
				"of %s",
				cpr_protocol_name(r->protocol));
		else if (has_protocol(p, m, false, CPR_SCCP) &&
			 has_protocol(p, m, false, CPR_SIP))
			cpr_found_as(s,
				r->protocol == p->site->protocol ? CPR_NOTE : CPR_WARNING,
				m->term,
				"there are loads of SCCP and of SIP, but only the term "
				"file of %s: the other was overwritten",
				cpr_protocol_name(r->protocol));
	}
}
