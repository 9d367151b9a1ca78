/* What goes wrong with what a phone was given: lists, images, trust, configuration, calls. */
#include "tell.h"
#include "transfer.h"

#include "cleanup.h"
#include "firmware.h"
#include "inspect.h"
#include "loads.h"
#include "plan.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
	LIST_ROUNDS =
		3, /* of a phone that has firmware, and may have these images, too */
	LIST_JUDGED = 2, /* where its bytes say why */
	CALLS = 3,       /* one SYN is easily lost, three are not */
	CALLS_US = 1000000,
	CONFIGS = 2,  /* that a phone fetched, and began again */
	REFUSALS = 2, /* of a call manager that is not just starting */
};

/* The site's own file is another one than that which came. */
static void add_planned(const struct cpr_doctor *d, const struct cpr_doctor_file *f,
	struct cpr_verdict *v)
{
	const struct cpr_file *file = cpr_file_planned(d, f->name);
	struct cpr_address_text server = cpr_tell_address(f->server);

	if (file && file->inspect && file->inspect->size != f->bytes)
		cpr_verdict_remedy(v,
			"%s gave out %llu bytes, but %s/%s has %llu: see which folder "
			"that server serves",
			server.s, (unsigned long long)f->bytes,
			d->config.plan->firmware->root, file->name,
			(unsigned long long)file->inspect->size);
}

static bool asked_images_after(
	const struct cpr_doctor_phone *p, const struct cpr_moment *then)
{
	for (size_t i = 0; i < p->file_n; i++)
		if (p->file[i].kind == CPR_FILE_IMAGE &&
			p->file[i].asked.number > then->number)
			return true;
	return false;
}

/* Its bytes say that no phone takes it, and the phone went on without its images. */
static bool is_left(const struct cpr_doctor_phone *p, const struct cpr_doctor_file *f)
{
	return *f->judged && f->complete_n && f->ended.number &&
	       (p->rrq.number > f->ended.number ||
		       p->round.called.number > f->ended.number) &&
	       !asked_images_after(p, &f->ended);
}

static const char *doubt(const struct cpr_doctor_file *f)
{
	return *f->judged
		       ? f->judged
		       : "the file itself is whole and sound; its signature (a key that "
			 "the phone's loader does not know), the phone's board or too "
			 "large a jump of versions remain, which no capture shows";
}

static void refused_again(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
	struct cpr_verdicts *out)
{
	const struct cpr_doctor_file *f = &p->file[p->loads_refused.list];
	struct cpr_verdict *v = cpr_verdicts_add(out, CPR_FAULT_LOADS_REFUSED,
		"the phone fetched \"%s\" whole (%llu bytes), asked for none of its "
		"images and began again, %u time%s: %s",
		f->name, (unsigned long long)f->bytes, p->loads_refused.n,
		p->loads_refused.n == 1 ? "" : "s", doubt(f));

	cpr_verdict_frame(v, f->first_asked.number);
	cpr_verdict_frame(v, p->loads_refused.complete.number);
	cpr_verdict_frame(v, p->loads_refused.again.number);
	/* Nothing but what the phone did not ask for speaks against the list. */
	if (v && !*f->judged)
		v->incomplete = d->lost;
	if (!*f->judged)
		cpr_verdict_remedy(v,
			"look at the phone's screen (\"Auth Fail\", \"Load rejected\"); "
			"offer the term file of 8-5-2 first, from which a later load is "
			"a jump it can make; for a new board a load of 9.3(1)SR or "
			"later");
	add_planned(d, f, v);
}

void cpr_look_loads_refused(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
	struct cpr_verdicts *out)
{
	int again = p->loads_refused.list;

	if (again >= 0 && p->file[again].kind == CPR_FILE_LIST &&
		p->loads_refused.n < (*p->file[again].judged ? LIST_JUDGED : LIST_ROUNDS))
		again = -1;
	if (again >= 0)
		refused_again(d, p, out);
	for (size_t i = 0; i < p->file_n; i++) {
		const struct cpr_doctor_file *f = &p->file[i];
		struct cpr_verdict *v;

		if ((f->kind != CPR_FILE_LIST && f->kind != CPR_FILE_RECOVERY) ||
			(int)i == again || !is_left(p, f))
			continue;
		v = cpr_verdicts_add(out, CPR_FAULT_LOADS_REFUSED,
			"the phone fetched \"%s\" whole (%llu bytes) and asked for none "
			"of its images: %s",
			f->name, (unsigned long long)f->bytes, f->judged);
		cpr_verdict_frame(v, f->asked.number);
		cpr_verdict_frame(v, f->ended.number);
		add_planned(d, f, v);
	}
}

