#include "buf.h"
#include "cleanup.h"
#include "container.h"
#include "errors.h"
#include "firmware/firmware.h"
#include "loads.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* In memory of exactly that size, so that the sanitizer sees a read past it. */
static int parse(const void *text, size_t n, struct cpr_loads **out, struct cpr_errors *e)
{
	uint8_t *exact = malloc(n ? n : 1);
	int r;

	assert_non_null(exact);
	if (n)
		memcpy(exact, text, n);
	r = cpr_loads_parse("x.loads", exact, n, out, e);
	free(exact);
	return r;
}

/* "name name(size,md5) …": what a list says, on one line. */
static char *said(const struct cpr_loads *l)
{
	struct cpr_buf b = {0};

	cpr_buf_puts(&b, "");
	for (size_t i = 0; i < l->n; i++) {
		cpr_buf_printf(&b, "%s%s", i ? " " : "", l->entry[i].name);
		if (l->entry[i].size >= 0)
			cpr_buf_printf(&b, "(%lld%s%s)", (long long)l->entry[i].size,
				*l->entry[i].md5 ? "," : "", l->entry[i].md5);
	}
	return b.data;
}

#define MD5 "0123456789abcdef0123456789ABCDEF"

static void grammars(void **state)
{
	static const struct {
		const char *what, *text, *files, *version;
		uint32_t mask;
	} rows[] = {
		{"79xx",
			"# RELEASE load version 9-4-2ES26\r\n#HARDWARE_COMP_1 5\r\n#BASE "
			"x y\r\n"
			"\r\njar42sccp.9-4-2ES26.sbn \r\ncnu42.9-4-2ES26.sbn\r\n",
			"jar42sccp.9-4-2ES26.sbn cnu42.9-4-2ES26.sbn", "9-4-2ES26", 5},
		{"no comment, LF", "a.sbn\nb.bin\n", "a.sbn b.bin", "", 0},
		{"no newline at the end", "a.sbn\r\nb.sbn", "a.sbn b.sbn", "", 0},
		{"capital J stays", "Jar41sip.8-3-0-50.sbn\r\n", "Jar41sip.8-3-0-50.sbn",
			"", 0},
		{"order stays", "z.sbn\nm.sbn\na.sbn\n", "z.sbn m.sbn a.sbn", "", 0},
		{"blanks around", " \ta.sbn\t \r\n  # b.sbn\n", "a.sbn", "", 0},
		{"other words are ignored", "a.sbn and more\n", "a.sbn", "", 0},
		{"names that differ in case", "a.sbn\nA.sbn\n", "a.sbn A.sbn", "", 0},
		{"another hardware line", "#HARDWARE_COMP_12 x\na.sbn\n", "a.sbn", "", 0},
		{"hexadecimal mask", "#HARDWARE_COMP_1 0xff\na.sbn\n", "a.sbn", "", 255},
		{"highest mask", "#HARDWARE_COMP_1 4294967295\na.sbn\n", "a.sbn", "",
			UINT32_MAX},
		{"69xx",
			"BOOT69xx.0-0-0-14.zz.sgn\nDSP69xx.9-4-1-3.zz.sgn\nSIP69xx.9-4-1-"
			"3.zz.sgn",
			"BOOT69xx.0-0-0-14.zz.sgn DSP69xx.9-4-1-3.zz.sgn "
			"SIP69xx.9-4-1-3.zz.sgn",
			"", 0},
		{"6945", "SCCP6945.9-4-1.bin1.sgn\r\n", "SCCP6945.9-4-1.bin1.sgn", "", 0},
		{"7940", "P0030801SR02.sbn\nP0030801SR02.sb2\nLA_VERSION=PAS30831\n",
			"P0030801SR02.sbn P0030801SR02.sb2", "", 0},
		{"7921",
			"#? HW_REV 0-4.*\r\n#? SW_CAP EAP-TLS,PEAP,VSFIX\r\n"
			"TNUX-1.4.6.3.SBN  1303000  " MD5 "\r\n"
			"#+ JUIH-1.4.7.3.SBN 0 " MD5 "\r\n",
			"TNUX-1.4.6.3.SBN(1303000," MD5 ") JUIH-1.4.7.3.SBN(0," MD5 ")",
			"", 0},
		{"78xx",
			"# LOADS=sip78xx.11-0-1-11.loads\n[CISCO-ID]\nversion=11-0-1-11\n"
			"hwcompat=0x00000003\nswcompat=\ntransition=a.sbn size=1\n"
			"loadversion=1\n\n[PLATFORM_1]\nsboot=sboot78xx.11-0-1-11.sbn "
			"size=370348\n"
			"ebr_offset=0x100\n; remark\n[PLATFORM_2]\r\n"
			"kern=kern2.78xx.11-0-1-11.sbn size=2505750\r\n",
			"sboot78xx.11-0-1-11.sbn(370348) kern2.78xx.11-0-1-11.sbn(2505750)",
			"11-0-1-11", 3},
		{"78xx, one file for two",
			"[PLATFORM_1]\na=f.sbn size=1\n[PLATFORM_2]\na=f.sbn size=1",
			"f.sbn(1)", "", 0},
	};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		_cleanup_(cpr_loads_freep) struct cpr_loads *l = NULL;
		_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
		_cleanup_(cpr_freep) char *got = NULL;

		if (parse(rows[i].text, strlen(rows[i].text), &l, &e))
			fail_msg("row \"%s\": %s", rows[i].what, e.n ? e.line[0] : "?");
		assert_int_equal(e.n, 0);
		got = said(l);
		assert_string_equal(got, rows[i].files);
		assert_string_equal(l->version, rows[i].version);
		assert_int_equal(l->hardware_compatibility, rows[i].mask);
	}
}

