/* Every parser of foreign bytes against damaged input: cut at each length, and with random
 * bytes changed, in a heap block of exactly that size, so that the sanitizer build sees any
 * read beyond it.  What a parser says of damage is tested elsewhere; here it has to survive
 * and to leave nothing behind. */
#include "cleanup.h"
#include "container.h"
#include "defaults.h"
#include "dhcp.h"
#include "dnsmasq-lines.h"
#include "engine/decode.h"
#include "errors.h"
#include "firewall.h"
#include "firmware.h"
#include "firmware/firmware.h"
#include "frame.h"
#include "includes.h"
#include "inspect.h"
#include "inventory.h"
#include "loads.h"
#include "models.h"
#include "observed.h"
#include "option150.h"
#include "plan.h"
#include "probes.h"
#include "site.h"
#include "tftp.h"
#include "vendor.h"
#include "xmldefault.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
	ROUNDS = 4000,
	CUT_STEP_BYTES = 4096
};

static void feed_container(const uint8_t *bytes, size_t len)
{
	struct cpr_container c;

	if (cpr_container_parse(bytes, len, &c) == CPR_CONTAINER_OK)
		assert_true(c.type == CPR_CONTAINER_NONE || c.payload_offset <= len);
}

static void feed_loads(const uint8_t *bytes, size_t len)
{
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	_cleanup_(cpr_loads_freep) struct cpr_loads *l = NULL;
	int r = cpr_loads_parse("x.loads", bytes, len, &l, &e);

	if (r == 0)
		assert_true(l->n > 0);
	else
		assert_true(e.n > 0);
}

