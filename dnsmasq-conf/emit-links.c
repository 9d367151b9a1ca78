/* Lower-case names for tftpd-hpa, which makes every phone's request lower-case (see
 * emit-tftpd-hpa.c): a relative link to each firmware file whose name has capitals.  They
 * need no right but that to the TFTP root, and no reload.
 *
 * Not for dnsmasq: its tftp-lowercase changes all names, also those of the admin's boot files
 * and of SEP files. */
#include "cleanup.h"
#include "emit.h"
#include "firmware.h"
#include "plan.h"
#include "site.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool has_capitals(const char *name)
{
	while (*name && !isupper((unsigned char)*name))
		name++;
	return *name;
}

/* Of the farm: only capitals tell its name from that of its target. */
static bool is_farm_link(const struct cpr_file *f)
{
	return !f->set && f->link && !has_capitals(f->name) &&
	       strcmp(f->link, f->name) != 0 && strcasecmp(f->link, f->name) == 0;
}

static bool emitted(const struct outputs *out, const char *name)
{
	for (size_t i = 0; i < out->n; i++)
		if (out->output[i].kind == OUTPUT_SYMLINK && out->output[i].from &&
			strcasecmp(out->output[i].from, name) == 0)
			return true;
	return false;
}

static void add(
	const char *root, const struct cpr_file *f, const char *name, struct outputs *out)
{
	struct output *o = outputs_add(out, "links", root, name);
	const char *target = f->name;

	o->kind = OUTPUT_SYMLINK;
	o->yields = true;
	if (is_farm_link(f)) {
		o->kind = OUTPUT_GONE;
		target = f->link;
	}
	o->from = strdup(target);
	out->failed = out->failed || !o->from;
}

/* A file that has the lower-case name already is what phones get, and stays. */
static void link_file(
	const struct cpr_plan *plan, const struct cpr_file *f, struct outputs *out)
{
	_cleanup_(cpr_freep) char *lower = strdup(f->name);
	const struct cpr_file *there;

	if (!lower) {
		out->failed = true;
		return;
	}
	for (char *c = lower; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	there = cpr_firmware_file(plan->firmware, lower);
	if (!there || is_farm_link(there))
		add(plan->site->tftp_root, f, lower, out);
}

void emit_links(const struct emit_input *in, struct outputs *out, struct cpr_errors *e)
{
	const struct cpr_firmware *firmware = in->plan->firmware;

	(void)e;
	if (!in->plan->site->tftpd_hpa)
		return;
	/* Files first: a link in yet another spelling may go. */
	for (int links = 0; links < 2; links++)
		for (size_t i = 0; i < firmware->file_n; i++) {
			const struct cpr_file *f = &firmware->file[i];

			if (!f->set && f->inspect && !f->link == !links &&
				has_capitals(f->name) && !emitted(out, f->name))
				link_file(in->plan, f, out);
		}
	for (size_t i = 0; i < firmware->file_n; i++) {
		const struct cpr_file *f = &firmware->file[i];

		if (is_farm_link(f) && !emitted(out, f->name) &&
			!cpr_firmware_file(firmware, f->link))
			add(in->plan->site->tftp_root, f, f->name, out);
	}
}
