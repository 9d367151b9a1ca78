#include "buf.h"
#include "cleanup.h"
#include "models.h"

#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Names of real files, as packing lists, package listings and servers' logs print them, and
 * what lies beside them. */
static const struct {
	const char *name;
	enum cpr_name_kind kind;
} names[] = {
	{"term06.default.loads", CPR_NAME_TERM},
	{"term11.default.loads", CPR_NAME_TERM},
	{"term31.default.loads", CPR_NAME_TERM},
	{"term41.default.loads", CPR_NAME_TERM},
	{"term42.default.loads", CPR_NAME_TERM},
	{"term45.default.loads", CPR_NAME_TERM},
	{"term61.default.loads", CPR_NAME_TERM},
	{"term62.default.loads", CPR_NAME_TERM},
	{"term65.default.loads", CPR_NAME_TERM},
	{"term70.default.loads", CPR_NAME_TERM},
	{"term71.default.loads", CPR_NAME_TERM},
	{"term75.default.loads", CPR_NAME_TERM},
	{"TERM41.default.loads", CPR_NAME_TERM},
	{"SCCP11.9-4-2SR3-1S.loads", CPR_NAME_LOADS},
	{"SIP11.8-5-2S.loads", CPR_NAME_LOADS},
	{"SCCP31.9-2-1S.loads", CPR_NAME_LOADS},
	{"SCCP41.9-4-2SR3-1S.loads", CPR_NAME_LOADS},
	{"SCCP41.8-3-3SR2S.loads", CPR_NAME_LOADS},
	{"SIP41.9-4-2SR3-1S.loads", CPR_NAME_LOADS},
	{"SCCP42.9-4-2SR3-1S.loads", CPR_NAME_LOADS},
	{"SCCP45.9-4-2SR4-3S.loads", CPR_NAME_LOADS},
	{"SCCP70.9-4-2SR3-1S.loads", CPR_NAME_LOADS},
	{"SCCP75.9-4-2SR4-3S.loads", CPR_NAME_LOADS},
	{"P0030801SR02.loads", CPR_NAME_LOADS},
	{"P0S3-8-12-00.loads", CPR_NAME_LOADS},
	{"P0S3-07-4-00.loads", CPR_NAME_LOADS},
	{"CP7921G-1.4.6.3.LOADS", CPR_NAME_LOADS},
	{"CP7925G-1.4.7.3.LOADS", CPR_NAME_LOADS},
	{"SCCP6901.9-2-1-a.loads", CPR_NAME_LOADS},
	{"SCCP6911.9-2-1-a.loads", CPR_NAME_LOADS},
	{"SIP69xx.9-4-1-3.loads", CPR_NAME_LOADS},
	{"SCCP69xx.9-4-1-3SR3.loads", CPR_NAME_LOADS},
	{"SCCP6945.9-3-1-3.loads", CPR_NAME_LOADS},
	{"SCCP894x.9-4-2SR1-2.loads", CPR_NAME_LOADS},
	{"SCCP8941_8945.9-3-1-18.loads", CPR_NAME_LOADS},
	{"CP3905.9-4-1SR3.loads", CPR_NAME_LOADS},
	{"sip8961.9-4-1-9.loads", CPR_NAME_LOADS},
	{"sip9971.9-4-2SR4-1.loads", CPR_NAME_LOADS},
	{"sip78xx.11-0-1-11.loads", CPR_NAME_LOADS},
	{"sip78xx.12-5-1SR2-2.loads", CPR_NAME_LOADS},
	{"sip78xx.TLexE2M-11-2-3C-12.loads", CPR_NAME_LOADS},
	{"sip7832.12-5-1SR2-2.loads", CPR_NAME_LOADS},
	{"sip8832.12-5-1SR2-2.loads", CPR_NAME_LOADS},
	{"sip88xx.12-0-1MN-113.loads", CPR_NAME_LOADS},
	{"sip88xx.14-0-1-0101-145.loads", CPR_NAME_LOADS},
	{"sip8845_65.12-0-1MN-113.loads", CPR_NAME_LOADS},
	{"jar41sccp.9-4-2ES26.sbn", CPR_NAME_IMAGE},
	{"jar41sip.9-4-2ES26.sbn", CPR_NAME_IMAGE},
	{"cnu41.9-4-2ES26.sbn", CPR_NAME_IMAGE},
	{"apps41.9-4-2ES26.sbn", CPR_NAME_IMAGE},
	{"dsp41.9-4-2ES26.sbn", CPR_NAME_IMAGE},
	{"cvm41sccp.9-4-2ES26.sbn", CPR_NAME_IMAGE},
	{"cvm41sip.9-4-2ES26.sbn", CPR_NAME_IMAGE},
	{"cnu45.9-4-2SR4-3.sbn", CPR_NAME_IMAGE},
	{"cnu75.9-4-2SR4-3.sbn", CPR_NAME_IMAGE},
	{"jar31sccp.9-2-1TH1-13.sbn", CPR_NAME_IMAGE},
	{"jar41sccp.8-5-2TH1-9.sbn", CPR_NAME_IMAGE},
	{"Jar11sip.8-2-2ES4.sbn", CPR_NAME_IMAGE},
	{"Jar41sip.8-3-0-50.sbn", CPR_NAME_IMAGE},
	{"Jar41sccp.8-3-0-50.sbn", CPR_NAME_IMAGE},
	{"Jar41.2-9-2-26.sbn", CPR_NAME_IMAGE},
	{"JAR41SCCP.9-4-2ES26.SBN", CPR_NAME_IMAGE},
	{"P0030801SR02.bin", CPR_NAME_IMAGE},
	{"P0030801SR02.sbn", CPR_NAME_IMAGE},
	{"P0030801SR02.sb2", CPR_NAME_IMAGE},
	{"P003-8-12-00.bin", CPR_NAME_IMAGE},
	{"P003-8-12-00.sbn", CPR_NAME_IMAGE},
	{"P003-07-4-00.sbn", CPR_NAME_IMAGE},
	{"P0S3-8-12-00.sb2", CPR_NAME_IMAGE},
	{"P00405000700.bin", CPR_NAME_IMAGE},
	{"P00405000700.sbn", CPR_NAME_IMAGE},
	{"P00503021900.bin", CPR_NAME_IMAGE},
	{"CP7902080002SCCP060817A.sbin", CPR_NAME_IMAGE},
	{"CP7905080003SCCP070409A.sbin", CPR_NAME_IMAGE},
	{"CP7905080003SCCP070409A.zup", CPR_NAME_IMAGE},
	{"CP7912080004SCCP080108A.sbin", CPR_NAME_IMAGE},
	{"CP7912080000SIP060111A.sbin", CPR_NAME_IMAGE},
	{"cmterm_7920.4.0-03-02.bin", CPR_NAME_IMAGE},
	{"cmterm_7936.3-3-21-0.bin", CPR_NAME_IMAGE},
	{"cmterm_7985.4-1-7-0.bin", CPR_NAME_IMAGE},
	{"apps37sccp.1-4-5-7.bin", CPR_NAME_IMAGE},
	{"TNUX-1.4.6.3.SBN", CPR_NAME_IMAGE},
	{"TNUXR-1.4.6.3.SBN", CPR_NAME_IMAGE},
	{"SYS-1.4.6.3.SBN", CPR_NAME_IMAGE},
	{"WLAN-1.4.6.3.SBN", CPR_NAME_IMAGE},
	{"APPS-1.4.6.3.SBN", CPR_NAME_IMAGE},
	{"GUI-1.4.6.3.SBN", CPR_NAME_IMAGE},
	{"TNUXRH-1.4.7.3.SBN", CPR_NAME_IMAGE},
	{"WLANH-1.4.7.3.SBN", CPR_NAME_IMAGE},
	{"JSYSH-1.4.7.3.SBN", CPR_NAME_IMAGE},
	{"JUIH-1.4.7.3.SBN", CPR_NAME_IMAGE},
	{"EA15FW-1.4.7.3.SBN", CPR_NAME_IMAGE},
	{"BOOT69xx.0-0-0-14.zz.sgn", CPR_NAME_IMAGE},
	{"DSP69xx.9-4-1-3.zz.sgn", CPR_NAME_IMAGE},
	{"SCCP69xx.9-4-1-3SR3.zz.sgn", CPR_NAME_IMAGE},
	{"SIP69xx.9-4-1-3.zz.sgn", CPR_NAME_IMAGE},
	{"KNL6901SCCP.9-2-1-a.zz.sgn", CPR_NAME_IMAGE},
	{"APP6901SCCP.9-2-1-a.zz.sgn", CPR_NAME_IMAGE},
	{"KNL6911SCCP.9-2-1-a.zz.sgn", CPR_NAME_IMAGE},
	{"BFS6911SCCP.9-2-1-a.zz.sgn", CPR_NAME_IMAGE},
	{"SCCP6945.9-3-1-3.bin1.sgn", CPR_NAME_IMAGE},
	{"SCCP6945.9-3-1-3.bin4.sgn", CPR_NAME_IMAGE},
	{"SCCP894x.9-4-2SR1-2.bin9.sgn", CPR_NAME_IMAGE},
	{"BOOT894x.0-0-0-14.zz.sgn", CPR_NAME_IMAGE},
	{"APP3905.9-4-1SR3.zz", CPR_NAME_IMAGE},
	{"dkern8961.100609R2-9-4-1-9.sebn", CPR_NAME_IMAGE},
	{"kern8961.9-4-1-9.sebn", CPR_NAME_IMAGE},
	{"rootfs8961.9-4-1-9.sebn", CPR_NAME_IMAGE},
	{"sboot8961.031610R1-9-4-1-9.sebn", CPR_NAME_IMAGE},
	{"skern8961.022809R2-9-4-1-9.sebn", CPR_NAME_IMAGE},
	{"sboot78xx.11-0-1-11.sbn", CPR_NAME_IMAGE},
	{"kern78xx.11-0-1-11.sbn", CPR_NAME_IMAGE},
	{"rootfs78xx.11-0-1-11.sbn", CPR_NAME_IMAGE},
	{"sboot2.78xx.11-0-1-11.sbn", CPR_NAME_IMAGE},
	{"sboot278xx.11-0-1-11.sbn", CPR_NAME_IMAGE},
	{"kern2.78xx.11-0-1-11.sbn", CPR_NAME_IMAGE},
	{"rootfs2.78xx.11-0-1-11.sbn", CPR_NAME_IMAGE},
	{"fbi88xx.BE-01-010", CPR_NAME_IMAGE},
	{"fbi88xx.BE-01-010.sbn", CPR_NAME_IMAGE},
	{"kern88xx.12-0-1MN-113.sbn", CPR_NAME_IMAGE},
	{"kernel288xx.12-0-1MPP0001-245.sbn", CPR_NAME_IMAGE},
	{"kernel388xx.12-0-1MPP0001-245.sbn", CPR_NAME_IMAGE},
	{"rootfs88xx.12-0-1MN-113.sbn", CPR_NAME_IMAGE},
	{"rootfs288xx.12-0-1MPP0001-245.sbn", CPR_NAME_IMAGE},
	{"rootfs388xx.12-0-1MPP0001-245.sbn", CPR_NAME_IMAGE},
	{"sb288xx.BE-01-020", CPR_NAME_IMAGE},
	{"sb2288xx.BE-01-020", CPR_NAME_IMAGE},
	{"ssb288xx.BE-01-020", CPR_NAME_IMAGE},
	{"vc488xx.12-0-1MN-113.sbn", CPR_NAME_IMAGE},
	{"boot1288xx.12-0-1MN-113.sbn", CPR_NAME_IMAGE},
	{"m0patch288xx.12-0-1MN-113.sbn", CPR_NAME_IMAGE},
	{"preloader88xx.12-0-1MN-113.sbn", CPR_NAME_IMAGE},
	{"fbi8845_65.BEV-01-006", CPR_NAME_IMAGE},
	{"kern8845_65.12-0-1MN-113.sbn", CPR_NAME_IMAGE},
	{"sb28845_65.BEV-01-020.sbn", CPR_NAME_IMAGE},
	{"vc48845_65.12-0-1MN-113.sbn", CPR_NAME_IMAGE},
	{"S00105000400.sbn", CPR_NAME_IMAGE},
	{"B015-1-0-4.SBN", CPR_NAME_IMAGE},
	{"B016-1-0-4-2.SBN", CPR_NAME_IMAGE},
	{"spa50x-30x-7-6-2f.bin", CPR_NAME_IMAGE},
	{"spa51x-7-6-2f.bin", CPR_NAME_IMAGE},
	{"spa525g-7-6-2.bin", CPR_NAME_IMAGE},
	{"ATA030204SCCP090202A.zup", CPR_NAME_IMAGE},

	{"", CPR_NAME_NONE},
	{".", CPR_NAME_NONE},
	{"..", CPR_NAME_NONE},
	{"XMLDefault.cnf.xml", CPR_NAME_NONE},
	{"XMLDefault7961.cnf.xml", CPR_NAME_NONE},
	{"XMLDefault.loads", CPR_NAME_NONE},
	{"SEP001B54AABBCC.cnf.xml", CPR_NAME_NONE},
	{"SEP001B54AABBCC.cnf.xml.sgn", CPR_NAME_NONE},
	{"SEP001B54AABBCC.sbn", CPR_NAME_NONE},
	{"SEP001B54AABBCC.loads", CPR_NAME_NONE},
	{"SEPDefault.cnf", CPR_NAME_NONE},
	{"SIPDefault.cnf", CPR_NAME_NONE},
	{"CTLSEP001B54AABBCC.tlv", CPR_NAME_NONE},
	{"CTLFile.tlv", CPR_NAME_NONE},
	{"ITLSEP001B54AABBCC.tlv", CPR_NAME_NONE},
	{"ITLFile.tlv", CPR_NAME_NONE},
	{"OS79XX.TXT", CPR_NAME_NONE},
	{"P0030801SR02.txt", CPR_NAME_NONE},
	{"copstart.sh", CPR_NAME_NONE},
	{"load495.txt", CPR_NAME_NONE},
	{"README", CPR_NAME_NONE},
	{"README.txt", CPR_NAME_NONE},
	{"gkdefault.cfg", CPR_NAME_NONE},
	{"g3-tones.xml", CPR_NAME_NONE},
	{"mk-sip.jar", CPR_NAME_NONE},
	{"cmterm-7941_7961-sccp.9-4-2SR1-1.zip", CPR_NAME_NONE},
	{"cmterm-88xx-sip.14-0-1-0001-135.k3.cop.sgn", CPR_NAME_NONE},
	{"term99.default.loads", CPR_NAME_NONE},
	{"term41.default.loads.bak", CPR_NAME_NONE},
	{"xterm41.default.loads", CPR_NAME_NONE},
	{"SCCP41.loads", CPR_NAME_NONE},
	{".loads", CPR_NAME_NONE},
	{"SCCP99.9-4-2.loads", CPR_NAME_NONE},
	{"jar41sccp.sbn", CPR_NAME_NONE},
	{"jar41sccp", CPR_NAME_NONE},
	{"jar41sccp.9-4-2ES26.php", CPR_NAME_NONE},
	{"jar41sccpx.9-4-2ES26.sbn", CPR_NAME_NONE},
	{"jar411.9-4-2ES26.sbn", CPR_NAME_NONE},
	{"jar99sccp.9-4-2ES26.sbn", CPR_NAME_NONE},
	{"sccp.9-4-2ES26.sbn", CPR_NAME_NONE},
	{"SCCP6945.9-3-1-3.bin.sgn", CPR_NAME_NONE},
	{"SCCP6945.9-3-1-3.bin12.sgn", CPR_NAME_NONE},
	{"kern78xx", CPR_NAME_NONE},
	{"kern78xx.", CPR_NAME_NONE},
	{"kern4.78xx.11-0-1-11.sbn", CPR_NAME_NONE},
	{"../jar41sccp.9-4-2ES26.sbn", CPR_NAME_NONE},
	{"a/jar41sccp.9-4-2ES26.sbn", CPR_NAME_NONE},
	{"jar41sccp.9/4-2ES26.sbn", CPR_NAME_NONE},
	{"jar41sccp.9\\4-2ES26.sbn", CPR_NAME_NONE},
	{"jar41sccp.9 4-2ES26.sbn", CPR_NAME_NONE},
	{"jar41sccp.9\n4-2ES26.sbn", CPR_NAME_NONE},
	{"jar41sccp.9\xc3\xa4-2ES26.sbn", CPR_NAME_NONE},
	/* 64 and 65 bytes */
	{"jar41sccp.9-4-2ES26-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.sbn",
		CPR_NAME_IMAGE},
	{"jar41sccp.9-4-2ES26-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.sbn",
		CPR_NAME_NONE},
};

