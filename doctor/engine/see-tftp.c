/* TFTP, packet by packet.  Almost all of them are DATA and ACK of the transfer that moved last,
 * so that way costs one look into the table of phones and a few comparisons. */
#include "transfer.h"

#include "loads.h"
#include "text.h"
#include "tftp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	WRAP = 65535,
	AT_ONCE_US =
		500000, /* less than the least time after which a client asks again */
};

/* A first block that nobody acknowledged may not have reached the phone. */
static bool began(const struct cpr_doctor_file *f)
{
	return f->block > 1 || f->acked;
}

/* The transfer of this port: the one asked for last, for ports are used again. */
static int transfer_of(const struct cpr_doctor_phone *p, uint16_t port)
{
	int found = p->current;

	if (found >= 0 && p->file[found].port == port &&
		cpr_transfer_open(&p->file[found]))
		return found;
	found = -1;
	for (size_t i = 0; i < p->file_n; i++)
		if (p->file[i].port == port && p->file[i].asked_n &&
			(found < 0 ||
				p->file[i].asked.number > p->file[found].asked.number))
			found = (int)i;
	return found;
}

static bool is_server(
	const struct cpr_doctor_file *f, struct in_addr address, uint16_t port)
{
	return f->server_port == port && f->server.s_addr == address.s_addr;
}

void cpr_transfer_told(
	struct cpr_doctor_phone *p, const struct cpr_doctor_file *f, const char *how)
{
	struct cpr_event *e = p->data_event >= 0 ? &p->story[p->data_event] : NULL;

	p->data_event = -1;
	if (e)
		snprintf(e->text, sizeof(e->text),
			"DATA and ACK to block %llu of %.60s: %s",
			(unsigned long long)f->block, f->name, how);
}

static void tell_data(const struct cpr_doctor *d, struct cpr_doctor_phone *p,
	const struct cpr_doctor_file *f, const struct cpr_packet *k, size_t len)
{
	struct cpr_event *e;

	if (p->data_event >= 0) {
		e = &p->story[p->data_event];
		e->last = cpr_moment_of(k);
		e->packets++;
		e->bytes += len;
		return;
	}
	if (!d->config.story_max || f->block > 1)
		return;
	e = cpr_story_add(d, p, k, CPR_EVENT_BOTH, f->server, CPR_EVENT_DATA,
		"DATA and ACK of %.90s", f->name);
	if (!e)
		return;
	e->bytes = len;
	p->data_event = (int)(e - p->story);
}

/* It moves on.  A phone that has repeated itself so often had given up, unless its timer is
 * longer than the firmware's: either way it stood still. */
static void moved(struct cpr_doctor_phone *p, int file, const struct cpr_packet *k)
{
	struct cpr_doctor_file *f = &p->file[file];

	if (f->again_ack >= CPR_GIVEN_UP_ACKS &&
		k->time_us >= f->again_last.time_us + CPR_GIVEN_UP_US) {
		f->stalled_from = f->again_first;
		f->stalled_to = cpr_moment_of(k);
		f->stalled_block = f->acked;
		f->stalled_data = f->again_data;
		f->stalled_ack = f->again_ack;
		f->stalled_went_on = true;
	}
	f->again_data = f->again_ack = 0;
	f->again_first = f->again_last = (struct cpr_moment){0};
}

static void progress(struct cpr_doctor_phone *p, int file, const struct cpr_packet *k)
{
	struct cpr_doctor_file *f = &p->file[file];

	if (f->again_data | f->again_ack)
		moved(p, file, k);
	f->moved = cpr_moment_of(k);
	p->current = file;
}

/* Not what comes at once: servers answer a repeated ACK so, and captures hold copies. */
static void repeated(struct cpr_doctor_file *f, unsigned *n, const struct cpr_packet *k)
{
	if (cpr_is_copy(&f->moved, k) || cpr_is_copy(&f->again_last, k))
		return;
	++*n;
	f->again_last = cpr_moment_of(k);
	if (!f->again_first.number)
		f->again_first = f->again_last;
}

static void refuse_oack(struct cpr_doctor_file *f)
{
	if (f->oack_seen.number)
		f->oack = f->oack_seen;
	f->oack_seen = (struct cpr_moment){0};
}

/* Whoever else answers.  A server that was asked twice may answer twice, from two ports; that it
 * was, the capture may not show. */
static void stranger(const struct cpr_doctor *d, struct cpr_doctor_phone *p,
	struct cpr_doctor_file *f, const struct cpr_packet *k)
{
	const struct cpr_frame *frame = &k->frame;
	bool same = frame->source.s_addr == f->server.s_addr;
	bool late = frame->source.s_addr == f->server_before.s_addr;

