/* One DNS question (RFC 1035): the IPv4 address of a name.  Aliases are not followed by hand:
 * a recursive server puts the address into the same answer. */
#include "state.h"

#include <string.h>

enum {
	TRIES = 3, /* assumption: how often a phone asks is not known */
	TYPE_A = 1,
	CLASS_IN = 1,
};

static bool write_name(struct cpr_pen *pen, const char *name)
{
	while (*name) {
		size_t n = strcspn(name, ".");

		if (!n || n > 63)
			return false;
		cpr_pen_u8(pen, (uint8_t)n);
		cpr_pen_add(pen, name, n);
		name += n + (name[n] == '.');
	}
	cpr_pen_u8(pen, 0);
	return true;
}

static void finish(struct cpr_phone *p, struct in_addr found)
{
	p->lookup.active = false;
	p->lookup.found = found;
	cpr_phone_calm(p);
	p->lookup.then(p);
}

static void ask(struct cpr_phone *p)
{
	uint8_t bytes[300];
	struct cpr_pen pen = cpr_pen_of(bytes, sizeof(bytes));

	cpr_pen_be16(&pen, p->lookup.id);
	cpr_pen_be16(&pen, 0x0100); /* recursion desired */
	cpr_pen_be16(&pen, 1);
	cpr_pen_zeros(&pen, 6);
	if (p->lookup.tries++ == TRIES || !write_name(&pen, p->lookup.name)) {
		finish(p, (struct in_addr){0});
		return;
	}
	cpr_pen_be16(&pen, TYPE_A);
	cpr_pen_be16(&pen, CLASS_IN);
	if (!pen.full)
		cpr_phone_udp(p, p->lease.dns, p->lookup.port, 53, bytes, pen.len);
	cpr_phone_later(p, CPR_RETRY_MS, ask);
}

void cpr_lookup_start(struct cpr_phone *p, const char *name, cpr_step *then)
{
	p->lookup = (struct cpr_lookup){.active = true,
		.then = then,
		.id = (uint16_t)cpr_phone_random(p),
		.port = cpr_phone_port(p)};
	memcpy(p->lookup.name, name, strnlen(name, sizeof(p->lookup.name) - 1));
	ask(p);
}

static void skip_name(struct cpr_span *s)
{
	uint8_t n;

	while ((n = cpr_span_u8(s)) != 0 && !s->bad) {
		if (n >= 0xc0) { /* a pointer ends the name */
			cpr_span_skip(s, 1);
			return;
		}
		cpr_span_skip(s, n);
	}
}

/* The first address among the answers, or 0.0.0.0. */
static struct in_addr first_address(
	struct cpr_span s, uint16_t questions, uint16_t answers)
{
	struct in_addr a = {0};

	while (questions-- && !s.bad) {
		skip_name(&s);
		cpr_span_skip(&s, 4);
	}
	while (answers-- && !s.bad) {
		uint16_t type, class;
		struct cpr_span data;

		skip_name(&s);
		type = cpr_span_be16(&s);
		class = cpr_span_be16(&s);
		cpr_span_skip(&s, 4);
		data = cpr_span_sub(&s, cpr_span_be16(&s));
		if (type == TYPE_A && class == CLASS_IN && data.len == 4) {
			memcpy(&a, data.data, 4);
			return a;
		}
	}
	return a;
}

bool cpr_lookup_frame(struct cpr_phone *p, const struct cpr_frame *f)
{
	struct cpr_span s = cpr_span_of(f->payload, f->payload_len);
	uint16_t id, flags, questions, answers;

	if (!p->lookup.active || f->target_port != p->lookup.port)
		return false;
	id = cpr_span_be16(&s);
	flags = cpr_span_be16(&s);
	questions = cpr_span_be16(&s);
	answers = cpr_span_be16(&s);
	cpr_span_skip(&s, 4);
	if (s.bad || id != p->lookup.id || !(flags & 0x8000) || f->source_port != 53)
		return true;
	p->last_seen = p->frame_now;
	finish(p, first_address(s, questions, answers));
	return true;
}
