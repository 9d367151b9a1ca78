/* What a phone does with the address it has: asks its TFTP server, another one, or nobody. */
#include "facts.h"

#include <string.h>

unsigned cpr_phone_calls(const struct cpr_doctor_phone *p)
{
	unsigned n = p->http.n;

	for (size_t i = 0; i < p->call_n; i++)
		n += p->call[i].n;
	return n;
}

bool cpr_lease_idle(const struct cpr_doctor_phone *p)
{
	const struct cpr_dhcp_facts *f = &p->dhcp;
	uint64_t since = f->leased.number;

	return f->lease >= 0 && since && p->rrq.number < since &&
	       cpr_phone_calls(p) == f->calls_before &&
	       (p->sought.number < since || p->spoke.number > since);
}

void cpr_lease_end(struct cpr_doctor_phone *p)
{
	struct cpr_dhcp_facts *f = &p->dhcp;

	if (cpr_lease_idle(p)) {
		struct cpr_answer *a = &f->answer[f->lease];

		if (!a->idle++)
			a->idle_first = f->leased;
		a->idle_last = f->leased;
	}
	f->lease = -1;
	f->leased = (struct cpr_moment){0};
}

void cpr_lease_works(struct cpr_dhcp_facts *f)
{
	f->unoffered = f->unleased = (struct cpr_silence){0};
	f->untaken = f->passed_over = 0;
}

/* Among the addresses of its option 150, behind the two that the 79x1 uses, too. */
static bool names(const struct cpr_answer *a, struct in_addr server)
{
	size_t len = a->option150_len < sizeof(a->option150) ? a->option150_len
							     : sizeof(a->option150);

	for (size_t i = 0; i + 4 <= len; i += 4)
		if (memcmp(a->option150 + i, &server, 4) == 0)
			return true;
	return false;
}

/* The first request since the phone has its address, and an answer that says whom to ask. */
static void compare_servers(struct cpr_doctor_phone *p, const struct cpr_answer *a)
{
	struct cpr_dhcp_facts *f = &p->dhcp;
	struct in_addr to[2];
	enum cpr_source source;
	size_t n = cpr_answer_servers(p, a, to, &source);

	if (!n && source == CPR_SOURCE_OPTION66 && f->unnamed.row < 0 &&
		p->rrq_to.s_addr == a->siaddr.s_addr) {
		f->unnamed.row = f->lease;
		f->unnamed.asked = p->rrq_first;
	}
	for (size_t i = 0; i < n; i++)
		if (to[i].s_addr == p->rrq_to.s_addr)
			return;
	/* Of a request that a log tells of the server is not known. */
	if (!n || !p->rrq_to.s_addr || names(a, p->rrq_to) || f->renewed_from >= 0 ||
		f->other.row >= 0)
		return;
	f->other.row = f->lease;
	f->other.server = p->rrq_to;
	f->other.leased = f->leased;
	f->other.asked = p->rrq_first;
}

void cpr_lease_asked(struct cpr_doctor_phone *p, const struct cpr_packet *k)
{
	struct cpr_dhcp_facts *f = &p->dhcp;
	const struct cpr_answer *a = cpr_lease_answer(p);
	/* Its ACK was not seen, and may say something else. */
	bool moves = f->unacked.n > 0;

	cpr_lease_works(f);
	f->declined = f->unacked = (struct cpr_silence){0};
	/* It knows the way, if there is a router on it. */
	if (a && p->arp.address.s_addr == a->router.s_addr &&
		(k->frame.target.s_addr ^ a->yiaddr.s_addr) & a->mask.s_addr)
		p->arp.unanswered = (struct cpr_silence){0};
	if (p->rrq_first.number)
		return;
	p->rrq_first = cpr_moment_of(k);
	p->rrq_to = k->frame.target;
	if (a && f->leased.number && !a->cut && !moves)
		compare_servers(p, a);
}
