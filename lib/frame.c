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

static bool parse_arp(struct cpr_span *s, struct cpr_frame *out)
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
	out->kind = CPR_FRAME_ARP;
	return !s->bad;
}

static void payload(struct cpr_span *s, struct cpr_frame *out)
{
	out->payload_len = cpr_span_left(s);
	out->payload = cpr_span_take(s, out->payload_len);
}

static bool parse_udp(
	struct cpr_span s, bool fragment, bool check_sums, struct cpr_frame *out)
{
	uint16_t len, sum;

	out->source_port = cpr_span_be16(&s);
	out->target_port = cpr_span_be16(&s);
	len = cpr_span_be16(&s);
	sum = cpr_span_be16(&s);
	if (s.bad || len < 8 || (len > s.len && !fragment))
		return false;
	if (len < s.len)
		s.len = len;
	payload(&s, out);
	out->kind = CPR_FRAME_UDP;
	out->checksum_wrong =
		check_sums && !fragment && sum &&
		sum_of(out->source, out->target, PROTO_UDP, s.data, s.len) != 0;
	return true;
}

static bool parse_tcp(
	struct cpr_span s, bool fragment, bool check_sums, struct cpr_frame *out)
{
	uint8_t header;

	out->source_port = cpr_span_be16(&s);
	out->target_port = cpr_span_be16(&s);
	out->tcp_seq = cpr_span_be32(&s);
	out->tcp_ack = cpr_span_be32(&s);
	header = (cpr_span_u8(&s) >> 4) * 4;
	out->tcp_flags = cpr_span_u8(&s);
	cpr_span_skip(&s, 6); /* window, checksum, urgent pointer */
	if (s.bad || header < 20)
		return false;
	cpr_span_seek(&s, header);
	if (s.bad)
		return false;
	payload(&s, out);
	out->kind = CPR_FRAME_TCP;
	out->checksum_wrong =
		check_sums && !fragment &&
		sum_of(out->source, out->target, PROTO_TCP, s.data, s.len) != 0;
	return true;
}

static bool parse_icmp(struct cpr_span s, struct cpr_frame *out)
{
	out->icmp_type = cpr_span_u8(&s);
	out->icmp_code = cpr_span_u8(&s);
	cpr_span_skip(&s, 2);
	out->icmp_rest = cpr_span_be32(&s);
	if (s.bad)
		return false;
	payload(&s, out);
	out->kind = CPR_FRAME_ICMP;
	return true;
}

static bool parse_ipv4(struct cpr_span *s, bool check_sums, struct cpr_frame *out)
{
	struct cpr_span start = *s, ip;
	uint8_t version, proto;
	uint16_t total, fragment;
	size_t header;

	version = cpr_span_u8(s);
	cpr_span_skip(s, 1);
	total = cpr_span_be16(s);
	cpr_span_skip(s, 2);
	fragment = cpr_span_be16(s);
	cpr_span_skip(s, 1);
	proto = cpr_span_u8(s);
	cpr_span_skip(s, 2);
	out->source = address(s);
	out->target = address(s);
	header = (version & 0xf) * 4u;
	if (s->bad || version >> 4 != 4 || header < 20 || total < header)
		return false;
	/* Frames shorter than 60 bytes are padded: the total length rules. */
	ip = cpr_span_sub(&start, total);
	if (ip.bad)
		return false;
	if (fold(add_up(0, ip.data, header)) || (fragment & FRAGMENT_OFFSET))
		return true;
	cpr_span_skip(&ip, header);
	ip = cpr_span_sub(&ip, total - header);
	if (proto == PROTO_UDP)
		return parse_udp(ip, fragment & MORE_FRAGMENTS, check_sums, out);
	if (proto == PROTO_TCP)
		return parse_tcp(ip, fragment & MORE_FRAGMENTS, check_sums, out);
	return proto == PROTO_ICMP ? parse_icmp(ip, out) : true;
}

bool cpr_frame_parse(
	const uint8_t *bytes, size_t len, bool check_sums, struct cpr_frame *out)
{
	struct cpr_span s = cpr_span_of(bytes, len);
	uint16_t type;

	*out = (struct cpr_frame){.vlan = -1};
	mac(&s, out->to);
	mac(&s, out->from);
	type = cpr_span_be16(&s);
	while (type == ETHER_VLAN || type == ETHER_QINQ || type == ETHER_QINQ_OLD) {
		uint16_t tag = cpr_span_be16(&s);

		if (out->vlan < 0)
			out->vlan = tag & 0xfff;
		type = cpr_span_be16(&s);
	}
	if (s.bad)
		return false;
	if (type == ETHER_ARP)
		return parse_arp(&s, out);
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
