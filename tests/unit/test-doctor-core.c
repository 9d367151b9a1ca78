/* The engine's table of phones, its stories and its verdicts. */
#include "doctor-wire.h"

#include "cleanup.h"

static void discover(struct wire *w, uint32_t n)
{
	w->mac[2] = 0;
	memcpy(w->mac + 3, (uint8_t[]){(uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n},
		3);
	wire_dhcp(w, (struct wire_dhcp){.type = CPR_DHCP_DISCOVER, .xid = n});
}

static void many_phones_few_places(void **state)
{
	enum {
		PHONES = 100000,
		PLACES = 1000
	};
	struct wire w;
	size_t over;

	(void)state;
	wire_begin(&w, &(struct cpr_doctor_config){.phones_max = PLACES});
	for (uint32_t i = 0; i < PHONES; i++)
		discover(&w, i);
	assert_int_equal(cpr_doctor_phones(w.d), PLACES);
	assert_true(cpr_doctor_phones_over(w.d) <= PHONES - PLACES);
	assert_true(cpr_doctor_phones_over(w.d) >= (PHONES - PLACES) / 10 * 9);
	/* One of them again is no other one. */
	over = cpr_doctor_phones_over(w.d);
	discover(&w, PHONES - 1);
	assert_int_equal(cpr_doctor_phones_over(w.d), over);
	for (uint32_t i = 0; i < PLACES; i++) {
		uint8_t mac[6] = {0, 0x1b, 0, 0, (uint8_t)(i >> 8), (uint8_t)i};

		assert_ptr_equal(cpr_phones_by_mac(w.d, mac), cpr_doctor_phone(w.d, i));
	}
	wire_end(&w);
}

/* Each phone moves through many addresses; the index holds one of each at a time. */
static void addresses_move(void **state)
{
	enum {
		PHONES = 300,
		MOVES = 40
	};
	struct wire w;
	uint32_t seed = 1;
	uint32_t at[PHONES];

	(void)state;
	wire_begin(&w, NULL);
	for (uint32_t i = 0; i < PHONES; i++)
		discover(&w, i);
	for (uint32_t move = 0; move < MOVES; move++)
		for (uint32_t i = 0; i < PHONES; i++) {
			seed = seed * 1103515245 + 12345;
			/* So few that they take each other's. */
			at[i] = htonl(0x0a000000 + (seed >> 8) % (2 * PHONES));
			cpr_phones_address(w.d, w.d->phone[i], (struct in_addr){at[i]});
			for (uint32_t k = 0; k < i; k++)
				if (at[k] == at[i])
					at[k] = 0;
		}
	for (uint32_t i = 0; i < PHONES; i++)
		if (at[i])
			assert_ptr_equal(cpr_phones_by_ip(w.d, (struct in_addr){at[i]}),
				w.d->phone[i]);
	wire_end(&w);
}

static void two_phones_one_address(void **state)
{
	struct wire w;
	struct cpr_doctor_phone *a, *b;

	(void)state;
	wire_begin(&w, NULL);
	a = wire_lease(&w, (struct wire_dhcp){.option150 = "0a000001"});
	w.mac[5]++;
	b = wire_lease(&w, (struct wire_dhcp){.option150 = "0a000001"});
	assert_ptr_not_equal(a, b);
	assert_ptr_equal(cpr_phones_by_ip(w.d, wire_ip(WIRE_PHONE)), b);
	assert_int_equal(a->ip.s_addr, b->ip.s_addr);
	/* The first moves on: the address stays the second's. */
	w.mac[5]--;
	wire_lease(
		&w, (struct wire_dhcp){.yiaddr = "10.0.0.51", .option150 = "0a000001"});
	assert_ptr_equal(cpr_phones_by_ip(w.d, wire_ip(WIRE_PHONE)), b);
	assert_ptr_equal(cpr_phones_by_ip(w.d, wire_ip("10.0.0.51")), a);
	wire_end(&w);
}

/* Known by its address, then by its MAC. */
static void a_phone_gets_its_name(void **state)
{
	struct wire w;
	struct cpr_doctor_phone *p, *q;
	const struct cpr_packet k = {.number = 1};
	uint8_t other[6] = {2, 0, 0, 0, 0, 1};

	(void)state;
	wire_begin(&w, NULL);
	p = cpr_phones_add(w.d, (uint8_t[6]){0}, &k);
	q = cpr_phones_add(w.d, (uint8_t[6]){0}, &k);
	assert_non_null(p);
	assert_non_null(q);
	assert_null(cpr_phones_by_mac(w.d, (uint8_t[6]){0}));
	cpr_phones_address(w.d, p, wire_ip(WIRE_PHONE));
	/* Its renewal tells the MAC. */
	wire_dhcp(&w, (struct wire_dhcp){.type = CPR_DHCP_REQUEST,
			      .xid = 7,
			      .ciaddr = WIRE_PHONE,
			      .to = WIRE_SERVER});
	assert_ptr_equal(w.p, p);
	assert_ptr_equal(cpr_phones_by_mac(w.d, w.mac), p);
	assert_false(cpr_phones_name(w.d, q, w.mac));
	assert_false(cpr_phones_name(w.d, p, other));
	assert_true(cpr_phones_name(w.d, q, other));
	wire_end(&w);
}

static void servers_are_bounded(void **state)
{
	struct wire w;
	const struct cpr_doctor_server *s;

	(void)state;
	wire_begin(&w, NULL);
	for (uint32_t i = 1; i < 1000; i++)
		cpr_servers_seen(w.d, (struct in_addr){htonl(i)}, CPR_SERVER_DHCP);
	assert_int_equal(cpr_doctor_servers(w.d, &s), CPR_DOCTOR_SERVERS);
	assert_non_null(
		cpr_servers_seen(w.d, (struct in_addr){htonl(1)}, CPR_SERVER_TFTP));
	assert_int_equal(s[0].roles, CPR_SERVER_DHCP | CPR_SERVER_TFTP);
	assert_null(cpr_servers_seen(w.d, (struct in_addr){htonl(5000)}, 0));
	wire_end(&w);
}

static void stories_are_bounded(void **state)
{
	struct wire w;
	struct cpr_doctor_phone *p;

	(void)state;
	wire_begin(&w, &(struct cpr_doctor_config){.story_max = 50});
	for (uint32_t i = 0; i < 80; i++) {
		wire_wait(&w, 4000);
		wire_dhcp(&w, (struct wire_dhcp){.type = CPR_DHCP_DISCOVER, .xid = i});
	}
	p = w.d->phone[0];
	assert_int_equal(p->story_n, 50);
	assert_int_equal(p->story_left_out, 30);
	assert_string_equal(p->story[0].text, "DISCOVER");
	assert_int_equal(p->story[49].first.number, 50);
	wire_end(&w);

	wire_begin(&w, &(struct cpr_doctor_config){0});
	wire_lease(&w, (struct wire_dhcp){.option66 = "tftp\033[2J"});
	assert_int_equal(w.d->phone[0]->story_n, 0);
	wire_end(&w);
}

static void strangers_text_is_printable(void **state)
{
	struct wire w;
	struct cpr_doctor_phone *p;

	(void)state;
	wire_begin(&w, NULL);
	wire_lease(&w, (struct wire_dhcp){.option66 = "tftp\033[2J\n", .sname = "\a\b"});
	p = w.d->phone[0];
	for (size_t i = 0; i < p->story_n; i++)
		for (const char *c = p->story[i].text; *c; c++)
			assert_true(*c >= ' ' && *c <= '~');
	assert_string_equal(p->dhcp.answer[0].option66, "tftp?[2J?");
	assert_string_equal(p->dhcp.answer[0].sname, "??");
	wire_end(&w);
}

static void every_fault_has_its_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < CPR_FAULT_N; i++) {
		const struct cpr_fault *f = &cpr_faults[i];

		assert_non_null(f->name);
		assert_non_null(f->why);
		assert_non_null(f->remedy);
		assert_non_null(f->source);
		assert_non_null(f->look);
		assert_true(strlen(f->why) > 80);
		assert_false(f->causes >> i & 1);
		assert_false(f->causes >> CPR_FAULT_N);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(cpr_faults[k].name, f->name);
	}
}

