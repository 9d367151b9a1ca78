/* Lines of servers' logs, taken apart: the table of the forms that tell something of a phone. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct cpr_lines;

enum cpr_line_kind {
	CPR_LINE_DHCP, /* dnsmasq: a message; `word` says which: "DISCOVER" */
	CPR_LINE_VENDOR, /* of the message with this xid, which follows: option 60 in text */
	CPR_LINE_OPTION, /* of the answer before: option `code`, its value in text */
	CPR_LINE_SIADDR, /* of the answer before */
	CPR_LINE_SENT,   /* a file was delivered */
	CPR_LINE_MISSING,
	CPR_LINE_DENIED,
	CPR_LINE_GIVEN_UP, /* it began, and was not acknowledged to its end */
	CPR_LINE_RRQ,      /* a file was asked for, the outcome is not told */
	CPR_LINE_ERROR,    /* of the process that told the request: error `code`, text */
	CPR_LINE_OFFER,    /* Kea: a DISCOVER and its OFFER */
	CPR_LINE_ACK,      /* Kea: a REQUEST and its ACK */
	CPR_LINE_NONE,     /* Kea: a DISCOVER that got no address */
	CPR_LINE_N
};

struct cpr_line {
	enum cpr_line_kind kind;
	uint32_t xid;      /* 0: not told */
	uint8_t mac[6];    /* zero: not told */
	struct in_addr ip; /* of the phone; of SIADDR the server; 0.0.0.0: not told */
	uint32_t code;
	char word[16];
	char file[128]; /* its base name */
	char text[256];
};

int cpr_lines_new(struct cpr_lines **out); /* 0 or -ENOMEM */
struct cpr_lines *cpr_lines_free(struct cpr_lines *l);
void cpr_lines_freep(struct cpr_lines **l);

/* program: as it calls itself, "dnsmasq-dhcp".  False: the line tells nothing of a phone. */
bool cpr_line_parse(const struct cpr_lines *l, const char *program, const char *text,
	struct cpr_line *out);

/* Where a line of a log file says when, who and what: syslog's ("Nov 22 19:21:30 host
 * in.tftpd[52]: …", with or without host, or with an ISO 8601 time), dnsmasq's own, which is
 * alike, and Kea's ("2026-11-22 19:21:30.123 INFO  [kea-dhcp4.leases/…] …").  now_us: gives the
 * year that syslog leaves out.  False: none of these. */
struct cpr_line_head {
	uint64_t time_us;
	char program[32];
	uint32_t pid; /* 0: not told */
	const char *text;
};
bool cpr_line_head(const char *line, uint64_t now_us, struct cpr_line_head *out);
