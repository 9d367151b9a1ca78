/* dnsmasq's configuration as lines, read where Debian's start-up has it read. */
#include "buf.h"
#include "cleanup.h"
#include "dnsmasq-lines.h"
#include "errors.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* "FILE:LINE key|field|field" a line; @NAME before an instance's, ~ before a live one. */
static char *said(const struct dnsmasq_lines *l, bool places)
{
	struct cpr_buf b = {0};

	cpr_buf_puts(&b, "");
	for (size_t i = 0; i < l->n; i++) {
		const struct dnsmasq_line *one = &l->line[i];

		if (*one->instance)
			cpr_buf_printf(&b, "@%s ", one->instance);
		if (places)
			cpr_buf_printf(&b, "%s:%u ", one->file, one->line);
		cpr_buf_printf(&b, "%s%s%s", one->ours ? "ours " : "",
			one->live ? "~" : "", one->key);
		for (size_t k = 0; k < one->field_n; k++)
			cpr_buf_printf(&b, "|%s", one->field[k]);
		cpr_buf_puts(&b, "\n");
	}
	return b.data;
}

/* What dnsmasq 2.90 takes these for was seen there. */
static const struct {
	const char *name, *key, *input, *expected;
} rows[] = {
	{"nothing", NULL, "", ""},
	{"blanks and comments", NULL, "\n \t\n# a=b\n  #c\n", ""},
	{"a switch", NULL, "log-dhcp\n", "log-dhcp\n"},
	{"without a line end", NULL, "port=0", "port|0\n"},
	{"blanks everywhere", NULL, "  dhcp-option =  tag:a , 150 ,\t1.2.3.4  \r\n",
		"dhcp-option|tag:a|150|1.2.3.4\n"},
	{"a comment behind a blank", NULL, "a=1,2 # 3,4\nb # c=d\n", "a|1|2\nb\n"},
	{"no comment without one", NULL, "a=1#2\n", "a|1#2\n"},
	{"quotes hide commas, blanks and #", NULL,
		"dhcp-vendorclass=set:x,\"Cisco Systems, Inc. # 1\" # z\n",
		"dhcp-vendorclass|set:x|Cisco Systems, Inc. # 1\n"},
	{"escapes inside quotes only", NULL, "a=\"b\\\"\\\\\\t\\q\",c\\\"d,\"\n",
		"a|b\"\\\t\\q|c\\d,\n"},
	{"empty fields stay", NULL, "dhcp-boot=tag:x,,,1.2.3.4\na=,\nb=\n",
		"dhcp-boot|tag:x|||1.2.3.4\na||\nb\n"},
	{"= in the value", NULL, "a=b=c\n", "a|b=c\n"},
	{"a list has no keys", "dhcp-option", "tag:x,150,1.2.3.4\n# no\n66,name=1\n",
		"~dhcp-option|tag:x|150|1.2.3.4\n~dhcp-option|66|name=1\n"},
	{"a quote that is never closed", NULL, "a=\"b,c # d\ne=f\n", "a|b,c # d\ne|f\n"},
};

static void parses(void **state)
{
	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		_cleanup_(dnsmasq_lines_clear) struct dnsmasq_lines l = {0};
		_cleanup_(cpr_freep) char *text = NULL;

		dnsmasq_lines_parse(
			&l, "", "x", rows[i].key, rows[i].input, strlen(rows[i].input));
		text = said(&l, false);
		if (strcmp(text, rows[i].expected) != 0)
			fail_msg("%s: %s", rows[i].name, text);
		assert_false(l.failed);
	}
}

static void knows_fields(void **state)
{
	static const char input[] = "a\ndhcp-match=set:x,option:client-arch,7\n";
	_cleanup_(dnsmasq_lines_clear) struct dnsmasq_lines l = {0};

	(void)state;
	dnsmasq_lines_parse(&l, "", "x", NULL, input, sizeof(input) - 1);
	assert_string_equal(dnsmasq_line_value(&l.line[0]), "");
	assert_null(dnsmasq_line_after(&l.line[0], "set:"));
	assert_string_equal(dnsmasq_line_value(&l.line[1]), "set:x");
	assert_string_equal(dnsmasq_line_after(&l.line[1], "set:"), "x");
	assert_string_equal(dnsmasq_line_after(&l.line[1], "option:"), "client-arch");
}

