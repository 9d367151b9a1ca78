#include "observe.h"

#include "cleanup.h"
#include "observed.h"
#include "server.h"

#include <stdio.h>

static const char *text(const char *s)
{
	return s ? s : "";
}

/* The lines that are missing in files of the admin's, as the servers tell them. */
static void observe_needs(const struct world *w, struct cpr_observed *o)
{
	_cleanup_(needs_clear) struct needs needs = {0};

	for (size_t i = 0; i < servers_n; i++)
		servers[i].needs(w, NULL, &needs);
	o->lost |= needs.lost;
	for (size_t i = 0; i < needs.n; i++) {
		const struct need *n = &needs.need[i];
		_cleanup_(cpr_freep) char *file = NULL;

		if (n->at && asprintf(&file, "%s:%u", text(n->file), n->at) < 0)
			file = NULL;
		cpr_observed_lacking(o, &(struct cpr_lacking){.server = n->server,
						.file = file ? file : text(n->file),
						.line = text(n->line),
						.where = text(n->where),
						.why = text(n->why),
						.lack = n->lack});
	}
}

void observe(const struct world *w, bool all, struct cpr_observed *o)
{
	observe_needs(w, o);
	observe_access(w, o);
	observe_secrets(w, o);
	observe_wire(w, all, o);
	observe_firewall(w, o);
}
