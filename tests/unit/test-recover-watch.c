/* Stories of phones, told in frames: each step is one frame and what is known after it. */
#include "../../recover/watch.h"

#include "cleanup.h"
#include "dhcp.h"
#include "firmware.h"
#include "frame.h"
#include "inspect.h"
#include "loads.h"
#include "models.h"
#include "tftp.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t phone_mac[6] = {0x00, 0x1b, 0x54, 0xaa, 0xbb, 0xcc};
static const uint8_t other_mac[6] = {0x00, 0x1b, 0x54, 0xaa, 0xbb, 0xcd};
static const uint8_t server_mac[6] = {0x02, 0, 0, 0, 0, 1};
#define PHONE_IP  ((struct in_addr){htonl(0xc0a89614)})
#define SERVER_IP ((struct in_addr){htonl(0xc0a89601)})
#define P7961     "Cisco Systems, Inc. IP Phone CP-7961G"
#define P7960     "Cisco Systems, Inc. IP Phone CP-7960G"

/* A TFTP root with a term file that lists two images of 1024 and 700 bytes, and the load that
 * lists the same. */
static struct cpr_loads_entry entries[] = {
	{.name = (char[]){"jar41sccp.9-4-2ES26.sbn"}, .size = -1},
	{.name = (char[]){"cnu41.9-4-2ES26.sbn"}, .size = -1},
};
static struct cpr_loads list = {.entry = entries, .n = 2};
static struct cpr_inspect inspected[] = {
	{.size = 600, .kind = CPR_KIND_LOADS, .lists = &list},
	{.size = 652, .kind = CPR_KIND_LOADS, .lists = &list},
	{.size = 1024, .kind = CPR_KIND_IMAGE},
	{.size = 700, .kind = CPR_KIND_IMAGE},
};
static struct cpr_file files[] = {
	{.name = "term61.default.loads", .inspect = &inspected[0]},
	{.name = "SCCP41.9-4-2SR3-1S.loads", .inspect = &inspected[1]},
	{.name = "jar41sccp.9-4-2ES26.sbn", .inspect = &inspected[2]},
	{.name = "cnu41.9-4-2ES26.sbn", .inspect = &inspected[3]},
};
static const struct cpr_firmware firmware = {.file = files, .file_n = 4};

struct story {
	struct cpr_bench_watch w;
	uint64_t now;
	uint16_t port;
};

static struct story begin(void)
{
	return (struct story){.w = {.firmware = &firmware, .call_manager = SERVER_IP},
		.now = 1000000,
		.port = 49152};
}

static struct cpr_bench_phone *feed(struct story *s, const struct cpr_pen *p)
{
	struct cpr_frame f;

	assert_false(p->full);
	assert_true(cpr_frame_parse(p->data, p->len, true, &f));
	s->now += 10;
	return cpr_bench_watch_feed(&s->w, &f, s->now);
}

static struct cpr_bench_phone *send_dhcp(struct story *s, const uint8_t mac[6],
	uint8_t op, uint8_t type, const char *vendor, struct in_addr ciaddr)
{
	uint8_t message[600], frame[700];
	struct cpr_pen p = cpr_pen_of(message, sizeof(message));
	struct cpr_pen out = cpr_pen_of(frame, sizeof(frame));

	cpr_dhcp_begin(&p, op, 1, 0, 0x8000, ciaddr, mac);
	cpr_dhcp_option(&p, 53, &type, 1);
	if (vendor)
		cpr_dhcp_option(&p, 60, vendor, strlen(vendor) + 1);
	cpr_dhcp_end(&p, 548);
	if (op == 2)
		memcpy(message + 16, &PHONE_IP, 4);
	cpr_frame_udp(&out, op == 1 ? server_mac : mac, op == 1 ? mac : server_mac,
		(struct in_addr){0}, op == 1 ? 68 : 67,
		(struct in_addr){INADDR_BROADCAST}, op == 1 ? 67 : 68, message, p.len);
	return feed(s, &out);
}

static struct cpr_bench_phone *dora(
	struct story *s, const uint8_t mac[6], const char *vendor)
{
	const struct in_addr none = {0};

	send_dhcp(s, mac, 1, CPR_DHCP_DISCOVER, vendor, none);
	send_dhcp(s, mac, 2, CPR_DHCP_OFFER, NULL, none);
	send_dhcp(s, mac, 1, CPR_DHCP_REQUEST, vendor, none);
	return send_dhcp(s, mac, 2, CPR_DHCP_ACK, NULL, none);
}