static void names_have_kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(names); i++)
		if (cpr_name_kind(names[i].name) != names[i].kind)
			fail_msg("\"%s\": %d", names[i].name,
				(int)cpr_name_kind(names[i].name));
}

enum {
	EXPRESSIONS_MAX = 128
};

struct expressions {
	regex_t regex[EXPRESSIONS_MAX];
	size_t n;
};

static int compile(void **state)
{
	_cleanup_(cpr_buf_free) struct cpr_buf text = {0};
	struct expressions *all = calloc(1, sizeof(*all));

	*state = all;
	cpr_name_expressions(&text);
	assert_false(text.failed);
	assert_null(strpbrk(text.data, " \t#/\\"));
	for (char *rest = text.data, *line; (line = strsep(&rest, "\n")) && *line;) {
		_cleanup_(cpr_freep) char *whole = NULL;

		assert_true(all->n < EXPRESSIONS_MAX);
		assert_true(asprintf(&whole, "^(%s)$", line) > 0);
		assert_int_equal(regcomp(&all->regex[all->n++], whole,
					 REG_EXTENDED | REG_ICASE | REG_NOSUB),
			0);
	}
	return 0;
}

static int release(void **state)
{
	struct expressions *all = *state;

	for (size_t i = 0; i < all->n; i++)
		regfree(&all->regex[i]);
	free(all);
	return 0;
}

