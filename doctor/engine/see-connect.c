/* Calls: TCP connections that a phone opens to its call manager, or to HTTP on the TFTP
 * server, and SIP registrations over UDP.  Only the beginning is looked at: a SYN, and what
 * answers it. */
#include "transfer.h"

#include "cleanup.h"

#include <string.h>

enum {
	SIP = 5060,
	/* A registration is repeated for so long, then given up (RFC 3261, timer F); later ones
	 * from the same port renew it. */
	SIP_TRIES_US = 33000000,
};

enum role {
	NOBODY,
	CALL_MANAGER,
	HTTP
};

static enum role role_of(uint16_t port)
{
	switch (port) {
	case 2000: /* SCCP */
	case 2443: /* and over TLS */
	case SIP:
	case 5061: /* and over TLS */
		return CALL_MANAGER;
	case 6970: /* asked for files before TFTP, by loads from 9 on */
	case 6971:
		return HTTP;
	default:
		return NOBODY;
	}
}

static bool is_call(
	const struct cpr_call *c, struct in_addr address, uint16_t port, bool udp)
{
	return c->address.s_addr == address.s_addr && c->port == port && c->udp == udp;
}

static struct cpr_call *find(
	struct cpr_doctor_phone *p, struct in_addr address, uint16_t port, bool udp)
{
	if (role_of(port) == HTTP)
		return is_call(&p->http, address, port, udp) ? &p->http : NULL;
	for (size_t i = 0; i < p->call_n; i++)
		if (is_call(&p->call[i], address, port, udp))
			return &p->call[i];
	return NULL;
}

static struct cpr_call *find_or_add(
	struct cpr_doctor_phone *p, struct in_addr address, uint16_t port, bool udp)
{
	struct cpr_call *c = find(p, address, port, udp);

	if (c)
		return c;
	if (role_of(port) == HTTP)
		c = &p->http;
	else if (p->call_n < CPR_DOCTOR_CALLS)
		c = &p->call[p->call_n++];
	if (c)
		*c = (struct cpr_call){.address = address, .port = port, .udp = udp};
	return c;
}

/* The same call once more, or a new one: only repetitions show that nobody answers, for an
 * answer may go another way than past this place. */
static void note_call(struct cpr_call *c, const struct cpr_packet *k)
{
	c->n++;
	if (c->from != k->frame.source_port ||
		(c->udp && k->time_us > c->unanswered.last.time_us + SIP_TRIES_US))
		c->unanswered = (struct cpr_silence){0};
	c->from = k->frame.source_port;
	if (cpr_is_copy(&c->unanswered.last, k))
		return;
	cpr_silence_note(&c->unanswered, k);
	if (c->unanswered.n >= c->worst.n)
		c->worst = c->unanswered;
}

/* Its images are in the flash, and it has had its configuration since. */
static bool is_configured(const struct cpr_doctor_phone *p)
{
	return p->flashed && p->rebooted && p->configured.number > p->flashed_at.number;
}

static struct cpr_doctor_phone *out(struct cpr_doctor *d, struct cpr_doctor_phone *p,
	const struct cpr_packet *k, bool udp, const char *what)
{
	const struct cpr_frame *f = &k->frame;
	bool manager = role_of(f->target_port) == CALL_MANAGER;
	struct cpr_call *c = find_or_add(p, f->target, f->target_port, udp);
	struct cpr_doctor_server *server =
		manager ? cpr_servers_seen(d, f->target, CPR_SERVER_CALL_MANAGER) : NULL;

	if (!c)
		return p;
	note_call(c, k);
	if (server)
		server->asked++;
	cpr_story_add(d, p, k, CPR_EVENT_PHONE, f->target,
		udp ? CPR_EVENT_SIP : CPR_EVENT_TCP, "%s to port %u%s", what,
		f->target_port, c->unanswered.n > 1 ? ", again" : "");
	if (manager)
		cpr_round_called(p, k, d->config.bench && is_configured(p));
	return p;
}

