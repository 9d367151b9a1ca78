/* A network in memory for simulated phones: one DHCP server, TFTP servers, DNS and a call
 * manager, scripted by the fields of struct net, built of the core's own packet writers. */
#pragma once

#include "dhcp.h"
#include "firmware/firmware.h"
#include "frame.h"
#include "models.h"
#include "phone.h"
#include "tftp.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SERVER  "10.0.0.1"
#define SECOND  "10.0.0.2"
#define PHONE   "10.0.0.50"
#define FAR     "192.168.10.105" /* behind the gateway */
#define MANAGER "10.0.0.9"

enum answer {
	ANSWERS,
	REFUSES,
	REJECTED, /* by a router on the way, with ICMP */
	SILENT,
};

struct net {
	/* the script */
	bool no_dhcp, no_gateway, nak_once, nak_always, duplicate_once, duplicate_always,
		rogue_offer, rogue_nak, other_on_renewal, nak_on_renewal, broken_dhcp,
		no_ack;
	const char *option150; /* bytes as hex; "" none */
	const char *option66, *siaddr, *dns_name;
	uint32_t lease;
	enum answer first, second, http, manager;
	const char *missing, *denied; /* one file's name */
	unsigned lose_data, lose_ack, stranger_at, stop_at, pace_ms;
	unsigned lose_every; /* of the frames in both directions */
	bool oack, big_block, wrong_sums, closed, parrot, block_zero, other_address;
	const char *error; /* text of error 0, instead of any file */
	const struct cpr_fw_set *set;
	const char *xml, *os79xx; /* XMLDefault.cnf.xml, OS79XX.TXT */

	/* what happened */
	char asked[4000]; /* the names, a blank behind each */
	unsigned rrqs, unreachables, requests, declines, releases, renewals, resets,
		pings, arp_replies;
	uint8_t first_message[548];
	char said[20000];
	uint64_t rrq_at[64];

	/* the machinery */
	struct cpr_phone *phone;
	uint64_t now;
	unsigned crossed;
	unsigned long frames;
	struct packet {
		uint8_t bytes[1600];
		size_t len;
	} queue[64];
	unsigned head, tail;
	const uint8_t *data; /* the transfer under way */
	size_t len;
	uint16_t block, port, client;
	struct in_addr server;
	uint8_t mac[6];
};

static const uint8_t net_mac[6] = {0x52, 0x54, 0, 0, 0, 1};

static inline struct in_addr net_address(const char *text)
{
	struct in_addr a = {0};

	if (text && *text)
		assert_int_equal(inet_pton(AF_INET, text, &a), 1);
	return a;
}

static inline struct cpr_pen net_pen(struct net *n)
{
	return cpr_pen_of(n->queue[n->tail % 64].bytes, 1600);
}

static inline void net_push(struct net *n, const struct cpr_pen *p)
{
	assert_false(p->full);
	assert_true(n->tail - n->head < 64);
	n->queue[n->tail++ % 64].len = p->len;
}

/* What a router answers: unreachable, with the packet's head as far as it must quote it. */
static inline void net_reject(
	struct net *n, const struct cpr_frame *f, const uint8_t *bytes, size_t len)
{
	struct cpr_pen p = net_pen(n);

	assert_true(len >= 14 + 28);
	cpr_frame_icmp(&p, n->mac, net_mac, net_address("10.0.0.254"), f->source, 3, 13,
		0, bytes + 14, 28);
	net_push(n, &p);
}

static inline void net_udp(struct net *n, struct in_addr from, uint16_t port, uint16_t to,
	const struct cpr_pen *payload)
{
	struct cpr_pen p = net_pen(n);

	assert_false(payload->full);
	cpr_frame_udp(&p, n->mac, net_mac, from, port, net_address(PHONE), to,
		payload->data, payload->len);
	if (n->wrong_sums)
		p.data[p.len - 1] ^= 1;
	net_push(n, &p);
}

static inline size_t net_hex(const char *hex, uint8_t *out)
{
	size_t n = 0;

	for (; hex && hex[0] && hex[1]; hex += 2, n++)
		assert_int_equal(sscanf(hex, "%2hhx", &out[n]), 1);
	return n;
}

