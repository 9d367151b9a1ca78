#include "cleanup.h"
#include "errors.h"
#include "site-keys.h"
#include "site.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

static char folder[] = "/tmp/test-site-XXXXXX";
static char path[64];

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/site.conf", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static void write_file(const void *bytes, size_t len)
{
	_cleanup_(cpr_fclosep) FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
}

/* Reads the text as a site file; says what was refused, the file's own name left out. */
static int read_text(
	const char *text, size_t len, struct cpr_site **out, char *said, size_t cap)
{
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	size_t n = 0;
	int r;

	write_file(text, len);
	r = cpr_site_read(path, NULL, out, &e);
	said[0] = '\0';
	for (size_t i = 0; i < e.n && n < cap; i++) {
		assert_int_equal(strncmp(e.line[i], path, strlen(path)), 0);
		n += (size_t)snprintf(
			said + n, cap - n, "%s\n", e.line[i] + strlen(path) + 1);
	}
	assert_int_equal(r == 0, *out != NULL);
	return r;
}

static const char *dotted(struct in_addr a)
{
	return inet_ntoa(a);
}

static const char example[] =
	"tftp-root     = \"/srv/tftp/\"\n"
	"tftp-servers  = {\"192.168.10.105\", \"192.168.10.106\"}   # option 150\n"
	"call-managers = {\"192.168.10.1\"}\n"
	"protocol      = \"sip\"\n"
	"upgrade       = \"auto\"\n"
	"keep          = 7   // of each\n"
	"network \"10.1.0.0/16\" { tftp-servers = {\"10.1.0.5\", \"10.1.0.6\"} }\n"
	"network \"0.0.0.0/0\" { tftp-servers = {\"10.9.0.5\"}  tag = \"office_1\" }\n"
	"model \"7961\" { load = \"SCCP41.9-4-2SR3-1S\"  recovery = \"SCCP41.8-5-2S\" }\n"
	"model \"CP-7906G\" { }\n"
	"dnsmasq   { enable = false  override = true }\n"
	"tftpd-hpa { enable = true }\n"
	"kea       { enable = on  mode = \"class\"  socket = \"/run/kea/other\" }\n"
	"isc-dhcpd { enable = yes }\n";

static void takes_every_key(void **state)
{
	_cleanup_(cpr_site_freep) struct cpr_site *s = NULL;
	char said[256];

	(void)state;
	assert_int_equal(read_text(example, strlen(example), &s, said, sizeof(said)), 0);
	assert_string_equal(said, "");
	assert_string_equal(s->file, path);
	assert_string_equal(s->root, "");
	assert_string_equal(s->tftp_root, "/srv/tftp");
	assert_int_equal(s->tftp_server_n, 2);
	assert_string_equal(dotted(s->tftp_server[0]), "192.168.10.105");
	assert_string_equal(dotted(s->tftp_server[1]), "192.168.10.106");
	assert_int_equal(s->call_manager_n, 1);
	assert_string_equal(dotted(s->call_manager[0]), "192.168.10.1");
	assert_int_equal(s->protocol, CPR_SIP);
	assert_true(s->upgrade_auto);
	assert_int_equal(s->keep, 7);
	assert_int_equal(s->network_n, 2);
	assert_string_equal(dotted(s->network[0].prefix), "10.1.0.0");
	assert_int_equal(s->network[0].length, 16);
	assert_int_equal(s->network[0].tftp_server_n, 2);
	assert_string_equal(dotted(s->network[0].tftp_server[1]), "10.1.0.6");
	assert_string_equal(s->network[0].tag, "net-10.1.0.0-16");
	assert_int_equal(s->network[1].length, 0);
	assert_string_equal(s->network[1].tag, "office_1");
	assert_int_equal(s->model_n, 2);
	assert_int_equal(s->model[0].model->device_id, 30018);
	assert_string_equal(s->model[0].load, "SCCP41.9-4-2SR3-1S");
	assert_string_equal(s->model[0].recovery, "SCCP41.8-5-2S");
	assert_int_equal(s->model[1].model->device_id, 369);
	assert_null(s->model[1].load);
	assert_null(s->model[1].recovery);
	assert_false(s->dnsmasq);
	assert_true(s->dnsmasq_override);
	assert_true(s->tftpd_hpa);
	assert_true(s->kea);
	assert_true(s->isc_dhcpd);
	assert_string_equal(s->kea_mode, "class");
	assert_string_equal(s->kea_socket, "/run/kea/other");
}

