#include "proof.h"

#include "buf.h"
#include "cleanup.h"
#include "errors.h"
#include "option150.h"
#include "sight.h"
#include "site.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
	bool names_one; /* option 66 and siaddr are ours, too, and name the first server */
	bool reorders;  /* dead servers may stand last */
	bool by_network; /* without a line of the admin's, or a relay */
	bool gives_way;  /* to what the admin configured himself */
} manners[] = {
	[PROOF_DNSMASQ] = {.names_one = true},
	[PROOF_KEA_HOOK] = {.reorders = true, .by_network = true, .gives_way = true},
	[PROOF_KEA_CLASS] = {.gives_way = true},
	[PROOF_DHCPD] = {.names_one = true, .by_network = true, .gives_way = true},
};

enum verdict {
	APART, /* another server's, or another wire's, business */
	RIGHT,
	SILENT,
	EXCUSED, /* wrong, and it need not be the change */
	WRONG,
};

struct list {
	const struct in_addr *server;
	size_t n;
};

static struct list everyones(const struct cpr_site *site)
{
	return (struct list){site->tftp_server, site->tftp_server_n};
}

static struct list list_of(const struct cpr_site *site, struct in_addr phone)
{
	const struct cpr_site_network *n = cpr_site_network(site, phone);

	return n ? (struct list){n->tftp_server, n->tftp_server_n} : everyones(site);
}

static bool in_list(struct in_addr a, const struct list *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->server[i].s_addr == a.s_addr)
			return true;
	return false;
}

/* At least as many of the list as phones use. */
static bool fits150(
	const struct probe_answer *a, const struct list *l, enum proof_manner manner)
{
	if (a->n > l->n || (a->n < l->n && a->n < CPR_OPTION150_USED))
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (manners[manner].reorders
				? !in_list(a->option150[i], l)
				: a->option150[i].s_addr != l->server[i].s_addr)
			return false;
	return a->n > 0;
}

static bool fits(
	const struct probe_answer *a, const struct list *l, enum proof_manner manner)
{
	if (!fits150(a, l, manner))
		return false;
	return !manners[manner].names_one ||
	       (a->option66.s_addr == a->option150[0].s_addr &&
		       a->siaddr.s_addr == a->option150[0].s_addr);
}

static bool same(const struct probe_answer *a, const struct probe_answer *b)
{
	return a->n == b->n &&
	       memcmp(a->option150, b->option150, a->n * sizeof(a->option150[0])) == 0 &&
	       a->option66.s_addr == b->option66.s_addr &&
	       a->siaddr.s_addr == b->siaddr.s_addr;
}

/* What was answered here before the change; NULL: nothing, or nobody asked. */
static const struct probe_answer *earlier(
	const struct sight *before, const struct sight_dhcp *d)
{
	for (size_t i = 0; before && i < before->dhcp_n; i++) {
		const struct probe_asked *a = &before->dhcp[i].asked;

		if (a->kind == d->asked.kind && a->own.s_addr == d->asked.own.s_addr)
			return a->result == 0 ? &a->answer : NULL;
	}
	return NULL;
}

struct judging {
	const struct cpr_site *site;
	enum proof_manner manner;
	const struct sight *before;
	enum proof_of of;
	bool any_right;
};

/* The plan has it for phones elsewhere: no line of the admin's says so. */
static bool is_ours(const struct judging *j, const struct probe_answer *a)
{
	struct list l = everyones(j->site);
	bool ours = fits150(a, &l, j->manner);

	for (size_t i = 0; !ours && i < j->site->network_n; i++) {
		const struct cpr_site_network *n = &j->site->network[i];

		l = (struct list){n->tftp_server, n->tftp_server_n};
		ours = fits150(a, &l, j->manner);
	}
	return ours;
}

static enum verdict judge_answer(const struct judging *j, const struct sight_dhcp *d)
{
	const struct probe_answer *a = &d->asked.answer, *was = earlier(j->before, d);
	struct list l = list_of(j->site, a->phone), all = everyones(j->site);

	if (j->of == PROOF_OF_LIFE || fits(a, &l, j->manner))
		return RIGHT;
	if (was && !same(was, a))
		return WRONG;
	/* Phones there have servers, though not their own; which line is missing for it, the
	 * emitter says. */
	if (!manners[j->manner].by_network && fits(a, &all, j->manner))
		return EXCUSED;
	/* Of libvirt's dnsmasq, for one, which is none of ours. */
	if (j->any_right && !a->n)
		return APART;
	if (j->any_right)
		return EXCUSED;
	return manners[j->manner].gives_way && a->n && !is_ours(j, a) ? EXCUSED : WRONG;
}

static enum verdict judge(const struct judging *j, const struct sight_dhcp *d)
{
	if (d->asked.result == 0)
		return judge_answer(j, d);
	/* Without carrier nobody can answer, whoever did before. */
	if (d->asked.result != -ENETDOWN && earlier(j->before, d))
		return WRONG;
	/* One line an address: the other question is about the same. */
	return d->asked.kind == PROBE_DISCOVER ? APART : SILENT;
}

static void add_address(struct cpr_buf *b, struct in_addr a)
{
	char text[INET_ADDRSTRLEN];

	cpr_buf_puts(b, inet_ntop(AF_INET, &a, text, sizeof(text)));
}

static void add_list(struct cpr_buf *b, const struct in_addr *a, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		cpr_buf_puts(b, i ? ", " : "");
		add_address(b, a[i]);
	}
	if (!n)
		cpr_buf_puts(b, "nothing");
}

static void describe_silence(struct cpr_buf *b, int result)
{
	if (result == -ENETDOWN)
		cpr_buf_puts(b, ": the interface has no carrier");
	else if (result == -EPERM || result == -EACCES)
		cpr_buf_puts(b, ": only root may ask");
	else if (result != -ETIMEDOUT)
		cpr_buf_printf(b, ": cannot ask: %s", strerror(-result));
}

