/* Merging into an XMLDefault.cnf.xml: text in, text out. */
#include "buf.h"
#include "cleanup.h"
#include "errors.h"
#include "firmware.h"
#include "models.h"
#include "plan.h"
#include "schema.h"
#include "site.h"
#include "xmldefault.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GROUP(address)                                                                 \
	"<callManagerGroup><members><member priority=\"0\"><callManager><ports>"       \
	"<ethernetPhonePort>2000</ethernetPhonePort></ports><processNodeName>" address \
	"</processNodeName></callManager></member></members></callManagerGroup>"
#define HEAD     "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define LOAD7941 "<loadInformation115 model=\"Cisco 7941\">L</loadInformation115>"
#define LOAD7961 "<loadInformation30018 model=\"Cisco 7961\">L</loadInformation30018>"

#define LAUGH(name, of)                                                            \
	"<!ENTITY " name " \"&" of ";&" of ";&" of ";&" of ";&" of ";&" of ";&" of \
	";&" of ";&" of ";&" of ";\">"

/* The plan: call manager 192.0.2.1, load "L" for 7941 and 7961. */
static const struct {
	const char *name;
	const char *input;
	const char *expected; /* NULL: refused */
	const char *error;    /* a part of the line */
} rows[] = {
	{"all is right: its very bytes, however odd",
		"<Default  ><autoRegistration></autoRegistration>" GROUP("192.0.2.1")
			LOAD7941 "<loadInformation30018>\r\n L "
				 "</loadInformation30018></Default>",
		"<Default  ><autoRegistration></autoRegistration>" GROUP("192.0.2.1")
			LOAD7941 "<loadInformation30018>\r\n L "
				 "</loadInformation30018></Default>",
		NULL},
	{"another load, the model text is the admin's",
		"<Default>" GROUP("192.0.2.1") LOAD7941
		"<loadInformation30018 "
		"model=\"lobby\">OLD</loadInformation30018></Default>",
		HEAD "<Default>" GROUP("192.0.2.1") LOAD7941
		"<loadInformation30018 "
		"model=\"lobby\">L</loadInformation30018></Default>\n",
		NULL},
	{"lower case gets the name that phones look up",
		HEAD "<Default>\n" GROUP(
			"192.0.2.1") "\n\t" LOAD7941 "\n\t<loadinformation30018>OLD</"
				     "loadinformation30018>\n</Default>\n",
		HEAD "<Default>\n" GROUP(
			"192.0.2.1") "\n\t" LOAD7941 "\n\t<loadInformation30018>L</"
				     "loadInformation30018>\n</Default>\n",
		NULL},
	{"a second line for one model goes",
		HEAD
		"<Default>\n\t" GROUP("192.0.2.1") "\n\t" LOAD7941 "\n\t" LOAD7961
						   "\n\t<loadInformation115>OLD</"
						   "loadInformation115>\n</Default>\n",
		HEAD "<Default>\n\t" GROUP("192.0.2.1") "\n\t" LOAD7941 "\n\t" LOAD7961
							"\n</Default>\n",
		NULL},
	{"comments inside an element stay",
		"<Default>" GROUP("192.0.2.1") LOAD7961
		"<loadInformation115 "
		"model=\"Cisco 7941\"><!-- a -->OLD<!-- b --></loadInformation115></Default>",
		HEAD "<Default>" GROUP("192.0.2.1") LOAD7961
		"<loadInformation115 model=\"Cisco 7941\">L<!-- a --><!-- b "
		"--></loadInformation115></Default>\n",
		NULL},
	{"between the ids, comments stay with their lines",
		HEAD
		"<Default>\n\t" GROUP("192.0.2.1") "\n\t<!-- old "
						   "-->\n\t<loadInformation8>P</"
						   "loadInformation8> <!-- hall -->\n"
						   "\t<loadInformation30002>Q</"
						   "loadInformation30002>\n</Default>\n",
		HEAD "<Default>\n\t" GROUP(
			"192.0.2.1") "\n\t<!-- old "
				     "-->\n\t<loadInformation8>P</loadInformation8> <!-- "
				     "hall -->\n\t" LOAD7941
				     "\n\t<loadInformation30002>Q</"
				     "loadInformation30002>\n\t" LOAD7961
				     "\n</Default>\n",
		NULL},
	{"another call manager, ports stay",
		HEAD "<Default>\n" GROUP("10.0.0.1") "\n" LOAD7941 "\n" LOAD7961
						     "\n</Default>\n",
		HEAD "<Default>\n" GROUP("192.0.2.1") "\n" LOAD7941 "\n" LOAD7961
						      "\n</Default>\n",
		NULL},
	{"CRLF stays CRLF",
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
		"<Default>\r\n" GROUP("10.0.0.1") "\r\n" LOAD7941 "\r\n" LOAD7961
						  "\r\n</Default>\r\n",
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<Default>\r\n" GROUP(
			"192.0.2.1") "\r\n" LOAD7941 "\r\n" LOAD7961 "\r\n</Default>\r\n",
		NULL},
	{"latin-1 stays latin-1",
		"<?xml version=\"1.0\" "
		"encoding=\"ISO-8859-1\"?>\n<Default><a>\xe4</a>" GROUP("10.0.0.1")
			LOAD7941 LOAD7961 "</Default>\n",
		"<?xml version=\"1.0\" "
		"encoding=\"ISO-8859-1\"?>\n<Default><a>\xe4</a>" GROUP("192.0.2.1")
			LOAD7941 LOAD7961 "</Default>\n",
		NULL},
	{"an id that is no number is not ours",
		HEAD "<Default>" GROUP("192.0.2.1") LOAD7941 LOAD7961
		"<loadInformation>X</loadInformation><loadInformation115b/></Default>\n",
		HEAD "<Default>" GROUP("192.0.2.1") LOAD7941 LOAD7961
		"<loadInformation>X</loadInformation><loadInformation115b/></Default>\n",
		NULL},
	{"empty", "", NULL, "X:1: "},
	{"no XML", "hello", NULL, "X:1: "},
	{"not closed", "<Default>\n<a>", NULL, "X:2: "},
	{"another root", "<device/>", NULL, "X:1: its root element is <device>"},
	{"not closed before the entity", "<Default>&x;</Default>", NULL, "X:1: "},
	{"entities",
		"<!DOCTYPE Default [<!ENTITY a \"b\">]><Default><a>&a;</a></Default>",
		NULL, "X:1: it has a DOCTYPE"},
	{"a billion laughs",
		"<?xml version=\"1.0\"?>\n<!DOCTYPE Default [<!ENTITY a \"ha\">" LAUGH(
			"b", "a") LAUGH("c", "b") LAUGH("d", "c") LAUGH("e", "d")
			LAUGH("f", "e") LAUGH("g", "f") LAUGH("h", "g") LAUGH("i", "h")
				LAUGH("j", "i") "]>\n<Default x=\"&j;\">&j;</Default>",
		NULL, "X:2: it has a DOCTYPE"},
	{"another file",
		"<!DOCTYPE Default [<!ENTITY a SYSTEM \"file:///etc/hostname\">]>"
		"<Default><a>&a;</a></Default>",
		NULL, "X:1: it has a DOCTYPE"},
	{"a declaration elsewhere",
		"<!DOCTYPE Default SYSTEM "
		"\"http://192.0.2.1/x.dtd\"><Default>&a;</Default>",
		NULL, "X:1: it has a DOCTYPE"},
	{"parameters",
		"<!DOCTYPE Default [<!ENTITY % a SYSTEM \"file:///etc/hostname\">%a;]>"
		"<Default/>",
		NULL, "X:1: it has a DOCTYPE"},
	{"a prefix that nobody declared stays",
		HEAD "<Default><x:a/>" GROUP("192.0.2.1") LOAD7941 "</Default>",
		HEAD "<Default><x:a/>" GROUP("192.0.2.1") LOAD7941 "\n" LOAD7961
								   "</Default>\n",
		NULL},
	/* What phones could not read is the admin's to mend, once the file is to change. */
	{"a port that is none",
		HEAD "<Default>\n<callManagerGroup><members><member><callManager>"
		     "<processNodeName>10.0.0.1</processNodeName>\n<ports><sipPort>70000"
		     "</sipPort></ports></callManager></member></members>"
		     "</callManagerGroup></Default>",
		NULL, "X:4: phones could not read it with <sipPort> as it is there"},
	{"an element in a load",
		HEAD "<Default>" GROUP(
			"192.0.2.1") "<loadInformation8>P<b/></loadInformation8></Default>",
		NULL,
		"X:2: phones could not read it with <loadInformation8> as it is there"},
	{"two loads in one",
		HEAD "<Default>" GROUP("192.0.2.1") "<loadInformation8>P003 P004"
						    "</loadInformation8></Default>",
		NULL, "X:2: phones could not read it with <loadInformation8> as"},
	{"a priority that is no number",
		HEAD
		"<Default><callManagerGroup><members><member priority=\"high\">"
		"<callManager><processNodeName>10.0.0.1</processNodeName></callManager>"
		"</member></members></callManagerGroup></Default>",
		NULL, "X:2: phones could not read it with <member> as it is there"},
	{"two groups",
		HEAD "<Default>" GROUP("192.0.2.1") GROUP("192.0.2.1") "</Default>", NULL,
		"X: phones could not read it: something is there twice"},
	{"the same in a file that is right otherwise: its very bytes",
		HEAD "<Default>" GROUP("192.0.2.1") LOAD7941 LOAD7961
		"<loadInformation8>P003 P004</loadInformation8></Default>",
		HEAD "<Default>" GROUP("192.0.2.1") LOAD7941 LOAD7961
		"<loadInformation8>P003 P004</loadInformation8></Default>",
		NULL},
};

