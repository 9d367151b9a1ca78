/* One DNS question (RFC 1035): the IPv4 address of a name. */
#include "state.h"

#include "dns.h"

#include <string.h>

enum {
	TRIES = 3, /* assumption: how often a phone asks is not known */
};

static bool write_name(struct cpr_pen *pen, const char *name)
{
	while (*name) {
		size_t n = strcspn(name, ".");

		if (!n || n > CPR_DNS_LABEL_MAX)
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
	cpr_pen_be16(&pen, CPR_DNS_TYPE_A);
	cpr_pen_be16(&pen, CPR_DNS_CLASS_IN);
	if (!pen.full)
		cpr_phone_udp(
			p, p->lease.dns, p->lookup.port, CPR_DNS_PORT, bytes, pen.len);
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
	if (s.bad || id != p->lookup.id || !(flags & CPR_DNS_RESPONSE) ||
		f->source_port != CPR_DNS_PORT)
		return true;
	while (questions-- && !s.bad) {
		cpr_dns_skip_name(&s);
		cpr_span_skip(&s, 4);
	}
	finish(p, cpr_dns_address(s, answers));
	return true;
}
