/* What goes wrong between a phone and its TFTP server. */
#include "tell.h"
#include "transfer.h"

#include "cleanup.h"
#include "firmware.h"
#include "inspect.h"
#include "plan.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
	VAIN = 3,      /* requests in vain that are no accident; a phone makes four */
	VAIN_ARP = 4,  /* a phone asks several times for each packet it holds back */
	VAIN_TOLD = 2, /* and where ICMP or ARP tell the same */
	PORT_UNREACHABLE = 3,
	VAIN_US = 2000000, /* so long at least */
};

static const char *root_of(const struct cpr_doctor *d)
{
	const char *root = d->config.plan && d->config.plan->firmware
				   ? d->config.plan->firmware->root
				   : NULL;

	return root ? root : "the TFTP root";
}

static bool told_unreachable(const struct cpr_doctor_file *f)
{
	const struct cpr_silence *s = &f->worst_unanswered;

	return f->unreachable.number && f->unreachable.number >= s->first.number;
}

static bool was_asked(const struct cpr_doctor_phone *p, struct in_addr server)
{
	for (size_t i = 0; i < p->file_n; i++)
		if (p->file[i].server.s_addr == server.s_addr ||
			p->file[i].server_before.s_addr == server.s_addr ||
			p->file[i].worst_server.s_addr == server.s_addr)
			return true;
	return false;
}

static bool names_server(const struct cpr_doctor_phone *p, struct in_addr address)
{
	const struct cpr_answer *a = cpr_lease_answer(p);
	struct in_addr to[2];
	enum cpr_source source;
	size_t n = a ? cpr_answer_servers(p, a, to, &source) : 0;

	for (size_t i = 0; i < n; i++)
		if (to[i].s_addr == address.s_addr)
			return true;
	return false;
}

/* It does not even find the way, so it asks for no files; or asks the second server alone. */
static bool no_way(const struct cpr_doctor_phone *p)
{
	const struct cpr_arp *arp = cpr_arp_worst(p);
	const struct cpr_silence *s = &arp->unanswered;

	return s->n >= VAIN_ARP && cpr_silence_us(s) >= VAIN_US &&
	       (s->last.number > p->rrq.number ||
		       (names_server(p, arp->address) && !was_asked(p, arp->address)));
}

/* Its servers are all in another network, and it knows no router. */
static bool no_gateway(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
	struct cpr_verdicts *out)
{
	for (size_t i = 0; i < p->dhcp.answer_n; i++) {
		const struct cpr_answer *a = &p->dhcp.answer[i];
		struct in_addr to[2];
		enum cpr_source source;
		size_t n = cpr_answer_servers(p, a, to, &source), far = 0;
		struct cpr_verdict *v;

		for (size_t k = 0; k < n; k++)
			far += ((to[k].s_addr ^ a->yiaddr.s_addr) & a->mask.s_addr) != 0;
		if (!n || far < n || a->router.s_addr || !cpr_answer_is_lease(a) ||
			!cpr_answer_led_nowhere(d, p, a))
			continue;
		v = cpr_verdicts_add(out, CPR_FAULT_TFTP_NO_ANSWER,
			"TFTP server %s is in another network than %s, and DHCP server %s "
			"names no gateway (option 3): the phone asks nobody",
			cpr_tell_address(to[0]).s, cpr_tell_address(a->yiaddr).s,
			cpr_tell_address(a->server).s);
		cpr_verdict_remedy(v,
			"let the DHCP server send option 3 with the address of the router "
			"to %s",
			cpr_tell_address(to[0]).s);
		cpr_verdict_answer(v, a);
		return true;
	}
	return false;
}

/* Where no answer of a server was ever seen, its answers may go another way than past this place;
 * a phone that repeats its request from one port has got none. */
static bool would_be_seen(
	const struct cpr_doctor_phone *p, const struct cpr_doctor_file *f)
{
	if (f->worst_tries >= VAIN)
		return true;
	for (size_t i = 0; i < p->file_n; i++)
		if (p->file[i].answered.number &&
			p->file[i].server.s_addr == f->worst_server.s_addr)
			return true;
	return false;
}

static bool in_vain(const struct cpr_doctor_phone *p, const struct cpr_doctor_file *f)
{
	const struct cpr_silence *s = &f->worst_unanswered;

	if (s->n >= VAIN)
		return cpr_silence_us(s) >= VAIN_US &&
		       (would_be_seen(p, f) || told_unreachable(f));
	return s->n >= VAIN_TOLD && told_unreachable(f);
}

