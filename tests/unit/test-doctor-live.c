/* doctor/live.c on a terminal, and off one. */
#include "cleanup.h"
#include "dhcp.h"
#include "engine/doctor.h"
#include "engine/packet.h"
#include "live.h"
#include "terminal.h"
#include "tftp.h"

#include <arpa/inet.h>
#include <stdio.h>

#define SECOND UINT64_C(1000000)
#define START  (UINT64_C(1700000000) * SECOND)

static const uint8_t server_mac[6] = {2, 0, 0, 0, 0, 1};

static struct in_addr host(uint32_t address)
{
	return (struct in_addr){htonl(address)};
}

/* What the phones send and are sent, at a time in seconds. */
struct talk {
	struct cpr_doctor *d;
	uint64_t number;
	double s;
};

static void feed(struct talk *t, const struct cpr_pen *frame)
{
	struct cpr_packet k = {.number = ++t->number,
		.time_us = START + (uint64_t)(t->s * 1e6),
		.inner_vlan = -1};

	assert_false(frame->full);
	assert_true(cpr_frame_parse(frame->data, frame->len, true, &k.frame));
	k.payload_real = k.frame.payload_len;
	(void)cpr_doctor_feed(t->d, &k);
}

static void phone_mac(unsigned i, uint8_t mac[6])
{
	memcpy(mac, (uint8_t[]){0x00, 0x1b, 0x54, 0, (uint8_t)(i >> 8), (uint8_t)i}, 6);
}

static void dhcp(struct talk *t, unsigned i, uint8_t type)
{
	static const char vendor[] = "Cisco Systems, Inc. IP Phone CP-7961G";
	const struct in_addr none = {0}, all = {INADDR_BROADCAST},
			     server = host(0x0a000001), ip = host(0x0a010000 + i);
	bool asks = type == CPR_DHCP_DISCOVER || type == CPR_DHCP_REQUEST;
	uint8_t mac[6], message[600], frame[700];
	struct cpr_pen m = cpr_pen_of(message, sizeof(message)),
		       f = cpr_pen_of(frame, sizeof(frame));

	phone_mac(i, mac);
	cpr_dhcp_begin(&m, asks ? 1 : 2, 0x1000 + i, 0, 0x8000, none, mac);
	cpr_dhcp_option(&m, 53, &type, 1);
	if (asks)
		cpr_dhcp_option(&m, 60, vendor, sizeof(vendor));
	if (type != CPR_DHCP_DISCOVER)
		cpr_dhcp_option(&m, 54, &server, 4);
	if (!asks)
		cpr_dhcp_option(&m, 150, &server, 4);
	cpr_dhcp_end(&m, 548);
	if (!asks)
		memcpy(message + 16, &ip, 4);
	cpr_frame_udp(&f, asks ? server_mac : mac, asks ? mac : server_mac,
		asks ? none : server, asks ? 68 : 67, all, asks ? 67 : 68, message,
		m.len);
	feed(t, &f);
}

static void lease(struct talk *t, unsigned i)
{
	dhcp(t, i, CPR_DHCP_DISCOVER);
	dhcp(t, i, CPR_DHCP_OFFER);
	dhcp(t, i, CPR_DHCP_REQUEST);
	dhcp(t, i, CPR_DHCP_ACK);
}

static void tftp(struct talk *t, unsigned i, bool asks, const struct cpr_pen *payload)
{
	uint8_t mac[6], frame[700];
	struct cpr_pen f = cpr_pen_of(frame, sizeof(frame));
	struct in_addr server = host(0x0a000001), ip = host(0x0a010000 + i);
	bool request = payload->data[1] == CPR_TFTP_RRQ;

	phone_mac(i, mac);
	cpr_frame_udp(&f, asks ? server_mac : mac, asks ? mac : server_mac,
		asks ? ip : server, asks ? 50000 : 40000, asks ? server : ip,
		!asks     ? 50000
		: request ? 69
			  : 40000,
		payload->data, payload->len);
	feed(t, &f);
}

