/* libFuzzer on captures. */
#include "fuzz/fuzz.h"

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t len, size_t cap);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t len, size_t cap, unsigned seed);

__attribute__((visibility("default"))) int LLVMFuzzerTestOneInput(
	const uint8_t *bytes, size_t len)
{
	fuzz_capture(bytes, len);
	return 0;
}

/* Half of the changes are libFuzzer's, which knows what the code compares with. */
__attribute__((visibility("default"))) size_t LLVMFuzzerCustomMutator(
	uint8_t *bytes, size_t len, size_t cap, unsigned seed)
{
	struct fuzz_dice dice = {.seed = seed ? seed : 1};

	if (fuzz_pick(&dice, 2))
		dice.any = LLVMFuzzerMutate;
	return fuzz_mutate_capture(&dice, bytes, len, cap);
}
