#include "plan.h"

#include "cleanup.h"
#include "errors.h"
#include "firmware.h"
#include "loads.h"
#include "inspect.h"
#include "models.h"
#include "site.h"

#include <errno.h>
#include <string.h>

/* The highest loads of one kind that are there for one model, by protocol. */
struct choice {
	const struct cpr_load *complete[CPR_SIP + 1];
	const struct cpr_load *broken[CPR_SIP + 1];
	bool present[CPR_SIP + 1];
};

/* What one model's row is built from. */
struct work {
	const struct cpr_site *site;
	const struct cpr_firmware *firmware;
	const struct cpr_running *running;
	const struct cpr_site_model *pin; /* the model's own section, or NULL */
	struct cpr_errors *e;
	size_t refused;
};

const char *cpr_running_load(const struct cpr_running *r, unsigned device_id)
{
	for (size_t i = 0; r && i < r->n; i++)
		if (r->row[i].device_id == device_id)
			return r->row[i].load;
	return NULL;
}

void cpr_running_os79xx(const struct cpr_running *r, char name[64])
{
	size_t n = r ? strcspn(r->os79xx, " \t\r\n") : 0;

	if (n > 63)
		n = 63;
	if (n)
		memcpy(name, r->os79xx, n);
	name[n] = 0;
}

/* The part of a load that orders it: the name behind its prefix where it is a load's name,
 * because the RELEASE line counts otherwise ("9-4-2ES26" is SCCP41.9-4-2SR3-1S). */
static const char *version_of(const struct cpr_load *l)
{
	const char *name = l->twin ? l->twin->name : l->name;
	const char *dot = strchr(name, '.');

	if (cpr_load_protocol(name) == CPR_PROTOCOL_NONE)
		return l->version;
	return dot ? dot + 1 : name;
}

/* The file that the root has now under this name, or another name of it. */
static bool served(const struct cpr_firmware *f, const struct cpr_load *l)
{
	const struct cpr_file *now = cpr_firmware_file(f, l->file->name);

	return now && now->inode == l->file->inode;
}

/* Of equal versions the one that is served: then nothing changes. */
static bool higher(const struct cpr_firmware *f, const struct cpr_load *a,
	const struct cpr_load *than)
{
	int order = than ? cpr_version_compare(version_of(a), version_of(than)) : 1;

	return order > 0 || (order == 0 && served(f, a) && !served(f, than));
}

static bool is_term_of(const struct cpr_model *m, const struct cpr_load *l)
{
	return l->term && m->term && strcmp(l->file->name, m->term) == 0;
}

static bool is_main_of(const struct cpr_model *m, const struct cpr_load *l)
{
	return !l->term && cpr_model_takes_load(m, l->name);
}

static void choose(struct choice *c, const struct cpr_firmware *f,
	const struct cpr_model *m,
	bool (*is_of)(const struct cpr_model *, const struct cpr_load *))
{
	*c = (struct choice){0};
	for (size_t i = 0; i < f->load_n; i++) {
		const struct cpr_load *l = &f->load[i], **best;

		if (!is_of(m, l))
			continue;
		best = l->complete ? &c->complete[l->protocol] : &c->broken[l->protocol];
		if (higher(f, l, *best))
			*best = l;
		c->present[l->protocol] = true;
	}
}

/* The site's protocol where it is there at all, else the other: a damaged SCCP set must not
 * turn phones into SIP phones. */
static enum cpr_protocol wanted(const struct choice *c, const struct cpr_site *site)
{
	enum cpr_protocol mine = site->protocol == CPR_SIP ? CPR_SIP : CPR_SCCP;
	enum cpr_protocol other = mine == CPR_SIP ? CPR_SCCP : CPR_SIP;

	if (c->present[mine])
		return mine;
	return c->present[other] ? other : CPR_PROTOCOL_NONE;
}

const char *cpr_recovery_file(const struct cpr_model *m)
{
	return m->family == CPR_FAMILY_7940 ? CPR_OS79XX : m->term;
}