static void assert_defaults(const struct cpr_site *s)
{
	assert_string_equal(s->tftp_root, "/srv/tftp");
	assert_int_equal(s->call_manager_n, 0);
	assert_int_equal(s->protocol, CPR_SCCP);
	assert_false(s->upgrade_auto);
	assert_int_equal(s->keep, 5);
	assert_int_equal(s->network_n, 0);
	assert_int_equal(s->model_n, 0);
	assert_true(s->dnsmasq);
	assert_false(s->dnsmasq_override);
	assert_false(s->tftpd_hpa);
	assert_false(s->kea);
	assert_false(s->isc_dhcpd);
	assert_string_equal(s->kea_mode, "hook");
	assert_string_equal(s->kea_socket, "/run/kea/kea4-ctrl-socket");
}

static void has_defaults(void **state)
{
	static const char *const texts[] = {
		"", "\n\n", "# nothing\n", "/* nothing */", "dnsmasq { }\nkea { }\n"};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(texts); i++) {
		_cleanup_(cpr_site_freep) struct cpr_site *s = NULL;
		char said[256];

		assert_int_equal(
			read_text(texts[i], strlen(texts[i]), &s, said, sizeof(said)), 0);
		assert_string_equal(s->file, path);
		assert_defaults(s);
	}
}

/* A host whose DHCP is another's may have no dnsmasq. */
static void dnsmasq_is_off_beside_another(void **state)
{
	static const struct {
		const char *text;
		bool dnsmasq;
	} cases[] = {
		{"kea { enable = true }", false},
		{"isc-dhcpd { enable = true }", false},
		{"kea { enable = true }\ndnsmasq { override = true }", false},
		{"kea { enable = true }\ndnsmasq { enable = true }", true},
		{"dnsmasq { enable = yes }\nisc-dhcpd { enable = true }", true},
		{"kea { enable = false }\nisc-dhcpd { }", true},
		{"tftpd-hpa { enable = true }", true},
		{"dnsmasq { enable = false }", false},
	};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(cases); i++) {
		_cleanup_(cpr_site_freep) struct cpr_site *s = NULL;
		char said[256];

		assert_int_equal(read_text(cases[i].text, strlen(cases[i].text), &s, said,
					 sizeof(said)),
			0);
		assert_int_equal(s->dnsmasq, cases[i].dnsmasq);
	}
}

static void needs_no_file(void **state)
{
	_cleanup_(cpr_site_freep) struct cpr_site *s = NULL, *named = NULL;
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	_cleanup_(cpr_freep) char *below = NULL;
	char root[64];

	(void)state;
	snprintf(root, sizeof(root), "%s//", folder);
	assert_int_equal(cpr_site_read(NULL, root, &s, &e), 0);
	assert_int_equal(e.n, 0);
	assert_null(s->file);
	assert_string_equal(s->root, folder);
	assert_defaults(s);
	below = cpr_site_path(s, "/srv/tftp");
	snprintf(root, sizeof(root), "%s/srv/tftp", folder);
	assert_string_equal(below, root);

	unlink(path);
	assert_int_equal(cpr_site_read(path, NULL, &named, &e), -ENOENT);
	assert_null(named);
	assert_int_equal(e.n, 1);
	assert_non_null(strstr(e.line[0], "is not there"));
}

static void finds_the_file_below_root(void **state)
{
	_cleanup_(cpr_site_freep) struct cpr_site *s = NULL;
	char etc[64], place[80], file[128];
	FILE *f;

	(void)state;
	snprintf(etc, sizeof(etc), "%s/etc", folder);
	snprintf(place, sizeof(place), "%s/phone-cpr", etc);
	snprintf(file, sizeof(file), "%s/site.conf", place);
	assert_int_equal(mkdir(etc, 0700), 0);
	assert_int_equal(mkdir(place, 0700), 0);
	f = fopen(file, "w");
	assert_non_null(f);
	fputs("keep = 9\n", f);
	fclose(f);
	assert_int_equal(cpr_site_read(NULL, folder, &s, NULL), 0);
	assert_int_equal(s->keep, 9);
	assert_string_equal(s->file, file);
	unlink(file);
	rmdir(place);
	rmdir(etc);
}

#define ADDRESS "is not the address of a host: write it like \"192.168.10.105\"\n"
#define NETWORK \
	"is not a network: write its first address and length, like \"10.1.0.0/16\"\n"
