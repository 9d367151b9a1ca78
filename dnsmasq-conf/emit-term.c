/* What a wiped phone asks for first.  The term files of all sets are kept below the TFTP root;
 * the one of the plan is linked into it.  OS79XX.TXT is one line, without a blank behind the
 * name (old 7940 and 7960 loads take it as part of the name, CSCdv19260). */
#include "cleanup.h"
#include "emit.h"
#include "firmware.h"
#include "models.h"
#include "plan.h"
#include "site.h"

#include <string.h>

static bool emitted(const struct outputs *out, const char *folder, const char *name)
{
	size_t len = strlen(folder);

	for (size_t i = 0; i < out->n; i++)
		if (out->output[i].path &&
			strncmp(out->output[i].path, folder, len) == 0 &&
			strcmp(out->output[i].path + len + 1, name) == 0)
			return true;
	return false;
}

/* A damaged set is not put in the place of whatever is served. */
static void link_term(
	const struct emit_input *in, const struct cpr_plan_model *m, struct outputs *out)
{
	const char *root = in->plan->site->tftp_root;
	struct output *o;

	if (!m->recovery->complete || !m->recovery->file->set ||
		emitted(out, root, m->recovery_file))
		return;
	o = outputs_add(out, "term", root, m->recovery_file);
	o->kind = OUTPUT_LINK;
	if (asprintf(&o->from, "%s/%s/%s/%s", root, CPR_TERMS_DIR, m->recovery->file->set,
		    m->recovery->file->name) < 0) {
		o->from = NULL;
		out->failed = true;
	}
}

/* True where a section asks for it: then the admin's own file gives way. */
static bool pinned(const struct cpr_site *site, const struct cpr_model *m)
{
	for (size_t i = 0; i < site->model_n; i++)
		if (site->model[i].recovery && site->model[i].model->family == m->family)
			return true;
	return false;
}

static void write_os79xx(
	const struct emit_input *in, const struct cpr_plan_model *m, struct outputs *out)
{
	const struct cpr_site *site = in->plan->site;
	struct output *o;
	char now[64];

	cpr_running_os79xx(in->plan->running, now);
	if (!m->recovery->complete || emitted(out, site->tftp_root, m->recovery_file) ||
		(now[0] && !pinned(site, m->model) &&
			!cpr_firmware_forgot(in->plan->firmware, now)))
		return;
	o = outputs_add(out, "term", site->tftp_root, m->recovery_file);
	o->there = in->os79xx;
	cpr_buf_printf(&o->text, "%s\n", m->recovery->name);
}

/* What would lead phones to a load that is to be forgotten, with none to take its place. */
static void drop_forgotten(const struct emit_input *in, struct outputs *out)
{
	const struct cpr_firmware *f = in->plan->firmware;
	const char *root = in->plan->site->tftp_root;
	char now[64];

	for (size_t i = 0; i < f->gone_n; i++)
		if (!f->gone[i].set && cpr_name_kind(f->gone[i].name) == CPR_NAME_TERM &&
			!emitted(out, root, f->gone[i].name))
			outputs_add(out, "term", root, f->gone[i].name)->kind =
				OUTPUT_GONE;
	cpr_running_os79xx(in->plan->running, now);
	if (now[0] && cpr_firmware_forgot(f, now) && !emitted(out, root, CPR_OS79XX))
		outputs_add(out, "term", root, CPR_OS79XX)->kind = OUTPUT_GONE;
}

void emit_term(const struct emit_input *in, struct outputs *out, struct cpr_errors *e)
{
	(void)e;
	for (size_t i = 0; i < in->plan->model_n; i++) {
		const struct cpr_plan_model *m = &in->plan->model[i];

		if (!m->recovery)
			continue;
		if (m->model->family == CPR_FAMILY_7940)
			write_os79xx(in, m, out);
		else
			link_term(in, m, out);
	}
	drop_forgotten(in, out);
}