static void refuse_pin(struct work *w, const char *key, const char *value,
	const struct cpr_load *l, const char *what)
{
	const char *file = w->site->file ? w->site->file : CPR_SITE_FILE;
	const char *model = w->pin->model->model;

	w->refused++;
	if (cpr_firmware_forgot(w->firmware, value))
		cpr_errors_add(w->e, file, 0,
			"model \"%s\": %s = \"%s\": this load is to be removed, but the "
			"line asks for it; take the line out, or name another load in it",
			model, key, value);
	else if (!l)
		cpr_errors_add(w->e, file, 0,
			"model \"%s\": %s = \"%s\": no such %s for this model in %s; "
			"import its package or take the line out",
			model, key, value, what, w->site->tftp_root);
	else
		cpr_errors_add(w->e, file, 0,
			"model \"%s\": %s = \"%s\": it is not complete (%s%s); import "
			"its package again or take the line out",
			model, key, value,
			l->missing_n ? l->missing[0] : "the list itself is damaged",
			l->missing_n > 1 ? " and others" : "");
}

static const struct cpr_load *pinned_load(
	struct work *w, const char *key, const char *value)
{
	const struct cpr_load *l = cpr_firmware_load(w->firmware, value);

	if (l && !is_main_of(w->pin->model, l))
		l = NULL;
	if (l && l->complete)
		return l;
	refuse_pin(w, key, value, l, "load");
	return NULL;
}

/* A complete term set of the pinned load, else a damaged one, else NULL. */
static const struct cpr_load *pinned_term(
	const struct work *w, const struct cpr_model *m, const char *value)
{
	const struct cpr_load *found = NULL;

	for (size_t i = 0; i < w->firmware->load_n; i++) {
		const struct cpr_load *l = &w->firmware->load[i];
		const char *name = l->twin ? l->twin->name : l->name;

		if (!is_term_of(m, l) ||
			(strcmp(name, value) != 0 && strcmp(l->name, value) != 0))
			continue;
		if (!found || (l->complete && !found->complete) ||
			(l->complete == found->complete && served(w->firmware, l)))
			found = l;
	}
	return found;
}

/* The section whose `recovery =` speaks for this model: its own, or that of a model which
 * asks for the same file (7961 and 7961G-GE ask for one term file, 7940 and 7960 too). */
static const struct cpr_site_model *recovery_pin(
	struct work *w, const struct cpr_model *m, const char *file)
{
	const struct cpr_site_model *found = NULL;

	for (size_t i = 0; i < w->site->model_n; i++) {
		const struct cpr_site_model *s = &w->site->model[i];
		const char *theirs = cpr_recovery_file(s->model);

		if (!s->recovery || !theirs || strcmp(theirs, file) != 0)
			continue;
		if (found && strcmp(found->recovery, s->recovery) != 0 && s->model == m) {
			w->refused++;
			cpr_errors_add(w->e,
				w->site->file ? w->site->file : CPR_SITE_FILE, 0,
				"model \"%s\" and model \"%s\" both ask for %s: give "
				"them the same recovery",
				found->model->model, m->model, file);
		}
		if (!found || s->model == m)
			found = s;
	}
	return found;
}

/* The load whose list or image an OS79XX.TXT names. */
static const struct cpr_load *load_of_image(
	const struct cpr_firmware *f, const struct cpr_model *m, const char *name)
{
	const struct cpr_load *l = cpr_firmware_load(f, name), *found = NULL;
	size_t len = strlen(name);

	if (l && is_main_of(m, l))
		return l;
	for (size_t i = 0; i < f->load_n; i++) {
		const struct cpr_loads *list =
			f->load[i].file->inspect ? f->load[i].file->inspect->lists : NULL;

		if (!is_main_of(m, &f->load[i]))
			continue;
		for (size_t k = 0; list && k < list->n; k++)
			if (strncmp(list->entry[k].name, name, len) == 0 &&
				list->entry[k].name[len] == '.' &&
				(!found || f->load[i].complete))
				found = &f->load[i];
	}
	return found;
}

