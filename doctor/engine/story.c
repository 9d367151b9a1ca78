/* What a phone and its servers said to each other, row by row. */
#include "facts.h"

#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* The first rows are kept and not the last ones: what follows a phone's first failure is the
 * same again. */
static struct cpr_event *room(const struct cpr_doctor *d, struct cpr_doctor_phone *p)
{
	size_t cap = p->story_cap ? 2 * p->story_cap : 32;
	struct cpr_event *grown;

	if (p->story_n < p->story_cap)
		return &p->story[p->story_n++];
	cap = cap < d->config.story_max ? cap : d->config.story_max;
	grown = cap > p->story_n ? reallocarray(p->story, cap, sizeof(*grown)) : NULL;
	if (!grown) {
		p->story_left_out++;
		return NULL;
	}
	p->story = grown;
	p->story_cap = cap;
	return &p->story[p->story_n++];
}

struct cpr_event *cpr_story_add(const struct cpr_doctor *d, struct cpr_doctor_phone *p,
	const struct cpr_packet *k, enum cpr_event_side from, struct in_addr peer,
	enum cpr_event_kind kind, const char *format, ...)
{
	struct cpr_event *e;
	va_list args;

	if (!d->config.story_max)
		return NULL;
	e = room(d, p);
	if (!e)
		return NULL;
	*e = (struct cpr_event){.first = cpr_moment_of(k),
		.last = cpr_moment_of(k),
		.packets = 1,
		.bytes = k->frame.payload_len,
		.from = from,
		.peer = peer,
		.kind = kind};
	va_start(args, format);
	vsnprintf(e->text, sizeof(e->text), format, args);
	va_end(args);
	cpr_text_printable(e->text, "");
	return e;
}
