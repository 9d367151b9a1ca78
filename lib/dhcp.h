/* DHCPv4 messages (RFC 2131, options RFC 2132): reader and writer over checked bytes. */
#pragma once

#include "span.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CPR_DHCP_DISCOVER = 1,
	CPR_DHCP_OFFER,
	CPR_DHCP_REQUEST,
	CPR_DHCP_DECLINE,
	CPR_DHCP_ACK,
	CPR_DHCP_NAK,
	CPR_DHCP_RELEASE,
	CPR_DHCP_INFORM
};

/* "DISCOVER"; NULL: no type of this protocol. */
const char *cpr_dhcp_type_name(uint8_t type);

/* A parsed message.  Options point into the packet, or into `joined` where an option came in
 * pieces (RFC 3396); option overload (52) is followed.  len 0 with data NULL: absent. */
struct cpr_dhcp {
	uint8_t op;
	uint32_t xid;
	uint16_t secs;
	uint16_t flags;
	struct in_addr ciaddr, yiaddr, siaddr, giaddr;
	uint8_t chaddr[6];
	char sname[65];
	char file[129];
	uint8_t type; /* option 53; 0: plain BOOTP */
	struct {
		const uint8_t *data;
		size_t len;
	} option[256];
	uint8_t joined[1500];
	size_t joined_len;
};

enum cpr_dhcp_outcome {
	CPR_DHCP_OK = 0,
	CPR_DHCP_SHORT,     /* ends inside the fixed part */
	CPR_DHCP_NOT_DHCP,  /* no magic cookie, or no Ethernet address */
	CPR_DHCP_TRUNCATED, /* an option's length passes the end; those before are kept */
};
/* Not copyable once parsed (options may point into itself). */
enum cpr_dhcp_outcome cpr_dhcp_parse(
	const uint8_t *bytes, size_t len, struct cpr_dhcp *out);

/* One IPv4 address of an option of four bytes or more; 0.0.0.0 when absent. */
struct in_addr cpr_dhcp_address(const struct cpr_dhcp *m, uint8_t option);

/* Writing into a pen that holds nothing else: begin, options in the order wanted, end.  Code 0
 * is a pad (one byte); an option over 255 bytes is split (RFC 3396).  `size` of end pads with
 * zeros to a payload of at least that many bytes (phones: 548). */
void cpr_dhcp_begin(struct cpr_pen *p, uint8_t op, uint32_t xid, uint16_t secs,
	uint16_t flags, struct in_addr ciaddr, const uint8_t chaddr[6]);
void cpr_dhcp_option(struct cpr_pen *p, uint8_t code, const void *data, size_t len);
void cpr_dhcp_end(struct cpr_pen *p, size_t size);