	if (f->other_last.number > f->begun.number || late ||
		(same && (f->tries > 1 || k->time_us > f->asked.time_us + AT_ONCE_US)))
		return;
	f->other_last = cpr_moment_of(k);
	if (!f->other_n++)
		f->other = f->other_last;
	f->other_to = f->server;
	f->other_address = frame->source;
	f->other_port = frame->source_port;
	cpr_story_add(d, p, k, CPR_EVENT_SERVER, frame->source, CPR_EVENT_TFTP,
		"a second answer for %.80s", f->name);
}

/* True when the packet is of the server that the phone deals with.  first: it begins an answer. */
static bool answers(struct cpr_doctor *d, struct cpr_doctor_phone *p,
	struct cpr_doctor_file *f, const struct cpr_packet *k, bool first)
{
	const struct cpr_frame *frame = &k->frame;
	struct cpr_doctor_server *server;

	if (is_server(f, frame->source, frame->source_port))
		return true;
	if (f->server_port || frame->source.s_addr != f->server.s_addr ||
		!cpr_transfer_open(f)) {
		if (first)
			stranger(d, p, f, k);
		return false;
	}
	f->server_port = frame->source_port;
	server = cpr_servers_seen(d, f->server, CPR_SERVER_TFTP);
	if (server)
		server->answers++;
	return true;
}

static struct cpr_doctor_phone *see_data(
	struct cpr_doctor *d, struct cpr_doctor_phone *p, const struct cpr_packet *k)
{
	const struct cpr_frame *frame = &k->frame;
	int file = transfer_of(p, frame->target_port);
	struct cpr_span s = cpr_span_of(frame->payload, frame->payload_len);
	struct cpr_doctor_file *f;
	uint16_t block, ahead;
	size_t len = k->payload_real - 4;

	if (file < 0)
		return NULL;
	f = &p->file[file];
	cpr_span_skip(&s, 2);
	block = cpr_span_be16(&s);
	if (!answers(d, p, f, k, block == 1) || !cpr_transfer_open(f))
		return p;
	f->answered = cpr_moment_of(k);
	/* The number has 16 bits and may wrap; one that lies behind is a repetition. */
	ahead = (uint16_t)(block - (uint16_t)f->block);
	if (ahead == 0 || ahead >= 0x8000) {
		if (ahead == 0)
			repeated(f, &f->again_data, k);
		tell_data(d, p, f, k, 0);
		return p;
	}
	f->block += ahead;
	/* The OACK that said so was not captured. */
	if (len > f->block_size && len < WRAP)
		f->block_size = (uint16_t)len;
	f->bytes = (f->block - 1) * f->block_size + len;
	f->last_sent = len < f->block_size;
	f->unseen = false;
	if (f->size >= 0 && f->bytes > (uint64_t)f->size)
		f->size = -1;
	if (f->keeping && (ahead != 1 || k->payload_real != frame->payload_len)) {
		f->keeping = false;
		cpr_buf_free(&f->head);
	}
	if (f->keeping)
		cpr_file_keep(f, cpr_span_take(&s, len), len);
	f->state = CPR_FILE_FETCHING;
	progress(p, file, k);
	if (p->stage < CPR_STAGE_LOADS &&
		(f->kind == CPR_FILE_LIST || f->kind == CPR_FILE_RECOVERY))
		p->stage = CPR_STAGE_LOADS;
	tell_data(d, p, f, k, len);
	return p;
}

/* What is acknowledged has come, whether it was captured or not. */
static void acknowledged(
	struct cpr_doctor_phone *p, int file, uint16_t ahead, const struct cpr_packet *k)
{
	struct cpr_doctor_file *f = &p->file[file];

	f->acked += ahead;
	if (f->acked > f->block) {
		f->block = f->acked;
		f->bytes = f->block * f->block_size;
		f->last_sent = false;
		f->unseen = true;
		f->keeping = false;
		cpr_buf_free(&f->head);
	}
	f->state = CPR_FILE_FETCHING;
	f->oack_seen = (struct cpr_moment){0};
	if (f->unanswered.n)
		f->unanswered = (struct cpr_silence){0};
	progress(p, file, k);
}

static struct cpr_doctor_phone *see_ack(
	struct cpr_doctor *d, struct cpr_doctor_phone *p, const struct cpr_packet *k)
{
	const struct cpr_frame *frame = &k->frame;
	int file = transfer_of(p, frame->source_port);
	struct cpr_span s = cpr_span_of(frame->payload, frame->payload_len);
	struct cpr_doctor_file *f;
	uint16_t block, ahead;

