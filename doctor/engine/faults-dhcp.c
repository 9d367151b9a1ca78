/* Faults that show in DHCP: what was answered, or was not; and of phones that do nothing with it. */
#include "facts.h"
#include "tell.h"

#include <stdio.h>
#include <string.h>

enum {
	/* The firmware repeats a DISCOVER every 4 s: four of them make a bit more than 12 s,
	 * and captures' clocks a bit less.  An OFFER that comes behind the third is none too
	 * late: dnsmasq takes 3 s to look whether an address is in use.  Of a server that is
	 * busy with others, as many as a phone makes before it takes an old address. */
	SILENT = 4,
	SILENT_BUSY = 8,
	SILENT_US = 11500000,
	/* Where many phones start at once, dnsmasq offers several the same address, refuses it to
	 * all but one (NAK), and has one for each in the end. */
	UNTAKEN_US = 30000000,
	AGAIN = 2, /* once can be the end of what was seen */
	IDLE_LONG_US = 90000000,
};

/* Asked in vain; passed_over: of DISCOVERs those after an OFFER to another phone. */
static bool silent(const struct cpr_silence *s, unsigned passed_over)
{
	return s->n >= (passed_over >= AGAIN ? SILENT_BUSY : SILENT) &&
	       cpr_silence_us(s) >= SILENT_US;
}

/* "in VLAN 20", "untagged" */
static void vlan_text(int vlan, char out[24])
{
	if (vlan < 0)
		snprintf(out, 24, "untagged");
	else
		snprintf(out, 24, "in VLAN %d", vlan);
}

/* Where OFFERs were seen, when it is not where this phone asks. */
static bool offers_elsewhere(
	const struct cpr_doctor *d, const struct cpr_doctor_phone *p, int *vlan)
{
	size_t own = (size_t)(p->dhcp.vlan + 1);

	if (d->offers_in[own / 64 % 65] >> own % 64 & 1)
		return false;
	for (size_t i = 0; i < 4097; i++)
		if (d->offers_in[i / 64] >> i % 64 & 1) {
			*vlan = (int)i - 1;
			return true;
		}
	return false;
}

static void no_offer_at_all(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
	struct cpr_verdicts *out)
{
	const struct cpr_dhcp_facts *f = &p->dhcp;
	char here[24], there[24], told[80] = "";
	struct cpr_verdict *v;
	int vlan;

	vlan_text(f->vlan, here);
	if (p->voice_vlan >= 0)
		snprintf(told, sizeof(told), "; the voice VLAN of its port is %d",
			p->voice_vlan);
	if (f->direct && offers_elsewhere(d, p, &vlan)) {
		vlan_text(vlan, there);
		v = cpr_verdicts_add(out, CPR_FAULT_DHCP_NO_OFFER,
			"asked for an address %u times in %u s, %s, and no server answers "
			"there; one does %s%s",
			f->unoffered.n, cpr_tell_seconds(cpr_silence_us(&f->unoffered)),
			here, there, told);
		cpr_verdict_remedy(v,
			"let a DHCP server or a relay answer %s, or give the phone's "
			"switch port the voice VLAN that has one",
			here);
	} else if (f->relay.s_addr) {
		v = cpr_verdicts_add(out, CPR_FAULT_DHCP_NO_OFFER,
			"asked for an address %u times in %u s; the relay %s passed it on "
			"and no server offered one%s",
			f->unoffered.n, cpr_tell_seconds(cpr_silence_us(&f->unoffered)),
			cpr_tell_address(f->relay).s, told);
		cpr_verdict_remedy(v,
			"see that the DHCP server has a pool with a free address for the "
			"network of the relay %s, does not ignore the phone, and finds its "
			"way back to the relay",
			cpr_tell_address(f->relay).s);
	} else if (f->passed_over >= AGAIN) {
		v = cpr_verdicts_add(out, CPR_FAULT_DHCP_NO_OFFER,
			"asked for an address %u times in %u s, %s, and was offered none "
			"while other phones were%s",
			f->unoffered.n, cpr_tell_seconds(cpr_silence_us(&f->unoffered)),
			here, told);
		cpr_verdict_remedy(v,
			"look into the DHCP server's log: its pool may be used up, or it "
			"ignores this phone (a host entry, a class, a list of MACs)");
	} else {
		v = cpr_verdicts_add(out, CPR_FAULT_DHCP_NO_OFFER,
			"asked for an address %u times in %u s, %s, and no server offered "
			"one%s",
			f->unoffered.n, cpr_tell_seconds(cpr_silence_us(&f->unoffered)),
			here, told);
	}
	cpr_verdict_silence(v, &f->unoffered);
}

