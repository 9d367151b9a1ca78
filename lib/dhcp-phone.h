/* What a phone of the 79x1 generation says of itself in DHCP: the parts that all its messages
 * share.  Source: static analysis of the firmware, which agrees with a published capture of a
 * 7911G: always 548 bytes, option order 53, [54], 61, 12, 60, [50], 55, one pad, 255. */
#pragma once

#include <stdint.h>

struct cpr_pen;

enum {
	CPR_DHCP_PHONE_SIZE = 548
};

void cpr_dhcp_phone_id(struct cpr_pen *p, const uint8_t mac[6]);   /* option 61 */
void cpr_dhcp_phone_name(struct cpr_pen *p, const uint8_t mac[6]); /* 12: SEP<MAC> */
/* 60.  name: the model's, "CP-7961G"; the trailing NUL is part of the option. */
void cpr_dhcp_phone_class(struct cpr_pen *p, const char *name);
void cpr_dhcp_phone_asks(struct cpr_pen *p); /* 55 */
void cpr_dhcp_phone_end(struct cpr_pen *p);
