/* dnsmasq 2.90.  Two files: a static one, read at its start only, and a live one in a
 * dhcp-optsdir, whose changes it takes up at once.  Measured there:
 * - dhcp-vendorclass matches anywhere in option 60, and needs quotes around a comma.
 * - A live line cannot force an option, and cancels a static forced one; so none is forced
 *   here (every phone that was seen asks for 150 and 66).
 * - `tag:a` stands in the way of `tag:a,tag:net1` wherever it is written, hence tag:!net1.
 * - option:server-ip-address is siaddr, and works in such a file only.
 * - A line that is gone stays in force until a restart, hence always the full set. */
#include "emit.h"
#include "plan.h"
#include "site.h"
#include "vendor.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define STATIC_DIR "/etc/dnsmasq.d"
#define LIVE_DIR   "/var/lib/phone-cpr/dnsmasq"
#define TAG        "cisco-phone"

bool wants_dnsmasq(const struct cpr_site *site)
{
	return site->dnsmasq;
}

/* dnsmasq serves the files, too, unless another TFTP server does. */
static bool serves_tftp(const struct cpr_site *site)
{
	return !site->tftpd_hpa;
}

static void static_lines(const struct cpr_site *site, struct cpr_buf *b)
{
	cpr_buf_puts(b, GENERATED_LINE);
	for (size_t i = 0; cpr_vendor_substrings[i]; i++)
		cpr_buf_printf(b, "dhcp-vendorclass=set:" TAG ",\"%s\"\n",
			cpr_vendor_substrings[i]);
	cpr_buf_puts(b, "dhcp-optsdir=" LIVE_DIR "\n");
	if (serves_tftp(site))
		cpr_buf_printf(b, "enable-tftp\ntftp-root=%s\n", site->tftp_root);
}

/* The three ways in which phones learn a TFTP server, all naming the same. */
static void live_lines(
	struct cpr_buf *b, const char *tags, const struct in_addr *server, size_t n)
{
	char address[INET_ADDRSTRLEN];

	cpr_buf_printf(b, "%s,150", tags);
	for (size_t i = 0; i < n; i++) {
		inet_ntop(AF_INET, &server[i], address, sizeof(address));
		cpr_buf_printf(b, ",%s", address);
	}
	inet_ntop(AF_INET, &server[0], address, sizeof(address));
	cpr_buf_printf(b, "\n%s,66,%s\n%s,option:server-ip-address,%s\n", tags, address,
		tags, address);
}

static void live_file(const struct cpr_site *site, struct cpr_buf *b)
{
	struct cpr_buf tags = {0};

	cpr_buf_puts(b, GENERATED_LINE);
	cpr_buf_puts(&tags, "tag:" TAG);
	for (size_t i = 0; i < site->network_n; i++)
		cpr_buf_printf(&tags, ",tag:!net%zu", i + 1);
	if (tags.failed)
		b->failed = true;
	else
		live_lines(b, tags.data, site->tftp_server, site->tftp_server_n);
	cpr_buf_free(&tags);
	for (size_t i = 0; i < site->network_n; i++) {
		char tag[48];

		snprintf(tag, sizeof(tag), "tag:" TAG ",tag:net%zu", i + 1);
		live_lines(b, tag, site->network[i].tftp_server,
			site->network[i].tftp_server_n);
	}
}

static bool refuses(const struct cpr_site *site, struct cpr_errors *e)
{
	size_t before = e->n;

	lacks_servers(site, "dnsmasq", e);
	if (serves_tftp(site) && strpbrk(site->tftp_root, "\"#,\n\r\t"))
		cpr_errors_add(e, site_name(site), 0,
			"tftp-root: dnsmasq cannot take a path with a comma, quote, # or "
			"tab in it; give the folder another name");
	return e->n > before;
}

void emit_dnsmasq(const struct emit_input *in, struct outputs *out, struct cpr_errors *e)
{
	const struct cpr_site *site = in->plan->site;
	struct output *o;

	if (refuses(site, e))
		return;
	o = outputs_add(out, "dnsmasq", LIVE_DIR, "phone-cpr");
	o->guarded = true;
	o->server = "dnsmasq";
	o->restart = RESTART_ON_LOST_LINES;
	live_file(site, &o->text);
	o = outputs_add(out, "dnsmasq", STATIC_DIR, "phone-cpr.conf");
	o->guarded = true;
	o->check = true;
	o->server = "dnsmasq";
	o->serves_tftp = serves_tftp(site);
	o->restart = RESTART_ON_CHANGE;
	static_lines(site, &o->text);
	for (size_t i = 0; i < site->network_n; i++) {
		char prefix[INET_ADDRSTRLEN];

		inet_ntop(AF_INET, &site->network[i].prefix, prefix, sizeof(prefix));
		cpr_errors_add(&out->note, NULL, 0,
			"dnsmasq: put set:net%zu into the dhcp-range line of %s/%u "
			"(dhcp-range=set:net%zu,...): without it phones there get the "
			"general TFTP servers",
			i + 1, prefix, site->network[i].length, i + 1);
	}
}