static void no_answer(const struct cpr_doctor_file *f, struct cpr_verdicts *out)
{
	const struct cpr_silence *s = &f->worst_unanswered;
	struct cpr_address_text server = cpr_tell_address(f->worst_server);
	unsigned took = cpr_tell_seconds(cpr_silence_us(s));
	struct cpr_verdict *v;

	if (told_unreachable(f) && f->unreachable_code == PORT_UNREACHABLE)
		v = cpr_verdicts_add(out, CPR_FAULT_TFTP_NO_ANSWER,
			"nothing listens on UDP port 69 of TFTP server %s, or a firewall "
			"rejects it (ICMP port unreachable): \"%s\" was asked for %u "
			"times",
			server.s, f->name, s->n);
	else if (told_unreachable(f))
		v = cpr_verdicts_add(out, CPR_FAULT_TFTP_NO_ANSWER,
			"TFTP server %s cannot be reached, says the network (ICMP "
			"unreachable, code %u): \"%s\" was asked for %u times",
			server.s, f->unreachable_code, f->name, s->n);
	else if (s->n && f->worst_answer.number)
		v = cpr_verdicts_add(out, CPR_FAULT_TFTP_NO_ANSWER,
			"TFTP server %s answers, but the phone asked for \"%s\" %u times "
			"in %u s and acknowledges nothing: the answers, which come from "
			"another port than 69, do not reach it",
			server.s, f->name, s->n, took);
	else
		v = cpr_verdicts_add(out, CPR_FAULT_TFTP_NO_ANSWER,
			"TFTP server %s does not answer: \"%s\" was asked for %u times "
			"in %u s",
			server.s, f->name, s->n, took);
	if (f->worst_answer.number && !told_unreachable(f))
		cpr_verdict_remedy(v,
			"look for a firewall or NAT between this place of capture and "
			"the phone: it must let UDP pass from any port of %s",
			server.s);
	cpr_verdict_silence(v, s);
	if (told_unreachable(f))
		cpr_verdict_frame(v, f->unreachable.number);
	cpr_verdict_frame(v, f->worst_answer.number);
}

static void no_neighbour(const struct cpr_arp *arp, struct cpr_verdicts *out)
{
	struct cpr_verdict *v = cpr_verdicts_add(out, CPR_FAULT_TFTP_NO_ANSWER,
		"the phone does not find the way to its TFTP server: nobody is %s, for which "
		"it asked (ARP) %u times in %u s",
		cpr_tell_address(arp->address).s, arp->unanswered.n,
		cpr_tell_seconds(cpr_silence_us(&arp->unanswered)));

	cpr_verdict_silence(v, &arp->unanswered);
}

/* One for each server, of the file that was asked for most often. */
void cpr_look_tftp_no_answer(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
	struct cpr_verdicts *out)
{
	bool any = no_gateway(d, p, out);

	for (size_t i = 0; i < p->file_n; i++) {
		const struct cpr_doctor_file *f = &p->file[i];
		bool best = in_vain(p, f);

		for (size_t j = 0; best && j < p->file_n; j++) {
			const struct cpr_doctor_file *g = &p->file[j];

			if (j != i && in_vain(p, g) &&
				g->worst_server.s_addr == f->worst_server.s_addr &&
				(g->worst_unanswered.n > f->worst_unanswered.n ||
					(g->worst_unanswered.n == f->worst_unanswered.n &&
						j < i)))
				best = false;
		}
		if (best)
			no_answer(f, out);
		any = any || best;
	}
	if (!any && no_way(p))
		no_neighbour(cpr_arp_worst(p), out);
}

static bool is_needed(const struct cpr_doctor_file *f)
{
	return f->kind == CPR_FILE_RECOVERY || f->kind == CPR_FILE_LIST ||
	       f->kind == CPR_FILE_IMAGE;
}

static size_t stem(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? (size_t)(dot - name) : strlen(name);
}

/* The loaders of the 7940 and 7960 try .loads, .sbn and .bin in turn, as old as they are: there
 * a missing file is none where another of that name came, or may still come. */
static bool is_tried_in_turn(
	const struct cpr_doctor_phone *p, const struct cpr_doctor_file *f)
{
	size_t n = stem(f->name);

	if (strncasecmp(f->name, "P0", 2) || f->kind == CPR_FILE_RECOVERY)
		return false;
	for (size_t i = 0; i < p->file_n; i++)
		if (p->file[i].complete_n && stem(p->file[i].name) == n &&
			!strncasecmp(p->file[i].name, f->name, n))
			return true;
	return f->missing_n < 2;
}