static inline void net_dhcp_answer(struct net *n, const struct cpr_dhcp *m, uint8_t type,
	const char *server, bool bare)
{
	uint8_t bytes[600], option[64];
	struct cpr_pen p = cpr_pen_of(bytes, sizeof(bytes));
	struct in_addr me = net_address(server), you = net_address(PHONE);
	struct in_addr siaddr = net_address(n->siaddr);
	size_t len;

	cpr_dhcp_begin(&p, 2, m->xid, 0, 0x8000, m->ciaddr, m->chaddr);
	memcpy(bytes + 16, &you, 4);
	memcpy(bytes + 20, &siaddr, 4);
	cpr_dhcp_option(&p, 53, &type, 1);
	cpr_dhcp_option(&p, 54, &me, 4);
	if (!bare) {
		cpr_dhcp_option(&p, 1, "\xff\xff\xff\0", 4);
		if (!n->no_gateway)
			cpr_dhcp_option(&p, 3, "\x0a\0\0\xfe", 4);
		if (n->lease)
			cpr_dhcp_option(&p, 51, &(uint32_t){htonl(n->lease)}, 4);
		if (n->dns_name)
			cpr_dhcp_option(&p, 6, "\x0a\0\0\x01", 4);
		len = net_hex(n->option150, option);
		if (len)
			cpr_dhcp_option(&p, 150, option, len);
		if (n->option66)
			cpr_dhcp_option(&p, 66, n->option66, strlen(n->option66));
	}
	cpr_dhcp_end(&p, 300);
	if (n->broken_dhcp)
		memcpy(bytes + 240, "\x35\xff", 2);
	net_udp(n, me, 67, 68, &p);
}

static inline void net_dhcp(struct net *n, const struct cpr_frame *f)
{
	struct cpr_dhcp m;

	assert_int_equal(f->payload_len, 548);
	assert_int_equal(cpr_dhcp_parse(f->payload, f->payload_len, &m), CPR_DHCP_OK);
	if (!n->first_message[0])
		memcpy(n->first_message, f->payload, 548);
	n->requests += m.type == CPR_DHCP_REQUEST;
	n->declines += m.type == CPR_DHCP_DECLINE;
	n->releases += m.type == CPR_DHCP_RELEASE;
	if (n->no_dhcp)
		return;
	if (m.type == CPR_DHCP_DISCOVER) {
		net_dhcp_answer(n, &m, CPR_DHCP_OFFER, SERVER, false);
		if (n->rogue_offer)
			net_dhcp_answer(n, &m, CPR_DHCP_OFFER, SECOND, true);
	} else if (m.type == CPR_DHCP_REQUEST &&
		   (n->nak_once || n->nak_always ||
			   (n->nak_on_renewal && m.ciaddr.s_addr))) {
		n->nak_once = n->nak_on_renewal = false;
		net_dhcp_answer(n, &m, CPR_DHCP_NAK, SERVER, true);
	} else if (m.type == CPR_DHCP_REQUEST && !n->no_ack) {
		n->renewals += m.ciaddr.s_addr != 0;
		if (m.ciaddr.s_addr && n->other_on_renewal)
			n->option150 = "0a000003";
		net_dhcp_answer(n, &m, CPR_DHCP_ACK, SERVER, false);
		if (n->rogue_nak)
			net_dhcp_answer(n, &m, CPR_DHCP_NAK, SECOND, true);
	}
}

static inline void net_arp(struct net *n, const struct cpr_frame *f)
{
	struct cpr_pen p = net_pen(n);
	bool probe = !f->source.s_addr, taken = n->duplicate_once || n->duplicate_always;

	n->arp_replies += f->arp_op == 2;
	if (f->arp_op != 1 || (probe && !taken))
		return;
	if (!probe && (ntohl(f->target.s_addr) & 0xff) > 9 &&
		(ntohl(f->target.s_addr) & 0xff) != 254)
		return;
	if (probe)
		n->duplicate_once = false;
	cpr_frame_arp(&p, 2, f->from, net_mac, f->target, f->from, f->source);
	net_push(n, &p);
}

static inline void net_block(struct net *n)
{
	uint8_t bytes[1100];
	struct cpr_pen p = cpr_pen_of(bytes, sizeof(bytes));
	size_t at = (size_t)(n->block - 1) * 512;
	size_t len = n->len - at < 512 ? n->len - at : 512;

	if (n->stop_at && n->block >= n->stop_at)
		return;
	if (n->lose_data && n->block == n->lose_data) {
		n->lose_data = 0;
		return;
	}
	cpr_pen_be16(&p, CPR_TFTP_DATA);
	cpr_pen_be16(&p, n->block_zero ? 0 : n->block);
	cpr_pen_add(&p, n->data + at, len);
	if (n->big_block)
		cpr_pen_zeros(&p, 500);
	net_udp(n, n->other_address ? net_address(MANAGER) : n->server, n->port,
		n->client, &p);
	if (n->block == n->stranger_at)
		net_udp(n, n->server, (uint16_t)(n->port + 1), n->client, &p);
}