static struct cpr_bench_phone *up(
	struct story *s, uint16_t port, const struct cpr_pen *tftp)
{
	uint8_t frame[700];
	struct cpr_pen out = cpr_pen_of(frame, sizeof(frame));

	cpr_frame_udp(&out, server_mac, phone_mac, PHONE_IP, s->port, SERVER_IP, port,
		tftp->data, tftp->len);
	return feed(s, &out);
}

static struct cpr_bench_phone *down(struct story *s, const struct cpr_pen *tftp)
{
	uint8_t frame[1600];
	struct cpr_pen out = cpr_pen_of(frame, sizeof(frame));

	cpr_frame_udp(&out, phone_mac, server_mac, SERVER_IP, 40000, PHONE_IP, s->port,
		tftp->data, tftp->len);
	return feed(s, &out);
}

static struct cpr_bench_phone *ask(struct story *s, const char *name)
{
	uint8_t bytes[200];
	struct cpr_pen p = cpr_pen_of(bytes, sizeof(bytes));

	s->port++;
	cpr_tftp_rrq(&p, name);
	return up(s, 69, &p);
}

static struct cpr_bench_phone *data(struct story *s, uint16_t block, size_t len)
{
	uint8_t bytes[1500];
	struct cpr_pen p = cpr_pen_of(bytes, sizeof(bytes));

	cpr_pen_be16(&p, CPR_TFTP_DATA);
	cpr_pen_be16(&p, block);
	cpr_pen_zeros(&p, len);
	return down(s, &p);
}

static struct cpr_bench_phone *ack(struct story *s, uint16_t block)
{
	uint8_t bytes[4];
	struct cpr_pen p = cpr_pen_of(bytes, sizeof(bytes));

	cpr_tftp_ack(&p, block);
	return up(s, 40000, &p);
}

static struct cpr_bench_phone *missing(struct story *s, const char *name)
{
	uint8_t bytes[64];
	struct cpr_pen p = cpr_pen_of(bytes, sizeof(bytes));

	ask(s, name);
	cpr_tftp_error(&p, 1, "file not found");
	return down(s, &p);
}

static struct cpr_bench_phone *fetch(struct story *s, const char *name, size_t size)
{
	uint16_t block = 1;

	ask(s, name);
	for (;; block++, size -= 512) {
		size_t n = size < 512 ? size : 512;

		data(s, block, n);
		if (n < 512)
			return ack(s, block);
		ack(s, block);
	}
}

static struct cpr_bench_phone *call(struct story *s, struct in_addr target, uint16_t port)
{
	uint8_t frame[100];
	struct cpr_pen out = cpr_pen_of(frame, sizeof(frame));

	cpr_frame_tcp(&out, server_mac, phone_mac, PHONE_IP, 49999, target, port, 1, 0,
		CPR_TCP_SYN);
	return feed(s, &out);
}

static void images(struct story *s)
{
	fetch(s, "term61.default.loads", 600);
	fetch(s, "jar41sccp.9-4-2ES26.sbn", 1024);
	fetch(s, "cnu41.9-4-2ES26.sbn", 700);
}

