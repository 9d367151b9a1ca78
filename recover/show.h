/* What the person at the bench sees of the watch, and the report at the end. */
#pragma once

#include "engine/doctor.h"
#include "watch.h"

#include <stdio.h>

struct cpr_bars;
struct cpr_firmware;
struct cpr_model;

/* How much of each phone was shown already; all zero at the start. */
struct cpr_bench_shown {
	struct {
		bool seen, hinted;
		enum cpr_stage stage;
		int current; /* its file, + 1 */
		int state;
	} phone[CPR_BENCH_PHONES];
	bool over; /* said that every phone is back */
};

/* The reset keys of the model, or of every family in the firmware. */
void cpr_bench_show_keys(
	const struct cpr_model *model, const struct cpr_firmware *firmware);
/* After each change of the phone. */
void cpr_bench_show(struct cpr_bench_shown *s, struct cpr_bars *bars,
	const struct cpr_bench_watch *w, const struct cpr_doctor_phone *p);
/* The same of whatever phone has changed with time alone. */
void cpr_bench_show_all(struct cpr_bench_shown *s, struct cpr_bars *bars,
	const struct cpr_bench_watch *w);
/* A line per phone on `out`, and below it what is wrong. */
void cpr_bench_report(const struct cpr_bench_watch *w, FILE *out);
