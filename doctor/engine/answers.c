/* What a phone makes of a DHCP answer.  Source: disassembly of the 79x1 firmware's own choice:
 * option 150 (the first two, if the first is not 0.0.0.0), then option 66, then siaddr, then
 * sname; the first that exists is used alone, lists are not merged. */
#include "facts.h"

#include "option150.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

const char *cpr_source_name(enum cpr_source s)
{
	static const char *const name[] = {
		[CPR_SOURCE_NONE] = "none",
		[CPR_SOURCE_OPTION150] = "option 150",
		[CPR_SOURCE_OPTION66] = "option 66",
		[CPR_SOURCE_SIADDR] = "next server (siaddr)",
		[CPR_SOURCE_SNAME] = "server name (sname)",
	};

	return name[s];
}

static bool usable(const struct cpr_answer *a, struct in_addr address)
{
	return cpr_option150_usable(address, a->yiaddr, a->mask);
}

int cpr_answer_option150(const struct cpr_answer *a, struct in_addr out[2], size_t *n)
{
	size_t kept = a->option150_len < sizeof(a->option150) ? a->option150_len
							      : sizeof(a->option150);
	enum cpr_option150_outcome outcome =
		cpr_option150_decode(a->option150, kept, out, CPR_OPTION150_USED, n);

	/* An address as text is known by its first one, which is kept whole. */
	if (outcome == CPR_OPTION150_TEXT || a->option150_len % 4 == 0)
		return (int)outcome;
	*n = 0;
	return CPR_OPTION150_LENGTH;
}

/* A name, or an address in text: where DNS gave none, it is a source without addresses. */
static size_t named(const struct cpr_doctor_phone *p, const struct cpr_answer *a,
	const char *text, struct in_addr out[2])
{
	if (inet_pton(AF_INET, text, &out[0]) != 1) {
		if (strcasecmp(text, p->dns.name) != 0 || !p->dns.found.s_addr)
			return 0;
		out[0] = p->dns.found;
	}
	return usable(a, out[0]);
}

size_t cpr_answer_servers(const struct cpr_doctor_phone *p, const struct cpr_answer *a,
	struct in_addr out[2], enum cpr_source *source)
{
	struct in_addr all[2];
	size_t n, used = 0;
	int outcome = cpr_answer_option150(a, all, &n);

	*source = CPR_SOURCE_OPTION150;
	if (outcome == CPR_OPTION150_LENGTH || outcome == CPR_OPTION150_TEXT)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (usable(a, all[i]))
			out[used++] = all[i];
	if (used)
		return used;
	*source = CPR_SOURCE_OPTION66;
	if (*a->option66 &&
		(inet_pton(AF_INET, a->option66, &out[0]) != 1 || usable(a, out[0])))
		return named(p, a, a->option66, out);
	*source = CPR_SOURCE_SIADDR;
	out[0] = a->siaddr;
	if (usable(a, out[0]))
		return 1;
	*source = *a->sname ? CPR_SOURCE_SNAME : CPR_SOURCE_NONE;
	return *a->sname ? named(p, a, a->sname, out) : 0;
}

bool cpr_answers_alike(const struct cpr_doctor_phone *p, const struct cpr_answer *a,
	const struct cpr_answer *b)
{
	struct in_addr to_a[2], to_b[2];
	enum cpr_source from_a, from_b;
	size_t n = cpr_answer_servers(p, a, to_a, &from_a);

	if (cpr_answer_servers(p, b, to_b, &from_b) != n)
		return false;
	if (n == 0)
		return from_a == from_b && strcasecmp(a->option66, b->option66) == 0;
	if (n == 1)
		return to_a[0].s_addr == to_b[0].s_addr;
	return (to_a[0].s_addr == to_b[0].s_addr && to_a[1].s_addr == to_b[1].s_addr) ||
	       (to_a[0].s_addr == to_b[1].s_addr && to_a[1].s_addr == to_b[0].s_addr);
}

const struct cpr_answer *cpr_lease_answer(const struct cpr_doctor_phone *p)
{
	return p->dhcp.lease < 0 ? NULL : &p->dhcp.answer[p->dhcp.lease];
}
