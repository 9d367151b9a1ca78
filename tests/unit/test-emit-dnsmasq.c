/* What is generated for dnsmasq beside lines of the admin's own. */
#include "cleanup.h"
#include "dnsmasq-phones.h"
#include "emit.h"
#include "plan.h"
#include "site.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define EFI "dhcp-match=set:efi,option:client-arch,7\n"

/* The claim of the last line. */
static const struct {
	const char *input;
	enum dnsmasq_claim claim;
} claims[] = {
	{"dhcp-option=150,1.2.3.4\n", DNSMASQ_150},
	{"dhcp-option=option:tftp-server-address,0.0.0.0\n", DNSMASQ_150},
	{"dhcp-option=tag:a,net:b,150,1.2.3.4\n", DNSMASQ_150},
	{"dhcp-option-force=tag:!a,150,1.2.3.4\n", DNSMASQ_FORCED150},
	{"dhcp-option=tag:!cisco-phone,150,1.2.3.4\n", DNSMASQ_NO_CLAIM},
	{"dhcp-option=66,150\n", DNSMASQ_NO_CLAIM},
	{"dhcp-option=vendor:PXEClient,150,1.2.3.4\n", DNSMASQ_NO_CLAIM},
	{"dhcp-option=encap:43,150,1.2.3.4\n", DNSMASQ_NO_CLAIM},
	{"dhcp-boot=pxelinux.0\n", DNSMASQ_BOOT},
	{"dhcp-boot=tag:!ipxe,x\n", DNSMASQ_BOOT},
	{"dhcp-boot=tag:eth0,x\n", DNSMASQ_BOOT},
	{"dhcp-boot=tag:!cisco-phone,x\n", DNSMASQ_NO_CLAIM},
	{EFI "dhcp-boot=tag:efi,x\n", DNSMASQ_NO_CLAIM},
	{EFI "dhcp-boot=tag:!efi,x\n", DNSMASQ_BOOT},
	{EFI "dhcp-boot=net:efi,tag:eth0,x\n", DNSMASQ_NO_CLAIM},
	{EFI "dhcp-host=00:11:22:33:44:55,set:efi\ndhcp-boot=tag:efi,x\n", DNSMASQ_BOOT},
	{"dhcp-match=set:efi,60\ndhcp-boot=tag:efi,x\n", DNSMASQ_BOOT},
	{"dhcp-vendorclass=set:a,PXEClient:Arch:0\ndhcp-boot=tag:a,x\n",
		DNSMASQ_NO_CLAIM},
	{"dhcp-vendorclass=set:a,IP Phone\ndhcp-boot=tag:a,x\n", DNSMASQ_BOOT},
	{"dhcp-userclass=set:a,iPXE\ndhcp-boot=tag:a,x\n", DNSMASQ_NO_CLAIM},
	{"tag-if=set:a,tag:b\ndhcp-boot=tag:a,x\n", DNSMASQ_BOOT},
	{"pxe-service=x86PC,x,y\n", DNSMASQ_NO_CLAIM},
	{"dhcp-range=set:x,10.1.0.1,10.1.0.9\n", DNSMASQ_NO_CLAIM},
};

static void parse(struct dnsmasq_lines *l, const char *file, const char *input)
{
	dnsmasq_lines_parse(l, "", file, NULL, input, strlen(input));
	assert_false(l->failed);
}

static void knows_claims(void **state)
{
	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(claims); i++) {
		_cleanup_(dnsmasq_lines_clear) struct dnsmasq_lines l = {0};

		parse(&l, "x", claims[i].input);
		if (dnsmasq_claim(&l, &l.line[l.n - 1]) != claims[i].claim)
			fail_msg("%s", claims[i].input);
	}
}

static void has_no_claim_by_our_own_lines(void **state)
{
	_cleanup_(dnsmasq_lines_clear) struct dnsmasq_lines l = {0};

	(void)state;
	parse(&l, DNSMASQ_STATIC, "dhcp-boot=x\n");
	parse(&l, DNSMASQ_LIVE "/phone-cpr", "dhcp-option=150,1.2.3.4\n");
	assert_int_equal(dnsmasq_claim(&l, &l.line[0]), DNSMASQ_NO_CLAIM);
	assert_int_equal(dnsmasq_claim(&l, &l.line[1]), DNSMASQ_NO_CLAIM);
}

static struct in_addr address(const char *text)
{
	struct in_addr a;

	assert_int_equal(inet_pton(AF_INET, text, &a), 1);
	return a;
}

struct literal {
	struct cpr_site site;
	struct cpr_plan plan;
	struct cpr_site_network network[2];
	struct in_addr server[2], of_network[2];
	char file[16], root[16], tag[2][16];
};

