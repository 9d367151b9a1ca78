#include "dnsmasq.h"

#include "buf.h"
#include "vendor.h"

#include <arpa/inet.h>

enum {
	RANGE_MAX = 200
};

void cpr_bench_range(struct in_addr address, unsigned length, struct in_addr *first,
	struct in_addr *last)
{
	uint32_t own = ntohl(address.s_addr), mask = UINT32_MAX << (32 - length);
	uint32_t low = (own & mask) + 1, high = (own | ~mask) - 1;

	if (high - own >= own - low)
		low = own + 1;
	else
		high = own - 1;
	if (high - low >= RANGE_MAX)
		high = low + RANGE_MAX - 1;
	first->s_addr = htonl(low);
	last->s_addr = htonl(high);
}

void cpr_bench_dnsmasq_text(const struct cpr_bench_dnsmasq *d, struct cpr_buf *out)
{
	char own[INET_ADDRSTRLEN], low[INET_ADDRSTRLEN], high[INET_ADDRSTRLEN];
	char netmask[INET_ADDRSTRLEN];
	struct in_addr first, last, mask = {htonl(UINT32_MAX << (32 - d->length))};

	cpr_bench_range(d->address, d->length, &first, &last);
	inet_ntop(AF_INET, &d->address, own, sizeof(own));
	inet_ntop(AF_INET, &first, low, sizeof(low));
	inet_ntop(AF_INET, &last, high, sizeof(high));
	inet_ntop(AF_INET, &mask, netmask, sizeof(netmask));

	cpr_buf_puts(out, "# of one run of cpr-recover\n"
			  "port=0\n"
			  "no-hosts\n"
			  "no-resolv\n"
			  "log-facility=-\n"
			  "log-dhcp\n"
			  "pid-file=\n");
	/* No other user: in a user namespace the change is refused (setgroups), and a
	 * process that changes its user no longer dies with its parent (prctl(2)). */
	cpr_buf_puts(out, "user=\n"
			  "group=\n");
	cpr_buf_printf(out, "interface=%s\nbind-interfaces\n", d->interface);
	cpr_buf_printf(out, "dhcp-leasefile=%s\n", d->leases);
	cpr_buf_printf(out, "dhcp-range=%s,%s,%s,1h\n", low, high, netmask);
	cpr_buf_puts(out, "dhcp-authoritative\n");
	for (size_t i = 0; cpr_vendor_substrings[i]; i++)
		cpr_buf_printf(out, "dhcp-vendorclass=set:cisco-phone,\"%s\"\n",
			cpr_vendor_substrings[i]);
	cpr_buf_puts(out, "dhcp-ignore=tag:!cisco-phone\n");
	cpr_buf_printf(out, "dhcp-option-force=tag:cisco-phone,150,%s\n", own);
	/* Quoted, it is sent as text; without, dnsmasq would take it for an address. */
	cpr_buf_printf(out, "dhcp-option-force=tag:cisco-phone,66,\"%s\"\n", own);
	cpr_buf_printf(out, "enable-tftp\ntftp-root=%s\n", d->tftp_root);
}
