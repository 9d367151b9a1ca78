#include "cleanup.h"
#include "models.h"
#include "phones.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct cpr_phones *make(size_t rows)
{
	struct cpr_phones *p = NULL;

	assert_int_equal(cpr_phones_new(&p, rows), 0);
	assert_non_null(p);
	return p;
}

static void mac_of(uint32_t n, uint8_t mac[6])
{
	const uint8_t bytes[6] = {0, 0x1b, (uint8_t)(n >> 24), (uint8_t)(n >> 16),
		(uint8_t)(n >> 8), (uint8_t)n};

	memcpy(mac, bytes, 6);
}

static uint32_t number_of(const uint8_t mac[6])
{
	return (uint32_t)mac[2] << 24 | (uint32_t)mac[3] << 16 | (uint32_t)mac[4] << 8 |
	       mac[5];
}

static struct cpr_sent see(struct cpr_phones *p, uint32_t n, bool discover, int64_t now)
{
	struct cpr_sent last;
	uint8_t mac[6];

	mac_of(n, mac);
	cpr_phones_seen(p, mac, NULL, discover, now, &last);
	return last;
}

static void answer(struct cpr_phones *p, uint32_t n, uint32_t server, int64_t now)
{
	const struct cpr_answer a = {
		.reason = CPR_REASON_SENT,
		.sent = {.server = {{htonl(server)}}, .n = 1},
	};
	uint8_t mac[6];

	mac_of(n, mac);
	cpr_phones_answered(p, mac, (struct in_addr){htonl(n)}, &a, now);
}

/* One phone's row; false when it is not in the table. */
static bool row_of(struct cpr_phones *p, uint32_t n, struct cpr_phone_row *row)
{
	uint8_t mac[6];
	struct cpr_phones_query q = {.mac = mac, .limit = 1};
	size_t listed, total;

	mac_of(n, mac);
	listed = cpr_phones_list(p, &q, row, &total);
	assert_int_equal(listed, total);
	return total == 1;
}

static const struct loop {
	const char *name;
	int64_t at[10]; /* of DISCOVERs; negative: of a REQUEST; 0 ends */
	uint32_t discovers;
	unsigned loops_at; /* which of them makes it looping, from 1; 0: none */
	bool looping;
} loops[] = {
	{"four", {1, 2, 3, 4}, 4, 0, false},
	{"five", {1, 2, 3, 4, 5}, 5, 5, true},
	{"five within 600 s", {1, 2, 3, 4, 601}, 5, 5, true},
	{"five in 601 s", {1, 2, 3, 4, 602}, 5, 0, false},
	{"the last five of six within 600 s", {1, 400, 500, 600, 700, 1000}, 6, 6, true},
	{"one each 160 s, for ever", {1, 161, 321, 481, 641, 801, 961}, 7, 0, false},
	{"one each 150 s", {1, 151, 301, 451, 601}, 5, 5, true},
	{"it stays so at a slower pace", {1, 2, 3, 4, 5, 604, 1203}, 7, 5, true},
	{"599 s are not quiet", {1, 600, 601, 602, 603}, 5, 0, false},
	{"599 s are not quiet: the next", {1, 600, 601, 602, 603, 604}, 6, 6, true},
	{"600 s are quiet", {1, 2, 3, 4, 604, 605}, 2, 0, false},
	{"over after a quiet time", {1, 2, 3, 4, 5, 605}, 1, 5, false},
	{"again after a quiet time", {1, 2, 3, 4, 5, 605, 606, 607, 608, 609}, 5, 10,
		true},
	{"requests do not count", {1, 2, 3, 4, -5, -6}, 4, 0, false},
	{"renewals end it", {1, 2, 3, 4, 5, -400, -605}, 0, 5, false},
	{"an early renewal does not", {1, 2, 3, 4, 5, -604}, 5, 5, true},
};

static void looping(void **state)
{
	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(loops); i++) {
		const struct loop *l = &loops[i];
		struct cpr_phones *p = make(4);
		struct cpr_phone_row row;
		struct cpr_sent last;
		unsigned at = 0;
		uint8_t mac[6];

		mac_of(1, mac);
		for (unsigned k = 0; k < 10 && l->at[k]; k++)
			if (cpr_phones_seen(
				    p, mac, NULL, l->at[k] > 0, llabs(l->at[k]), &last))
				at = k + 1;
		assert_true(row_of(p, 1, &row));
		if (row.discovers != l->discovers || row.looping != l->looping ||
			at != l->loops_at)
			fail_msg("%s: %u DISCOVERs, looping %d, since %u", l->name,
				row.discovers, row.looping, at);
		cpr_phones_free(p);
	}
}