struct literal {
	struct cpr_plan plan;
	struct cpr_plan_model model[2];
	struct cpr_load load;
	struct cpr_site site;
	struct in_addr manager[2];
};

static void fill(struct literal *l, size_t managers)
{
	*l = (struct literal){.load = {.name = "L", .complete = true}};
	inet_pton(AF_INET, "192.0.2.1", &l->manager[0]);
	inet_pton(AF_INET, "192.0.2.2", &l->manager[1]);
	l->site.call_manager = l->manager;
	l->site.call_manager_n = managers;
	l->model[0].model = cpr_model_by_name("7941");
	l->model[1].model = cpr_model_by_name("7961");
	for (size_t i = 0; i < 2; i++) {
		l->model[i].load = &l->load;
		l->model[i].load_name = "L";
	}
	l->plan = (struct cpr_plan){.site = &l->site, .model = l->model, .model_n = 2};
}

static void merges(void **state)
{
	struct literal l;

	(void)state;
	fill(&l, 1);
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		_cleanup_(cpr_buf_free) struct cpr_buf out = {0}, again = {0};
		_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
		int r = xmldefault_merge(
			"X", rows[i].input, strlen(rows[i].input), &l.plan, &out, &e);

		print_message("# %s\n", rows[i].name);
		if (!rows[i].expected) {
			assert_int_equal(r, -22);
			assert_int_equal(e.n, 1);
			if (!strstr(e.line[0], rows[i].error))
				fail_msg("%s", e.line[0]);
			continue;
		}
		assert_int_equal(r, 0);
		assert_string_equal(out.data, rows[i].expected);
		assert_int_equal(
			xmldefault_merge("X", out.data, out.len, &l.plan, &again, &e), 0);
		assert_string_equal(again.data, out.data);
	}
}

