/* Faults in what DHCP says of the TFTP server, and of phones that know better. */
#include "facts.h"
#include "tell.h"

#include "cleanup.h"
#include "option150.h"
#include "reading150.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
	AGAIN = 2, /* once can be the end of what was seen */
};

/* The letters of an option 150 that is text, up to the first address's end. */
static void letters(const struct cpr_answer *a, char out[17])
{
	size_t n = a->option150_len < 16 ? a->option150_len : 16;

	for (size_t i = 0; i < n; i++) {
		uint8_t c = a->option150[i];

		out[i] = c >= ' ' && c <= '~' ? (char)c : '?';
	}
	while (n && (!a->option150[n - 1] || n == 16))
		n--;
	out[n] = 0;
}

void cpr_look_option150_wrong_type(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	for (size_t i = 0; i < p->dhcp.answer_n; i++) {
		const struct cpr_answer *a = &p->dhcp.answer[i];
		struct cpr_verdict *v;
		struct in_addr to[2];
		char text[17];
		size_t n;
		int outcome = cpr_answer_option150(a, to, &n);

		if (a->cut || (outcome != CPR_OPTION150_TEXT &&
				      outcome != CPR_OPTION150_LENGTH))
			continue;
		letters(a, text);
		if (outcome == CPR_OPTION150_TEXT)
			v = cpr_verdicts_add(out, CPR_FAULT_OPTION150_WRONG_TYPE,
				"option 150 of DHCP server %s is the text \"%s\" instead "
				"of addresses of four bytes each",
				cpr_tell_address(a->server).s, text);
		else
			v = cpr_verdicts_add(out, CPR_FAULT_OPTION150_WRONG_TYPE,
				"option 150 of DHCP server %s is %zu bytes long, which is "
				"no multiple of four: no list of addresses",
				cpr_tell_address(a->server).s, a->option150_len);
		cpr_verdict_answer(v, a);
		text[strcspn(text, ", ;")] = 0;
		cpr_verdict_option150(d, p, v,
			outcome == CPR_OPTION150_TEXT && inet_pton(AF_INET, text, to) == 1
				? text
				: NULL);
		return;
	}
}

/* Where a server may well be: in the phone's own network, or at an address that the answer
 * names elsewhere. */
static bool at_home(const struct cpr_answer *a, struct in_addr address)
{
	struct in_addr named;

	return address.s_addr == a->server.s_addr ||
	       (a->siaddr.s_addr && address.s_addr == a->siaddr.s_addr) ||
	       (inet_pton(AF_INET, a->option66, &named) == 1 &&
		       named.s_addr == address.s_addr) ||
	       (a->mask.s_addr &&
		       !((address.s_addr ^ a->yiaddr.s_addr) & a->mask.s_addr));
}

/* What somebody typed who meant another address than the one that came of it: its bytes in
 * reverse, or in hexadecimal with a zero left out (0x69AA8C0 comes to 192.168.154.6). */
static bool meant_instead(const struct cpr_doctor *d, const struct cpr_answer *a,
	struct in_addr sent, struct in_addr *meant, bool *zero)
{
	uint32_t orders[2] = {ntohl(sent.s_addr), ntohl(__builtin_bswap32(sent.s_addr))};

	*zero = false;
	meant->s_addr = __builtin_bswap32(sent.s_addr);
	if (meant->s_addr != sent.s_addr &&
		(d->config.plan ? cpr_plan_serves(d, *meant) : at_home(a, *meant)))
		return true;
	*zero = true;
	for (size_t i = 0; i < CPR_ARRAY_LEN(orders); i++) {
		struct cpr_reading150 all[CPR_READINGS];
		char typed[16];
		size_t n;

		snprintf(typed, sizeof(typed), "%X", orders[i]);
		n = cpr_reading150_all(typed, all);
		for (size_t k = 0; k < n; k++) {
			*meant = all[k].address[0];
			if (all[k].zero_lost && meant->s_addr != sent.s_addr &&
				(d->config.plan ? cpr_plan_serves(d, *meant)
						: meant->s_addr == a->server.s_addr))
				return true;
		}
	}
	return false;
}

/* The phone went there, and nobody was at home; or it cannot even try. */
static bool in_vain(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
	const struct cpr_answer *a, struct in_addr address, struct cpr_moment *seen)
{
	const struct cpr_arp *arp = cpr_arp_worst(p);
	bool on_the_way = arp->address.s_addr == address.s_addr ||
			  ((address.s_addr ^ a->yiaddr.s_addr) & a->mask.s_addr &&
				  arp->address.s_addr == a->router.s_addr);

	*seen = a->first;
	if (!cpr_option150_usable(address, a->yiaddr, a->mask))
		return true;
	for (size_t i = 0; i < p->file_n; i++) {
		const struct cpr_doctor_file *f = &p->file[i];

		if (f->server.s_addr != address.s_addr)
			continue;
		*seen = f->asked;
		if (f->answered.number)
			return false;
		if (f->unreachable.number || f->unanswered.n >= AGAIN ||
			f->worst_unanswered.n >= AGAIN)
			return true;
	}
	if (on_the_way && arp->unanswered.n >= AGAIN) {
		*seen = arp->unanswered.last;
		return true;
	}
	return d->packets > d->dhcp && cpr_answer_led_nowhere(d, p, a);
}

