/* The engine against damaged and random packets: each kind cut at each length and with bytes
 * changed, in a heap block of exactly that size so that the sanitizer build sees a read beyond
 * it, and all of them in any order with a clock that jumps.  What is found in them does not
 * matter; it has to be well formed. */
#include "doctor-wire.h"

#include "cleanup.h"

enum {
	ROUNDS = 200000,
	LIFE = 3000, /* packets that one doctor sees */
	KINDS_MAX = 64,
};

static struct kind {
	struct cpr_packet k;
	uint8_t *bytes; /* the payload, or what follows the Ethernet header */
	size_t len;
} kinds[KINDS_MAX];
static size_t kinds_n;
static uint32_t seed = 20261122;

static uint32_t pick(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % below;
}

static struct kind *add(const void *bytes, size_t len)
{
	struct kind *kind = &kinds[kinds_n++];

	assert_true(kinds_n <= KINDS_MAX);
	kind->bytes = malloc(len ? len : 1);
	assert_non_null(kind->bytes);
	if (len)
		memcpy(kind->bytes, bytes, len);
	kind->len = len;
	kind->k = (struct cpr_packet){.inner_vlan = -1, .frame = {.vlan = -1}};
	return kind;
}

static void add_udp(const char *from, uint16_t from_port, const char *to,
	uint16_t to_port, const void *bytes, size_t len)
{
	struct cpr_frame *f = &add(bytes, len)->k.frame;

	f->kind = CPR_FRAME_UDP;
	f->source = wire_ip(from);
	f->source_port = from_port;
	f->target = wire_ip(to);
	f->target_port = to_port;
}

static void add_dhcp(const struct wire *w, struct wire_dhcp m, const char *from)
{
	uint8_t bytes[1000];
	size_t n = wire_dhcp_bytes(w, &m, bytes);
	bool answer = strcmp(from, WIRE_SERVER) == 0;

	add_udp(from, answer ? 67 : 68, "255.255.255.255", answer ? 68 : 67, bytes, n);
}

static void add_hex(uint16_t ethertype, const char *hex)
{
	uint8_t bytes[300];
	size_t n = wire_hex(hex, bytes, sizeof(bytes));

	add(bytes, n)->k.ethertype = ethertype ? ethertype : (uint16_t)n;
}

static void add_dns(const char *hex, bool answer)
{
	uint8_t bytes[300];
	size_t n = wire_hex(hex, bytes, sizeof(bytes));

	add_udp(answer ? WIRE_SECOND : WIRE_PHONE, answer ? 53 : 40000,
		answer ? WIRE_PHONE : WIRE_SECOND, answer ? 40000 : 53, bytes, n);
}

static void add_tftp(void)
{
	static const char *const names[] = {"term61.default.loads", "XMLDefault.cnf.xml",
		"SEP001B54AABBCC.cnf.xml", "CTLSEP001B54AABBCC.tlv",
		"jar41sccp.9-4-2ES26.sbn", "/mk-sip.jar"};
	static const uint8_t data[516] = {0, 3, 0, 1, '<', 'D'},
			     error[] = "\0\5\0\1File not found", ack[] = {0, 4, 0, 1},
			     oack[] = "\0\6blksize\0001024";
	uint8_t bytes[200];

	for (size_t i = 0; i < CPR_ARRAY_LEN(names); i++) {
		struct cpr_pen pen = cpr_pen_of(bytes, sizeof(bytes));

		cpr_tftp_rrq(&pen, names[i]);
		add_udp(WIRE_PHONE, 50000, i & 1 ? WIRE_SECOND : WIRE_SERVER,
			CPR_TFTP_PORT, bytes, pen.len);
	}
	add_udp(WIRE_SERVER, 40001, WIRE_PHONE, 50000, data, sizeof(data));
	add_udp(WIRE_SERVER, 40001, WIRE_PHONE, 50000, data, 100);
	add_udp(WIRE_PHONE, 50000, WIRE_SERVER, 40001, ack, sizeof(ack));
	add_udp(WIRE_SERVER, 40001, WIRE_PHONE, 50000, error, sizeof(error));
	add_udp(WIRE_PHONE, 50000, WIRE_SERVER, 40001, error, sizeof(error));
	add_udp(WIRE_SERVER, 40002, WIRE_PHONE, 50000, oack, sizeof(oack));
}

