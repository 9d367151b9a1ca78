/* What `make fuzz-doctor` does for as long as one likes, a little of it every time: captures of
 * real faults, and logs, each changed in many ways; and what the fuzzer found once. */
#include "cleanup.h"
#include "fuzz/fuzz.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

enum {
	SMALL = 50000, /* bytes; a change in a larger one costs too much */
	CAPTURES = 2000,
	LOGS = 1000,
};

/* The file's bytes, unzipped; the caller's.  NULL: they are more than `most`. */
static uint8_t *read_file(const char *path, size_t most, size_t *len)
{
	gzFile f = gzopen(path, "rb");
	uint8_t *bytes = malloc(FUZZ_CAP);
	int n;

	assert_non_null(bytes);
	assert_non_null(f);
	n = gzread(f, bytes, FUZZ_CAP);
	gzclose(f);
	assert_true(n >= 0);
	*len = (size_t)n;
	if (*len <= most)
		return bytes;
	free(bytes);
	return NULL;
}

static void files(const char *pattern, glob_t *out)
{
	assert_int_equal(glob(pattern, 0, NULL, out), 0); /* in the tree's own folder */
}

typedef size_t mutate(struct fuzz_dice *dice, uint8_t *bytes, size_t len, size_t cap);

/* n changed files, each made of one of these; the same ones each time. */
static void changed(const char *pattern, unsigned n, mutate *change,
	void (*run)(const uint8_t *bytes, size_t len))
{
	struct fuzz_dice dice = {.seed = 20261122};
	glob_t found;
	unsigned each;

	files(pattern, &found);
	each = n / (unsigned)found.gl_pathc + 1;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		size_t len, now;
		_cleanup_(cpr_freep) uint8_t *bytes =
			read_file(found.gl_pathv[i], SMALL, &len);
		_cleanup_(cpr_freep) uint8_t *copy = malloc(FUZZ_CAP);

		assert_non_null(copy);
		for (unsigned k = 0; bytes && k < each; k++) {
			memcpy(copy, bytes, len);
			now = change(&dice, copy, len, FUZZ_CAP);
			assert_true(now <= FUZZ_CAP);
			run(copy, now);
		}
	}
	globfree(&found);
}

static void captures(void **state)
{
	(void)state;
	changed("tests/captures/*.pcap*", CAPTURES, fuzz_mutate_capture, fuzz_capture);
}

static void logs(void **state)
{
	(void)state;
	changed("tests/fuzz/seeds-log/*", LOGS, fuzz_mutate_log, fuzz_log);
}

static void seeds(void **state)
{
	static const struct {
		const char *pattern;
		void (*run)(const uint8_t *bytes, size_t len);
	} rows[] = {{"tests/fuzz/seeds-capture/*", fuzz_capture},
		{"tests/fuzz/seeds-log/*", fuzz_log}};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		glob_t found;

		files(rows[i].pattern, &found);
		for (size_t k = 0; k < found.gl_pathc; k++) {
			size_t len;
			_cleanup_(cpr_freep) uint8_t *bytes =
				read_file(found.gl_pathv[k], FUZZ_CAP, &len);

			assert_non_null(bytes);
			rows[i].run(bytes, len);
		}
		globfree(&found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seeds),
		cmocka_unit_test(captures),
		cmocka_unit_test(logs),
	};

	return cmocka_run_group_tests_name("doctor-fuzz", tests, NULL, NULL);
}
