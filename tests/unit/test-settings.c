#include "cleanup.h"
#include "engine/settings.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MEMBER(priority, name)                                                  \
	"<member priority=\"" priority "\"><callManager><processNodeName>" name \
	"</processNodeName></callManager></member>"
#define GROUP(members) \
	"<callManagerGroup><members>" members "</members></callManagerGroup>"

static const struct {
	const char *name, *xml;
	unsigned device_id;
	int result;
	const char *load, *call_manager;
	uint16_t port;
} rows[] = {
	{"minimal", "<Default>" GROUP(MEMBER("0", "10.0.0.1")) "</Default>", 115, 0, "",
		"10.0.0.1", 2000},
	{"the model's own line, blanks around it",
		"<?xml version=\"1.0\"?>\n<Default><!-- x --><loadInformation30018> A "
		"</loadInformation30018><loadInformation115 model=\"Cisco 7941\">\n "
		"SCCP41.9-4-2SR3-1S\n</loadInformation115></Default>",
		115, 0, "SCCP41.9-4-2SR3-1S", "", 2000},
	{"a number that only begins alike",
		"<Default><loadInformation1>A</loadInformation1></Default>", 115, 0, "",
		"", 2000},
	{"lower case is another element",
		"<Default><loadinformation115>A</loadinformation115></Default>", 115, 0,
		"", "", 2000},
	{"one phone's own file: no number, devicePool",
		"<device><devicePool>" GROUP(
			MEMBER("0", "cm.example")) "</devicePool>"
						   "<loadInformation>SCCP41.8-5-2S</"
						   "loadInformation></device>",
		0, 0, "SCCP41.8-5-2S", "cm.example", 2000},
	{"the lowest priority, not the first",
		"<Default>" GROUP(MEMBER("2", "10.0.0.3") MEMBER("0", "10.0.0.1")
				MEMBER("1", "10.0.0.2")) "</Default>",
		115, 0, "", "10.0.0.1", 2000},
	{"another port",
		"<Default>" GROUP("<member priority=\"0\"><callManager><ports>"
				  "<ethernetPhonePort>2443</ethernetPhonePort></ports>"
				  "<processNodeName>10.0.0.1</processNodeName></"
				  "callManager></member>") "</Default>",
		115, 0, "", "10.0.0.1", 2443},
	{"not closed", "<Default>", 115, -EINVAL, "", "", 2000},
	{"empty", "", 115, -EINVAL, "", "", 2000},
	{"no XML", "tftp root", 115, -EINVAL, "", "", 2000},
	{"entities",
		"<!DOCTYPE D [<!ENTITY a \"x\">]><Default>"
		"<loadInformation115>&a;</loadInformation115></Default>",
		115, -EINVAL, "", "", 2000},
};

static void settings(void **state)
{
	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		struct cpr_settings s;
		/* in a block of its own size, for the sanitizer */
		size_t len = strlen(rows[i].xml);
		_cleanup_(cpr_freep) char *bytes = malloc(len ? len : 1);

		print_message("# %s\n", rows[i].name);
		assert_non_null(bytes);
		memcpy(bytes, rows[i].xml, len);
		assert_int_equal(cpr_settings_parse(bytes, len, rows[i].device_id, &s),
			rows[i].result);
		assert_string_equal(s.load, rows[i].load);
		assert_string_equal(s.call_manager, rows[i].call_manager);
		assert_int_equal(s.port, rows[i].port);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(settings)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