/* The first and the last ones stay, in order, each once. */
static void frames_of_a_verdict(void **state)
{
	static const uint64_t order[] = {5, 1, 0, 9, 5, 3, 7, 2, 8, 4, 6, 10, 11};
	_cleanup_(cpr_verdicts_clear) struct cpr_verdicts v = {0};
	struct cpr_verdict *row =
		cpr_verdicts_add(&v, CPR_FAULT_DHCP_LATE, "%d packets", 11);

	(void)state;
	assert_non_null(row);
	for (size_t i = 0; i < CPR_ARRAY_LEN(order); i++)
		cpr_verdict_frame(row, order[i]);
	assert_int_equal(row->frame_n, CPR_VERDICT_FRAMES);
	assert_int_equal(row->frame[0], 1);
	assert_int_equal(row->frame[CPR_VERDICT_FRAMES - 1], 11);
	for (size_t i = 1; i < row->frame_n; i++)
		assert_true(row->frame[i] > row->frame[i - 1]);
	cpr_verdict_frame(NULL, 1);
	cpr_verdict_remedy(NULL, "nothing");
	assert_string_equal(row->remedy, cpr_faults[CPR_FAULT_DHCP_LATE].remedy);
	cpr_verdict_remedy(row, "do %s", "this");
	assert_string_equal(row->remedy, "do this");
}

static void dropped_rows_leave_the_others(void **state)
{
	_cleanup_(cpr_verdicts_clear) struct cpr_verdicts v = {0};

	(void)state;
	cpr_verdicts_add(&v, CPR_FAULT_DHCP_LATE, "a");
	cpr_verdicts_add(&v, CPR_FAULT_TFTP_NO_ANSWER, "b");
	cpr_verdicts_add(&v, CPR_FAULT_TFTP_STALLED, "c");
	cpr_verdicts_drop(&v, UINT32_C(1) << CPR_FAULT_TFTP_NO_ANSWER);
	assert_int_equal(v.n, 2);
	assert_string_equal(v.row[0].text, "a");
	assert_string_equal(v.row[1].text, "c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_phones_few_places),
		cmocka_unit_test(addresses_move),
		cmocka_unit_test(two_phones_one_address),
		cmocka_unit_test(a_phone_gets_its_name),
		cmocka_unit_test(servers_are_bounded),
		cmocka_unit_test(stories_are_bounded),
		cmocka_unit_test(strangers_text_is_printable),
		cmocka_unit_test(every_fault_has_its_row),
		cmocka_unit_test(frames_of_a_verdict),
		cmocka_unit_test(dropped_rows_leave_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