static void no_use(const struct cpr_dhcp_facts *f, struct cpr_verdicts *out)
{
	struct cpr_verdict *v = cpr_verdicts_add(out, CPR_FAULT_DHCP_NO_OFFER,
		"declined %u addresses in %u s that it was given, for they are in use",
		f->declined.n, cpr_tell_seconds(cpr_silence_us(&f->declined)));

	cpr_verdict_remedy(v,
		"find who holds addresses of the DHCP pool, and take him off "
		"them or them out of the pool");
	cpr_verdict_silence(v, &f->declined);
}

static void no_ack(const struct cpr_dhcp_facts *f, struct cpr_verdicts *out)
{
	struct cpr_verdict *v = cpr_verdicts_add(out, CPR_FAULT_DHCP_NO_OFFER,
		"was offered an address and asked for it %u times in %u s, and no server "
		"acknowledged that",
		f->unacked.n, cpr_tell_seconds(cpr_silence_us(&f->unacked)));

	cpr_verdict_remedy(v,
		"look into the DHCP server's log what became of the phone's REQUEST: a "
		"server that is not authoritative, a pool that ran out");
	cpr_verdict_silence(v, &f->unacked);
	cpr_verdict_frame(v, f->last_offer.number);
}

/* OFFERs came, and no lease of them. */
static void no_lease(const struct cpr_dhcp_facts *f, struct cpr_verdicts *out)
{
	unsigned span = cpr_tell_seconds(cpr_silence_us(&f->unleased));
	struct cpr_verdict *v;

	if (f->last_nak.number > f->unleased.first.number) {
		v = cpr_verdicts_add(out, CPR_FAULT_DHCP_NO_OFFER,
			"asked for an address %u times in %u s; what it is offered is "
			"refused when it asks for it (NAK)",
			f->unleased.n, span);
		cpr_verdict_remedy(v,
			"look into the DHCP server's log why it refuses what it offered: a "
			"second server, a wrong subnet, a lease that another client "
			"holds");
		cpr_verdict_frame(v, f->last_nak.number);
	} else {
		v = cpr_verdicts_add(out, CPR_FAULT_DHCP_NO_OFFER,
			"asked for an address %u times in %u s and does not take what is "
			"offered: the OFFERs do not get to it, or it cannot use them",
			f->unleased.n, span);
		cpr_verdict_remedy(v,
			"capture at the phone's own switch port whether the OFFERs come "
			"there; they must be broadcast, and its port must be in their "
			"VLAN");
	}
	cpr_verdict_silence(v, &f->unleased);
	cpr_verdict_frame(v, f->last_offer.number);
}

void cpr_look_dhcp_no_offer(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
	struct cpr_verdicts *out)
{
	const struct cpr_dhcp_facts *f = &p->dhcp;

	if (silent(&f->declined, 0))
		no_use(f, out);
	else if (silent(&f->unacked, 0) && f->last_offer.number)
		no_ack(f, out);
	else if (silent(&f->unoffered, f->passed_over))
		no_offer_at_all(d, p, out);
	else if (f->unleased.n >= SILENT && f->untaken >= AGAIN &&
		 cpr_silence_us(&f->unleased) >= UNTAKEN_US)
		no_lease(f, out);
}

/* Where many phones start at once a server offers to one after the other, and dnsmasq looks first
 * whether an address is in use: each gets one in the end. */
void cpr_look_dhcp_late(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
	struct cpr_verdicts *out)
{
	const struct cpr_dhcp_facts *f = &p->dhcp;
	bool busy = f->late_passed_over >= AGAIN;
	struct cpr_verdict *v;

	(void)d;
	if (!silent(&f->late, f->late_passed_over))
		return;
	v = cpr_verdicts_add(out, CPR_FAULT_DHCP_LATE,
		"asked for an address %u times before one was offered, %u s after the first "
		"time%s",
		f->late.n,
		cpr_tell_seconds(f->late_offer.time_us - f->late.first.time_us),
		busy ? "; other phones were offered theirs meanwhile" : "");
	if (busy)
		cpr_verdict_remedy(v,
			"see why the DHCP server is slow: phones that start all at once, a "
			"pool almost used up, or addresses that it looks for before it "
			"offers them (dnsmasq: no-ping)");
	cpr_verdict_silence(v, &f->late);
	cpr_verdict_frame(v, f->late_offer.number);
}

void cpr_look_dhcp_two_servers(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	const struct cpr_dhcp_facts *f = &p->dhcp;
	const struct cpr_answer *a, *b;
	char says_a[200], says_b[200];
	struct cpr_verdict *v;

	(void)d;
	if (f->rival[0] < 0)
		return;
	a = &f->answer[f->rival[0]];
	b = &f->answer[f->rival[1]];
	/* A name may have found its address since. */
	if (cpr_answers_alike(p, a, b))
		return;
	cpr_tell_servers(p, a, says_a, sizeof(says_a));
	cpr_tell_servers(p, b, says_b, sizeof(says_b));
	v = cpr_verdicts_add(out, CPR_FAULT_DHCP_TWO_SERVERS,
		"two DHCP servers answer: %s gives %s, and %s gives %s",
		cpr_tell_address(a->server).s, says_a, cpr_tell_address(b->server).s,
		says_b);
	cpr_verdict_frame(v, f->rival_at[0].number);
	cpr_verdict_frame(v, f->rival_at[1].number);
}

