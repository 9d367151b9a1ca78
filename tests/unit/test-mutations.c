/* Every parser of foreign bytes against damaged input: cut at each length, and with random
 * bytes changed, in a heap block of exactly that size, so that the sanitizer build sees any
 * read beyond it.  What a parser says of damage is tested elsewhere; here it has to survive
 * and to leave nothing behind. */
#include "cleanup.h"
#include "container.h"
#include "dhcp.h"
#include "errors.h"
#include "firmware/firmware.h"
#include "frame.h"
#include "inspect.h"
#include "loads.h"
#include "option150.h"
#include "site.h"
#include "tftp.h"
#include "vendor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
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
