/* What TFTP servers give out, beside the TFTP root: those of the plan that are this host, and
 * with --servers all of them.  Own traffic goes by way of the loopback interface, so it tells
 * nothing of a firewall. */
#include "cleanup.h"
#include "firmware.h"
#include "observe.h"
#include "observed.h"
#include "plan.h"
#include "served.h"
#include "sight.h"
#include "site.h"
#include "world.h"

#include <string.h>

enum {
	SERVERS_MAX = 64,
	NAMES_MAX = 512
};

struct names {
	const char *name[NAMES_MAX];
	size_t n;
};

/* Once, and only what lies there: what is missing here has findings of its own. */
static void add(const struct world *w, const char *name, struct names *out)
{
	if (!name || out->n == NAMES_MAX)
		return;
	for (size_t i = 0; i < out->n; i++)
		if (strcmp(out->name[i], name) == 0)
			return;
	if (served_has(w, name))
		out->name[out->n++] = name;
}

/* What decides which load a phone ends up with; the images are signed, and listed there. */
static void all_names(const struct world *w, struct names *out)
{
	for (size_t i = 0; i < w->plan->model_n; i++) {
		const struct cpr_plan_model *m = &w->plan->model[i];

		add(w, m->recovery_file, out);
		if (m->load)
			add(w, m->load->file->name, out);
		if (m->recovery && m->recovery->twin)
			add(w, m->recovery->twin->file->name, out);
	}
}

/* One that does not answer is asked once. */
static void ask_for_all(const struct world *w, struct in_addr server,
	const struct names *names, struct cpr_observed *o)
{
	for (size_t i = 0; i < names->n; i++) {
		struct cpr_asked asked;

		served_ask(w, server, names->name[i], &asked);
		cpr_observed_asked(o, &asked);
		if (asked.state == CPR_ASKED_SILENT || asked.state == CPR_ASKED_REFUSED)
			return;
	}
}

void observe_wire(const struct world *w, bool all, struct cpr_observed *o)
{
	_cleanup_(cpr_freep) struct sight *sight = NULL;
	struct in_addr server[SERVERS_MAX];
	struct names names = {0};
	size_t n;

	if (all) {
		all_names(w, &names);
		n = served_by(w, server, SERVERS_MAX);
		for (size_t i = 0; i < n; i++)
			ask_for_all(w, server[i], &names, o);
		return;
	}
	if (*w->site->root) /* another host's */
		return;
	sight = calloc(1, sizeof(*sight));
	if (sight)
		sight_tftp(w, sight);
	o->lost |= !sight;
	for (size_t i = 0; sight && sight->to_compare && i < sight->file_n; i++)
		cpr_observed_asked(o, &sight->file[i]);
}
