/* What was probably meant by a word that is none of those known. */
#pragma once

#include <stddef.h>

/* name(context, i): the i-th of n words.  NULL when none is near. */
const char *cpr_guess(const char *word,
	const char *(*name)(const void *context, size_t i), const void *context,
	size_t n);
