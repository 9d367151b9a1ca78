#include "sight.h"

#include "cleanup.h"
#include "firmware.h"
#include "plan.h"
#include "served.h"
#include "world.h"
#include "xmldefault.h"

#include <ifaddrs.h>
#include <stdio.h>
#include <string.h>

enum {
	WAIT_MS = 3000
};

static bool known(const struct sight *s, const struct sight_dhcp *one)
{
	for (size_t i = 0; i < s->dhcp_n; i++) {
		const struct sight_dhcp *d = &s->dhcp[i];

		if (d->asked.kind != one->asked.kind)
			continue;
		if (one->asked.kind == PROBE_DISCOVER
				? strcmp(d->interface, one->interface) == 0
				: d->asked.own.s_addr == one->asked.own.s_addr)
			return true;
	}
	return false;
}

static void add(struct sight *s, const struct ifaddrs *at, enum probe_kind kind)
{
	const struct sockaddr_in *own = (const void *)at->ifa_addr;
	struct sight_dhcp one = {.asked = {.kind = kind, .own = own->sin_addr}};

	snprintf(one.interface, sizeof(one.interface), "%.*s",
		(int)strcspn(at->ifa_name, ":"), at->ifa_name);
	if (s->dhcp_n < CPR_ARRAY_LEN(s->dhcp) && !known(s, &one))
		s->dhcp[s->dhcp_n++] = one;
}

static void find_addresses(bool broadcast, struct sight *s)
{
	struct ifaddrs *all;

	if (getifaddrs(&all) < 0)
		return;
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET ||
			i->ifa_flags & IFF_LOOPBACK)
			continue;
		add(s, i, PROBE_INFORM);
		if (broadcast && i->ifa_flags & IFF_BROADCAST)
			add(s, i, PROBE_DISCOVER);
	}
	freeifaddrs(all);
}

void sight_dhcp(bool broadcast, struct sight *out)
{
	struct probe_asked asked[CPR_ARRAY_LEN(out->dhcp)];

	out->dhcp_n = 0;
	find_addresses(broadcast, out);
	for (size_t i = 0; i < out->dhcp_n; i++)
		asked[i] = out->dhcp[i].asked;
	probe_dhcp(asked, out->dhcp_n, WAIT_MS);
	for (size_t i = 0; i < out->dhcp_n; i++)
		out->dhcp[i].asked = asked[i];
}

/* The first that is there of what phones ask for: a term file says most, since generate
 * links it. */
static const char *sentinel(const struct world *w)
{
	const struct cpr_plan *p = w->plan;
	static const char *const other[] = {XMLDEFAULT, CPR_OS79XX};

	for (size_t i = 0; i < p->model_n; i++)
		if (p->model[i].recovery_file && served_has(w, p->model[i].recovery_file))
			return p->model[i].recovery_file;
	for (size_t i = 0; i < w->firmware->load_n; i++) {
		const struct cpr_file *f = w->firmware->load[i].file;

		if (!f->set && served_has(w, f->name))
			return f->name;
	}
	for (size_t i = 0; i < CPR_ARRAY_LEN(other); i++)
		if (served_has(w, other[i]))
			return other[i];
	return NULL;
}

void sight_tftp(const struct world *w, struct sight *out)
{
	const char *name = sentinel(w);
	struct in_addr server[64];
	size_t n = served_by(w, server, CPR_ARRAY_LEN(server));

	out->to_compare = name;
	out->name = name ? name : XMLDEFAULT;
	out->file_n = 0;
	for (size_t i = 0; i < n && out->file_n < CPR_ARRAY_LEN(out->file); i++)
		if (served_here(server[i]))
			served_ask(w, server[i], out->name, &out->file[out->file_n++]);
}
