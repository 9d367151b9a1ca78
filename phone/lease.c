/* The phone's DHCP client; its messages' common parts are in dhcp-phone.h. */
#include "state.h"

#include "dhcp-phone.h"
#include "models.h"
#include "option150.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum {
	DISCOVERS = 8, /* 32 s: longer than a switch port without portfast blocks */
	REQUESTS = 4,
	/* Rounds that ended with no address, when they are that many and took as long as the
	 * DISCOVERs may: the server will not change.  Where many phones start at once, dnsmasq
	 * offers several the same address, and has one for each in the end. */
	FAILURES = 3,
	PROBE_MS = 500,
	DECLINE_MS = 10000, /* RFC 2131 3.1: a client waits at least ten seconds */
	NAK_MS = 1000,
};

static const struct in_addr everybody = {INADDR_BROADCAST};

static void discover(struct cpr_phone *p);
static void request(struct cpr_phone *p);

static void write_message(struct cpr_phone *p, uint8_t type, struct cpr_pen *pen)
{
	const struct cpr_lease *l = &p->lease;
	bool renew = type == CPR_DHCP_REQUEST && l->state == CPR_LEASE_BOUND;
	bool choosing = type == CPR_DHCP_REQUEST && !renew;
	bool decline = type == CPR_DHCP_DECLINE, release = type == CPR_DHCP_RELEASE;

	cpr_dhcp_begin(pen, 1, l->xid, 0, 0x8000,
		renew || release ? p->held.address : (struct in_addr){0}, p->config.mac);
	cpr_dhcp_option(pen, 53, &type, 1);
	if (choosing)
		cpr_dhcp_option(pen, 54, &l->server, 4);
	else if (release)
		cpr_dhcp_option(pen, 54, &p->held.server, 4);
	cpr_dhcp_phone_id(pen, p->config.mac);
	if (!decline && !release)
		cpr_dhcp_phone_name(pen, p->config.mac);
	if (!release)
		cpr_dhcp_phone_class(pen, p->config.model->vendor_class);
	if (choosing || decline)
		cpr_dhcp_option(pen, 50, &l->address, 4);
	if (decline) {
		cpr_dhcp_option(pen, 54, &l->server, 4);
		cpr_dhcp_option(pen, 56, "Duplicate IP detected", 21);
	} else if (!release) {
		cpr_dhcp_phone_asks(pen);
	}
	cpr_dhcp_phone_end(pen);
}

static void broadcast(struct cpr_phone *p, uint8_t type)
{
	uint8_t bytes[CPR_DHCP_PHONE_SIZE];
	struct cpr_pen pen = cpr_pen_of(bytes, sizeof(bytes));

	write_message(p, type, &pen);
	if (!pen.full)
		cpr_phone_udp(p, everybody, 68, 67, bytes, pen.len);
}

/* To the server, by way of the MAC its acknowledgement came from (its own or a relay's): a
 * release has no time to wait for ARP. */
static void unicast(struct cpr_phone *p, uint8_t type)
{
	uint8_t bytes[CPR_DHCP_PHONE_SIZE], frame[CPR_DHCP_PHONE_SIZE + 64];
	struct cpr_pen pen = cpr_pen_of(bytes, sizeof(bytes));
	struct cpr_pen out = cpr_pen_of(frame, sizeof(frame));

	write_message(p, type, &pen);
	if (pen.full || !p->held.server.s_addr)
		return;
	cpr_frame_udp(&out, p->held.server_mac, p->config.mac, p->held.address, 68,
		p->held.server, 67, bytes, pen.len);
	cpr_phone_transmit(p, &out);
}

void cpr_lease_start(struct cpr_phone *p)
{
	p->lease = (struct cpr_lease){.state = CPR_LEASE_DISCOVER,
		.xid = cpr_phone_random(p),
		.failed = p->lease.failed,
		.since = p->lease.failed ? p->lease.since : p->now,
		.renew_at = UINT64_MAX,
		.expires_at = UINT64_MAX};
	memset(p->neighbour, 0, sizeof(p->neighbour));
	p->off = false;
	discover(p);
}

/* A round ended without an address. */
static void fail(struct cpr_phone *p, uint64_t ms, const char *what)
{
	cpr_phone_say(p, "%s", what);
	p->lease.state = CPR_LEASE_NONE;
	if (++p->lease.failed < FAILURES ||
		p->now - p->lease.since < DISCOVERS * CPR_RETRY_MS) {
		cpr_phone_later(p, ms, cpr_lease_start);
		return;
	}
	cpr_phone_end(p, false);
}

