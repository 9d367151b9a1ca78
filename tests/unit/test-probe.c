#include "cleanup.h"
#include "probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BYTES(s) s, sizeof(s) - 1

static const struct row {
	const char *name;
	const char *input;
	size_t len;
	enum cpr_probe_answer expected;
} rows[] = {
	/* opcode 3 | block 1 | payload */
	{"data", BYTES("\0\3\0\1<Default>"), CPR_PROBE_ALIVE},
	{"an empty file", BYTES("\0\3\0\1"), CPR_PROBE_ALIVE},
	{"a later block", BYTES("\0\3\0\2<Default>"), CPR_PROBE_OTHER},
	{"block 256", BYTES("\0\3\1\0<Default>"), CPR_PROBE_OTHER},
	/* opcode 6 | options */
	{"oack", BYTES("\0\6tsize\0001\0"), CPR_PROBE_ALIVE},
	{"an oack of nothing", BYTES("\0\6"), CPR_PROBE_ALIVE},
	/* opcode 5 | code | text, NUL */
	{"error 1", BYTES("\0\5\0\1File not found\0"), CPR_PROBE_FILE_MISSING},
	{"error 1 without its NUL", BYTES("\0\5\0\1gone"), CPR_PROBE_FILE_MISSING},
	{"error 1 without text", BYTES("\0\5\0\1"), CPR_PROBE_FILE_MISSING},
	{"error 0", BYTES("\0\5\0\0Permission denied\0"), CPR_PROBE_OTHER},
	{"error 2", BYTES("\0\5\0\2Access violation\0"), CPR_PROBE_OTHER},
	{"error 257", BYTES("\0\5\1\1odd\0"), CPR_PROBE_OTHER},
	/* what only a client sends */
	{"a read request", BYTES("\0\1file\0octet\0"), CPR_PROBE_OTHER},
	{"an acknowledgement", BYTES("\0\4\0\1"), CPR_PROBE_OTHER},
	{"opcode 7", BYTES("\0\7\0\1"), CPR_PROBE_OTHER},
	{"text", BYTES("HTTP/1.1 400 Bad Request"), CPR_PROBE_OTHER},
	{"opcode 3 in the wrong order", BYTES("\3\0\1\0"), CPR_PROBE_OTHER},
	{"cut off in the error", BYTES("\0\5\0"), CPR_PROBE_OTHER},
	{"cut off in the opcode", BYTES("\0"), CPR_PROBE_OTHER},
	{"nothing", BYTES(""), CPR_PROBE_OTHER},
};

static void answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		/* memory of exactly its length, for the address sanitizer */
		_cleanup_(cpr_freep) uint8_t *bytes =
			malloc(rows[i].len ? rows[i].len : 1);

		memcpy(bytes, rows[i].input, rows[i].len);
		if (cpr_probe_classify(bytes, rows[i].len) != rows[i].expected)
			fail_msg("%s", rows[i].name);
	}
}

static void requests(void **state)
{
	uint8_t out[600];
	char name[513];

	(void)state;
	/* opcode 1 | name, NUL | mode, NUL */
	assert_int_equal(cpr_probe_request("XMLDefault.cnf.xml", out, sizeof(out)), 27);
	assert_memory_equal(out, "\0\1XMLDefault.cnf.xml\0octet\0", 27);
	assert_int_equal(cpr_probe_request("XMLDefault.cnf.xml", out, 27), 27);
	assert_int_equal(cpr_probe_request("XMLDefault.cnf.xml", out, 26), 0);
	assert_int_equal(cpr_probe_request("", out, sizeof(out)), 0);
	memset(name, 'a', sizeof(name));
	name[507] = 0;
	assert_int_equal(cpr_probe_request(name, out, sizeof(out)), CPR_PROBE_MAX);
	name[507] = 'a';
	name[508] = 0;
	assert_int_equal(cpr_probe_request(name, out, sizeof(out)), 0);
}

static void ends(void **state)
{
	uint8_t block[CPR_PROBE_MAX] = {0, 3, 0, 1}, out[17];

	(void)state;
	/* opcode 5 | code 0 | text, NUL */
	assert_int_equal(cpr_probe_end(block, sizeof(block), out, sizeof(out)), 17);
	assert_memory_equal(out, "\0\5\0\0health probe\0", 17);
	assert_int_equal(cpr_probe_end(block, sizeof(block), out, 16), 0);
	assert_int_equal(
		cpr_probe_end((const uint8_t *)"\0\6a\0001", 6, out, sizeof(out)), 17);
	/* opcode 4 | block 1 */
	assert_int_equal(cpr_probe_end(block, sizeof(block) - 1, out, sizeof(out)), 4);
	assert_memory_equal(out, "\0\4\0\1", 4);
	assert_int_equal(cpr_probe_end(block, 4, out, 4), 4);
	assert_int_equal(cpr_probe_end(block, 4, out, 3), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(requests),
		cmocka_unit_test(ends),
	};

	return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
