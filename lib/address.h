/* Addresses as people write them in the site file and in the hook's parameters, taken or
 * refused by one set of rules. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/* A dotted quad that can be a host's. */
bool cpr_address_host(const char *text, struct in_addr *a);

enum cpr_prefix_outcome {
	CPR_PREFIX_OK = 0,
	CPR_PREFIX_HOST_BITS, /* a network, but not its first address */
	CPR_PREFIX_MALFORMED,
};
/* "10.1.0.0/16".  *prefix is the network's first address (not when MALFORMED). */
enum cpr_prefix_outcome cpr_prefix_parse(
	const char *text, struct in_addr *prefix, unsigned *length);
/* The last address of the network, in the host's byte order. */
uint32_t cpr_prefix_last(struct in_addr prefix, unsigned length);

/* "00:1b:54:aa:bb:cc", with - instead, "001b.54aa.bbcc" as switches show it, or the twelve
 * digits of a label.  False also for what cannot be one phone's: all zero, and group addresses. */
bool cpr_mac_parse(const char *text, uint8_t mac[6]);
/* What it takes: one host's, neither all zero nor a group's. */
bool cpr_mac_host(const uint8_t mac[6]);
