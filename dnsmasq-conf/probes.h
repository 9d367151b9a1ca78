/* Questions to servers on the wire, from this host, as a phone would ask them: each has a
 * deadline and takes no lease.  What it leaves behind: a line in the server's log, and in the
 * hook for Kea one row of its table of phones, under PROBE_MAC. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROBE_MAC "02:63:70:72:00:01" /* locally administered; its middle reads "cpr" */

/* What a DHCP server said of the TFTP server.  n 0: no option 150 that a phone can use. */
struct probe_answer {
	struct in_addr server; /* who answered */
	struct in_addr phone;  /* the address it takes the phone to have */
	struct in_addr option150[16];
	size_t n;
	struct in_addr option66; /* 0.0.0.0: absent, or a name */
	struct in_addr siaddr;
};

enum probe_kind {
	/* A DHCPINFORM of a Cisco 7961 to this host's own address: dnsmasq, and Kea with udp
	 * sockets, answer it. */
	PROBE_INFORM,
	/* A broadcast DISCOVER on the interface that has this address.  Only this host's own
	 * answer counts (Kea's with raw sockets; no other server here hears it), whoever else
	 * answers on that wire.  The address that is offered is not taken. */
	PROBE_DISCOVER,
};

struct probe_asked {
	enum probe_kind kind;
	struct in_addr own;
	/* 0, -ETIMEDOUT: nobody answered, -ENETDOWN: nobody did, and the interface has no
	 * carrier, -EADDRNOTAVAIL: no interface has the address, or -errno. */
	int result;
	struct probe_answer answer;
};

/* All at once, each until it is answered or the time is over; when one is answered, the others
 * have not all of the time left, because the server is up. */
void probe_dhcp(struct probe_asked *asked, size_t n, unsigned timeout_ms);

/* A whole file over TFTP, as phones ask, into a buffer of the caller's; timeout_ms is of
 * silence.  0; -ENOENT: it is not there; -EACCES: the server may not read it; -EFBIG: longer
 * than cap; -ETIMEDOUT, with *len what had come by then; -ECONNREFUSED: nothing listens there,
 * as -EHOSTUNREACH and others where the network says so; -EPROTO: another error, or no TFTP. */
int probe_fetch(struct in_addr server, const char *name, unsigned timeout_ms,
	uint8_t *data, size_t cap, size_t *len);

/* The messages, for the two above and for tests. */

/* Returns the length; 0: it does not fit. */
size_t probe_question(
	enum probe_kind kind, struct in_addr own, uint32_t xid, uint8_t *out, size_t cap);
/* True when the bytes answer that question. */
bool probe_read(const uint8_t *bytes, size_t len, enum probe_kind kind, uint32_t xid,
	struct probe_answer *out);

/* A transfer under way: fed what the server sends, it says what to send. */
struct probe_transfer {
	uint8_t *data;
	size_t cap, len;
	uint16_t block; /* the last one that came */
	uint8_t reply[64];
	size_t reply_len; /* 0: nothing to send */
};
/* 1: it goes on, 0: all is there, or how it ended, as probe_fetch; there may be a reply in
 * each case. */
int probe_transfer_feed(struct probe_transfer *t, const uint8_t *bytes, size_t len);
