/* ISC dhcpd 4.4.  One file of statements for everybody's scope, made to be included by the
 * admin's own, and none of whose lines touches his subnets.  Observed there:
 * - Whatever a subnet, pool, class or host of his sets wins, and of two statements for
 *   everybody the later one.
 * - Option 150 has a name, but an admin may define it anew, as text even.  Definitions of one
 *   code by several names keep apart, each its own type; so a name of our own is right
 *   beside any.
 * - leased-address is the address that is being given out, also behind a relay; an INFORM has
 *   none, but says its own (bytes 12 to 15).
 * - Only what is asked for is sent, unless the list of what is asked for is made longer; a
 *   client without a list gets everything, and must not be given one. */
#include "answer.h"
#include "cleanup.h"
#include "emit.h"
#include "option150.h"
#include "plan.h"
#include "site.h"
#include "vendor.h"

#include <arpa/inet.h>
#include <string.h>

#define FOLDER "/etc/dhcp"
#define NAME   "phone-cpr.conf"
#define OPTION "phone-cpr-tftp-servers"

bool wants_isc_dhcpd(const struct cpr_site *site)
{
	return site->isc_dhcpd;
}

/* Assumption: the ATA186 and ATA188, of which only a part of their text is known, begin with
 * it. */
static void phone_test(struct cpr_buf *b)
{
	for (size_t i = 0; cpr_vendor_substrings[i]; i++)
		cpr_buf_printf(b,
			"%ssubstring(option vendor-class-identifier, 0, %zu) = \"%s\"",
			i ? "\n\tor " : "if ", strlen(cpr_vendor_substrings[i]),
			cpr_vendor_substrings[i]);
	cpr_buf_puts(b, " {\n");
}

/* "10.1" and, where the length ends within a byte, that byte's upper bits. */
static void network_test(struct cpr_buf *b, const struct answer *a)
{
	const char *address = "pick-first-value(leased-address, packet(12, 4))";
	unsigned whole = a->length / 8, bits = a->length % 8;
	uint32_t prefix = ntohl(a->prefix.s_addr);

	if (whole)
		cpr_buf_printf(b,
			"binary-to-ascii(10, 8, \".\", substring(%s, 0, %u)) = \"",
			address, whole);
	for (unsigned i = 0; i < whole; i++)
		cpr_buf_printf(b, "%s%u", i ? "." : "", prefix >> (24 - 8 * i) & 0xff);
	if (whole)
		cpr_buf_puts(b, "\"");
	if (bits)
		cpr_buf_printf(b, "%sextract-int(substring(%s, %u, 1), 8) & %u = %u",
			whole ? "\n\t\tand " : "", address, whole, 0xff00 >> bits & 0xff,
			prefix >> (24 - 8 * whole) & 0xff);
}

static void statements(struct cpr_buf *b, const struct answer *a, const char *indent)
{
	char text[INET_ADDRSTRLEN];

	cpr_buf_printf(b, "%soption " OPTION " ", indent);
	answer_list(b, a);
	dotted(a->server[0], text);
	cpr_buf_printf(b, ";\n%soption tftp-server-name \"%s\";\n%snext-server %s;\n",
		indent, text, indent, text);
}

static void all_answers(struct cpr_buf *b, const struct answer *all, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (all[i].length) {
			cpr_buf_puts(b, i ? "\t} elsif " : "\tif ");
			network_test(b, &all[i]);
			cpr_buf_puts(b, " {\n");
		} else if (i) {
			cpr_buf_puts(b, "\t} else {\n");
		}
		statements(b, &all[i], n > 1 ? "\t\t" : "\t");
	}
	cpr_buf_puts(b, n > 1 ? "\t}\n}\n" : "}\n");
}

void emit_isc_dhcpd(
	const struct emit_input *in, struct outputs *out, struct cpr_errors *e)
{
	const struct cpr_site *site = in->plan->site;
	size_t n = 0;
	_cleanup_(cpr_freep) struct answer *all = NULL;
	struct output *o;

	if (lacks_servers(site, "isc-dhcpd", e))
		return;
	all = answers_of(site, &n);
	o = outputs_add(out, "isc-dhcpd", FOLDER, NAME);
	o->guarded = true;
	o->server = "isc-dhcp-server";
	o->restart = RESTART_ON_EVERY_CHANGE;
	out->failed = out->failed || !all;
	cpr_buf_printf(&o->text,
		GENERATED_LINE "option " OPTION " code %d = array of ip-address;\n",
		CPR_OPTION_TFTP_SERVER_ADDRESS);
	phone_test(&o->text);
	cpr_buf_printf(&o->text,
		"\tif exists dhcp-parameter-request-list {\n"
		"\t\toption dhcp-parameter-request-list = "
		"concat(option dhcp-parameter-request-list, %02x:%02x);\n"
		"\t}\n",
		CPR_OPTION_TFTP_SERVER_ADDRESS, CPR_OPTION_TFTP_SERVER_NAME);
	all_answers(&o->text, all, n);
}
