/* What the engine sees of DHCP, and the faults in it.  Each row is a little capture, and the
 * faults that shall be found when it is over. */
#include "doctor-wire.h"

#include "cleanup.h"
#include "plan.h"
#include "site.h"

#define ROUTED                                                                        \
	{                                                                             \
		.option150 = "c0a80a69", .router = WIRE_ROUTER, .server = WIRE_SERVER \
	}

static void say(struct wire *w, uint8_t type, uint32_t xid)
{
	wire_dhcp(w, (struct wire_dhcp){.type = type,
			     .xid = xid,
			     .yiaddr = type == CPR_DHCP_OFFER || type == CPR_DHCP_ACK
					       ? WIRE_PHONE
					       : NULL,
			     .server = type == CPR_DHCP_REQUEST ? WIRE_SERVER : NULL,
			     .option150 = "0a000001"});
}

static void discovers(struct wire *w, unsigned n, unsigned every_ms)
{
	for (unsigned i = 0; i < n; i++) {
		if (i)
			wire_wait(w, every_ms);
		say(w, CPR_DHCP_DISCOVER, 77);
	}
}

static void release(struct wire *w)
{
	wire_wait(w, 100);
	wire_dhcp(w, (struct wire_dhcp){.type = CPR_DHCP_RELEASE,
			     .xid = 99,
			     .ciaddr = WIRE_PHONE,
			     .server = WIRE_SERVER,
			     .to = WIRE_SERVER});
}

static void renewal(struct wire *w, struct wire_dhcp m)
{
	wire_wait(w, 1800000);
	wire_dhcp(w, (struct wire_dhcp){.type = CPR_DHCP_REQUEST,
			     .xid = (uint32_t)w->number + 5000,
			     .ciaddr = WIRE_PHONE,
			     .to = WIRE_SERVER});
	m.type = CPR_DHCP_ACK;
	m.xid = (uint32_t)w->number + 4999;
	m.ciaddr = m.yiaddr = WIRE_PHONE;
	wire_wait(w, 5);
	wire_dhcp(w, m);
}

static void four_discovers(struct wire *w)
{
	discovers(w, 4, 4000);
}

static void three_discovers(struct wire *w)
{
	discovers(w, 3, 4000);
	wire_wait(w, 60000);
	cpr_doctor_tick(w->d, w->now_us);
}

static void many_at_once(struct wire *w)
{
	discovers(w, 9, 1000);
}

static void late(struct wire *w)
{
	discovers(w, 8, 4000);
	wire_wait(w, 100);
	say(w, CPR_DHCP_OFFER, 77);
	say(w, CPR_DHCP_REQUEST, 77);
	say(w, CPR_DHCP_ACK, 77);
}

/* Among others who are offered an address while it waits. */
static void late_among_others(struct wire *w, unsigned n)
{
	discovers(w, 1, 0);
	for (unsigned i = 1; i < n; i++) {
		w->mac[5]++;
		wire_wait(w, 3900);
		wire_lease(w, (struct wire_dhcp){.option150 = "0a000001"});
		w->mac[5]--;
		wire_wait(w, 60);
		discovers(w, 1, 0);
	}
}

static void a_busy_server(struct wire *w)
{
	late_among_others(w, 5);
	say(w, CPR_DHCP_OFFER, 77);
}

static void too_busy_a_server(struct wire *w)
{
	late_among_others(w, 9);
	say(w, CPR_DHCP_OFFER, 77);
}

static void passed_over(struct wire *w)
{
	late_among_others(w, 9);
}

static void third_answered(struct wire *w)
{
	discovers(w, 3, 4000);
	say(w, CPR_DHCP_OFFER, 77);
}

static void late_and_the_end(struct wire *w)
{
	discovers(w, 8, 4000);
	say(w, CPR_DHCP_OFFER, 77);
}

static void a_second_late(struct wire *w)
{
	discovers(w, 2, 4000);
	wire_wait(w, 100);
	wire_lease(w, (struct wire_dhcp){.option150 = "0a000001"});
}

/* A phone beside it, untagged, gets an OFFER. */
static void wrong_vlan(struct wire *w)
{
	w->vlan = 20;
	discovers(w, 4, 4000);
	w->vlan = -1;
	w->mac[5]++;
	wire_lease(w, (struct wire_dhcp){.option150 = "0a000001"});
}

static void behind_a_relay(struct wire *w)
{
	for (unsigned i = 0; i < 4; i++) {
		wire_dhcp(w, (struct wire_dhcp){.type = CPR_DHCP_DISCOVER,
				     .xid = 8,
				     .giaddr = "10.9.0.1",
				     .from = "10.9.0.1",
				     .to = WIRE_SERVER});
		wire_wait(w, 4000);
	}
}

static void rounds_that_end(struct wire *w, uint8_t with)
{
	for (uint32_t i = 0; i < 9; i++) {
		say(w, CPR_DHCP_DISCOVER, i);
		say(w, CPR_DHCP_OFFER, i);
		say(w, CPR_DHCP_REQUEST, i);
		if (with == CPR_DHCP_DECLINE)
			say(w, CPR_DHCP_ACK, i);
		if (with)
			say(w, with, i);
		wire_wait(w, 4000);
	}
}

