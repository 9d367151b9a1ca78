#include "state.h"

#include <string.h>

static const uint8_t broadcast_mac[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

void cpr_phone_transmit(struct cpr_phone *p, const struct cpr_pen *frame)
{
	struct cpr_frame f;
	unsigned long number;

	if (frame->full)
		return;
	number = p->host.send(p->host.arg, frame->data, frame->len);
	if (cpr_frame_parse(frame->data, frame->len, false, &f))
		cpr_watch_frame(p, &f, number);
}

static bool on_link(const struct cpr_phone *p, struct in_addr target)
{
	return !((target.s_addr ^ p->lease.address.s_addr) & p->lease.mask.s_addr);
}

/* The address whose MAC a packet to target needs; 0.0.0.0: there is no way. */
static struct in_addr next_hop(const struct cpr_phone *p, struct in_addr target)
{
	return on_link(p, target) ? target : p->lease.gateway;
}

static struct cpr_neighbour *find(const struct cpr_phone *p, struct in_addr hop)
{
	for (size_t i = 0; i < sizeof(p->neighbour) / sizeof(p->neighbour[0]); i++)
		if (hop.s_addr && p->neighbour[i].address.s_addr == hop.s_addr)
			return (struct cpr_neighbour *)&p->neighbour[i];
	return NULL;
}

static void ask(struct cpr_phone *p, struct in_addr sender, struct in_addr target)
{
	uint8_t bytes[64];
	struct cpr_pen pen = cpr_pen_of(bytes, sizeof(bytes));

	cpr_frame_arp(
		&pen, 1, broadcast_mac, p->config.mac, sender, (uint8_t[6]){0}, target);
	cpr_phone_transmit(p, &pen);
}

/* RFC 5227: asks for the own address without claiming it yet. */
void cpr_neighbour_probe(struct cpr_phone *p)
{
	ask(p, (struct in_addr){0}, p->lease.address);
}

/* The neighbour for a packet to target, or NULL when there is no way; *to: its MAC, zero as
 * long as it is not known. */
static struct cpr_neighbour *route(
	struct cpr_phone *p, struct in_addr target, uint8_t to[6])
{
	struct in_addr hop = next_hop(p, target);
	struct cpr_neighbour *n = find(p, hop);

	if (!hop.s_addr)
		return NULL;
	if (!n) {
		n = &p->neighbour[p->next_neighbour++ %
				  (sizeof(p->neighbour) / sizeof(p->neighbour[0]))];
		*n = (struct cpr_neighbour){.address = hop};
	}
	memcpy(to, n->mac, 6);
	return n;
}

/* Sends the frame, or keeps it and asks for the neighbour's MAC.  A lost question is asked
 * again when the sender repeats its packet: every sender here does. */
static void deliver(
	struct cpr_phone *p, struct cpr_neighbour *n, const struct cpr_pen *pen)
{
	if (n->known) {
		cpr_phone_transmit(p, pen);
		return;
	}
	if (!pen->full && pen->len <= sizeof(n->waiting)) {
		memcpy(n->waiting, pen->data, pen->len);
		n->waiting_len = pen->len;
	}
	ask(p, p->lease.address, n->address);
}

static void learn(struct cpr_phone *p, const struct cpr_frame *f)
{
	struct cpr_neighbour *n = find(p, f->source);
	struct cpr_pen pen;

	if (!n)
		return;
	memcpy(n->mac, f->arp_sender, 6);
	n->known = true;
	if (!n->waiting_len)
		return;
	memcpy(n->waiting, n->mac, 6);
	pen = (struct cpr_pen){n->waiting, sizeof(n->waiting), n->waiting_len, false};
	n->waiting_len = 0;
	cpr_phone_transmit(p, &pen);
}

void cpr_neighbour_frame(struct cpr_phone *p, const struct cpr_frame *f)
{
	uint8_t bytes[64];
	struct cpr_pen pen = cpr_pen_of(bytes, sizeof(bytes));

	if (p->lease.state != CPR_LEASE_PROBE && p->lease.state != CPR_LEASE_BOUND)
		return;
	if (f->source.s_addr == p->lease.address.s_addr) {
		if (p->lease.state == CPR_LEASE_PROBE)
			cpr_lease_taken(p, f->arp_sender);
		return;
	}
	learn(p, f);
	if (f->arp_op != 1 || f->target.s_addr != p->lease.address.s_addr ||
		p->lease.state != CPR_LEASE_BOUND)
		return;
	cpr_frame_arp(&pen, 2, f->arp_sender, p->config.mac, p->lease.address,
		f->arp_sender, f->source);
	cpr_phone_transmit(p, &pen);
}

void cpr_phone_udp(struct cpr_phone *p, struct in_addr target, uint16_t source_port,
	uint16_t target_port, const void *payload, size_t len)
{
	uint8_t bytes[700], to[6];
	struct cpr_pen pen = cpr_pen_of(bytes, sizeof(bytes));
	struct cpr_neighbour *n;

	if (target.s_addr == INADDR_BROADCAST) {
		cpr_frame_udp(&pen, broadcast_mac, p->config.mac, (struct in_addr){0},
			source_port, target, target_port, payload, len);
		cpr_phone_transmit(p, &pen);
		return;
	}
	n = route(p, target, to);
	if (!n)
		return;
	cpr_frame_udp(&pen, to, p->config.mac, p->lease.address, source_port, target,
		target_port, payload, len);
	deliver(p, n, &pen);
}

void cpr_phone_tcp(struct cpr_phone *p, struct in_addr target, uint16_t source_port,
	uint16_t target_port, uint32_t seq, uint32_t ack, uint8_t flags)
{
	uint8_t bytes[80], to[6];
	struct cpr_pen pen = cpr_pen_of(bytes, sizeof(bytes));
	struct cpr_neighbour *n = route(p, target, to);

	if (!n)
		return;
	cpr_frame_tcp(&pen, to, p->config.mac, p->lease.address, source_port, target,
		target_port, seq, ack, flags);
	deliver(p, n, &pen);
}

void cpr_phone_icmp(struct cpr_phone *p, struct in_addr target, uint8_t type,
	uint8_t code, uint32_t rest, const void *payload, size_t len)
{
	uint8_t bytes[1514], to[6];
	struct cpr_pen pen = cpr_pen_of(bytes, sizeof(bytes));
	struct cpr_neighbour *n = route(p, target, to);

	if (!n)
		return;
	cpr_frame_icmp(&pen, to, p->config.mac, p->lease.address, target, type, code,
		rest, payload, len);
	deliver(p, n, &pen);
}
