/* TFTP packets (RFC 1350, option extension RFC 2347): reader and writer. */
#pragma once

#include "span.h"

#include <stddef.h>
#include <stdint.h>

enum {
	CPR_TFTP_RRQ = 1,
	CPR_TFTP_WRQ,
	CPR_TFTP_DATA,
	CPR_TFTP_ACK,
	CPR_TFTP_ERROR,
	CPR_TFTP_OACK
};
enum {
	CPR_TFTP_BLOCK = 512,
	CPR_TFTP_PORT = 69
};

/* Fields borrow from the packet; text is NUL-terminated there. */
struct cpr_tftp {
	uint16_t opcode;
	uint16_t block;      /* DATA, ACK: block; ERROR: error code */
	const char *text;    /* RRQ, WRQ: file name; ERROR: message */
	const char *mode;    /* RRQ, WRQ */
	const uint8_t *data; /* DATA: payload; RRQ, WRQ, OACK: the options' bytes */
	size_t len;
};

enum cpr_tftp_outcome {
	CPR_TFTP_OK = 0,
	CPR_TFTP_SHORT,
	CPR_TFTP_MALFORMED, /* unknown opcode, or text without its NUL */
};
enum cpr_tftp_outcome cpr_tftp_parse(
	const uint8_t *bytes, size_t len, struct cpr_tftp *out);

/* What an ERROR comes down to.  Servers disagree about the number: in.tftpd says 0 where it may
 * not read a file, with a text that says more. */
enum cpr_tftp_reason {
	CPR_TFTP_ABORTED,
	CPR_TFTP_MISSING,
	CPR_TFTP_DENIED,
};
enum cpr_tftp_reason cpr_tftp_reason(uint16_t code, const char *text);

/* As the phones ask: octet, no options. */
void cpr_tftp_rrq(struct cpr_pen *p, const char *name);
void cpr_tftp_ack(struct cpr_pen *p, uint16_t block);
void cpr_tftp_error(struct cpr_pen *p, uint16_t code, const char *message);