	if (file < 0) {
		cpr_round_unknown(p);
		return NULL;
	}
	f = &p->file[file];
	if (!cpr_transfer_open(f))
		return p;
	if (!is_server(f, frame->target, frame->target_port)) {
		f->server = frame->target;
		f->server_port = frame->target_port;
	}
	cpr_span_skip(&s, 2);
	block = cpr_span_be16(&s);
	tell_data(d, p, f, k, 0);
	ahead = (uint16_t)(block - (uint16_t)f->acked);
	if (ahead != 0 && ahead < 0x8000)
		acknowledged(p, file, ahead, k);
	else if (ahead == 0 && f->acked)
		repeated(f, &f->again_ack, k);
	else if (ahead == 0)
		f->unanswered = (struct cpr_silence){0};
	if (f->last_sent && f->acked == f->block)
		cpr_transfer_complete(d, p, file, k);
	return p;
}

void cpr_transfer_complete(struct cpr_doctor *d, struct cpr_doctor_phone *p, int file,
	const struct cpr_packet *k)
{
	struct cpr_doctor_file *f = &p->file[file];

	f->state = CPR_FILE_COMPLETE;
	f->size = f->last_sent ? (int64_t)f->bytes : -1;
	f->complete_n++;
	f->ended = cpr_moment_of(k);
	f->unanswered = (struct cpr_silence){0};
	cpr_transfer_told(p, f, "complete");
	cpr_file_judge(p, file, k);
	cpr_round_ended(d, p, file, k);
}

void cpr_transfer_failed(struct cpr_doctor *d, struct cpr_doctor_phone *p, int file,
	const struct cpr_packet *k)
{
	struct cpr_doctor_file *f = &p->file[file];

	f->failed_n++;
	f->ended = cpr_moment_of(k);
	f->keeping = false;
	cpr_buf_free(&f->head);
	cpr_transfer_told(p, f, cpr_file_state_name(f->state));
	cpr_round_ended(d, p, file, k);
}

bool cpr_transfer_at_wrap(const struct cpr_doctor_file *f)
{
	return f->block >= WRAP - 1 && f->block <= WRAP + 1;
}

/* True when the packets show that one side waited for the other in vain.  A server alone that
 * repeats itself may have lost a phone that was unplugged. */
static bool waited(const struct cpr_doctor_file *f, enum cpr_giving_up how)
{
	if (how == CPR_GAVE_UP_BOOT)
		return f->again_ack >= 1;
	return f->again_ack >= 1 || f->again_data >= 2 ||
	       (how != CPR_GAVE_UP_OTHER && f->stop_n > 1 && f->stop_block == f->block);
}

static void stall(struct cpr_doctor_file *f, const struct cpr_packet *k)
{
	struct cpr_moment from = f->again_first.number ? f->again_first : f->moved;

	if (cpr_transfer_at_wrap(f)) {
		f->wrapped = cpr_moment_of(k);
		return;
	}
	f->stalled_from = from;
	f->stalled_to = cpr_moment_of(k);
	f->stalled_block = f->acked;
	f->stalled_data = f->again_data;
	f->stalled_ack = f->again_ack;
	f->stalled_went_on = false;
}

void cpr_transfer_given_up(struct cpr_doctor *d, struct cpr_doctor_phone *p, int file,
	const struct cpr_packet *k, enum cpr_giving_up how)
{
	struct cpr_doctor_file *f = &p->file[file];

	if (!cpr_transfer_open(f))
		return;
	/* Its last acknowledgement was not captured, or its last block. */
	if (!f->again_ack && ((f->last_sent && (how == CPR_GAVE_UP_OTHER ||
						       how == CPR_GAVE_UP_CLOSED)) ||
				     (f->unseen && !f->again_data))) {
		cpr_transfer_complete(d, p, file, k);
		return;
	}
	if (!began(f)) {
		refuse_oack(f);
		if (how == CPR_GAVE_UP_CLOSED)
			return;
		f->state = CPR_FILE_UNANSWERED;
		cpr_transfer_failed(d, p, file, k);
		return;
	}
	if (how != CPR_GAVE_UP_OTHER) {
		f->stop_n = f->stop_block == f->block ? f->stop_n + 1 : 1;
		f->stop_block = f->block;
	}
	if (waited(f, how))
		stall(f, k);
	else if (how == CPR_GAVE_UP_OTHER)
		return; /* two files at once, perhaps */
	f->state = CPR_FILE_STALLED;
	cpr_transfer_failed(d, p, file, k);
}

