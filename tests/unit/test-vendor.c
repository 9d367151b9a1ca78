#include "cleanup.h"
#include "models.h"
#include "vendor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NUL(s)   s, sizeof(s)     /* the option counts the C string's NUL */
#define PLAIN(s) s, sizeof(s) - 1 /* it does not */
#define SYSTEMS  "Cisco Systems, Inc. IP Phone"

static const struct phone {
	const char *option60;
	size_t len;
	const char *text;
	unsigned
		device_id; /* 0: a phone that does not say which, or that we do not know */
} phones[] = {
	{NUL(SYSTEMS " CP-7911G"), "CP-7911G", 307},
	{NUL(SYSTEMS " CP-7906G"), "CP-7906G", 369},
	{NUL(SYSTEMS " CP-7931G"), "CP-7931G", 348},
	{NUL(SYSTEMS " CP-7941G"), "CP-7941G", 115},
	{NUL(SYSTEMS " CP-7941G-GE"), "CP-7941G-GE", 309},
	{NUL(SYSTEMS " CP-7942G"), "CP-7942G", 434},
	{NUL(SYSTEMS " CP-7945G"), "CP-7945G", 435},
	{NUL(SYSTEMS " CP-7961G"), "CP-7961G", 30018},
	{NUL(SYSTEMS " CP-7961G-GE"), "CP-7961G-GE", 308},
	{NUL(SYSTEMS " CP-7962G"), "CP-7962G", 404},
	{NUL(SYSTEMS " CP-7965G"), "CP-7965G", 436},
	{NUL(SYSTEMS " CP-7970G"), "CP-7970G", 30006},
	{NUL(SYSTEMS " CP-7971G-GE"), "CP-7971G-GE", 119},
	{NUL(SYSTEMS " CP-7975G"), "CP-7975G", 437},
	{PLAIN(SYSTEMS " CP-7965G"), "CP-7965G", 436},
	{NUL(SYSTEMS " CP-7961G\0\0\0"), "CP-7961G", 30018},
	{NUL(SYSTEMS " CP-7940G"), "CP-7940G", 8},
	{NUL(SYSTEMS " CP-7960G"), "CP-7960G", 7},
	{NUL(SYSTEMS " CP-7940"), "CP-7940", 8},
	{PLAIN(SYSTEMS " CP-7960"), "CP-7960", 7},
	{NUL(SYSTEMS), "", 0},
	{PLAIN(SYSTEMS), "", 0},
	{PLAIN(SYSTEMS " 7905"), "7905", 20000},
	{PLAIN(SYSTEMS " 7912"), "7912", 30007},
	{PLAIN("Cisco IP Phone 7905"), "7905", 20000},
	{NUL(SYSTEMS " 7920"), "7920", 30002},
	{PLAIN("Cisco Systems Inc. Wireless Phone 7921"), "7921", 365},
	{PLAIN(SYSTEMS " CP-7935"), "CP-7935", 9},
	{PLAIN(SYSTEMS " CP-7937G"), "CP-7937G", 431},
	{PLAIN(SYSTEMS " CP-8941"), "CP-8941", 586},
	{PLAIN(SYSTEMS " CP-8945"), "CP-8945", 585},
	{PLAIN("Cisco System, Inc. IP Phone CP-8945"), "CP-8945", 585},
	{NUL(SYSTEMS " CP-8961"), "CP-8961", 540},
	{NUL(SYSTEMS " CP-9951"), "CP-9951", 537},
	{PLAIN(SYSTEMS " CP-7841"), "CP-7841", 622},
	{PLAIN(SYSTEMS " CP-8831"), "CP-8831", 659},
	{PLAIN(SYSTEMS " CP-8841"), "CP-8841", 683},
	{PLAIN(SYSTEMS " CP-8851"), "CP-8851", 684},
	{PLAIN("CP-7811-3PCC"), "CP-7811-3PCC", 36213},
	{PLAIN("CP-7821-3PCC"), "CP-7821-3PCC", 621},
	{PLAIN("CP-7832-3PCC"), "CP-7832-3PCC", 36247},
	{PLAIN("CP-7841-3PCC"), "CP-7841-3PCC", 622},
	{PLAIN("CP-7861-3PCC"), "CP-7861-3PCC", 623},
	{PLAIN("CP-6821-3PCC"), "CP-6821-3PCC", 0},
	{PLAIN("CP-6841-3PCC"), "CP-6841-3PCC", 0},
	{PLAIN("CP-6851-3PCC"), "CP-6851-3PCC", 0},
	{PLAIN("CP-6861-3PCC"), "CP-6861-3PCC", 0},
	{PLAIN("CP-6871-3PCC"), "CP-6871-3PCC", 0},
	{PLAIN("CP-8811-3PCC"), "CP-8811-3PCC", 36217},
	{PLAIN("CP-8841-3PCC"), "CP-8841-3PCC", 683},
	{PLAIN("CP-8851-3PCC"), "CP-8851-3PCC", 684},
	{PLAIN("CP-8861-3PCC"), "CP-8861-3PCC", 685},
	{PLAIN("CISCO ATA190"), "ATA190", 681},
	{PLAIN("CISCO ATA191-MPP"), "ATA191-MPP", 36262},
	{PLAIN("CISCO ATA192-MPP"), "ATA192-MPP", 0},
	{PLAIN("Cisco ATA186"), "ATA186", 12},
	{PLAIN("a text with ATA186"), "ATA186", 12},
	{PLAIN("ATA188"), "ATA188", 13},
	{PLAIN("Cisco SPA501G"), "SPA501G", 0},
	{PLAIN("Cisco SPA508G"), "SPA508G", 80006},
	{PLAIN("Cisco SPA525g"), "SPA525g", 80005},
	{PLAIN("Cisco SPA525G"), "SPA525G", 80005},
	{PLAIN("Cisco SPA525G2"), "SPA525G2", 80009},
	{PLAIN("Cisco SPA521S"), "SPA521S", 80000},
	{PLAIN("CISCO SPA122"), "SPA122", 0},
	{PLAIN("CISCO SPA112"), "SPA112", 0},
	{PLAIN("Cisco SPA303G"), "SPA303G", 80011},
	{PLAIN("Cisco SPA512G"), "SPA512G", 80012},
	{PLAIN(SYSTEMS " SPA502G"), "SPA502G", 80003},
	{PLAIN("LINKSYS SPA-942"), "SPA-942", 0},
};

