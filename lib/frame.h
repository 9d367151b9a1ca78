/* Ethernet frames with ARP, IPv4, UDP, TCP and ICMP inside: reader and writer, for whoever
 * speaks or watches the wire without the kernel's help. */
#pragma once

#include "span.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cpr_frame_kind {
	CPR_FRAME_OTHER,
	CPR_FRAME_ARP,
	CPR_FRAME_UDP,
	CPR_FRAME_TCP,
	CPR_FRAME_ICMP,
};

/* One frame taken apart; borrows its bytes.  IPv4 fragments but the first, and packets whose
 * IPv4 header checksum is wrong, are OTHER. */
struct cpr_frame {
	enum cpr_frame_kind kind;
	uint8_t to[6], from[6];
	int vlan;                      /* of the outermost 802.1Q tag; -1: none */
	struct in_addr source, target; /* IPv4, or the addresses an ARP speaks of */
	uint16_t source_port, target_port;
	uint16_t arp_op; /* 1 request, 2 reply */
	uint8_t arp_sender[6];
	uint8_t tcp_flags; /* CPR_TCP_* */
	uint32_t tcp_seq, tcp_ack;
	uint8_t icmp_type, icmp_code;
	uint32_t icmp_rest; /* its header's second word: an echo's identifier, sequence */
	bool checksum_wrong;    /* UDP or TCP; see cpr_frame_parse */
	const uint8_t *payload; /* of UDP, TCP, ICMP (behind its 8-byte header) */
	size_t payload_len;
};
enum {
	CPR_TCP_FIN = 1,
	CPR_TCP_SYN = 2,
	CPR_TCP_RST = 4,
	CPR_TCP_ACK = 16
};

/* Of a first fragment the payload is what is there, and sums are not judged.
 * check_sums false: do not judge UDP and TCP checksums (a packet that never left this
 * machine may carry a partial one: TP_STATUS_CSUMNOTREADY).  A UDP checksum of 0 is none.
 * Returns false when the bytes are no whole frame. */
bool cpr_frame_parse(
	const uint8_t *bytes, size_t len, bool check_sums, struct cpr_frame *out);

/* The parts of it, for frames that are not whole, or have another link below them. */

/* An IPv4 packet without its header, or so much of it as there is; borrows its bytes. */
struct cpr_ipv4 {
	struct in_addr source, target;
	uint8_t protocol;
	uint16_t id;
	bool more;     /* fragments come after this one */
	size_t offset; /* of a fragment in its datagram, in bytes */
	size_t header; /* length of the header with its options, behind which is */
	const uint8_t *data;
	size_t len; /* so much of it is here */
	size_t real; /* and so much was on the wire; the padding of short frames is in neither */
};
/* The header's checksum is not judged: what a host captures of its own sending may lack it. */
bool cpr_ipv4_parse(struct cpr_span *s, struct cpr_ipv4 *out);
/* Fills in all of *out that UDP, TCP or ICMP tell, but for checksum_wrong; another protocol or a
 * fragment but the first is OTHER.  real: the payload's length on the wire; more than
 * payload_len: the rest is not here.  False where the header is not whole, or lies. */
bool cpr_ipv4_open(const struct cpr_ipv4 *ip, struct cpr_frame *out, size_t *real);
/* Behind the ethertype `type`: over all VLAN tags (802.1Q, 802.1ad, 0x9100), to behind the
 * ethertype that it returns.  -1: no such tag. */
uint16_t cpr_frame_tags(struct cpr_span *s, uint16_t type, int *outer, int *inner);
/* What follows the ethertype of ARP. */
bool cpr_frame_arp_parse(struct cpr_span *s, struct cpr_frame *out);

void cpr_frame_arp(struct cpr_pen *p, uint16_t op, const uint8_t to[6],
	const uint8_t from[6], struct in_addr sender, const uint8_t target_mac[6],
	struct in_addr target);
/* All sums filled in.  to: the Ethernet destination. */
void cpr_frame_udp(struct cpr_pen *p, const uint8_t to[6], const uint8_t from[6],
	struct in_addr source, uint16_t source_port, struct in_addr target,
	uint16_t target_port, const void *payload, size_t len);
void cpr_frame_tcp(struct cpr_pen *p, const uint8_t to[6], const uint8_t from[6],
	struct in_addr source, uint16_t source_port, struct in_addr target,
	uint16_t target_port, uint32_t seq, uint32_t ack, uint8_t flags);
/* Echo request (8) or reply (0), rest: its identifier and sequence; or destination unreachable
 * (3), rest 0, quoting `payload`. */
void cpr_frame_icmp(struct cpr_pen *p, const uint8_t to[6], const uint8_t from[6],
	struct in_addr source, struct in_addr target, uint8_t type, uint8_t code,
	uint32_t rest, const void *payload, size_t len);