#define TAG  "cannot be a network's: write letters, digits and . _ -, like \"office\"\n"
#define LOAD "is no load's name: write one like \"SCCP41.9-4-2SR3-1S\"\n"
#define PATH_CHARACTER                                                              \
	"has a character that servers' files cannot hold: use letters, digits and " \
	"/ . _ - + @ ~\n"
#define TITLE_KEYS                                                                   \
	"tftp-root, tftp-servers, call-managers, protocol, upgrade, keep, network, " \
	"model, dnsmasq, tftpd-hpa, kea, isc-dhcpd\n"
#define N(prefix) "network \"" prefix "\" { tftp-servers = {\"10.1.0.5\"} }\n"

static const struct {
	const char *text, *said;
} refused[] = {
	{"keep = 0", "1: keep: \"0\" is no number of files: write 1 to 1000\n"},
	{"keep = 1001", "1: keep: \"1001\" is no number of files: write 1 to 1000\n"},
	{"\n\nkeep = 5x", "3: keep: \"5x\" is no number of files: write 1 to 1000\n"},
	{"keep = -1", "1: keep: \"-1\" is no number of files: write 1 to 1000\n"},
	{"keep = \"\"", "1: keep: \"\" is no number of files: write 1 to 1000\n"},
	{"keep = 99999999999999999999", "1: keep: \"99999999999999999999\" is no number "
					"of files: write 1 to 1000\n"},
	{"protocol = mgcp", "1: protocol: \"mgcp\" is none: write \"sccp\" or \"sip\"\n"},
	{"upgrade = yes",
		"1: upgrade: \"yes\" is unknown: write \"manual\" or \"auto\"\n"},
	{"kea { mode = lua }",
		"1: mode: \"lua\" is unknown: write \"hook\", \"class\" or "
		"\"flex-option\"\n"},
	{"kea { enable = maybe }",
		"1: enable: \"maybe\" is neither: write true or false\n"},
	{"kea { socket = run }", "1: socket: \"run\" is not absolute: begin it with /\n"},
	{"tftp-root = srv", "1: tftp-root: \"srv\" is not absolute: begin it with /\n"},
	{"tftp-root = \"\"", "1: tftp-root: \"\" is not absolute: begin it with /\n"},
	{"tftp-root = \"/\"",
		"1: tftp-root: \"/\" is no place of its own: name one below /\n"},
	{"tftp-root = \"/.//\"",
		"1: tftp-root: \"/.//\" is no place of its own: name one below /\n"},
	{"tftp-root = \"/srv/../etc\"",
		"1: tftp-root: \"/srv/../etc\" has \"..\": write the path without it\n"},
	{"tftp-root = \"/srv/..\"",
		"1: tftp-root: \"/srv/..\" has \"..\": write the path without it\n"},
	{"tftp-root = \"/srv/a,b\"", "1: tftp-root: \"/srv/a,b\" " PATH_CHARACTER},
	{"tftp-root = \"/srv/a b\"", "1: tftp-root: \"/srv/a b\" " PATH_CHARACTER},
	{"tftp-root = '/srv/a\"b'", "1: tftp-root: \"/srv/a\"b\" " PATH_CHARACTER},
	{"tftp-root = \"/srv/a\\nuser=root\"",
		"1: tftp-root: \"/srv/a?user=root\" " PATH_CHARACTER},
	{"tftp-root = \"/srv/\\x1b[2J\"", "1: tftp-root: \"/srv/?[2J\" " PATH_CHARACTER},
	{"tftp-servers = {\"10.0.0.1\", \"10.0.0.300\", \"10.0.0\"}",
		"1: tftp-servers: \"10.0.0.300\" " ADDRESS
		"1: tftp-servers: \"10.0.0\" " ADDRESS},
	{"tftp-servers = {\"tftp.example\"}",
		"1: tftp-servers: \"tftp.example\" " ADDRESS},
	{"tftp-servers = {\"0.0.0.0\"}", "1: tftp-servers: \"0.0.0.0\" " ADDRESS},
	{"tftp-servers = {\"255.255.255.255\"}",
		"1: tftp-servers: \"255.255.255.255\" " ADDRESS},
	{"tftp-servers = {\"224.0.0.1\"}", "1: tftp-servers: \"224.0.0.1\" " ADDRESS},
	{"tftp-servers = {\"010.0.0.1\"}", "1: tftp-servers: \"010.0.0.1\" " ADDRESS},
	{"tftp-servers = {\" 10.0.0.1\"}", "1: tftp-servers: \" 10.0.0.1\" " ADDRESS},
	{"tftp-servers = {\"0x0a000001\"}", "1: tftp-servers: \"0x0a000001\" " ADDRESS},
	{"tftp-servers = {\"10.0.0.1\"\n, \"10.0.0.1\"\n}",
		"2: tftp-servers: \"10.0.0.1\" is there twice: leave one out\n"},
	{"call-managers = {\"::1\"}", "1: call-managers: \"::1\" " ADDRESS},
	{N("10.1.0.5/16"), "1: network \"10.1.0.5/16\" " NETWORK},
	{N("10.1.0.0"), "1: network \"10.1.0.0\" " NETWORK},
	{N("10.1.0.0/33"), "1: network \"10.1.0.0/33\" " NETWORK},
	{N("10.1.0.0/016"), "1: network \"10.1.0.0/016\" " NETWORK},
	{N("10.1.0.0/"), "1: network \"10.1.0.0/\" " NETWORK},
	{N("10.1.0.0/-1"), "1: network \"10.1.0.0/-1\" " NETWORK},
	{N("10.0.0.0/0"), "1: network \"10.0.0.0/0\" " NETWORK},
	{N("/16"), "1: network \"/16\" " NETWORK},
	{N(""), "1: network \"\" " NETWORK},
	{N("10.1.0.0/16") N("10.1.0.0/16"), "2: found duplicate title '10.1.0.0/16': put "
					    "its settings into one section\n"},
	{"\nnetwork \"10.1.0.0/16\"\n{\n}\n",
		"2: network \"10.1.0.0/16\" has no tftp-servers: name one or two\n"},
	{"network \"10.1.0.0/16\" { tftp-servers = {\"10.1.0.5\"} tag = \"a b\" }",
		"1: tag: \"a b\" " TAG},
	{"network \"10.1.0.0/16\" { tftp-servers = {\"10.1.0.5\"} tag = \"\" }",
		"1: tag: \"\" " TAG},
	{"network \"10.1.0.0/16\" { tftp-servers = {\"10.1.0.5\"} tag = cisco-phone }",
		"1: tag: \"cisco-phone\" " TAG},
	{N("10.1.0.0/16") "\nnetwork \"10.2.0.0/16\" {\n"
			  "tftp-servers = {\"10.1.0.5\"} tag = \"net-10.1.0.0-16\" }",
		"3: network \"10.2.0.0/16\" has the tag \"net-10.1.0.0-16\" of another "
		"one: give each its own\n"},
	{"model \"7999\" {\n}", "1: model \"7999\" is unknown: write it like \"7961\" "
				"(cpr-conf models lists them)\n"},
	{"model \"7961\" { }\nmodel \"cp-7961g\" { }",
		"2: model \"cp-7961g\" is there twice: put its settings into one "
		"section\n"},
	{"model \"7961\" { load = \"SCCP41.9-4-2SR3-1S.loads\" }",
		"1: load: \"SCCP41.9-4-2SR3-1S.loads\": leave \".loads\" out\n"},
	{"model \"7961\" { recovery = \"a/b\" }", "1: recovery: \"a/b\" " LOAD},
	{"model \"7961\" { recovery = \"\" }", "1: recovery: \"\" " LOAD},
	{"model \"7961\" { load = \"SCCP42.9-4-2\" }",
		"1: model \"7961\": \"SCCP42.9-4-2\" is not one of its loads: theirs begin "
		"with SCCP41. or SIP41.\n"},
	{"colour = red",
		"1: no such option 'colour': what can stand here is " TITLE_KEYS},
	{"model \"7961\" {\n laod = x }",
		"2: no such option 'laod': what can stand here is load, recovery\n"},
	{"keep 5", "1: missing equal sign after option 'keep': write NAME = VALUE\n"},
	{"keep = 5\n\"\" = 5",
		"2: cannot be understood from here on: write NAME = VALUE\n"},
	{"keep += 5", "1: attempt to append to non-list option 'keep': write = instead "
		      "of +=\n"},
	{"keep = {5}", "1: unexpected token '{': put texts in quotes, lists in { }, "
		       "commas between their values\n"},
	{"network { }",
		"1: missing title for section 'network': write it behind the name, in "
		"quotes\n"},
	{"}", "1: unexpected closing brace: remove it, or open it before\n"},
	{"kea {\n", "1: the { on this line has no end: close it with }\n"},
	{"\nkeep =\n", "3: premature end of file: finish the last line\n"},
	{"keep = \"5\n\n", "1: the quote that begins here has no end: close it\n"},
	{"\nkeep = '5\\'", "2: the quote that begins here has no end: close it\n"},
	{"keep = a\\\"b\n", "1: the quote that begins here has no end: close it\n"},
	{"keep = 5\n/* x\n\n",
		"2: the comment that begins here has no end: close it with */\n"},
	{"/*/", "1: the comment that begins here has no end: close it with */\n"},
	{"keep = 5\ntftp-root = \"${HOME}\"\n# ${HOME}\nkeep = ${HOME}\n",
		"2: has \"${\", and variables are not replaced here: write the value\n"
		"3: has \"${\", and variables are not replaced here: write the value\n"
		"4: has \"${\", and variables are not replaced here: write the value\n"},
	/* One run tells all of them, in the order of the file. */
	{"keep = 0 # no\n// none\nmodel \"7999\" { load = \"a b\"\n}\nprotocol = x\n"
	 "kea { mode = x\n enable = x }\nnetwork \"x\" { }\ntftp-servers = {\n# a\n\"x\",\n"
	 "\"y\"\n}\n",
		"1: keep: \"0\" is no number of files: write 1 to 1000\n"
		"3: load: \"a b\" " LOAD "3: model \"7999\" is unknown: write it like "
		"\"7961\" (cpr-conf models lists them)\n"
		"5: protocol: \"x\" is none: write \"sccp\" or \"sip\"\n"
		"6: mode: \"x\" is unknown: write \"hook\", \"class\" or \"flex-option\"\n"
		"7: enable: \"x\" is neither: write true or false\n"
		"8: network \"x\" " NETWORK
		"8: network \"x\" has no tftp-servers: name one or two\n"
		"11: tftp-servers: \"x\" " ADDRESS "12: tftp-servers: \"y\" " ADDRESS},
};

