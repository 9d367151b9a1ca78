/* The maker of synthetic packages: its sets agree with the model table, its packages are what
 * other tools read, its defects are what they are called. */
#include "buf.h"
#include "cleanup.h"
#include "firmware/firmware.h"
#include "firmware/sets.h"
#include "models.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct cpr_fw_set *set_of(const char *model, enum cpr_protocol protocol,
	const char *version, enum cpr_fw_defect defect, bool real_size)
{
	const struct cpr_fw_request request = {.model = model,
		.protocol = protocol,
		.version = version,
		.real_size = real_size,
		.hardware_mask = -1,
		.seed = 7,
		.defect = defect};
	struct cpr_fw_set *set = NULL;

	assert_int_equal(cpr_fw_set_new(&set, &request, NULL), 0);
	return set;
}

/* Every model, with its id, is a row of the table, takes the load and asks for the term. */
static void models_agree(void **state)
{
	(void)state;
	for (const struct cpr_fw_row *row = cpr_fw_rows; row->models; row++) {
		const char *at = row->models;
		char word[32];
		unsigned id;
		int used;

		for (; sscanf(at, " %31[^:]:%u%n", word, &id, &used) == 2; at += used) {
			_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set = NULL;
			const struct cpr_model *m = cpr_model_by_name(word);

			assert_non_null(m);
			assert_int_equal(m->device_id, id);
			set = set_of(word, row->sccp ? CPR_SCCP : CPR_SIP, NULL,
				CPR_FW_INTACT, false);
			if (!cpr_model_takes_load(m, set->load))
				fail_msg("%s does not take %s", word, set->load);
			if (m->term)
				assert_non_null(cpr_fw_set_file(set, m->term));
		}
	}
}

/* Whatever a phone asks for has a name that intake takes. */
static void names_agree(void **state)
{
	(void)state;
	for (const struct cpr_fw_row *row = cpr_fw_rows; row->models; row++) {
		_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set = NULL;
		char word[32];

		sscanf(row->models, "%31[^:]", word);
		set = set_of(
			word, row->sccp ? CPR_SCCP : CPR_SIP, NULL, CPR_FW_INTACT, false);
		for (size_t i = 0; i < set->n; i++) {
			const struct cpr_fw_file *f = &set->file[i];
			static const enum cpr_name_kind kinds[] = {
				[CPR_FW_LOADS] = CPR_NAME_LOADS,
				[CPR_FW_TERM] = CPR_NAME_TERM,
				[CPR_FW_IMAGE] = CPR_NAME_IMAGE,
			};

			if (f->kind == CPR_FW_EXTRA)
				continue;
			if (cpr_name_kind(f->name) != kinds[f->kind])
				fail_msg("%s is of kind %d", f->name,
					cpr_name_kind(f->name));
		}
	}
}

static void same_seed_same_bytes(void **state)
{
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *a =
		set_of("7961", CPR_SCCP, NULL, CPR_FW_INTACT, false);
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *b =
		set_of("7941", CPR_SCCP, NULL, CPR_FW_INTACT, false);

	(void)state;
	for (int p = CPR_FW_ZIP; p < CPR_FW_DIR; p++) {
		_cleanup_(cpr_buf_free) struct cpr_buf x = {0}, y = {0};

		assert_int_equal(
			cpr_fw_pack(a, (enum cpr_fw_package)p, CPR_FW_GOOD, &x), 0);
		assert_int_equal(
			cpr_fw_pack(b, (enum cpr_fw_package)p, CPR_FW_GOOD, &y), 0);
		assert_int_equal(x.len, y.len);
		assert_memory_equal(x.data, y.data, x.len);
	}
}

