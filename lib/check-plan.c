/* Checks of what the plan comes to: what wiped phones and running ones are told to load. */
#include "check.h"
#include "cleanup.h"
#include "firmware.h"
#include "models.h"
#include "plan.h"
#include "site.h"

#include <stdio.h>
#include <string.h>

void cpr_check_no_term_file(const struct cpr_plan *p, struct cpr_sink *s)
{
	for (size_t i = 0; i < p->model_n; i++) {
		const struct cpr_plan_model *m = &p->model[i];

		if (m->model->term && !m->recovery)
			cpr_found(s, m->model->term, "a wiped %s asks for it first",
				m->model->model);
	}
}

static const struct cpr_load *root_load(const struct cpr_firmware *f, const char *name)
{
	for (size_t i = 0; i < f->load_n; i++)
		if (!f->load[i].file->set && strcmp(f->load[i].file->name, name) == 0)
			return &f->load[i];
	return NULL;
}

/* What a term file brings, for people. */
static const char *brings(const struct cpr_load *term)
{
	if (term->twin)
		return term->twin->name;
	return term->version[0] ? term->version : "a load that is not here";
}

void cpr_check_term_not_served(const struct cpr_plan *p, struct cpr_sink *s)
{
	for (size_t i = 0; i < p->model_n; i++) {
		const struct cpr_load *r = p->model[i].recovery, *other;
		const struct cpr_file *now;
		const char *name = p->model[i].recovery_file;

		if (!r || !r->term || !r->complete || !r->file->set)
			continue;
		now = cpr_firmware_file(p->firmware, name);
		if (now && now->inode == r->file->inode)
			continue;
		other = root_load(p->firmware, name);
		if (!now || !other)
			cpr_found(s, name, "it is kept (set %s) and not served",
				r->file->set);
		else if (!other->twin || other->twin != r->twin)
			cpr_found_as(s, other->complete ? CPR_WARNING : CPR_ERROR, name,
				"that of %s is served, the plan is that of %s",
				brings(other), r->file->set);
	}
}

void cpr_check_term_version(const struct cpr_plan *p, struct cpr_sink *s)
{
	for (size_t i = 0; i < p->model_n; i++) {
		const struct cpr_load *r = p->model[i].recovery, *l = p->model[i].load;
		const char *name = p->model[i].recovery_file;

		if (!r || !r->term || !l || r->twin == l ||
			(!r->twin && strcmp(r->version, l->version) == 0))
			continue;
		if (r->protocol != CPR_PROTOCOL_NONE && r->protocol != l->protocol)
			cpr_found_as(s, CPR_WARNING, name,
				"it brings %s, and XMLDefault then names %s: phones "
				"change from %s to %s after recovery",
				brings(r), l->name, cpr_protocol_name(r->protocol),
				cpr_protocol_name(l->protocol));
		else
			cpr_found(s, name,
				"it brings %s, and XMLDefault then names %s: one more "
				"round of loading after recovery",
				brings(r), l->name);
	}
}

void cpr_check_dangling_load(const struct cpr_plan *p, struct cpr_sink *s)
{
	for (size_t i = 0; p->running && i < p->running->n; i++) {
		const char *load = p->running->row[i].load;
		const struct cpr_model *m = cpr_model_by_id(p->running->row[i].device_id);
		const struct cpr_load *here = cpr_firmware_load(p->firmware, load);
		_cleanup_(cpr_freep) char *file = NULL;

		if (here ? here->complete : cpr_firmware_image(p->firmware, load))
			continue;
		if (asprintf(&file, "%s.loads", load) < 0) {
			s->out->lost = true;
			return;
		}
		cpr_found(s, file,
			"XMLDefault.cnf.xml names it for %s (%u), and it is %s",
			m ? m->model : "an unknown model", p->running->row[i].device_id,
			here ? "not complete" : "not there");
	}
}

static const struct cpr_plan_model *planned(
	const struct cpr_plan *p, const struct cpr_model *model)
{
	for (size_t i = 0; i < p->model_n; i++)
		if (p->model[i].model == model)
			return &p->model[i];
	return NULL;
}

static void pinned(struct cpr_sink *s, const struct cpr_plan *p,
	const struct cpr_site_model *pin, const char *key, const char *load)
{
	const struct cpr_load *here = cpr_firmware_load(p->firmware, load);
	char file[512];

	snprintf(file, sizeof(file), "%s.loads", load);
	cpr_found(s, file, "the site file says %s = \"%s\" for model %s, and it is %s",
		key, load, pin->model->model,
		!here            ? "not there"
		: here->complete ? "not of this model, or without its term file"
				 : "not complete");
}

