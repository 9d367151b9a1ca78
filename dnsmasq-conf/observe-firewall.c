/* The packet filters of this host: as nft(8) tells, which knows what iptables wrote, too, and of
 * iptables-legacy, which has tables of its own, as its iptables-legacy-save does.  Asking over
 * the host's own address would prove nothing: that goes by way of the loopback interface, which
 * filters let through. */
#include "cleanup.h"
#include "cli/run.h"
#include "firewall.h"
#include "iptables.h"
#include "observe.h"
#include "observed.h"
#include "served.h"
#include "site.h"
#include "world.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum {
	ASK_SECONDS = 30,
	SERVERS_MAX = 64,
	RULES_MAX = 64 << 20
};

/* What a program prints; NULL: it is not there, or may not read it. */
static char *output_of(char *const argv[])
{
	_cleanup_(cpr_closep) int fd = memfd_create("ruleset", MFD_CLOEXEC);
	const struct cpr_job job = {.argv = argv, .out_fd = fd, .seconds = ASK_SECONDS};
	char *text;
	size_t len;

	if (fd < 0 || cpr_run_job(&job) != 0 || lseek(fd, 0, SEEK_SET) < 0 ||
		read_open(fd, RULES_MAX, &text, &len) < 0)
		return NULL;
	return text;
}

/* NULL: there is none, or it may not be read. */
static json_t *read_ruleset(void)
{
	char *const argv[] = {
		(char *)"nft", (char *)"-j", (char *)"list", (char *)"ruleset", NULL};
	_cleanup_(cpr_freep) char *text = output_of(argv);

	return text ? json_loads(text, 0, NULL) : NULL;
}

/* What the kernel has of iptables-legacy in this network namespace: "filter\nnat\n" */
static bool has_legacy(char *tables, size_t size)
{
	_cleanup_(cpr_fclosep) FILE *f = fopen("/proc/net/ip_tables_names", "re");
	size_t n = f ? fread(tables, 1, size - 1, f) : 0;

	tables[n] = 0;
	for (char *c = tables; *c; c++)
		if (*c == '\n')
			*c = c[1] ? ' ' : 0;
	return n > 0;
}

static void add_legacy(json_t *ruleset, struct cpr_observed *o)
{
	char *const argv[] = {(char *)"iptables-legacy-save", NULL};
	_cleanup_(cpr_freep) char *text = NULL;
	char tables[128], what[384];

	if (!has_legacy(tables, sizeof(tables)))
		return;
	text = output_of(argv);
	if (text) {
		iptables_objects(text, json_object_get(ruleset, "nftables"));
		return;
	}
	snprintf(what, sizeof(what),
		"it has rules (tables: %s), which cannot be seen from here without "
		"iptables-legacy-save: whether phones get through was not looked at",
		tables);
	cpr_observed_barrier(o, &(struct cpr_barrier){"iptables-legacy", what, false});
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
	if (!ruleset)
		ruleset = json_pack("{s:[]}", "nftables");
	add_legacy(ruleset, o);
	firewall_judge(ruleset, &wants, o);
	json_decref(ruleset);
}