static void feed_inspect(const uint8_t *bytes, size_t len)
{
	_cleanup_(cpr_inspect_freep) struct cpr_inspect *i = NULL;
	_cleanup_(cpr_closep) int fd = memfd_create("mutation", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	assert_int_equal(cpr_inspect_fd(fd, "jar41sccp.9-4-2ES26.sbn", &i), 0);
}

static void feed_site(const uint8_t *bytes, size_t len)
{
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	_cleanup_(cpr_site_freep) struct cpr_site *s = NULL;
	char path[] = "/tmp/mutation-XXXXXX";
	int fd = mkstemp(path), r;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	close(fd);
	r = cpr_site_read(path, "", &s, &e);
	unlink(path);
	assert_true(r == 0 || e.n > 0);
}

static void feed_dhcp(const uint8_t *bytes, size_t len)
{
	struct cpr_dhcp m;
	struct cpr_vendor v;
	struct in_addr list[4];
	char name[256];
	size_t n;

	if (cpr_dhcp_parse(bytes, len, &m) != CPR_DHCP_OK)
		return;
	cpr_vendor_parse(m.option[60].data, m.option[60].len, &v);
	cpr_option150_decode(m.option[150].data, m.option[150].len, list, 4, &n);
	assert_true(n <= 4);
	cpr_option66_decode(m.option[66].data, m.option[66].len, list, name);
}

static void feed_tftp(const uint8_t *bytes, size_t len)
{
	struct cpr_tftp t;

	if (cpr_tftp_parse(bytes, len, &t) == CPR_TFTP_OK && t.text)
		assert_true(strlen(t.text) < len);
}

static void feed_frame(const uint8_t *bytes, size_t len)
{
	struct cpr_frame f;

	if (cpr_frame_parse(bytes, len, true, &f) && f.payload_len)
		feed_dhcp(f.payload, f.payload_len);
}

/* Of any link, and as the last fragment of a datagram. */
static void feed_decode(const uint8_t *bytes, size_t len)
{
	static const int links[] = {CPR_LINK_NULL, CPR_LINK_ETHERNET, CPR_LINK_RAW,
		CPR_LINK_COOKED, CPR_LINK_COOKED2};
	_cleanup_(cpr_decoder_freep) struct cpr_decoder *d = NULL;

	assert_int_equal(cpr_decoder_new(&d), 0);
	for (size_t i = 0; i < CPR_ARRAY_LEN(links); i++) {
		struct cpr_captured c = {.link = links[i], .bytes = bytes, .len = len};
		struct cpr_packet k;

		cpr_decode(d, &c, &k);
		cpr_decode(d, &c, &k);
		if (k.frame.payload_len)
			feed_dhcp(k.frame.payload, k.frame.payload_len);
		assert_true(k.payload_real >= k.frame.payload_len);
		assert_true(k.link_len <= len);
	}
}

/* As read_open() gives a file: with a NUL behind. */
static char *terminated(const uint8_t *bytes, size_t len)
{
	char *text = malloc(len + 1);

	assert_non_null(text);
	memcpy(text, bytes, len);
	text[len] = 0;
	return text;
}

static void feed_dnsmasq(const uint8_t *bytes, size_t len)
{
	_cleanup_(dnsmasq_lines_clear) struct dnsmasq_lines l = {0};
	_cleanup_(cpr_freep) char *text = terminated(bytes, len);

	dnsmasq_lines_parse(&l, "", "/etc/x", NULL, text, len);
	assert_false(l.failed);
	for (size_t i = 0; i < l.n; i++)
		(void)dnsmasq_line_leads_to(&l.line[i], "/etc/dnsmasq.d/phone-cpr.conf");
}

static void scan_all(bool (*next)(struct scan *s, struct include *out),
	const uint8_t *bytes, size_t len)
{
	struct include one;
	struct scan s;

	scan_start(&s, (const char *)bytes, len, "");
	for (size_t at = 0; next(&s, &one); at = one.at) {
		assert_true(one.at > at && one.at <= len && one.len <= len - one.at);
		assert_true(strlen(one.list) < sizeof(s.key));
	}
}

static void feed_kea(const uint8_t *bytes, size_t len)
{
	scan_all(scan_kea, bytes, len);
}

static void feed_dhcpd(const uint8_t *bytes, size_t len)
{
	scan_all(scan_dhcpd, bytes, len);
}

static void feed_defaults(const uint8_t *bytes, size_t len)
{
	_cleanup_(cpr_freep) char *text = terminated(bytes, len), *value = NULL;
	unsigned line = 0;

	value = defaults_value(text, "DNSMASQ_OPTS", &line);
	assert_true(!value || line);
}

/* Damage that may be JSON yet: what no JSON has becomes a letter. */
static void feed_firewall(const uint8_t *bytes, size_t len)
{
	const struct firewall_wants wants = {true, true, true};
	_cleanup_(cpr_freep) char *text = malloc(len + 1);
	struct cpr_observed o = {0};
	json_t *ruleset;

	assert_non_null(text);
	for (size_t i = 0; i < len; i++)
		text[i] = bytes[i] < ' ' || bytes[i] > '~' ? 'x' : (char)bytes[i];
	ruleset = json_loadb(text, len, 0, NULL);

	firewall_judge(ruleset, &wants, &o);
	cpr_observed_clear(&o);
	json_decref(ruleset);
}

static void feed_xmldefault(const uint8_t *bytes, size_t len)
{
	struct cpr_running running = {0};

	xmldefault_read((const char *)bytes, len, &running);
}

/* For another load and another call manager, so that most of it is changed; what comes out
 * has nothing left to change. */
static void feed_merge(const uint8_t *bytes, size_t len)
{
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	_cleanup_(cpr_buf_free) struct cpr_buf once = {0}, twice = {0};
	struct in_addr manager = {.s_addr = htonl(0xc0000209)};
	const struct cpr_site site = {.call_manager = &manager, .call_manager_n = 1};
	struct cpr_load load = {.name = "L"};
	struct cpr_plan_model model = {
		.model = cpr_model_by_id(30018), .load = &load, .load_name = "L"};
	const struct cpr_plan plan = {.site = &site, .model = &model, .model_n = 1};
	int r = xmldefault_merge("X", (const char *)bytes, len, &plan, &once, &e);

	assert_true(r == 0 || (r == -EINVAL && e.n > 0));
	if (r < 0)
		return;
	assert_int_equal(
		xmldefault_merge("X", once.data, once.len, &plan, &twice, &e), 0);
	assert_int_equal(once.len, twice.len);
	assert_memory_equal(once.data, twice.data, once.len);
}

/* Its hash is made right again: whoever may write the file can do that, too. */
static void feed_inventory(const uint8_t *bytes, size_t len)
{
	_cleanup_(cpr_firmware_freep) struct cpr_firmware *f = NULL;
	_cleanup_(cpr_freep) uint8_t *all = malloc(len + SHA256_DIGEST_LENGTH);
	SHA2_CTX c;

	assert_non_null(all);
	memcpy(all, bytes, len);
	SHA256Init(&c);
	SHA256Update(&c, bytes, len);
	SHA256Final(all + len, &c);
	(void)cpr_inventory_read(all, len + SHA256_DIGEST_LENGTH, "tag", &f);
}

static void feed_probe(const uint8_t *bytes, size_t len)
{
	struct probe_answer answer;

	if (probe_read(bytes, len, PROBE_DISCOVER, 0x1234, &answer))
		assert_true(answer.n <= CPR_ARRAY_LEN(answer.option150));
}

static void feed_transfer(const uint8_t *bytes, size_t len)
{
	uint8_t data[600];
	struct probe_transfer t = {.data = data, .cap = sizeof(data)};

	for (int i = 0; i < 3; i++)
		(void)probe_transfer_feed(&t, bytes, len);
	assert_true(t.len <= t.cap);
}

static const uint8_t router[6] = {2, 0, 0, 0, 0, 1};

static void seed_dhcp(struct cpr_buf *out)
{
	uint8_t bytes[600];
	struct cpr_pen p = cpr_pen_of(bytes, sizeof(bytes));

	cpr_dhcp_begin(&p, 2, 0x1234, 0, 0x8000, (struct in_addr){0}, router);
	cpr_dhcp_option(&p, 53, "\2", 1);
	cpr_dhcp_option(&p, 52, "\3", 1);
	cpr_dhcp_option(&p, 60, "Cisco Systems, Inc. IP Phone CP-7961G", 38);
	cpr_dhcp_option(&p, 66, "192.0.2.1", 9);
	cpr_dhcp_option(&p, 150, "\xc0\x00\x02\x01\xc0\x00", 6);
	cpr_dhcp_option(&p, 150, "\x02\x02", 2);
	cpr_dhcp_end(&p, 548);
	assert_false(p.full);
	cpr_buf_add(out, bytes, p.len);
}

static void seed_frame(struct cpr_buf *out)
{
	_cleanup_(cpr_buf_free) struct cpr_buf dhcp = {0};
	uint8_t bytes[1500];
	struct cpr_pen p = cpr_pen_of(bytes, sizeof(bytes));

	seed_dhcp(&dhcp);
	cpr_frame_udp(&p, router, router, (struct in_addr){1}, 67, (struct in_addr){2},
		68, dhcp.data, dhcp.len);
	assert_false(p.full);
	cpr_buf_add(out, bytes, p.len);
}

static void seed_fragment(struct cpr_buf *out)
{
	seed_frame(out);
	assert_true(out->len > 14 + 20);
	memcpy(out->data + 14 + 6, "\x00\x01", 2);
}

static void seed_tftp(struct cpr_buf *out)
{
	cpr_buf_add(out,
		"\0\1term61.default.loads\0octet\0blksize\0"
		"1024",
		41);
}

static void seed_site(struct cpr_buf *out)
{
	cpr_buf_puts(out, "tftp-root = \"/srv/tftp\"\n"
			  "tftp-servers = {\"192.0.2.1\", \"192.0.2.2\"}\n"
			  "protocol = \"sip\"\nkeep = 3\n"
			  "network \"10.1.0.0/16\" { tftp-servers = {\"10.1.0.5\"} }\n"
			  "model \"7961\" { load = \"SCCP41.9-4-2SR3-1S\" }\n"
			  "dnsmasq { enable = true override = false }\n");
}

static void seed_dnsmasq(struct cpr_buf *out)
{
	cpr_buf_puts(out,
		"# x\nconf-dir=/etc/dnsmasq.d/,*.conf\n"
		"dhcp-vendorclass=set:a,\"Cisco Systems, \\\"Inc.\\n # 1\" # z\n"
		"dhcp-option = tag:a , 150 , 192.0.2.1,,\nlog-dhcp\n");
}

static void seed_kea(struct cpr_buf *out)
{
	cpr_buf_puts(out, "{\"Dhcp4\": { // x\n\"hooks-libraries\": [ /* \" */ # \"\n"
			  "{\"library\": \"/l\\\".so\"},\n<?include \"/etc/kea/a\"?> ],\n"
			  "\"client-classes\": <? include \"/etc/kea/b\" ?>}}");
}

static void seed_dhcpd(struct cpr_buf *out)
{
	cpr_buf_puts(out, "# \"\nsubnet 10.0.0.0 netmask 255.0.0.0 {\n include \"/a\";\n"
			  "filename \"x\\\"y\"; }\nINCLUDE \"/etc/dhcp/b\" ; include \"");
}

static void seed_defaults(struct cpr_buf *out)
{
	cpr_buf_puts(out,
		"# x\nCONFIG_DIR=/etc/dnsmasq.d,.dpkg-dist\n"
		"export DNSMASQ_OPTS=\"--local=/x/ -C /y\"\nDNSMASQ_OPTS='z'\n");
}

static void seed_firewall(struct cpr_buf *out)
{
	cpr_buf_puts(out,
		"{\"nftables\":[{\"chain\":{\"family\":\"ip\",\"table\":\"t\","
		"\"name\":\"i\",\"type\":\"filter\",\"hook\":\"input\",\"prio\":0,"
		"\"policy\":\"drop\"}},{\"rule\":{\"family\":\"ip\",\"table\":\"t\","
		"\"chain\":\"i\",\"expr\":[{\"match\":{\"op\":\"==\",\"left\":{\"payload\":{"
		"\"protocol\":\"udp\",\"field\":\"dport\"}},\"right\":{\"set\":[69,{\"range\":"
		"[1,67]}]}}},{\"jump\":{\"target\":\"i\"}}]}},{\"rule\":{\"family\":\"ip\","
		"\"table\":\"t\",\"chain\":\"i\",\"expr\":[{\"vmap\":{\"key\":{\"ct\":{"
		"\"key\":\"state\"}},\"data\":{\"set\":[[\"new\",{\"drop\":null}]]}}}]}}]}");
}

static void seed_xmldefault(struct cpr_buf *out)
{
	cpr_buf_puts(out,
		"<?xml version=\"1.0\"?>\n<Default>\n<callManagerGroup><members><member "
		"priority=\"0\"><callManager><ports><ethernetPhonePort>2000</"
		"ethernetPhonePort></ports><processNodeName>192.0.2.1</processNodeName></"
		"callManager></member></members></callManagerGroup>\n<loadInformation30018 "
		"model=\"IP Phone 7961\">SCCP41.9-4-2SR3-1S</loadInformation30018>"
		"<!-- x -->\n</Default>\n");
}

static void seed_inventory(struct cpr_buf *out)
{
	struct cpr_loads_entry entry[2] = {{.name = (char *)"jar41sccp.9-4-2ES26.sbn"},
		{.name = (char *)"cvm41sccp.9-4-2ES26.sbn", .size = 7}};
	struct cpr_loads lists = {.entry = entry, .n = 2};
	struct cpr_inspect inspect = {.name = (char *)"a.loads", .lists = &lists};
	struct cpr_file file[2] = {
		{.name = "a.loads", .inspect = &inspect, .settled = true},
		{.name = "b.loads", .set = "s", .inspect = &inspect, .settled = true}};
	const struct cpr_firmware f = {.file = file, .file_n = 2};

	cpr_inventory_write(&f, "tag", out);
	out->len -= SHA256_DIGEST_LENGTH;
}

static void seed_block(struct cpr_buf *out)
{
	char data[512] = {0};

	cpr_buf_add(out, "\0\3\0\1", 4);
	cpr_buf_add(out, data, sizeof(data));
}

static void seed_file(
	struct cpr_buf *out, const char *model, enum cpr_fw_kind kind, bool payload)
{
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set = NULL;
	const struct cpr_fw_request request = {.model = model, .hardware_mask = -1};
	struct cpr_container c;

	assert_int_equal(cpr_fw_set_new(&set, &request, NULL), 0);
	for (size_t i = 0; i < set->n; i++) {
		const struct cpr_fw_file *f = &set->file[i];

		if (f->kind != kind)
			continue;
		assert_int_equal(
			cpr_container_parse(f->data, f->len, &c), CPR_CONTAINER_OK);
		cpr_buf_add(out, f->data + (payload ? c.payload_offset : 0),
			f->len - (payload ? c.payload_offset : 0));
		return;
	}
	fail_msg("no such file in the set of %s", model);
}

static void seed_loads_79xx(struct cpr_buf *out)
{
	seed_file(out, "7961", CPR_FW_LOADS, false);
}

static void seed_loads_78xx(struct cpr_buf *out)
{
	seed_file(out, "7841", CPR_FW_LOADS, false);
}

static void seed_list_79xx(struct cpr_buf *out)
{
	seed_file(out, "7961", CPR_FW_TERM, true);
}

static void seed_list_7921(struct cpr_buf *out)
{
	seed_file(out, "7921", CPR_FW_LOADS, true);
}

static void seed_list_78xx(struct cpr_buf *out)
{
	seed_file(out, "7841", CPR_FW_LOADS, true);
}

static void seed_image(struct cpr_buf *out)
{
	seed_file(out, "7961", CPR_FW_IMAGE, false);
}

static const struct row {
	const char *name;
	void (*seed)(struct cpr_buf *out);
	void (*feed)(const uint8_t *bytes, size_t len);
} rows[] = {
	{"container, signed", seed_loads_79xx, feed_container},
	{"container, cd34", seed_loads_78xx, feed_container},
	{"list of the 79xx", seed_list_79xx, feed_loads},
	{"list of the 7921", seed_list_7921, feed_loads},
	{"list of the 78xx", seed_list_78xx, feed_loads},
	{"inspect a list", seed_loads_79xx, feed_inspect},
	{"inspect a cd34 list", seed_loads_78xx, feed_inspect},
	{"inspect an image", seed_image, feed_inspect},
	{"site file", seed_site, feed_site},
	{"DHCP", seed_dhcp, feed_dhcp},
	{"TFTP", seed_tftp, feed_tftp},
	{"frame", seed_frame, feed_frame},
	{"captured", seed_frame, feed_decode},
	{"captured, the last fragment", seed_fragment, feed_decode},
	{"dnsmasq's configuration", seed_dnsmasq, feed_dnsmasq},
	{"Kea's includes", seed_kea, feed_kea},
	{"dhcpd's includes", seed_dhcpd, feed_dhcpd},
	{"/etc/default", seed_defaults, feed_defaults},
	{"nft's rules", seed_firewall, feed_firewall},
	{"XMLDefault", seed_xmldefault, feed_xmldefault},
	{"a merge into XMLDefault", seed_xmldefault, feed_merge},
	{"what was inspected", seed_inventory, feed_inventory},
	{"a server's offer", seed_dhcp, feed_probe},
	{"a block of a file", seed_block, feed_transfer},
};

static void feed_copy(const struct row *row, const void *bytes, size_t len)
{
	_cleanup_(cpr_freep) uint8_t *exact = malloc(len ? len : 1);

	assert_non_null(exact);
	memcpy(exact, bytes, len);
	row->feed(exact, len);
}

static void survive(void **state)
{
	const struct row *row = *state;
	_cleanup_(cpr_buf_free) struct cpr_buf seed = {0};
	struct cpr_fw_random r = {.state = 41};

	row->seed(&seed);
	assert_false(seed.failed);
	for (size_t cut = 0; cut <= seed.len; cut += 1 + cut / CUT_STEP_BYTES * 97)
		feed_copy(row, seed.data, cut);
	for (unsigned round = 0; round < ROUNDS; round++) {
		_cleanup_(cpr_freep) char *copy = malloc(seed.len);
		uint64_t hits = 1 + cpr_fw_random(&r) % 4;

		assert_non_null(copy);
		memcpy(copy, seed.data, seed.len);
		/* most structure stands in the first KiB */
		while (hits--) {
			size_t at = cpr_fw_random(&r) %
				    (hits % 2 || seed.len < 1024 ? seed.len : 1024);
			uint64_t pick = cpr_fw_random(&r);

			copy[at] = (char)(pick % 3 == 0   ? 0
					  : pick % 3 == 1 ? 0xff
							  : pick >> 8);
		}
		feed_copy(row, copy, seed.len);
	}
}

int main(void)
{
	struct CMUnitTest tests[CPR_ARRAY_LEN(rows)];

	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++)
		tests[i] = (struct CMUnitTest){.name = rows[i].name,
			.test_func = survive,
			.initial_state = (void *)(uintptr_t)&rows[i]};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
