/* The wire below the simulated phones: one packet socket on one interface, and the record of
 * what went over it.  The host's own addresses and stack take no part. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cpr_wire;

/* pcap: the record's file, or NULL.  On failure -errno, and in why one line for people. */
int cpr_wire_open(struct cpr_wire **out, const char *interface, const char *pcap,
	char why[static 256]);
struct cpr_wire *cpr_wire_free(struct cpr_wire *w);
void cpr_wire_freep(struct cpr_wire **w);

int cpr_wire_fd(const struct cpr_wire *w);
bool cpr_wire_carrier(const struct cpr_wire *w);

/* As cpr_phone_host.send: arg is the wire. */
unsigned long cpr_wire_send(void *arg, const uint8_t *bytes, size_t len);
/* The next frame that came in: its length, 0 when there is none now, or -errno.  sums: its
 * checksums are whole. */
int cpr_wire_receive(struct cpr_wire *w, uint8_t *bytes, size_t cap, bool *sums);
/* Counts the frame, and puts it on record where one is kept; its number, from 1. */
unsigned long cpr_wire_record(struct cpr_wire *w, const uint8_t *bytes, size_t len);
/* Brings the record to the disk: 0, or -errno when any part of it could not be written. */
int cpr_wire_flush(struct cpr_wire *w);