static void oldest_goes_out(void **state)
{
	struct cpr_phones *p = make(3);
	struct cpr_phone_row row;

	(void)state;
	for (uint32_t n = 1; n <= 3; n++)
		see(p, n, true, n);
	see(p, 1, false, 4);
	see(p, 4, true, 5); /* 2 is the oldest now */
	assert_int_equal(cpr_phones_count(p), 3);
	assert_false(row_of(p, 2, &row));
	assert_true(row_of(p, 1, &row));
	assert_int_equal(row.first_seen, 1);
	assert_int_equal(row.last_seen, 4);
	assert_true(row_of(p, 3, &row));
	assert_true(row_of(p, 4, &row));
	answer(p, 2, 9, 6); /* too late: it does not come back */
	assert_false(row_of(p, 2, &row));
	see(p, 2, false, 7);
	assert_false(row_of(p, 3, &row));
	assert_true(row_of(p, 2, &row));
	assert_int_equal(row.discovers, 0);
	assert_int_equal(row.sent.n, 0);
	assert_int_equal(row.first_seen, 7);
	cpr_phones_free(p);
}

/* Against a list kept by hand: whatever comes, the same phones stay. */
static void one_row_and_more(void **state)
{
	(void)state;
	for (size_t rows = 1; rows <= 9; rows++) {
		struct cpr_phones *p = make(rows);
		uint32_t kept[9], x = 1;
		size_t n = 0;

		for (int k = 0; k < 2000; k++) {
			struct cpr_phone_row row;
			uint32_t mac;
			size_t i = 0;

			x = x * 1103515245 + 12345;
			mac = x >> 16 & 15;
			while (i < n && kept[i] != mac)
				i++;
			assert_int_equal(row_of(p, mac, &row), i < n);
			see(p, mac, false, k);
			if (i == n && n < rows)
				n++;
			i = i == n ? n - 1 : i;
			memmove(kept + 1, kept, i * sizeof(*kept));
			kept[0] = mac;
			assert_int_equal(cpr_phones_count(p), n);
		}
		cpr_phones_free(p);
	}
}

static void no_rows(void **state)
{
	struct cpr_phones *p = make(0);
	struct cpr_phones_query q = {.limit = 1};
	struct cpr_phone_row row;
	uint8_t mac[6];
	size_t total = 7;

	(void)state;
	for (int k = 0; k < 10; k++)
		assert_int_equal(see(p, 1, true, 1).n, 0);
	answer(p, 1, 9, 1);
	assert_int_equal(see(p, 1, false, 1).n, 0);
	assert_int_equal(cpr_phones_list(p, &q, &row, &total), 0);
	assert_int_equal(total, 0);
	assert_int_equal(cpr_phones_count(p), 0);
	cpr_phones_forget_sent(p);
	mac_of(1, mac);
	assert_int_equal(cpr_phones_mark(p, mac, 1, 5), 0);
	assert_true(cpr_phones_marked(p, mac, 4, NULL));
	cpr_phones_free(p);
	assert_null(cpr_phones_free(NULL));
	p = NULL;
	assert_int_equal(cpr_phones_new(&p, SIZE_MAX), -EINVAL);
	assert_null(p);
}

static void remembers_what_was_sent(void **state)
{
	const struct cpr_answer kept = {.reason = CPR_REASON_KEPT_ADMIN};
	struct cpr_phones *p = make(8);
	struct cpr_phone_row row;
	struct cpr_sent last;
	uint8_t mac[6];

	(void)state;
	mac_of(1, mac);
	assert_int_equal(see(p, 1, true, 10).n, 0);
	answer(p, 1, 0x0a000001, 10);
	last = see(p, 1, false, 11);
	assert_int_equal(last.n, 1);
	assert_int_equal(ntohl(last.server[0].s_addr), 0x0a000001);
	cpr_phones_answered(p, mac, (struct in_addr){0}, &kept, 12);
	assert_int_equal(see(p, 1, false, 13).n, 1);
	assert_true(row_of(p, 1, &row));
	assert_int_equal(row.reason, CPR_REASON_KEPT_ADMIN);
	assert_int_equal(row.last_answer, 12);
	assert_int_equal(row.last_seen, 13);
	assert_int_equal(ntohl(row.address.s_addr), 1); /* 0.0.0.0 says nothing new */
	cpr_phones_forget_sent(p);
	assert_int_equal(see(p, 1, false, 14).n, 0);
	assert_true(row_of(p, 1, &row));
	assert_int_equal(row.sent.n, 1); /* the truth about the past stands */
	answer(p, 1, 0x0a000002, 15);
	last = see(p, 1, false, 16);
	assert_int_equal(last.n, 1);
	assert_int_equal(ntohl(last.server[0].s_addr), 0x0a000002);
	cpr_phones_free(p);
}

