/* The bench's watch: the doctor's state machine where nobody answers as call manager. */
#include "../../recover/watch.h"

#include "doctor-files.h"

/* The story is told to the bench's own doctor. */
static struct story begin(struct cpr_bench_watch *w)
{
	struct story s = story_begin();

	cpr_doctor_freep(&s.w.d);
	assert_int_equal(cpr_bench_watch_begin(w, 0), 0);
	s.w.d = w->doctor;
	return s;
}

static void end(struct story *s, struct cpr_bench_watch *w)
{
	story_end(s);
	w->doctor = NULL;
}

static uint64_t now_ms(const struct story *s)
{
	return s->w.now_us / 1000;
}

static struct cpr_doctor_phone *recovers(struct story *s)
{
	struct cpr_doctor_phone *p = story_lease(s);

	story_fetch_own(s, TERM);
	story_images(s);
	assert_int_equal(p->stage, CPR_STAGE_REBOOTING);
	story_wait(s, 60000);
	return p;
}

static void call(struct story *s, const char *to, uint16_t port)
{
	uint8_t frame[100];
	struct cpr_pen p = cpr_pen_of(frame, sizeof(frame));

	cpr_frame_tcp(&p, wire_server_mac, s->w.mac, wire_ip(s->phone), ++s->port,
		wire_ip(to), port, 1, 0, CPR_TCP_SYN);
	story_wait(s, 10);
	wire_frame(&s->w, p.data, p.len);
	story_note(s);
}

/* A call is enough, and it is no fault that nobody takes it. */
static void comes_back(void **state)
{
	struct cpr_bench_watch w;
	struct story s = begin(&w);
	struct cpr_doctor_phone *p = recovers(&s);
	uint64_t first_ms = p->first.time_us / 1000;
	(void)state;

	story_lease(&s);
	story_boot_files(&s);
	call(&s, WIRE_SERVER, 2000);
	assert_false(p->recovered);
	story_xmldefault(&s, "", WIRE_SERVER);
	call(&s, WIRE_SERVER, 80);
	assert_false(p->recovered);
	assert_false(cpr_bench_watch_over(&w, now_ms(&s) + 3600000));
	for (int i = 0; i < 4; i++)
		call(&s, WIRE_SERVER, 2000);
	assert_true(p->recovered);
	assert_int_equal(p->stage, CPR_STAGE_RECOVERED);
	assert_int_equal(
		story_faults_now(&s) & UINT32_C(1) << CPR_FAULT_CALL_MANAGER_UNREACHABLE,
		0);
	assert_false(cpr_bench_watch_over(&w, first_ms + 59999));
	assert_true(cpr_bench_watch_over(&w, first_ms + 60000));
	end(&s, &w);
}

/* It calls nobody: half a minute of silence after the configuration is enough. */
static void comes_back_quietly(void **state)
{
	struct cpr_bench_watch w;
	struct story s = begin(&w);
	struct cpr_doctor_phone *p = recovers(&s);
	(void)state;

	cpr_bench_watch_tick(&w, now_ms(&s) + 60000);
	assert_false(p->recovered);
	story_wait(&s, 60000);
	story_lease(&s);
	story_xmldefault(&s, "", WIRE_SERVER);
	cpr_bench_watch_tick(&w, now_ms(&s) + 29000);
	assert_false(p->recovered);
	cpr_bench_watch_tick(&w, now_ms(&s) + 30000);
	assert_true(p->recovered);
	end(&s, &w);
}

/* A healthy phone asks for no firmware: there is nothing to be back from. */
static void needs_nothing(void **state)
{
	struct cpr_bench_watch w;
	struct story s = begin(&w);
	struct cpr_doctor_phone *p = story_lease(&s);
	(void)state;

	story_boot_files(&s);
	story_xmldefault(&s, "", WIRE_SERVER);
	call(&s, WIRE_SERVER, 2000);
	assert_int_equal(p->stage, CPR_STAGE_REGISTERING);
	assert_false(cpr_bench_watch_over(&w, now_ms(&s) + 600000));
	end(&s, &w);
}

/* A phone of another network, which only asks for a file here, is not waited for. */
static void only_those_that_asked_for_an_address(void **state)
{
	struct cpr_bench_watch w;
	struct story s = begin(&w);
	(void)state;

	story_ask(&s, TERM);
	assert_int_equal(cpr_doctor_phones(w.doctor), 1);
	assert_int_equal(cpr_bench_watch_phones(&w), 0);
	assert_false(cpr_bench_watch_over(&w, now_ms(&s) + 600000));
	story_lease(&s);
	assert_int_equal(cpr_bench_watch_phones(&w), 1);
	end(&s, &w);
}

/* More phones than there is room for are not looked at. */
static void bounds(void **state)
{
	struct cpr_bench_watch w;
	struct story s = begin(&w);
	(void)state;

	for (unsigned i = 0; i < CPR_BENCH_PHONES + 10; i++) {
		s.w.mac[4] = (uint8_t)(i >> 8);
		s.w.mac[5] = (uint8_t)i;
		wire_lease(&s.w, (struct wire_dhcp){.option150 = "0a000001"});
	}
	assert_int_equal(cpr_bench_watch_phones(&w), CPR_BENCH_PHONES);
	end(&s, &w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back),
		cmocka_unit_test(comes_back_quietly),
		cmocka_unit_test(needs_nothing),
		cmocka_unit_test(only_those_that_asked_for_an_address),
		cmocka_unit_test(bounds),
	};

	return cmocka_run_group_tests_name("recover-watch", tests, NULL, NULL);
}
