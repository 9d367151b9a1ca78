/* Which TFTP servers the phone uses.  Source: disassembly of the 79x1 firmware's own choice:
 * option 150 (the first two, if the first is not 0.0.0.0), then option 66, then siaddr, then
 * sname; the first that exists is used alone, lists are not merged.  Before all of them goes a server stored
 * in the phone. */
#include "state.h"

#include "option150.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

const char *cpr_source_name(enum cpr_source s)
{
	static const char *const name[] = {
		[CPR_SOURCE_NONE] = "none",
		[CPR_SOURCE_STORED] = "the alternate TFTP server stored in the phone",
		[CPR_SOURCE_OPTION150] = "option 150",
		[CPR_SOURCE_OPTION66] = "option 66",
		[CPR_SOURCE_SIADDR] = "next server (siaddr)",
		[CPR_SOURCE_SNAME] = "server name (sname)",
	};

	return name[s];
}

/* The phone drops invalid addresses and the network and broadcast address of its subnet. */
static bool usable(const struct cpr_phone *p, struct in_addr a)
{
	uint32_t host = ntohl(a.s_addr), hosts = ~ntohl(p->lease.mask.s_addr);
	uint32_t first = host >> 24;

	if (!host || first == 0 || first == 127 || first >= 224)
		return false;
	if ((a.s_addr ^ p->lease.address.s_addr) & p->lease.mask.s_addr || hosts < 3)
		return true;
	return (host & hosts) != 0 && (host & hosts) != hosts;
}

static bool take(
	struct cpr_phone *p, enum cpr_source s, const struct in_addr *a, size_t n)
{
	p->tftp_n = 0;
	for (size_t i = 0; i < n && p->tftp_n < CPR_OPTION150_USED; i++) {
		if (usable(p, a[i]))
			p->tftp[p->tftp_n++] = a[i];
	}
	p->source = p->tftp_n ? s : CPR_SOURCE_NONE;
	return p->tftp_n > 0;
}

bool cpr_servers_turned_round(const struct cpr_phone *p, struct in_addr a)
{
	struct in_addr back = {__builtin_bswap32(a.s_addr)};

	return back.s_addr != a.s_addr &&
	       (back.s_addr == p->lease.server.s_addr ||
		       back.s_addr == p->lease.siaddr.s_addr ||
		       (usable(p, back) && !((back.s_addr ^ p->lease.address.s_addr) &
						   p->lease.mask.s_addr)));
}

static void chosen(struct cpr_phone *p)
{
	char a[INET_ADDRSTRLEN], b[INET_ADDRSTRLEN] = "";

	inet_ntop(AF_INET, &p->tftp[0], a, sizeof(a));
	if (p->tftp_n > 1)
		inet_ntop(AF_INET, &p->tftp[1], b, sizeof(b));
	cpr_phone_say(p, "takes TFTP server %s%s%s from %s", a, *b ? " and " : "", b,
		cpr_source_name(p->source));
	p->stage = CPR_STAGE_TFTP;
	cpr_boot_served(p);
}

static void none(struct cpr_phone *p)
{
	cpr_phone_fault(p, CPR_FAULT_DHCP_NO_TFTP_SERVER, p->last_seen, 0,
		"the DHCP answer names no usable TFTP server: neither option 150 nor 66, "
		"next server (siaddr) nor server name");
	cpr_phone_end(p, false, NULL);
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
	char dns[INET_ADDRSTRLEN];

	if (take(p, CPR_SOURCE_OPTION66, &p->lookup.found, 1)) {
		chosen(p);
		return;
	}
	inet_ntop(AF_INET, &p->lease.dns, dns, sizeof(dns));
	cpr_phone_fault(p, CPR_FAULT_OPTION66_UNRESOLVED, p->last_sent, p->last_seen,
		"option 66 is the name \"%s\" and DNS server %s gave no address for it",
		p->lookup.name, dns);
	below_option66(p);
}

static void option66(struct cpr_phone *p)
{
	char name[256];
	struct in_addr a;

	switch (cpr_option66_decode(
		(const uint8_t *)p->lease.option66, p->lease.option66_len, &a, name)) {
	case CPR_OPTION66_ADDRESS:
		if (take(p, CPR_SOURCE_OPTION66, &a, 1))
			chosen(p);
		else
			below_option66(p);
		return;
	case CPR_OPTION66_NAME:
		if (p->lease.dns.s_addr) {
			cpr_lookup_start(p, name, option66_found);
			return;
		}
		cpr_phone_fault(p, CPR_FAULT_OPTION66_UNRESOLVED, p->last_seen, 0,
			"option 66 is the name \"%s\" and there is no DNS server (option "
			"6)",
			name);
		break;
	case CPR_OPTION66_MALFORMED:
		cpr_phone_fault(p, CPR_FAULT_OPTION66_UNRESOLVED, p->last_seen, 0,
			"option 66 is no text");
		break;
	case CPR_OPTION66_ABSENT:
		break;
	}
	below_option66(p);
}

/* unusable: what option 150 begins with all the same, or 0.0.0.0. */
static void without_option150(struct cpr_phone *p, struct in_addr unusable)
{
	struct in_addr back = {__builtin_bswap32(unusable.s_addr)};
	char a[INET_ADDRSTRLEN], b[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &unusable, a, sizeof(a));
	inet_ntop(AF_INET, &back, b, sizeof(b));
	if (cpr_servers_turned_round(p, unusable))
		cpr_phone_fault(p, CPR_FAULT_OPTION150_BYTE_ORDER, p->last_seen, 0,
			"option 150 is %s, which is no host's address: %s with its bytes "
			"turned round",
			a, b);
	option66(p);
}

/* Source for what a text there does to a phone: a support thread; the lease is dropped, or the
 * first letters are taken for an address.  Either way it does not get to its server. */
static void wrong_type(struct cpr_phone *p, bool text)
{
	size_t n = p->lease.option150_len;
	char shown[64];

	if (n > sizeof(shown) - 1)
		n = sizeof(shown) - 1;
	for (size_t i = 0; i < n; i++) {
		uint8_t c = p->lease.option150[i];

		shown[i] = c >= 32 && c < 127 ? (char)c : '.';
	}
	shown[n] = 0;
	if (text)
		cpr_phone_fault(p, CPR_FAULT_OPTION150_WRONG_TYPE, p->last_seen, 0,
			"option 150 holds the text \"%s\" instead of addresses of four "
			"bytes",
			shown);
	else
		cpr_phone_fault(p, CPR_FAULT_OPTION150_WRONG_TYPE, p->last_seen, 0,
			"option 150 is %zu bytes long, which is no multiple of four",
			p->lease.option150_len);
	cpr_phone_end(p, false, NULL);
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
	if (p->config.defect == CPR_DEFECT_ALTERNATE_TFTP &&
		take(p, CPR_SOURCE_STORED, &p->config.alternate_tftp, 1)) {
		chosen(p);
		return;
	}
	if (outcome == CPR_OPTION150_LENGTH || outcome == CPR_OPTION150_TEXT)
		wrong_type(p, outcome == CPR_OPTION150_TEXT);
	else if (outcome == CPR_OPTION150_OK && take(p, CPR_SOURCE_OPTION150, a, n))
		chosen(p);
	else
		without_option150(p, n ? a[0] : (struct in_addr){0});
}