/* An image whose fixed part is written otherwise than in every package, "Jar41sip…". */
static bool is_misspelt(const struct cpr_doctor_file *f)
{
	for (size_t i = 0; f->kind == CPR_FILE_IMAGE && i < cpr_models_n; i++) {
		const char *at = cpr_models[i].images;

		while (at && *at) {
			size_t n = strcspn(at, ";|");

			if (n && !strncasecmp(at, f->name, n))
				return strncmp(at, f->name, n) != 0;
			at += n + (at[n] != 0);
		}
	}
	return false;
}

/* A name that differs in nothing but case, and came from the same server. */
static const char *delivered_otherwise(
	const struct cpr_doctor *d, const struct cpr_doctor_file *f)
{
	for (size_t i = 0; i < d->phone_n; i++)
		for (size_t j = 0; j < d->phone[i]->file_n; j++) {
			const struct cpr_doctor_file *g = &d->phone[i]->file[j];

			if (g->complete_n && g->server.s_addr == f->server.s_addr &&
				!strcasecmp(g->name, f->name) && strcmp(g->name, f->name))
				return g->name;
		}
	return NULL;
}

enum spelling {
	AS_ASKED, /* or not there at all: the capture does not tell */
	OTHERWISE,
	LIKELY_OTHERWISE,
};

static enum spelling spelling_of(
	const struct cpr_doctor *d, const struct cpr_doctor_file *f, const char **there)
{
	const struct cpr_file *file = cpr_file_planned(d, f->name);

	*there = file ? file->name : NULL;
	if (file)
		return strcmp(file->name, f->name) ? OTHERWISE : AS_ASKED;
	*there = delivered_otherwise(d, f);
	if (*there)
		return OTHERWISE;
	return !d->config.plan && is_misspelt(f) ? LIKELY_OTHERWISE : AS_ASKED;
}

static bool is_missing(const struct cpr_doctor_phone *p, const struct cpr_doctor_file *f)
{
	return f->missing.number && is_needed(f) && !is_tried_in_turn(p, f);
}

static void add_error(struct cpr_verdict *v, const struct cpr_doctor_file *f,
	const struct cpr_moment *error)
{
	cpr_verdict_frame(v, f->asked.number < error->number ? f->asked.number
							     : f->first_asked.number);
	cpr_verdict_frame(v, error->number);
}

static void missing(const struct cpr_doctor *d, const struct cpr_doctor_file *f,
	struct cpr_verdicts *out)
{
	const struct cpr_file *file = cpr_file_planned(d, f->name);
	struct cpr_address_text server = cpr_tell_address(f->server);
	struct cpr_verdict *v = cpr_verdicts_add(out, CPR_FAULT_TFTP_FILE_MISSING,
		"\"%s\" is not there, says TFTP server %s (ERROR %u \"%s\"), %u time%s%s",
		f->name, server.s, f->error, f->error_text, f->missing_n,
		f->missing_n == 1 ? "" : "s",
		f->complete_n ? "; at another time it was delivered" : "");

	add_error(v, f, &f->missing);
	if (file && file->inspect)
		cpr_verdict_remedy(v,
			"it lies in %s with %llu bytes: see whether the server at %s "
			"serves that folder, and without a map that turns the name into "
			"another one",
			root_of(d), (unsigned long long)file->inspect->size, server.s);
	else if (d->config.plan)
		cpr_verdict_remedy(v,
			"it is not in %s either: cpr-helper import PACKAGE, with the "
			"package of this model that holds it, then cpr-conf generate",
			root_of(d));
}

void cpr_look_tftp_file_missing(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	const char *there;

	for (size_t i = 0; i < p->file_n; i++)
		if (is_missing(p, &p->file[i]) &&
			spelling_of(d, &p->file[i], &there) == AS_ASKED)
			missing(d, &p->file[i], out);
}

static void other_case(const struct cpr_doctor_file *f, enum spelling spelling,
	const char *there, struct cpr_verdicts *out)
{
	struct cpr_address_text server = cpr_tell_address(f->server);
	struct cpr_verdict *v;

	if (spelling == OTHERWISE)
		v = cpr_verdicts_add(out, CPR_FAULT_TFTP_FILE_CASE,
			"the phone asks TFTP server %s for \"%s\", which is there as "
			"\"%s\"",
			server.s, f->name, there);
	else
		v = cpr_verdicts_add(out, CPR_FAULT_TFTP_FILE_CASE,
			"TFTP server %s does not have \"%s\": lists of old loads print "
			"such names with a capital, packages hold them in lower case "
			"(whether it is there so, the capture does not tell)",
			server.s, f->name);
	add_error(v, f, &f->missing);
	if (there)
		cpr_verdict_remedy(v,
			"in the TFTP root: ln -s %s %s (cpr-helper import does it for "
			"every name a list prints)",
			there, f->name);
}