static void refused(struct wire *w)
{
	rounds_that_end(w, CPR_DHCP_NAK);
}

static void declined(struct wire *w)
{
	rounds_that_end(w, CPR_DHCP_DECLINE);
}

static void not_acknowledged(struct wire *w)
{
	rounds_that_end(w, 0);
}

static void offers_ignored(struct wire *w)
{
	for (uint32_t i = 0; i < 9; i++) {
		say(w, CPR_DHCP_DISCOVER, i);
		say(w, CPR_DHCP_OFFER, i);
		wire_wait(w, 4000);
	}
}

/* The same address as others, three times, then one of its own. */
static void refused_for_others(struct wire *w)
{
	for (uint32_t i = 0; i < 3; i++) {
		say(w, CPR_DHCP_DISCOVER, i);
		say(w, CPR_DHCP_OFFER, i);
		say(w, CPR_DHCP_REQUEST, i);
		say(w, CPR_DHCP_NAK, i);
		wire_wait(w, 5000);
	}
	wire_lease(w, (struct wire_dhcp){.option150 = "0a000001"});
}

static void one_refusal(struct wire *w)
{
	say(w, CPR_DHCP_DISCOVER, 1);
	say(w, CPR_DHCP_OFFER, 1);
	say(w, CPR_DHCP_REQUEST, 1);
	say(w, CPR_DHCP_NAK, 1);
	wire_wait(w, 1000);
	wire_lease(w, (struct wire_dhcp){.option150 = "0a000001"});
}

/* Two OFFERs to one DISCOVER. */
static void two_offers(struct wire *w, struct wire_dhcp a, struct wire_dhcp b)
{
	say(w, CPR_DHCP_DISCOVER, 5);
	a.type = b.type = CPR_DHCP_OFFER;
	a.xid = b.xid = 5;
	a.yiaddr = WIRE_PHONE;
	b.yiaddr = "10.0.0.60";
	b.server = WIRE_SECOND;
	wire_dhcp(w, a);
	wire_wait(w, 3);
	wire_dhcp(w, b);
	say(w, CPR_DHCP_REQUEST, 5);
	a.type = CPR_DHCP_ACK;
	wire_dhcp(w, a);
}

static void rivals(struct wire *w)
{
	two_offers(w, (struct wire_dhcp){.option150 = "0a000001"},
		(struct wire_dhcp){.siaddr = WIRE_SECOND});
}

static void rival_with_nothing(struct wire *w)
{
	two_offers(w, (struct wire_dhcp){0}, (struct wire_dhcp){.option150 = "0a000001"});
	release(w);
}

static void brothers(struct wire *w)
{
	two_offers(w, (struct wire_dhcp){.option150 = "0a000001"},
		(struct wire_dhcp){.siaddr = WIRE_SERVER});
}

static void brothers_in_turn(struct wire *w)
{
	two_offers(w, (struct wire_dhcp){.option150 = "0a000001 0a000002"},
		(struct wire_dhcp){.option150 = "0a000002 0a000001"});
}

static void brothers_and_a_rival(struct wire *w)
{
	brothers(w);
	wire_dhcp(w, (struct wire_dhcp){.type = CPR_DHCP_OFFER,
			     .xid = 5,
			     .yiaddr = "10.0.0.70",
			     .server = "10.0.0.3",
			     .siaddr = "10.0.0.3"});
}

static void nothing_and_release(struct wire *w)
{
	wire_lease(w, (struct wire_dhcp){0});
	release(w);
}

static void nothing_and_again(struct wire *w)
{
	wire_lease(w, (struct wire_dhcp){0});
	wire_wait(w, 5000);
	say(w, CPR_DHCP_DISCOVER, 6);
}

static void nothing_and_quiet(struct wire *w)
{
	wire_lease(w, (struct wire_dhcp){.option150 = "00000000"});
	wire_wait(w, 31000);
	cpr_doctor_tick(w->d, w->now_us);
}

static void nothing_yet(struct wire *w)
{
	wire_lease(w, (struct wire_dhcp){0});
}

/* Its server is stored in it, and speaks HTTP. */
static void nothing_and_http(struct wire *w)
{
	wire_lease(w, (struct wire_dhcp){0});
	wire_tcp(w, WIRE_PHONE, 50001, "10.0.0.9", 6970, CPR_TCP_SYN);
	wire_tcp(w, "10.0.0.9", 6970, WIRE_PHONE, 50001, CPR_TCP_SYN | CPR_TCP_ACK);
	release(w);
}

static void renewed_otherwise(struct wire *w)
{
	wire_lease(w, (struct wire_dhcp){.option150 = "0a000001"});
	wire_rrq(w, WIRE_SERVER, "SEP001B54AABBCC.cnf.xml");
	renewal(w, (struct wire_dhcp){.option150 = "0a000002"});
}

static void renewed_with_nothing(struct wire *w)
{
	wire_lease(
		w, (struct wire_dhcp){.option150 = "0a000001", .option66 = "10.0.0.1"});
	wire_rrq(w, WIRE_SERVER, "SEP001B54AABBCC.cnf.xml");
	renewal(w, (struct wire_dhcp){.option66 = "10.0.0.1"});
	renewal(w, (struct wire_dhcp){.option150 = "0a000001", .option66 = "10.0.0.1"});
}

