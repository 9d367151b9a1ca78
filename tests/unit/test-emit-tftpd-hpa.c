/* dnsmasq-conf/emit-tftpd-hpa, emit-links: the map as in.tftpd reads it, and the farm. */
#include "cleanup.h"
#include "emit.h"
#include "firmware.h"
#include "inspect.h"
#include "plan.h"
#include "site.h"
#include "tftpd-hpa.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *map;
	const char *says; /* of its one line; NULL: taken */
} maps[] = {
	{"", NULL},
	{"# a comment\n\n  \t\n", NULL},
	{"rieG ^/?(jar[.]sbn)$ \\L\\1\n", NULL},
	{"re ^x$ y # why\n", NULL},
	{"a ^[.]phone-cpr/", NULL},
	{"re a\\ b\\#c d\r\n", NULL},
	{"re\n", "m:1: there is no expression"},
	{"re # none\n", "m:1: there is no expression"},
	{"# one\nrx ^x$ y\n", "m:2: in.tftpd knows no such rule as \"rx\""},
	{"r~ ^x$ y\n", "m:1: in.tftpd knows no such rule as \"r~\""},
	{"rE ^x$ y\n", "m:1: in.tftpd knows no such rule"},
	{"re ^(x$ y\n", "m:1: \"^(x$\" is no regular expression"},
	{"r ok y\nre [ y\n", "m:2: \"[\" is no regular expression"},
};

static void maps_are_read_as_in_tftpd_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(maps); i++) {
		_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
		int r = tftpd_hpa_check_map("m", maps[i].map, &e);

		assert_int_equal(e.n, maps[i].says ? 1 : 0);
		assert_int_equal(r, maps[i].says ? -22 : 0);
		if (maps[i].says)
			assert_memory_equal(
				e.line[0], maps[i].says, strlen(maps[i].says));
	}
}

/* An inventory by hand: "name" or "name>target"; '!' in front: its target cannot be read. */
static const struct {
	const char *files[4];
	const char *farm; /* "name>target " each, '-' in front: it goes */
} farms[] = {
	{{"jar41sccp.9.sbn"}, ""},
	{{"Jar41sccp.9.sbn"}, "jar41sccp.9.sbn>Jar41sccp.9.sbn "},
	{{"SCCP41.9S.loads", "TNUX-1.SBN"},
		"sccp41.9s.loads>SCCP41.9S.loads tnux-1.sbn>TNUX-1.SBN "},
	/* it is there already; the same again is no change */
	{{"Jar41sccp.9.sbn", "jar41sccp.9.sbn>Jar41sccp.9.sbn"},
		"jar41sccp.9.sbn>Jar41sccp.9.sbn "},
	/* as import leaves the spelling of a list: the file itself has the name */
	{{"Jar41sip.8.sbn>jar41sip.8.sbn", "jar41sip.8.sbn"}, ""},
	/* two spellings: the file is named, not the link */
	{{"JAR41sip.8.sbn>Jar41sip.8.sbn", "Jar41sip.8.sbn"},
		"jar41sip.8.sbn>Jar41sip.8.sbn "},
	{{"JAR41sip.8.sbn>images/a.sbn"}, "jar41sip.8.sbn>JAR41sip.8.sbn "},
	/* its target is gone */
	{{"!jar41sip.8.sbn>Jar41sip.8.sbn"}, "-jar41sip.8.sbn>Jar41sip.8.sbn "},
	{{"!jar41sip.8.sbn>JAR41sip.8.sbn", "Jar41sip.8.sbn"},
		"jar41sip.8.sbn>Jar41sip.8.sbn "},
	/* the admin's own */
	{{"!jar41sip.8.sbn>images/Jar41sip.8.sbn"}, ""},
	{{"!jar41sip.8.sbn>jar41sip.7.sbn"}, ""},
	{{"!JAR41sip.8.sbn>Jar41sip.8.sbn"}, ""},
	{{"!jar41sip.8.sbn>Jar41sip.8.sbn", "!Jar41sip.8.sbn"}, ""},
};

static int by_name(const void *a, const void *b)
{
	const struct cpr_file *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void farms_hold_what_has_capitals(void **state)
{
	static struct cpr_inspect there;
	char root[] = "/srv/tftp";
	const struct cpr_site site = {.tftp_root = root, .tftpd_hpa = true};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(farms); i++) {
		_cleanup_(outputs_clear) struct outputs out = {0};
		_cleanup_(cpr_buf_free) struct cpr_buf farm = {0};
		struct cpr_file file[4] = {0};
		struct cpr_firmware firmware = {.root = root, .file = file};
		struct cpr_plan plan = {.site = &site, .firmware = &firmware};
		char text[4][64];

		for (; farms[i].files[firmware.file_n]; firmware.file_n++) {
			const char *from = farms[i].files[firmware.file_n];
			struct cpr_file *f = &file[firmware.file_n];
			char *name = strcpy(text[firmware.file_n], from + (*from == '!'));

			f->name = strsep(&name, ">");
			f->link = name;
			f->inspect = *from == '!' ? NULL : &there;
		}
		qsort(file, firmware.file_n, sizeof(*file), by_name);
		emit_links(&(struct emit_input){.plan = &plan}, &out, NULL);
		cpr_buf_puts(&farm, "");
		for (size_t k = 0; k < out.n; k++)
			cpr_buf_printf(&farm, "%s%s>%s ",
				out.output[k].kind == OUTPUT_GONE ? "-" : "",
				out.output[k].path + sizeof(root), out.output[k].from);
		assert_string_equal(farm.data, farms[i].farm);
	}
}

static void the_map_is_taken(void **state)
{
	_cleanup_(outputs_clear) struct outputs out = {0};
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	size_t rules = 0;

	(void)state;
	emit_tftpd_hpa(NULL, &out, &e);
	assert_int_equal(out.n, 1);
	assert_string_equal(out.output[0].path, TFTPD_HPA_MAP);
	assert_memory_equal(
		out.output[0].text.data, GENERATED_LINE, strlen(GENERATED_LINE));
	assert_int_equal(tftpd_hpa_check_map("m", out.output[0].text.data, &e), 0);
	for (const char *c = out.output[0].text.data; *c; c++)
		rules += *c == '\n';
	/* in.tftpd 5.2 gives up after 1024 */
	assert_in_range(rules, 20, 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maps_are_read_as_in_tftpd_does),
		cmocka_unit_test(farms_hold_what_has_capitals),
		cmocka_unit_test(the_map_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
