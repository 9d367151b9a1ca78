#include "frame.h"

#include <string.h>

enum {
	ETHER_IPV4 = 0x0800,
	ETHER_ARP = 0x0806,
	ETHER_VLAN = 0x8100,
	ETHER_QINQ = 0x88a8,
	ETHER_QINQ_OLD = 0x9100,
	PROTO_ICMP = 1,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	MORE_FRAGMENTS = 0x2000,
	FRAGMENT_OFFSET = 0x1fff,
	DONT_FRAGMENT = 0x4000,
};

/* The Internet checksum (RFC 1071) before folding; an odd last byte counts as if followed by
 * zero, so only the last part of a message may be odd. */
static uint32_t add_up(uint32_t sum, const void *bytes, size_t len)
{
	struct cpr_span s = cpr_span_of(bytes, len);

	while (cpr_span_left(&s) > 1) {
		sum += cpr_span_be16(&s);
		sum = (sum & 0xffff) + (sum >> 16);
	}
	if (cpr_span_left(&s))
		sum += (uint32_t)cpr_span_u8(&s) << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Of a UDP or TCP datagram with its pseudo header (RFC 768, RFC 9293): 0 when it is right. */
static uint16_t sum_of(struct in_addr source, struct in_addr target, uint8_t proto,
	const uint8_t *datagram, size_t len)
{
	uint8_t pseudo[12];
	struct cpr_pen p = cpr_pen_of(pseudo, sizeof(pseudo));

	cpr_pen_add(&p, &source, 4);
	cpr_pen_add(&p, &target, 4);
	cpr_pen_be16(&p, proto);
	cpr_pen_be16(&p, (uint16_t)len);
	return fold(add_up(add_up(0, pseudo, sizeof(pseudo)), datagram, len));
}

static void mac(struct cpr_span *s, uint8_t out[6])
{
	const uint8_t *at = cpr_span_take(s, 6);

	if (at)
		memcpy(out, at, 6);
}

static struct in_addr address(struct cpr_span *s)
{
	struct in_addr a = {0};
	const uint8_t *at = cpr_span_take(s, 4);

	if (at)
		memcpy(&a, at, 4);
	return a;
}

bool cpr_frame_arp_parse(struct cpr_span *s, struct cpr_frame *out)
{
	bool ours = cpr_span_be16(s) == 1; /* Ethernet */

	ours = cpr_span_be16(s) == ETHER_IPV4 && ours;
	ours = cpr_span_be16(s) == 0x0604 && ours; /* lengths of the addresses */
	if (!ours)
		return !s->bad;
	out->arp_op = cpr_span_be16(s);
	mac(s, out->arp_sender);
	out->source = address(s);
	cpr_span_skip(s, 6);
	out->target = address(s);
	out->kind = s->bad ? CPR_FRAME_OTHER : CPR_FRAME_ARP;
	return !s->bad;
}

bool cpr_ipv4_parse(struct cpr_span *s, struct cpr_ipv4 *out)
{
	struct cpr_span rest = *s;
	uint16_t fragment;
	uint8_t version;
	size_t total;

	version = cpr_span_u8(s);
	cpr_span_skip(s, 1);
	total = cpr_span_be16(s);
	out->id = cpr_span_be16(s);
	fragment = cpr_span_be16(s);
	cpr_span_skip(s, 1);
	out->protocol = cpr_span_u8(s);
	cpr_span_skip(s, 2);
	out->source = address(s);
	out->target = address(s);
	out->header = (version & 0xf) * 4u;
	/* Seen by a sender whose card cuts large packets into small ones, it is 0. */
	if (total == 0)
		total = cpr_span_left(&rest);
	if (s->bad || version >> 4 != 4 || out->header < 20 || total < out->header)
		return false;
	out->more = fragment & MORE_FRAGMENTS;
	out->offset = (fragment & FRAGMENT_OFFSET) * 8u;
	cpr_span_skip(&rest, out->header);
	out->real = total - out->header;
	out->len = cpr_span_left(&rest) < out->real ? cpr_span_left(&rest) : out->real;
	out->data = cpr_span_take(&rest, out->len);
	return !rest.bad;
}

static void payload(struct cpr_span *s, struct cpr_frame *out)
{
	out->payload_len = cpr_span_left(s);
	out->payload = cpr_span_take(s, out->payload_len);
}

static bool open_udp(const struct cpr_ipv4 *ip, struct cpr_frame *out, size_t *real)
{
	struct cpr_span s = cpr_span_of(ip->data, ip->len);
	size_t len;

	out->source_port = cpr_span_be16(&s);
	out->target_port = cpr_span_be16(&s);
	len = cpr_span_be16(&s);
	cpr_span_skip(&s, 2);
	if (s.bad || len < 8 || (len > ip->real && !ip->more))
		return false;
	if (len < s.len)
		s.len = len;
	payload(&s, out);
	*real = len - 8;
	out->kind = CPR_FRAME_UDP;
	return true;
}

static bool open_tcp(const struct cpr_ipv4 *ip, struct cpr_frame *out, size_t *real)
{
	struct cpr_span s = cpr_span_of(ip->data, ip->len);
	size_t header;

	out->source_port = cpr_span_be16(&s);
	out->target_port = cpr_span_be16(&s);
	out->tcp_seq = cpr_span_be32(&s);
	out->tcp_ack = cpr_span_be32(&s);
	header = (cpr_span_u8(&s) >> 4) * 4u;
	out->tcp_flags = cpr_span_u8(&s);
	if (s.bad || header < 20 || header > ip->real)
		return false;
	*real = ip->real - header;
	cpr_span_seek(&s, header < s.len ? header : s.len);
	payload(&s, out);
	out->kind = CPR_FRAME_TCP;
	return true;
}

static bool open_icmp(const struct cpr_ipv4 *ip, struct cpr_frame *out, size_t *real)
{
	struct cpr_span s = cpr_span_of(ip->data, ip->len);

	out->icmp_type = cpr_span_u8(&s);
	out->icmp_code = cpr_span_u8(&s);
	cpr_span_skip(&s, 2);
	out->icmp_rest = cpr_span_be32(&s);
	if (s.bad)
		return false;
	payload(&s, out);
	*real = ip->real - 8;
	out->kind = CPR_FRAME_ICMP;
	return true;
}

bool cpr_ipv4_open(const struct cpr_ipv4 *ip, struct cpr_frame *out, size_t *real)
{
	out->source = ip->source;
	out->target = ip->target;
	*real = 0;
	switch (ip->offset ? 0 : ip->protocol) {
	case PROTO_UDP:
		return open_udp(ip, out, real);
	case PROTO_TCP:
		return open_tcp(ip, out, real);
	case PROTO_ICMP:
		return open_icmp(ip, out, real);
	default:
		return true;
	}
}

/* Of a whole datagram. */
static bool sum_wrong(const struct cpr_ipv4 *ip, const struct cpr_frame *f)
{
	struct cpr_span s = cpr_span_of(ip->data, ip->len);

	if (f->kind == CPR_FRAME_TCP)
		return sum_of(ip->source, ip->target, PROTO_TCP, ip->data, ip->len) != 0;
	if (f->kind != CPR_FRAME_UDP)
		return false;
	cpr_span_skip(&s, 6);
	return cpr_span_be16(&s) && sum_of(ip->source, ip->target, PROTO_UDP, ip->data,
					    f->payload_len + 8) != 0;
}

static bool parse_ipv4(struct cpr_span *s, bool check_sums, struct cpr_frame *out)
{
	const struct cpr_span start = *s;
	struct cpr_ipv4 ip;
	size_t real, pos = s->pos;

	if (!cpr_ipv4_parse(s, &ip) || ip.len < ip.real)
		return false;
	out->source = ip.source;
	out->target = ip.target;
	if (fold(add_up(0, start.data + pos, ip.header)))
		return true;
	if (!cpr_ipv4_open(&ip, out, &real))
		return false;
	out->checksum_wrong = check_sums && !ip.more && sum_wrong(&ip, out);
	return true;
}

uint16_t cpr_frame_tags(struct cpr_span *s, uint16_t type, int *outer, int *inner)
{
	*outer = *inner = -1;
	while (type == ETHER_VLAN || type == ETHER_QINQ || type == ETHER_QINQ_OLD) {
		uint16_t tag = cpr_span_be16(s) & 0xfff;

		if (*outer < 0)
			*outer = tag;
		else if (*inner < 0)
			*inner = tag;
		type = cpr_span_be16(s);
	}
	return type;
}

bool cpr_frame_parse(
	const uint8_t *bytes, size_t len, bool check_sums, struct cpr_frame *out)
{
	struct cpr_span s = cpr_span_of(bytes, len);
	uint16_t type;
	int inner;

	*out = (struct cpr_frame){.vlan = -1};
	mac(&s, out->to);
	mac(&s, out->from);
	type = cpr_frame_tags(&s, cpr_span_be16(&s), &out->vlan, &inner);
	if (s.bad)
		return false;
	if (type == ETHER_ARP)
		return cpr_frame_arp_parse(&s, out);
	return type == ETHER_IPV4 ? parse_ipv4(&s, check_sums, out) : true;
}

/* A checksum over what the pen has just written, into its place there. */
static void fill_in(struct cpr_pen *p, size_t at, uint16_t sum)
{
	if (p->full)
		return;
	p->data[at] = (uint8_t)(sum >> 8);
	p->data[at + 1] = (uint8_t)sum;
}

static void ether(
	struct cpr_pen *p, const uint8_t to[6], const uint8_t from[6], uint16_t type)
{
	cpr_pen_add(p, to, 6);
	cpr_pen_add(p, from, 6);
	cpr_pen_be16(p, type);
}

/* Ethernet and IPv4 headers for `len` bytes to come.  Atomic datagrams: identification 0 and
 * no fragmentation (RFC 6864). */
static void ipv4(struct cpr_pen *p, const uint8_t to[6], const uint8_t from[6],
	struct in_addr source, struct in_addr target, uint8_t proto, size_t len)
{
	size_t at;

	if (len > 65535 - 20) {
		p->full = true;
		return;
	}
	ether(p, to, from, ETHER_IPV4);
	at = p->len;
	cpr_pen_be16(p, 0x4500);
	cpr_pen_be16(p, (uint16_t)(20 + len));
	cpr_pen_be16(p, 0);
	cpr_pen_be16(p, DONT_FRAGMENT);
	cpr_pen_u8(p, 64);
	cpr_pen_u8(p, proto);
	cpr_pen_be16(p, 0);
	cpr_pen_add(p, &source, 4);
	cpr_pen_add(p, &target, 4);
	if (!p->full)
		fill_in(p, at + 10, fold(add_up(0, p->data + at, 20)));
}

void cpr_frame_arp(struct cpr_pen *p, uint16_t op, const uint8_t to[6],
	const uint8_t from[6], struct in_addr sender, const uint8_t target_mac[6],
	struct in_addr target)
{
	ether(p, to, from, ETHER_ARP);
	cpr_pen_be16(p, 1);
	cpr_pen_be16(p, ETHER_IPV4);
	cpr_pen_be16(p, 0x0604);
	cpr_pen_be16(p, op);
	cpr_pen_add(p, from, 6);
	cpr_pen_add(p, &sender, 4);
	cpr_pen_add(p, target_mac, 6);
	cpr_pen_add(p, &target, 4);
}

void cpr_frame_udp(struct cpr_pen *p, const uint8_t to[6], const uint8_t from[6],
	struct in_addr source, uint16_t source_port, struct in_addr target,
	uint16_t target_port, const void *bytes, size_t len)
{
	size_t at;
	uint16_t sum;

	ipv4(p, to, from, source, target, PROTO_UDP, 8 + len);
	at = p->len;
	cpr_pen_be16(p, source_port);
	cpr_pen_be16(p, target_port);
	cpr_pen_be16(p, (uint16_t)(8 + len));
	cpr_pen_be16(p, 0);
	cpr_pen_add(p, bytes, len);
	if (p->full)
		return;
	sum = sum_of(source, target, PROTO_UDP, p->data + at, 8 + len);
	fill_in(p, at + 6, sum ? sum : 0xffff); /* 0 would say "none" */
}

void cpr_frame_tcp(struct cpr_pen *p, const uint8_t to[6], const uint8_t from[6],
	struct in_addr source, uint16_t source_port, struct in_addr target,
	uint16_t target_port, uint32_t seq, uint32_t ack, uint8_t flags)
{
	size_t at;

	ipv4(p, to, from, source, target, PROTO_TCP, 20);
	at = p->len;
	cpr_pen_be16(p, source_port);
	cpr_pen_be16(p, target_port);
	cpr_pen_be32(p, seq);
	cpr_pen_be32(p, ack);
	cpr_pen_u8(p, 5 << 4);
	cpr_pen_u8(p, flags);
	cpr_pen_be16(p, 8192);
	cpr_pen_be32(p, 0);
	if (!p->full)
		fill_in(p, at + 16, sum_of(source, target, PROTO_TCP, p->data + at, 20));
}

void cpr_frame_icmp(struct cpr_pen *p, const uint8_t to[6], const uint8_t from[6],
	struct in_addr source, struct in_addr target, uint8_t type, uint8_t code,
	uint32_t rest, const void *bytes, size_t len)
{
	size_t at;

	ipv4(p, to, from, source, target, PROTO_ICMP, 8 + len);
	at = p->len;
	cpr_pen_u8(p, type);
	cpr_pen_u8(p, code);
	cpr_pen_be16(p, 0);
	cpr_pen_be32(p, rest);
	cpr_pen_add(p, bytes, len);
	if (!p->full)
		fill_in(p, at + 2, fold(add_up(0, p->data + at, 8 + len)));
}
