#include "watch.h"

#include "engine/facts.h"
#include "frame.h"

int cpr_bench_watch_begin(struct cpr_bench_watch *w, uint64_t epoch_ms)
{
	const struct cpr_doctor_config config = {
		.phones_max = CPR_BENCH_PHONES,
		.bench = true,
		.blind = UINT32_C(1) << CPR_FAULT_CALL_MANAGER_UNREACHABLE,
	};

	*w = (struct cpr_bench_watch){.epoch_ms = epoch_ms};
	return cpr_doctor_new(&w->doctor, &config);
}

void cpr_bench_watch_clear(struct cpr_bench_watch *w)
{
	w->doctor = cpr_doctor_free(w->doctor);
}

bool cpr_bench_is_here(const struct cpr_doctor_phone *p)
{
	return p->dhcp.discovers || p->dhcp.requests;
}

size_t cpr_bench_watch_phones(const struct cpr_bench_watch *w)
{
	size_t n = 0;

	for (size_t i = 0; i < cpr_doctor_phones(w->doctor); i++)
		n += cpr_bench_is_here(cpr_doctor_phone(w->doctor, i));
	return n;
}

const struct cpr_doctor_phone *cpr_bench_watch_feed(
	struct cpr_bench_watch *w, const struct cpr_frame *f, uint64_t now_ms)
{
	const struct cpr_packet k =
		cpr_packet_of(f, ++w->number, (w->epoch_ms + now_ms) * 1000);
	const struct cpr_doctor_phone *p;

	if (f->checksum_wrong)
		return NULL;
	p = cpr_doctor_feed(w->doctor, &k);
	return p && cpr_bench_is_here(p) ? p : NULL;
}

void cpr_bench_watch_tick(struct cpr_bench_watch *w, uint64_t now_ms)
{
	cpr_doctor_tick(w->doctor, (w->epoch_ms + now_ms) * 1000);
}

bool cpr_bench_watch_over(const struct cpr_bench_watch *w, uint64_t now_ms)
{
	uint64_t newest = 0;

	for (size_t i = 0; i < cpr_doctor_phones(w->doctor); i++) {
		const struct cpr_doctor_phone *p = cpr_doctor_phone(w->doctor, i);

		if (!cpr_bench_is_here(p))
			continue;
		if (!p->recovered)
			return false;
		if (p->first.time_us > newest)
			newest = p->first.time_us;
	}
	return newest && now_ms >= newest / 1000 - w->epoch_ms + CPR_BENCH_ALONE_MS;
}
