/* A wire for the doctor's engine: packets as they would come out of a capture, one by one, with
 * a clock that the test moves.  One phone, 00:1b:54:aa:bb:cc, unless the test says another. */
#pragma once

#include "dhcp-phone.h"
#include "dhcp.h"
#include "engine/facts.h"
#include "frame.h"
#include "tftp.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WIRE_PHONE  "10.0.0.50"
#define WIRE_SERVER "10.0.0.1"
#define WIRE_SECOND "10.0.0.2"
#define WIRE_ROUTER "10.0.0.254"

struct wire {
	struct cpr_doctor *d;
	struct cpr_doctor_phone *p; /* whom the last packet told something of */
	uint64_t now_us, number;
	uint8_t mac[6];
	int vlan;
	bool healthy;   /* after no packet there may be a fault */
	char said[400]; /* of wire_faults */
};

static const uint8_t wire_server_mac[6] = {0x52, 0x54, 0, 0, 0, 1};

static inline struct in_addr wire_ip(const char *text)
{
	struct in_addr a = {0};

	if (text)
		assert_int_equal(inet_pton(AF_INET, text, &a), 1);
	return a;
}

static inline void wire_begin(struct wire *w, const struct cpr_doctor_config *config)
{
	*w = (struct wire){.now_us = UINT64_C(1700000000000000),
		.mac = {0, 0x1b, 0x54, 0xaa, 0xbb, 0xcc},
		.vlan = -1};
	assert_int_equal(
		cpr_doctor_new(&w->d,
			config ? config : &(struct cpr_doctor_config){.story_max = 200}),
		0);
}

static inline void wire_end(struct wire *w)
{
	cpr_doctor_freep(&w->d);
}

static inline void wire_wait(struct wire *w, unsigned ms)
{
	w->now_us += (uint64_t)ms * 1000;
}

/* The copy of the bytes is as long as they are, so that the sanitizer sees a read beyond. */
static inline struct cpr_doctor_phone *wire_frame(
	struct wire *w, const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	struct cpr_packet k = {
		.number = ++w->number, .time_us = w->now_us, .inner_vlan = -1};

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	if (cpr_frame_parse(copy, len, false, &k.frame)) {
		if (w->vlan >= 0)
			k.frame.vlan = w->vlan;
		k.payload_real = k.frame.payload_len;
		if (k.frame.kind == CPR_FRAME_OTHER && len >= 14) {
			k.ethertype = (uint16_t)(copy[12] << 8 | copy[13]);
			k.link = copy + 14;
			k.link_len = len - 14;
		}
		w->p = cpr_doctor_feed(w->d, &k);
	}
	free(copy);
	for (size_t i = 0; w->healthy && i < w->d->phone_n; i++) {
		struct cpr_verdicts v;

		cpr_doctor_judge(w->d, w->d->phone[i], &v);
		if (v.n)
			fail_msg("packet %llu: %s: %s", (unsigned long long)w->number,
				cpr_faults[v.row[0].id].name, v.row[0].text);
		cpr_verdicts_clear(&v);
	}
	return w->p;
}

static inline struct cpr_doctor_phone *wire_udp(struct wire *w, const char *from,
	uint16_t from_port, const char *to, uint16_t to_port, const void *payload,
	size_t len)
{
	uint8_t bytes[2100];
	struct cpr_pen pen = cpr_pen_of(bytes, sizeof(bytes));

	cpr_frame_udp(&pen, wire_server_mac, w->mac, wire_ip(from), from_port,
		wire_ip(to), to_port, payload, len);
	assert_false(pen.full);
	return wire_frame(w, bytes, pen.len);
}

/* The phone asks for a file. */
static inline struct cpr_doctor_phone *wire_rrq(
	struct wire *w, const char *server, const char *name)
{
	uint8_t bytes[200];
	struct cpr_pen pen = cpr_pen_of(bytes, sizeof(bytes));

	cpr_tftp_rrq(&pen, name);
	return wire_udp(w, WIRE_PHONE, 50000, server, CPR_TFTP_PORT, bytes, pen.len);
}

static inline struct cpr_doctor_phone *wire_tcp(struct wire *w, const char *from,
	uint16_t from_port, const char *to, uint16_t to_port, uint8_t flags)
{
	uint8_t bytes[100];
	struct cpr_pen pen = cpr_pen_of(bytes, sizeof(bytes));

	cpr_frame_tcp(&pen, wire_server_mac, w->mac, wire_ip(from), from_port,
		wire_ip(to), to_port, 1, 0, flags);
	return wire_frame(w, bytes, pen.len);
}

