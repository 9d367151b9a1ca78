/* What the engine sees beside DHCP and TFTP: CDP, LLDP-MED, DNS, ARP and ICMP. */
#include "doctor-wire.h"

#include "cleanup.h"
#include "models.h"

/* IEEE 802.3 with LLC and SNAP (00000c 2000: CDP), version 2, 180 s, checksum; then type and
 * length of each part, the length with these four bytes. */
#define CDP "aaaa03 00000c 2000 02 b4 0000"

/* Device-ID SEP001B54AABBCC, capabilities "phone", version SCCP41.9-4-2SR3-1S, platform
 * Cisco IP Phone 7961 */
static const char cdp_phone[] =
	CDP "0001 0013 534550303031423534414142424343 0004 0008 00000490"
	    "0005 0016 5343435034312e392d342d325352332d3153"
	    "0006 0017 436973636f2049502050686f6e652037393631";
/* Device-ID sw1, platform cisco WS-C3560, voice VLAN 20 */
static const char cdp_switch[] = CDP "0001 0007 737731"
				     "0006 0012 636973636f2057532d4333353630"
				     "000e 0007 01 0014";
/* LLDP: seven bits of type and nine of length.  Chassis 10.0.0.50, port 001B54AABBCC:P1, 180 s,
 * name SEP001B54AABBCC, policy of TIA-1057: voice, tagged, VLAN 20, priority 5, DSCP 46;
 * software SCCP41.9-4-2SR3-1S, model CP-7961G; end */
static const char lldp_phone[] =
	"0206 05 01 0a000032 0410 07 303031423534414142424343 3a5031 0602 00b4"
	"0a0f 534550303031423534414142424343 fe08 0012bb 02 01 40296e"
	"fe16 0012bb 06 5343435034312e392d342d325352332d3153"
	"fe0c 0012bb 0a 43502d3739363147 0000";
/* A switch: chassis by MAC, port by name, policy: voice, tagged, VLAN 30 */
static const char lldp_switch[] = "0207 04 525400000001 0404 05 676931 0602 0078"
				  "fe08 0012bb 02 01 403d6e 0000";
/* the same, "unknown policy" */
static const char lldp_unknown[] = "0207 04 525400000001 0404 05 676931 0602 0078"
				   "fe08 0012bb 02 01 c03d6e 0000";

static struct cpr_doctor_phone *say(
	struct wire *w, const char *hex, const uint8_t from[6], unsigned padding)
{
	uint8_t bytes[600] = {1, 0, 0xc, 0xcc, 0xcc, 0xcc};
	size_t n = wire_hex(hex, bytes + 14, sizeof(bytes) - 14 - padding);

	memcpy(bytes + 6, from, 6);
	bytes[12] = hex[0] == 'a' ? (uint8_t)(n >> 8) : 0x88;
	bytes[13] = hex[0] == 'a' ? (uint8_t)n : 0xcc;
	return wire_frame(w, bytes, 14 + n + padding);
}

static void a_phone_by_cdp(void **state)
{
	struct wire w;
	struct cpr_doctor_phone *p;

	(void)state;
	wire_begin(&w, NULL);
	p = say(&w, cdp_phone, w.mac, 7);
	assert_non_null(p);
	assert_memory_equal(p->mac, w.mac, 6);
	assert_int_equal(p->stage, CPR_STAGE_DARK);
	assert_string_equal(p->model->model, "7961");
	assert_string_equal(p->model_from, "CDP");
	assert_string_equal(
		p->story[0].text, "CDP: Cisco IP Phone 7961 SCCP41.9-4-2SR3-1S");
	say(&w, cdp_phone, w.mac, 0);
	assert_int_equal(p->story_n, 1);
	/* DHCP is for the same phone, and knows better what it is. */
	assert_ptr_equal(wire_dhcp(&w, (struct wire_dhcp){.type = CPR_DHCP_DISCOVER,
					       .xid = 1,
					       .vendor = "CP-7961G-GE"}),
		p);
	assert_string_equal(p->model->model, "7961G-GE");
	assert_string_equal(p->model_from, "option 60");
	assert_string_equal(wire_faults(&w), "");
	wire_end(&w);
}

static void a_phone_by_lldp(void **state)
{
	struct wire w;
	struct cpr_doctor_phone *p;

	(void)state;
	wire_begin(&w, NULL);
	p = say(&w, lldp_phone, w.mac, 0);
	assert_non_null(p);
	assert_memory_equal(p->mac, w.mac, 6);
	assert_string_equal(p->model->model, "7961");
	assert_string_equal(p->model_from, "LLDP");
	assert_int_equal(p->voice_vlan, 20);
	assert_int_equal(p->voice_vlan_seen.number, 1);
	wire_end(&w);
}