/* An ERROR packet; of one that the capture cut, the text's beginning. */
struct error {
	uint16_t code;
	bool cut;
	char text[sizeof(((struct cpr_doctor_file *)0)->error_text)];
};

static struct error read_error(const struct cpr_packet *k)
{
	struct cpr_span s = cpr_span_of(k->frame.payload, k->frame.payload_len);
	struct error e = {.cut = k->payload_real > k->frame.payload_len};
	size_t n;

	cpr_span_skip(&s, 2);
	e.code = cpr_span_be16(&s);
	n = cpr_span_left(&s);
	n = n < sizeof(e.text) ? n : sizeof(e.text) - 1;
	memcpy(e.text, cpr_span_take(&s, n), n);
	cpr_text_printable(e.text, "");
	return e;
}

static void broken_off(struct cpr_doctor_file *f, const struct cpr_packet *k,
	const struct error *e, bool by_phone)
{
	f->state = CPR_FILE_ABORTED;
	if (cpr_transfer_at_wrap(f)) {
		f->wrapped = cpr_moment_of(k);
		return;
	}
	f->aborted = cpr_moment_of(k);
	f->aborted_by_phone = by_phone;
	f->aborted_error = e->code;
	f->aborted_block = f->block;
	memcpy(f->aborted_text, e->text, sizeof(f->aborted_text));
}

static struct cpr_doctor_phone *server_error(struct cpr_doctor *d,
	struct cpr_doctor_phone *p, int file, const struct cpr_packet *k,
	const struct error *e)
{
	struct cpr_doctor_file *f = &p->file[file];
	enum cpr_tftp_reason reason;

	if (!answers(d, p, f, k, true) || !cpr_transfer_open(f))
		return p;
	reason = began(f) ? CPR_TFTP_ABORTED : cpr_tftp_reason(e->code, e->text);
	f->answered = cpr_moment_of(k);
	cpr_story_add(d, p, k, CPR_EVENT_SERVER, f->server, CPR_EVENT_TFTP,
		"ERROR %u %.80s", e->code, e->text);
	if (reason == CPR_TFTP_ABORTED && e->cut && !began(f)) {
		f->state = CPR_FILE_ABORTED; /* the text would have said why */
	} else if (reason == CPR_TFTP_ABORTED) {
		broken_off(f, k, e, false);
	} else {
		f->state = reason == CPR_TFTP_DENIED ? CPR_FILE_DENIED : CPR_FILE_MISSING;
		if (reason == CPR_TFTP_MISSING && f->missing.number < f->begun.number)
			f->missing_n++;
		*(reason == CPR_TFTP_DENIED ? &f->denied : &f->missing) = f->answered;
		f->error = e->code;
		memcpy(f->error_text, e->text, sizeof(f->error_text));
	}
	cpr_transfer_failed(d, p, file, k);
	return p;
}

static struct cpr_doctor_phone *phone_error(struct cpr_doctor *d,
	struct cpr_doctor_phone *p, int file, const struct cpr_packet *k,
	const struct error *e)
{
	struct cpr_doctor_file *f = &p->file[file];
	const struct cpr_frame *frame = &k->frame;

	if (f->other.number && f->other_port == frame->target_port &&
		f->other_address.s_addr == frame->target.s_addr) {
		f->other_icmp = cpr_moment_of(k);
		return p;
	}
	if (!cpr_transfer_open(f))
		return p;
	cpr_story_add(d, p, k, CPR_EVENT_PHONE, f->server, CPR_EVENT_TFTP,
		"ERROR %u %.80s", e->code, e->text);
	if (f->oack_seen.number) {
		refuse_oack(f);
		f->state = CPR_FILE_ABORTED;
	} else if (f->options && !began(f)) {
		/* It asked for the size alone. */
		f->state = CPR_FILE_ABORTED;
	} else {
		broken_off(f, k, e, true);
	}
	cpr_transfer_failed(d, p, file, k);
	return p;
}

static struct cpr_doctor_phone *see_error(
	struct cpr_doctor *d, const struct cpr_packet *k)
{
	const struct cpr_frame *frame = &k->frame;
	struct error e = read_error(k);
	struct cpr_doctor_phone *p = cpr_phones_by_ip(d, frame->source);
	int file = p ? transfer_of(p, frame->source_port) : -1;

