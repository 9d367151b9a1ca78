#include "facts.h"

void cpr_look_loads_refused(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
	struct cpr_verdicts *out)
{
	(void)d;
	(void)p;
	(void)out;
}

void cpr_look_image_refused(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
	struct cpr_verdicts *out)
{
	(void)d;
	(void)p;
	(void)out;
}

void cpr_look_trust_list_blocks(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	(void)d;
	(void)p;
	(void)out;
}

void cpr_look_http_6970_dropped(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	(void)d;
	(void)p;
	(void)out;
}

void cpr_look_xmldefault_missing(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	(void)d;
	(void)p;
	(void)out;
}

void cpr_look_xmldefault_no_load(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	(void)d;
	(void)p;
	(void)out;
}

void cpr_look_call_manager_unreachable(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	(void)d;
	(void)p;
	(void)out;
}