/* The switch is no phone; what it says is for those that ask for an address then. */
static void voice_vlan_of_the_switch(void **state)
{
	static const struct {
		const char *says;
		int vlan;
	} rows[] = {{cdp_switch, 20}, {lldp_switch, 30}, {lldp_unknown, -1}};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		struct wire w;

		wire_begin(&w, NULL);
		assert_null(say(&w, rows[i].says, wire_server_mac, 0));
		assert_int_equal(w.d->phone_n, 0);
		assert_int_equal(w.d->voice_vlan, rows[i].vlan);
		for (unsigned k = 0; k < 4; k++) {
			wire_dhcp(&w,
				(struct wire_dhcp){.type = CPR_DHCP_DISCOVER, .xid = 1});
			wire_wait(&w, 4000);
		}
		assert_int_equal(w.d->phone[0]->voice_vlan, rows[i].vlan);
		assert_string_equal(wire_faults(&w), "dhcp-no-offer");
		if (rows[i].vlan == 20)
			assert_true(wire_says(&w, "the voice VLAN of its port is 20"));
		wire_end(&w);
	}
}

/* Who neither calls itself SEP and its MAC nor is of a phone's model is none. */
static void no_phones(void **state)
{
	struct wire w;

	(void)state;
	wire_begin(&w, NULL);
	say(&w, CDP "0001 0007 737731 0006 000c 4149522d4150 3132", w.mac, 0);
	/* SEP and eleven digits */
	say(&w, CDP "0001 0012 5345503030314235344141424243 43", w.mac, 0);
	say(&w, CDP "0001 ffff 5345503030314235344141424243 43", w.mac, 0);
	say(&w, CDP "0001 0000", w.mac, 0);
	say(&w, "aaaa03 00000c 2003 02 b4 0000", w.mac, 0);
	say(&w, "0a0f 5345", w.mac, 0);
	assert_int_equal(w.d->phone_n, 0);
	wire_end(&w);
}

static const struct cpr_dhcp_facts *leased(struct wire *w, const char *second)
{
	wire_lease(w, (struct wire_dhcp){.option150 = second, .router = WIRE_ROUTER});
	return &w->p->dhcp;
}

static void arp_for_nobody(void **state)
{
	static const uint8_t other[6] = {2, 0, 0, 0, 0, 9};
	struct wire w;
	const struct cpr_doctor_phone *p;

	(void)state;
	wire_begin(&w, NULL);
	leased(&w, "0a000001");
	p = w.p;
	/* Somebody who is not on the way, a probe, an announcement, another one's question. */
	wire_arp(&w, 1, w.mac, WIRE_PHONE, "10.0.0.77");
	wire_arp(&w, 1, w.mac, "0.0.0.0", WIRE_SERVER);
	wire_arp(&w, 1, w.mac, WIRE_PHONE, WIRE_PHONE);
	wire_arp(&w, 1, other, "10.0.0.9", WIRE_SERVER);
	assert_int_equal(p->arp.unanswered.n, 0);
	for (unsigned i = 0; i < 3; i++) {
		wire_arp(&w, 1, w.mac, WIRE_PHONE, WIRE_SERVER);
		wire_wait(&w, 1000);
	}
	assert_int_equal(p->arp.unanswered.n, 3);
	assert_int_equal(p->arp.address.s_addr, wire_ip(WIRE_SERVER).s_addr);
	/* The router is asked for, too, once: the longer run stays. */
	wire_arp(&w, 1, w.mac, WIRE_PHONE, WIRE_ROUTER);
	assert_int_equal(p->arp.address.s_addr, wire_ip(WIRE_SERVER).s_addr);
	/* An answer. */
	wire_arp(&w, 2, wire_server_mac, WIRE_SERVER, WIRE_PHONE);
	assert_int_equal(p->arp.unanswered.n, 0);
	assert_int_equal(cpr_arp_worst(p)->unanswered.n, 0);
	/* Not an answer, but a packet that goes there. */
	wire_arp(&w, 1, w.mac, WIRE_PHONE, WIRE_SERVER);
	wire_rrq(&w, WIRE_SERVER, "term61.default.loads");
	assert_int_equal(p->arp.unanswered.n, 0);
	/* Questions minutes apart are asked by one who was answered unseen. */
	for (unsigned i = 0; i < 9; i++) {
		wire_arp(&w, 1, w.mac, WIRE_PHONE, WIRE_SERVER);
		wire_wait(&w, 60000);
	}
	assert_int_equal(p->arp.unanswered.n, 1);
	assert_int_equal(cpr_arp_worst(p)->unanswered.n, 1);
	wire_end(&w);
}

