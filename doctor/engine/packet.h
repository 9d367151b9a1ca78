/* One packet off the wire or out of a capture, taken apart: what the state machine is fed. */
#pragma once

#include "frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrows its bytes from whoever read it, until the next one. */
struct cpr_packet {
	uint64_t number;  /* counts from 1, as Wireshark's; several captures: goes on */
	uint64_t time_us; /* since the epoch, as captured; may step back a little */
	struct cpr_frame
		frame;       /* vlan: the outermost tag; addresses zero where not known */
	int inner_vlan;      /* QinQ's second tag; -1: none */
	size_t payload_real; /* of frame.payload on the wire; more than payload_len: cut */
	/* Frames of no other kind: what follows the Ethernet header (CDP's LLC, LLDP). */
	uint16_t ethertype; /* below 0x600: a length, LLC follows */
	const uint8_t *link;
	size_t link_len;
};

/* Of whoever has frames of its own and no capture: whole, and without a second tag. */
static inline struct cpr_packet cpr_packet_of(
	const struct cpr_frame *f, uint64_t number, uint64_t time_us)
{
	return (struct cpr_packet){
		.number = number,
		.time_us = time_us,
		.frame = *f,
		.inner_vlan = -1,
		.payload_real = f->payload_len,
	};
}