static void discover(struct cpr_phone *p)
{
	if (p->lease.tries++ == DISCOVERS) {
		cpr_phone_end(p, false);
		return;
	}
	broadcast(p, CPR_DHCP_DISCOVER);
	cpr_phone_later(p, CPR_RETRY_MS, discover);
}

static void request(struct cpr_phone *p)
{
	if (p->lease.tries++ == REQUESTS) {
		fail(p, NAK_MS, "the DHCP server offers, but does not acknowledge");
		return;
	}
	broadcast(p, CPR_DHCP_REQUEST);
	cpr_phone_later(p, CPR_RETRY_MS, request);
}

static void bound(struct cpr_phone *p)
{
	char text[INET_ADDRSTRLEN];

	p->lease.state = CPR_LEASE_BOUND;
	p->lease.failed = 0;
	p->address_was = p->lease.address;
	inet_ntop(AF_INET, &p->lease.address, text, sizeof(text));
	cpr_watch_judge(p);
	cpr_phone_say(p, "has the address %s", text);
	cpr_servers_choose(p);
}

void cpr_lease_taken(struct cpr_phone *p, const uint8_t by[6])
{
	char text[128], address[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &p->lease.address, address, sizeof(address));
	snprintf(text, sizeof(text),
		"%s is in use by %02x:%02x:%02x:%02x:%02x:%02x and was declined", address,
		by[0], by[1], by[2], by[3], by[4], by[5]);
	broadcast(p, CPR_DHCP_DECLINE);
	p->held = (struct cpr_held){0};
	fail(p, DECLINE_MS, text);
}

static void take_options(struct cpr_lease *l, const struct cpr_dhcp *m)
{
	size_t n = m->option[150].len;

	l->option150_len = n;
	memcpy(l->option150, n ? m->option[150].data : (const uint8_t *)"",
		n < sizeof(l->option150) ? n : sizeof(l->option150));
	n = m->option[66].len < 255 ? m->option[66].len : 255;
	l->option66_len = n;
	memset(l->option66, 0, sizeof(l->option66));
	memcpy(l->option66, n ? m->option[66].data : (const uint8_t *)"", n);
	l->siaddr = m->siaddr;
	memcpy(l->sname, m->sname, sizeof(l->sname));
	l->mask = cpr_dhcp_address(m, 1);
	if (!l->mask.s_addr) /* assumption: every server seen sends a mask */
		l->mask.s_addr = htonl(0xffffff00);
	l->gateway = cpr_dhcp_address(m, 3);
	l->dns = cpr_dhcp_address(m, 6);
}

static void take_times(struct cpr_phone *p, const struct cpr_dhcp *m)
{
	uint64_t lease = ntohl(cpr_dhcp_address(m, 51).s_addr);
	uint64_t renew = ntohl(cpr_dhcp_address(m, 58).s_addr);

	if (!lease || lease == UINT32_MAX) {
		p->lease.expires_at = p->lease.renew_at = UINT64_MAX;
		return;
	}
	if (!renew || renew >= lease)
		renew = lease / 2;
	p->lease.expires_at = p->now + lease * 1000;
	p->lease.renew_at = p->now + renew * 1000;
}

static void offered(struct cpr_phone *p, const struct cpr_dhcp *m, const uint8_t from[6])
{
	if (!m->yiaddr.s_addr)
		return;
	/* Whether a phone passes over an offer without TFTP server is not known; assumption:
	 * it takes the first. */
	p->lease.address = m->yiaddr;
	p->lease.server = cpr_dhcp_address(m, 54);
	/* The request follows at once: from then on the server takes the address for held. */
	p->held = (struct cpr_held){.address = m->yiaddr, .server = p->lease.server};
	memcpy(p->held.server_mac, from, sizeof(p->held.server_mac));
	p->lease.state = CPR_LEASE_REQUEST;
	p->lease.tries = 0;
	request(p);
}

static void acknowledged(
	struct cpr_phone *p, const struct cpr_dhcp *m, const uint8_t from[6])
{
	if (m->yiaddr.s_addr)
		p->lease.address = m->yiaddr;
	p->held.address = p->lease.address;
	memcpy(p->held.server_mac, from, sizeof(p->held.server_mac));
	take_options(&p->lease, m);
	take_times(p, m);
	p->lease.state = CPR_LEASE_PROBE;
	/* The phone pings its new address; on the wire that begins, and if nobody has it
	 * ends, with the question who has it. */
	cpr_neighbour_probe(p);
	cpr_phone_later(p, PROBE_MS, bound);
}

