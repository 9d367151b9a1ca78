#include "cleanup.h"
#include "models.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Written down apart from the table, from the same sources. */
static const struct cpr_model expected[] = {
	{369, "Cisco 7906", "7906", "CP-7906G", "SCCP11.", "SIP11.",
		"term06.default.loads",
		"jar11sccp|jar11sip;cnu11;apps11;dsp11;cvm11sccp|cvm11sip",
		CPR_FAMILY_79X1},
	{30018, "Cisco 7961", "7961", "CP-7961G", "SCCP41.", "SIP41.",
		"term61.default.loads",
		"jar41sccp|jar41sip;cnu41;apps41;dsp41;cvm41sccp|cvm41sip",
		CPR_FAMILY_79X1},
	{437, "Cisco 7975", "7975", "CP-7975G", "SCCP75.", "SIP75.",
		"term75.default.loads",
		"jar75sccp|jar75sip;cnu75;apps75;dsp75;cvm75sccp|cvm75sip",
		CPR_FAMILY_79X1},
	{348, "Cisco 7931", "7931", "CP-7931G", "SCCP31.", NULL, "term31.default.loads",
		"jar31sccp;cnu31;apps31;dsp31;cvm31sccp", CPR_FAMILY_79X1},
	{119, "Cisco 7971", "7971", "CP-7971G-GE", "SCCP70.", "SIP70.",
		"term71.default.loads",
		"jar70sccp|jar70sip;cnu70;apps70;dsp70;cvm70sccp|cvm70sip",
		CPR_FAMILY_79X1},
	{7, "Cisco 7960", "7960", "CP-7960G", "P003", "P0S3-", NULL,
		"<load>.sbn;<load>.sb2;<load>.bin;OS79XX.TXT", CPR_FAMILY_7940},
	{20000, "Cisco 7905", "7905", "7905", "CP7905", NULL, NULL,
		"CP7905...sbin;CP7905...zup", CPR_FAMILY_LEGACY},
	{365, "Cisco 7921", "7921", "7921", "CP7921G-", NULL, NULL,
		"TNUX-;TNUXR-;SYS-;WLAN-;APPS-;GUI-", CPR_FAMILY_7921},
	{495, "Cisco 6921", "6921", NULL, "SCCP69xx.", "SIP69xx.", NULL,
		"BOOT69xx;DSP69xx;SCCP69xx|SIP69xx", CPR_FAMILY_69XX},
	{496, "Cisco 6941", "6941", NULL, "SCCP69xx.", "SIP69xx.", NULL,
		"BOOT69xx;DSP69xx;SCCP69xx|SIP69xx", CPR_FAMILY_69XX},
	{592, "Cisco 3905", "3905", NULL, NULL, "CP3905.", NULL, "APP3905.<ver>.zz",
		CPR_FAMILY_69XX},
	{540, "Cisco 8961", "8961", "CP-8961", NULL, "sip8961.", NULL,
		"dkern8961;kern8961;rootfs8961;sboot8961;skern8961 (.sebn)",
		CPR_FAMILY_8961},
	{622, "Cisco 7841", "7841", "CP-7841", NULL, "sip78xx.", NULL,
		"sboot78xx;kern78xx;rootfs78xx;sboot2.78xx;kern2.78xx;rootfs2.78xx",
		CPR_FAMILY_78XX},
	{683, "Cisco 8841", "8841", "CP-8841", NULL, "sip88xx.", NULL,
		"fbi88xx;kern88xx;rootfs88xx;sb288xx;vc488xx", CPR_FAMILY_78XX},
	{36224, "Cisco 8845", "8845", NULL, NULL, "sip8845_65.", NULL,
		"fbi8845_65;kern8845_65;rootfs8845_65;sb28845_65;vc48845_65",
		CPR_FAMILY_78XX},
	{681, "Cisco ATA 190", "ATA190", NULL, NULL, NULL, NULL, NULL, CPR_FAMILY_ATA},
	{80009, "Cisco SPA 525G2", "SPA525G2", NULL, NULL, NULL, NULL,
		"spa50x-30x|spa51x|spa525g ....bin", CPR_FAMILY_SPA},
	{124, "7914 14-Button Expansion Module", "7914", NULL, "S001", NULL, NULL,
		"<load>.sbn", CPR_FAMILY_ADDON},
	{5, "Cisco 30 VIP", "30VIP", NULL, NULL, NULL, NULL, NULL, CPR_FAMILY_OTHER},
	{374, "Third-party SIP Device (Advanced)", "SIP-Advanced", NULL, NULL, NULL, NULL,
		NULL, CPR_FAMILY_OTHER},
};

static bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static void rows_are_as_the_sources_say(void **state)
{
	(void)state;
	assert_int_equal(cpr_models_n, 97);
	for (size_t i = 0; i < CPR_ARRAY_LEN(expected); i++) {
		const struct cpr_model *e = &expected[i],
				       *m = cpr_model_by_id(e->device_id);

		assert_non_null(m);
		if (!same(m->name, e->name) || !same(m->model, e->model) ||
			!same(m->vendor_class, e->vendor_class) ||
			!same(m->loads_sccp, e->loads_sccp) ||
			!same(m->loads_sip, e->loads_sip) || !same(m->term, e->term) ||
			!same(m->images, e->images) || m->family != e->family)
			fail_msg("ID %u differs", e->device_id);
	}
	assert_null(cpr_model_by_id(0));
}