/* 10.2.0.0/16 with the tag b, and 10.2.3.0/24 within it with a. */
static void fill(struct literal *l, size_t networks, bool override)
{
	*l = (struct literal){
		.file = "site.conf", .root = "/srv/tftp", .tag = {"b", "a"}};
	l->server[0] = address("192.0.2.1");
	l->server[1] = address("192.0.2.2");
	l->of_network[0] = address("10.2.0.5");
	l->of_network[1] = address("10.2.3.5");
	for (size_t i = 0; i < 2; i++)
		l->network[i] = (struct cpr_site_network){
			.prefix = address(i ? "10.2.3.0" : "10.2.0.0"),
			.length = i ? 24 : 16,
			.tftp_server = &l->of_network[i],
			.tftp_server_n = 1,
			.tag = l->tag[i]};
	l->site = (struct cpr_site){.file = l->file,
		.tftp_root = l->root,
		.tftp_server = l->server,
		.tftp_server_n = 2,
		.network = l->network,
		.network_n = networks,
		.dnsmasq = true,
		.dnsmasq_override = override};
	l->plan.site = &l->site;
}

/* Which lines lack a tag: of each network the number of one, 0 for none; and whether any line
 * sets it. */
static const struct {
	const char *input;
	unsigned line[2];
	bool tagged[2];
} ranges[] = {
	{"", {0, 0}, {false, false}},
	{"dhcp-range=set:b,10.2.0.9,10.2.0.99\ndhcp-range=10.2.3.9,static\n", {0, 2},
		{true, false}},
	{"dhcp-range=set:b,10.2.0.9,10.2.0.99\ndhcp-range=tag:z,set:a,10.2.3.9,static\n",
		{0, 0}, {true, true}},
	{"dhcp-range=b,10.2.0.9,10.2.0.99\ndhcp-range=a,10.2.3.9,10.2.3.99\n", {0, 0},
		{true, true}},
	{"dhcp-range=set:b,10.2.0.9,10.2.0.99\ndhcp-range=set:b,10.2.3.9,10.2.3.99\n",
		{0, 2}, {true, false}},
	{"dhcp-range=set:b,10.2.0.9,10.2.0.99\ndhcp-range=set:a,10.2.3.9,10.2.3.99\n"
	 "dhcp-range=10.2.4.9,10.2.4.99\ndhcp-range=10.3.0.1,10.3.0.2\n"
	 "dhcp-range=fd00::1,fd00::9\n",
		{3, 0}, {true, true}},
	{"dhcp-mac=set:a,00:11:22:*:*:*\ndhcp-range=set:b,10.2.0.9,10.2.0.99\n", {0, 0},
		{true, true}},
};

static void same_lines(const struct cpr_errors *e, const char *expected, const char *name)
{
	_cleanup_(cpr_buf_free) struct cpr_buf b = {0};

	cpr_buf_puts(&b, "");
	for (size_t i = 0; i < e->n; i++)
		cpr_buf_printf(&b, "%s\n", e->line[i]);
	if (strcmp(b.data, expected) != 0)
		fail_msg("%s: %s", name, b.data);
}

static void tells_what_networks_lack(void **state)
{
	struct literal l;

	(void)state;
	fill(&l, 2, false);
	for (size_t i = 0; i < CPR_ARRAY_LEN(ranges); i++) {
		_cleanup_(dnsmasq_lines_clear) struct dnsmasq_lines lines = {0};

		parse(&lines, "x", ranges[i].input);
		for (size_t k = 0; k < 2; k++) {
			bool tagged;
			const struct dnsmasq_line *lacks = dnsmasq_untagged_range(
				&lines, &l.site, &l.network[k], &tagged);

			if ((lacks ? lacks->line : 0) != ranges[i].line[k] ||
				tagged != ranges[i].tagged[k])
				fail_msg("network %zu: %s", k, ranges[i].input);
		}
	}
}

static void knows_the_tag_of_a_range(void **state)
{
	static const char input[] = "dhcp-range=tag:z,set:a,10.2.3.9,static\n"
				    "dhcp-range=b,10.2.0.9,10.2.0.99\n"
				    "dhcp-range=10.2.0.9,10.2.0.99,set:c\n"
				    "dhcp-range=set:d,fd00::1,fd00::9\n";
	static const char *const tag[] = {"a", "b", NULL, NULL};
	_cleanup_(dnsmasq_lines_clear) struct dnsmasq_lines lines = {0};

	(void)state;
	parse(&lines, "x", input);
	for (size_t i = 0; i < CPR_ARRAY_LEN(tag); i++) {
		const char *found = dnsmasq_range_tag(&lines.line[i]);

		assert_true(tag[i] ? found && !strcmp(found, tag[i]) : !found);
	}
}

