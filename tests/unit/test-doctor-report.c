/* What the reports say, in text and in JSON, and what never stands in them. */
#include "../../doctor/report.h" /* tftp-helper has one, too */
#include "doctor-files.h"

#include <jansson.h>
#include <stdio.h>

/* What the report writes; the caller's. */
static char *text_of(const struct cpr_doctor *d,
	int (*report)(const struct cpr_doctor *, const struct cpr_paper *))
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	const struct cpr_paper paper = {.out = f};

	assert_non_null(f);
	assert_int_equal(report(d, &paper), 0);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void lease(struct story *s)
{
	wire_lease(&s->w, (struct wire_dhcp){.option150 = "0a000001", .dns = "10.0.0.9"});
}

static void text(void **state)
{
	_cleanup_(story_end) struct story s = story_begin();
	_cleanup_(cpr_freep) char *got = NULL;

	(void)state;
	lease(&s);
	story_fetch_own(&s, TERM);
	for (int i = 0; i < 3; i++) {
		story_missing(&s, JAR);
		story_wait(&s, 60000);
	}
	got = text_of(s.w.d, cpr_report_text);
	assert_non_null(strstr(got,
		"7961 00:1b:54:aa:bb:cc (SEP001B54AABBCC) at 10.0.0.50: stuck at images: "
		"tftp-file-missing\n"
		"  tftp-file-missing: "));
	assert_non_null(strstr(got, "\n    what to do: "));
	assert_non_null(strstr(got, "\n    see frames "));
	assert_non_null(strstr(got,
		"\n  given 10.0.0.50 by 10.0.0.1, DNS 10.0.0.9; TFTP server 10.0.0.1 from "
		"option 150\n"
		"  term61.default.loads                 complete   648 bytes from 10.0.0.1\n"
		"  jar41sccp.9-4-2ES26.sbn              missing    at 10.0.0.1, asked 3 "
		"times\n"
		"\n1 phone: 0 recovered, 1 with a fault\n"));
}

static void nobody(void **state)
{
	_cleanup_(story_end) struct story s = story_begin();
	_cleanup_(cpr_freep) char *plain = text_of(s.w.d, cpr_report_text),
				  *json = text_of(s.w.d, cpr_report_json);
	json_auto_t *root = json_loads(json, 0, NULL);

	(void)state;
	assert_string_equal(plain, "no phone seen in 0 packets\n");
	assert_int_equal(json_array_size(json_object_get(root, "phones")), 0);
	assert_int_equal(json_array_size(json_object_get(root, "servers")), 0);
}

/* The keys are a contract: of the object, in this order. */
static void has_keys(const json_t *object, const char *expected)
{
	char got[400] = "";
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value)
	{
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s",
			*got ? " " : "", key);
	}
	assert_string_equal(got, expected);
}

static void json(void **state)
{
	_cleanup_(story_end) struct story s = story_begin();
	_cleanup_(cpr_freep) char *got = NULL;
	json_auto_t *root = NULL;
	const json_t *phone, *file;

	(void)state;
	lease(&s);
	story_fetch_own(&s, TERM);
	story_missing(&s, JAR);
	story_wait(&s, 60000);
	story_missing(&s, JAR);
	cpr_doctor_lost(s.w.d, 7);
	got = text_of(s.w.d, cpr_report_json);
	root = json_loads(got, 0, NULL);
	has_keys(root, "phones servers capture");
	assert_int_equal(json_array_size(json_object_get(root, "phones")), 1);
	phone = json_array_get(json_object_get(root, "phones"), 0);
	has_keys(phone, "mac model ip stage recovered files faults model_from "
			"vendor_class name vlan lease first last silent_s events");
	file = json_array_get(json_object_get(phone, "files"), 0);
	has_keys(file, "name bytes size state server asked frame");
	assert_int_equal(json_integer_value(json_object_get(file, "bytes")), 648);
	assert_int_equal(json_integer_value(json_object_get(file, "size")), 648);
	assert_string_equal(
		json_string_value(json_object_get(file, "state")), "complete");
	has_keys(json_array_get(json_object_get(phone, "faults"), 0),
		"id frames text remedy incomplete");
	has_keys(json_object_get(phone, "lease"),
		"server relay router dns tftp_servers tftp_source");
	assert_true(json_is_null(json_object_get(phone, "vlan")));
	assert_true(json_is_null(json_object_get(phone, "silent_s")));
	has_keys(json_array_get(json_object_get(root, "servers"), 0),
		"address roles asked answers");
	assert_int_equal(json_integer_value(json_object_get(
				 json_object_get(root, "capture"), "lost")),
		7);
}

/* Stuck without a fault that has a name: it got its images, and nothing for long. */
static void silent(void **state)
{
	_cleanup_(story_end) struct story s = story_begin();
	_cleanup_(cpr_freep) char *before = NULL, *after = NULL;

	(void)state;
	lease(&s);
	story_fetch_own(&s, TERM);
	story_images(&s);
	story_wait(&s, 9 * 60 * 1000);
	cpr_doctor_tick(s.w.d, s.w.now_us);
	assert_false(cpr_report_troubled(s.w.d, s.w.d->phone[0]));
	before = text_of(s.w.d, cpr_report_text);
	assert_non_null(strstr(before, ": rebooting: has all images"));
	story_wait(&s, 4 * 60 * 1000);
	cpr_doctor_tick(s.w.d, s.w.now_us);
	assert_true(cpr_report_troubled(s.w.d, s.w.d->phone[0]));
	after = text_of(s.w.d, cpr_report_text);
	assert_non_null(strstr(after, ": stuck at rebooting, silent for 13 min\n"));
}

/* Strangers' bytes speak to no terminal, and no report holds bytes of a file. */
static void strangers(void **state)
{
	static const char evil[] = "\033]0;x\a\033[2J\x9b\xff\xfe\"<b>.cnf.xml";
	_cleanup_(story_end) struct story s = story_begin();
	_cleanup_(cpr_freep) char *plain = NULL, *json = NULL;
	json_auto_t *root = NULL;
	char secret[600];

	(void)state;
	memset(secret, 'S', sizeof(secret));
	memcpy(secret, "<device><sshPassword>SESAME</sshPassword>", 41);
	lease(&s);
	story_fetch(&s, "SEP001B54AABBCC.cnf.xml", secret, sizeof(secret));
	story_ask(&s, evil);
	story_error(&s, false, 0, evil);
	plain = text_of(s.w.d, cpr_report_text);
	json = text_of(s.w.d, cpr_report_json);
	assert_non_null(strstr(plain, "<b>.cnf.xml"));
	for (const char *c = plain; *c; c++)
		assert_true(*c == '\n' || (*c >= ' ' && *c < 0x7f));
	for (const char *c = json; *c; c++)
		assert_true(*c == '\n' || (*c >= ' ' && *c < 0x7f));
	root = json_loads(json, 0, NULL);
	assert_non_null(root);
	assert_null(strstr(plain, "SESAME"));
	assert_null(strstr(json, "SESAME"));
	assert_null(strstr(json, "SSSS"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text),
		cmocka_unit_test(nobody),
		cmocka_unit_test(json),
		cmocka_unit_test(silent),
		cmocka_unit_test(strangers),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