static void add_rest(void)
{
	static const char quote[] =
		"4500001c 00004000 40110000 0a000032 0a000001 c3500045"
		"00080000";
	struct cpr_frame *f;
	uint8_t bytes[64];
	size_t n = wire_hex(quote, bytes, sizeof(bytes));

	f = &add(bytes, n)->k.frame;
	f->kind = CPR_FRAME_ICMP;
	f->icmp_type = f->icmp_code = 3;
	f->source = wire_ip(WIRE_SERVER);
	f->target = wire_ip(WIRE_PHONE);
	for (uint16_t op = 1; op <= 2; op++) {
		f = &add("", 0)->k.frame;
		f->kind = CPR_FRAME_ARP;
		f->arp_op = op;
		memcpy(f->arp_sender, (uint8_t[]){0, 0x1b, 0x54, 0xaa, 0xbb, 0xcc}, 6);
		f->source = wire_ip(op == 1 ? WIRE_PHONE : WIRE_SERVER);
		f->target = wire_ip(op == 1 ? WIRE_SERVER : WIRE_PHONE);
	}
	for (unsigned i = 0; i < 4; i++) {
		f = &add("", 0)->k.frame;
		f->kind = CPR_FRAME_TCP;
		f->tcp_flags = i == 2   ? CPR_TCP_RST
			       : i == 3 ? CPR_TCP_SYN | CPR_TCP_ACK
					: CPR_TCP_SYN;
		f->source = wire_ip(i < 2 ? WIRE_PHONE : WIRE_SERVER);
		f->target = wire_ip(i < 2 ? WIRE_SERVER : WIRE_PHONE);
		f->source_port = i == 0 ? 50001 : i == 1 ? 50002 : 6970;
		f->target_port = i == 0 ? 6970 : i == 1 ? 2000 : 50001;
	}
}

static void make_kinds(void)
{
	const struct wire w = {.mac = {0, 0x1b, 0x54, 0xaa, 0xbb, 0xcc}};
	struct wire_dhcp m = {.xid = 1,
		.requested = WIRE_PHONE,
		.server = WIRE_SERVER,
		.option66 = "tftp.lab",
		.option150 = "0a000001 0a000002",
		.dns = WIRE_SECOND,
		.router = WIRE_ROUTER,
		.sname = "sname"};

	for (uint8_t type = CPR_DHCP_DISCOVER; type <= CPR_DHCP_INFORM; type++) {
		bool answer = type == CPR_DHCP_OFFER || type == CPR_DHCP_ACK ||
			      type == CPR_DHCP_NAK;

		m.type = type;
		m.yiaddr = answer ? WIRE_PHONE : NULL;
		add_dhcp(&w, m, answer ? WIRE_SERVER : "0.0.0.0");
	}
	m.type = CPR_DHCP_ACK;
	m.yiaddr = WIRE_PHONE;
	m.option150 = NULL;
	add_dhcp(&w, m, WIRE_SERVER);
	m.type = CPR_DHCP_REQUEST;
	m.ciaddr = WIRE_PHONE;
	add_dhcp(&w, m, WIRE_PHONE);
	add_hex(0, "aaaa03 00000c 2000 02 b4 0000"
		   "0001 0013 534550303031423534414142424343"
		   "0006 0017 436973636f2049502050686f6e652037393631"
		   "000e 0007 01 0014");
	add_hex(0x88cc, "0206 05 01 0a000032 0602 00b4"
			"0a0f 534550303031423534414142424343 fe08 0012bb 02 01 40296e"
			"fe0c 0012bb 0a 43502d3739363147 0000");
	add_dns("0001 0100 0001 0000 0000 0000 04 74667470 03 6c6162 00 0001 0001",
		false);
	add_dns("0001 8580 0001 0002 0000 0000 04 74667470 03 6c6162 00 0001 0001"
		"c00c 0005 0001 0000003c 0004 01 61 c00c"
		"c024 0001 0001 0000003c 0004 0a000001",
		true);
	add_tftp();
	add_rest();
}

