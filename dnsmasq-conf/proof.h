/* Whether what a server answers phones is what the plan says.  Pure: sights in, a verdict and
 * lines for people out. */
#pragma once

#include "server.h"

struct cpr_site;
struct sight;

/* How the server puts the plan into words. */
enum proof_manner {
	PROOF_DNSMASQ,
	PROOF_KEA_HOOK,
	PROOF_KEA_CLASS, /* or flex-option */
	PROOF_DHCPD,
};

/* before: NULL, or as struct server's probe. */
enum proof proof_dhcp(const struct cpr_site *site, enum proof_manner manner,
	const struct sight *before, const struct sight *now, enum proof_of of,
	struct cpr_errors *why);
enum proof proof_tftp(const struct cpr_site *site, const struct sight *before,
	const struct sight *now, enum proof_of of, struct cpr_errors *why);
