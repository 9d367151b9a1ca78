/* IPv4 datagrams that wait for their last fragment: a small table of fixed size, so that no
 * traffic makes it grow.  When it is full the oldest one goes. */
#pragma once

#include "frame.h"

#include <stdbool.h>
#include <stdint.h>

struct cpr_fragments;

int cpr_fragments_new(struct cpr_fragments **out);
struct cpr_fragments *cpr_fragments_free(struct cpr_fragments *f);

/* Takes one fragment.  True when its datagram is whole: *ip is that datagram then, its bytes
 * valid until the next call.  A fragment that was not captured whole counts as arrived; the
 * datagram's bytes are there up to the first such gap (ip->len < ip->real).
 *
 * Refused, with its whole datagram: a fragment that overlaps others, or contradicts them about
 * where the end is (RFC 5722's rule for IPv6; a host that lets it pass may see another datagram
 * than we do).  One that only repeats what is there, as on a mirror port, is let pass. */
bool cpr_fragments_add(struct cpr_fragments *f, uint64_t time_us, struct cpr_ipv4 *ip);
