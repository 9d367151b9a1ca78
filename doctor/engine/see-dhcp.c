/* DHCP, of the phone and to it.  A message's phone is its chaddr: what carries it may be a relay.
 * Servers and relays repeat what they hear, so a capture that sees two segments holds each
 * message more than once: it counts once. */
#include "facts.h"

#include "address.h"
#include "cleanup.h"
#include "dhcp.h"
#include "option150.h"
#include "text.h"
#include "vendor.h"

#include <arpa/inet.h>
#include <string.h>

enum {
	REQUEST = 1,
	REPLY = 2, /* op */
	/* Copies come within moments; a phone repeats itself after 4 s, its servers do not. */
	COPY_US = 250000,
};

struct message {
	const struct cpr_packet *k;
	struct cpr_dhcp dhcp;
	bool whole; /* the capture holds all of it */
};

/* Host names of phones are SEP and their MAC, unless somebody gave them another one. */
static bool named_so(const struct cpr_dhcp *m)
{
	char name[16] = "";
	uint8_t mac[6];

	if (m->option[12].len != sizeof(name) - 1)
		return false;
	memcpy(name, m->option[12].data, sizeof(name) - 1);
	return cpr_phone_name_mac(name, mac) && memcmp(mac, m->chaddr, 6) == 0;
}

static void copy_text(char *out, size_t cap, const uint8_t *bytes, size_t len)
{
	while (len && !bytes[len - 1])
		len--;
	len = len < cap ? len : cap - 1;
	if (len)
		memcpy(out, bytes, len);
	out[len] = 0;
	/* A NUL inside is what some servers end a text with: what follows is nothing. */
	cpr_text_printable(out, "");
}

/* What the phone says of itself. */
static void note_identity(
	struct cpr_doctor_phone *p, const struct message *m, const struct cpr_vendor *v)
{
	if (v->kind != CPR_VENDOR_NOT_A_PHONE && *v->text)
		memcpy(p->vendor, v->text, sizeof(p->vendor));
	if (v->model) {
		p->model = v->model;
		p->model_from = "option 60";
	}
	if (v->kind == CPR_VENDOR_DAMAGED && !p->damaged.number)
		p->damaged = cpr_moment_of(m->k);
	if (m->dhcp.option[12].len)
		copy_text(p->name, sizeof(p->name), m->dhcp.option[12].data,
			m->dhcp.option[12].len);
}

/* Whose message it is: of a phone that is known, or of one that says that it is a phone. */
static struct cpr_doctor_phone *phone_of(struct cpr_doctor *d, const struct message *m)
{
	struct cpr_doctor_phone *p = cpr_phones_by_mac(d, m->dhcp.chaddr);
	struct cpr_vendor v;

	cpr_vendor_parse(m->dhcp.option[60].data, m->dhcp.option[60].len, &v);
	if (!p && m->dhcp.ciaddr.s_addr) {
		p = cpr_phones_by_ip(d, m->dhcp.ciaddr);
		if (p && !cpr_phones_name(d, p, m->dhcp.chaddr))
			p = NULL;
	}
	if (!p && (v.kind != CPR_VENDOR_NOT_A_PHONE || named_so(&m->dhcp)))
		p = cpr_phones_add(d, m->dhcp.chaddr, m->k);
	if (p)
		note_identity(p, m, &v);
	return p;
}

/* True when this message was seen a moment ago; remembers it. */
static bool is_copy(
	struct cpr_dhcp_facts *f, const struct message *m, struct in_addr server)
{
	struct cpr_dhcp_seen now = {.time_us = m->k->time_us,
		.xid = m->dhcp.xid,
		.server = server,
		.secs = m->dhcp.secs,
		.type = m->dhcp.type};

	for (size_t i = 0; i < CPR_ARRAY_LEN(f->seen); i++) {
		const struct cpr_dhcp_seen *s = &f->seen[i];
		uint64_t apart = s->time_us > now.time_us ? s->time_us - now.time_us
							  : now.time_us - s->time_us;

		if (s->type == now.type && s->xid == now.xid &&
			s->server.s_addr == server.s_addr && s->secs == now.secs &&
			apart < COPY_US)
			return true;
	}
	f->seen[f->seen_next++ % CPR_ARRAY_LEN(f->seen)] = now;
	return false;
}