static void renewed_alike(struct wire *w)
{
	wire_lease(w, (struct wire_dhcp){.option150 = "0a000001", .dns = WIRE_SERVER});
	wire_rrq(w, WIRE_SERVER, "SEP001B54AABBCC.cnf.xml");
	renewal(w, (struct wire_dhcp){.option150 = "0a000001", .siaddr = WIRE_SECOND});
	renewal(w, (struct wire_dhcp){.option150 = "0a000001", .dns = WIRE_SECOND});
}

/* A phone that has run for long, when the capture begins. */
static void renewals_alone(struct wire *w)
{
	renewal(w, (struct wire_dhcp){0});
	renewal(w, (struct wire_dhcp){0});
	wire_wait(w, 600000);
	cpr_doctor_tick(w->d, w->now_us);
}

/* "192.168.10.105" */
static void text_in_150(struct wire *w)
{
	wire_lease(w, (struct wire_dhcp){.option150 = "3139322e3136382e31302e313035"});
	release(w);
}

/* "192.168.10.1", which has a length that three addresses have */
static void text_of_twelve_in_150(struct wire *w)
{
	wire_lease(w, (struct wire_dhcp){.option150 = "3139322e3136382e31302e31"});
}

static void five_bytes_in_150(struct wire *w)
{
	wire_lease(w, (struct wire_dhcp){.option150 = "0a00000100"});
}

/* Four addresses and a byte. */
static void seventeen_bytes_in_150(struct wire *w)
{
	wire_lease(w, (struct wire_dhcp){
			      .option150 = "0a000001 0a000002 0a000003 0a000004 00"});
}

/* Of which two count. */
static void three_in_150(struct wire *w)
{
	wire_lease(
		w, (struct wire_dhcp){
			   .option150 = "0a000001 0a000002 0a000003 0a000004 0a000005"});
}

/* Somebody's: there is no filter that lets DHCP pass alone. */
static void a_packet_beside(struct wire *w)
{
	wire_arp(w, 1, (const uint8_t[6]){2, 0, 0, 0, 0, 9}, "10.0.0.9", "10.0.0.8");
}

static void reversed(struct wire *w)
{
	a_packet_beside(w);
	wire_lease(w, (struct wire_dhcp){.option150 = "0100000a", .router = WIRE_ROUTER});
	release(w);
}

static void reversed_and_no_more(struct wire *w)
{
	wire_lease(w, (struct wire_dhcp){.option150 = "0100000a", .router = WIRE_ROUTER});
}

/* 192.168.154.6 comes of 0x69AA8C0, which was to be 0x690AA8C0. */
static void zero_lost(struct wire *w)
{
	wire_lease(w, (struct wire_dhcp){.option150 = "c0a89a06", .router = WIRE_ROUTER});
}

static void far_server(struct wire *w)
{
	wire_lease(w, (struct wire_dhcp)ROUTED);
}

/* 10.0.1.10 reversed is 10.1.0.10, and it is at home where it is. */
static void palindrome(struct wire *w)
{
	wire_lease(w, (struct wire_dhcp){.option150 = "0a00000a", .router = WIRE_ROUTER});
	release(w);
}

/* RFC 1035: id 1, recursion desired, one question: tftp.lab, type A, class IN */
static const char question[] = "0001 0100 0001 0000 0000 0000"
			       "04 74667470 03 6c6162 00 0001 0001";
/* the same, no such name */
static const char no_such_name[] = "0001 8583 0001 0000 0000 0000"
				   "04 74667470 03 6c6162 00 0001 0001";
/* the same, with an alias and its address 10.0.0.1 */
static const char an_address[] = "0001 8580 0001 0002 0000 0000"
				 "04 74667470 03 6c6162 00 0001 0001"
				 "c00c 0005 0001 0000003c 0004 01 61 c00c"
				 "c024 0001 0001 0000003c 0004 0a000001";

static void dns(struct wire *w, const char *hex)
{
	uint8_t bytes[200];
	size_t n = wire_hex(hex, bytes, sizeof(bytes));

	wire_wait(w, 4000);
	if (hex == question)
		wire_udp(w, WIRE_PHONE, 40000, WIRE_SECOND, 53, bytes, n);
	else
		wire_udp(w, WIRE_SECOND, 53, WIRE_PHONE, 40000, bytes, n);
}

static void name_unknown(struct wire *w)
{
	wire_lease(w, (struct wire_dhcp){.option66 = "tftp.lab", .dns = WIRE_SECOND});
	dns(w, question);
	dns(w, no_such_name);
	release(w);
}

static void name_unanswered(struct wire *w)
{
	wire_lease(w, (struct wire_dhcp){.option66 = "TFTP", .dns = WIRE_SECOND});
	dns(w, question);
	dns(w, question);
	dns(w, question);
	release(w);
}

static void name_without_dns(struct wire *w)
{
	wire_lease(w, (struct wire_dhcp){.option66 = "tftp.lab"});
	release(w);
}

static void name_found(struct wire *w)
{
	wire_lease(w, (struct wire_dhcp){.option66 = "tftp.lab", .dns = WIRE_SECOND});
	dns(w, question);
	dns(w, an_address);
	release(w);
}