static void expect_alike(const struct expressions *all, const char *name)
{
	bool match = false;

	for (size_t i = 0; !match && i < all->n; i++)
		match = regexec(&all->regex[i], name, 0, NULL, 0) == 0;
	if (strlen(name) <= 64 && match != (cpr_name_kind(name) != CPR_NAME_NONE))
		fail_msg("\"%s\": the expressions say %d", name, match);
}

/* Every name of the table, and each with one character less, more or another. */
static void expressions_say_the_same(void **state)
{
	static const char other[] = "aZ0278.-_ x/\n";
	const struct expressions *all = *state;
	char name[128];

	for (size_t i = 0; i < CPR_ARRAY_LEN(names); i++) {
		size_t len = strlen(names[i].name);

		expect_alike(all, names[i].name);
		for (size_t at = 0; at < len; at++) {
			memcpy(name, names[i].name, len + 1);
			memmove(&name[at], &name[at + 1], len - at);
			expect_alike(all, name);
			for (size_t k = 0; other[k]; k++) {
				memcpy(name, names[i].name, len + 1);
				name[at] = other[k];
				expect_alike(all, name);
				memcpy(&name[at + 1], &names[i].name[at], len - at + 1);
				expect_alike(all, name);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_have_kinds),
		cmocka_unit_test_setup_teardown(
			expressions_say_the_same, compile, release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
