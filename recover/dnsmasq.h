/* The configuration of the bench's own dnsmasq, as text. */
#pragma once

#include <netinet/in.h>

struct cpr_buf;

struct cpr_bench_dnsmasq {
	const char *interface;
	struct in_addr address; /* ours on it: DHCP and TFTP server */
	unsigned length;        /* of the network's prefix, 8 to 30 */
	const char *tftp_root;
	const char *leases; /* lease file */
};

/* The addresses for phones: the longer side of our own, at most 200. */
void cpr_bench_range(struct in_addr address, unsigned length, struct in_addr *first,
	struct in_addr *last);
void cpr_bench_dnsmasq_text(const struct cpr_bench_dnsmasq *d, struct cpr_buf *out);