static void name_asked(struct wire *w)
{
	wire_lease(w, (struct wire_dhcp){.option66 = "tftp.lab", .dns = WIRE_SECOND});
	dns(w, question);
}

static void rounds(struct wire *w, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (i)
			wire_wait(w, 3000);
		wire_lease(w, (struct wire_dhcp){.option150 = "0a000001"});
	}
}

static void never_asks(struct wire *w)
{
	a_packet_beside(w);
	rounds(w, 3);
}

static void dhcp_alone(struct wire *w)
{
	rounds(w, 5);
	wire_wait(w, 91000);
	cpr_doctor_tick(w->d, w->now_us);
}

static void dhcp_alone_reversed(struct wire *w)
{
	wire_lease(w, (struct wire_dhcp){.option150 = "0100000a", .router = WIRE_ROUTER});
	release(w);
}

static void may_yet_ask(struct wire *w)
{
	rounds(w, 2);
}

static void quiet_for_long(struct wire *w)
{
	a_packet_beside(w);
	rounds(w, 1);
	wire_wait(w, 91000);
	cpr_doctor_tick(w->d, w->now_us);
}

/* Its own idea of a server, and an answer from there. */
static void asks_another(struct wire *w)
{
	rounds(w, 1);
	wire_rrq(w, "10.0.0.9", "term61.default.loads");
	wire_udp(w, "10.0.0.9", 40001, WIRE_PHONE, 50000, "\0\3\0\1text", 8);
}

static void asks_the_second(struct wire *w)
{
	wire_lease(w, (struct wire_dhcp){.option150 = "0a000001 0a000002"});
	wire_rrq(w, WIRE_SECOND, "term61.default.loads");
}

/* DHCP leaves it to the phone. */
static void knows_its_server(struct wire *w)
{
	wire_lease(w, (struct wire_dhcp){0});
	wire_rrq(w, "10.0.0.9", "term61.default.loads");
	rounds(w, 1);
}

/* The capture does not hold the ACK after the move. */
static void asks_after_a_request(struct wire *w)
{
	rounds(w, 1);
	say(w, CPR_DHCP_REQUEST, 100);
	wire_rrq(w, "10.0.0.9", "term61.default.loads");
}

static void asked_once(struct wire *w)
{
	rounds(w, 1);
	wire_rrq(w, WIRE_SERVER, "term61.default.loads");
	wire_udp(w, WIRE_SERVER, 40001, WIRE_PHONE, 50000, "\0\3\0\1text", 8);
	rounds(w, 5);
}

static void name_unknown_but_next_server(struct wire *w)
{
	wire_lease(w, (struct wire_dhcp){.option66 = "tftp.lab",
			      .dns = WIRE_SECOND,
			      .siaddr = WIRE_SERVER});
	dns(w, question);
	dns(w, no_such_name);
	wire_rrq(w, WIRE_SERVER, "term61.default.loads");
}

static void name_found_next_server(struct wire *w)
{
	wire_lease(w, (struct wire_dhcp){.option66 = "tftp.lab",
			      .dns = WIRE_SECOND,
			      .siaddr = WIRE_SERVER});
	dns(w, question);
	dns(w, an_address);
	wire_rrq(w, WIRE_SERVER, "term61.default.loads");
}

/* An OFFER, then the server is gone. */
static void one_offer_then_none(struct wire *w)
{
	discovers(w, 1, 0);
	say(w, CPR_DHCP_OFFER, 77);
	wire_wait(w, 4000);
	discovers(w, 4, 4000);
}

/* Its packets go where this capture is not: those of the relay alone are seen. */
static void seen_behind_a_relay(struct wire *w)
{
	for (uint32_t i = 1; i < 5; i++) {
		struct wire_dhcp m = {.type = CPR_DHCP_DISCOVER,
			.xid = i,
			.giaddr = "10.0.0.254",
			.from = "10.0.0.254",
			.to = "10.9.0.1"};

		wire_dhcp(w, m);
		m.type = CPR_DHCP_REQUEST;
		m.server = "10.9.0.1";
		wire_dhcp(w, m);
		m.type = CPR_DHCP_ACK;
		m.yiaddr = WIRE_PHONE;
		m.option150 = "0a000001";
		wire_dhcp(w, m);
		wire_wait(w, 100000);
	}
}

/* It looks for its server, and what it says to it alone does not pass here: a capture on the
 * DHCP server's host.  The answers to ARP do not pass either. */
static void seen_from_aside(struct wire *w)
{
	for (unsigned round = 0; round < 5; round++) {
		wire_lease(w, (struct wire_dhcp){.option150 = "0a000002"});
		wire_arp(w, 1, w->mac, WIRE_PHONE, WIRE_SECOND);
		wire_wait(w, 100000);
	}
}

/* It looks for its server and pings it (ICMP echo), and that is all. */
static void pings_and_no_more(struct wire *w)
{
	for (unsigned round = 0; round < 3; round++) {
		uint8_t bytes[100];
		struct cpr_pen pen = cpr_pen_of(bytes, sizeof(bytes));

		wire_lease(w, (struct wire_dhcp){.option150 = "0a000002"});
		wire_arp(w, 1, w->mac, WIRE_PHONE, WIRE_SECOND);
		cpr_frame_icmp(&pen, wire_server_mac, w->mac, wire_ip(WIRE_PHONE),
			wire_ip(WIRE_SECOND), 8, 0, 1, "ping", 4);
		wire_frame(w, bytes, pen.len);
	}
}

