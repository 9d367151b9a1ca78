#include "facts.h"

struct cpr_moment cpr_moment_of(const struct cpr_packet *k)
{
	return (struct cpr_moment){.number = k->number, .time_us = k->time_us};
}

void cpr_silence_note(struct cpr_silence *s, const struct cpr_packet *k)
{
	s->last = cpr_moment_of(k);
	if (s->n++ == 0)
		s->first = s->last;
	else if (s->n == 2)
		s->second = s->last;
}