/* One of the two addresses that the phone uses, whatever the other is. */
static bool turned_round(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
	const struct cpr_answer *a, struct in_addr sent, struct cpr_verdicts *out)
{
	struct cpr_moment seen = a->first;
	struct cpr_verdict *v;
	struct in_addr meant;
	bool zero;

	if (cpr_plan_serves(d, sent) || at_home(a, sent) ||
		!meant_instead(d, a, sent, &meant, &zero) ||
		(!in_vain(d, p, a, sent, &seen) && !d->config.plan))
		return false;
	v = cpr_verdicts_add(out, CPR_FAULT_OPTION150_BYTE_ORDER,
		"option 150 of DHCP server %s is %s: that is %s with %s",
		cpr_tell_address(a->server).s, cpr_tell_address(sent).s,
		cpr_tell_address(meant).s,
		zero ? "a zero lost in hexadecimal" : "its bytes in reverse");
	cpr_verdict_answer(v, a);
	cpr_verdict_frame(v, seen.number);
	cpr_verdict_option150(d, p, v, cpr_tell_address(meant).s);
	return true;
}

void cpr_look_option150_byte_order(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	for (size_t i = 0; i < p->dhcp.answer_n; i++) {
		const struct cpr_answer *a = &p->dhcp.answer[i];
		struct in_addr to[2];
		size_t n;

		if (!cpr_answer_is_lease(a) ||
			cpr_answer_option150(a, to, &n) != CPR_OPTION150_OK)
			continue;
		for (size_t k = 0; k < n; k++)
			if (turned_round(d, p, a, to[k], out))
				return;
	}
}

/* What DNS said to the name, or did not; "" while it may yet answer. */
static void unresolved_text(const struct cpr_doctor_phone *p, const struct cpr_answer *a,
	char *out, size_t cap)
{
	struct cpr_address_text dns = cpr_tell_address(a->dns);

	*out = 0;
	if (!a->dns.s_addr)
		snprintf(out, cap, "there is no DNS server (option 6)");
	else if (strcasecmp(p->dns.name, a->option66) != 0)
		return;
	else if (p->dns.failed.number)
		snprintf(out, cap, "DNS server %s has no address for it", dns.s);
	else if (p->dns.unanswered.n >= AGAIN)
		snprintf(out, cap, "DNS server %s did not answer, asked %u times", dns.s,
			p->dns.unanswered.n);
}

void cpr_look_option66_unresolved(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	for (size_t i = 0; i < p->dhcp.answer_n; i++) {
		const struct cpr_answer *a = &p->dhcp.answer[i];
		struct in_addr to[2];
		enum cpr_source source;
		struct cpr_verdict *v;
		char why[120];

		if (!cpr_answer_is_lease(a) || cpr_answer_servers(p, a, to, &source) ||
			source != CPR_SOURCE_OPTION66)
			continue;
		unresolved_text(p, a, why, sizeof(why));
		if (!*why || ((int)i != p->dhcp.unnamed.row &&
				     !cpr_answer_led_nowhere(d, p, a)))
			continue;
		v = cpr_verdicts_add(out, CPR_FAULT_OPTION66_UNRESOLVED,
			"option 66 of DHCP server %s is the name \"%s\", and %s",
			cpr_tell_address(a->server).s, a->option66, why);
		cpr_verdict_answer(v, a);
		if (a->dns.s_addr) {
			cpr_verdict_silence(v, &p->dns.unanswered);
			cpr_verdict_frame(v, p->dns.failed.number);
		}
		if ((int)i == p->dhcp.unnamed.row)
			cpr_verdict_frame(v, p->dhcp.unnamed.asked.number);
		return;
	}
}

void cpr_look_tftp_other_server(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	const struct cpr_dhcp_facts *f = &p->dhcp;
	char says[200];
	struct cpr_verdict *v;

	if (f->other.row < 0)
		return;
	cpr_tell_servers(p, &f->answer[f->other.row], says, sizeof(says));
	v = cpr_verdicts_add(out, CPR_FAULT_TFTP_OTHER_SERVER,
		"DHCP names %s, and the phone asks %s%s: an Alternate TFTP server is set in "
		"it",
		says, cpr_tell_address(f->other.server).s,
		d->config.plan && !cpr_plan_serves(d, f->other.server)
			? ", which is not in the site file either"
			: "");
	cpr_verdict_frame(v, f->other.leased.number);
	cpr_verdict_frame(v, f->other.asked.number);
}