	if (file >= 0)
		return phone_error(d, p, file, k, &e);
	p = cpr_phones_by_ip(d, frame->target);
	file = p ? transfer_of(p, frame->target_port) : -1;
	return file >= 0 ? server_error(d, p, file, k, &e) : NULL;
}

/* The values of blksize and tsize (RFC 2348, 2349). */
static void read_options(struct cpr_doctor_file *f, const struct cpr_tftp *t)
{
	struct cpr_span s = cpr_span_of(t->data, t->len);

	while (cpr_span_left(&s)) {
		const char *pair[2] = {NULL, NULL};
		unsigned long long n;

		for (int i = 0; i < 2; i++) {
			const uint8_t *at = cpr_span_take(&s, 0);
			const uint8_t *nul = memchr(at, 0, cpr_span_left(&s));

			if (!nul)
				return;
			pair[i] = (const char *)cpr_span_take(&s, (size_t)(nul - at) + 1);
			if (!cpr_span_left(&s) && i == 0)
				return;
		}
		n = strtoull(pair[1], NULL, 10);
		if (!strcasecmp(pair[0], "blksize") && n >= 8 && n <= 65464)
			f->block_size = (uint16_t)n;
		if (!strcasecmp(pair[0], "tsize") && n <= INT64_MAX)
			f->size = (int64_t)n;
	}
}

static struct cpr_doctor_phone *see_oack(
	struct cpr_doctor *d, const struct cpr_packet *k, const struct cpr_tftp *t)
{
	struct cpr_doctor_phone *p = cpr_phones_by_ip(d, k->frame.target);
	int file = p ? transfer_of(p, k->frame.target_port) : -1;
	struct cpr_doctor_file *f;

	if (file < 0)
		return NULL;
	f = &p->file[file];
	if (!answers(d, p, f, k, true) || !cpr_transfer_open(f) || began(f))
		return p;
	f->answered = cpr_moment_of(k);
	cpr_story_add(d, p, k, CPR_EVENT_SERVER, f->server, CPR_EVENT_TFTP, "OACK");
	if (f->options)
		read_options(f, t);
	else if (!f->oack_seen.number)
		f->oack_seen = f->answered;
	else if (!cpr_is_copy(&f->oack_seen, k)) /* it was not understood */
		refuse_oack(f);
	return p;
}

bool cpr_tftp_unreachable(struct cpr_doctor *d, struct cpr_doctor_phone *p,
	const struct cpr_packet *k, const struct cpr_quote *q)
{
	bool own = q->source.s_addr == p->ip.s_addr;
	int file = q->protocol == IPPROTO_UDP
			   ? transfer_of(p, own ? q->source_port : q->target_port)
			   : -1;
	struct cpr_doctor_file *f;

	if (file < 0)
		return false;
	f = &p->file[file];
	if (own) {
		if (q->target.s_addr != f->server.s_addr)
			return false;
		f->unreachable = cpr_moment_of(k);
		f->unreachable_code = k->frame.icmp_code;
		return true;
	}
	if (f->other.number && f->other_port == q->source_port &&
		f->other_address.s_addr == q->source.s_addr) {
		f->other_icmp = cpr_moment_of(k);
		return true;
	}
	if (!is_server(f, q->source, q->source_port))
		return false;
	cpr_transfer_given_up(d, p, file, k, CPR_GAVE_UP_CLOSED);
	return true;
}

struct cpr_doctor_phone *cpr_see_tftp(struct cpr_doctor *d, const struct cpr_packet *k)
{
	const struct cpr_frame *f = &k->frame;
	struct cpr_span s = cpr_span_of(f->payload, f->payload_len);
	struct cpr_doctor_phone *p;
	struct cpr_tftp t;
	uint16_t opcode;

	if (f->target_port == CPR_TFTP_PORT)
		return cpr_see_request(d, k);
	opcode = cpr_span_be16(&s);
	if (cpr_span_left(&s) < 2 || k->payload_real < f->payload_len)
		return NULL;
	switch (opcode) {
	case CPR_TFTP_DATA:
		p = cpr_phones_by_ip(d, f->target);
		return p ? see_data(d, p, k) : NULL;
	case CPR_TFTP_ACK:
		p = cpr_phones_by_ip(d, f->source);
		return p ? see_ack(d, p, k) : NULL;
	case CPR_TFTP_ERROR:
		return see_error(d, k);
	case CPR_TFTP_OACK:
		return cpr_tftp_parse(f->payload, f->payload_len, &t) == CPR_TFTP_OK
			       ? see_oack(d, k, &t)
			       : NULL;
	default:
		return NULL;
	}
}