static void refusals(void **state)
{
	static const struct {
		const char *text, *error;
		size_t n; /* 0: strlen */
	} rows[] = {
		{"", "x.loads: lists no file", 0},
		{"\r\n\r\n", "x.loads: lists no file", 0},
		{"# only\r\n#? remarks\r\n", "x.loads: lists no file", 0},
		{"LA_VERSION=PAS30831\n", "x.loads: lists no file", 0},
		{"[CISCO-ID]\nversion=1\n", "x.loads: lists no file", 0},
		{"a.sbn\nhello\n", "x.loads:2: \"hello\" ends like no image", 0},
		{"a.loads\n", "x.loads:1: \"a.loads\" ends like no image", 0},
		{"a.sbn\n../b.sbn\n", "x.loads:2: \"../b.sbn\" is a path", 0},
		{"/etc/b.sbn\n", "x.loads:1: \"/etc/b.sbn\" is a path", 0},
		{"a\\b.sbn\n", "x.loads:1: \"a\\b.sbn\" is a path", 0},
		{".b.sbn\n", "x.loads:1: \".b.sbn\" is a path", 0},
		{"a\033[2J.sbn\n", "x.loads:1: a file name with control", 0},
		{"a\xc3\xa4.sbn\n", "x.loads:1: a file name with control", 0},
		{"\x7f.sbn\n", "x.loads:1: a file name with control", 0},
		{"a.sbn\nb.s\0bn\n", "x.loads:2: a NUL byte", 13},
		{"\0", "x.loads:1: a NUL byte", 1},
		{"a.sbn\nb.sbn\na.sbn\n", "x.loads:3: \"a.sbn\" is listed twice", 0},
		{"#HARDWARE_COMP_1\na.sbn\n", "x.loads:1: the hardware compatibility", 0},
		{"#HARDWARE_COMP_1 x\na.sbn\n", "x.loads:1: the hardware compatibility",
			0},
		{"#HARDWARE_COMP_1 -1\na.sbn\n", "x.loads:1: the hardware compatibility",
			0},
		{"#HARDWARE_COMP_1 5x\na.sbn\n", "x.loads:1: the hardware compatibility",
			0},
		{"#HARDWARE_COMP_1 4294967296\na.sbn\n", "x.loads:1: the hardware", 0},
		{"A.SBN 12\n", "x.loads:1: no size and MD5", 0},
		{"A.SBN 12 0123\n", "x.loads:1: no size and MD5", 0},
		{"A.SBN 9999999999999999 " MD5 "\n", "x.loads:1: no size and MD5", 0},
		{"#+ A.SBN\n", "x.loads:1: no size and MD5", 0},
		{"#+ A.SBN -1 " MD5 "\n", "x.loads:1: no size and MD5", 0},
		{"#+ A.SBN 1 x" MD5 "\n", "x.loads:1: no size and MD5", 0},
		{"[PLATFORM_1]\na=f.sbn size=x\n", "x.loads:2: no size behind", 0},
		{"[PLATFORM_1]\na=f.sbn size=1 2\n", "x.loads:2: no size behind", 0},
		{"[PLATFORM_1]\na= size=1\n", "x.loads:2: no size behind", 0},
		{"[PLATFORM_1]\nhello\n", "x.loads:2: neither a section", 0},
		{"[PLATFORM_1]\na=../f.sbn size=1\n", "x.loads:2: \"../f.sbn\" is a path",
			0},
		{"[PLATFORM_1]\na=f.sbn size=1\nb=f.sbn size=2\n",
			"x.loads:3: \"f.sbn\" is listed", 0},
		{"[CISCO-ID]\nhwcompat=x\n[PLATFORM_1]\na=f.sbn size=1\n",
			"x.loads:2: the hardware", 0},
	};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		_cleanup_(cpr_loads_freep) struct cpr_loads *l = NULL;
		_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
		size_t n = rows[i].n ? rows[i].n : strlen(rows[i].text);

		if (parse(rows[i].text, n, &l, &e) != -EINVAL)
			fail_msg("accepted: %s", rows[i].text);
		assert_null(l);
		assert_int_equal(e.n, 1);
		if (strncmp(e.line[0], rows[i].error, strlen(rows[i].error)))
			assert_string_equal(e.line[0], rows[i].error);
		assert_int_equal(parse(rows[i].text, n, &l, NULL), -EINVAL);
	}
}