/* SCCP and SIP share cnu, apps and dsp byte by byte; the term files only have one name. */
static void twins(void **state)
{
	static const struct {
		const char *name;
		bool same;
	} rows[] = {
		{"cnu41.9-4-2ES26.sbn", true},
		{"apps41.9-4-2ES26.sbn", true},
		{"dsp41.9-4-2ES26.sbn", true},
		{"term41.default.loads", false},
		{"term61.default.loads", false},
	};
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *a =
		set_of("7961", CPR_SCCP, NULL, CPR_FW_INTACT, false);
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *b =
		set_of("7961", CPR_SIP, NULL, CPR_FW_INTACT, false);

	(void)state;
	assert_string_equal(a->package, "cmterm-7941_7961-sccp.9-4-2SR3-1");
	assert_string_equal(b->package, "cmterm-7941_7961-sip.9-4-2SR3-1");
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		const struct cpr_fw_file *x = cpr_fw_set_file(a, rows[i].name);
		const struct cpr_fw_file *y = cpr_fw_set_file(b, rows[i].name);

		assert_non_null(x);
		assert_non_null(y);
		assert_int_equal(x->len == y->len && !memcmp(x->data, y->data, x->len),
			rows[i].same);
	}
	assert_non_null(cpr_fw_set_file(b, "jar41sip.9-4-2ES26.sbn"));
	assert_null(cpr_fw_set_file(b, "jar41sccp.9-4-2ES26.sbn"));
}

/* The five images of 9-4-2ES26 for the 7941 have 8126582 bytes, none more than 4.7 MB.  The
 * .sbn of a 7940 is its .bin behind 404 bytes. */
static void real_sizes(void **state)
{
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *a =
		set_of("7941", CPR_SCCP, NULL, CPR_FW_INTACT, true);
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *b =
		set_of("7940", CPR_SCCP, NULL, CPR_FW_INTACT, true);
	const struct cpr_fw_file *bin = cpr_fw_set_file(b, "P0030801SR02.bin");
	const struct cpr_fw_file *sbn = cpr_fw_set_file(b, "P0030801SR02.sbn");
	const struct cpr_fw_file *os;
	size_t sum = 0;

	(void)state;
	for (size_t i = 0; i < a->n; i++)
		if (a->file[i].kind == CPR_FW_IMAGE) {
			sum += a->file[i].len;
			assert_true(a->file[i].len < 4710000);
		}
	assert_int_equal(sum, 8126582);
	assert_int_equal(cpr_fw_set_file(a, "SCCP41.9-4-2SR3-1S.loads")->len, 652);
	assert_int_equal(cpr_fw_set_file(b, "P0030801SR02.loads")->len, 458);
	assert_int_equal(bin->len, 130552);
	assert_int_equal(sbn->len, 130956);
	assert_memory_equal(bin->data, sbn->data + 404, bin->len);
	b = cpr_fw_set_free(b);
	b = set_of("7960", CPR_SIP, NULL, CPR_FW_INTACT, false);
	os = cpr_fw_set_file(b, "OS79XX.TXT");
	assert_int_equal(os->len, 15);
	assert_memory_equal(os->data, "P003-8-12-00 \r\n", 15);
}

static const char *printed(const struct cpr_fw_set *set, const char *word)
{
	const struct cpr_fw_file *f = &set->file[set->n - 1];

	return memmem(f->data, f->len, word, strlen(word));
}