/* What is written is read back: loads, and that there is a call manager. */
static void fresh(void **state)
{
	_cleanup_(cpr_buf_free) struct cpr_buf out = {0}, again = {0};
	struct cpr_running running = {0};
	struct literal l;

	(void)state;
	fill(&l, 2);
	assert_int_equal(xmldefault_merge("X", NULL, 0, &l.plan, &out, NULL), 0);
	assert_non_null(strstr(out.data, "<processNodeName>192.0.2.1<"));
	assert_non_null(strstr(out.data, "<member priority=\"1\">"));
	assert_non_null(strstr(out.data, "<processNodeName>192.0.2.2<"));
	xmldefault_read(out.data, out.len, &running);
	assert_string_equal(running.malformed, "");
	assert_true(running.call_manager);
	assert_int_equal(running.n, 2);
	assert_string_equal(cpr_running_load(&running, 30018), "L");
	assert_null(cpr_running_load(&running, 8));
	assert_int_equal(
		xmldefault_merge("X", out.data, out.len, &l.plan, &again, NULL), 0);
	assert_string_equal(again.data, out.data);
	cpr_buf_free(&again);

	/* One manager less: its member goes, and coming back it is as before. */
	l.site.call_manager_n = 1;
	assert_int_equal(
		xmldefault_merge("X", out.data, out.len, &l.plan, &again, NULL), 0);
	assert_null(strstr(again.data, "192.0.2.2"));
	l.site.call_manager_n = 2;
	cpr_buf_free(&out);
	assert_int_equal(
		xmldefault_merge("X", again.data, again.len, &l.plan, &out, NULL), 0);
	assert_non_null(strstr(out.data, "<member priority=\"1\">"));
}