static void see_discover(
	const struct cpr_doctor *d, struct cpr_doctor_phone *p, const struct message *m)
{
	struct cpr_dhcp_facts *f = &p->dhcp;

	cpr_lease_end(p);
	if (f->discovers++ == 0)
		f->first_discover = cpr_moment_of(m->k);
	f->last_discover = cpr_moment_of(m->k);
	cpr_silence_note(&f->unoffered, m->k);
	f->passed_over += d->offer.number > f->unoffered.first.number;
	cpr_silence_note(&f->unleased, m->k);
	f->untaken += f->last_offer.number > f->unleased.first.number;
	if (d->voice_vlan >= 0) {
		p->voice_vlan = d->voice_vlan;
		p->voice_vlan_seen = d->voice_vlan_seen;
	}
	cpr_round_boot(p, m->k);
}

/* An OFFER ends it. */
static void end_silence(struct cpr_dhcp_facts *f, const struct cpr_packet *k)
{
	if (f->unoffered.n > f->late.n) {
		f->late = f->unoffered;
		f->late_offer = cpr_moment_of(k);
		f->late_passed_over = f->passed_over;
	}
	f->unoffered = (struct cpr_silence){0};
	f->passed_over = 0;
}

static void see_request(
	struct cpr_doctor *d, struct cpr_doctor_phone *p, const struct message *m)
{
	struct cpr_dhcp_facts *f = &p->dhcp;

	f->requests++;
	f->said_renewal = m->dhcp.ciaddr.s_addr != 0;
	if (f->said_renewal) {
		cpr_lease_works(f);
		f->declined = (struct cpr_silence){0};
		cpr_phones_address(d, p, m->dhcp.ciaddr);
		return;
	}
	if (!m->dhcp.option[54].len) { /* it boots and remembers an address */
		bool again = f->said == CPR_DHCP_REQUEST && f->xid == m->dhcp.xid;

		cpr_lease_end(p);
		if (!again)
			cpr_round_boot(p, m->k);
		return;
	}
	/* An OFFER has come, whoever saw it. */
	end_silence(f, m->k);
	cpr_silence_note(&f->unacked, m->k);
}

static void see_from_phone(
	struct cpr_doctor *d, struct cpr_doctor_phone *p, const struct message *m)
{
	struct cpr_dhcp_facts *f = &p->dhcp;

	switch (m->dhcp.type) {
	case CPR_DHCP_DISCOVER:
		see_discover(d, p, m);
		break;
	case CPR_DHCP_REQUEST:
		see_request(d, p, m);
		break;
	case CPR_DHCP_DECLINE:
		f->declines++;
		f->last_decline = cpr_moment_of(m->k);
		cpr_silence_note(&f->declined, m->k);
		cpr_phones_address(d, p, (struct in_addr){0}); /* somebody else's */
		f->lease = -1;
		f->leased = (struct cpr_moment){0};
		break;
	case CPR_DHCP_RELEASE:
		cpr_lease_end(p);
		break;
	case CPR_DHCP_INFORM:
		f->informs++;
		cpr_lease_works(f);
		cpr_phones_address(d, p, m->dhcp.ciaddr);
		break;
	default:
		break;
	}
	f->xid = m->dhcp.xid;
	f->said = m->dhcp.type;
	f->said_at = cpr_moment_of(m->k);
	if (p->stage == CPR_STAGE_DARK)
		p->stage = CPR_STAGE_DHCP;
}