void cpr_look_tftp_file_case(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
	struct cpr_verdicts *out)
{
	for (size_t i = 0; i < p->file_n; i++) {
		const struct cpr_doctor_file *f = &p->file[i];
		const char *there = NULL;
		enum spelling spelling;

		if (!is_missing(p, f))
			continue;
		spelling = spelling_of(d, f, &there);
		if (spelling != AS_ASKED)
			other_case(f, spelling, there, out);
	}
}

/* Of other files it is normal: some servers say so of what is not there. */
void cpr_look_tftp_access_denied(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	for (size_t i = 0; i < p->file_n; i++) {
		const struct cpr_doctor_file *f = &p->file[i];
		struct cpr_address_text server = cpr_tell_address(f->server);
		struct cpr_verdict *v;

		if (!f->denied.number ||
			!(is_needed(f) || f->kind == CPR_FILE_XMLDEFAULT))
			continue;
		v = cpr_verdicts_add(out, CPR_FAULT_TFTP_ACCESS_DENIED,
			"TFTP server %s may not give out \"%s\" (ERROR %u \"%s\")",
			server.s, f->name, f->error, f->error_text);
		add_error(v, f, &f->denied);
		cpr_verdict_remedy(v,
			"on %s, in %s: chmod a+r %s, and chmod a+x for the folders above "
			"it",
			server.s, root_of(d), f->name);
	}
}

/* Who is silent, as far as repetitions tell. */
static const char *who_waits(unsigned data, unsigned ack)
{
	if (!data)
		return "the server says no more, or what it says does not come this far";
	if (!ack)
		return "the server repeats itself and no acknowledgement comes: its data "
		       "does not reach the phone, or the phone's answer does not come "
		       "back";
	return "both repeat themselves: what one sends does not reach the other";
}

static void stalled(const struct cpr_doctor_file *f, uint64_t block,
	const struct cpr_moment *from, const struct cpr_moment *to, unsigned data,
	unsigned ack, const char *end, struct cpr_verdicts *out)
{
	struct cpr_address_text server = cpr_tell_address(f->server);
	struct cpr_verdict *v;

	if (data || ack)
		v = cpr_verdicts_add(out, CPR_FAULT_TFTP_STALLED,
			"\"%s\" from TFTP server %s stood still at block %llu for %u s "
			"(the next block repeated %u times, the acknowledgement %u "
			"times)%s: %s",
			f->name, server.s, (unsigned long long)block,
			cpr_tell_seconds(to->time_us > from->time_us
						 ? to->time_us - from->time_us
						 : 0),
			data, ack, end, who_waits(data, ack));
	else
		v = cpr_verdicts_add(out, CPR_FAULT_TFTP_STALLED,
			"\"%s\" from TFTP server %s was given up at block %llu, %u times "
			"at the same place: something there keeps the phone from going on "
			"(a full flash), or a packet on the way",
			f->name, server.s, (unsigned long long)block, f->stop_n);
	cpr_verdict_frame(v, f->asked.number < from->number ? f->asked.number : 0);
	cpr_verdict_frame(v, from->number);
	cpr_verdict_frame(v, to->number);
}

/* The phone repeated its last acknowledgement, and then was silent. */
static bool left_so(const struct cpr_doctor *d, const struct cpr_doctor_file *f)
{
	return cpr_transfer_open(f) && f->again_ack >= CPR_GIVEN_UP_ACKS &&
	       d->now_us >= f->again_last.time_us + CPR_GIVEN_UP_US;
}

void cpr_look_tftp_stalled(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
	struct cpr_verdicts *out)
{
	for (size_t i = 0; i < p->file_n; i++) {
		const struct cpr_doctor_file *f = &p->file[i];

		/* A second answerer explains it; whether there is one shows the next time. */
		if (f->wrapped.number || cpr_transfer_at_wrap(f) || f->other_n)
			continue;
		if (f->stalled_to.number)
			stalled(f, f->stalled_block, &f->stalled_from, &f->stalled_to,
				f->stalled_data, f->stalled_ack,
				f->stalled_went_on ? ", then went on"
						   : " and was given up",
				out);
		else if (left_so(d, f))
			stalled(f, f->acked, &f->again_first, &f->again_last,
				f->again_data, f->again_ack, " and was left so", out);
	}
}

