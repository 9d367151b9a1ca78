/* What a phone thinks of a file it fetched.  Pure: bytes in, verdict out. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cpr_loads;

#define CPR_JUDGE_WHY 320

/* A packing list fetched as `name`.  suffix: what its entries may end in, NULL-terminated.
 * Returns 0 and the list (the caller's), -EINVAL with the reason in why, or -ENOMEM. */
int cpr_judge_loads(const char *name, const uint8_t *bytes, size_t len,
	const char *const *suffix, uint32_t hardware_mask, struct cpr_loads **out,
	char why[CPR_JUDGE_WHY]);

/* An image of `total` bytes fetched as `name`; head: its first bytes.  True when the phone
 * takes it. */
bool cpr_judge_image(const char *name, const uint8_t *head, size_t len, uint64_t total,
	char why[CPR_JUDGE_WHY]);

/* How long the whole file is going to be, by the archive's own header; 0 while its head does
 * not say. */
uint64_t cpr_judge_total(const uint8_t *head, size_t len);