/* "Destination unreachable" of `by` to the sender of a UDP packet, with its head. */
static inline struct cpr_doctor_phone *wire_unreachable(struct wire *w, const char *by,
	uint8_t code, const char *from, uint16_t from_port, const char *to,
	uint16_t to_port)
{
	uint8_t quoted[100], bytes[200];
	struct cpr_pen inner = cpr_pen_of(quoted, sizeof(quoted));
	struct cpr_pen pen = cpr_pen_of(bytes, sizeof(bytes));

	cpr_frame_udp(&inner, wire_server_mac, w->mac, wire_ip(from), from_port,
		wire_ip(to), to_port, "", 0);
	cpr_frame_icmp(&pen, w->mac, wire_server_mac, wire_ip(by), wire_ip(from), 3, code,
		0, quoted + 14, inner.len - 14);
	return wire_frame(w, bytes, pen.len);
}

/* op 1: who has `target`? says `sender` of this MAC; op 2: its answer. */
static inline struct cpr_doctor_phone *wire_arp(struct wire *w, uint16_t op,
	const uint8_t mac[6], const char *sender, const char *target)
{
	static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	uint8_t bytes[64];
	struct cpr_pen pen = cpr_pen_of(bytes, sizeof(bytes));

	cpr_frame_arp(&pen, op, everybody, mac, wire_ip(sender), (uint8_t[6]){0},
		wire_ip(target));
	return wire_frame(w, bytes, pen.len);
}

static inline size_t wire_hex(const char *hex, uint8_t *out, size_t cap)
{
	size_t n = 0;

	for (; *hex; hex++) {
		char pair[3] = {hex[0], hex[1], 0};

		if (*hex == ' ')
			continue;
		assert_true(n < cap);
		out[n++] = (uint8_t)strtoul(pair, NULL, 16);
		hex++;
	}
	return n;
}

/* A DHCP message; NULL and 0: not in it. */
struct wire_dhcp {
	uint8_t type;
	uint32_t xid;
	uint16_t secs;
	const char *ciaddr, *yiaddr, *siaddr, *giaddr, *sname;
	const char *server;    /* option 54 */
	const char *requested; /* 50 */
	const char *mask;      /* 1; of an answer: 255.255.255.0 unless said */
	const char *router, *dns;
	const char *option150; /* its bytes in hexadecimal */
	const char *option66;
	const char *vendor; /* "CP-7961G"; of the phone, unless plain */
	bool plain;         /* no option 60 nor 12 */
	const char *from;   /* the packet's source; of an answer: server */
	const char *to;     /* its target; broadcast unless said */
};

static inline void wire_dhcp_address(struct cpr_pen *p, uint8_t code, const char *text)
{
	struct in_addr a = wire_ip(text);

	if (text)
		cpr_dhcp_option(p, code, &a, 4);
}

static inline size_t wire_dhcp_bytes(
	const struct wire *w, const struct wire_dhcp *m, uint8_t bytes[1000])
{
	bool answer = m->type == CPR_DHCP_OFFER || m->type == CPR_DHCP_ACK ||
		      m->type == CPR_DHCP_NAK;
	struct cpr_pen p = cpr_pen_of(bytes, 1000);
	const char *at[] = {m->yiaddr, m->siaddr, m->giaddr};
	uint8_t value[255];

	cpr_dhcp_begin(
		&p, answer ? 2 : 1, m->xid, m->secs, 0x8000, wire_ip(m->ciaddr), w->mac);
	for (size_t i = 0; i < 3; i++) {
		struct in_addr a = wire_ip(at[i]);

		memcpy(bytes + 16 + 4 * i, &a, 4);
	}
	if (m->sname)
		memcpy(bytes + 44, m->sname, strlen(m->sname));
	cpr_dhcp_option(&p, 53, &m->type, 1);
	wire_dhcp_address(&p, 54, m->server);
	if (!answer && !m->plain) {
		cpr_dhcp_phone_id(&p, w->mac);
		cpr_dhcp_phone_name(&p, w->mac);
		cpr_dhcp_phone_class(&p, m->vendor ? m->vendor : "CP-7961G");
	}
	wire_dhcp_address(&p, 50, m->requested);
	wire_dhcp_address(&p, 1, answer && !m->mask ? "255.255.255.0" : m->mask);
	wire_dhcp_address(&p, 3, m->router);
	wire_dhcp_address(&p, 6, m->dns);
	if (m->option150)
		cpr_dhcp_option(
			&p, 150, value, wire_hex(m->option150, value, sizeof(value)));
	if (m->option66)
		cpr_dhcp_option(&p, 66, m->option66, strlen(m->option66));
	cpr_dhcp_end(&p, 548);
	assert_false(p.full);
	return p.len;
}