static void comes_back(void **state)
{
	struct story s = begin();
	struct cpr_bench_phone *p = dora(&s, phone_mac, P7961);

	(void)state;
	assert_non_null(p);
	assert_string_equal(p->name, "SEP001B54AABBCC");
	assert_string_equal(p->model->model, "7961");
	assert_int_equal(p->ip.s_addr, PHONE_IP.s_addr);
	assert_int_equal(p->stage, CPR_BENCH_DHCP);
	assert_int_equal(p->vlan, -1);
	ask(&s, "term61.default.loads");
	assert_int_equal(p->stage, CPR_BENCH_TFTP);
	data(&s, 1, 512);
	assert_int_equal(p->stage, CPR_BENCH_LOADS);
	assert_int_equal(p->file[0].state, CPR_BENCH_RUNNING);
	assert_int_equal(p->file[0].bytes, 512);
	assert_int_equal(p->file[0].size, 600);
	ack(&s, 1);
	data(&s, 2, 88);
	assert_int_equal(p->file[0].state, CPR_BENCH_RUNNING);
	ack(&s, 2);
	assert_int_equal(p->file[0].state, CPR_BENCH_COMPLETE);
	/* 1024 bytes: two full blocks and an empty one */
	fetch(&s, "jar41sccp.9-4-2ES26.sbn", 1024);
	assert_int_equal(p->stage, CPR_BENCH_IMAGES);
	assert_int_equal(p->file[1].bytes, 1024);
	fetch(&s, "cnu41.9-4-2ES26.sbn", 700);
	assert_int_equal(p->stage, CPR_BENCH_REBOOTING);
	dora(&s, phone_mac, P7961);
	assert_int_equal(p->stage, CPR_BENCH_REBOOTING);
	missing(&s, "CTLSEP001B54AABBCC.tlv");
	assert_int_equal(p->stage, CPR_BENCH_CONFIG);
	missing(&s, "ITLSEP001B54AABBCC.tlv");
	missing(&s, "SEP001B54AABBCC.cnf.xml");
	call(&s, SERVER_IP, 2000);
	assert_int_equal(p->stage, CPR_BENCH_CONFIG);
	fetch(&s, "XMLDefault.cnf.xml", 900);
	call(&s, PHONE_IP, 2000);
	call(&s, SERVER_IP, 80);
	assert_int_equal(p->stage, CPR_BENCH_CONFIG);
	assert_false(cpr_bench_watch_over(&s.w, s.now + 3600000));
	assert_ptr_equal(call(&s, SERVER_IP, 2000), p);
	assert_int_equal(p->stage, CPR_BENCH_RECOVERED);
	assert_false(cpr_bench_watch_over(&s.w, s.w.new_ms + 59999));
	assert_true(cpr_bench_watch_over(&s.w, s.w.new_ms + 60000));
	cpr_bench_watch_clear(&s.w);
}

/* No call manager can be reached: half a minute of silence after the configuration is enough. */
static void comes_back_quietly(void **state)
{
	struct story s = begin();
	struct cpr_bench_phone *p = dora(&s, phone_mac, P7961);

	(void)state;
	images(&s);
	assert_null(cpr_bench_watch_tick(&s.w, s.now + 60000));
	dora(&s, phone_mac, P7961);
	assert_null(cpr_bench_watch_tick(&s.w, s.now + 60000));
	fetch(&s, "XMLDefault.cnf.xml", 900);
	assert_null(cpr_bench_watch_tick(&s.w, s.now + 29999));
	assert_ptr_equal(cpr_bench_watch_tick(&s.w, s.now + 30000), p);
	assert_null(cpr_bench_watch_tick(&s.w, s.now + 30000));
	assert_int_equal(p->stage, CPR_BENCH_RECOVERED);
	cpr_bench_watch_clear(&s.w);
}

/* A renewed lease is no boot, neither while images come nor afterwards. */
static void renewing_is_no_boot(void **state)
{
	struct story s = begin();
	struct cpr_bench_phone *p = dora(&s, phone_mac, P7961);

	(void)state;
	fetch(&s, "term61.default.loads", 600);
	fetch(&s, "jar41sccp.9-4-2ES26.sbn", 1024);
	send_dhcp(&s, phone_mac, 1, CPR_DHCP_REQUEST, P7961, PHONE_IP);
	assert_int_equal(p->stage, CPR_BENCH_IMAGES);
	fetch(&s, "cnu41.9-4-2ES26.sbn", 700);
	send_dhcp(&s, phone_mac, 1, CPR_DHCP_REQUEST, P7961, PHONE_IP);
	assert_false(p->booted);
	cpr_bench_watch_clear(&s.w);
}

/* Names are shown on terminals and in JSON: what is no name does not get that far. */
static void hostile_names(void **state)
{
	static const char *const names[] = {
		"SEP\033]0;x\007.cnf.xml", "SEP\377.cnf.xml", ""};
	struct story s = begin();
	struct cpr_bench_phone *p = dora(&s, phone_mac, P7961);

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(names); i++)
		missing(&s, names[i]);
	assert_int_equal(p->file_n, 0);
	missing(&s, "SEP001B54AABBCC.cnf.xml");
	assert_int_equal(p->file_n, 1);
	cpr_bench_watch_clear(&s.w);
}

