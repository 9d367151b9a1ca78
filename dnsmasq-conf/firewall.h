/* Whether the host's packet filter surely keeps phones' packets from its servers.  Pure: the
 * rules as `nft -j list ruleset` tells them in, facts out.  It says nothing where a rule of the
 * admin's lets through what it cannot judge (an interface, an address, a named set), so that
 * what is said is true. */
#pragma once

#include <stdbool.h>

struct cpr_observed;
struct json_t;

/* What this host shall be for phones. */
struct firewall_wants {
	bool dhcp;     /* answers DHCP, */
	bool dhcp_udp; /* by a socket that the filter guards: raw ones it does not */
	bool tftp;
};

void firewall_judge(const struct json_t *ruleset, const struct firewall_wants *wants,
	struct cpr_observed *o);
