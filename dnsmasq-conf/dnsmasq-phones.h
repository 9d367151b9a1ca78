/* What the lines of dnsmasq's configuration mean for phones: which of the admin's own tell a
 * phone of another TFTP server, and which networks have the tag that ours need. */
#pragma once

#include "dnsmasq-lines.h"

struct cpr_site;
struct cpr_site_network;

/* The tag that a phone gets by its vendor class; all of our lines ask for it. */
#define DNSMASQ_PHONE "cisco-phone"
/* That of a client which asks for option 150, where somebody needs to know. */
#define DNSMASQ_ASKS "phone-cpr-asks"

enum dnsmasq_claim {
	DNSMASQ_NO_CLAIM,  /* no phone hears of it, or it names no TFTP server */
	DNSMASQ_150,       /* option 150: ours would beat it */
	DNSMASQ_FORCED150, /* the same by dhcp-option-force, which ours would cancel */
	DNSMASQ_BOOT, /* dhcp-boot: its siaddr, or dnsmasq's own address, beats ours */
};

/* What the line, one of all's, tells phones. */
enum dnsmasq_claim dnsmasq_claim(
	const struct dnsmasq_lines *all, const struct dnsmasq_line *one);
/* It depends on tags: it has a rank then that no line of ours can be sure to beat. */
bool dnsmasq_is_tagged(const struct dnsmasq_line *one);

/* The first dhcp-range of this network, one of the site's, that does not set the network's
 * tag; NULL: none.  *tagged: whether any line sets it; if not, phones there get the general
 * servers. */
const struct dnsmasq_line *dnsmasq_untagged_range(const struct dnsmasq_lines *all,
	const struct cpr_site *site, const struct cpr_site_network *n, bool *tagged);
/* The tag that a dhcp-range sets (it has one at most), or NULL. */
const char *dnsmasq_range_tag(const struct dnsmasq_line *range);