static void refuses_wrong_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(refused); i++) {
		struct cpr_site *s = NULL;
		char said[2048];
		int r = read_text(
			refused[i].text, strlen(refused[i].text), &s, said, sizeof(said));

		if (strcmp(said, refused[i].said) || r != -EINVAL)
			fail_msg("%s\n%s\nsays %s", refused[i].text, refused[i].said,
				said);
	}
}

/* A NUL byte, bytes that are no text, the limit of size; and after each a good file is read
 * as if nothing had been: libconfuse's lexer keeps state between files. */
static void stands_what_is_no_site_file(void **state)
{
	size_t big = (1 << 20) + 1;
	_cleanup_(cpr_freep) char *bytes = malloc(big);
	const struct {
		const char *start;
		char fill;
		size_t len;
		int result;
		const char *said;
	} rows[] = {
		{"keep = 5\n", '\0', 10, -EINVAL, "2: has a NUL byte: remove it\n"},
		{"keep = ", 'a', big - 1, -EINVAL, NULL},
		{"keep = \"", 'a', big - 1, -EINVAL, NULL},
		{"keep = 5\n#", 'a', big - 1, 0, ""},
		{"keep = 5\n#", 'a', big, -EINVAL,
			" is larger than 1 MiB, so not a site file: name another\n"},
		{"", '{', big - 1, -EINVAL, NULL},
		{"keep = ", '{', big - 1, -EINVAL, NULL},
		{"kea ", '{', big - 1, -EINVAL, NULL},
		{"", '"', 10001, -EINVAL, NULL},
		{"", '\\', 10000, -EINVAL, NULL},
		{"", (char)0xff, 10000, -EINVAL, NULL},
		{"", '/', 10000, 0, ""},
		{"", '\n', big - 1, 0, ""},
		{"tftp-servers = {", ',', 10000, -EINVAL, NULL},
	};

	(void)state;
	assert_non_null(bytes);
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		_cleanup_(cpr_site_freep) struct cpr_site *s = NULL, *good = NULL;
		char said[4096];

		memset(bytes, rows[i].fill, big);
		memcpy(bytes, rows[i].start, strlen(rows[i].start));
		if (read_text(bytes, rows[i].len, &s, said, sizeof(said)) !=
			rows[i].result)
			fail_msg("row %zu says %s", i, said);
		if (rows[i].said)
			assert_string_equal(said, rows[i].said);
		else
			assert_string_not_equal(said, "");
		assert_true(strlen(said) < 1024);
		assert_int_equal(read_text("keep = 9", 8, &good, said, sizeof(said)), 0);
		assert_int_equal(good->keep, 9);
	}
}