/* The phone takes all, refuses it, and starts again at its term file: not back. */
static void starts_again(void **state)
{
	struct story s = begin();
	struct cpr_bench_phone *p = dora(&s, phone_mac, P7961);

	(void)state;
	for (int i = 0; i < 3; i++) {
		images(&s);
		assert_int_equal(p->stage, CPR_BENCH_REBOOTING);
		dora(&s, phone_mac, P7961);
		ask(&s, "term61.default.loads");
		assert_int_equal(p->stage, CPR_BENCH_TFTP);
	}
	assert_int_equal(p->file_n, 3);
	assert_null(cpr_bench_watch_tick(&s.w, s.now + 600000));
	assert_false(cpr_bench_watch_over(&s.w, s.now + 600000));
	cpr_bench_watch_clear(&s.w);
}

/* One image is not there; the phone takes the rest and gives up. */
static void lacks_an_image(void **state)
{
	struct story s = begin();
	struct cpr_bench_phone *p = dora(&s, phone_mac, P7961);

	(void)state;
	fetch(&s, "term61.default.loads", 600);
	missing(&s, "jar41sccp.9-4-2ES26.sbn");
	assert_int_equal(p->file[1].state, CPR_BENCH_MISSING);
	fetch(&s, "cnu41.9-4-2ES26.sbn", 700);
	assert_int_equal(p->stage, CPR_BENCH_IMAGES);
	dora(&s, phone_mac, P7961);
	assert_int_equal(p->stage, CPR_BENCH_DHCP);
	fetch(&s, "XMLDefault.cnf.xml", 900);
	call(&s, SERVER_IP, 2000);
	assert_int_equal(p->stage, CPR_BENCH_REGISTERING);
	assert_null(cpr_bench_watch_tick(&s.w, s.now + 60000));
	cpr_bench_watch_clear(&s.w);
}

/* XMLDefault names another load: its list is read, its images are there already. */
static void reads_its_load_afterwards(void **state)
{
	struct story s = begin();
	struct cpr_bench_phone *p = dora(&s, phone_mac, P7961);

	(void)state;
	images(&s);
	dora(&s, phone_mac, P7961);
	fetch(&s, "XMLDefault.cnf.xml", 900);
	fetch(&s, "/SCCP41.9-4-2SR3-1S.loads", 652);
	assert_string_equal(p->file[p->current].name, "SCCP41.9-4-2SR3-1S.loads");
	call(&s, SERVER_IP, 2000);
	assert_int_equal(p->stage, CPR_BENCH_RECOVERED);
	/* And a newer image takes it away again. */
	ask(&s, "cnu41.9-4-2ES26.sbn");
	assert_int_equal(p->stage, CPR_BENCH_IMAGES);
	cpr_bench_watch_clear(&s.w);
}

/* A healthy phone asks for no firmware: there is nothing to be back from. */
static void needs_nothing(void **state)
{
	struct story s = begin();
	struct cpr_bench_phone *p = dora(&s, phone_mac, P7961);

	(void)state;
	fetch(&s, "XMLDefault.cnf.xml", 900);
	call(&s, SERVER_IP, 2000);
	assert_int_equal(p->stage, CPR_BENCH_REGISTERING);
	assert_false(cpr_bench_watch_over(&s.w, s.now + 600000));
	cpr_bench_watch_clear(&s.w);
}

/* A 7960 has no packing list in its recovery: one image and none open is all there is. */
static void a_7960(void **state)
{
	struct story s = begin();
	struct cpr_bench_phone *p = dora(&s, phone_mac, P7960);

	(void)state;
	fetch(&s, "OS79XX.TXT", 15);
	assert_int_equal(p->stage, CPR_BENCH_LOADS);
	fetch(&s, "P0030801SR02.sbn", 700);
	dora(&s, phone_mac, P7960);
	assert_int_equal(p->stage, CPR_BENCH_REBOOTING);
	fetch(&s, "XMLDefault.cnf.xml", 900);
	call(&s, SERVER_IP, 2000);
	assert_int_equal(p->stage, CPR_BENCH_RECOVERED);
	cpr_bench_watch_clear(&s.w);
}