static inline const uint8_t *net_file(struct net *n, const char *name, size_t *len)
{
	const struct cpr_fw_file *file;
	const char *text = strcmp(name, "XMLDefault.cnf.xml") == 0 ? n->xml
			   : strcmp(name, "OS79XX.TXT") == 0       ? n->os79xx
								   : NULL;

	if (text) {
		*len = strlen(text);
		return (const uint8_t *)text;
	}
	if (!n->set || (n->missing && strcmp(name, n->missing) == 0))
		return NULL;
	file = cpr_fw_set_file(n->set, name);
	*len = file ? file->len : 0;
	return file ? file->data : NULL;
}

static inline void net_rrq(struct net *n, const struct cpr_frame *f, const char *name)
{
	uint8_t bytes[100];
	struct cpr_pen p = cpr_pen_of(bytes, sizeof(bytes));

	if (n->rrqs < 64)
		n->rrq_at[n->rrqs] = n->now;
	n->rrqs++;
	assert_true(strlen(n->asked) + strlen(name) + 2 < sizeof(n->asked));
	strcat(strcat(n->asked, name), " ");
	n->server = f->target;
	n->client = f->source_port;
	n->port++;
	n->block = 1;
	n->data = net_file(n, name, &n->len);
	if (n->oack) {
		cpr_pen_be16(&p, CPR_TFTP_OACK);
		cpr_pen_add(&p, "tsize\0001", 8);
	} else if (n->error) {
		cpr_tftp_error(&p, 0, n->error);
	} else if (n->denied && strcmp(name, n->denied) == 0) {
		cpr_tftp_error(&p, 0, "Permission denied");
	} else if (!n->data) {
		cpr_tftp_error(&p, 1, "File not found");
	} else {
		net_block(n);
		return;
	}
	net_udp(n, n->server, n->port, n->client, &p);
}

static inline void net_tftp(
	struct net *n, const struct cpr_frame *f, const uint8_t *bytes, size_t len)
{
	struct cpr_tftp t;
	bool second = f->target.s_addr == net_address(SECOND).s_addr;

	if ((second ? n->second : n->first) != ANSWERS ||
		(!second && f->target.s_addr != net_address(SERVER).s_addr &&
			f->target.s_addr != net_address(FAR).s_addr))
		return;
	assert_int_equal(cpr_tftp_parse(f->payload, f->payload_len, &t), CPR_TFTP_OK);
	if (n->closed) {
		net_reject(n, f, bytes, len);
		return;
	}
	if (t.opcode == CPR_TFTP_RRQ) {
		assert_int_equal(t.len, 0); /* no options */
		assert_string_equal(t.mode, "octet");
		assert_int_equal(f->target_port, 69);
		net_rrq(n, f, t.text);
	} else if (t.opcode == CPR_TFTP_ACK && f->target_port == n->port &&
		   t.block == n->block - 1) {
		net_block(n);
	} else if (t.opcode == CPR_TFTP_ACK && f->target_port == n->port &&
		   t.block == n->block) {
		if (n->lose_ack && t.block == n->lose_ack) {
			n->lose_ack = 0;
			net_block(n); /* the server thinks that its block was lost */
			return;
		}
		if ((size_t)n->block * 512 > n->len)
			return;
		n->block += !n->parrot; /* or the same block again, for ever */
		n->now += n->pace_ms;
		net_block(n);
	}
}

static inline void net_dns(struct net *n, const struct cpr_frame *f)
{
	uint8_t bytes[300];
	struct cpr_pen p = cpr_pen_of(bytes, sizeof(bytes));
	char name[100] = "";

	for (size_t at = 12; f->payload[at]; at += f->payload[at] + 1u)
		sprintf(name + strlen(name), "%.*s.", f->payload[at],
			(const char *)f->payload + at + 1);
	cpr_pen_add(&p, f->payload, f->payload_len);
	bytes[2] = 0x81;
	if (strcmp(name, n->dns_name) == 0) {
		bytes[7] = 1;
		cpr_pen_add(&p, "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x0a\0\0\1", 16);
	} else {
		bytes[3] = 0x83; /* no such name */
	}
	net_udp(n, net_address(SERVER), 53, f->source_port, &p);
}