static void many_faults_come_to_an_end(void **state)
{
	size_t n = 0, cap = 1 << 20;
	_cleanup_(cpr_freep) char *text = malloc(cap);
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	struct cpr_site *s = NULL;

	(void)state;
	assert_non_null(text);
	while (n + 32 < cap)
		n += (size_t)snprintf(text + n, cap - n, "keep = x%zu\n", n);
	write_file(text, n);
	assert_int_equal(cpr_site_read(path, NULL, &s, &e), -EINVAL);
	assert_in_range(e.n, 100, 5000);
	cpr_errors_clear(&e);

	n = (size_t)snprintf(text, cap, "tftp-servers = {");
	for (unsigned i = 1; i < 60000; i++)
		n += (size_t)snprintf(text + n, cap - n, "10.0.%u.%u,", i / 256, i % 256);
	text[n - 1] = '}';
	write_file(text, n);
	assert_int_equal(cpr_site_read(path, NULL, &s, &e), -EINVAL);
	assert_int_equal(e.n, 1);
	assert_non_null(strstr(e.line[0], "more than 64 addresses"));
}

/* Not even opened for reading: libconfuse exits on a directory, a FIFO would hang. */
static void takes_regular_files_only(void **state)
{
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	struct cpr_site *s = NULL;

	(void)state;
	assert_int_equal(cpr_site_read(folder, NULL, &s, &e), -EINVAL);
	assert_int_equal(cpr_site_read("/dev/null", NULL, &s, &e), -EINVAL);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(cpr_site_read(path, NULL, &s, &e), -EINVAL);
	assert_int_equal(e.n, 3);
	for (size_t i = 0; i < e.n; i++)
		assert_non_null(strstr(e.line[i], ": is not a regular file: name one"));
	assert_int_equal(cpr_site_read("/dev/null/x", NULL, &s, &e), -ENOTDIR);
	assert_int_equal(e.n, 4);
	assert_null(s);
	unlink(path);
}