static inline struct cpr_doctor_phone *wire_dhcp(struct wire *w, struct wire_dhcp m)
{
	bool answer = m.type == CPR_DHCP_OFFER || m.type == CPR_DHCP_ACK ||
		      m.type == CPR_DHCP_NAK;
	uint8_t bytes[1000];
	size_t n;

	if (answer && !m.server)
		m.server = WIRE_SERVER;
	n = wire_dhcp_bytes(w, &m, bytes);
	return wire_udp(w,
		m.from     ? m.from
		: answer   ? m.server
		: m.ciaddr ? m.ciaddr
			   : "0.0.0.0",
		answer ? 67 : 68, m.to ? m.to : "255.255.255.255", answer ? 68 : 67,
		bytes, n);
}

/* A whole round, with these options in the answers: DISCOVER, OFFER, REQUEST, ACK. */
static inline struct cpr_doctor_phone *wire_lease(struct wire *w, struct wire_dhcp m)
{
	m.xid = m.xid ? m.xid : (uint32_t)w->number + 1000;
	m.yiaddr = m.yiaddr ? m.yiaddr : WIRE_PHONE;
	m.server = m.server ? m.server : WIRE_SERVER;
	wire_dhcp(w, (struct wire_dhcp){.type = CPR_DHCP_DISCOVER, .xid = m.xid});
	wire_wait(w, 10);
	m.type = CPR_DHCP_OFFER;
	wire_dhcp(w, m);
	wire_wait(w, 10);
	wire_dhcp(w, (struct wire_dhcp){.type = CPR_DHCP_REQUEST,
			     .xid = m.xid,
			     .server = m.server,
			     .requested = m.yiaddr});
	wire_wait(w, 10);
	m.type = CPR_DHCP_ACK;
	wire_dhcp(w, m);
	wire_wait(w, 10);
	return w->p;
}

/* The names of the faults found in the phone, a blank between each. */
static inline const char *wire_faults_of(struct wire *w, const struct cpr_doctor_phone *p)
{
	struct cpr_verdicts v;
	size_t at = 0;

	cpr_doctor_judge(w->d, p, &v);
	assert_false(v.failed);
	w->said[0] = 0;
	for (size_t i = 0; i < v.n && at < sizeof(w->said); i++) {
		assert_true(v.row[i].frame_n > 0);
		assert_true(v.row[i].text[0] && v.row[i].remedy[0]);
		for (size_t k = 0; k < v.row[i].frame_n; k++)
			assert_true(v.row[i].frame[k] > (k ? v.row[i].frame[k - 1] : 0));
		assert_true(v.row[i].frame[v.row[i].frame_n - 1] <= w->number);
		at += (size_t)snprintf(w->said + at, sizeof(w->said) - at, "%s%s",
			at ? " " : "", cpr_faults[v.row[i].id].name);
	}
	cpr_verdicts_clear(&v);
	return w->said;
}

static inline const char *wire_faults(struct wire *w)
{
	assert_true(w->d->phone_n > 0);
	return wire_faults_of(w, w->d->phone[0]);
}

/* Whether a text or a remedy among the verdicts holds these words. */
static inline bool wire_says(struct wire *w, const char *words)
{
	struct cpr_verdicts v;
	bool found = false;

	cpr_doctor_judge(w->d, w->d->phone[0], &v);
	for (size_t i = 0; i < v.n; i++) {
		found = found || strstr(v.row[i].text, words) ||
			strstr(v.row[i].remedy, words);
	}
	if (!found)
		for (size_t i = 0; i < v.n; i++)
			print_message("%s\n  %s\n", v.row[i].text, v.row[i].remedy);
	cpr_verdicts_clear(&v);
	return found;
}