/* Of all that the servers say nothing passes here. */
static void one_side_alone(struct wire *w)
{
	for (uint32_t i = 0; i < 5; i++) {
		say(w, CPR_DHCP_DISCOVER, i);
		wire_wait(w, 100);
		say(w, CPR_DHCP_REQUEST, i);
		wire_wait(w, 90000);
	}
}

/* It remembers an address, nobody knows it, and it gets another one. */
static void remembers_an_address(struct wire *w)
{
	for (unsigned i = 0; i < 3; i++) {
		wire_dhcp(w, (struct wire_dhcp){.type = CPR_DHCP_REQUEST,
				     .xid = 3,
				     .requested = "10.9.9.9"});
		wire_wait(w, 4000);
	}
	wire_lease(w, (struct wire_dhcp){.option150 = "0a000001"});
}

static void second_one_reversed(struct wire *w)
{
	wire_lease(w, (struct wire_dhcp){.option150 = "0a000001 0200000a"});
}

static void asks_the_third(struct wire *w)
{
	wire_lease(w, (struct wire_dhcp){.option150 = "0a000001 0a000002 0a000003"});
	wire_rrq(w, "10.0.0.3", "term61.default.loads");
}

/* It would ask, and does not find the way. */
static void arp_in_vain(struct wire *w)
{
	for (unsigned round = 0; round < 4; round++) {
		wire_lease(w, (struct wire_dhcp){.option150 = "0a000001"});
		for (unsigned i = 0; i < (round == 3 ? 1 : 4); i++) {
			wire_arp(w, 1, w->mac, WIRE_PHONE, WIRE_SERVER);
			wire_wait(w, 4000);
		}
	}
}

static void calls_by_http(struct wire *w)
{
	for (unsigned round = 0; round < 4; round++) {
		wire_lease(w, (struct wire_dhcp){.option150 = "0a000001"});
		w->p->http.n++;
		wire_wait(w, 60000);
	}
}

static void damaged(struct wire *w)
{
	wire_dhcp(w, (struct wire_dhcp){
			     .type = CPR_DHCP_DISCOVER, .xid = 1, .vendor = "79XX"});
}

