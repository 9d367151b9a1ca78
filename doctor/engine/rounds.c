#include "facts.h"

void cpr_round_boot(struct cpr_doctor_phone *p, const struct cpr_packet *k)
{
	(void)p;
	(void)k;
}

void cpr_round_lease(struct cpr_doctor_phone *p, const struct cpr_packet *k)
{
	(void)p;
	(void)k;
}

void cpr_round_asked(struct cpr_doctor_phone *p, int file, const struct cpr_packet *k)
{
	(void)p;
	(void)file;
	(void)k;
}

void cpr_round_ended(struct cpr_doctor *d, struct cpr_doctor_phone *p, int file,
	const struct cpr_packet *k)
{
	(void)d;
	(void)p;
	(void)file;
	(void)k;
}

void cpr_round_called(
	struct cpr_doctor_phone *p, const struct cpr_packet *k, bool answered)
{
	(void)p;
	(void)k;
	(void)answered;
}

void cpr_round_tick(struct cpr_doctor_phone *p, uint64_t now_us)
{
	(void)p;
	(void)now_us;
}