static const struct look_alike {
	const char *option60;
	size_t len;
} look_alikes[] = {
	{PLAIN("")},
	{NUL("")},
	{PLAIN("Cisco AP c1240")},
	{PLAIN("Cisco AP c3700")},
	{PLAIN("Cisco AP C9120AX")},
	{PLAIN("Cisco Systems, Inc.")},
	{NUL("Cisco Systems, Inc.")},
	{PLAIN("Cisco")},
	{PLAIN("ciscopnp")},
	{PLAIN("docsis1.0")},
	{PLAIN("docsis3.0:")},
	{PLAIN("dslforum.org")},
	{PLAIN("MSFT 5.0")},
	{PLAIN("PXEClient:Arch:00000:UNDI:002001")},
	{PLAIN("yealink")},
	{PLAIN("Grandstream HT802 SIP IP Phone")},
	{PLAIN("AastraIPPhone55i")},
	{PLAIN("ccp.avaya.com")},
	{PLAIN("LINKSYS WRT54G")},
	{PLAIN("CP-SERVER")},
	{PLAIN("yealink CP-9600")},
	{PLAIN("CP-960")},
};

/* The same bytes in memory of just their size, so that a read past them is seen. */
static enum cpr_vendor_kind parse(const void *bytes, size_t len, struct cpr_vendor *v)
{
	_cleanup_(cpr_freep) uint8_t *exact = malloc(len + !len);
	enum cpr_vendor_kind kind;

	assert_non_null(exact);
	memcpy(exact, bytes, len);
	memset(v, 0xa5, sizeof(*v));
	kind = cpr_vendor_parse(exact, len, v);
	assert_int_equal(kind, v->kind);
	return kind;
}

static bool found_by_search(const char *text)
{
	for (const char *const *s = cpr_vendor_substrings; *s; s++)
		if (strstr(text, *s))
			return true;
	return false;
}

