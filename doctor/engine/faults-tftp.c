#include "facts.h"

void cpr_look_tftp_no_answer(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
	struct cpr_verdicts *out)
{
	(void)d;
	(void)p;
	(void)out;
}

void cpr_look_tftp_file_missing(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	(void)d;
	(void)p;
	(void)out;
}

void cpr_look_tftp_file_case(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
	struct cpr_verdicts *out)
{
	(void)d;
	(void)p;
	(void)out;
}

void cpr_look_tftp_access_denied(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	(void)d;
	(void)p;
	(void)out;
}

void cpr_look_tftp_stalled(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
	struct cpr_verdicts *out)
{
	(void)d;
	(void)p;
	(void)out;
}

void cpr_look_tftp_block_wrap(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	(void)d;
	(void)p;
	(void)out;
}

void cpr_look_tftp_unexpected_oack(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	(void)d;
	(void)p;
	(void)out;
}

void cpr_look_tftp_two_answerers(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	(void)d;
	(void)p;
	(void)out;
}

void cpr_look_tftp_aborted(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
	struct cpr_verdicts *out)
{
	(void)d;
	(void)p;
	(void)out;
}