/* Every fault of a list in one run, but a file that is none does not fill the screen. */
static void all_faults(void **state)
{
	static const char text[] = "a/b.sbn\nok.sbn\nhello\nok.sbn\n";
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	_cleanup_(cpr_loads_freep) struct cpr_loads *l = NULL;
	_cleanup_(cpr_buf_free) struct cpr_buf b = {0};

	(void)state;
	assert_int_equal(parse(text, strlen(text), &l, &e), -EINVAL);
	assert_int_equal(e.n, 3);
	assert_memory_equal(e.line[2], "x.loads:4: ", 11);
	cpr_errors_clear(&e);
	for (int i = 0; i < 1000; i++)
		cpr_buf_puts(&b, "what is this\n");
	assert_int_equal(parse(b.data, b.len, &l, &e), -EINVAL);
	assert_int_equal(e.n, 20);
}

static void limits(void **state)
{
	_cleanup_(cpr_buf_free) struct cpr_buf b = {0};
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	struct cpr_loads *l = NULL;

	(void)state;
	for (int i = 0; i < 64; i++)
		cpr_buf_printf(&b, "f%d.sbn\n", i);
	assert_int_equal(parse(b.data, b.len, &l, &e), 0);
	assert_int_equal(l->n, 64);
	l = cpr_loads_free(l);
	cpr_buf_puts(&b, "f64.sbn\nf65.sbn\n");
	assert_int_equal(parse(b.data, b.len, &l, &e), -EINVAL);
	assert_int_equal(e.n, 1);
	assert_memory_equal(e.line[0], "x.loads:65: more than 64 files", 30);
	cpr_errors_clear(&e);
	for (int n = 64; n <= 65; n++) {
		cpr_buf_free(&b);
		cpr_buf_printf(&b, "%0*d.sbn\n", n - 4, 0);
		assert_int_equal(parse(b.data, b.len, &l, &e), n == 64 ? 0 : -EINVAL);
		l = cpr_loads_free(l);
	}
	/* the line's end does not count, CRLF neither */
	for (int n = 126; n <= 127; n++) {
		cpr_buf_free(&b);
		cpr_buf_printf(&b, "#%0*d\r\na.sbn\n", n - 1, 0);
		assert_int_equal(parse(b.data, b.len, &l, &e), n == 126 ? 0 : -EINVAL);
		l = cpr_loads_free(l);
	}
}