static void plan_recovery_7940(struct work *w, struct cpr_plan_model *p,
	const struct cpr_site_model *pin, const struct choice *mains, char named[64])
{
	enum cpr_protocol protocol = wanted(mains, w->site);

	cpr_running_os79xx(w->running, named);
	if (pin && pin == w->pin)
		p->recovery = pinned_load(w, "recovery", pin->recovery);
	else if (pin)
		p->recovery = cpr_firmware_load(w->firmware, pin->recovery);
	else if (named[0])
		p->recovery = load_of_image(w->firmware, p->model, named);
	if (pin || (!p->recovery && cpr_firmware_forgot(w->firmware, named)))
		named[0] = 0;
	if (!pin && !named[0])
		p->recovery = mains->complete[protocol];
}

static void plan_recovery_term(struct work *w, struct cpr_plan_model *p,
	const struct cpr_site_model *pin, const struct choice *terms)
{
	enum cpr_protocol protocol = wanted(terms, w->site);

	if (!pin) {
		p->recovery = terms->complete[protocol] ? terms->complete[protocol]
							: terms->broken[protocol];
		return;
	}
	p->recovery = pinned_term(w, p->model, pin->recovery);
	if (pin == w->pin && !(p->recovery && p->recovery->complete))
		refuse_pin(w, "recovery", pin->recovery, p->recovery, "term set");
}

/* The load that takes the place of one that is to be forgotten speaks its protocol, where
 * there is such a one. */
static enum cpr_protocol wanted_after(
	const struct choice *c, const struct cpr_site *site, const char *forgotten)
{
	enum cpr_protocol was =
		forgotten ? cpr_load_protocol(forgotten) : CPR_PROTOCOL_NONE;

	return was != CPR_PROTOCOL_NONE && c->complete[was] ? was : wanted(c, site);
}

static void plan_load(
	struct work *w, struct cpr_plan_model *p, const struct choice *mains)
{
	const char *now = cpr_running_load(w->running, p->model->device_id);
	const char *forgotten = now && cpr_firmware_forgot(w->firmware, now) ? now : NULL;
	const struct cpr_load *running;

	if (forgotten)
		now = NULL;
	running = now ? cpr_firmware_load(w->firmware, now) : NULL;

	if (w->pin && w->pin->load) {
		p->load = pinned_load(w, "load", w->pin->load);
	} else if (running && running->complete && !w->site->upgrade_auto) {
		p->load = running;
	} else if (now && p->model->family == CPR_FAMILY_7940 &&
		   cpr_firmware_image(w->firmware, now) && !w->site->upgrade_auto) {
		p->load = NULL; /* a load from before lists: it stays as it is named */
	} else {
		p->load = mains->complete[wanted_after(mains, w->site, forgotten)];
		if (!p->load && running && running->complete)
			p->load = running;
	}
	p->load_name = p->load ? p->load->name : now;
}