/* Some blocks of a term file, which are not the whole of it. */
static void fetch(struct talk *t, unsigned i, uint16_t blocks)
{
	uint8_t bytes[600];
	struct cpr_pen p = cpr_pen_of(bytes, sizeof(bytes));

	cpr_tftp_rrq(&p, "term61.default.loads");
	tftp(t, i, true, &p);
	for (uint16_t block = 1; block <= blocks; block++) {
		p.len = 0;
		cpr_pen_be16(&p, CPR_TFTP_DATA);
		cpr_pen_be16(&p, block);
		cpr_pen_zeros(&p, CPR_TFTP_BLOCK);
		tftp(t, i, false, &p);
		p.len = 0;
		cpr_tftp_ack(&p, block);
		tftp(t, i, true, &p);
	}
}

static void begin(struct talk *t)
{
	*t = (struct talk){0};
	assert_int_equal(cpr_doctor_new(&t->d, &(struct cpr_doctor_config){0}), 0);
}

static void end(struct talk *t)
{
	t->d = cpr_doctor_free(t->d);
}

static void tick(struct talk *t, struct cpr_live *l)
{
	cpr_doctor_tick(t->d, START + (uint64_t)(t->s * 1e6));
	cpr_live_tick(l);
}

/* One that has a lease, one that fetches, one that asks in vain, which stands first. */
static void three_phones(struct talk *t)
{
	begin(t);
	lease(t, 1);
	lease(t, 2);
	fetch(t, 2, 3);
	for (int i = 0; i < 8; i++, t->s += 4)
		dhcp(t, 3, CPR_DHCP_DISCOVER);
}

static void table(void **state)
{
	_cleanup_(close_screen) struct screen s;
	_cleanup_(cpr_live_freep) struct cpr_live *l = NULL;
	_cleanup_(end) struct talk t;

	(void)state;
	three_phones(&t);
	open_screen(&s, 10, 130);
	assert_int_equal(cpr_live_new(&l, t.d, "eth1", s.tty), 0);
	tick(&t, l);
	assert_string_equal(text_of(&s),
		"eth1: 3 phones, 0 back, 1 with a fault; 23 packets; Ctrl-C ends it with "
		"the report\n"
		"PHONE             MODEL     STAGE          FOR FILE, FAULT\n"
		"00:1b:54:00:00:03 7961      dhcp          0:04 dhcp-no-offer\n"
		"00:1b:54:00:00:01 7961      dhcp          0:32\n"
		"00:1b:54:00:00:02 7961      loads         0:32 term61.default.loads"
		"           fetching\n");
	/* drawn again it stands in the same place */
	t.s += 30;
	tick(&t, l);
	assert_string_equal(strstr(text_of(&s), "00:1b:54:00:00:01"),
		"00:1b:54:00:00:01 7961      dhcp          1:02\n"
		"00:1b:54:00:00:02 7961      loads         1:02 term61.default.loads"
		"           fetching\n");
	assert_int_equal(s.lost, 0);
	l = cpr_live_free(l);
	assert_string_equal(text_of(&s), "");
}

/* What there is no room for is left out, and the fault last. */
static void narrow(void **state)
{
	static const unsigned columns[] = {131, 100, 80, 60, 40, 20, 8};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(columns); i++) {
		_cleanup_(close_screen) struct screen s;
		_cleanup_(cpr_live_freep) struct cpr_live *l = NULL;
		_cleanup_(end) struct talk t;

		three_phones(&t);
		open_screen(&s, 10, columns[i]);
		assert_int_equal(cpr_live_new(&l, t.d, "eth1", s.tty), 0);
		for (int n = 0; n < 3; n++, t.s++)
			tick(&t, l);
		assert_int_equal(s.lost, 0);
		assert_int_equal(
			strstr(text_of(&s), "dhcp-no-offer") != NULL, columns[i] >= 61);
		assert_int_equal(strstr(text_of(&s), "term61") != NULL, columns[i] >= 80);
		assert_non_null(strstr(text_of(&s), "\n00:1b:5"));
		assert_null(strstr(text_of(&s), "more"));
	}
}

