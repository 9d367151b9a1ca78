/* libFuzzer on captures. */
#include "fuzz/target.h"

FUZZ_TARGET(capture)