static int add_missing(struct cpr_plan_model *p, const char *name, const char *suffix)
{
	char **grown = reallocarray(p->missing, p->missing_n + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	p->missing = grown;
	if (asprintf(&grown[p->missing_n], "%s%s", name, suffix) < 0)
		return -ENOMEM;
	p->missing_n++;
	return 0;
}

static int add_missing_of(struct cpr_plan_model *p, const struct cpr_load *l)
{
	int r = l->missing_n ? 0 : add_missing(p, l->file->name, "");

	for (size_t i = 0; r == 0 && i < l->missing_n; i++)
		r = add_missing(p, l->missing[i], "");
	return r;
}

/* What has to come for a model that does not recover.  named: what its OS79XX.TXT says. */
static int say_missing(struct work *w, struct cpr_plan_model *p,
	const struct choice *mains, const char *named)
{
	const struct cpr_load *broken = mains->broken[wanted(mains, w->site)];
	const char *prefix =
		p->model->loads_sccp ? p->model->loads_sccp : p->model->loads_sip;

	if (p->recovery_file && p->recovery)
		return add_missing_of(p, p->recovery);
	if (named[0])
		return add_missing(p, named, ".loads");
	if (p->model->term)
		return add_missing(p, p->model->term, "");
	if (broken)
		return add_missing_of(p, broken);
	if (p->load_name)
		return add_missing(p, p->load_name, ".loads");
	return prefix ? add_missing(p, prefix, "*.loads") : 0;
}

static int plan_model(struct work *w, struct cpr_plan_model *p)
{
	const struct cpr_site_model *pin;
	struct choice mains, terms;
	char named[64] = "";

	choose(&mains, w->firmware, p->model, is_main_of);
	choose(&terms, w->firmware, p->model, is_term_of);
	plan_load(w, p, &mains);
	p->recovery_file = cpr_recovery_file(p->model);
	if (p->recovery_file) {
		pin = recovery_pin(w, p->model, p->recovery_file);
		if (p->model->family == CPR_FAMILY_7940)
			plan_recovery_7940(w, p, pin, &mains, named);
		else
			plan_recovery_term(w, p, pin, &terms);
		p->recoverable = p->recovery && p->recovery->complete;
	} else {
		/* Assumption: a reset phone of a model without a term file boots its
		 * resident load and takes <load>.loads as XMLDefault names it; no
		 * capture of one is known. */
		p->recoverable = p->load;
		if (w->pin && w->pin->recovery) {
			w->refused++;
			cpr_errors_add(w->e,
				w->site->file ? w->site->file : CPR_SITE_FILE, 0,
				"model \"%s\": recovery: this model asks for no term "
				"file; take the line out",
				p->model->model);
		}
	}
	return p->recoverable ? 0 : say_missing(w, p, &mains, named);
}

static const struct cpr_site_model *section_of(
	const struct cpr_site *site, const struct cpr_model *m)
{
	for (size_t i = 0; i < site->model_n; i++)
		if (site->model[i].model == m)
			return &site->model[i];
	return NULL;
}

static bool has_firmware(const struct cpr_firmware *f, const struct cpr_model *m)
{
	if (m->family == CPR_FAMILY_7940 && cpr_firmware_file(f, CPR_OS79XX))
		return true;
	for (size_t i = 0; i < f->load_n; i++)
		if (is_main_of(m, &f->load[i]) || is_term_of(m, &f->load[i]))
			return true;
	return false;
}

static int by_id(const void *a, const void *b)
{
	unsigned x = ((const struct cpr_plan_model *)a)->model->device_id;
	unsigned y = ((const struct cpr_plan_model *)b)->model->device_id;

	return x < y ? -1 : x > y;
}

int cpr_plan_build(const struct cpr_site *site, const struct cpr_firmware *firmware,
	const struct cpr_running *running, struct cpr_plan **out, struct cpr_errors *e)
{
	_cleanup_(cpr_plan_freep) struct cpr_plan *plan = calloc(1, sizeof(*plan));
	struct work w = {.site = site, .firmware = firmware, .running = running, .e = e};

	if (!plan)
		return -ENOMEM;
	plan->site = site;
	plan->firmware = firmware;
	plan->running = running;
	plan->model = calloc(cpr_models_n ? cpr_models_n : 1, sizeof(*plan->model));
	if (!plan->model)
		return -ENOMEM;
	for (size_t i = 0; i < cpr_models_n; i++) {
		struct cpr_plan_model *p = &plan->model[plan->model_n];
		int r;

		w.pin = section_of(site, &cpr_models[i]);
		if (!w.pin && !has_firmware(firmware, &cpr_models[i]))
			continue;
		p->model = &cpr_models[i];
		plan->model_n++;
		r = plan_model(&w, p);
		if (r < 0)
			return r;
	}
	qsort(plan->model, plan->model_n, sizeof(*plan->model), by_id);
	*out = TAKE_PTR(plan);
	return w.refused ? -EINVAL : 0;
}

struct cpr_plan *cpr_plan_free(struct cpr_plan *p)
{
	if (!p)
		return NULL;
	for (size_t i = 0; i < p->model_n; i++) {
		for (size_t k = 0; k < p->model[i].missing_n; k++)
			free(p->model[i].missing[k]);
		free(p->model[i].missing);
	}
	free(p->model);
	free(p);
	return NULL;
}

void cpr_plan_freep(struct cpr_plan **p)
{
	*p = cpr_plan_free(*p);
}