static void tell_from_phone(struct cpr_doctor *d, struct cpr_doctor_phone *p,
	const struct message *m, struct in_addr server)
{
	char address[INET_ADDRSTRLEN] = "";
	struct in_addr which = m->dhcp.ciaddr;

	if (!d->config.story_max)
		return;
	if (!which.s_addr)
		which = cpr_dhcp_address(&m->dhcp, 50);
	if (which.s_addr)
		inet_ntop(AF_INET, &which, address, sizeof(address));
	cpr_story_add(d, p, m->k, CPR_EVENT_PHONE, server, CPR_EVENT_DHCP, "%s%s%s%s",
		cpr_dhcp_type_name(m->dhcp.type), *address ? " " : "", address,
		m->dhcp.type == CPR_DHCP_REQUEST && m->dhcp.ciaddr.s_addr ? " (renewal)"
									  : "");
}

static struct cpr_doctor_phone *from_phone(struct cpr_doctor *d, const struct message *m)
{
	struct cpr_doctor_phone *p = phone_of(d, m);
	struct in_addr server = cpr_dhcp_address(&m->dhcp, 54);
	const struct cpr_frame *frame = &m->k->frame;
	struct cpr_doctor_server *s;

	if (!p || !cpr_dhcp_type_name(m->dhcp.type))
		return p;
	if (m->dhcp.giaddr.s_addr) {
		p->dhcp.relay = m->dhcp.giaddr;
		cpr_servers_seen(d, m->dhcp.giaddr, CPR_SERVER_RELAY);
	} else {
		p->dhcp.direct = true;
		p->dhcp.vlan = m->k->inner_vlan >= 0 ? m->k->inner_vlan : frame->vlan;
	}
	if (is_copy(&p->dhcp, m, server))
		return p;
	if (!server.s_addr && !m->dhcp.giaddr.s_addr &&
		frame->target.s_addr != INADDR_BROADCAST)
		server = frame->target;
	s = server.s_addr ? cpr_servers_seen(d, server, CPR_SERVER_DHCP) : NULL;
	if (s)
		s->asked++;
	tell_from_phone(d, p, m, server);
	see_from_phone(d, p, m);
	return p;
}

/* Identification, numbers and times aside. */
static bool same_answer(const struct cpr_answer *a, const struct cpr_answer *b)
{
	return a->type == b->type && a->inform == b->inform && a->cut == b->cut &&
	       a->server.s_addr == b->server.s_addr &&
	       a->yiaddr.s_addr == b->yiaddr.s_addr &&
	       a->siaddr.s_addr == b->siaddr.s_addr && a->mask.s_addr == b->mask.s_addr &&
	       a->router.s_addr == b->router.s_addr && a->dns.s_addr == b->dns.s_addr &&
	       a->option150_len == b->option150_len &&
	       memcmp(a->option150, b->option150, sizeof(a->option150)) == 0 &&
	       strcmp(a->option66, b->option66) == 0 && strcmp(a->sname, b->sname) == 0;
}

static bool pinned(const struct cpr_dhcp_facts *f, int row)
{
	return row == f->lease || row == f->renewed_from || row == f->renewed_to ||
	       row == f->rival[0] || row == f->rival[1] || row == f->other.row ||
	       row == f->unnamed.row;
}

/* A new row; of those that nothing refers to the oldest makes room, and at most seven are
 * referred to. */
static int make_room(struct cpr_dhcp_facts *f)
{
	int oldest = -1;

	if (f->answer_n < CPR_ARRAY_LEN(f->answer))
		return (int)f->answer_n++;
	f->answer_more++;
	for (int i = 0; i < (int)f->answer_n; i++)
		if (!pinned(f, i) &&
			(oldest < 0 ||
				f->answer[i].last.number < f->answer[oldest].last.number))
			oldest = i;
	return oldest;
}

static int note_answer(struct cpr_dhcp_facts *f, const struct cpr_answer *new)
{
	int row;

	for (size_t i = 0; i < f->answer_n; i++) {
		struct cpr_answer *a = &f->answer[i];

		if (!same_answer(a, new))
			continue;
		a->n++;
		a->last = new->first;
		a->last_xid = new->xid;
		a->lease_s = new->lease_s;
		return (int)i;
	}
	row = make_room(f);
	f->answer[row] = *new;
	return row;
}

