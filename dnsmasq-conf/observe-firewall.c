/* The packet filter of this host, as nft(8) tells it: also what iptables wrote, unless that was
 * iptables-legacy.  Asking over the host's own address would prove nothing: that goes by way of
 * the loopback interface, which filters let through. */
#include "cleanup.h"
#include "cli/run.h"
#include "firewall.h"
#include "observe.h"
#include "observed.h"
#include "served.h"
#include "site.h"
#include "world.h"

#include <jansson.h>
#include <string.h>
#include <sys/mman.h>

enum {
	NFT_SECONDS = 30,
	SERVERS_MAX = 64,
	RULES_MAX = 64 << 20
};

/* NULL: there is none, or it may not be read. */
static json_t *read_ruleset(void)
{
	_cleanup_(cpr_closep) int fd = memfd_create("ruleset", MFD_CLOEXEC);
	_cleanup_(cpr_freep) char *text = NULL;
	char *const argv[] = {
		(char *)"nft", (char *)"-j", (char *)"list", (char *)"ruleset", NULL};
	const struct cpr_job job = {.argv = argv, .out_fd = fd, .seconds = NFT_SECONDS};
	size_t len;

	if (fd < 0 || cpr_run_job(&job) != 0 || lseek(fd, 0, SEEK_SET) < 0 ||
		read_open(fd, RULES_MAX, &text, &len) < 0)
		return NULL;
	return json_loadb(text, len, 0, NULL);
}

static bool serves_tftp(const struct world *w)
{
	struct in_addr server[SERVERS_MAX];
	size_t n = served_by(w, server, SERVERS_MAX);

	for (size_t i = 0; i < n; i++)
		if (served_here(server[i]))
			return true;
	return false;
}

void observe_firewall(const struct world *w, struct cpr_observed *o)
{
	const struct cpr_site *s = w->site;
	const struct firewall_wants wants = {.dhcp = s->dnsmasq || s->kea || s->isc_dhcpd,
		.dhcp_udp = s->dnsmasq && !s->kea && !s->isc_dhcpd,
		.tftp = serves_tftp(w)};
	json_t *ruleset;

	if (*s->root || geteuid() != 0)
		return;
	ruleset = read_ruleset();
	if (ruleset)
		firewall_judge(ruleset, &wants, o);
	json_decref(ruleset);
}
