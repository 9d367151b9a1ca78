/* libFuzzer on log lines. */
#include "fuzz/target.h"

FUZZ_TARGET(log)
