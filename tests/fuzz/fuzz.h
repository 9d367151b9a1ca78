/* Strangers' bytes through all of cpr-doctor that reads them.  libFuzzer drives this
 * (make fuzz-doctor), and so does a unit test with dice of its own.  Whatever the bytes are: it
 * does not crash, and what it says is whole.  Anything else ends the process. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* A capture file: decoded, judged and reported as text, JSON and page, with a mask, too. */
void fuzz_capture(const uint8_t *bytes, size_t len);
/* A log file of servers, the same way. */
void fuzz_log(const uint8_t *bytes, size_t len);

enum {
	FUZZ_CAP = 1 << 18 /* a file's bytes, at most */
};

struct fuzz_dice {
	uint32_t seed; /* never 0 */
	/* Changes any bytes; returns their new number, at most cap.  NULL: one of ours does. */
	size_t (*any)(uint8_t *bytes, size_t len, size_t cap);
};
uint32_t fuzz_pick(struct fuzz_dice *dice, uint32_t below); /* below: not 0 */

/* A few changes that leave most of the file what it was.  Returns its new length. */
size_t fuzz_mutate(struct fuzz_dice *dice, uint8_t *bytes, size_t len, size_t cap);
/* Of a pcap file: packets, times, lengths, tags, fragments, options; frames of CDP and LLDP. */
size_t fuzz_mutate_capture(
	struct fuzz_dice *dice, uint8_t *bytes, size_t len, size_t cap);
size_t fuzz_mutate_log(struct fuzz_dice *dice, uint8_t *bytes, size_t len, size_t cap);
