/* The wrapping of a firmware file: Cisco's signed TLV header, the CD 34 12 AB header of the
 * 78xx, or none.  The signature is not checked (only the phone holds the key); the file's own
 * name, which the phone compares with the name it asked for, is.
 * Source: dissection of about 100 published files; header sizes 404 to 416 bytes there. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cpr_container_type {
	CPR_CONTAINER_NONE,
	CPR_CONTAINER_SIGNED, /* starts 01 00 02 */
	CPR_CONTAINER_CD34,   /* starts CD 34 12 AB */
};

struct cpr_container {
	enum cpr_container_type type;
	char own_name[256];    /* "" when type is NONE */
	size_t payload_offset; /* bytes from the start of the file */
	bool has_payload_len;  /* CD34 only: length and hash are stated */
	uint32_t payload_len;
	uint8_t sha256[32];
};

enum cpr_container_outcome {
	CPR_CONTAINER_OK = 0,
	CPR_CONTAINER_SHORT,     /* the bytes end inside the header */
	CPR_CONTAINER_MALFORMED, /* a length or tag contradicts another */
};

/* head: the file's first bytes, at least CPR_CONTAINER_HEAD of them or the whole file. */
#define CPR_CONTAINER_HEAD 4096
enum cpr_container_outcome cpr_container_parse(
	const uint8_t *head, size_t len, struct cpr_container *out);

const char *cpr_container_name(enum cpr_container_type type); /* signed, cd34, none */
