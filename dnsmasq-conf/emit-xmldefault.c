/* The phones' common configuration, merged into what is there (xmldefault.h). */
#include "emit.h"
#include "plan.h"
#include "site.h"
#include "xmldefault.h"

#include <errno.h>

void emit_xmldefault(
	const struct emit_input *in, struct outputs *out, struct cpr_errors *e)
{
	const struct cpr_site *site = in->plan->site;
	struct output *o;
	char *path;

	if (!site->call_manager_n &&
		!(in->plan->running && in->plan->running->call_manager) &&
		!(in->plan->running && in->plan->running->malformed[0])) {
		cpr_errors_add(e, site_name(site), 0,
			XMLDEFAULT " needs the call manager's address, or phones ignore "
				   "the file: set call-managers = {\"ADDRESS\"}, or go "
				   "without it for now: --only term --only dnsmasq");
		return;
	}
	o = outputs_add(out, "xmldefault", site->tftp_root, XMLDEFAULT);
	o->theirs = true;
	path = o->path ? o->path : (char *)XMLDEFAULT;
	if (xmldefault_merge(path, in->xmldefault, in->xmldefault_len, in->plan, &o->text,
		    e) == -ENOMEM)
		out->failed = true;
}
