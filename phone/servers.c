/* Which TFTP servers the phone uses.  Source: disassembly of the 79x1 firmware's own choice:
 * option 150 (the first two, if the first is not 0.0.0.0), then option 66, then siaddr, then
 * sname; the first that exists is used alone, lists are not merged.  Before all of them goes a
 * server stored in the phone. */
#include "state.h"

#include "option150.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

const char *cpr_servers_source(const struct cpr_phone *p)
{
	return p->stored ? "the alternate TFTP server stored in the phone"
			 : cpr_source_name(p->source);
}

static bool take(
	struct cpr_phone *p, enum cpr_source s, const struct in_addr *a, size_t n)
{
	p->tftp_n = 0;
	for (size_t i = 0; i < n && p->tftp_n < CPR_OPTION150_USED; i++) {
		if (cpr_option150_usable(a[i], p->lease.address, p->lease.mask))
			p->tftp[p->tftp_n++] = a[i];
	}
	p->source = p->tftp_n ? s : CPR_SOURCE_NONE;
	return p->tftp_n > 0;
}

static void chosen(struct cpr_phone *p)
{
	char a[INET_ADDRSTRLEN], b[INET_ADDRSTRLEN] = "";

	inet_ntop(AF_INET, &p->tftp[0], a, sizeof(a));
	if (p->tftp_n > 1)
		inet_ntop(AF_INET, &p->tftp[1], b, sizeof(b));
	cpr_phone_say(p, "takes TFTP server %s%s%s from %s", a, *b ? " and " : "", b,
		cpr_servers_source(p));
	cpr_boot_served(p);
}

/* Nobody to ask. */
static void none(struct cpr_phone *p)
{
	cpr_phone_end(p, false);
}

static void sname_found(struct cpr_phone *p)
{
	if (take(p, CPR_SOURCE_SNAME, &p->lookup.found, 1))
		chosen(p);
	else
		none(p);
}

static void below_option66(struct cpr_phone *p)
{
	struct in_addr a;

	if (take(p, CPR_SOURCE_SIADDR, &p->lease.siaddr, 1)) {
		chosen(p);
		return;
	}
	if (inet_pton(AF_INET, p->lease.sname, &a) == 1 &&
		take(p, CPR_SOURCE_SNAME, &a, 1))
		chosen(p);
	else if (*p->lease.sname && p->lease.dns.s_addr)
		cpr_lookup_start(p, p->lease.sname, sname_found);
	else
		none(p);
}

static void option66_found(struct cpr_phone *p)
{
	if (take(p, CPR_SOURCE_OPTION66, &p->lookup.found, 1))
		chosen(p);
	else
		below_option66(p);
}

static void option66(struct cpr_phone *p)
{
	char name[256];
	struct in_addr a;

	switch (cpr_option66_decode(
		(const uint8_t *)p->lease.option66, p->lease.option66_len, &a, name)) {
	case CPR_OPTION66_ADDRESS:
		if (take(p, CPR_SOURCE_OPTION66, &a, 1)) {
			chosen(p);
			return;
		}
		break;
	case CPR_OPTION66_NAME:
		if (p->lease.dns.s_addr) {
			cpr_lookup_start(p, name, option66_found);
			return;
		}
		break;
	case CPR_OPTION66_MALFORMED:
	case CPR_OPTION66_ABSENT:
		break;
	}
	below_option66(p);
}

void cpr_servers_choose(struct cpr_phone *p)
{
	size_t len = p->lease.option150_len, n = 0;
	struct in_addr a[CPR_OPTION150_USED];
	enum cpr_option150_outcome outcome;

	/* What does not fit is far behind the two addresses that count. */
	if (len > sizeof(p->lease.option150) && len % 4 == 0)
		len = sizeof(p->lease.option150);
	outcome = len > sizeof(p->lease.option150)
			  ? CPR_OPTION150_LENGTH
			  : cpr_option150_decode(
				    p->lease.option150, len, a, CPR_OPTION150_USED, &n);
	p->tftp_n = 0;
	p->source = CPR_SOURCE_NONE;
	p->stored = p->config.defect == CPR_DEFECT_ALTERNATE_TFTP &&
		    take(p, CPR_SOURCE_NONE, &p->config.alternate_tftp, 1);
	if (p->stored) {
		chosen(p);
		return;
	}
	/* Source for what a text there does to a phone: a support thread; the lease is dropped,
	 * or the first letters are taken for an address.  Either way it does not get to its
	 * server. */
	if (outcome == CPR_OPTION150_LENGTH || outcome == CPR_OPTION150_TEXT)
		none(p);
	else if (outcome != CPR_OPTION150_OK || !take(p, CPR_SOURCE_OPTION150, a, n))
		option66(p);
	else
		chosen(p);
}