static void knows_the_model(void **state)
{
	static const char *const sent[] = {"Cisco Systems, Inc. IP Phone CP-7961G",
		"Cisco Systems, Inc. IP Phone", "Cisco Systems, Inc. IP Phone 79XX",
		"Cisco Systems, Inc. IP Phone CP-7961G-GE-and-a-very-long-tail"};
	static const char *const expected[] = {
		"CP-7961G", "CP-7961G", "79XX", "CP-7961G-GE-and-a-very-"};
	struct cpr_phones *p = make(8);
	unsigned id = cpr_model_by_name("7961")->device_id;
	struct cpr_phone_row row;
	struct cpr_sent last;
	struct cpr_vendor v;
	uint8_t mac[6];

	(void)state;
	mac_of(1, mac);
	for (size_t i = 0; i < CPR_ARRAY_LEN(sent); i++) {
		cpr_vendor_parse((const uint8_t *)sent[i], strlen(sent[i]), &v);
		cpr_phones_seen(p, mac, &v, true, 1, &last);
		assert_true(row_of(p, 1, &row));
		assert_string_equal(row.model, expected[i]);
		assert_int_equal(row.device_id, id);
	}
	cpr_phones_free(p);
}

enum {
	LISTED = 5000
};

static void check_pages(
	struct cpr_phones *p, struct cpr_phones_query q, uint32_t step, size_t limit)
{
	_cleanup_(cpr_freep) struct cpr_phone_row *page = calloc(limit, sizeof(*page));
	uint32_t next = 0;
	size_t n, total;

	q.limit = limit;
	memset(q.after, 0, 6);
	while ((n = cpr_phones_list(p, &q, page, &total)) > 0) {
		assert_int_equal(total, (LISTED + step - 1) / step);
		for (size_t i = 0; i < n; i++, next += step)
			assert_int_equal(number_of(page[i].mac), next);
		memcpy(q.after, page[n - 1].mac, 6);
	}
	assert_int_equal(total, (LISTED + step - 1) / step);
	assert_in_range(next, LISTED, LISTED + step - 1);
}

static void lists_by_page(void **state)
{
	struct cpr_phones *p = make(8192);
	struct cpr_vendor v = {.model = cpr_model_by_name("7961")};
	uint8_t mac[6];
	size_t total;

	(void)state;
	/* in an order that is not theirs: 2999 and 5000 share no factor */
	for (uint32_t i = 0, n = 0; i < LISTED; i++, n = (n + 2999) % LISTED) {
		struct cpr_sent last;

		mac_of(n, mac);
		cpr_phones_seen(p, mac, n % 5 ? NULL : &v, true, 1, &last);
		for (int k = 0; n % 7 == 0 && k < 4; k++)
			cpr_phones_seen(p, mac, NULL, true, 2, &last);
	}
	assert_int_equal(cpr_phones_count(p), LISTED);
	for (size_t limit = 1; limit <= 6000; limit = limit * 7 + 1) {
		unsigned id = v.model->device_id;

		check_pages(p, (struct cpr_phones_query){.limit = 0}, 1, limit);
		check_pages(p, (struct cpr_phones_query){.device_id = id}, 5, limit);
		check_pages(p, (struct cpr_phones_query){.looping = true}, 7, limit);
		check_pages(p,
			(struct cpr_phones_query){.looping = true, .device_id = id}, 35,
			limit);
	}
	assert_int_equal(
		cpr_phones_list(p, &(struct cpr_phones_query){.limit = 0}, NULL, &total),
		0);
	assert_int_equal(total, LISTED);
	cpr_phones_free(p);
}

/* A MAC of zeros is on the first page, and only there. */
static void lists_mac_of_zeros(void **state)
{
	static const uint8_t zeros[6], ones[6] = {0, 0, 0, 0, 0, 1};
	struct cpr_phones *p = make(8);
	struct cpr_phones_query q = {.limit = 1};
	struct cpr_phone_row row;
	struct cpr_sent last;
	size_t total;

	(void)state;
	cpr_phones_seen(p, ones, NULL, true, 1, &last);
	cpr_phones_seen(p, zeros, NULL, true, 1, &last);
	assert_int_equal(cpr_phones_list(p, &q, &row, &total), 1);
	assert_memory_equal(row.mac, zeros, 6);
	memcpy(q.after, ones, 6);
	assert_int_equal(cpr_phones_list(p, &q, &row, &total), 0);
	assert_int_equal(total, 2);
	cpr_phones_free(p);
}

