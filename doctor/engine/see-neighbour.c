/* Next door: ARP for an address that nobody holds, and ICMP's complaints of packets that did not
 * get there. */
#include "facts.h"

#include "address.h"

#include <arpa/inet.h>
#include <string.h>

enum {
	ARP_REQUEST = 1,
	UNREACHABLE = 3,
	/* Questions that lie farther apart are of two occasions: between them the phone knew. */
	APART_US = 20000000,
};

/* The address that a packet of the phone's to its TFTP servers has to find; *server: it is one
 * of them, or the router to it. */
static bool on_the_way(
	const struct cpr_doctor_phone *p, struct in_addr address, bool *server)
{
	const struct cpr_answer *a = cpr_lease_answer(p);
	struct in_addr to[2];
	enum cpr_source source;
	size_t n = a ? cpr_answer_servers(p, a, to, &source) : 0;
	bool router = a && address.s_addr && a->router.s_addr == address.s_addr;

	*server = false;
	for (size_t i = 0; i < n; i++) {
		bool far = (to[i].s_addr ^ a->yiaddr.s_addr) & a->mask.s_addr;

		*server = *server || to[i].s_addr == address.s_addr || (router && far);
	}
	return *server || router;
}

void cpr_arp_over(struct cpr_doctor_phone *p)
{
	if (p->arp.unanswered.n > p->arp_vain.unanswered.n)
		p->arp_vain = p->arp;
	p->arp.unanswered = (struct cpr_silence){0};
}

const struct cpr_arp *cpr_arp_worst(const struct cpr_doctor_phone *p)
{
	return p->arp.unanswered.n > p->arp_vain.unanswered.n ? &p->arp : &p->arp_vain;
}

static void asks(struct cpr_doctor *d, struct cpr_doctor_phone *p,
	const struct cpr_packet *k, struct in_addr address)
{
	struct cpr_silence *s = &p->arp.unanswered;
	char text[INET_ADDRSTRLEN];
	bool server;

	if (!on_the_way(p, address, &server))
		return;
	if (server)
		p->sought = cpr_moment_of(k);
	if (p->arp.address.s_addr != address.s_addr) {
		/* Of two that nobody holds one is enough. */
		if (s->n > 1)
			return;
		p->arp.address = address;
		*s = (struct cpr_silence){0};
	}
	if (s->n && k->time_us > s->last.time_us + APART_US)
		cpr_arp_over(p);
	cpr_silence_note(s, k);
	inet_ntop(AF_INET, &address, text, sizeof(text));
	if (s->n <= 8)
		cpr_story_add(d, p, k, CPR_EVENT_PHONE, address, CPR_EVENT_ARP,
			"who has %s?", text);
}

static struct cpr_doctor_phone *see_arp(struct cpr_doctor *d, const struct cpr_packet *k)
{
	const struct cpr_frame *f = &k->frame;
	struct cpr_doctor_phone *p = cpr_phones_by_mac(d, f->arp_sender), *other;

	/* A probe or an announcement of the own address (RFC 5227) asks for nobody. */
	if (p && f->source.s_addr && f->source.s_addr != f->target.s_addr) {
		if (!p->ip.s_addr)
			cpr_phones_address(d, p, f->source);
		if (f->arp_op == ARP_REQUEST)
			asks(d, p, k, f->target);
	}
	other = cpr_phones_by_ip(d, f->target);
	if (other && other->arp.unanswered.n &&
		other->arp.address.s_addr == f->source.s_addr) {
		other->arp.unanswered = (struct cpr_silence){0};
		return other;
	}
	return p;
}

/* The head of the packet that the message complains of (RFC 792: its IPv4 header and at least
 * the first eight bytes behind it). */
bool cpr_quote_read(const struct cpr_frame *f, struct cpr_quote *q)
{
	struct cpr_span s = cpr_span_of(f->payload, f->payload_len);
	uint8_t first = cpr_span_u8(&s);
	uint16_t fragment;

	cpr_span_skip(&s, 5);
	fragment = cpr_span_be16(&s);
	cpr_span_skip(&s, 1);
	q->protocol = cpr_span_u8(&s);
	cpr_span_skip(&s, 2);
	q->source.s_addr = htonl(cpr_span_be32(&s));
	q->target.s_addr = htonl(cpr_span_be32(&s));
	cpr_span_seek(&s, (first & 0xf) * 4u);
	q->source_port = cpr_span_be16(&s);
	q->target_port = cpr_span_be16(&s);
	return !s.bad && first >> 4 == 4 && (first & 0xf) >= 5 && !(fragment & 0x1fff);
}

static struct cpr_doctor_phone *see_icmp(struct cpr_doctor *d, const struct cpr_packet *k)
{
	struct cpr_doctor_phone *speaker = cpr_phones_by_ip(d, k->frame.source);
	struct in_addr end[2];
	struct cpr_quote q;

	if (speaker)
		speaker->spoke = cpr_moment_of(k);

	if (k->frame.icmp_type != UNREACHABLE || !cpr_quote_read(&k->frame, &q))
		return NULL;
	end[0] = q.source;
	end[1] = q.target;
	for (size_t i = 0; i < 2; i++) {
		struct cpr_doctor_phone *p = cpr_phones_by_ip(d, end[i]);

		if (p && ((q.protocol == IPPROTO_UDP &&
				  cpr_tftp_unreachable(d, p, k, &q)) ||
				 cpr_call_unreachable(d, p, k, &q)))
			return p;
	}
	return NULL;
}

struct cpr_doctor_phone *cpr_see_neighbour(
	struct cpr_doctor *d, const struct cpr_packet *k)
{
	return k->frame.kind == CPR_FRAME_ARP ? see_arp(d, k) : see_icmp(d, k);
}