static const struct row {
	const char *name;
	void (*script)(struct wire *w);
	const char *faults;
	const char *says;    /* in a text or a remedy */
	const char *planned; /* with a plan: its TFTP server */
} rows[] = {
	{"four DISCOVERs in 12 s", four_discovers, "dhcp-no-offer",
		"4 times in 12 s, untagged", NULL},
	{"three DISCOVERs, however long ago", three_discovers, "", NULL, NULL},
	{"nine DISCOVERs in 8 s", many_at_once, "", NULL, NULL},
	{"an OFFER after 28 s", late, "dhcp-late", "8 times before one was offered, 28 s",
		NULL},
	{"an OFFER after 16 s among others", a_busy_server, "", NULL, NULL},
	{"an OFFER after the third DISCOVER", third_answered, "", NULL, NULL},
	{"an OFFER after 34 s among others", too_busy_a_server, "dhcp-late",
		"other phones were offered theirs meanwhile", NULL},
	{"none among others", passed_over, "dhcp-no-offer",
		"offered none while other phones were", NULL},
	{"an OFFER after 28 s, and the end", late_and_the_end, "dhcp-late", NULL, NULL},
	{"an OFFER after 4 s", a_second_late, "", NULL, NULL},
	{"OFFERs in another VLAN", wrong_vlan, "dhcp-no-offer",
		"in VLAN 20, and no server answers there; one does untagged", NULL},
	{"a relay without a server", behind_a_relay, "dhcp-no-offer", "relay 10.9.0.1",
		NULL},
	{"NAK after each OFFER", refused, "dhcp-no-offer", "(NAK)", NULL},
	{"each address is in use", declined, "dhcp-no-offer", "declined", NULL},
	{"OFFERs without an ACK", not_acknowledged, "dhcp-no-offer",
		"no server acknowledged", NULL},
	{"OFFERs that are not taken", offers_ignored, "dhcp-no-offer",
		"does not take what is offered", NULL},
	{"three NAKs and an address", refused_for_others, "", NULL, NULL},
	{"one NAK", one_refusal, "", NULL, NULL},
	{"two servers, two TFTP servers", rivals, "dhcp-two-servers",
		"10.0.0.1 gives TFTP server 10.0.0.1 (option 150), and 10.0.0.2 gives TFTP "
		"server 10.0.0.2 (next server (siaddr))",
		NULL},
	{"the rival knows none", rival_with_nothing, "dhcp-two-servers", "no TFTP server",
		NULL},
	{"two servers, one TFTP server", brothers, "", NULL, NULL},
	{"two servers, two TFTP servers in turn", brothers_in_turn, "", NULL, NULL},
	{"two servers alike and a third", brothers_and_a_rival, "dhcp-two-servers",
		"10.0.0.3", NULL},
	{"no TFTP server, files by HTTP", nothing_and_http, "", NULL, NULL},
	{"no TFTP server, given back", nothing_and_release, "dhcp-no-tftp-server",
		"gives it 10.0.0.50 and no TFTP server", NULL},
	{"no TFTP server, with a plan", nothing_and_release, "dhcp-no-tftp-server",
		"cpr-conf option150 10.0.0.7 ", "10.0.0.7"},
	{"no TFTP server, begins anew", nothing_and_again, "dhcp-no-tftp-server", NULL,
		NULL},
	{"no TFTP server, 31 s", nothing_and_quiet, "dhcp-no-tftp-server", NULL, NULL},
	{"no TFTP server, and the end", nothing_yet, "", NULL, NULL},
	{"another TFTP server in a renewal", renewed_otherwise, "dhcp-not-renewed-alike",
		"10.0.0.2 (option 150)", NULL},
	{"a renewal without option 150", renewed_with_nothing, "dhcp-not-renewed-alike",
		"10.0.0.1 (option 66)", NULL},
	{"what is no matter in a renewal", renewed_alike, "", NULL, NULL},
	{"renewals before all", renewals_alone, "", NULL, NULL},
	{"text in option 150", text_in_150, "option150-wrong-type",
		"cpr-conf option150 192.168.10.105 ", NULL},
	{"text of twelve bytes", text_of_twelve_in_150, "option150-wrong-type",
		"the text \"192.168.10.1\"", NULL},
	{"five bytes", five_bytes_in_150, "option150-wrong-type", "5 bytes long", NULL},
	{"seventeen bytes", seventeen_bytes_in_150, "option150-wrong-type",
		"17 bytes long", NULL},
	{"five addresses", three_in_150, "", NULL, NULL},
	{"bytes in reverse", reversed, "option150-byte-order",
		"is 1.0.0.10: that is 10.0.0.1 with its bytes in reverse", NULL},
	{"bytes in reverse, and the end", reversed_and_no_more, "", NULL, NULL},
	{"bytes in reverse, with a plan", reversed_and_no_more, "option150-byte-order",
		"10.0.0.1", "10.0.0.1"},
	{"bytes in reverse, of another's plan", reversed_and_no_more, "", NULL,
		"10.0.0.7"},
	{"a zero lost", zero_lost, "option150-byte-order",
		"that is 192.168.10.105 with a zero lost", "192.168.10.105"},
	{"a zero lost, without a plan", zero_lost, "", NULL, NULL},
	{"a server behind the router", far_server, "", NULL, "192.168.10.105"},
	{"bytes that read the same in reverse", palindrome, "", NULL, NULL},
	{"no such name", name_unknown, "option66-unresolved",
		"DNS server 10.0.0.2 has no address for it", NULL},
	{"a name without an answer", name_unanswered, "option66-unresolved",
		"did not answer, asked 3 times", NULL},
	{"a name without DNS", name_without_dns, "option66-unresolved", "option 6)",
		NULL},
	{"a name with an address", name_found, "", NULL, NULL},
	{"a name asked for", name_asked, "", NULL, NULL},
	{"three boots, no request", never_asks, "phone-never-asks", "2 times over", NULL},
	{"nothing but DHCP", dhcp_alone, "", NULL, NULL},
	{"bytes in reverse and nothing but DHCP", dhcp_alone_reversed, "", NULL, NULL},
	{"two boots, no request yet", may_yet_ask, "", NULL, NULL},
	{"91 s without a request", quiet_for_long, "phone-never-asks", "for 91 s", NULL},
	{"requests could not be seen", seen_behind_a_relay, "", NULL, NULL},
	{"seen from aside", seen_from_aside, "", NULL, NULL},
	{"a ping to the server and no more", pings_and_no_more, "phone-never-asks", NULL,
		NULL},
	{"answers are not seen", one_side_alone, "", NULL, NULL},
	{"an address that it remembers", remembers_an_address, "", NULL, NULL},
	{"the second one in reverse", second_one_reversed, "option150-byte-order",
		"is 2.0.0.10: that is 10.0.0.2 ", WIRE_SECOND},
	{"asks its third server", asks_the_third, "", NULL, NULL},
	{"no way to the server", arp_in_vain, "tftp-no-answer", "nobody is 10.0.0.1",
		NULL},
	{"files by HTTP", calls_by_http, "", NULL, NULL},
	{"asks another server", asks_another, "tftp-other-server",
		"the phone asks 10.0.0.9", NULL},
	{"asks another server, with a plan", asks_another, "tftp-other-server",
		"not in the site file either", WIRE_SERVER},
	{"asks its second server", asks_the_second, "", NULL, NULL},
	{"DHCP names none, and it knows one", knows_its_server, "", NULL, NULL},
	{"a lease that was not seen", asks_after_a_request, "", NULL, NULL},
	{"asked once, boots five times", asked_once, "", NULL, NULL},
	{"no such name, asks the next server", name_unknown_but_next_server,
		"option66-unresolved", "tftp.lab", NULL},
	{"a name with the next server's address", name_found_next_server, "", NULL, NULL},
	{"one OFFER, then none", one_offer_then_none, "dhcp-no-offer",
		"4 times in 12 s, untagged, and no server offered", NULL},
	{"79XX", damaged, "phone-damaged", "\"79XX\"", NULL},
};

