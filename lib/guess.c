#include "guess.h"

#include <string.h>

/* Levenshtein's distance of short words; longer ones are far. */
static size_t distance(const char *a, const char *b)
{
	size_t row[32], n = strlen(b);

	if (n >= 32 || strlen(a) >= 32)
		return 32;
	for (size_t k = 0; k <= n; k++)
		row[k] = k;
	for (size_t i = 0; a[i]; i++) {
		size_t corner = row[0];

		row[0] = i + 1;
		for (size_t k = 0; k < n; k++) {
			size_t best = corner + (a[i] != b[k]);

			corner = row[k + 1];
			if (row[k] + 1 < best)
				best = row[k] + 1;
			if (corner + 1 < best)
				best = corner + 1;
			row[k + 1] = best;
		}
	}
	return row[n];
}

const char *cpr_guess(const char *word,
	const char *(*name)(const void *context, size_t i), const void *context, size_t n)
{
	const char *best = NULL;
	size_t near = 4;

	for (size_t i = 0; i < n; i++) {
		size_t d = distance(word, name(context, i));

		if (d < near && d < strlen(name(context, i))) {
			near = d;
			best = name(context, i);
		}
	}
	return best;
}