static inline void net_tcp(
	struct net *n, const struct cpr_frame *f, const uint8_t *bytes, size_t len)
{
	struct cpr_pen p = net_pen(n);
	enum answer a = f->target_port == 6970 ? n->http : n->manager;

	n->resets += (f->tcp_flags & CPR_TCP_RST) != 0;
	if (!(f->tcp_flags & CPR_TCP_SYN) || a == SILENT)
		return;
	if (a == REJECTED) {
		net_reject(n, f, bytes, len);
		return;
	}
	cpr_frame_tcp(&p, n->mac, net_mac, f->target, f->target_port, f->source,
		f->source_port, 7, f->tcp_seq + 1,
		a == ANSWERS ? CPR_TCP_SYN | CPR_TCP_ACK : CPR_TCP_RST | CPR_TCP_ACK);
	net_push(n, &p);
}

static inline bool net_lost(struct net *n)
{
	return n->lose_every && ++n->crossed % n->lose_every == 0;
}

static inline unsigned long net_send(void *arg, const uint8_t *bytes, size_t len)
{
	struct net *n = arg;
	struct cpr_frame f;

	assert_true(cpr_frame_parse(bytes, len, true, &f));
	assert_false(f.checksum_wrong);
	assert_memory_equal(f.from, n->mac, 6);
	if (net_lost(n))
		return ++n->frames;
	if (f.kind == CPR_FRAME_ARP)
		net_arp(n, &f);
	else if (f.kind == CPR_FRAME_TCP)
		net_tcp(n, &f, bytes, len);
	else if (f.kind == CPR_FRAME_ICMP && f.icmp_type == 3)
		n->unreachables++;
	else if (f.kind == CPR_FRAME_ICMP && f.icmp_type == 0)
		n->pings++;
	else if (f.kind == CPR_FRAME_UDP && f.target_port == 67)
		net_dhcp(n, &f);
	else if (f.kind == CPR_FRAME_UDP && f.target_port == 53)
		net_dns(n, &f);
	else if (f.kind == CPR_FRAME_UDP)
		net_tftp(n, &f, bytes, len);
	else
		fail_msg("the phone sent a frame of an unknown kind");
	return ++n->frames;
}

static inline void net_event(void *arg, enum cpr_phone_event what, const char *text,
	uint64_t done, uint64_t total)
{
	struct net *n = arg;

	if (total)
		assert_true(done <= total);
	if (what == CPR_PHONE_SAYS &&
		strlen(n->said) + strlen(text) + 2 < sizeof(n->said))
		strcat(strcat(n->said, text), "\n");
}

/* One turn: what is due, else a frame if one is there, else sleep to the next deadline. */
static inline void net_turn(struct net *n)
{
	if (n->head != n->tail && cpr_phone_deadline(n->phone) > n->now) {
		struct packet *p = &n->queue[n->head++ % 64];

		n->now++;
		if (net_lost(n))
			return;
		cpr_phone_frame(n->phone, p->bytes, p->len, true, ++n->frames, n->now);
	} else {
		uint64_t next = cpr_phone_deadline(n->phone);

		assert_true(next != UINT64_MAX);
		if (next > n->now)
			n->now = next;
		cpr_phone_tick(n->phone, n->now);
	}
}

static inline void net_new(struct net *n, struct cpr_phone_config *config)
{
	struct cpr_phone_host host = {n, net_send, net_event};

	if (!config->model)
		config->model = cpr_model_by_name("7961");
	if (!config->mac[5])
		memcpy(config->mac, (uint8_t[]){0x00, 0x1b, 0x54, 0xaa, 0xbb, 0xcc}, 6);
	memcpy(n->mac, config->mac, 6);
	config->seed = 1;
	config->pause_ms = 2000;
	n->now = 1000000;
	n->port = 33000;
	assert_int_equal(cpr_phone_new(&n->phone, config, &host, n->now), 0);
}

static inline void net_run(struct net *n, struct cpr_phone_config *config)
{
	unsigned turns = 0;

	net_new(n, config);
	while (!cpr_phone_over(n->phone)) {
		net_turn(n);
		assert_true(++turns < 1000000);
	}
}
