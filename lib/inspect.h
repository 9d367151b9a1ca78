/* What one firmware file is: container, own name, kind, packing list, and whether all of it
 * is there as far as its format lets one tell. */
#pragma once

#include "container.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cpr_errors;
struct cpr_loads;

enum cpr_kind {
	CPR_KIND_OTHER,
	CPR_KIND_LOADS,
	CPR_KIND_IMAGE,
	CPR_KIND_ARCHIVE, /* zip, tar, gzip, .cop.sgn: a package */
};

struct cpr_inspect {
	char *name; /* base name, as on disk */
	uint64_t size;
	struct cpr_container container;
	enum cpr_container_outcome container_outcome;
	enum cpr_kind kind;
	struct cpr_loads *lists; /* CPR_KIND_LOADS with a readable payload, else NULL */
	int complete;            /* 1 yes, 0 no, -1 the format allows no test */
	char why[160];        /* complete == 0 or a malformed container: what is wrong */
	char payload_md5[33]; /* the payload's first 32 bytes when they are hex: 7921 */
};

/* Reads the open file from its start (pread; the offset is left alone).  name: the base name,
 * kept.  Returns 0 or -errno.  A damaged file is no error: it is described. */
int cpr_inspect_fd(int fd, const char *name, struct cpr_inspect **out);
int cpr_inspect_copy(
	const struct cpr_inspect *from, struct cpr_inspect **out); /* 0 or -ENOMEM */
struct cpr_inspect *cpr_inspect_free(struct cpr_inspect *i);
void cpr_inspect_freep(struct cpr_inspect **i);

const char *cpr_kind_name(enum cpr_kind kind); /* loads, image, archive, other */

/* The CNU archive's own arithmetic (79xx .sbn): payload = header + sum of the sizes, or one
 * byte more.  head: the payload's first bytes, all of the CNU header.  1 complete, 0 not,
 * -1 no CNU archive. */
int cpr_cnu_complete(const uint8_t *head, size_t head_len, uint64_t payload_len);
/* The payload's least length by the same header; 0 when head does not hold all of it, or is no
 * CNU archive.  For whoever receives a file and wants to say how much is still to come. */
uint64_t cpr_cnu_length(const uint8_t *head, size_t head_len);