static void rows_are_unique_and_whole(void **state)
{
	size_t terms = 0;

	(void)state;
	for (size_t i = 0; i < cpr_models_n; i++) {
		const struct cpr_model *m = &cpr_models[i];

		assert_non_null(m->name);
		assert_null(strchr(m->model, ' '));
		/* what cpr_model_by_name() compares first */
		assert_true(strlen(m->model) >= 3);
		for (size_t c = 0; c < 4 && m->model[c]; c++)
			assert_false(islower((unsigned char)m->model[c]));
		assert_ptr_equal(cpr_model_by_id(m->device_id), m);
		assert_ptr_equal(cpr_model_by_name(m->model), m);
		assert_ptr_equal(cpr_model_by_name(m->name), m);
		if (m->vendor_class) {
			assert_true(strlen(m->vendor_class) >= strlen("CP-") + 3 ||
				    (strncmp(m->vendor_class, "CP-", 3) &&
					    strlen(m->vendor_class) >= 3));
			assert_ptr_equal(cpr_model_by_name(m->vendor_class), m);
		}
		assert_int_equal(m->term != NULL, m->family == CPR_FAMILY_79X1);
		terms += m->term != NULL;
	}
	assert_int_equal(terms, 14);
}

static void names_people_type(void **state)
{
	static const struct {
		const char *name;
		unsigned device_id;
	} rows[] = {
		{"7961", 30018},
		{"CP-7961G", 30018},
		{"cp-7961g", 30018},
		{"7961G", 30018},
		{"Cisco 7961", 30018},
		{"cisco cp-7961", 30018},
		{"7961G-GE", 308},
		{"cp-7941g-ge", 309},
		{"7941", 115},
		{"7971G", 119},
		{"7971G-GE", 119},
		{"7925G", 484},
		{"CP-7841-3PCC", 622},
		{"ATA190", 681},
		{"ATA 190", 681},
		{"ATA191-MPP", 36262},
		{"spa525g2", 80009},
		{"SPA525G", 80005},
		{"7914", 124},
		{"7915-24", 228},
		{"8865NR", 36248},
		{"CIPC", 30016},
		{"12SP+", 2},
		{"", 0},
		{"CP-", 0},
		{"Cisco ", 0},
		{"G", 0},
		{"796", 0},
		{"79611", 0},
		{"7999G", 0},
		{"79XX", 0},
		{"7961 or 7941 or whatever else there may be", 0},
	};

	(void)state;
	assert_null(cpr_model_by_name(NULL));
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		const struct cpr_model *m = cpr_model_by_name(rows[i].name);

		if ((m ? m->device_id : 0) != rows[i].device_id)
			fail_msg("\"%s\": %u", rows[i].name, m ? m->device_id : 0);
	}
}

static void loads_have_protocols(void **state)
{
	static const struct {
		const char *name;
		enum cpr_protocol protocol;
	} rows[] = {
		{"SCCP41.9-4-2SR3-1S.loads", CPR_SCCP},
		{"SIP41.9-4-2SR3-1S.loads", CPR_SIP},
		{"sip41.9-4-2sr3-1s", CPR_SIP},
		{"P0030801SR02.loads", CPR_SCCP},
		{"P0S3-8-12-00.loads", CPR_SIP},
		{"P003-8-12-00", CPR_SCCP},
		{"CP7912080004SCCP080108A", CPR_SCCP},
		{"CP7912080000SIP060111A", CPR_SIP},
		{"CP7921G-1.4.6.3.LOADS", CPR_SCCP},
		{"SCCP8941_8945.9-3-1-18.loads", CPR_SCCP},
		{"sip88xx.14-0-1-0101-145", CPR_SIP},
		{"CP3905.9-4-1SR3.loads", CPR_SIP},
		{"term41.default.loads", CPR_PROTOCOL_NONE},
		{"XMLDefault.cnf.xml", CPR_PROTOCOL_NONE},
		{"SCCP41.", CPR_PROTOCOL_NONE},
		{"", CPR_PROTOCOL_NONE},
	};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++)
		if (cpr_load_protocol(rows[i].name) != rows[i].protocol)
			fail_msg("\"%s\"", rows[i].name);
	assert_string_equal(cpr_protocol_name(CPR_SCCP), "sccp");
	assert_string_equal(cpr_protocol_name(CPR_SIP), "sip");
	assert_string_equal(cpr_protocol_name(CPR_PROTOCOL_NONE), "");
	assert_int_equal(cpr_protocol_by_name("SIP"), CPR_SIP);
	assert_int_equal(cpr_protocol_by_name("sccp"), CPR_SCCP);
	assert_int_equal(cpr_protocol_by_name("mgcp"), CPR_PROTOCOL_NONE);
}