/* Groups that lack a part get it; what else is in them stays. */
static void torn_groups(void **state)
{
	static const char *const input[] = {
		"<Default></Default>",
		"<Default/>",
		"<Default>\n</Default>",
		"<Default><callManagerGroup/></Default>",
		"<Default><callManagerGroup><members/></callManagerGroup></Default>",
		"<Default><callManagerGroup><members><member/></members></callManagerGroup>"
		"</Default>",
		"<Default><callManagerGroup><name>d</name><members><member><callManager/>"
		"</member></members></callManagerGroup></Default>",
		"<Default><!-- only a comment --></Default>",
		"<Default>text</Default>",
		"<Default><loadInformation8>P</loadInformation8></Default>",
	};
	struct literal l;

	(void)state;
	fill(&l, 1);
	for (size_t i = 0; i < CPR_ARRAY_LEN(input); i++) {
		_cleanup_(cpr_buf_free) struct cpr_buf out = {0}, again = {0};
		struct cpr_running running = {0};

		print_message("# %s\n", input[i]);
		assert_int_equal(xmldefault_merge("X", input[i], strlen(input[i]),
					 &l.plan, &out, NULL),
			0);
		xmldefault_read(out.data, out.len, &running);
		assert_string_equal(running.malformed, "");
		assert_true(running.call_manager);
		assert_string_equal(cpr_running_load(&running, 115), "L");
		assert_string_equal(cpr_running_load(&running, 30018), "L");
		assert_int_equal(
			xmldefault_merge("X", out.data, out.len, &l.plan, &again, NULL),
			0);
		assert_string_equal(again.data, out.data);
	}
}

/* Every prefix of a file, and every file with one byte changed: refused or merged, no worse. */
static void damage(void **state)
{
	struct literal l;
	_cleanup_(cpr_buf_free) struct cpr_buf whole = {0};

	(void)state;
	fill(&l, 2);
	assert_int_equal(xmldefault_merge("X", NULL, 0, &l.plan, &whole, NULL), 0);
	for (size_t i = 0; i < 2 * whole.len; i++) {
		size_t len = i < whole.len ? i : whole.len;
		_cleanup_(cpr_freep) char *copy = malloc(len ? len : 1);
		_cleanup_(cpr_buf_free) struct cpr_buf out = {0};
		struct cpr_running running = {0};

		assert_non_null(copy);
		memcpy(copy, whole.data, len);
		if (i >= whole.len)
			copy[i - whole.len] = "<>&\"\n\xff"[i % 6];
		xmldefault_read(copy, len, &running);
		if (xmldefault_merge("X", copy, len, &l.plan, &out, NULL) == 0)
			assert_string_equal(running.malformed, "");
		else
			assert_true(running.malformed[0]);
	}
}

/* However many rows of others stand before it, a known model's row is read; of two the first. */
static void many_rows(void **state)
{
	_cleanup_(cpr_buf_free) struct cpr_buf b = {0};
	struct cpr_running running = {0};

	(void)state;
	cpr_buf_puts(&b, "<Default>");
	for (int i = 50000; i < 50200; i++)
		cpr_buf_printf(&b, "<loadInformation%d>X</loadInformation%d>", i, i);
	cpr_buf_puts(
		&b, LOAD7961 "<loadInformation30018>M</loadInformation30018></Default>");
	xmldefault_read(b.data, b.len, &running);
	assert_string_equal(cpr_running_load(&running, 30018), "L");
	assert_string_equal(cpr_running_load(&running, 50000), "X");
	assert_int_equal(running.n, CPR_ARRAY_LEN(running.row));
}

/* In UTF-16 the two bytes of one letter may look like the end of a line. */
static void utf16(void **state)
{
	static const char ascii[] =
		"\xfe\xff<?xml version=\"1.0\" encoding=\"UTF-16\"?><Default><!--@--></Default>";
	char wide[2 * sizeof(ascii)];
	size_t n = 2;
	_cleanup_(cpr_buf_free) struct cpr_buf out = {0}, again = {0};
	struct literal l;

	(void)state;
	memcpy(wide, ascii, 2);
	for (const char *c = ascii + 2; *c; c++) {
		wide[n++] = *c == '@' ? 0x0d : 0;
		wide[n++] = *c == '@' ? 0x0a : *c;
	}
	fill(&l, 1);
	assert_int_equal(xmldefault_merge("X", wide, n, &l.plan, &out, NULL), 0);
	assert_int_equal(
		xmldefault_merge("X", out.data, out.len, &l.plan, &again, NULL), 0);
	assert_int_equal(out.len, again.len);
	assert_int_equal(out.len % 2, 0);
}