static void describe(const struct judging *j, const struct sight_dhcp *d, enum verdict v,
	struct cpr_buf *b)
{
	const struct probe_answer *a = &d->asked.answer;
	struct list l = list_of(j->site, a->phone);

	cpr_buf_puts(b, "at ");
	add_address(b, d->asked.own);
	cpr_buf_printf(b, " (%s) ", d->interface);
	if (d->asked.result < 0) {
		cpr_buf_puts(b, v == WRONG ? "it answers no more" : "nobody answers");
		describe_silence(b, d->asked.result);
		return;
	}
	cpr_buf_puts(b, "phones are sent ");
	if (fits150(a, &l, j->manner)) {
		add_address(b, a->option66);
		cpr_buf_puts(b, " in option 66 and siaddr ");
		add_address(b, a->siaddr);
		cpr_buf_puts(b, ", and both should be ");
		add_address(b, a->option150[0]);
	} else {
		add_list(b, a->option150, a->n);
		cpr_buf_puts(b, " in option 150, and it should be ");
		add_list(
			b, l.server, l.n < CPR_OPTION150_USED ? l.n : CPR_OPTION150_USED);
	}
	if (v == EXCUSED)
		cpr_buf_puts(b, ": a line of your own wins, or one is missing");
}

/* A verdict on the whole.  *because: those that made it what it is; silence says nothing
 * beside a wrong answer. */
static enum proof sum_up(const enum verdict *v, size_t n, enum verdict *because)
{
	bool any[WRONG + 1] = {0};

	for (size_t i = 0; i < n; i++)
		any[v[i]] = true;
	*because = any[WRONG] ? WRONG : any[EXCUSED] ? EXCUSED : SILENT;
	return any[WRONG]                    ? PROOF_FAILED
	       : any[RIGHT] && !any[EXCUSED] ? PROOF_OK
					     : PROOF_UNPROVEN;
}

enum proof proof_dhcp(const struct cpr_site *site, enum proof_manner manner,
	const struct sight *before, const struct sight *now, enum proof_of of,
	struct cpr_errors *why)
{
	struct judging j = {site, manner, before, of, false};
	enum verdict v[sizeof(now->dhcp) / sizeof(now->dhcp[0])] = {0};
	enum verdict because;
	enum proof result;

	for (size_t i = 0; i < now->dhcp_n; i++)
		j.any_right |= now->dhcp[i].asked.result == 0 &&
			       judge(&j, &now->dhcp[i]) == RIGHT;
	for (size_t i = 0; i < now->dhcp_n; i++)
		v[i] = judge(&j, &now->dhcp[i]);
	result = sum_up(v, now->dhcp_n, &because);
	for (size_t i = 0; i < now->dhcp_n; i++) {
		_cleanup_(cpr_buf_free) struct cpr_buf b = {0};

		if (result == PROOF_OK || v[i] != because)
			continue;
		describe(&j, &now->dhcp[i], v[i], &b);
		cpr_errors_add(why, NULL, 0, "%s", b.failed ? "out of memory" : b.data);
	}
	if (!now->dhcp_n)
		cpr_errors_add(why, NULL, 0, "this host has no address to ask at");
	return result;
}

static bool answers(enum cpr_asked_state s)
{
	return s != CPR_ASKED_SILENT && s != CPR_ASKED_REFUSED;
}

static bool answered(const struct sight *before, struct in_addr server)
{
	for (size_t i = 0; before && i < before->file_n; i++)
		if (before->file[i].server.s_addr == server.s_addr)
			return answers(before->file[i].state);
	return false;
}

static enum verdict judge_file(const struct sight *before, const struct sight *now,
	const struct cpr_asked *a, enum proof_of of)
{
	if (!answers(a->state))
		return answered(before, a->server) ? WRONG : SILENT;
	if (of == PROOF_OF_LIFE || a->state == CPR_ASKED_SAME)
		return RIGHT;
	return now->to_compare || a->state != CPR_ASKED_ABSENT ? WRONG : EXCUSED;
}

static void describe_file(const struct cpr_site *site, const struct sight *now,
	const struct cpr_asked *a, struct cpr_errors *why)
{
	char server[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &a->server, server, sizeof(server));
	if (!answers(a->state))
		cpr_errors_add(why, NULL, 0, "a request over TFTP to %s %s", server,
			cpr_asked_words(a->state));
	else if (!now->to_compare)
		cpr_errors_add(why, NULL, 0,
			"%s answers over TFTP, but there is no file of phones in %s to "
			"compare",
			server, site->tftp_root);
	else
		cpr_errors_add(why, NULL, 0,
			"\"%s\" lies in %s, but asked for over TFTP at %s it %s: that "
			"serves another folder, or may not read this one",
			a->name, site->tftp_root, server, cpr_asked_words(a->state));
}

enum proof proof_tftp(const struct cpr_site *site, const struct sight *before,
	const struct sight *now, enum proof_of of, struct cpr_errors *why)
{
	enum verdict v[sizeof(now->file) / sizeof(now->file[0])] = {0};
	enum verdict because;
	enum proof result;

	for (size_t i = 0; i < now->file_n; i++)
		v[i] = judge_file(before, now, &now->file[i], of);
	result = sum_up(v, now->file_n, &because);
	for (size_t i = 0; i < now->file_n; i++)
		if (result != PROOF_OK && v[i] == because)
			describe_file(site, now, &now->file[i], why);
	if (!now->file_n)
		cpr_errors_add(why, NULL, 0,
			"none of the TFTP servers of the site file is this host");
	return result;
}