void cpr_look_tftp_block_wrap(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	for (size_t i = 0; i < p->file_n; i++) {
		const struct cpr_doctor_file *f = &p->file[i];
		struct cpr_address_text server = cpr_tell_address(f->server);
		struct cpr_verdict *v;

		if (!f->wrapped.number && !(cpr_transfer_at_wrap(f) && left_so(d, f)))
			continue;
		v = cpr_verdicts_add(out, CPR_FAULT_TFTP_BLOCK_WRAP,
			"\"%s\" from TFTP server %s ended at block 65,535, after %llu "
			"bytes: it is longer than blocks of %u bytes can be numbered",
			f->name, server.s, (unsigned long long)65535 * f->block_size,
			f->block_size);
		cpr_verdict_frame(v, f->first_asked.number);
		cpr_verdict_frame(
			v, f->wrapped.number ? f->wrapped.number : f->again_last.number);
	}
}

void cpr_look_tftp_unexpected_oack(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	(void)d;
	for (size_t i = 0; i < p->file_n; i++) {
		const struct cpr_doctor_file *f = &p->file[i];
		struct cpr_address_text server = cpr_tell_address(f->server);
		struct cpr_verdict *v;

		if (!f->oack.number)
			continue;
		v = cpr_verdicts_add(out, CPR_FAULT_TFTP_UNEXPECTED_OACK,
			"TFTP server %s confirms options (OACK) for \"%s\" that the phone "
			"did not ask for, and the phone does not take it",
			server.s, f->name);
		cpr_verdict_frame(v, f->first_asked.number);
		cpr_verdict_frame(v, f->oack.number);
	}
}

/* One for all files: it is no matter of the file.  A second port of the server that was asked must
 * answer twice: once can be a request that was doubled on the way. */
void cpr_look_tftp_two_answerers(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	const struct cpr_doctor_file *f = NULL;
	struct cpr_verdict *v;
	bool same, sure = false;
	unsigned n = 0;

	(void)d;
	for (size_t i = 0; i < p->file_n; i++) {
		const struct cpr_doctor_file *g = &p->file[i];

		if (!g->other.number)
			continue;
		n += g->other_n;
		sure = sure || g->other_to.s_addr != g->other_address.s_addr;
		if (!f || g->other.number < f->other.number)
			f = g;
	}
	if (n < 2 && !sure)
		return;
	same = f->other_to.s_addr == f->other_address.s_addr;
	v = cpr_verdicts_add(out, CPR_FAULT_TFTP_TWO_ANSWERERS,
		"the request for \"%s\" to %s was answered from %s port %u, too%s (%u time%s "
		"in all)",
		f->name, cpr_tell_address(f->other_to).s,
		cpr_tell_address(f->other_address).s, f->other_port,
		same ? ": two servers on one host, or something on the way that doubles "
		       "packets"
		     : " or instead: a second server, or NAT on the way",
		n, n == 1 ? "" : "s");
	cpr_verdict_frame(v, f->first_asked.number);
	cpr_verdict_frame(v, f->other.number);
	cpr_verdict_frame(v, f->other_icmp.number);
}

void cpr_look_tftp_aborted(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
	struct cpr_verdicts *out)
{
	(void)d;
	for (size_t i = 0; i < p->file_n; i++) {
		const struct cpr_doctor_file *f = &p->file[i];
		struct cpr_address_text server = cpr_tell_address(f->server);
		struct cpr_verdict *v;

		if (!f->aborted.number || f->wrapped.number)
			continue;
		v = cpr_verdicts_add(out, CPR_FAULT_TFTP_ABORTED,
			"%s broke \"%s\" of TFTP server %s off at block %llu: ERROR %u "
			"\"%s\"",
			f->aborted_by_phone ? "the phone" : "the server", f->name,
			server.s, (unsigned long long)f->aborted_block, f->aborted_error,
			f->aborted_text);
		add_error(v, f, &f->aborted);
		if (f->aborted_by_phone)
			cpr_verdict_remedy(v,
				f->aborted_error == 3
					? "format the phone's flash (3491672850*# while "
					  "it starts), for it is full, and see that the "
					  "load is for this model"
					: "see that the load is for this model and its "
					  "board: the phone does not take the file");
	}
}