static void refuse(struct cpr_call *c, const struct cpr_packet *k)
{
	c->refused = cpr_moment_of(k);
	c->refused_n++;
	c->unanswered = (struct cpr_silence){0};
}

static struct cpr_doctor_phone *back(struct cpr_doctor *d, struct cpr_doctor_phone *p,
	const struct cpr_packet *k, bool udp, bool refused)
{
	const struct cpr_frame *f = &k->frame;
	struct cpr_call *c = find(p, f->source, f->source_port, udp);
	bool manager = role_of(f->source_port) == CALL_MANAGER;
	struct cpr_doctor_server *server =
		manager ? cpr_servers_seen(d, f->source, CPR_SERVER_CALL_MANAGER) : NULL;

	/* A reset of what was a connection refuses nothing. */
	if (!c || c->from != f->target_port || !c->unanswered.n)
		return NULL;
	cpr_story_add(d, p, k, CPR_EVENT_SERVER, f->source,
		udp ? CPR_EVENT_SIP : CPR_EVENT_TCP, "%s from port %u",
		refused ? "RST"
		: udp   ? "SIP answer"
			: "SYN, ACK",
		f->source_port);
	if (server)
		server->answers++;
	if (refused) {
		refuse(c, k);
		return p;
	}
	c->answered = cpr_moment_of(k);
	c->unanswered = (struct cpr_silence){0};
	if (manager)
		cpr_round_called(p, k, true);
	return p;
}

static struct cpr_doctor_phone *see_sip(struct cpr_doctor *d, const struct cpr_packet *k)
{
	static const char request[] = "REGISTER ", answer[] = "SIP/2.0 ";
	const struct cpr_frame *f = &k->frame;
	struct cpr_span s = cpr_span_of(f->payload, f->payload_len);
	const uint8_t *begin = cpr_span_take(&s, 9);
	struct cpr_doctor_phone *p = NULL;

	if (!begin)
		return NULL;
	if (f->target_port == SIP && !memcmp(begin, request, sizeof(request) - 1)) {
		p = cpr_phones_by_ip(d, f->source);
		return p ? out(d, p, k, true, "REGISTER") : NULL;
	}
	if (f->source_port == SIP && !memcmp(begin, answer, sizeof(answer) - 1))
		p = cpr_phones_by_ip(d, f->target);
	return p ? back(d, p, k, true, false) : NULL;
}

struct cpr_doctor_phone *cpr_see_connect(struct cpr_doctor *d, const struct cpr_packet *k)
{
	const struct cpr_frame *f = &k->frame;
	unsigned syn = f->tcp_flags & (CPR_TCP_SYN | CPR_TCP_ACK);
	struct cpr_doctor_phone *p;

	if (f->kind == CPR_FRAME_UDP)
		return see_sip(d, k);
	if (syn == CPR_TCP_SYN && role_of(f->target_port) != NOBODY) {
		p = cpr_phones_by_ip(d, f->source);
		return p ? out(d, p, k, false, "SYN") : NULL;
	}
	if ((syn == (CPR_TCP_SYN | CPR_TCP_ACK) || f->tcp_flags & CPR_TCP_RST) &&
		role_of(f->source_port) != NOBODY) {
		p = cpr_phones_by_ip(d, f->target);
		return p ? back(d, p, k, false, f->tcp_flags & CPR_TCP_RST) : NULL;
	}
	return NULL;
}

bool cpr_call_unreachable(struct cpr_doctor *d, struct cpr_doctor_phone *p,
	const struct cpr_packet *k, const struct cpr_quote *q)
{
	bool udp = q->protocol == IPPROTO_UDP;
	struct cpr_call *c;

	(void)d;
	if (q->source.s_addr != p->ip.s_addr || role_of(q->target_port) == NOBODY)
		return false;
	c = find(p, q->target, q->target_port, udp);
	if (!c || c->from != q->source_port)
		return false;
	/* Firewalls refuse so, and end a call as fast as a reset does. */
	if (c->unanswered.n)
		refuse(c, k);
	return true;
}
