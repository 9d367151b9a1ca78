/* dnsmasq 2.90.  Two files: a static one, read at its start only, and a live one in a
 * dhcp-optsdir, whose changes it takes up at once.  Measured there:
 * - dhcp-vendorclass matches anywhere in option 60, and needs quotes around a comma.
 * - A live line cannot force an option, and cancels a static forced one.  So 150 reaches a
 *   phone that asks for it, or for nothing at all, and siaddr each one: nothing is forced, or
 *   every change of tftp-servers would need a restart.  Only where the admin forces 150, and
 *   override says that ours shall win, it is split by whether the phone asks.
 * - `tag:a` stands in the way of `tag:a,tag:net1` wherever it is written, hence tag:!NET; a
 *   tag that tag-if makes of a range's will do.
 * - Of dhcp-boot and option:server-ip-address, which is siaddr and works in such a file only,
 *   the former wins, also untagged.  It cannot be live.
 * - A tagged line beats an untagged one.  Of two tagged dhcp-boot the one read last wins, and
 *   the main file is read after the folder that ours is in; a live option is in front of all
 *   static ones, but for those with the tag of a range, which come second.
 * - A line that is gone stays in force until a restart, hence always the full set. */
#include "cleanup.h"
#include "dnsmasq-phones.h"
#include "emit.h"
#include "option150.h"
#include "plan.h"
#include "site.h"
#include "vendor.h"

#include <arpa/inet.h>
#include <string.h>

/* The tag of phones in any network of the site file: lines for everyone else ask for its
 * absence, and so stay the same lines when networks come and go, and short: dnsmasq cuts a line
 * at 1024 bytes. */
#define IN_NETWORK "phone-cpr-net"

/* What of the admin's own has to be overridden. */
struct wins {
	bool boot, force;
};

bool wants_dnsmasq(const struct cpr_site *site)
{
	return site->dnsmasq;
}

/* dnsmasq serves the files, too, unless another TFTP server does. */
static bool serves_tftp(const struct cpr_site *site)
{
	return !site->tftpd_hpa;
}

/* Of everyone (network NULL), or of phones in a network. */
static char *tags_of(const struct cpr_site_network *network)
{
	char *tags;
	int r = network ? asprintf(&tags, "tag:" DNSMASQ_PHONE ",tag:%s", network->tag)
			: asprintf(&tags, "tag:" DNSMASQ_PHONE ",tag:!" IN_NETWORK);

	return r < 0 ? NULL : tags;
}

static void option150(struct cpr_buf *b, const struct in_addr *server, size_t n)
{
	char address[INET_ADDRSTRLEN];

	cpr_buf_puts(b, "150");
	for (size_t i = 0; i < n && i < CPR_OPTION150_USED; i++)
		cpr_buf_printf(b, ",%s",
			inet_ntop(AF_INET, &server[i], address, sizeof(address)));
	cpr_buf_puts(b, "\n");
}

/* What the admin has that beats, or is cancelled by, live lines. */
static void winning_lines(const struct wins *wins, struct cpr_buf *b, const char *tags,
	const struct in_addr *server, size_t n)
{
	char address[INET_ADDRSTRLEN];

	if (wins->force) {
		cpr_buf_printf(b, "dhcp-option-force=%s,tag:!" DNSMASQ_ASKS ",", tags);
		option150(b, server, n);
	}
	if (wins->boot)
		cpr_buf_printf(b, "dhcp-boot=%s,,,%s\n", tags,
			inet_ntop(AF_INET, server, address, sizeof(address)));
}

/* The three ways in which phones learn a TFTP server, all naming the same. */
static void live_lines(const struct wins *wins, struct cpr_buf *b, const char *tags,
	const struct in_addr *server, size_t n)
{
	char address[INET_ADDRSTRLEN];

	cpr_buf_printf(b, "%s%s,", tags, wins->force ? ",tag:" DNSMASQ_ASKS : "");
	option150(b, server, n);
	inet_ntop(AF_INET, server, address, sizeof(address));
	cpr_buf_printf(b, "%s,66,%s\n%s,option:server-ip-address,%s\n", tags, address,
		tags, address);
}

/* The lines of everyone else, then those of each network. */
static void for_all(const struct cpr_site *site, const struct wins *wins,
	struct cpr_buf *b,
	void (*lines)(const struct wins *wins, struct cpr_buf *b, const char *tags,
		const struct in_addr *server, size_t n))
{
	for (size_t i = 0; i <= site->network_n; i++) {
		const struct cpr_site_network *n = i ? &site->network[i - 1] : NULL;
		_cleanup_(cpr_freep) char *tags = tags_of(n);

		if (!tags)
			b->failed = true;
		else if (n)
			lines(wins, b, tags, n->tftp_server, n->tftp_server_n);
		else
			lines(wins, b, tags, site->tftp_server, site->tftp_server_n);
	}
}