/* Every set of the maker: its list names its images, sizes and sums are the files' own. */
static void real_sets(void **state)
{
	static const char *const models[] = {"7906", "7911", "7931", "7941", "7961G-GE",
		"7942", "7945", "7970", "7975", "7960", "7921", "7925", "7926", "6921",
		"6901", "6911", "6945", "8941", "7841", "8841", "8845"};
	static const enum cpr_protocol protocols[] = {CPR_SCCP, CPR_SIP};
	size_t sets = 0;

	(void)state;
	for (size_t i = 0; i < 2 * CPR_ARRAY_LEN(models); i++) {
		_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set = NULL;
		const struct cpr_fw_request request = {.model = models[i / 2],
			.protocol = protocols[i % 2],
			.hardware_mask = -1};

		if (cpr_fw_set_new(&set, &request, NULL))
			continue;
		sets++;
		for (size_t k = 0; k < set->n; k++) {
			const struct cpr_fw_file *f = &set->file[k];
			_cleanup_(cpr_loads_freep) struct cpr_loads *l = NULL;
			struct cpr_container c;

			if (f->kind != CPR_FW_LOADS && f->kind != CPR_FW_TERM)
				continue;
			assert_int_equal(cpr_container_parse(f->data, f->len, &c), 0);
			assert_string_equal(c.own_name, f->name);
			assert_int_equal(parse(f->data + c.payload_offset,
						 f->len - c.payload_offset, &l, NULL),
				0);
			for (size_t n = 0; n < l->n; n++) {
				const struct cpr_fw_file *image =
					cpr_fw_set_file(set, l->entry[n].name);

				assert_non_null(image);
				if (l->entry[n].size >= 0)
					assert_int_equal(l->entry[n].size, image->len);
			}
		}
	}
	assert_int_equal(sets, 32);
}

/* Masks as the real lists of these versions have them. */
static void real_masks(void **state)
{
	static const struct {
		const char *model, *version;
		uint32_t mask;
	} rows[] = {
		{"7911", "8-3-3SR2S", 1},
		{"7911", "9-4-2SR3-1S", 1},
		{"7961", "9-4-2SR3-1S", 0},
		{"7942", "8-4-2S", 1},
		{"7942", "9-4-2SR3-1S", 5},
		{"7965", "8-5-4S", 0},
		{"7965", "9-3-1SR1-1S", 7},
		{"7965", "9-4-2SR3-1S", 15},
		{"7975", "9-4-2SR3-1S", 5},
	};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set = NULL;
		_cleanup_(cpr_loads_freep) struct cpr_loads *l = NULL;
		const struct cpr_fw_request request = {.model = rows[i].model,
			.version = rows[i].version,
			.hardware_mask = -1};
		const struct cpr_fw_file *f;
		struct cpr_container c;

		assert_int_equal(cpr_fw_set_new(&set, &request, NULL), 0);
		f = &set->file[set->n - 1];
		assert_int_equal(f->kind, CPR_FW_TERM);
		cpr_container_parse(f->data, f->len, &c);
		assert_int_equal(parse(f->data + c.payload_offset,
					 f->len - c.payload_offset, &l, NULL),
			0);
		assert_int_equal(l->hardware_compatibility, rows[i].mask);
	}
}

/* Every beginning and every wrong byte of two lists: no read outside (sanitizer), no name
 * that is a path. */
static void damaged(void **state)
{
	static const char *const lists[] = {
		"# RELEASE load version 9-4-2ES26\r\n#HARDWARE_COMP_1 5\r\n#+ B.SBN "
		"7 " MD5 "\r\njar42.9.sbn \r\nLA=1\r\ncnu42.9.sbn",
		"# LOADS=a\n[CISCO-ID]\nhwcompat=0x3\n[PLATFORM_1]\nk=f.sbn "
		"size=12\nr=g.sbn size=1",
	};

	(void)state;
	for (size_t k = 0; k < CPR_ARRAY_LEN(lists); k++) {
		_cleanup_(cpr_freep) char *text = strdup(lists[k]);
		size_t len = strlen(text);
		struct cpr_loads *l = NULL;

		for (size_t n = 0; n <= len; n++) {
			(void)parse(text, n, &l, NULL);
			l = cpr_loads_free(l);
		}
		for (size_t at = 0; at < len; at++)
			for (int v = 0; v < 256; v++) {
				text[at] = (char)v;
				if (!parse(text, len, &l, NULL))
					for (size_t i = 0; i < l->n; i++)
						assert_null(strpbrk(
							l->entry[i].name, "/\\\n\033"));
				l = cpr_loads_free(l);
				text[at] = lists[k][at];
			}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grammars),
		cmocka_unit_test(refusals),
		cmocka_unit_test(all_faults),
		cmocka_unit_test(limits),
		cmocka_unit_test(real_sets),
		cmocka_unit_test(real_masks),
		cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests_name("loads", tests, NULL, NULL);
}
