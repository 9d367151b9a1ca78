/* DHCP option 150 (TFTP server address, RFC 5859: one or more IPv4 addresses of four bytes)
 * and option 66 (TFTP server name, RFC 2132: text). */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CPR_OPTION_TFTP_SERVER_NAME    66
#define CPR_OPTION_TFTP_SERVER_ADDRESS 150
#define CPR_OPTION150_USED             2 /* phones use the first two addresses */

enum cpr_option150_outcome {
	CPR_OPTION150_OK = 0,
	CPR_OPTION150_ABSENT, /* length 0 */
	CPR_OPTION150_LENGTH, /* not a multiple of four */
	CPR_OPTION150_TEXT, /* the address as text: "192.168.…", whatever its length */
	CPR_OPTION150_ZERO, /* first address 0.0.0.0: the phone goes on to option 66 */
};

/* Returns the number of bytes written, 4 * n; 0 when n is 0 or they do not fit. */
size_t cpr_option150_encode(
	const struct in_addr *address, size_t n, uint8_t *out, size_t cap);
/* Fills up to cap addresses, *n says how many; *n is 0 unless OK. */
enum cpr_option150_outcome cpr_option150_decode(
	const uint8_t *bytes, size_t len, struct in_addr *address, size_t cap, size_t *n);

/* As a phone with the address `own` sees it: it drops what is no host's address, and the network
 * and the broadcast address of its own subnet.  mask 0.0.0.0: not known. */
bool cpr_option150_usable(
	struct in_addr address, struct in_addr own, struct in_addr mask);

enum cpr_option66_outcome {
	CPR_OPTION66_ADDRESS = 0, /* dotted: usable without DNS */
	CPR_OPTION66_ABSENT,
	CPR_OPTION66_NAME,      /* a host name: needs DNS */
	CPR_OPTION66_MALFORMED, /* bytes that are no text */
};

/* Dotted text, no NUL; returns its length. */
size_t cpr_option66_encode(struct in_addr address, char *out, size_t cap);
/* name: at least 256 bytes; trailing NULs are stripped. */
enum cpr_option66_outcome cpr_option66_decode(
	const uint8_t *bytes, size_t len, struct in_addr *address, char *name);
