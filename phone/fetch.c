/* The phone's TFTP client.  Source: disassembly of the 79x1 firmware, and captures: no options,
 * blocks of 512, a fresh port for each file, the first port that answers is the server's,
 * 4 s and three repetitions, then the second server. */
#include "state.h"

#include "engine/judge.h"
#include "text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	HTTP_PORT = 6970,  /* where loads from 9 on ask first */
	FLASH_ROOM = 2048, /* of a flash that is full */
};

static void ask(struct cpr_phone *p);

static struct cpr_file_row *row_of(struct cpr_phone *p, const char *name)
{
	struct cpr_file_row *grown;
	char shown[256];

	snprintf(shown, sizeof(shown), "%s", name);
	cpr_text_printable(shown, "");
	for (p->fetch.file = 0; p->fetch.file < p->file_n; p->fetch.file++)
		if (strcmp(p->file[p->fetch.file].name, shown) == 0)
			return &p->file[p->fetch.file];
	grown = reallocarray(p->file, p->file_n + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	p->file = grown;
	p->file[p->file_n].name = strdup(shown);
	return p->file[p->file_n].name ? &p->file[p->file_n++] : NULL;
}

void cpr_fetch_mark(struct cpr_phone *p, const char *state)
{
	struct cpr_file_row *row =
		p->fetch.file < p->file_n ? &p->file[p->fetch.file] : NULL;

	if (!row)
		return;
	row->bytes = p->fetch.bytes;
	row->size = p->fetch.outcome == CPR_FETCH_GOT ? (int64_t)p->fetch.bytes
		    : p->fetch.total                  ? (int64_t)p->fetch.total
						      : -1;
	row->state = state;
}

static const char *state_of(const struct cpr_fetch *f)
{
	static const char *const name[] = {
		[CPR_FETCH_GOT] = "done",
		[CPR_FETCH_ERROR] = "aborted",
		[CPR_FETCH_SILENT] = "unanswered",
		[CPR_FETCH_STALLED] = "stalled",
		[CPR_FETCH_OACK] = "aborted",
	};

	if (cpr_fetch_missing(f))
		return "missing";
	return f->outcome == CPR_FETCH_ERROR && f->reason == CPR_TFTP_DENIED
		       ? "denied"
		       : name[f->outcome];
}

bool cpr_fetch_missing(const struct cpr_fetch *f)
{
	return f->outcome == CPR_FETCH_ERROR && f->reason == CPR_TFTP_MISSING;
}

static void finish(struct cpr_phone *p, enum cpr_fetch_outcome outcome)
{
	struct cpr_fetch *f = &p->fetch;
	bool missing;

	f->active = false;
	f->outcome = outcome;
	missing = cpr_fetch_missing(f);
	cpr_phone_calm(p);
	cpr_fetch_mark(p, state_of(f));
	if (outcome == CPR_FETCH_GOT) /* now the whole is known */
		cpr_phone_event(p, CPR_PHONE_PROGRESS, f->name, f->bytes, f->bytes);
	cpr_watch_judge(p);
	cpr_phone_event(p, CPR_PHONE_FILE,
		missing && f->optional ? "not there, as usual"
		: missing              ? "not there"
				       : state_of(f),
		f->bytes, f->bytes);
	f->then(p);
}

static void timeout(struct cpr_phone *p);

static void transmit_last(struct cpr_phone *p)
{
	struct cpr_fetch *f = &p->fetch;
	uint8_t bytes[300];
	struct cpr_pen pen = cpr_pen_of(bytes, sizeof(bytes));

	if (f->began)
		cpr_tftp_ack(&pen, f->block);
	else
		cpr_tftp_rrq(&pen, f->name);
	if (!pen.full)
		cpr_phone_udp(p, p->tftp[f->server], f->port,
			f->began ? f->server_port : CPR_TFTP_PORT, bytes, pen.len);
}

static void send_last(struct cpr_phone *p)
{
	transmit_last(p);
	cpr_phone_later(p, CPR_RETRY_MS, timeout);
}

static void timeout(struct cpr_phone *p)
{
	struct cpr_fetch *f = &p->fetch;

	if (f->tries++ < CPR_TFTP_RETRIES) {
		send_last(p);
		return;
	}
	if (f->server + 1 < p->tftp_n) {
		cpr_watch_judge(p);
		cpr_phone_say(p, "turns to the second TFTP server");
		f->server = p->tftp_first = 1;
		ask(p);
		return;
	}
	p->tftp_first = 0;
	finish(p, f->server_port ? CPR_FETCH_STALLED : CPR_FETCH_SILENT);
}

static void ask(struct cpr_phone *p)
{
	struct cpr_fetch *f = &p->fetch;

	f->port = cpr_phone_port(p);
	f->server_port = f->block = 0;
	f->began = false;
	f->tries = 0;
	f->bytes = f->total = 0;
	cpr_buf_free(&f->head);
	f->active = true;
	cpr_phone_event(p, CPR_PHONE_PROGRESS, f->name, 0, 0);
	send_last(p);
}

/* After port 6970.  Nobody needs to speak HTTP here: every such phone falls back to TFTP, and
 * the same file comes that way. */
static void knocked(struct cpr_phone *p)
{
	char server[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &p->knock.address, server, sizeof(server));
	if (p->knock.outcome == CPR_KNOCK_OPEN && !p->http_said)
		cpr_phone_say(p,
			"%s serves port 6970; goes on by TFTP all the same (HTTP is "
			"not played)",
			server);
	p->http_said = true;
	ask(p);
}

static void start(struct cpr_phone *p, const char *name, bool optional, cpr_step *then)
{
	struct cpr_fetch *f = &p->fetch;
	struct cpr_file_row *row;

	cpr_buf_free(&f->head);
	*f = (struct cpr_fetch){
		.then = then, .server = p->tftp_first, .optional = optional};
	snprintf(f->name, sizeof(f->name), "%s", name);
	row = row_of(p, f->name);
	if (row) {
		row->state = "fetching";
		row->size = -1;
	}
	if (p->normal && p->boot->http && atoi(p->version) >= 9)
		cpr_knock_start(p, p->tftp[f->server], HTTP_PORT, knocked);
	else
		ask(p);
}

void cpr_fetch_start(struct cpr_phone *p, const char *name, cpr_step *then)
{
	start(p, name, false, then);
}

void cpr_fetch_optional(struct cpr_phone *p, const char *name, cpr_step *then)
{
	start(p, name, true, then);
}

static void abort_with(struct cpr_phone *p, uint16_t code, const char *message)
{
	uint8_t bytes[100];
	struct cpr_pen pen = cpr_pen_of(bytes, sizeof(bytes));

	cpr_tftp_error(&pen, code, message);
	cpr_phone_udp(p, p->tftp[p->fetch.server], p->fetch.port, p->fetch.server_port,
		bytes, pen.len);
}

static void fail(struct cpr_phone *p, uint16_t code, const char *text)
{
	p->fetch.reason = cpr_tftp_reason(code, text);
	finish(p, CPR_FETCH_ERROR);
}

static void flash_written(struct cpr_phone *p)
{
	p->fetch.busy = false;
	send_last(p);
	finish(p, CPR_FETCH_GOT);
}

/* Of a phone that answers nothing while it writes an image. */
static bool write_first(struct cpr_phone *p)
{
	struct cpr_fetch *f = &p->fetch;

	if (p->config.defect != CPR_DEFECT_FLASH_BUSY || !p->config.flash_rate ||
		!p->images)
		return false;
	f->busy = true;
	cpr_phone_later(p, f->bytes * 1000 / p->config.flash_rate, flash_written);
	return true;
}

/* Small enough for a synthetic image to reach it. */
static bool flash_full(struct cpr_phone *p)
{
	if (p->config.defect != CPR_DEFECT_FLASH_FULL || !p->images ||
		p->fetch.bytes < FLASH_ROOM)
		return false;
	abort_with(p, 3, "Disk full");
	fail(p, 3, "Disk full");
	return true;
}

static void data(struct cpr_phone *p, const struct cpr_tftp *t)
{
	struct cpr_fetch *f = &p->fetch;

	if (t->len > CPR_TFTP_BLOCK) {
		abort_with(p, 4, "Data block exceeds 512");
		fail(p, 4, "the server sent a block of more than 512 bytes");
		return;
	}
	/* Our acknowledgement was lost.  The clock runs on: a server that repeats one block for
	 * ever gets nowhere. */
	if (f->began && t->block == f->block && !f->busy)
		transmit_last(p);
	if (t->block != (uint16_t)(f->block + 1))
		return;
	f->block = t->block;
	f->began = true;
	f->bytes += t->len;
	f->tries = 0;
	if (f->head.len < CPR_HEAD_MAX)
		cpr_buf_add(&f->head, t->data, t->len);
	if (!f->total && f->bytes <= CPR_HEAD_MAX && f->head.data)
		f->total = cpr_judge_total((const uint8_t *)f->head.data, f->head.len);
	if (f->bytes > f->total) /* the header lied */
		f->total = 0;
	if (t->len < CPR_TFTP_BLOCK && write_first(p))
		return;
	if (flash_full(p))
		return;
	send_last(p);
	if (t->len < CPR_TFTP_BLOCK)
		finish(p, CPR_FETCH_GOT);
	else
		cpr_phone_event(p, CPR_PHONE_PROGRESS, f->name, f->bytes, f->total);
}

static bool is_answer(const struct cpr_tftp *t)
{
	return t->opcode == CPR_TFTP_DATA || t->opcode == CPR_TFTP_ERROR ||
	       t->opcode == CPR_TFTP_OACK;
}

bool cpr_fetch_frame(struct cpr_phone *p, const struct cpr_frame *frame)
{
	struct cpr_fetch *f = &p->fetch;
	struct cpr_tftp t;
	bool answer;

	if (!f->active || frame->target_port != f->port)
		return false;
	answer = cpr_tftp_parse(frame->payload, frame->payload_len, &t) == CPR_TFTP_OK &&
		 is_answer(&t);
	if (frame->source.s_addr != p->tftp[f->server].s_addr ||
		(f->server_port && frame->source_port != f->server_port))
		return false; /* and an ICMP port unreachable, as from a connected socket */
	if (!answer)
		return true;
	f->server_port = frame->source_port;
	if (t.opcode == CPR_TFTP_DATA) {
		data(p, &t);
	} else if (t.opcode == CPR_TFTP_ERROR) {
		fail(p, t.block, t.text);
	} else {
		abort_with(p, 4, "Illegal TFTP operation");
		finish(p, CPR_FETCH_OACK);
	}
	return true;
}