static size_t heap_in_use(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

static void a_million_phones_in_65536_rows(void **state)
{
	struct cpr_phones *p = make(65536);
	size_t bytes = cpr_phones_bytes(p), heap = heap_in_use();
	struct cpr_phone_row row;

	(void)state;
	assert_in_range(bytes, 65536 * sizeof(struct cpr_phone_row), 65536 * 160);
	/* The parts fill unevenly: eight tenths are sure to find room. */
	for (uint32_t n = 0; n < 52428; n++)
		see(p, n, true, 1);
	assert_int_equal(cpr_phones_count(p), 52428);
	for (uint32_t n = 0; n < 1000000; n++) {
		see(p, n, true, 2);
		answer(p, n, n, 2);
	}
	assert_int_equal(cpr_phones_count(p), 65536);
	assert_int_equal(cpr_phones_bytes(p), bytes);
	assert_int_equal(heap_in_use(), heap);
	assert_true(row_of(p, 999999, &row));
	assert_false(row_of(p, 0, &row));
	cpr_phones_free(p);
}

static void marks_live_as_long_as_they_should(void **state)
{
	struct cpr_phones *p = make(8);
	struct cpr_phone_mark list[4];
	uint8_t a[6], b[6], c[6];
	int64_t until = 0;

	(void)state;
	mac_of(1, a);
	mac_of(2, b);
	mac_of(3, c);
	assert_false(cpr_phones_marked(p, a, 0, NULL));
	assert_int_equal(cpr_phones_mark(p, b, 10, 20), 0);
	assert_int_equal(cpr_phones_mark(p, c, 10, INT64_MAX), 0);
	assert_int_equal(cpr_phones_mark(p, a, 10, 30), 0);
	assert_int_equal(cpr_phones_mark(p, a, 10, 40), 1);
	assert_true(cpr_phones_marked(p, a, 39, &until));
	assert_int_equal(until, 40);
	assert_false(cpr_phones_marked(p, a, 40, &until));
	assert_true(cpr_phones_marked(p, b, 19, NULL));
	assert_false(cpr_phones_marked(p, b, 20, NULL));
	assert_true(cpr_phones_marked(p, c, INT64_MAX - 1, NULL));
	assert_int_equal(cpr_phones_mark(p, a, 50, 60), 0); /* it was over */
	assert_int_equal(cpr_phones_marks(p, 15, list, 4), 3);
	assert_memory_equal(list[0].mac, a, 6);
	assert_memory_equal(list[1].mac, b, 6);
	assert_memory_equal(list[2].mac, c, 6);
	assert_int_equal(list[0].until, 60);
	assert_int_equal(cpr_phones_marks(p, 25, list, 4), 2);
	assert_int_equal(cpr_phones_marks(p, 25, list, 1), 1);
	assert_true(cpr_phones_unmark(p, c));
	assert_false(cpr_phones_unmark(p, c));
	assert_false(cpr_phones_marked(p, c, 1, NULL));
	assert_true(cpr_phones_unmark(p, a));
	cpr_phones_free(p);
}

static void marks_are_bounded(void **state)
{
	struct cpr_phones *p = make(1);
	uint8_t mac[6];

	(void)state;
	for (uint32_t i = 0, n = 0; i < CPR_RECOVERY_MARKS;
		i++, n = (n + 389) % CPR_RECOVERY_MARKS) {
		mac_of(n, mac);
		assert_int_equal(cpr_phones_mark(p, mac, 0, n % 2 ? 10 : 20), 0);
	}
	mac_of(5000, mac);
	assert_int_equal(cpr_phones_mark(p, mac, 9, 30), -ENOSPC);
	assert_false(cpr_phones_marked(p, mac, 9, NULL));
	assert_int_equal(cpr_phones_mark(p, mac, 10, 30), 0); /* half are over */
	for (uint32_t n = 0; n < CPR_RECOVERY_MARKS; n++) {
		mac_of(n, mac);
		assert_int_equal(cpr_phones_marked(p, mac, 10, NULL), n % 2 == 0);
		assert_int_equal(cpr_phones_unmark(p, mac), n % 2 == 0);
	}
	mac_of(5000, mac);
	assert_true(cpr_phones_marked(p, mac, 10, NULL));
	cpr_phones_free(p);
}

/* Many threads on a table that is too small.  What a row holds is made of its MAC, so that a
 * torn or mixed-up one shows.  cmocka's checks jump: the threads count instead. */
enum {
	CROWD = 6000,
	ROUNDS = 60000,
	LOOPER = 1000000, /* every thread sends its DISCOVERs */
};

struct stress {
	struct cpr_phones *p;
	_Atomic unsigned wrong, loops, walkers;
};

static void *walk(void *arg)
{
	struct stress *s = arg;
	uint32_t x = atomic_fetch_add(&s->walkers, 1) + 1;

	for (uint32_t i = 0; i < ROUNDS; i++) {
		struct cpr_sent last;
		uint8_t mac[6];
		uint32_t n;

		x = x * 1103515245 + 12345;
		n = (x >> 8) % CROWD;
		last = see(s->p, n, i % 3 == 0, 1000);
		if (last.n && ntohl(last.server[0].s_addr) != n)
			s->wrong++;
		mac_of(n, mac);
		if (n % 2 && cpr_phones_marked(s->p, mac, 1000, NULL))
			s->wrong++;
		answer(s->p, n, n, 1000);
		mac_of(LOOPER, mac);
		if (i % 256 == 0 && cpr_phones_seen(s->p, mac, NULL, true, 1000, &last))
			s->loops++;
	}
	return NULL;
}

static void *list(void *arg)
{
	struct stress *s = arg;
	struct cpr_phones_query q = {.limit = 100};
	struct cpr_phone_row page[100];

	for (int k = 0; k < 300; k++) {
		size_t total, n = cpr_phones_list(s->p, &q, page, &total);

		for (size_t i = 0; i < n; i++) {
			uint32_t mac = number_of(page[i].mac);

			if (i && memcmp(page[i - 1].mac, page[i].mac, 6) >= 0)
				s->wrong++;
			if (page[i].sent.n &&
				(ntohl(page[i].address.s_addr) != mac ||
					ntohl(page[i].sent.server[0].s_addr) != mac))
				s->wrong++;
		}
		if (n)
			memcpy(q.after, page[n - 1].mac, 6);
		else
			memset(q.after, 0, 6);
		if (total > 4096 || cpr_phones_count(s->p) > 4096)
			s->wrong++;
		cpr_phones_forget_sent(s->p);
	}
	return NULL;
}

static void *mark(void *arg)
{
	struct stress *s = arg;
	struct cpr_phone_mark marks[CPR_RECOVERY_MARKS];

	for (uint32_t i = 0; i < ROUNDS / 6; i++) {
		uint32_t n = i * 2 % 1600;
		uint8_t mac[6];

		mac_of(n, mac);
		if (cpr_phones_mark(s->p, mac, 1000, 2000) < 0 ||
			!cpr_phones_marked(s->p, mac, 1000, NULL))
			s->wrong++;
		if (i % 3 && !cpr_phones_unmark(s->p, mac))
			s->wrong++;
		if (i % 64 == 0)
			cpr_phones_marks(s->p, 1000, marks, CPR_RECOVERY_MARKS);
	}
	return NULL;
}

static void many_threads(void **state)
{
	static void *(*const work[])(void *) = {walk, walk, walk, list, mark};
	pthread_t thread[CPR_ARRAY_LEN(work)];
	struct stress s = {.p = make(4096)};
	size_t bytes = cpr_phones_bytes(s.p);

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(work); i++)
		assert_int_equal(pthread_create(&thread[i], NULL, work[i], &s), 0);
	for (size_t i = 0; i < CPR_ARRAY_LEN(work); i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	assert_int_equal(s.wrong, 0);
	assert_int_equal(s.loops, 1); /* one of them made it looping, no other */
	assert_int_equal(cpr_phones_count(s.p), 4096);
	assert_int_equal(cpr_phones_bytes(s.p), bytes);
	cpr_phones_free(s.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(looping),
		cmocka_unit_test(oldest_goes_out),
		cmocka_unit_test(one_row_and_more),
		cmocka_unit_test(no_rows),
		cmocka_unit_test(remembers_what_was_sent),
		cmocka_unit_test(knows_the_model),
		cmocka_unit_test(lists_by_page),
		cmocka_unit_test(lists_mac_of_zeros),
		cmocka_unit_test(a_million_phones_in_65536_rows),
		cmocka_unit_test(marks_live_as_long_as_they_should),
		cmocka_unit_test(marks_are_bounded),
		cmocka_unit_test(many_threads),
	};

	return cmocka_run_group_tests_name("phones", tests, NULL, NULL);
}