static void defects(void **state)
{
	static const struct {
		enum cpr_fw_defect defect;
		const char *name, *own_name; /* own_name NULL: the file is not there */
	} rows[] = {
		{CPR_FW_INTACT, "apps41.9-4-2ES26.sbn", "apps41.9-4-2ES26.sbn"},
		{CPR_FW_MISSING, "apps41.9-4-2ES26.sbn", NULL},
		{CPR_FW_CASE, "apps41.9-4-2ES26.sbn", NULL},
		{CPR_FW_CASE, "APPS41.9-4-2ES26.SBN", "APPS41.9-4-2ES26.SBN"},
		{CPR_FW_RENAMED, "apps41.9-4-2ES26.sbn", "apps41.8-5-2TH1-9.sbn"},
		{CPR_FW_INNER_NAME, "SCCP41.9-4-2SR3-1S.loads", "SCCP41.8-5-2S.loads"},
		{CPR_FW_INNER_NAME, "term61.default.loads", "SCCP41.9-4-2SR3-1S.loads"},
		{CPR_FW_LISTED_CASE, "jar41sccp.9-4-2ES26.sbn",
			"jar41sccp.9-4-2ES26.sbn"},
	};
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *old =
		set_of("7961", CPR_SIP, "8-3-1S", CPR_FW_INTACT, false);

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set =
			set_of("7961", CPR_SCCP, NULL, rows[i].defect, false);
		const struct cpr_fw_file *f = cpr_fw_set_file(set, rows[i].name);

		assert_int_equal(f != NULL, rows[i].own_name != NULL);
		if (f)
			assert_string_equal(f->own_name, rows[i].own_name);
		assert_non_null(printed(set, "apps41.9-4-2ES26.sbn"));
		assert_int_equal(printed(set, "Jar41sccp") != NULL,
			rows[i].defect == CPR_FW_LISTED_CASE);
	}
	assert_non_null(printed(old, "Jar41sip.8-3-0-50.sbn"));
	assert_non_null(cpr_fw_set_file(old, "jar41sip.8-3-0-50.sbn"));
}

static void refusals(void **state)
{
	static const struct cpr_fw_request rows[] = {
		{.model = NULL},
		{.model = ""},
		{.model = "79"},
		{.model = "41"},
		{.model = "7931", .protocol = CPR_SIP},
		{.model = "7841", .protocol = CPR_SCCP},
		{.model = "7961", .version = ""},
		{.model = "7961", .version = "../../x"},
		{.model = "7961", .version = "9-4-2SR3-1S-and-much-more-than-fits"},
	};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		struct cpr_fw_set *set = NULL;

		assert_int_equal(cpr_fw_set_new(&set, &rows[i], NULL), -EINVAL);
		assert_null(set);
	}
}

/* "type path" of the first entry, and how many there are. */
static size_t entries(
	const struct cpr_buf *b, char *first, size_t cap, char **inner, size_t *inner_n)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	size_t n = 0;

	archive_read_support_format_all(a);
	archive_read_support_filter_all(a);
	assert_int_equal(archive_read_open_memory(a, b->data, b->len), ARCHIVE_OK);
	while (archive_read_next_header(a, &e) == ARCHIVE_OK) {
		if (n++)
			continue;
		snprintf(first, cap, "%o %s%s%s", archive_entry_filetype(e) >> 12,
			archive_entry_pathname(e), archive_entry_hardlink(e) ? " = " : "",
			archive_entry_hardlink(e) ? archive_entry_hardlink(e) : "");
		*inner_n = (size_t)archive_entry_size(e);
		*inner = malloc(*inner_n + 1);
		if (archive_read_data(a, *inner, *inner_n) < 0)
			*inner_n = 0;
	}
	archive_read_free(a);
	return n;
}

