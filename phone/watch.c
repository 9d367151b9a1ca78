/* The doctor beside the phone: it is fed every frame that the phone sends and takes, and what the
 * report says of faults and of how far the phone came is the doctor's word.
 *
 * Each phone has one of its own, for each has a clock of its own: a phone whose pauses are
 * shortened (--pause) would look like one that asks a second server, or has just begun to wait.
 * So the doctor's clock goes on by what a real phone would have paused; only the phone knows when
 * that is, and no rule of the engine needs an exception. */
#include "state.h"

#include "engine/packet.h"
#include "models.h"
#include "text.h"

#include <errno.h>
#include <string.h>

/* No phone of this scenario asks for a file. */
#define BLIND_DHCP (UINT32_C(1) << CPR_FAULT_PHONE_NEVER_ASKS)

enum {
	CHADDR = 28, /* in a DHCP message (RFC 2131) */
};

int cpr_watch_new(struct cpr_phone *p)
{
	struct cpr_doctor_config config = {.phones_max = 1,
		.blind = p->config.scenario == CPR_SCENARIO_DHCP ? BLIND_DHCP : 0};

	return cpr_doctor_new(&p->doctor, &config);
}

static uint64_t clock_us(const struct cpr_phone *p)
{
	return (p->now + p->skipped) * 1000;
}

/* Of broadcasts, those about this phone: a DHCP server's answers to many are broadcast, too. */
static bool concerns(const struct cpr_phone *p, const struct cpr_frame *f)
{
	if (!(f->to[0] & 1) || memcmp(f->from, p->config.mac, 6) == 0)
		return true;
	if (f->kind == CPR_FRAME_UDP && f->target_port == 68)
		return f->payload_len >= CHADDR + 6 &&
		       memcmp(f->payload + CHADDR, p->config.mac, 6) == 0;
	return f->kind == CPR_FRAME_ARP;
}

void cpr_watch_frame(struct cpr_phone *p, const struct cpr_frame *f, unsigned long number)
{
	const struct cpr_packet k = cpr_packet_of(f, number, clock_us(p));

	/* Number 0: it did not get out. */
	if (number && concerns(p, f))
		cpr_doctor_feed(p->doctor, &k);
}

void cpr_watch_pause(struct cpr_phone *p, uint64_t ms, uint64_t real_ms)
{
	if (ms < real_ms)
		p->skipped += real_ms - ms;
}

void cpr_watch_wait(struct cpr_phone *p, uint64_t ms)
{
	p->skipped += ms;
	cpr_doctor_tick(p->doctor, clock_us(p));
}

void cpr_watch_judge(struct cpr_phone *p)
{
	const struct cpr_doctor_phone *seen = cpr_doctor_phone(p->doctor, 0);
	size_t n[CPR_FAULT_N] = {0};

	if (!seen)
		return;
	cpr_verdicts_clear(&p->verdicts);
	cpr_doctor_judge(p->doctor, seen, &p->verdicts);
	for (size_t i = 0; i < p->verdicts.n; i++) {
		const struct cpr_verdict *v = &p->verdicts.row[i];

		if (++n[v->id] <= p->said[v->id])
			continue;
		p->said[v->id] = n[v->id];
		cpr_phone_say(
			p, "%s: %s; %s", cpr_faults[v->id].name, v->text, v->remedy);
	}
}

enum cpr_stage cpr_watch_stage(const struct cpr_phone *p)
{
	const struct cpr_doctor_phone *seen = cpr_doctor_phone(p->doctor, 0);

	return seen ? seen->stage : CPR_STAGE_DARK;
}

bool cpr_watch_recovered(const struct cpr_phone *p)
{
	const struct cpr_doctor_phone *seen = cpr_doctor_phone(p->doctor, 0);

	return seen && seen->recovered;
}
