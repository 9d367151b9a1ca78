/* A health probe of a TFTP server (RFC 1350): ask for one file, look at the first packet that
 * comes back, end the transfer politely. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
	CPR_PROBE_MAX = 516 /* a block with its header: no packet of a probe is longer */
};

enum cpr_probe_answer {
	CPR_PROBE_OTHER, /* proves nothing: another error, a later block, no TFTP */
	CPR_PROBE_ALIVE, /* DATA 1 or OACK: the server sends until it is told not to */
	CPR_PROBE_FILE_MISSING, /* ERROR 1: alive, and over */
};

/* The read request, as phones ask.  Returns its length; 0 when the name is empty or does not
 * fit. */
size_t cpr_probe_request(const char *file, uint8_t *out, size_t cap);
/* The packet's first bytes are enough. */
enum cpr_probe_answer cpr_probe_classify(const uint8_t *bytes, size_t len);
/* What ends the transfer after CPR_PROBE_ALIVE, to the port that answered: an ACK when the
 * answer is the whole file, an ERROR else.  dnsmasq logs two errors for each transfer that is
 * aborted, so a file of less than 512 bytes keeps its log quiet.  Returns its length, or 0 when
 * it does not fit. */
size_t cpr_probe_end(const uint8_t *answer, size_t len, uint8_t *out, size_t cap);
