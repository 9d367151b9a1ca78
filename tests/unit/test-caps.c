/* tftp-helper/caps: names inside archives, and how much one may unpack to. */
#include "caps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#define MIB (1024 * 1024ULL)

static const struct {
	const char *path;
	enum cpr_path expected;
	const char *base;
} path_rows[] = {
	{"a.sbn", CPR_PATH_OK, "a.sbn"},
	{"./a.sbn", CPR_PATH_OK, "a.sbn"},
	{"x/y/a.sbn", CPR_PATH_OK, "a.sbn"},
	{"x\\y\\a.sbn", CPR_PATH_OK, "a.sbn"},
	{"x//a.sbn", CPR_PATH_OK, "a.sbn"},
	{"..a", CPR_PATH_OK, "..a"},
	{"a..", CPR_PATH_OK, "a.."},
	{"x/...", CPR_PATH_OK, "..."},
	{"x/", CPR_PATH_OK, "x/"},
	{"../a", CPR_PATH_DOTDOT, NULL},
	{"x/../a", CPR_PATH_DOTDOT, NULL},
	{"x\\..\\a", CPR_PATH_DOTDOT, NULL},
	{"x/..", CPR_PATH_DOTDOT, NULL},
	{"..", CPR_PATH_DOTDOT, NULL},
	{"/a", CPR_PATH_ABSOLUTE, NULL},
	{"//a", CPR_PATH_ABSOLUTE, NULL},
	{"\\\\host\\a", CPR_PATH_ABSOLUTE, NULL},
	{"C:\\a", CPR_PATH_ABSOLUTE, NULL},
	{"c:a", CPR_PATH_ABSOLUTE, NULL},
	{"", CPR_PATH_EMPTY, NULL},
	{".", CPR_PATH_EMPTY, NULL},
};

static void paths(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(path_rows) / sizeof(*path_rows); i++) {
		const char *base = NULL;
		enum cpr_path got = cpr_path_check(path_rows[i].path, &base);

		if (got != path_rows[i].expected)
			fail_msg("%s: %d", path_rows[i].path, got);
		if (path_rows[i].base)
			assert_string_equal(base, path_rows[i].base);
	}
}

static const struct {
	const char *name;
	uint64_t packed, before, file, n;
	enum cpr_cap expected;
} byte_rows[] = {
	{"nothing", 0, 0, 0, 0, CPR_CAP_OK},
	{"a small file of any ratio", 10, 0, 0, MIB, CPR_CAP_OK},
	{"just 1:100 beyond the first MiB", 10, 0, 0, MIB + 1099, CPR_CAP_OK},
	{"more than that", 10, 0, 0, MIB + 1100, CPR_CAP_RATIO},
	{"the sum counts", 10, MIB + 1000, 0, 100, CPR_CAP_RATIO},
	{"a file of 256 MiB", 300 * MIB, 0, 0, 256 * MIB, CPR_CAP_OK},
	{"and a byte", 300 * MIB, 256 * MIB, 256 * MIB, 1, CPR_CAP_FILE},
	{"1 GiB in all", 1024 * MIB, 1023 * MIB, 0, MIB, CPR_CAP_OK},
	{"and a byte", 1024 * MIB, 1024 * MIB, 0, 1, CPR_CAP_TOTAL},
};

static void bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(byte_rows) / sizeof(*byte_rows); i++) {
		struct cpr_meter m = {.packed = byte_rows[i].packed,
			.bytes = byte_rows[i].before,
			.file = byte_rows[i].file};
		enum cpr_cap got = cpr_meter_bytes(&m, byte_rows[i].n);

		if (got != byte_rows[i].expected)
			fail_msg("%s: %d", byte_rows[i].name, got);
	}
}

static void entries_and_depth(void **state)
{
	struct cpr_meter m = {.file = 5};

	(void)state;
	for (int i = 0; i < 10000; i++)
		assert_int_equal(cpr_meter_entry(&m), CPR_CAP_OK);
	assert_int_equal(m.file, 0);
	assert_int_equal(cpr_meter_entry(&m), CPR_CAP_ENTRIES);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(cpr_meter_firmware(&m), CPR_CAP_OK);
	assert_int_equal(cpr_meter_firmware(&m), CPR_CAP_FIRMWARE);
	assert_int_equal(cpr_meter_depth(3), CPR_CAP_OK);
	assert_int_equal(cpr_meter_depth(4), CPR_CAP_DEPTH);
}

static void every_cap_has_a_text(void **state)
{
	(void)state;
	for (int cap = CPR_CAP_OK; cap <= CPR_CAP_DEPTH; cap++)
		assert_true(strlen(cpr_cap_text((enum cpr_cap)cap)) > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths),
		cmocka_unit_test(bytes),
		cmocka_unit_test(entries_and_depth),
		cmocka_unit_test(every_cap_has_a_text),
	};

	return cmocka_run_group_tests_name("caps", tests, NULL, NULL);
}
