/* The look and probe members of `servers`.  Assumption: whoever answers DHCP at an address of
 * this host is the server that is asked about; two of them share no address. */
#include "cleanup.h"
#include "errors.h"
#include "proof.h"
#include "sight.h"
#include "site.h"
#include "world.h"

#include <string.h>

/* Of a server that answers DHCP, TFTP or both; broadcast: it listens on raw sockets. */
struct part {
	bool dhcp, broadcast, tftp;
	enum proof_manner manner;
};

static void look(const struct world *w, const struct part *p, struct sight *out)
{
	*out = (struct sight){0};
	if (p->dhcp)
		sight_dhcp(p->broadcast, out);
	if (p->tftp)
		sight_tftp(w, out);
}

static void append(struct cpr_errors *to, struct cpr_errors *from)
{
	for (size_t i = 0; i < from->n; i++)
		cpr_errors_add(to, NULL, 0, "%s", from->line[i]);
	cpr_errors_clear(from);
}

/* The lines of the worse part come first. */
static enum proof probe(const struct world *w, const struct part *p,
	const struct sight *before, enum proof_of of, struct cpr_errors *why)
{
	_cleanup_(cpr_freep) struct sight *now = malloc(sizeof(*now));
	_cleanup_(cpr_errors_clear) struct cpr_errors dhcp_why = {0}, tftp_why = {0};
	enum proof dhcp = PROOF_OK, tftp = PROOF_OK;
	struct part asked = *p;

	if (!now) {
		cpr_errors_add(why, NULL, 0, "out of memory");
		return PROOF_UNPROVEN;
	}
	asked.dhcp = p->dhcp && of != PROOF_OF_FILES;
	look(w, &asked, now);
	if (asked.dhcp)
		dhcp = proof_dhcp(w->site, p->manner, before, now, of, &dhcp_why);
	if (p->tftp)
		tftp = proof_tftp(w->site, before, now, of, &tftp_why);
	append(why, tftp > dhcp ? &tftp_why : &dhcp_why);
	append(why, &dhcp_why);
	append(why, &tftp_why);
	return tftp > dhcp ? tftp : dhcp;
}

static struct part dnsmasq(const struct world *w)
{
	return (struct part){
		.dhcp = true, .tftp = !w->site->tftpd_hpa, .manner = PROOF_DNSMASQ};
}

void server_dnsmasq_look(const struct world *w, struct sight *out)
{
	const struct part p = dnsmasq(w);

	look(w, &p, out);
}

enum proof server_dnsmasq_probe(const struct world *w, const struct sight *before,
	enum proof_of of, struct cpr_errors *why)
{
	const struct part p = dnsmasq(w);

	return probe(w, &p, before, of, why);
}

static const struct part tftpd_hpa = {.tftp = true};

void server_tftpd_hpa_look(const struct world *w, struct sight *out)
{
	look(w, &tftpd_hpa, out);
}

enum proof server_tftpd_hpa_probe(const struct world *w, const struct sight *before,
	enum proof_of of, struct cpr_errors *why)
{
	return probe(w, &tftpd_hpa, before, of, why);
}

static struct part kea(const struct world *w)
{
	return (struct part){.dhcp = true,
		.broadcast = true,
		.manner = strcmp(w->site->kea_mode, "hook") == 0 ? PROOF_KEA_HOOK
								 : PROOF_KEA_CLASS};
}

void server_kea_look(const struct world *w, struct sight *out)
{
	const struct part p = kea(w);

	look(w, &p, out);
}

enum proof server_kea_probe(const struct world *w, const struct sight *before,
	enum proof_of of, struct cpr_errors *why)
{
	const struct part p = kea(w);

	return probe(w, &p, before, of, why);
}

static const struct part dhcpd = {.dhcp = true, .broadcast = true, .manner = PROOF_DHCPD};

void server_dhcpd_look(const struct world *w, struct sight *out)
{
	look(w, &dhcpd, out);
}

enum proof server_dhcpd_probe(const struct world *w, const struct sight *before,
	enum proof_of of, struct cpr_errors *why)
{
	return probe(w, &dhcpd, before, of, why);
}