static void packages(void **state)
{
#define FIRST "jar41sccp.9-4-2ES26.sbn"
	static const struct {
		enum cpr_fw_package package;
		enum cpr_fw_evil evil;
		const char *outer; /* the one file of the outer archive, or NULL */
		const char *first;
		size_t n;
	} rows[] = {
		{CPR_FW_ZIP, CPR_FW_GOOD, NULL, "10 " FIRST, 9},
		{CPR_FW_ZIP_FOLDER, CPR_FW_GOOD, NULL,
			"10 cmterm-7941_7961-sccp.9-4-2SR3-1/" FIRST, 9},
		{CPR_FW_TAR, CPR_FW_GOOD, NULL, "10 " FIRST, 9},
		{CPR_FW_TAR_IN_ZIP, CPR_FW_GOOD,
			"10 phones/SCCP/cmterm-7941_7961-sccp.9-4-2SR3-1.tar",
			"10 " FIRST, 9},
		{CPR_FW_ZIP, CPR_FW_EVIL_DOTDOT, NULL, "10 ../../" FIRST, 9},
		{CPR_FW_TAR, CPR_FW_EVIL_ABSOLUTE, NULL, "10 /tmp/" FIRST, 9},
		{CPR_FW_ZIP, CPR_FW_EVIL_ABSOLUTE, NULL, "10 /tmp/" FIRST, 9},
		{CPR_FW_ZIP, CPR_FW_EVIL_SYMLINK, NULL, "12 " FIRST, 9},
		{CPR_FW_TAR, CPR_FW_EVIL_HARDLINK, NULL, "0 " FIRST " = /etc/passwd", 9},
		{CPR_FW_ZIP, CPR_FW_EVIL_DEVICE,
			"10 phones/SCCP/cmterm-7941_7961-sccp.9-4-2SR3-1.tar", "2 " FIRST,
			9},
		{CPR_FW_TAR, CPR_FW_EVIL_FIFO, NULL, "1 " FIRST, 9},
		{CPR_FW_ZIP, CPR_FW_EVIL_MANY, NULL, "10 " FIRST, 100009},
	};
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set =
		set_of("7961", CPR_SCCP, NULL, CPR_FW_INTACT, false);

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		_cleanup_(cpr_buf_free) struct cpr_buf b = {0};
		struct cpr_buf tar = {0};
		char first[256] = "";
		size_t n;

		assert_int_equal(cpr_fw_pack(set, rows[i].package, rows[i].evil, &b), 0);
		n = entries(&b, first, sizeof(first), &tar.data, &tar.len);
		if (rows[i].outer) {
			char *inner = NULL;
			size_t inner_n;

			assert_int_equal(n, 1);
			assert_string_equal(first, rows[i].outer);
			n = entries(&tar, first, sizeof(first), &inner, &inner_n);
			free(inner);
		}
		free(tar.data);
		assert_string_equal(first, rows[i].first);
		assert_int_equal(n, rows[i].n);
	}
}

static void nest_is_five_deep(void **state)
{
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set =
		set_of("7961", CPR_SCCP, NULL, CPR_FW_INTACT, false);
	struct cpr_buf b = {0};
	size_t depth = 0, n;

	(void)state;
	assert_int_equal(cpr_fw_pack(set, CPR_FW_ZIP, CPR_FW_EVIL_NEST, &b), 0);
	do {
		struct cpr_buf inner = {0};
		char first[256];

		n = entries(&b, first, sizeof(first), &inner.data, &inner.len);
		cpr_buf_free(&b);
		b = inner;
		depth++;
	} while (n == 1);
	free(b.data);
	assert_int_equal(depth, 5);
	assert_int_equal(n, 9);
}

static void bomb(void **state)
{
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set =
		set_of("7961", CPR_SCCP, NULL, CPR_FW_INTACT, false);
	_cleanup_(cpr_buf_free) struct cpr_buf good = {0}, b = {0};

	(void)state;
	assert_int_equal(cpr_fw_pack(set, CPR_FW_ZIP, CPR_FW_GOOD, &good), 0);
	assert_int_equal(cpr_fw_pack(set, CPR_FW_ZIP, CPR_FW_EVIL_BOMB, &b), 0);
	assert_true(b.len - good.len < (80u << 20) / 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(models_agree),
		cmocka_unit_test(names_agree),
		cmocka_unit_test(same_seed_same_bytes),
		cmocka_unit_test(twins),
		cmocka_unit_test(real_sizes),
		cmocka_unit_test(defects),
		cmocka_unit_test(refusals),
		cmocka_unit_test(packages),
		cmocka_unit_test(nest_is_five_deep),
		cmocka_unit_test(bomb),
	};

	return cmocka_run_group_tests_name("firmware-maker", tests, NULL, NULL);
}