/* The image to blame: one whose bytes say why, else the last. */
static const struct cpr_doctor_file *bad_image(const struct cpr_doctor_phone *p)
{
	const struct cpr_doctor_file *last = &p->file[p->image_refused.image];

	if (*last->judged)
		return last;
	for (size_t i = 0; i < p->file_n; i++)
		if (p->file[i].kind == CPR_FILE_IMAGE && *p->file[i].judged)
			return &p->file[i];
	return last;
}

void cpr_look_image_refused(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
	struct cpr_verdicts *out)
{
	const struct cpr_doctor_file *f;
	struct cpr_verdict *v;

	if (p->image_refused.image < 0)
		return;
	f = bad_image(p);
	/* Once can be somebody who pulled the plug, or a request that was not captured. */
	if (!p->image_refused.sure && p->image_refused.n < 2 && !*f->judged)
		return;
	v = cpr_verdicts_add(out, CPR_FAULT_IMAGE_REFUSED,
		"the phone fetched \"%s\" whole (%llu bytes) and began again: %s",
		f->name, (unsigned long long)f->bytes,
		*f->judged ? f->judged
			   : "its size and its header are right; its signature or its "
			     "content, which no capture shows, are not");
	cpr_verdict_frame(v, f->first_asked.number);
	cpr_verdict_frame(v, f->ended.number);
	cpr_verdict_frame(v, p->image_refused.complete.number);
	cpr_verdict_frame(v, p->image_refused.again.number);
	add_planned(d, f, v);
}

void cpr_look_trust_list_blocks(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	struct cpr_verdict *v;

	(void)d;
	if (!p->trust_blocked.n)
		return;
	v = cpr_verdicts_add(out, CPR_FAULT_TRUST_LIST_BLOCKS,
		"the phone asked for its trust lists and for no configuration, then began "
		"again, %u time%s: it holds a trust list in which the TFTP server is not",
		p->trust_blocked.n, p->trust_blocked.n == 1 ? "" : "s");
	cpr_verdict_frame(v, p->trust_blocked.trust.number);
	cpr_verdict_frame(v, p->trust_blocked.again.number);
}

void cpr_look_http_6970_dropped(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	const struct cpr_silence *s = &p->http_dropped;
	struct cpr_address_text server = cpr_tell_address(p->http.address);
	struct cpr_verdict *v;

	(void)d;
	if (!p->http_then_tftp.number)
		return;
	v = cpr_verdicts_add(out, CPR_FAULT_HTTP_6970_DROPPED,
		"%s answers neither yes nor no on TCP port %u, where the phone asks before "
		"TFTP: it waited %u s there for one file",
		server.s, p->http.port,
		(unsigned)((p->http_then_tftp.time_us - s->first.time_us + 500000) /
			   1000000));
	cpr_verdict_frame(v, s->first.number);
	cpr_verdict_frame(v, s->last.number);
	cpr_verdict_frame(v, p->http_then_tftp.number);
	cpr_verdict_remedy(v,
		"on %s: nft insert rule inet filter input tcp dport %u reject", server.s,
		p->http.port);
}

static const struct cpr_doctor_file *xmldefault(const struct cpr_doctor_phone *p)
{
	for (size_t i = 0; i < p->file_n; i++)
		if (p->file[i].kind == CPR_FILE_XMLDEFAULT)
			return &p->file[i];
	return NULL;
}

