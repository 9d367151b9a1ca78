/* DHCP option 60 (vendor class) of Cisco phones, and of what only looks alike.  Access points
 * and Catalyst switches begin with the same words and ask for option 150 too: they are not
 * phones. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct cpr_model;

enum cpr_vendor_kind {
	CPR_VENDOR_NOT_A_PHONE,
	CPR_VENDOR_PHONE,
	CPR_VENDOR_DAMAGED, /* "IP Phone 79XX": a phone that cannot read its own model */
};

struct cpr_vendor {
	enum cpr_vendor_kind kind;
	const struct cpr_model *model; /* NULL: a phone that does not say which */
	char text[64];                 /* the model as sent, "CP-7961G"; may be empty */
};

/* option60: the option's bytes as they stand in the packet, trailing NULs and all. */
enum cpr_vendor_kind cpr_vendor_parse(
	const uint8_t *option60, size_t len, struct cpr_vendor *out);

/* Substrings of which every vendor class a phone was seen to send holds at least one and no
 * look-alike any: for servers that can only search (dnsmasq's dhcp-vendorclass).  NULL-terminated. */
extern const char *const cpr_vendor_substrings[];