/* A tree: pairs of path and content; "->TARGET" is a symbolic link. */
static const struct {
	const char *name;
	const char *file[20];
	const char *expected, *unread;
} trees[] = {
	{"nothing at all", {NULL}, "", ""},
	{"the main file alone", {"etc/dnsmasq.conf", "port=0\n"},
		"/etc/dnsmasq.conf:1 port|0\n", ""},
	{"without CONFIG_DIR the folder is not read",
		{"etc/default/dnsmasq", "#CONFIG_DIR=/etc/dnsmasq.d\n", "etc/dnsmasq.d/a",
			"a\n"},
		"", ""},
	{"the folder comes first, without what Debian leaves out",
		{"etc/default/dnsmasq",
			"CONFIG_DIR=/etc/dnsmasq.d,.dpkg-dist,.dpkg-old\n",
			"etc/dnsmasq.conf", "m\n", "etc/dnsmasq.d/b.bak", "b\n",
			"etc/dnsmasq.d/a", "a\n", "etc/dnsmasq.d/.c", "c\n",
			"etc/dnsmasq.d/d~", "d\n", "etc/dnsmasq.d/#e#", "e\n",
			"etc/dnsmasq.d/f.dpkg-old", "f\n", "etc/dnsmasq.d/g/h", "h\n"},
		"/etc/default/dnsmasq:1 conf-dir|/etc/dnsmasq.d|.dpkg-dist|.dpkg-old\n"
		"/etc/dnsmasq.d/a:1 a\n/etc/dnsmasq.d/b.bak:1 b\n/etc/dnsmasq.conf:1 m\n",
		""},
	{"an ending with * is the only one taken",
		{"etc/dnsmasq.conf", "conf-dir=/etc/d/,*.conf\n", "etc/d/a.conf", "a\n",
			"etc/d/b", "b\n"},
		"/etc/dnsmasq.conf:1 conf-dir|/etc/d/|*.conf\n/etc/d/a.conf:1 a\n", ""},
	{"files stand where they are named, each once, also in a loop",
		{"etc/dnsmasq.conf", "a\nconf-file=/etc/b\nc\nconf-file=/etc/b\n",
			"etc/b", "b\nconf-file=/etc/dnsmasq.conf\n"},
		"/etc/dnsmasq.conf:1 a\n/etc/dnsmasq.conf:2 conf-file|/etc/b\n/etc/b:1 b\n"
		"/etc/b:2 conf-file|/etc/dnsmasq.conf\n/etc/dnsmasq.conf:3 c\n"
		"/etc/dnsmasq.conf:4 conf-file|/etc/b\n",
		""},
	{"links lead below the root",
		{"etc/dnsmasq.conf", "->/srv/real.conf", "srv/real.conf",
			"conf-dir=/etc/d\n", "etc/d", "->../srv/d", "srv/d/x", "x\n"},
		"/etc/dnsmasq.conf:1 conf-dir|/etc/d\n/etc/d/x:1 x\n", ""},
	{"lists, as files and as folders, and ours among them",
		{"etc/dnsmasq.conf",
			"dhcp-optsfile=/etc/opts\ndhcp-hostsdir=/etc/hosts.d\n"
			"conf-file=/etc/dnsmasq.d/phone-cpr.conf\n",
			"etc/opts", "150,1.2.3.4\n", "etc/hosts.d/h",
			"00:11:22:33:44:55,set:x\n", "etc/dnsmasq.d/phone-cpr.conf",
			"dhcp-optsdir=/var/lib/phone-cpr/dnsmasq\n",
			"var/lib/phone-cpr/dnsmasq/phone-cpr", "66,a\n"},
		"/etc/dnsmasq.conf:1 dhcp-optsfile|/etc/opts\n"
		"/etc/opts:1 ~dhcp-option|150|1.2.3.4\n"
		"/etc/dnsmasq.conf:2 dhcp-hostsdir|/etc/hosts.d\n"
		"/etc/hosts.d/h:1 ~dhcp-host|00:11:22:33:44:55|set:x\n"
		"/etc/dnsmasq.conf:3 conf-file|/etc/dnsmasq.d/phone-cpr.conf\n"
		"/etc/dnsmasq.d/phone-cpr.conf:1 ours "
		"dhcp-optsdir|/var/lib/phone-cpr/dnsmasq\n"
		"/var/lib/phone-cpr/dnsmasq/phone-cpr:1 ours ~dhcp-option|66|a\n",
		""},
	{"options of the start-up, another main file among them",
		{"etc/default/dnsmasq",
			"DNSMASQ_OPTS=no\nexport DNSMASQ_OPTS=\"--dhcp-boot=x -q -C "
			"/etc/alt\"\n",
			"etc/alt", "alt\n", "etc/dnsmasq.conf", "main\n"},
		"/etc/default/dnsmasq:2 dhcp-boot|x\n/etc/default/dnsmasq:2 "
		"conf-file|/etc/alt\n/etc/alt:1 alt\n",
		""},
	{"options and their values as two words, and short ones in one",
		{"etc/default/dnsmasq",
			"DNSMASQ_OPTS='--conf-dir /etc/d -kO 150,192.0.2.1 -r /x -qMb "
			"--no-hosts --dhcp-option 66,a --conf-file /etc/alt --log-dhcp'\n",
			"etc/alt", "alt\n", "etc/d/x", "x\n", "etc/dnsmasq.conf",
			"main\n"},
		"/etc/default/dnsmasq:1 conf-dir|/etc/d\n"
		"/etc/default/dnsmasq:1 dhcp-option|150|192.0.2.1\n"
		"/etc/default/dnsmasq:1 dhcp-boot|b\n"
		"/etc/default/dnsmasq:1 no-hosts\n"
		"/etc/default/dnsmasq:1 dhcp-option|66|a\n"
		"/etc/default/dnsmasq:1 conf-file|/etc/alt\n"
		"/etc/default/dnsmasq:1 log-dhcp\n"
		"/etc/d/x:1 x\n/etc/alt:1 alt\n",
		""},
	{"instances, each with the main file",
		{"etc/default/dnsmasq", "CONFIG_DIR='/etc/none'\n",
			"etc/default/dnsmasq.voice", "CONFIG_DIR=/etc/voice.d # only\n",
			"etc/voice.d/v", "v\n", "etc/default/dnsmasq.dpkg-old",
			"CONFIG_DIR=/etc/old\n", "etc/dnsmasq.conf", "main\n",
			"etc/none/.keep", ""},
		"/etc/default/dnsmasq:1 conf-dir|/etc/none\n/etc/dnsmasq.conf:1 main\n"
		"@voice /etc/default/dnsmasq.voice:1 conf-dir|/etc/voice.d\n"
		"@voice /etc/voice.d/v:1 v\n@voice /etc/dnsmasq.conf:1 main\n",
		""},
	{"what cannot be followed is said",
		{"etc/dnsmasq.conf", "conf-file=/etc/none\nconf-script=/bin/make-it\n"
				     "conf-dir=/etc/nowhere\nconf-file=/etc\na\n"},
		"/etc/dnsmasq.conf:1 conf-file|/etc/none\n"
		"/etc/dnsmasq.conf:2 conf-script|/bin/make-it\n"
		"/etc/dnsmasq.conf:3 conf-dir|/etc/nowhere\n"
		"/etc/dnsmasq.conf:4 conf-file|/etc\n/etc/dnsmasq.conf:5 a\n",
		"/etc/dnsmasq.conf:1: cannot read /etc/none, so what dnsmasq finds there "
		"is not known: No such file or directory\n"
		"/etc/dnsmasq.conf:2: cannot read /bin/make-it, so what dnsmasq finds "
		"there is not known: it is a program, and is not run here\n"
		"/etc/dnsmasq.conf:3: cannot read /etc/nowhere, so what dnsmasq finds "
		"there is not known: No such file or directory\n"
		"/etc/dnsmasq.conf:4: cannot read /etc, so what dnsmasq finds there is "
		"not known: Invalid argument\n"},
};

