/* Answers of a DNS server (RFC 1035), as far as phones need them: the IPv4 address of a name. */
#pragma once

#include "span.h"

#include <netinet/in.h>
#include <stdint.h>

enum {
	CPR_DNS_PORT = 53,
	CPR_DNS_TYPE_A = 1,
	CPR_DNS_CLASS_IN = 1,
	CPR_DNS_RESPONSE = 0x8000, /* of the flags */
	CPR_DNS_LABEL_MAX = 63,    /* above: a pointer, or what nobody defined */
};

void cpr_dns_skip_name(struct cpr_span *s);
/* s stands at the first of so many answers.  The first address among them, or 0.0.0.0.  Aliases
 * are not followed by hand: a recursive server puts the address into the same message. */
struct in_addr cpr_dns_address(struct cpr_span s, uint16_t answers);
