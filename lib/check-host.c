/* Checks of what was seen on this host, beside the plan. */
#include "check.h"
#include "observed.h"

void cpr_check_closed_to_server(const struct cpr_plan *p, struct cpr_sink *s)
{
	(void)p;
	for (size_t i = 0; i < s->seen->closed_n; i++) {
		const struct cpr_closed *c = &s->seen->closed[i];

		cpr_found_each(s, s->check->severity, c->path,
			"the user %s cannot read it: %s", c->user, c->why);
	}
}

static void lacking(struct cpr_sink *s, enum cpr_lack lack)
{
	for (size_t i = 0; i < s->seen->lacking_n; i++) {
		const struct cpr_lacking *l = &s->seen->lacking[i];

		if (l->lack == lack)
			cpr_found_each(s, s->check->severity, l->file,
				"%s; for %s put %s %s", l->why, l->server, l->line,
				l->where);
	}
}

void cpr_check_line_missing(const struct cpr_plan *p, struct cpr_sink *s)
{
	(void)p;
	lacking(s, CPR_LACK_SERVER);
}

void cpr_check_network_not_served(const struct cpr_plan *p, struct cpr_sink *s)
{
	(void)p;
	lacking(s, CPR_LACK_NETWORK);
}

void cpr_check_option_missing(const struct cpr_plan *p, struct cpr_sink *s)
{
	(void)p;
	lacking(s, CPR_LACK_OPTION);
}

void cpr_check_secret_readable(const struct cpr_plan *p, struct cpr_sink *s)
{
	const struct cpr_bared *first = s->seen->bared;
	size_t n = s->seen->bared_n;

	(void)p;
	if (n == 1)
		cpr_found(s, first->path, "it has something in <%s>", first->element);
	else if (n)
		cpr_found(s, first->path,
			"it has something in <%s>, and %zu more such files",
			first->element, n - 1);
}
