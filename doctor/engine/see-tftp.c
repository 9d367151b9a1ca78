#include "facts.h"

enum cpr_file_kind cpr_file_kind(const char *name)
{
	(void)name;
	return CPR_FILE_OTHER;
}

const char *cpr_file_state_name(enum cpr_file_state s)
{
	static const char *const name[] = {
		[CPR_FILE_ASKED] = "asked",
		[CPR_FILE_FETCHING] = "fetching",
		[CPR_FILE_COMPLETE] = "complete",
		[CPR_FILE_MISSING] = "missing",
		[CPR_FILE_DENIED] = "denied",
		[CPR_FILE_ABORTED] = "aborted",
		[CPR_FILE_STALLED] = "stalled",
		[CPR_FILE_UNANSWERED] = "unanswered",
	};

	return name[s];
}

bool cpr_tftp_unreachable(struct cpr_doctor *d, struct cpr_doctor_phone *p,
	const struct cpr_packet *k, const struct cpr_quote *q)
{
	(void)d;
	(void)p;
	(void)k;
	(void)q;
	return false;
}

struct cpr_doctor_phone *cpr_see_tftp(struct cpr_doctor *d, const struct cpr_packet *k)
{
	(void)d;
	(void)k;
	return NULL;
}
