/* A TCP SYN and what comes back.  The connection is never made: a SYN-ACK is answered with a
 * reset, which is enough to know that somebody listens. */
#include "state.h"

enum {
	/* Shorter than a real connect timeout: who does not answer in three seconds on a
	 * network that phones live in does not answer. */
	TRIES = 3,
	TRY_MS = 1000,
};

static void finish(struct cpr_phone *p, enum cpr_knock_outcome outcome)
{
	p->knock.active = false;
	p->knock.outcome = outcome;
	cpr_phone_calm(p);
	p->knock.then(p);
}

static void knock(struct cpr_phone *p)
{
	struct cpr_knock *k = &p->knock;

	if (k->tries++ == TRIES) {
		finish(p, CPR_KNOCK_SILENT);
		return;
	}
	cpr_phone_tcp(p, k->address, k->own_port, k->port, k->seq, 0, CPR_TCP_SYN);
	cpr_phone_later(p, TRY_MS, knock);
}

void cpr_knock_start(
	struct cpr_phone *p, struct in_addr address, uint16_t port, cpr_step *then)
{
	p->knock = (struct cpr_knock){.active = true,
		.then = then,
		.address = address,
		.port = port,
		.own_port = cpr_phone_port(p),
		.seq = cpr_phone_random(p)};
	knock(p);
}

bool cpr_knock_frame(struct cpr_phone *p, const struct cpr_frame *f)
{
	struct cpr_knock *k = &p->knock;

	if (!k->active || f->target_port != k->own_port || f->source_port != k->port ||
		f->source.s_addr != k->address.s_addr || f->tcp_ack != k->seq + 1)
		return false;
	if (f->tcp_flags & CPR_TCP_RST) {
		finish(p, CPR_KNOCK_REFUSED);
	} else if (f->tcp_flags & CPR_TCP_SYN) {
		cpr_phone_tcp(
			p, k->address, k->own_port, k->port, k->seq + 1, 0, CPR_TCP_RST);
		finish(p, CPR_KNOCK_OPEN);
	}
	return true;
}

/* Many firewalls reject a SYN with ICMP instead of a reset, which ends a connect as fast. */
void cpr_knock_unreachable(struct cpr_phone *p, const struct cpr_quote *q)
{
	struct cpr_knock *k = &p->knock;

	if (!k->active || q->target.s_addr != k->address.s_addr ||
		q->source_port != k->own_port || q->target_port != k->port)
		return;
	finish(p, CPR_KNOCK_REFUSED);
}