static void faults(void **state)
{
	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		const struct row *r = &rows[i];
		struct in_addr server = wire_ip(r->planned);
		struct cpr_site site = {.tftp_server = &server, .tftp_server_n = 1};
		struct cpr_plan plan = {.site = &site};
		struct cpr_doctor_config config = {
			.plan = r->planned ? &plan : NULL, .story_max = 50};
		struct wire w;

		wire_begin(&w, &config);
		r->script(&w);
		if (strcmp(wire_faults(&w), r->faults) != 0)
			fail_msg("%s: found \"%s\", expected \"%s\"", r->name, w.said,
				r->faults);
		if (r->says && !wire_says(&w, r->says))
			fail_msg("%s: does not say \"%s\"", r->name, r->says);
		wire_end(&w);
	}
}

/* The 80 bytes of options that the firmware of a 7941G writes into its DISCOVER. */
static void a_real_discover(void **state)
{
	/* 53 DISCOVER, 61 Ethernet 00:1b:54:aa:bb:cc, 12 SEP001B54AABBCC,
	 * 60 "Cisco Systems, Inc. IP Phone CP-7941G" and a NUL, 55 1 66 6 3 15 150 35, pad */
	static const char options[] =
		"350101 3d0701001b54aabbcc 0c0f534550303031423534414142424343"
		"3c26436973636f2053797374656d732c20496e632e2049502050686f6e652043502d3739"
		"34314700 37070142 06030f9623 00 ff";
	/* op 1, Ethernet, xid, secs 0, broadcast; four addresses; chaddr */
	static const char head[] =
		"01010600 0000cafe 0000 8000 00000000 00000000 00000000"
		"00000000 001b54aabbcc";
	uint8_t bytes[548] = {0};
	struct wire w;
	struct cpr_doctor_phone *p;

	(void)state;
	wire_begin(&w, NULL);
	wire_hex(head, bytes, sizeof(bytes));
	wire_hex("63825363", bytes + 236, 4);
	wire_hex(options, bytes + 240, sizeof(bytes) - 240);
	p = wire_udp(&w, "0.0.0.0", 68, "255.255.255.255", 67, bytes, sizeof(bytes));
	assert_non_null(p);
	assert_memory_equal(p->mac, w.mac, 6);
	assert_string_equal(p->vendor, "CP-7941G");
	assert_string_equal(p->name, "SEP001B54AABBCC");
	assert_string_equal(p->model->model, "7941");
	assert_string_equal(p->model_from, "option 60");
	assert_int_equal(p->stage, CPR_STAGE_DHCP);
	assert_int_equal(p->dhcp.discovers, 1);
	assert_int_equal(p->dhcp.xid, 0xcafe);
	wire_end(&w);
}

/* A relay between two segments that the capture both sees: all comes twice, with and without
 * its address, and counts once.  The phone's own repetition counts. */
static void copies_count_once(void **state)
{
	struct wire w;
	const struct cpr_dhcp_facts *f;

	(void)state;
	wire_begin(&w, NULL);
	for (unsigned again = 0; again < 2; again++) {
		static const uint8_t types[] = {CPR_DHCP_DISCOVER, CPR_DHCP_OFFER,
			CPR_DHCP_REQUEST, CPR_DHCP_ACK};

		for (size_t i = 0; i < 4; i++) {
			struct wire_dhcp m = {.type = types[i],
				.xid = 4,
				.server = i ? WIRE_SERVER : NULL,
				.yiaddr = i & 1 ? WIRE_PHONE : NULL,
				.option150 = i & 1 ? "0a000001" : NULL};

			wire_dhcp(&w, m);
			wire_wait(&w, 2);
			m.giaddr = WIRE_ROUTER;
			m.from = WIRE_ROUTER;
			wire_dhcp(&w, m);
			wire_wait(&w, 10);
		}
		wire_wait(&w, 4000);
	}
	f = &w.d->phone[0]->dhcp;
	assert_int_equal(w.d->phone_n, 1);
	assert_int_equal(f->discovers, 2);
	assert_int_equal(f->requests, 2);
	assert_int_equal(f->acks, 2);
	assert_int_equal(f->answer_n, 2);
	assert_int_equal(f->answer[0].n, 2);
	assert_int_equal(f->relay.s_addr, wire_ip(WIRE_ROUTER).s_addr);
	assert_int_equal(w.d->phone[0]->story_n, 8);
	assert_string_equal(wire_faults(&w), "");
	wire_end(&w);
}

/* Whoever says that it is a phone is one; its messages stay its own without saying so again. */
static void who_is_a_phone(void **state)
{
	struct wire w;

	(void)state;
	wire_begin(&w, NULL);
	assert_null(wire_dhcp(&w,
		(struct wire_dhcp){.type = CPR_DHCP_DISCOVER, .xid = 1, .plain = true}));
	say(&w, CPR_DHCP_DISCOVER, 2);
	assert_int_equal(w.d->phone_n, 1);
	wire_wait(&w, 4000);
	assert_non_null(wire_dhcp(&w,
		(struct wire_dhcp){.type = CPR_DHCP_DISCOVER, .xid = 3, .plain = true}));
	assert_int_equal(w.d->phone[0]->dhcp.discovers, 2);
	/* A 6901 has no model in its vendor class; its name gives it away. */
	w.mac[5]++;
	assert_non_null(wire_dhcp(&w,
		(struct wire_dhcp){.type = CPR_DHCP_DISCOVER, .xid = 3, .vendor = "\n"}));
	assert_int_equal(w.d->phone_n, 2);
	assert_null(w.d->phone[1]->model);
	/* A group address is nobody's. */
	w.mac[0] = 1;
	assert_null(
		wire_dhcp(&w, (struct wire_dhcp){.type = CPR_DHCP_DISCOVER, .xid = 4}));
	wire_end(&w);
}