void cpr_look_xmldefault_missing(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	const struct cpr_doctor_file *f = xmldefault(p);
	struct cpr_address_text server =
		cpr_tell_address(f ? f->server : (struct in_addr){0});
	struct cpr_verdict *v;

	(void)d;
	if (f && f->missing.number) {
		v = cpr_verdicts_add(out, CPR_FAULT_XMLDEFAULT_MISSING,
			"TFTP server %s has neither a configuration of this phone nor "
			"\"%s\" (ERROR %u \"%s\")",
			server.s, f->name, f->error, f->error_text);
		cpr_verdict_frame(v, f->first_asked.number);
		cpr_verdict_frame(v, f->missing.number);
	} else if (f && *f->judged) {
		v = cpr_verdicts_add(out, CPR_FAULT_XMLDEFAULT_MISSING,
			"\"%s\" of TFTP server %s is of no use: %s", f->name, server.s,
			f->judged);
		cpr_verdict_frame(v, f->asked.number);
		cpr_verdict_frame(v, f->ended.number);
	}
}

void cpr_look_xmldefault_no_load(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	const struct cpr_doctor_file *f = xmldefault(p);
	struct cpr_verdict *v;

	if (!f || !p->model || !p->xmldefault_seen || p->xmldefault_load)
		return;
	v = cpr_verdicts_add(out, CPR_FAULT_XMLDEFAULT_NO_LOAD,
		"\"%s\" has no loadInformation%u, so a %s keeps the load it runs",
		f->name, p->model->device_id, p->model->name);
	cpr_verdict_frame(v, f->asked.number);
	cpr_verdict_frame(v, f->ended.number);
	for (size_t i = 0; d->config.plan && i < d->config.plan->model_n; i++) {
		const struct cpr_plan_model *m = &d->config.plan->model[i];

		if (m->model == p->model && m->load_name)
			cpr_verdict_remedy(v,
				"cpr-conf generate, which writes <loadInformation%u>%s "
				"for this site",
				p->model->device_id, m->load_name);
	}
}

static const char *protocol_of(const struct cpr_call *c)
{
	return c->udp ? "UDP" : "TCP";
}

static void unreachable(const struct cpr_doctor_phone *p, const struct cpr_call *c,
	struct cpr_verdicts *out)
{
	struct cpr_address_text manager = cpr_tell_address(c->address);
	struct cpr_verdict *v;

	if (c->refused_n >= REFUSALS) {
		v = cpr_verdicts_add(out, CPR_FAULT_CALL_MANAGER_UNREACHABLE,
			"call manager %s refuses %s port %u, %u times: nobody listens "
			"there, or a firewall rejects it",
			manager.s, protocol_of(c), c->port, c->refused_n);
		cpr_verdict_frame(v, c->refused.number);
	} else {
		v = cpr_verdicts_add(out, CPR_FAULT_CALL_MANAGER_UNREACHABLE,
			"call manager %s does not answer on %s port %u: the phone tried "
			"%u times in %u s",
			manager.s, protocol_of(c), c->port, c->worst.n,
			cpr_tell_seconds(cpr_silence_us(&c->worst)));
		cpr_verdict_silence(v, &c->worst);
	}
	if (*p->call_manager)
		cpr_verdict_remedy(v,
			"start the call manager at %s; the phone was sent there by "
			"\"%s\" as processNodeName (call-managers in site.conf, then "
			"cpr-conf generate)",
			manager.s, p->call_manager);
}

/* One source says that a phone takes no notice of such a file; here it asked for it again. */
static void unnamed(const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	const struct cpr_doctor_file *f = xmldefault(p);
	struct cpr_verdict *v;

	if (!f || !p->xmldefault_seen || *p->call_manager || p->call_n ||
		f->complete_n < CONFIGS)
		return;
	v = cpr_verdicts_add(out, CPR_FAULT_CALL_MANAGER_UNREACHABLE,
		"\"%s\" names no call manager (callManagerGroup, processNodeName): the "
		"phone fetched it %u times and called nobody",
		f->name, f->complete_n);
	cpr_verdict_remedy(v, "set call-managers in site.conf, then cpr-conf generate");
	cpr_verdict_frame(v, f->first_asked.number);
	cpr_verdict_frame(v, f->ended.number);
}

void cpr_look_call_manager_unreachable(const struct cpr_doctor *d,
	const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
{
	(void)d;
	unnamed(p, out);
	for (size_t i = 0; i < p->call_n; i++) {
		const struct cpr_call *c = &p->call[i];

		if (c->refused_n >= REFUSALS ||
			(c->worst.n >= CALLS && cpr_silence_us(&c->worst) >= CALLS_US))
			unreachable(p, c, out);
	}
}
