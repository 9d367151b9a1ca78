/* From captured bytes to a packet: the link's header, VLAN tags, IPv4 with its fragments.
 * Pure but for the fragments that wait for their datagram's rest, a table of fixed size.
 *
 * No checksum is judged: what a host captures of its own sending has none filled in, and what
 * was damaged on the wire a card throws away.  A length that promises more than is there is
 * taken for a cut by the capture's snap length (payload_real tells). */
#pragma once

#include "packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Links by their number in tcpdump.org's LINKTYPE registry, which is libpcap's DLT as well but
 * for raw IP, where the two, and the systems, differ. */
enum cpr_link {
	CPR_LINK_NULL = 0, /* BSD loopback: a protocol family, in the host's byte order */
	CPR_LINK_ETHERNET = 1,
	CPR_LINK_RAW_DLT = 12,
	CPR_LINK_RAW_BSD = 14,
	CPR_LINK_RAW = 101,
	CPR_LINK_LOOP = 108,   /* OpenBSD loopback: the same in network byte order */
	CPR_LINK_COOKED = 113, /* Linux "any": SLL */
	CPR_LINK_IPV4 = 228,
	CPR_LINK_COOKED2 = 276, /* SLL2 */
};
bool cpr_link_known(int link);

struct cpr_captured {
	int link;                 /* of enum cpr_link; another gives packets of no kind */
	uint64_t number, time_us; /* as in struct cpr_packet */
	const uint8_t *bytes;
	size_t len;
};

struct cpr_decoder;
int cpr_decoder_new(struct cpr_decoder **out);
struct cpr_decoder *cpr_decoder_free(struct cpr_decoder *d);
void cpr_decoder_freep(struct cpr_decoder **d);

/* Whatever the bytes are, *out is a packet; it borrows from them and from the decoder, until the
 * next call.  A datagram that came in fragments is the packet of that which made it whole. */
void cpr_decode(
	struct cpr_decoder *d, const struct cpr_captured *c, struct cpr_packet *out);
