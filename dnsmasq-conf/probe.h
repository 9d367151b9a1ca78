/* Questions to servers on the wire, from this host, as a phone would ask them: each has a
 * deadline, takes no lease, and leaves nothing behind. */
#pragma once

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

/* What a DHCP server said of the TFTP server.  n 0: no option 150. */
struct probe_answer {
	struct in_addr server; /* who answered */
	struct in_addr option150[16];
	size_t n;
	struct in_addr option66; /* 0.0.0.0: absent, or a name */
	struct in_addr siaddr;
};

/* A DHCPINFORM of a Cisco phone to this host's own address (dnsmasq, and Kea with udp
 * sockets, answer it).  0, -ETIMEDOUT: nobody answered, -ENETDOWN: the interface has no
 * carrier, or -errno. */
int probe_inform(struct in_addr own, unsigned timeout_ms, struct probe_answer *out);
/* A broadcast DISCOVER on the interface that has this address (Kea with raw sockets answers
 * it, also to its own host).  As above; the lease that is offered is not taken. */
int probe_discover(struct in_addr own, unsigned timeout_ms, struct probe_answer *out);

/* A whole file over TFTP into a buffer of the caller's.  0; -ENOENT: ERROR 1; -EACCES: ERROR 2;
 * -EFBIG: longer than cap; -ETIMEDOUT; -ECONNREFUSED; -EPROTO: another error. */
int probe_fetch(struct in_addr server, const char *name, unsigned timeout_ms,
	uint8_t *data, size_t cap, size_t *len);
