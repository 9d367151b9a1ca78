#include "tell.h"

#include "dhcp.h"
#include "facts.h"
#include "plan.h"
#include "site.h"

#include <arpa/inet.h>
#include <stdio.h>

enum {
	IDLE_US = 30000000, /* after so long a phone that has an address has asked */
};

struct cpr_address_text cpr_tell_address(struct in_addr a)
{
	struct cpr_address_text t;

	if (a.s_addr)
		inet_ntop(AF_INET, &a, t.s, sizeof(t.s));
	else
		snprintf(t.s, sizeof(t.s), "(not known)");
	return t;
}

unsigned cpr_tell_seconds(uint64_t us)
{
	return (unsigned)((us + 500000) / 1000000);
}

void cpr_tell_servers(const struct cpr_doctor_phone *p, const struct cpr_answer *a,
	char *out, size_t cap)
{
	struct in_addr to[2];
	enum cpr_source source;
	size_t n = cpr_answer_servers(p, a, to, &source);

	if (!n && source == CPR_SOURCE_OPTION66)
		snprintf(out, cap, "TFTP server \"%s\" (option 66)", a->option66);
	else if (!n)
		snprintf(out, cap, "no TFTP server");
	else
		snprintf(out, cap, "TFTP server %s%s%s (%s)", cpr_tell_address(to[0]).s,
			n > 1 ? ", " : "", n > 1 ? cpr_tell_address(to[1]).s : "",
			cpr_source_name(source));
}

void cpr_verdict_silence(struct cpr_verdict *v, const struct cpr_silence *s)
{
	cpr_verdict_frame(v, s->first.number);
	cpr_verdict_frame(v, s->second.number);
	cpr_verdict_frame(v, s->last.number);
}

void cpr_verdict_answer(struct cpr_verdict *v, const struct cpr_answer *a)
{
	cpr_verdict_frame(v, a->first.number);
	cpr_verdict_frame(v, a->last.number);
	cpr_verdict_frame(v, a->idle_first.number);
	cpr_verdict_frame(v, a->idle_last.number);
}

bool cpr_plan_servers(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
	const struct in_addr **server, size_t *n)
{
	const struct cpr_site *s = d->config.plan ? d->config.plan->site : NULL;
	const struct cpr_site_network *net = s ? cpr_site_network(s, p->ip) : NULL;

	if (!s)
		return false;
	*server = net ? net->tftp_server : s->tftp_server;
	*n = net ? net->tftp_server_n : s->tftp_server_n;
	return *n > 0;
}

bool cpr_plan_serves(const struct cpr_doctor *d, struct in_addr a)
{
	const struct cpr_site *s = d->config.plan ? d->config.plan->site : NULL;

	for (size_t i = 0; s && i < s->tftp_server_n; i++)
		if (s->tftp_server[i].s_addr == a.s_addr)
			return true;
	for (size_t k = 0; s && k < s->network_n; k++)
		for (size_t i = 0; i < s->network[k].tftp_server_n; i++)
			if (s->network[k].tftp_server[i].s_addr == a.s_addr)
				return true;
	return false;
}

bool cpr_lease_idle_for(
	const struct cpr_doctor *d, const struct cpr_doctor_phone *p, uint64_t us)
{
	uint64_t since = p->dhcp.leased.time_us;

	return cpr_lease_idle(p) && d->now_us > since && d->now_us - since >= us;
}

bool cpr_answer_led_nowhere(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
	const struct cpr_answer *a)
{
	return a->idle || (cpr_lease_answer(p) == a && cpr_lease_idle_for(d, p, IDLE_US));
}

bool cpr_answer_is_lease(const struct cpr_answer *a)
{
	return a->type == CPR_DHCP_ACK && !a->inform && !a->cut;
}

void cpr_verdict_option150(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
	struct cpr_verdict *v, const char *guess)
{
	const struct in_addr *server;
	size_t n;

	if (cpr_plan_servers(d, p, &server, &n))
		cpr_verdict_remedy(v,
			"on this host cpr-conf generate does it; for another DHCP server "
			"cpr-conf option150 %s%s%s shows how to write it",
			cpr_tell_address(server[0]).s, n > 1 ? " " : "",
			n > 1 ? cpr_tell_address(server[1]).s : "");
	else if (guess)
		cpr_verdict_remedy(v,
			"cpr-conf option150 %s shows how to write it for each DHCP server",
			guess);
}