/* Through the router to a far server: its packets tell that the router was found. */
static void arp_for_the_router(void **state)
{
	struct wire w;
	const struct cpr_doctor_phone *p;

	(void)state;
	wire_begin(&w, NULL);
	leased(&w, "c0a80a69");
	p = w.p;
	for (unsigned i = 0; i < 2; i++) {
		wire_arp(&w, 1, w.mac, WIRE_PHONE, WIRE_ROUTER);
		wire_wait(&w, 1000);
	}
	assert_int_equal(p->arp.unanswered.n, 2);
	wire_rrq(&w, "192.168.10.105", "term61.default.loads");
	assert_int_equal(p->arp.unanswered.n, 0);
	wire_end(&w);
}

/* The address of a phone that was heard of by CDP alone. */
static void arp_tells_the_address(void **state)
{
	struct wire w;
	const struct cpr_doctor_phone *p;

	(void)state;
	wire_begin(&w, NULL);
	p = say(&w, cdp_phone, w.mac, 0);
	wire_arp(&w, 1, w.mac, "10.0.0.33", WIRE_SERVER);
	assert_ptr_equal(cpr_phones_by_ip(w.d, wire_ip("10.0.0.33")), p);
	wire_arp(&w, 1, w.mac, "10.0.0.34", WIRE_SERVER);
	assert_null(cpr_phones_by_ip(w.d, wire_ip("10.0.0.34")));
	wire_end(&w);
}

/* Of the phone's request, and of the server's packet to the phone. */
static void unreachable(void **state)
{
	struct wire w;
	const struct cpr_doctor_phone *p;

	(void)state;
	wire_begin(&w, NULL);
	leased(&w, "0a000001");
	p = w.p;
	wire_rrq(&w, WIRE_SERVER, "term61.default.loads");
	assert_ptr_equal(wire_unreachable(&w, WIRE_SERVER, 3, WIRE_PHONE, 50000,
				 WIRE_SERVER, CPR_TFTP_PORT),
		p);
	assert_int_equal(p->file[0].unreachable.number, w.number);
	/* Of packets that are none of a phone's. */
	assert_null(wire_unreachable(
		&w, WIRE_SERVER, 3, "10.0.0.99", 50000, WIRE_SERVER, CPR_TFTP_PORT));
	wire_end(&w);
}

/* A message that quotes too little, or no IPv4. */
static void unreachable_in_pieces(void **state)
{
	/* IPv4, 20 bytes of header, UDP from 10.0.0.50 port 50000 to 10.0.0.1 port 69 */
	static const char quote[] =
		"4500001c 00004000 40110000 0a000032 0a000001 c3500045";
	uint8_t quoted[24], bytes[100];
	struct wire w;

	(void)state;
	wire_begin(&w, NULL);
	leased(&w, "0a000001");
	wire_rrq(&w, WIRE_SERVER, "term61.default.loads");
	assert_int_equal(wire_hex(quote, quoted, sizeof(quoted)), 24);
	for (size_t n = 0; n <= 24 + 2; n++) {
		struct cpr_pen pen = cpr_pen_of(bytes, sizeof(bytes));
		size_t len = n < 24 ? n : 24;

		quoted[0] = n == 25 ? 0x65 : n == 26 ? 0x41 : 0x45;
		cpr_frame_icmp(&pen, w.mac, wire_server_mac, wire_ip(WIRE_SERVER),
			wire_ip(WIRE_PHONE), 3, 3, 0, quoted, len);
		if (n == 24)
			assert_non_null(wire_frame(&w, bytes, pen.len));
		else
			assert_null(wire_frame(&w, bytes, pen.len));
	}
	wire_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_phone_by_cdp),
		cmocka_unit_test(a_phone_by_lldp),
		cmocka_unit_test(voice_vlan_of_the_switch),
		cmocka_unit_test(no_phones),
		cmocka_unit_test(arp_for_nobody),
		cmocka_unit_test(arp_for_the_router),
		cmocka_unit_test(arp_tells_the_address),
		cmocka_unit_test(unreachable),
		cmocka_unit_test(unreachable_in_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