static void put(int base, const char *path, const char *content)
{
	char folder[256];
	int fd;

	for (const char *slash = strchr(path, '/'); slash;
		slash = strchr(slash + 1, '/')) {
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
		assert_true(mkdirat(base, folder, 0755) == 0 || errno == EEXIST);
	}
	if (strncmp(content, "->", 2) == 0) {
		assert_int_equal(symlinkat(content + 2, base, path), 0);
		return;
	}
	fd = openat(base, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), strlen(content));
	close(fd);
}

static void reads(void **state)
{
	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(trees); i++) {
		_cleanup_(dnsmasq_lines_clear) struct dnsmasq_lines l = {0};
		_cleanup_(cpr_errors_clear) struct cpr_errors unread = {0};
		_cleanup_(cpr_buf_free) struct cpr_buf errors = {0};
		_cleanup_(cpr_freep) char *text = NULL;
		char path[] = "/tmp/test-dnsmasq-lines.XXXXXX", command[64];
		int base;

		assert_non_null(mkdtemp(path));
		base = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		for (size_t k = 0; trees[i].file[k]; k += 2)
			put(base, trees[i].file[k], trees[i].file[k + 1]);
		assert_int_equal(dnsmasq_lines_read(base, &l, &unread), 0);
		text = said(&l, true);
		if (strcmp(text, trees[i].expected) != 0)
			fail_msg("%s: %s", trees[i].name, text);
		cpr_buf_puts(&errors, "");
		for (size_t k = 0; k < unread.n; k++)
			cpr_buf_printf(&errors, "%s\n", unread.line[k]);
		if (strcmp(errors.data, trees[i].unread) != 0)
			fail_msg("%s: %s", trees[i].name, errors.data);
		close(base);
		snprintf(command, sizeof(command), "rm -rf '%s'", path);
		assert_int_equal(system(command), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses),
		cmocka_unit_test(knows_fields),
		cmocka_unit_test(reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