/* What a capture with a short snap length holds of an answer says nothing of what it lacks:
 * cut inside an option, or between two. */
static void cut_answers(void **state)
{
	static const size_t lengths[] = {254, 255};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(lengths); i++) {
		struct wire_dhcp m = {.type = CPR_DHCP_ACK,
			.xid = 3,
			.yiaddr = WIRE_PHONE,
			.server = WIRE_SERVER};
		struct cpr_packet k = {.number = 4, .inner_vlan = -1};
		uint8_t bytes[1000];
		struct wire w;

		wire_begin(&w, NULL);
		say(&w, CPR_DHCP_DISCOVER, 3);
		say(&w, CPR_DHCP_OFFER, 3);
		say(&w, CPR_DHCP_REQUEST, 3);
		k.time_us = w.now_us;
		k.payload_real = wire_dhcp_bytes(&w, &m, bytes);
		k.frame = (struct cpr_frame){.kind = CPR_FRAME_UDP,
			.vlan = -1,
			.source = wire_ip(WIRE_SERVER),
			.source_port = 67,
			.target_port = 68,
			.payload = bytes,
			.payload_len = lengths[i]};
		w.number++;
		cpr_doctor_feed(w.d, &k);
		release(&w);
		assert_true(w.d->phone[0]->dhcp.answer[1].cut);
		assert_int_equal(w.d->phone[0]->dhcp.acks, 1);
		assert_string_equal(wire_faults(&w), "");
		wire_end(&w);
	}
}

/* Somebody else has it: what comes from there is not the phone's. */
static void declined_address(void **state)
{
	struct wire w;

	(void)state;
	wire_begin(&w, NULL);
	wire_lease(&w, (struct wire_dhcp){.option150 = "0a000001"});
	assert_ptr_equal(cpr_phones_by_ip(w.d, wire_ip(WIRE_PHONE)), w.d->phone[0]);
	say(&w, CPR_DHCP_DECLINE, 3);
	assert_null(cpr_phones_by_ip(w.d, wire_ip(WIRE_PHONE)));
	assert_int_equal(w.d->phone[0]->ip.s_addr, 0);
	assert_null(cpr_lease_answer(w.d->phone[0]));
	wire_end(&w);
}

/* More answers than there are rows: the lease in force keeps its own. */
static void too_many_answers(void **state)
{
	struct wire w;
	char address[16];
	const struct cpr_doctor_phone *p;

	(void)state;
	wire_begin(&w, NULL);
	wire_lease(&w, (struct wire_dhcp){.option150 = "0a000001"});
	p = w.d->phone[0];
	for (unsigned i = 0; i < 50; i++) {
		snprintf(address, sizeof(address), "10.0.3.%u", i + 1);
		wire_wait(&w, 1000);
		wire_dhcp(&w, (struct wire_dhcp){.type = CPR_DHCP_OFFER,
				      .xid = i,
				      .yiaddr = address,
				      .server = address});
		assert_int_equal(
			cpr_lease_answer(p)->yiaddr.s_addr, wire_ip(WIRE_PHONE).s_addr);
	}
	assert_int_equal(p->dhcp.answer_n, CPR_DOCTOR_ANSWERS);
	assert_true(p->dhcp.answer_more > 0);
	wire_end(&w);
}

/* Of lost packets only what rests on an absence is in doubt. */
static void lost_packets(void **state)
{
	struct wire w;
	struct cpr_verdicts v;

	(void)state;
	wire_begin(&w, NULL);
	four_discovers(&w);
	cpr_doctor_judge(w.d, w.d->phone[0], &v);
	assert_false(v.row[0].incomplete);
	cpr_verdicts_clear(&v);
	cpr_doctor_lost(w.d, 3);
	cpr_doctor_judge(w.d, w.d->phone[0], &v);
	assert_true(v.row[0].incomplete);
	cpr_verdicts_clear(&v);
	wire_end(&w);
}

/* Ended anywhere, no capture shows what it does not show in the end.  Of two it cannot hold:
 * an address that comes late is one that does not come, until then. */
static void ends_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		const struct row *r = &rows[i];
		struct wire w;

		if (strcmp(r->faults, "") != 0)
			continue;
		/* These scripts have no fault; let each of their packets be the last. */
		wire_begin(&w, NULL);
		w.healthy = true;
		r->script(&w);
		wire_end(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(faults),
		cmocka_unit_test(a_real_discover),
		cmocka_unit_test(copies_count_once),
		cmocka_unit_test(who_is_a_phone),
		cmocka_unit_test(cut_answers),
		cmocka_unit_test(declined_address),
		cmocka_unit_test(too_many_answers),
		cmocka_unit_test(lost_packets),
		cmocka_unit_test(ends_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