/* Beside the lines: what is refused, or else what stands in the two files. */
static const struct {
	const char *input;
	bool override;
	size_t networks;
	const char *refused, *in_static, *in_live;
} emits[] = {
	{"dhcp-range=10.1.0.1,10.1.0.9\n", false, 0, "", "\"\ndhcp-optsdir=",
		"\ntag:cisco-phone,tag:!phone-cpr-net,150,192.0.2.1,192.0.2.2\n"
		"tag:cisco-phone,tag:!phone-cpr-net,66,192.0.2.1\n"
		"tag:cisco-phone,tag:!phone-cpr-net,option:server-ip-address,192.0.2.1\n"},
	{"dhcp-option=150,1.2.3.4\ndhcp-boot=tag:x,y\n", false, 0,
		"x:1: this option 150 would silently give way to ours at phones: take it "
		"out, or set dnsmasq { override = true } in site.conf\n"
		"x:2: this dhcp-boot would send phones another siaddr than ours: put "
		"tag:!cisco-phone into it, or set dnsmasq { override = true } in "
		"site.conf\n",
		NULL, NULL},
	{"dhcp-option=150,1.2.3.4\n", true, 0, "", "\"\ndhcp-optsdir=",
		"\ntag:cisco-phone,tag:!phone-cpr-net,150,192.0.2.1,192.0.2.2\n"},
	{"dhcp-boot=x\n", true, 1, "",
		"\ndhcp-boot=tag:cisco-phone,tag:!phone-cpr-net,,,192.0.2.1\n"
		"dhcp-boot=tag:cisco-phone,tag:b,,,10.2.0.5\ndhcp-optsdir=",
		"\ntag:cisco-phone,tag:b,150,10.2.0.5\n"},
	{"dhcp-option-force=150,1.2.3.4\n", true, 0, "",
		"\ndhcp-match=set:phone-cpr-asks,55,150b\n"
		"dhcp-option-force=tag:cisco-phone,tag:!phone-cpr-net,tag:!phone-cpr-asks,150,192.0.2.1,192.0."
		"2.2\ndhcp-optsdir=",
		"\ntag:cisco-phone,tag:!phone-cpr-net,tag:phone-cpr-asks,150,192.0.2.1,192.0.2.2\n"},
	{"dhcp-option-force=tag:x,150,1.2.3.4\ndhcp-boot=net:x,y\n", true, 0,
		"x:1: its tags keep this line from being overridden at phones: put "
		"tag:!cisco-phone into it\n"
		"x:2: its tags keep this line from being overridden at phones: put "
		"tag:!cisco-phone into it\n",
		NULL, NULL},
	{"dhcp-option=tag:x,150,1.2.3.4\n", true, 0, "", "dhcp-optsdir",
		"tag:cisco-phone,tag:!phone-cpr-net,150,"},
	{"dhcp-option=tag:x,150,1.2.3.4\n", true, 1,
		"x:1: its tags keep this line from being overridden at phones: put "
		"tag:!cisco-phone into it\n",
		NULL, NULL},
	{"", false, 2, "",
		"\ntag-if=set:phone-cpr-net,tag:b\ntag-if=set:phone-cpr-net,tag:a\ndhcp-optsdir=",
		"\ntag:cisco-phone,tag:!phone-cpr-net,150,192.0.2.1,192.0.2.2\n"},
};

static void emits_what_wins_or_refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(emits); i++) {
		_cleanup_(dnsmasq_lines_clear) struct dnsmasq_lines lines = {0};
		_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
		_cleanup_(outputs_clear) struct outputs out = {0};
		struct literal l;
		const struct emit_input in = {.plan = &l.plan, .dnsmasq = &lines};

		fill(&l, emits[i].networks, emits[i].override);
		parse(&lines, "x", emits[i].input);
		/* as two instances of dnsmasq read it */
		dnsmasq_lines_parse(&lines, "other", "x", NULL, emits[i].input,
			strlen(emits[i].input));
		emit_dnsmasq(&in, &out, &e);
		assert_false(out.failed);
		same_lines(&e, emits[i].refused, emits[i].input);
		assert_int_equal(out.n, e.n ? 0 : 2);
		if (!e.n && (!strstr(out.output[1].text.data, emits[i].in_static) ||
				    !strstr(out.output[0].text.data, emits[i].in_live)))
			fail_msg("%s: %s%s", emits[i].input, out.output[1].text.data,
				out.output[0].text.data);
	}
}

/* dnsmasq cuts a line at 1024 bytes, and phones use two servers. */
static void lines_stay_short(void **state)
{
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	_cleanup_(outputs_clear) struct outputs out = {0};
	struct in_addr server[64];
	struct literal l;
	const struct emit_input in = {.plan = &l.plan};

	(void)state;
	fill(&l, 2, false);
	for (size_t i = 0; i < CPR_ARRAY_LEN(server); i++)
		server[i] = address("192.168.100.100");
	l.site.tftp_server = server;
	l.site.tftp_server_n = CPR_ARRAY_LEN(server);
	emit_dnsmasq(&in, &out, &e);
	assert_int_equal(e.n, 0);
	assert_non_null(strstr(out.output[0].text.data,
		"\ntag:cisco-phone,tag:!phone-cpr-net,150,192.168.100.100,"
		"192.168.100.100\n"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_claims),
		cmocka_unit_test(has_no_claim_by_our_own_lines),
		cmocka_unit_test(tells_what_networks_lack),
		cmocka_unit_test(knows_the_tag_of_a_range),
		cmocka_unit_test(emits_what_wins_or_refuses),
		cmocka_unit_test(lines_stay_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
