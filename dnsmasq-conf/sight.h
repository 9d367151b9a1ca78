/* What one server of this host answers phones at some moment: taken before a change and after
 * it, so that silence where it always was silent is told from silence that we brought. */
#pragma once

#include "observed.h"
#include "probes.h"

#include <net/if.h>
#include <stdbool.h>

struct world;

struct sight_dhcp {
	char interface[IFNAMSIZ];
	struct probe_asked asked;
};

struct sight {
	struct sight_dhcp dhcp[64]; /* each address of the host, but for the loopback's */
	size_t dhcp_n;
	struct cpr_asked file[16]; /* each TFTP server of the plan that is this host */
	size_t file_n;
	const char *name; /* of the file that was asked for; lives as long as the plan */
	bool to_compare;  /* it is in the TFTP root */
};

/* Asks DHCP by INFORM at every address, and with `broadcast` by DISCOVER on every interface:
 * for servers that listen on raw sockets. */
void sight_dhcp(bool broadcast, struct sight *out);
/* Asks TFTP for a file of the TFTP root that phones would ask for. */
void sight_tftp(const struct world *w, struct sight *out);