static void feed(struct wire *w, const struct kind *kind, const uint8_t *bytes,
	size_t len, size_t real)
{
	uint8_t *copy = malloc(len ? len : 1);
	struct cpr_packet k = kind->k;

	assert_non_null(copy);
	if (len)
		memcpy(copy, bytes, len);
	k.number = ++w->number;
	k.time_us = w->now_us;
	if (k.frame.kind == CPR_FRAME_OTHER) {
		k.link = copy;
		k.link_len = len;
	} else {
		k.frame.payload = copy;
		k.frame.payload_len = len;
		k.payload_real = real;
	}
	cpr_doctor_feed(w->d, &k);
	free(copy);
}

/* Whatever was seen, what is said of it is bounded and printable. */
static void look(struct wire *w)
{
	for (size_t i = 0; i < w->d->phone_n; i++) {
		const struct cpr_doctor_phone *p = w->d->phone[i];

		wire_faults_of(w, p);
		assert_true(p->dhcp.answer_n <= CPR_DOCTOR_ANSWERS);
		assert_true(p->dhcp.lease < (int)p->dhcp.answer_n);
		assert_true(p->file_n <= CPR_DOCTOR_FILES);
		assert_true(p->call_n <= CPR_DOCTOR_CALLS);
		assert_true(p->story_n <= w->d->config.story_max);
		for (size_t k = 0; k < p->story_n; k++)
			for (const char *c = p->story[k].text; *c; c++)
				assert_true(*c >= ' ' && *c <= '~');
	}
	assert_true(w->d->server_n <= CPR_DOCTOR_SERVERS);
}

static void begin(struct wire *w)
{
	wire_begin(w, &(struct cpr_doctor_config){.phones_max = 40, .story_max = 30});
	wire_lease(w, (struct wire_dhcp){.option66 = "tftp.lab",
			      .dns = WIRE_SECOND,
			      .router = WIRE_ROUTER});
}

static void cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < kinds_n; i++)
		for (size_t len = 0; len <= kinds[i].len; len++) {
			struct wire w;

			begin(&w);
			/* As from a capture with a snap length, and as if it were all. */
			feed(&w, &kinds[i], kinds[i].bytes, len, kinds[i].len);
			feed(&w, &kinds[i], kinds[i].bytes, len, len);
			look(&w);
			wire_end(&w);
		}
}

/* Like real ones for the most part, so that what they say goes deep. */
static void changed_in_any_order(void **state)
{
	struct wire w;
	uint8_t bytes[1200];

	(void)state;
	begin(&w);
	for (unsigned round = 1; round <= ROUNDS; round++) {
		const struct kind *kind = &kinds[pick((uint32_t)kinds_n)];
		size_t len = kind->len;

		memcpy(bytes, kind->bytes, len);
		if (pick(3) == 0 && len)
			len = pick((uint32_t)len + 1);
		for (uint32_t n = pick(4); n && len; n--)
			bytes[pick((uint32_t)len)] = (uint8_t)pick(256);
		if (pick(8) == 0)
			w.now_us -= pick(2000000);
		else
			w.now_us += pick(pick(4) ? 50000 : 9000000);
		feed(&w, kind, bytes, len, kind->len);
		if (round % 64 == 0)
			look(&w);
		if (round % 1000 == 0)
			cpr_doctor_tick(w.d, w.now_us);
		if (round % LIFE == 0) {
			wire_end(&w);
			begin(&w);
		}
	}
	wire_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(changed_in_any_order),
	};
	int failed;

	make_kinds();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	for (size_t i = 0; i < kinds_n; i++)
		free(kinds[i].bytes);
	return failed;
}