static void static_file(
	const struct cpr_site *site, const struct wins *wins, struct cpr_buf *b)
{
	cpr_buf_puts(b, GENERATED_LINE);
	for (size_t i = 0; cpr_vendor_substrings[i]; i++)
		cpr_buf_printf(b, "dhcp-vendorclass=set:" DNSMASQ_PHONE ",\"%s\"\n",
			cpr_vendor_substrings[i]);
	for (size_t i = 0; i < site->network_n; i++)
		cpr_buf_printf(
			b, "tag-if=set:" IN_NETWORK ",tag:%s\n", site->network[i].tag);
	if (wins->force) /* 55 holds the byte 150; without the b it is no syntax */
		cpr_buf_puts(b, "dhcp-match=set:" DNSMASQ_ASKS ",55,150b\n");
	for_all(site, wins, b, winning_lines);
	cpr_buf_puts(b, "dhcp-optsdir=" DNSMASQ_LIVE "\n");
	if (serves_tftp(site))
		cpr_buf_printf(b, "enable-tftp\ntftp-root=%s\n", site->tftp_root);
}

static void live_file(
	const struct cpr_site *site, const struct wins *wins, struct cpr_buf *b)
{
	cpr_buf_puts(b, GENERATED_LINE);
	for_all(site, wins, b, live_lines);
}

/* What a line of the admin's does to phones, beside ours. */
static const char *does(enum dnsmasq_claim claim)
{
	return claim == DNSMASQ_BOOT
		       ? "this dhcp-boot would send phones another siaddr than ours"
		       : "this option 150 would silently give way to ours at phones";
}

/* A tagged line that phones get may be preferred to ours whatever we write. */
static bool can_win(const struct cpr_site *site, const struct dnsmasq_line *l,
	enum dnsmasq_claim claim)
{
	return !dnsmasq_is_tagged(l) || (claim == DNSMASQ_150 && !site->network_n);
}

static bool is_repeated(const struct dnsmasq_lines *all, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (all->line[i].line == all->line[at].line &&
			strcmp(all->line[i].file, all->line[at].file) == 0)
			return true;
	return false;
}

/* The admin's lines that ours contradict: refused, or noted to be won over. */
static void weigh(const struct emit_input *in, struct wins *wins, struct cpr_errors *e)
{
	const struct cpr_site *site = in->plan->site;
	const struct dnsmasq_lines *all = in->dnsmasq;

	for (size_t i = 0; all && i < all->n; i++) {
		const struct dnsmasq_line *l = &all->line[i];
		enum dnsmasq_claim claim = dnsmasq_claim(all, l);
		bool tagged = dnsmasq_is_tagged(l);

		if (!claim || is_repeated(all, i))
			continue;
		wins->boot = wins->boot || claim == DNSMASQ_BOOT;
		wins->force = wins->force || claim == DNSMASQ_FORCED150;
		if (!site->dnsmasq_override)
			cpr_errors_add(e, l->file, l->line,
				"%s: %s, or set dnsmasq { override = true } in %s",
				does(claim),
				/* a network boot goes on with it */
				tagged || claim == DNSMASQ_BOOT
					? "put tag:!" DNSMASQ_PHONE " into it"
					: "take it out",
				site_name(site));
		else if (!can_win(site, l, claim))
			cpr_errors_add(e, l->file, l->line,
				"its tags keep this line from being overridden at phones: "
				"put tag:!" DNSMASQ_PHONE " into it");
	}
}

static bool refuses(const struct emit_input *in, struct wins *wins, struct cpr_errors *e)
{
	const struct cpr_site *site = in->plan->site;
	size_t before = e->n;

	lacks_servers(site, "dnsmasq", e);
	weigh(in, wins, e);
	if (serves_tftp(site) && strpbrk(site->tftp_root, "\"#,\n\r\t"))
		cpr_errors_add(e, site_name(site), 0,
			"tftp-root: dnsmasq cannot take a path with a comma, quote, # or "
			"tab in it; give the folder another name");
	return e->n > before;
}

void emit_dnsmasq(const struct emit_input *in, struct outputs *out, struct cpr_errors *e)
{
	const struct cpr_site *site = in->plan->site;
	struct wins wins = {0};
	struct output *o;

	if (refuses(in, &wins, e))
		return;
	o = outputs_add(out, "dnsmasq", DNSMASQ_LIVE, "phone-cpr");
	o->guarded = true;
	o->server = "dnsmasq";
	o->restart = RESTART_ON_LOST_LINES;
	live_file(site, &wins, &o->text);
	o = outputs_add(out, "dnsmasq", "/etc/dnsmasq.d", "phone-cpr.conf");
	o->guarded = true;
	o->check = true;
	o->server = "dnsmasq";
	o->serves_tftp = serves_tftp(site);
	/* addresses stand in lines that win */
	o->restart =
		wins.boot || wins.force ? RESTART_ON_EVERY_CHANGE : RESTART_ON_CHANGE;
	static_file(site, &wins, &o->text);
}
