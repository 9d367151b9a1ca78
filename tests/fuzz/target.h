/* What libFuzzer calls, for one kind of input: FUZZ_TARGET(capture) goes by fuzz_capture() and
 * fuzz_mutate_capture(). */
#pragma once

#include "fuzz.h"

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t len, size_t cap);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t len, size_t cap, unsigned seed);

/* Half of the changes are libFuzzer's, which knows what the code compares with. */
#define FUZZ_TARGET(kind)                                                      \
	__attribute__((visibility("default"))) int LLVMFuzzerTestOneInput(     \
		const uint8_t *bytes, size_t len)                              \
	{                                                                      \
		fuzz_##kind(bytes, len);                                       \
		return 0;                                                      \
	}                                                                      \
	__attribute__((visibility("default"))) size_t LLVMFuzzerCustomMutator( \
		uint8_t *bytes, size_t len, size_t cap, unsigned seed)         \
	{                                                                      \
		struct fuzz_dice dice = {.seed = seed ? seed : 1};             \
                                                                               \
		if (fuzz_pick(&dice, 2))                                       \
			dice.any = LLVMFuzzerMutate;                           \
		return fuzz_mutate_##kind(&dice, bytes, len, cap);             \
	}
