/* DNS (RFC 1035), as far as a phone looks for its TFTP server by a name of DHCP's. */
#include "facts.h"

#include "dns.h"
#include "text.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

struct message {
	uint16_t flags, answers, type;
	char name[128]; /* the question's; "": none that fits */
	struct cpr_span rest;
};

static void read_name(struct cpr_span *s, char *out, size_t cap)
{
	struct cpr_pen p = cpr_pen_of(out, cap - 1);
	const uint8_t *label;
	uint8_t n;

	while ((n = cpr_span_u8(s)) != 0 && n <= CPR_DNS_LABEL_MAX) {
		if (p.len)
			cpr_pen_u8(&p, '.');
		label = cpr_span_take(s, n);
		cpr_pen_add(&p, label, label ? n : 0);
	}
	/* A compressed name cannot be the first one of a message. */
	s->bad = s->bad || n > CPR_DNS_LABEL_MAX;
	out[p.full || s->bad ? 0 : p.len] = 0;
	cpr_text_printable(out, "");
}

static bool read_message(const struct cpr_frame *f, struct message *m)
{
	struct cpr_span s = cpr_span_of(f->payload, f->payload_len);
	uint16_t questions;

	cpr_span_skip(&s, 2);
	m->flags = cpr_span_be16(&s);
	questions = cpr_span_be16(&s);
	m->answers = cpr_span_be16(&s);
	cpr_span_skip(&s, 4);
	read_name(&s, m->name, sizeof(m->name));
	m->type = cpr_span_be16(&s);
	cpr_span_skip(&s, 2);
	m->rest = s;
	return !s.bad && questions == 1;
}

/* The name that this phone needs the address of, or NULL. */
static const char *wanted(const struct cpr_doctor_phone *p)
{
	const struct cpr_answer *a = cpr_lease_answer(p);
	struct in_addr to[2];
	enum cpr_source source;

	if (!a)
		return *p->dns.name ? p->dns.name : NULL;
	cpr_answer_servers(p, a, to, &source);
	/* Where a name in 66 leads nowhere the phone goes on, to sname in the end. */
	if (source == CPR_SOURCE_OPTION66 && inet_pton(AF_INET, a->option66, to) != 1)
		return a->option66;
	return source == CPR_SOURCE_SNAME ? a->sname : NULL;
}

/* The name, or the name with a domain behind it. */
static bool is_for(const char *asked, const char *name)
{
	const char *rest = cpr_text_after(asked, name);

	return *name && rest && (!*rest || *rest == '.');
}

static void see_answer(struct cpr_doctor *d, struct cpr_doctor_phone *p,
	const struct message *m, const struct cpr_packet *k)
{
	struct in_addr a = cpr_dns_address(m->rest, m->answers);
	char text[INET_ADDRSTRLEN];

	p->dns.unanswered = (struct cpr_silence){0};
	if (a.s_addr)
		p->dns.found = a;
	else
		p->dns.failed = cpr_moment_of(k);
	inet_ntop(AF_INET, &a, text, sizeof(text));
	cpr_story_add(d, p, k, CPR_EVENT_SERVER, k->frame.source, CPR_EVENT_DNS, "%s: %s",
		m->name, a.s_addr ? text : "no address");
}

struct cpr_doctor_phone *cpr_see_dns(struct cpr_doctor *d, const struct cpr_packet *k)
{
	const struct cpr_frame *f = &k->frame;
	bool answer = f->source_port == CPR_DNS_PORT;
	struct cpr_doctor_phone *p = cpr_phones_by_ip(d, answer ? f->target : f->source);
	struct cpr_doctor_server *s;
	const char *name = p ? wanted(p) : NULL;
	struct message m;

	if (p && !answer)
		p->spoke = cpr_moment_of(k);
	if (!name || !read_message(f, &m) || m.type != CPR_DNS_TYPE_A ||
		!is_for(m.name, name) || !(m.flags & CPR_DNS_RESPONSE) == answer)
		return p;
	if (strcasecmp(p->dns.name, name) != 0) {
		memset(&p->dns, 0, sizeof(p->dns));
		memcpy(p->dns.name, name, strlen(name) + 1);
	}
	s = cpr_servers_seen(d, answer ? f->source : f->target, CPR_SERVER_DNS);
	if (s && answer)
		s->answers++;
	else if (s)
		s->asked++;
	if (answer) {
		see_answer(d, p, &m, k);
	} else {
		cpr_silence_note(&p->dns.unanswered, k);
		cpr_story_add(d, p, k, CPR_EVENT_PHONE, f->target, CPR_EVENT_DNS,
			"asks for %s", m.name);
	}
	return p;
}
