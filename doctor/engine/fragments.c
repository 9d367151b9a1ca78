#include "fragments.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	SLOTS = 32,
	UNIT = 8, /* of fragment offsets */
	MOST = 65535 - 20,
	UNITS = (MOST + UNIT - 1) / UNIT,
	PATIENCE_US = 15 * 1000 * 1000, /* RFC 791: the initial timer */
};

struct slot {
	bool used, refused;
	struct in_addr source, target;
	uint8_t protocol;
	uint16_t id;
	uint64_t time_us; /* of the first fragment seen */
	size_t total;     /* 0: the last fragment was not seen */
	size_t end;       /* the highest byte seen, +1 */
	size_t usable;    /* bytes from the start without a gap of the capture's making */
	size_t unit_n;    /* how many of `unit` are set */
	uint8_t unit[UNITS];
	uint8_t data[MOST];
};

struct cpr_fragments {
	struct slot slot[SLOTS];
};

int cpr_fragments_new(struct cpr_fragments **out)
{
	/* 2 MB of zeros, which cost nothing until a fragment comes. */
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

struct cpr_fragments *cpr_fragments_free(struct cpr_fragments *f)
{
	free(f);
	return NULL;
}

/* Captured times may step back. */
static bool is_old(const struct slot *s, uint64_t time_us)
{
	return time_us > s->time_us && time_us - s->time_us > PATIENCE_US;
}

static bool is_of(const struct slot *s, const struct cpr_ipv4 *ip)
{
	return s->source.s_addr == ip->source.s_addr &&
	       s->target.s_addr == ip->target.s_addr && s->id == ip->id &&
	       s->protocol == ip->protocol;
}

static struct slot *slot_for(
	struct cpr_fragments *f, uint64_t time_us, const struct cpr_ipv4 *ip)
{
	struct slot *oldest = NULL;

	for (size_t i = 0; i < SLOTS; i++) {
		struct slot *s = &f->slot[i];

		if (s->used && is_old(s, time_us))
			s->used = false;
		if (s->used && is_of(s, ip))
			return s;
		if (!oldest ||
			(oldest->used && (!s->used || s->time_us < oldest->time_us)))
			oldest = s;
	}
	memset(oldest, 0, offsetof(struct slot, data));
	oldest->used = true;
	oldest->source = ip->source;
	oldest->target = ip->target;
	oldest->protocol = ip->protocol;
	oldest->id = ip->id;
	oldest->time_us = time_us;
	oldest->usable = MOST;
	return oldest;
}

/* How many units of the fragment had arrived before. */
static size_t known(const struct slot *s, size_t first, size_t last)
{
	size_t n = 0;

	for (size_t i = first; i < last; i++)
		n += s->unit[i];
	return n;
}

/* False: it contradicts what came before. */
static bool fits(const struct slot *s, const struct cpr_ipv4 *ip)
{
	size_t end = ip->offset + ip->real, first = ip->offset / UNIT,
	       last = (end + UNIT - 1) / UNIT, n = known(s, first, last);

	if (s->total && (ip->more ? end > s->total : end != s->total))
		return false;
	if (!s->total && !ip->more && s->end > end)
		return false;
	if (n == 0)
		return true;
	return n == last - first &&
	       (ip->offset + ip->len > s->usable ||
		       memcmp(s->data + ip->offset, ip->data, ip->len) == 0);
}

static void take(struct slot *s, const struct cpr_ipv4 *ip)
{
	size_t end = ip->offset + ip->real, first = ip->offset / UNIT,
	       last = (end + UNIT - 1) / UNIT;

	s->unit_n += last - first - known(s, first, last);
	memset(s->unit + first, 1, last - first);
	memcpy(s->data + ip->offset, ip->data, ip->len);
	if (end > s->end)
		s->end = end;
	if (!ip->more)
		s->total = end;
	if (ip->len < ip->real && ip->offset + ip->len < s->usable)
		s->usable = ip->offset + ip->len;
}

bool cpr_fragments_add(struct cpr_fragments *f, uint64_t time_us, struct cpr_ipv4 *ip)
{
	struct slot *s;

	/* Nothing, an end inside a unit, or behind the longest datagram: no sender's. */
	if (!ip->real || (ip->more && ip->real % UNIT) || ip->offset > MOST ||
		ip->real > MOST - ip->offset || ip->len > ip->real)
		return false;
	s = slot_for(f, time_us, ip);
	s->refused = s->refused || !fits(s, ip);
	if (s->refused)
		return false;
	take(s, ip);
	if (!s->total || s->unit_n != (s->total + UNIT - 1) / UNIT)
		return false;
	s->used = false;
	ip->more = false;
	ip->offset = 0;
	ip->data = s->data;
	ip->real = s->total;
	ip->len = s->usable < s->total ? s->usable : s->total;
	return true;
}