static void phones_are_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(phones); i++) {
		const struct phone *p = &phones[i];
		struct cpr_vendor v;

		if (parse(p->option60, p->len, &v) != CPR_VENDOR_PHONE)
			fail_msg("\"%s\" is not taken for a phone", p->option60);
		assert_string_equal(v.text, p->text);
		if ((v.model ? v.model->device_id : 0) != p->device_id)
			fail_msg("\"%s\": ID %u", p->option60,
				v.model ? v.model->device_id : 0);
		if (!found_by_search(p->option60))
			fail_msg("no substring finds \"%s\"", p->option60);
	}
}

/* The lengths that captures and firmware show. */
static void lengths_are_those_of_captures(void **state)
{
	(void)state;
	assert_int_equal(sizeof(SYSTEMS " CP-7911G"), 38);
	assert_int_equal(sizeof(SYSTEMS " CP-7941G-GE"), 41);
	assert_int_equal(sizeof(SYSTEMS " CP-7940"), 37);
	assert_int_equal(phones[0].len, 38);
}

static void look_alikes_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(look_alikes); i++) {
		const struct look_alike *l = &look_alikes[i];
		struct cpr_vendor v;

		if (parse(l->option60, l->len, &v) != CPR_VENDOR_NOT_A_PHONE)
			fail_msg("\"%s\" is taken for a phone", l->option60);
		assert_null(v.model);
		assert_string_equal(v.text, "");
		if (found_by_search(l->option60))
			fail_msg("a substring finds \"%s\"", l->option60);
	}
}

static void a_damaged_phone_says_so(void **state)
{
	struct cpr_vendor v;

	(void)state;
	assert_int_equal(parse(NUL(SYSTEMS " 79XX"), &v), CPR_VENDOR_DAMAGED);
	assert_string_equal(v.text, "79XX");
	assert_null(v.model);
	assert_true(found_by_search(SYSTEMS " 79XX"));
}

/* No phone was seen to say only this; harmless to take, not worth a search by all servers. */
static void a_bare_model_will_do(void **state)
{
	struct cpr_vendor v;

	(void)state;
	assert_int_equal(parse(NUL("CP-7941G-GE"), &v), CPR_VENDOR_PHONE);
	assert_int_equal(v.model->device_id, 309);
}

static void odd_bytes_are_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} rows[] = {
		{PLAIN("\0\0\0\0")},
		{PLAIN(SYSTEMS "\0 CP-7961G")},
		{PLAIN("\0" SYSTEMS)},
		{PLAIN(SYSTEMS " CP-7961G\n")},
		{PLAIN(SYSTEMS " CP-79\xff\x31G")},
		{PLAIN("\x01\x02\x03\xfe")},
		{PLAIN(SYSTEMS "-Proxy")},
		{PLAIN("CP-")},
		{PLAIN("CP-79")},
		{PLAIN("CP-79611")},
	};
	struct cpr_vendor v;

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++)
		if (parse(rows[i].bytes, rows[i].len, &v) != CPR_VENDOR_NOT_A_PHONE)
			fail_msg("row %zu", i);
}

static void the_longest_option_fits(void **state)
{
	char bytes[255];
	struct cpr_vendor v;

	(void)state;
	memset(bytes, 'A', sizeof(bytes));
	memcpy(bytes, SYSTEMS " ", sizeof(SYSTEMS));
	assert_int_equal(parse(bytes, sizeof(bytes), &v), CPR_VENDOR_PHONE);
	assert_int_equal(strlen(v.text), sizeof(v.text) - 1);
	assert_null(v.model);
	memset(bytes, 'A', sizeof(bytes));
	assert_int_equal(parse(bytes, sizeof(bytes), &v), CPR_VENDOR_NOT_A_PHONE);
	memset(bytes, 0, sizeof(bytes));
	assert_int_equal(parse(bytes, sizeof(bytes), &v), CPR_VENDOR_NOT_A_PHONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(phones_are_known),
		cmocka_unit_test(lengths_are_those_of_captures),
		cmocka_unit_test(look_alikes_are_refused),
		cmocka_unit_test(a_damaged_phone_says_so),
		cmocka_unit_test(a_bare_model_will_do),
		cmocka_unit_test(odd_bytes_are_refused),
		cmocka_unit_test(the_longest_option_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