static void read_answer(const struct cpr_dhcp_facts *f, const struct message *m,
	struct in_addr server, struct cpr_answer *a)
{
	const struct cpr_dhcp *in = &m->dhcp;
	bool known = in->xid == f->xid;
	size_t n = in->option[150].len;

	*a = (struct cpr_answer){.type = in->type,
		.n = 1,
		.cut = !m->whole,
		.first = cpr_moment_of(m->k),
		.last = cpr_moment_of(m->k),
		.xid = in->xid,
		.last_xid = in->xid,
		.server = server,
		.yiaddr = in->yiaddr,
		.giaddr = in->giaddr,
		.siaddr = in->siaddr,
		.mask = cpr_dhcp_address(in, 1),
		.router = cpr_dhcp_address(in, 3),
		.dns = cpr_dhcp_address(in, 6),
		.option150_len = n,
		.lease_s = ntohl(cpr_dhcp_address(in, 51).s_addr)};
	if (known)
		a->asked = f->said_at;
	if (in->type == CPR_DHCP_ACK) {
		a->inform = known ? f->said == CPR_DHCP_INFORM : !in->yiaddr.s_addr;
		a->renewal = known && f->said == CPR_DHCP_REQUEST && f->said_renewal;
	}
	if (n)
		memcpy(a->option150, in->option[150].data,
			n < sizeof(a->option150) ? n : sizeof(a->option150));
	copy_text(a->option66, sizeof(a->option66), in->option[66].data,
		in->option[66].len);
	copy_text(a->sname, sizeof(a->sname), (const uint8_t *)in->sname,
		strlen(in->sname));
}

/* Another server's OFFER to the same DISCOVER. */
static void note_rival(struct cpr_doctor_phone *p, int row, const struct message *m)
{
	struct cpr_dhcp_facts *f = &p->dhcp;
	const struct cpr_answer *new = &f->answer[row];

	for (size_t i = 0; f->rival[0] < 0 && i < f->answer_n; i++) {
		const struct cpr_answer *a = &f->answer[i];

		if (a->type != CPR_DHCP_OFFER || a->last_xid != new->last_xid ||
			a->server.s_addr == new->server.s_addr || a->cut || new->cut ||
			cpr_answers_alike(p, a, new))
			continue;
		f->rival[0] = (int)i;
		f->rival[1] = row;
		f->rival_at[0] = a->last;
		f->rival_at[1] = cpr_moment_of(m->k);
	}
}

static void see_offer(struct cpr_doctor *d, struct cpr_doctor_phone *p,
	const struct cpr_answer *a, const struct message *m)
{
	struct cpr_dhcp_facts *f = &p->dhcp;
	int vlan = m->k->inner_vlan >= 0 ? m->k->inner_vlan : m->k->frame.vlan;
	size_t bit = (size_t)(vlan + 1);
	int row = note_answer(f, a);

	if (bit / 64 < CPR_ARRAY_LEN(d->offers_in))
		d->offers_in[bit / 64] |= UINT64_C(1) << bit % 64;
	f->last_offer = d->offer = cpr_moment_of(m->k);
	end_silence(f, m->k);
	note_rival(p, row, m);
}

/* Only what the phone compares: where it shall get its files. */
static bool renewed_alike(const struct cpr_doctor_phone *p, const struct cpr_answer *a,
	const struct cpr_answer *b)
{
	if (a->cut || b->cut)
		return true;
	return a->option150_len == b->option150_len &&
	       memcmp(a->option150, b->option150, sizeof(a->option150)) == 0 &&
	       strcmp(a->option66, b->option66) == 0 && cpr_answers_alike(p, a, b);
}

