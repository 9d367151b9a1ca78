#include "facts.h"

void cpr_look_dhcp_no_offer(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
	struct cpr_verdicts *out)
{
	(void)d;
	(void)p;
	(void)out;
}

void cpr_look_dhcp_late(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
	struct cpr_verdicts *out)
{
	(void)d;
	(void)p;
	(void)out;
}

void cpr_look_dhcp_two_servers(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	(void)d;
	(void)p;
	(void)out;
}

void cpr_look_dhcp_no_tftp_server(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	(void)d;
	(void)p;
	(void)out;
}

void cpr_look_dhcp_not_renewed_alike(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	(void)d;
	(void)p;
	(void)out;
}

void cpr_look_option150_wrong_type(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	(void)d;
	(void)p;
	(void)out;
}

void cpr_look_option150_byte_order(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	(void)d;
	(void)p;
	(void)out;
}

void cpr_look_option66_unresolved(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	(void)d;
	(void)p;
	(void)out;
}

void cpr_look_tftp_other_server(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	(void)d;
	(void)p;
	(void)out;
}

void cpr_look_phone_never_asks(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	(void)d;
	(void)p;
	(void)out;
}

void cpr_look_phone_damaged(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
	struct cpr_verdicts *out)
{
	(void)d;
	(void)p;
	(void)out;
}
