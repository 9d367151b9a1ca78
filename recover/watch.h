/* How far each phone on the bench came: the doctor's state machine on the bench's own wire.
 * What it does not know is that phones on a bench come and go together. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cpr_doctor;
struct cpr_doctor_phone;
struct cpr_frame;

enum {
	CPR_BENCH_ALONE_MS = 60000, /* no new phone for so long: all are here */
	CPR_BENCH_PHONES = 256,
};

struct cpr_bench_watch {
	struct cpr_doctor *doctor;
	uint64_t number;   /* of the last frame */
	uint64_t epoch_ms; /* when the clock of `now_ms` stood at 0, for the report */
};

/* epoch_ms: since 1970; what is given as now_ms afterwards counts from there.  0 or -ENOMEM. */
int cpr_bench_watch_begin(struct cpr_bench_watch *w, uint64_t epoch_ms);
void cpr_bench_watch_clear(struct cpr_bench_watch *w); /* also the _cleanup_ function */

/* The phone that the frame told something of, or NULL. */
const struct cpr_doctor_phone *cpr_bench_watch_feed(
	struct cpr_bench_watch *w, const struct cpr_frame *f, uint64_t now_ms);
void cpr_bench_watch_tick(struct cpr_bench_watch *w, uint64_t now_ms);
/* It asked for an address here: no phone that only its switch tells of. */
bool cpr_bench_is_here(const struct cpr_doctor_phone *p);
size_t cpr_bench_watch_phones(const struct cpr_bench_watch *w); /* that are here */
/* Every phone here is back, and none new for a minute. */
bool cpr_bench_watch_over(const struct cpr_bench_watch *w, uint64_t now_ms);