static void see_ack(struct cpr_doctor *d, struct cpr_doctor_phone *p,
	const struct cpr_answer *a, const struct message *m)
{
	struct cpr_dhcp_facts *f = &p->dhcp;
	int row = note_answer(f, a), before = f->lease;

	cpr_lease_works(f);
	if (a->inform)
		return;
	f->acks++;
	f->last_ack = cpr_moment_of(m->k);
	f->unacked = (struct cpr_silence){0};
	f->lease = row;
	if (a->yiaddr.s_addr)
		cpr_phones_address(d, p, a->yiaddr);
	if (!a->renewal) {
		f->leased = f->last_ack;
		f->calls_before = cpr_phone_calls(p);
		p->rrq_first = (struct cpr_moment){0};
		cpr_arp_over(p);
	} else if (before >= 0 && before != row && f->renewed_from < 0 &&
		   !renewed_alike(p, &f->answer[before], &f->answer[row])) {
		f->renewed_from = before;
		f->renewed_to = row;
		f->renewed = f->last_ack;
	}
	cpr_round_lease(p, m->k);
}

static void tell_to_phone(struct cpr_doctor *d, struct cpr_doctor_phone *p,
	const struct message *m, const struct cpr_answer *a)
{
	char address[INET_ADDRSTRLEN], tftp[INET_ADDRSTRLEN];
	enum cpr_source source;
	struct in_addr to[2];
	size_t n;

	if (!d->config.story_max)
		return;
	inet_ntop(AF_INET, &a->yiaddr, address, sizeof(address));
	n = cpr_answer_servers(p, a, to, &source);
	inet_ntop(AF_INET, &to[0], tftp, n ? sizeof(tftp) : 0);
	if (m->dhcp.type == CPR_DHCP_NAK)
		cpr_story_add(
			d, p, m->k, CPR_EVENT_SERVER, a->server, CPR_EVENT_DHCP, "NAK");
	else
		cpr_story_add(d, p, m->k, CPR_EVENT_SERVER, a->server, CPR_EVENT_DHCP,
			"%s %s, TFTP server %s%s%s%s", cpr_dhcp_type_name(m->dhcp.type),
			address, n ? tftp : "unknown", n ? " (" : "",
			n ? cpr_source_name(source) : "", n ? ")" : "");
}

static struct cpr_doctor_phone *to_phone(struct cpr_doctor *d, const struct message *m)
{
	struct cpr_doctor_phone *p = cpr_phones_by_mac(d, m->dhcp.chaddr);
	struct in_addr server = cpr_dhcp_address(&m->dhcp, 54);
	struct cpr_doctor_server *s;
	struct cpr_answer a;

	if (!p || (m->dhcp.type != CPR_DHCP_OFFER && m->dhcp.type != CPR_DHCP_ACK &&
			  m->dhcp.type != CPR_DHCP_NAK))
		return p;
	if (!server.s_addr)
		server = m->k->frame.source;
	if (m->dhcp.giaddr.s_addr)
		p->dhcp.relay = m->dhcp.giaddr;
	if (is_copy(&p->dhcp, m, server))
		return p;
	s = cpr_servers_seen(d, server, CPR_SERVER_DHCP);
	if (s)
		s->answers++;
	read_answer(&p->dhcp, m, server, &a);
	if (m->dhcp.type == CPR_DHCP_OFFER) {
		see_offer(d, p, &a, m);
	} else if (m->dhcp.type == CPR_DHCP_ACK) {
		see_ack(d, p, &a, m);
	} else {
		p->dhcp.naks++;
		p->dhcp.last_nak = cpr_moment_of(m->k);
		p->dhcp.unacked = (struct cpr_silence){0};
		p->dhcp.lease = -1;
		p->dhcp.leased = (struct cpr_moment){0};
	}
	tell_to_phone(d, p, m, &a);
	return p;
}

struct cpr_doctor_phone *cpr_see_dhcp(struct cpr_doctor *d, const struct cpr_packet *k)
{
	struct message m = {.k = k};
	enum cpr_dhcp_outcome r =
		cpr_dhcp_parse(k->frame.payload, k->frame.payload_len, &m.dhcp);

	if (r == CPR_DHCP_SHORT || r == CPR_DHCP_NOT_DHCP || !cpr_mac_host(m.dhcp.chaddr))
		return NULL;
	m.whole = r == CPR_DHCP_OK && k->payload_real <= k->frame.payload_len;
	if (m.dhcp.op == REQUEST)
		return from_phone(d, &m);
	return m.dhcp.op == REPLY ? to_phone(d, &m) : NULL;
}