static void models_take_their_loads(void **state)
{
	static const struct {
		const char *model, *load;
		bool takes;
	} rows[] = {
		{"7941", "SCCP41.9-4-2SR3-1S", true},
		{"7961", "SCCP41.9-4-2SR3-1S.loads", true},
		{"7961", "SIP41.9-4-2SR3-1S", true},
		{"7961G-GE", "sccp41.8-5-2s", true},
		{"7961", "SCCP42.9-4-2SR3-1S", false},
		{"7931", "SIP31.9-4-2", false},
		{"7940", "P0030801SR02", true},
		{"7960", "P0S3-8-12-00", true},
		{"7960", "P0M3-8-12-00", false},
		{"7910", "P0030801SR02", false},
		{"6921", "SIP69xx.9-4-1-3", true},
		{"8945", "SCCP8941_8945.9-3-1-18", true},
		{"8841", "sip88xx.14-0-1-0101-145", true},
		{"8845", "sip88xx.14-0-1-0101-145", false},
		{"8821", "sip88xx.14-0-1-0101-145", false},
		{"7961", "SCCP41.", false},
		{"7961", ".loads", false},
		{"7961", "", false},
	};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		const struct cpr_model *m = cpr_model_by_name(rows[i].model);

		assert_non_null(m);
		if (cpr_model_takes_load(m, rows[i].load) != rows[i].takes)
			fail_msg("%s, \"%s\"", rows[i].model, rows[i].load);
	}
}

static void versions_have_an_order(void **state)
{
	static const struct {
		const char *a, *b;
		int order;
	} rows[] = {
		{"8-5-2S", "8-5-2SR1S", -1},
		{"9-4-2SR3-1S", "9-4-2SR1-1S", 1},
		{"9-2-1S", "10-1S", -1},
		{"9-4-2ES9", "9-4-2ES26", -1},
		{"9-4-2S", "9-4-2S", 0},
		{"9-4-2s", "9-4-2S", 0},
		{"9.4.2S", "9-4-2S", 0},
		{"9-4-2", "9-4-2-1S", -1},
		{"9-4-2-1S", "9-4-2SR1-1S", -1},
		{"8-12-00", "8-12-0", 0},
		{"07-4-00", "8-12-00", -1},
		{"", "", 0},
		{"", "1", -1},
		{"99999999999999999999999998", "99999999999999999999999999", -1},
		{"SCCP41.8-5-2S", "SCCP41.9-4-2SR3-1S", -1},
		{"SCCP41.8-5-2S.loads", "SCCP41.8-5-2S", 0},
		{"SIP41.9-4-2SR3-1S", "SCCP41.8-5-2S", 1},
		{"SCCP41.8-3-3", "8-3-3", 0},
		{"SCCP41.8-3-2S", "8-3-3", -1},
		{"CP7921G-1.4.6.3.LOADS", "CP7921G-1.4.10.1.LOADS", -1},
		{"CP7921G-1.4.6.3.LOADS", "1.4.6.3", 0},
		{"P0030702T023", "P0030801SR02", -1},
		{"P0S3-07-4-00", "P0S3-8-12-00", -1},
		{"sip88xx.12-0-1MN-113", "sip88xx.14-0-1-0101-145", -1},
		{"P003-.loads", "P003-", 0},
	};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		if (cpr_version_compare(rows[i].a, rows[i].b) != rows[i].order)
			fail_msg("\"%s\", \"%s\"", rows[i].a, rows[i].b);
		if (cpr_version_compare(rows[i].b, rows[i].a) != -rows[i].order)
			fail_msg("\"%s\", \"%s\"", rows[i].b, rows[i].a);
	}
}

static void resets_tell_the_keys(void **state)
{
	static const struct {
		enum cpr_family family;
		const char *says; /* NULL: no source */
	} rows[] = {
		{CPR_FAMILY_79X1, "1 2 3 4 5 6 7 8 9 * 0 #"},
		{CPR_FAMILY_79X1, "3 4 9 1 6 7 2 8 5 0 * #"},
		{CPR_FAMILY_79X1, "60 seconds"},
		{CPR_FAMILY_7940, "Keep network cfg"},
		{CPR_FAMILY_LEGACY, "7920"},
		{CPR_FAMILY_7921, "* * #"},
		{CPR_FAMILY_69XX, "5 minutes"},
		{CPR_FAMILY_78XX, "1 to 5 minutes"},
		{CPR_FAMILY_SPA, "14"},
		{CPR_FAMILY_8961, NULL},
		{CPR_FAMILY_ATA, NULL},
		{CPR_FAMILY_ADDON, NULL},
		{CPR_FAMILY_OTHER, NULL},
	};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		const char *text = cpr_family_reset(rows[i].family);

		assert_int_equal(text != NULL, rows[i].says != NULL);
		if (text)
			assert_non_null(strstr(text, rows[i].says));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_as_the_sources_say),
		cmocka_unit_test(rows_are_unique_and_whole),
		cmocka_unit_test(names_people_type),
		cmocka_unit_test(loads_have_protocols),
		cmocka_unit_test(models_take_their_loads),
		cmocka_unit_test(versions_have_an_order),
		cmocka_unit_test(resets_tell_the_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
