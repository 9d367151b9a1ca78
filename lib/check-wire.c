/* Checks of what was seen on the wire, and of what stands in its way. */
#include "check.h"
#include "observed.h"
#include "plan.h"
#include "site.h"

#include <arpa/inet.h>

static bool answers(const struct cpr_asked *a)
{
	return a->state != CPR_ASKED_SILENT && a->state != CPR_ASKED_REFUSED;
}

static const char *dotted(struct in_addr a, char text[INET_ADDRSTRLEN])
{
	return inet_ntop(AF_INET, &a, text, INET_ADDRSTRLEN);
}

void cpr_check_tftp_root_differs(const struct cpr_plan *p, struct cpr_sink *s)
{
	char server[INET_ADDRSTRLEN];

	for (size_t i = 0; i < s->seen->asked_n; i++) {
		const struct cpr_asked *a = &s->seen->asked[i];

		if (a->own && answers(a) && a->state != CPR_ASKED_SAME)
			cpr_found(s, a->name,
				"it lies in %s, but asked for over TFTP at %s, which is "
				"this host, it %s",
				p->site->tftp_root, dotted(a->server, server),
				cpr_asked_words(a->state));
	}
}

void cpr_check_server_differs(const struct cpr_plan *p, struct cpr_sink *s)
{
	char server[INET_ADDRSTRLEN];

	(void)p;
	for (size_t i = 0; i < s->seen->asked_n; i++) {
		const struct cpr_asked *a = &s->seen->asked[i];

		if (a->own || !answers(a) || a->state == CPR_ASKED_SAME)
			continue;
		/* With another list a phone comes back, though with another load. */
		cpr_found_each(s, a->state == CPR_ASKED_DIFFERS ? CPR_WARNING : CPR_ERROR,
			a->name, "on TFTP server %s it %s", dotted(a->server, server),
			cpr_asked_words(a->state));
	}
}

void cpr_check_server_silent(const struct cpr_plan *p, struct cpr_sink *s)
{
	char server[INET_ADDRSTRLEN];
	bool any = false;

	(void)p;
	for (size_t i = 0; i < s->seen->asked_n; i++)
		any |= answers(&s->seen->asked[i]);
	for (size_t i = 0; i < s->seen->asked_n; i++) {
		const struct cpr_asked *a = &s->seen->asked[i];

		if (!answers(a))
			cpr_found_each(s, any ? CPR_WARNING : CPR_ERROR, "",
				"TFTP server %s: a request for \"%s\" %s",
				dotted(a->server, server), a->name,
				cpr_asked_words(a->state));
	}
}

void cpr_check_firewall(const struct cpr_plan *p, struct cpr_sink *s)
{
	(void)p;
	for (size_t i = 0; i < s->seen->barrier_n; i++) {
		const struct cpr_barrier *b = &s->seen->barrier[i];

		cpr_found_each(s, b->sure ? CPR_ERROR : CPR_WARNING, "",
			"packet filter %s: %s", b->chain, b->text);
	}
}