/* 500 phones on a terminal that becomes smaller and larger: nothing scrolls away, the one with
 * a fault is there. */
static void many(void **state)
{
	static const struct winsize sizes[] = {{.ws_row = 30, .ws_col = 120},
		{.ws_row = 12, .ws_col = 120}, {.ws_row = 3, .ws_col = 120},
		{.ws_row = 25, .ws_col = 120}};
	_cleanup_(close_screen) struct screen s;
	_cleanup_(cpr_live_freep) struct cpr_live *l = NULL;
	_cleanup_(end) struct talk t;

	(void)state;
	begin(&t);
	for (unsigned i = 0; i < 499; i++)
		lease(&t, i + 1);
	for (int i = 0; i < 8; i++, t.s += 4)
		dhcp(&t, 500, CPR_DHCP_DISCOVER);
	open_screen(&s, 30, 120);
	assert_int_equal(cpr_live_new(&l, t.d, "eth1", s.tty), 0);
	for (size_t i = 0; i < CPR_ARRAY_LEN(sizes); i++, t.s++) {
		unsigned rows = sizes[i].ws_row;
		char more[40];

		assert_int_equal(ioctl(s.tty, TIOCSWINSZ, &sizes[i]), 0);
		/* an emulator keeps the last rows, with the cursor */
		refresh(&s);
		if (s.row >= rows) {
			memmove(s.cell[0], s.cell[s.row - rows + 1],
				sizeof(s.cell[0]) * rows);
			s.row = rows - 1;
		}
		s.rows = rows;
		tick(&t, l);
		tick(&t, l);
		snprintf(more, sizeof(more), "... and %u more\n", 502 - (rows - 2));
		assert_non_null(strstr(text_of(&s), more));
		assert_true(rows < 4 || strstr(text_of(&s), "00:1b:54:00:01:f4 7961"));
		assert_memory_equal(text_of(&s), "eth1: 500 phones", 16);
		assert_int_equal(s.lost, 0);
	}
}

/* A line for each change; nothing when there is none; no command to a terminal. */
static void plain(void **state)
{
	_cleanup_(cpr_live_freep) struct cpr_live *l = NULL;
	_cleanup_(end) struct talk t;
	int fd[2];
	char text[1000];
	ssize_t n;

	(void)state;
	begin(&t);
	assert_int_equal(pipe2(fd, O_NONBLOCK | O_CLOEXEC), 0);
	assert_int_equal(cpr_live_new(&l, t.d, "eth1", fd[1]), 0);
	tick(&t, l);
	assert_int_equal(read(fd[0], text, sizeof(text)), -1);
	lease(&t, 1);
	tick(&t, l);
	n = read(fd[0], text, sizeof(text));
	assert_true(n > 0);
	text[n] = 0;
	assert_string_equal(
		text, "7961 00:1b:54:00:00:01 at 10.1.0.1: dhcp: has an address\n");
	t.s += 5;
	tick(&t, l);
	assert_int_equal(read(fd[0], text, sizeof(text)), -1);
	fetch(&t, 1, 2);
	cpr_doctor_lost(t.d, 7);
	tick(&t, l);
	n = read(fd[0], text, sizeof(text));
	assert_true(n > 0);
	text[n] = 0;
	assert_string_equal(text,
		"7961 00:1b:54:00:00:01 at 10.1.0.1: loads: has its packing list\n"
		"7 packets lost: the kernel had no room for them\n");
	l = cpr_live_free(l);
	assert_int_equal(read(fd[0], text, sizeof(text)), -1);
	close(fd[0]);
	close(fd[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(narrow),
		cmocka_unit_test(many),
		cmocka_unit_test(plain),
	};

	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	return cmocka_run_group_tests_name("live", tests, NULL, NULL);
}
