/* Which addresses somebody probably meant who wrote this for option 150: dotted, in
 * hexadecimal with or without separators, with its bytes in reverse, with zeros left out, as
 * one decimal number, or as text in hexadecimal. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#define CPR_READINGS  16
#define CPR_ADDRESSES 8

/* One way to understand a value, whatever the server. */
struct cpr_reading150 {
	struct in_addr address[CPR_ADDRESSES];
	size_t n;
	const char *how; /* "hexadecimal, bytes in reverse", for people */
	bool zero_lost;  /* it has fewer digits than four bytes have */
	int rank;        /* higher: more probable */
};

/* Fills in up to CPR_READINGS, the most probable first, and returns how many: those of the
 * highest rank are as good as each other. */
size_t cpr_reading150_all(const char *value, struct cpr_reading150 out[CPR_READINGS]);
/* True when the four bytes are characters of an address that is sent as text: 49.57.50.46 is
 * the "192." of 192.168.10.105. */
bool cpr_reading150_is_text(struct in_addr a);