void cpr_check_pin_not_served(const struct cpr_plan *p, struct cpr_sink *s)
{
	for (size_t i = 0; i < p->site->model_n; i++) {
		const struct cpr_site_model *pin = &p->site->model[i];
		const struct cpr_plan_model *m = planned(p, pin->model);

		if (pin->load && !(m && m->load))
			pinned(s, p, pin, "load", pin->load);
		if (pin->recovery && !(m && m->recovery && m->recovery->complete))
			pinned(s, p, pin, "recovery", pin->recovery);
	}
}

static bool has_pin(const struct cpr_site *site, const struct cpr_model *model)
{
	for (size_t i = 0; i < site->model_n; i++)
		if (site->model[i].model == model && site->model[i].load)
			return true;
	return false;
}

void cpr_check_no_complete_load(const struct cpr_plan *p, struct cpr_sink *s)
{
	for (size_t i = 0; i < p->model_n; i++) {
		const struct cpr_plan_model *m = &p->model[i];

		if (m->load || has_pin(p->site, m->model) ||
			(m->load_name && cpr_firmware_image(p->firmware, m->load_name)))
			continue;
		if (m->recoverable)
			cpr_found_as(s, CPR_WARNING, "",
				"no load for model %s is complete: it comes back with "
				"what its term file brings, and XMLDefault names nothing",
				m->model->model);
		else
			cpr_found(s, "", "no load for model %s is complete",
				m->model->model);
	}
}

void cpr_check_os79xx(const struct cpr_plan *p, struct cpr_sink *s)
{
	char name[64];

	cpr_running_os79xx(p->running, name);
	for (size_t i = 0; i < p->model_n; i++) {
		const struct cpr_plan_model *m = &p->model[i];
		const char *after;

		if (m->model->family != CPR_FAMILY_7940)
			continue;
		after = name[0] ? p->running->os79xx + strlen(name) : "";
		if (!name[0])
			cpr_found(s, CPR_OS79XX,
				"it is absent or empty; a wiped %s asks for it first",
				m->model->model);
		else if (!m->recovery && !cpr_firmware_image(p->firmware, name))
			cpr_found(s, CPR_OS79XX,
				"it names \"%s\", and nothing of that name is here",
				name);
		else if (*after == ' ' || *after == '\t')
			cpr_found_as(s, CPR_WARNING, CPR_OS79XX,
				"there are blanks behind \"%s\": old loads take them as "
				"part of the name",
				name);
	}
}

void cpr_check_xmldefault_malformed(const struct cpr_plan *p, struct cpr_sink *s)
{
	if (p->running && p->running->malformed[0])
		cpr_found(s, "XMLDefault.cnf.xml", "%s", p->running->malformed);
}

void cpr_check_no_call_manager(const struct cpr_plan *p, struct cpr_sink *s)
{
	if (!p->site->call_manager_n && !(p->running && p->running->call_manager))
		cpr_found(s, p->site->file ? p->site->file : CPR_SITE_FILE,
			"call-managers is not set");
}

void cpr_check_no_firmware(const struct cpr_plan *p, struct cpr_sink *s)
{
	if (!p->model_n && !p->firmware->file_n)
		cpr_found(s, p->site->tftp_root, "there is no firmware in it");
	else if (!p->model_n) /* single-image phones have no list */
		cpr_found_as(s, CPR_WARNING, p->site->tftp_root,
			"there are images in it, and no list (.loads) that names them");
}

void cpr_check_no_tftp_server(const struct cpr_plan *p, struct cpr_sink *s)
{
	if (!p->site->tftp_server_n)
		cpr_found(s, p->site->file ? p->site->file : CPR_SITE_FILE,
			"tftp-servers is not set");
}

/* A 6901 says "Cisco Systems, Inc." and no more, as other gear does, too. */
static bool looks_like_others(const struct cpr_model *m)
{
	return strcmp(m->model, "6901") == 0;
}

void cpr_check_model_not_answered(const struct cpr_plan *p, struct cpr_sink *s)
{
	const struct cpr_site *site = p->site;

	if (p->model_n && !site->dnsmasq && !site->kea && !site->isc_dhcpd)
		cpr_found_as(s, CPR_NOTE, site->file ? site->file : CPR_SITE_FILE,
			"no DHCP server is switched on in it: phones hear of their TFTP "
			"server from another host, or not at all");
	for (size_t i = 0; i < p->model_n; i++)
		if (looks_like_others(p->model[i].model))
			cpr_found(s, "",
				"there is firmware for model %s, which sends \"Cisco "
				"Systems, Inc.\" alone as its vendor class",
				p->model[i].model->model);
}