static void renewed(struct cpr_phone *p, const struct cpr_dhcp *m)
{
	p->lease.renewing = false;
	take_options(&p->lease, m);
	take_times(p, m);
	cpr_watch_judge(p);
}

/* The lease is gone under a phone that works with it: as after power on, but for the flash. */
static void lose(struct cpr_phone *p, const char *why)
{
	cpr_phone_say(p, "%s", why);
	p->held = (struct cpr_held){0};
	p->lease.state = CPR_LEASE_NONE;
	cpr_phone_restart(p);
}

/* A second server that refuses what the first one gave: no packet of this phone answers it. */
static void compare_server(struct cpr_phone *p, const struct cpr_dhcp *m)
{
	struct in_addr other = cpr_dhcp_address(m, 54);
	char a[INET_ADDRSTRLEN], b[INET_ADDRSTRLEN];

	if (!other.s_addr || other.s_addr == p->lease.server.s_addr)
		return;
	inet_ntop(AF_INET, &p->lease.server, a, sizeof(a));
	inet_ntop(AF_INET, &other, b, sizeof(b));
	cpr_phone_trouble(
		p, "a second DHCP server, %s, refuses (NAK) what %s gave", b, a);
}

static void refused(struct cpr_phone *p)
{
	p->held = (struct cpr_held){0};
	fail(p, NAK_MS, "the DHCP server refused the address it had offered (NAK)");
}

/* Of the first server only, and only when asked: late answers to the broadcast request are not
 * about the renewal. */
static void bound_frame(struct cpr_phone *p, const struct cpr_dhcp *m)
{
	struct in_addr server = cpr_dhcp_address(m, 54);

	if (!p->lease.renewing ||
		(server.s_addr && server.s_addr != p->held.server.s_addr))
		return;
	if (m->type == CPR_DHCP_ACK)
		renewed(p, m);
	else if (m->type == CPR_DHCP_NAK)
		lose(p, "the DHCP server refused to renew the lease (NAK)");
}

void cpr_lease_frame(struct cpr_phone *p, const struct cpr_frame *f)
{
	enum cpr_dhcp_outcome outcome;
	struct cpr_dhcp m;

	if (f->source_port != 67)
		return;
	outcome = cpr_dhcp_parse(f->payload, f->payload_len, &m);
	if (m.op != 2 || m.xid != p->lease.xid || memcmp(m.chaddr, p->config.mac, 6) != 0)
		return;
	/* The phone logs "ERROR parsing options"; assumption: it drops the message. */
	if (outcome != CPR_DHCP_OK) {
		p->broken++;
		return;
	}
	if (p->lease.state > CPR_LEASE_DISCOVER && m.type == CPR_DHCP_NAK)
		compare_server(p, &m);
	switch (p->lease.state) {
	case CPR_LEASE_DISCOVER:
		if (m.type == CPR_DHCP_OFFER)
			offered(p, &m, f->from);
		break;
	case CPR_LEASE_REQUEST:
		if (m.type == CPR_DHCP_ACK)
			acknowledged(p, &m, f->from);
		else if (m.type == CPR_DHCP_NAK)
			refused(p);
		break;
	case CPR_LEASE_BOUND:
		bound_frame(p, &m);
		break;
	case CPR_LEASE_PROBE:
	case CPR_LEASE_NONE:
		break;
	}
}

/* Asks its server halfway, then ever closer to the end; without lease it starts over. */
void cpr_lease_tick(struct cpr_phone *p)
{
	uint64_t left;

	if (p->lease.state != CPR_LEASE_BOUND || p->now < p->lease.renew_at)
		return;
	if (p->now >= p->lease.expires_at) {
		lose(p, "the lease ran out");
		return;
	}
	p->lease.renewing = true;
	unicast(p, CPR_DHCP_REQUEST);
	left = (p->lease.expires_at - p->now) / 2;
	p->lease.renew_at = p->now + (left > CPR_RETRY_MS ? left : CPR_RETRY_MS);
}

void cpr_lease_release(struct cpr_phone *p)
{
	if (p->held.address.s_addr)
		unicast(p, CPR_DHCP_RELEASE);
	p->held = (struct cpr_held){0};
	p->lease.state = CPR_LEASE_NONE;
	p->lease.renew_at = UINT64_MAX;
}
