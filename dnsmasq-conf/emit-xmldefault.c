/* The phones' common configuration, merged into what is there (xmldefault.h). */
#include "cleanup.h"
#include "emit.h"
#include "plan.h"
#include "site.h"
#include "there.h"
#include "xmldefault.h"

#include <errno.h>

/* "--only term --only dnsmasq": all that is wanted besides. */
static void name_others(const struct cpr_site *site, struct cpr_buf *b)
{
	for (size_t i = 0; i < emitters_n; i++) {
		const struct emitter *one = &emitters[i];

		if (one->emit == emit_xmldefault || (one->wanted && !one->wanted(site)) ||
			(one->emit == emit_links && !site->tftpd_hpa))
			continue;
		cpr_buf_printf(b, "%s--only %s", b->len ? " " : "", one->name);
	}
}

void emit_xmldefault(
	const struct emit_input *in, struct outputs *out, struct cpr_errors *e)
{
	static const struct there none;
	const struct cpr_site *site = in->plan->site;
	const struct there *there = in->xmldefault ? in->xmldefault : &none;
	_cleanup_(cpr_buf_free) struct cpr_buf others = {0};
	struct output *o;
	char *path;

	if (!site->call_manager_n &&
		!(in->plan->running && in->plan->running->call_manager) &&
		!(in->plan->running && in->plan->running->malformed[0])) {
		name_others(site, &others);
		cpr_errors_add(e, site_name(site), 0,
			XMLDEFAULT " needs the call manager's address, or phones ignore "
				   "the file: set call-managers = {\"ADDRESS\"}, or go "
				   "without it for now: %s",
			others.failed ? "--only EMITTER" : others.data);
		return;
	}
	o = outputs_add(out, "xmldefault", site->tftp_root, XMLDEFAULT);
	o->theirs = true;
	o->there = in->xmldefault;
	path = o->path ? o->path : (char *)XMLDEFAULT;
	if (xmldefault_merge(path, there->data, there->len, in->plan, &o->text, e) ==
		-ENOMEM)
		out->failed = true;
}