static void tells_phones_apart(void **state)
{
	const struct in_addr none = {0};
	struct story s = begin();

	(void)state;
	assert_null(send_dhcp(&s, phone_mac, 1, CPR_DHCP_DISCOVER, NULL, none));
	assert_null(
		send_dhcp(&s, phone_mac, 1, CPR_DHCP_DISCOVER, "Cisco AP c1240", none));
	assert_null(ask(&s, "term61.default.loads"));
	assert_int_equal(s.w.phone_n, 0);
	assert_false(cpr_bench_watch_over(&s.w, s.now + 600000));
	dora(&s, phone_mac, P7961);
	dora(&s, other_mac, P7961);
	assert_int_equal(s.w.phone_n, 2);
	images(&s);
	assert_int_equal(s.w.phone[0]->stage, CPR_BENCH_REBOOTING);
	assert_int_equal(s.w.phone[1]->stage, CPR_BENCH_DHCP);
	cpr_bench_watch_clear(&s.w);
}

/* Repetitions, gaps (frames the watcher did not see), block numbers past 65535. */
static void counts_blocks(void **state)
{
	struct story s = begin();
	struct cpr_bench_phone *p = dora(&s, phone_mac, P7961);
	struct cpr_bench_file *f;

	(void)state;
	ask(&s, "cnu41.9-4-2ES26.sbn");
	f = &p->file[0];
	data(&s, 1, 512);
	data(&s, 1, 512);
	assert_int_equal(f->bytes, 512);
	data(&s, 5, 512);
	assert_int_equal(f->bytes, 5 * 512);
	data(&s, 4, 512);
	assert_int_equal(f->bytes, 5 * 512);
	data(&s, 30000, 512);
	data(&s, 60000, 512);
	data(&s, 0, 512);
	assert_int_equal(f->bytes, 65536ull * 512);
	data(&s, 1, 100);
	assert_int_equal(f->bytes, 65536ull * 512 + 100);
	ack(&s, 0);
	assert_int_equal(f->state, CPR_BENCH_RUNNING);
	ack(&s, 1);
	assert_int_equal(f->state, CPR_BENCH_COMPLETE);
	cpr_bench_watch_clear(&s.w);
}

static void larger_blocks(void **state)
{
	static const uint8_t oack[] = "\0\6tsize\0002000\0BLKSIZE\0001428\0";
	struct story s = begin();
	struct cpr_bench_phone *p = dora(&s, phone_mac, P7961);
	struct cpr_pen o = {.data = (uint8_t *)oack,
		.cap = sizeof(oack) - 1,
		.len = sizeof(oack) - 1};

	(void)state;
	ask(&s, "cnu41.9-4-2ES26.sbn");
	down(&s, &o);
	data(&s, 1, 1428);
	ack(&s, 1);
	assert_int_equal(p->file[0].state, CPR_BENCH_RUNNING);
	data(&s, 2, 572);
	ack(&s, 2);
	assert_int_equal(p->file[0].state, CPR_BENCH_COMPLETE);
	assert_int_equal(p->file[0].bytes, 2000);
	/* An OACK that ends inside an option */
	ask(&s, "jar41sccp.9-4-2ES26.sbn");
	o.len -= 3;
	down(&s, &o);
	assert_int_equal(p->file[1].block_size, 512);
	cpr_bench_watch_clear(&s.w);
}

/* More names and more phones than there is room for are not looked at. */
static void bounds(void **state)
{
	struct story s = begin();
	struct cpr_bench_phone *p = dora(&s, phone_mac, P7961);
	char name[160];

	(void)state;
	for (unsigned i = 0; i < CPR_BENCH_FILES + 10; i++) {
		snprintf(name, sizeof(name), "file%u", i);
		ask(&s, name);
	}
	assert_int_equal(p->file_n, CPR_BENCH_FILES);
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	ask(&s, name);
	for (unsigned i = 0; i < CPR_BENCH_PHONES + 10; i++) {
		uint8_t mac[6] = {2, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i};

		dora(&s, mac, P7961);
	}
	assert_int_equal(s.w.phone_n, CPR_BENCH_PHONES);
	cpr_bench_watch_clear(&s.w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back),
		cmocka_unit_test(comes_back_quietly),
		cmocka_unit_test(renewing_is_no_boot),
		cmocka_unit_test(hostile_names),
		cmocka_unit_test(starts_again),
		cmocka_unit_test(lacks_an_image),
		cmocka_unit_test(reads_its_load_afterwards),
		cmocka_unit_test(needs_nothing),
		cmocka_unit_test(a_7960),
		cmocka_unit_test(tells_phones_apart),
		cmocka_unit_test(counts_blocks),
		cmocka_unit_test(larger_blocks),
		cmocka_unit_test(bounds),
	};

	return cmocka_run_group_tests_name("recover-watch", tests, NULL, NULL);
}