/* What a load may be named, put into XML. */
static void escapes(void **state)
{
	_cleanup_(cpr_buf_free) struct cpr_buf out = {0}, again = {0};
	struct cpr_running running = {0};
	struct literal l;

	(void)state;
	fill(&l, 1);
	l.model[0].load_name = "A<B>&\"C\"'";
	assert_int_equal(xmldefault_merge("X", NULL, 0, &l.plan, &out, NULL), 0);
	assert_non_null(strstr(out.data, ">A&lt;B&gt;&amp;\"C\"'</loadInformation115>"));
	xmldefault_read(out.data, out.len, &running);
	assert_string_equal(cpr_running_load(&running, 115), "A<B>&\"C\"'");
	assert_int_equal(
		xmldefault_merge("X", out.data, out.len, &l.plan, &again, NULL), 0);
	assert_string_equal(again.data, out.data);
}

/* As much as is taken of whatever makes a parser or a validator work hard, comes to an end. */
static void big(void **state)
{
	static const struct {
		const char *head, *again, *tail;
		bool refused;
	} input[] = {
		{"<Default>", "<a>b</a>", GROUP("10.0.0.1") "</Default>", false},
		{"<Default>" GROUP("10.0.0.1"), "<loadInformation8>b</loadInformation8>",
			"</Default>", false},
		{"<Default>", "<a>", "</Default>", true}, /* never closed */
		{"<Default><", "a", "/></Default>", true},
		{"<Default>", "<a/>",
			"<loadInformation8><b/></loadInformation8></Default>", true},
		{"<Default a=\"", "&amp;", "\"/>", false},
		{"<Default><callManagerGroup><members>",
			"<member><callManager><processNodeName>a</processNodeName>"
			"</callManager></member>",
			"</members></callManagerGroup></Default>", false},
	};
	struct literal l;

	(void)state;
	fill(&l, 1);
	for (size_t i = 0; i < CPR_ARRAY_LEN(input); i++) {
		_cleanup_(cpr_buf_free) struct cpr_buf b = {0}, out = {0};
		_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
		size_t tail = strlen(input[i].tail), step = strlen(input[i].again);

		cpr_buf_puts(&b, input[i].head);
		while (b.len + step + tail <= XMLDEFAULT_MAX)
			cpr_buf_add(&b, input[i].again, step);
		cpr_buf_puts(&b, input[i].tail);
		assert_false(b.failed);
		print_message("# %s\n", input[i].again);
		assert_int_equal(xmldefault_merge("X", b.data, b.len, &l.plan, &out, &e),
			input[i].refused ? -22 : 0);
		cpr_buf_puts(&b, "         ");
		while (b.len <= XMLDEFAULT_MAX)
			cpr_buf_puts(&b, " ");
		assert_int_equal(
			xmldefault_merge("X", b.data, b.len, &l.plan, &out, &e), -22);
		assert_non_null(
			strstr(e.line[e.n - 1], "X: it has more than 131072 bytes"));
	}
}

/* The schema that is installed is the one that is used, and has every model's number, both
 * among what is a load and among what is not something else. */
static void schema_is_the_installed_one(void **state)
{
	_cleanup_(cpr_fclosep) FILE *f = fopen("dnsmasq-conf/XMLDefault.rng", "r");
	char file[65536];
	size_t len, n = f ? fread(file, 1, sizeof(file), f) : 0, found = 0;
	const char *text = schema_text(&len);

	(void)state;
	assert_int_equal(n, len);
	assert_memory_equal(file, text, len);
	file[len] = 0;
	for (size_t i = 0; i < cpr_models_n; i++) {
		char name[64];
		const char *first;

		snprintf(name, sizeof(name), "<name>loadInformation%u</name>",
			cpr_models[i].device_id);
		first = strstr(file, name);
		if (!first || !strstr(first + 1, name))
			fail_msg("%s is not there twice", name);
	}
	for (const char *at = file; (at = strstr(at, "<name>loadInformation")); at++) {
		assert_non_null(cpr_model_by_id((unsigned)strtoul(at + 21, NULL, 10)));
		found++;
	}
	assert_int_equal(found % 2, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merges),
		cmocka_unit_test(fresh),
		cmocka_unit_test(torn_groups),
		cmocka_unit_test(damage),
		cmocka_unit_test(many_rows),
		cmocka_unit_test(utf16),
		cmocka_unit_test(escapes),
		cmocka_unit_test(big),
		cmocka_unit_test(schema_is_the_installed_one),
	};

	return cmocka_run_group_tests_name("xmldefault", tests, NULL, NULL);
}