void cpr_look_dhcp_no_tftp_server(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	for (size_t i = 0; i < p->dhcp.answer_n; i++) {
		const struct cpr_answer *a = &p->dhcp.answer[i];
		struct cpr_verdict *v;
		struct in_addr to[2];
		enum cpr_source source;

		if (!cpr_answer_is_lease(a) || cpr_answer_servers(p, a, to, &source) ||
			source != CPR_SOURCE_NONE || !cpr_answer_led_nowhere(d, p, a))
			continue;
		v = cpr_verdicts_add(out, CPR_FAULT_DHCP_NO_TFTP_SERVER,
			"DHCP server %s gives it %s and no TFTP server: no usable option "
			"150, option 66, next server (siaddr) or server name (sname)",
			cpr_tell_address(a->server).s, cpr_tell_address(a->yiaddr).s);
		cpr_verdict_answer(v, a);
		cpr_verdict_option150(d, p, v, NULL);
		return;
	}
}

void cpr_look_dhcp_not_renewed_alike(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	const struct cpr_dhcp_facts *f = &p->dhcp;
	const struct cpr_answer *a, *b;
	char says_a[200], says_b[200];
	struct cpr_verdict *v;

	(void)d;
	if (f->renewed_from < 0)
		return;
	a = &f->answer[f->renewed_from];
	b = &f->answer[f->renewed_to];
	cpr_tell_servers(p, a, says_a, sizeof(says_a));
	cpr_tell_servers(p, b, says_b, sizeof(says_b));
	v = cpr_verdicts_add(out, CPR_FAULT_DHCP_NOT_RENEWED_ALIKE,
		"its lease of %s named %s, and the renewal by %s %s",
		cpr_tell_address(a->server).s, says_a, cpr_tell_address(b->server).s,
		strcmp(says_a, says_b) == 0 ? "says the same in other options" : says_b);
	cpr_verdict_frame(v, a->first.number);
	cpr_verdict_frame(v, f->renewed.number);
}

void cpr_look_phone_never_asks(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	const struct cpr_dhcp_facts *f = &p->dhcp;
	const struct cpr_answer *some = NULL;
	unsigned idle = 0;
	struct in_addr to[2];
	enum cpr_source source;
	struct cpr_verdict *v;
	char says[200];

	/* Behind a relay, and nothing of its own was seen, or of nobody anything but DHCP: it
	 * could not be seen. */
	if (p->rrq.number || p->http.n || p->call_n ||
		cpr_arp_worst(p)->unanswered.n >= AGAIN || !f->direct ||
		d->packets == d->dhcp)
		return;
	for (size_t i = 0; i < f->answer_n; i++) {
		const struct cpr_answer *a = &f->answer[i];

		if (!cpr_answer_is_lease(a) || !cpr_answer_servers(p, a, to, &source) ||
			!(a->idle || cpr_lease_answer(p) == a))
			continue;
		idle += a->idle;
		some = a;
	}
	if (!some || (idle < AGAIN && !(cpr_lease_answer(p) == some &&
					      cpr_lease_idle_for(d, p, IDLE_LONG_US))))
		return;
	cpr_tell_servers(p, some, says, sizeof(says));
	if (idle < AGAIN)
		v = cpr_verdicts_add(out, CPR_FAULT_PHONE_NEVER_ASKS,
			"has the address %s and %s for %u s, and asks for no file",
			cpr_tell_address(some->yiaddr).s, says,
			cpr_tell_seconds(d->now_us - f->leased.time_us));
	else
		v = cpr_verdicts_add(out, CPR_FAULT_PHONE_NEVER_ASKS,
			"got an address and %s %u times over, and never asked for a file",
			says, idle);
	for (size_t i = 0; i < f->answer_n; i++)
		if (cpr_answer_is_lease(&f->answer[i]))
			cpr_verdict_answer(v, &f->answer[i]);
}

void cpr_look_phone_damaged(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
	struct cpr_verdicts *out)
{
	struct cpr_verdict *v;

	(void)d;
	if (!p->damaged.number)
		return;
	if (strstr(p->vendor, "79XX"))
		v = cpr_verdicts_add(out, CPR_FAULT_PHONE_DAMAGED,
			"calls itself \"%s\": it cannot read its own model", p->vendor);
	else
		v = cpr_verdicts_add(out, CPR_FAULT_PHONE_DAMAGED,
			"asks for the recovery file of no model (termZZ): it cannot read "
			"its own model");
	cpr_verdict_frame(v, p->damaged.number);
}