/* In a network namespace of its own a host has no address, and none is made up. */
static void makes_up_no_address(void **state)
{
	_cleanup_(cpr_site_freep) struct cpr_site *s = NULL;
	pid_t child;
	int status;

	(void)state;
	child = fork();
	assert_int_not_equal(child, -1);
	if (!child) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
			_exit(77);
		if (cpr_site_read(NULL, folder, &s, NULL))
			_exit(1);
		_exit(s->tftp_server_n ? 2 : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		print_message("no namespace to be had here\n");
		skip();
	}
	assert_int_equal(status, 0);
}

static void look_up(const cfg_opt_t *keys, const char *page)
{
	for (; keys->name; keys++) {
		char mention[64];

		snprintf(mention, sizeof(mention), "Ic %s", keys->name);
		if (!strstr(page, mention))
			fail_msg("the manual page does not name %s", keys->name);
		if (keys->type == CFGT_SEC)
			look_up(keys->subopts, page);
	}
}

/* Reads the manual page, as tests run in the source tree. */
static void the_manual_page_names_every_key_and_its_example_is_right(void **state)
{
	_cleanup_(cpr_site_keys_freep) cfg_t *cfg = cpr_site_keys_new();
	_cleanup_(cpr_fclosep) FILE *f = fopen("docs/phone-cpr-site.conf.5", "r");
	_cleanup_(cpr_site_freep) struct cpr_site *s = NULL;
	static char page[16384];
	char said[256], *shown, *end;

	(void)state;
	assert_non_null(f);
	assert_in_range(fread(page, 1, sizeof(page), f), 1, sizeof(page) - 1);
	look_up(cfg->opts, page);
	shown = strstr(page, ".Bd -literal\n");
	assert_non_null(shown);
	shown += strlen(".Bd -literal\n");
	end = strstr(shown, ".Ed");
	assert_non_null(end);
	assert_int_equal(
		read_text(shown, (size_t)(end - shown), &s, said, sizeof(said)), 0);
	assert_string_equal(said, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_every_key),
		cmocka_unit_test(
			the_manual_page_names_every_key_and_its_example_is_right),
		cmocka_unit_test(has_defaults),
		cmocka_unit_test(dnsmasq_is_off_beside_another),
		cmocka_unit_test(needs_no_file),
		cmocka_unit_test(finds_the_file_below_root),
		cmocka_unit_test(refuses_wrong_values),
		cmocka_unit_test(stands_what_is_no_site_file),
		cmocka_unit_test(many_faults_come_to_an_end),
		cmocka_unit_test(takes_regular_files_only),
		cmocka_unit_test(makes_up_no_address),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
