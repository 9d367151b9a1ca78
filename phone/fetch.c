/* The phone's TFTP client.  Source: disassembly of the 79x1 firmware, and captures: no options,
 * blocks of 512, a fresh port for each file, the first port that answers is the server's,
 * 4 s and three repetitions, then the second server. */
#include "state.h"

#include "judge.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	HTTP_PORT = 6970,        /* where loads from 9 on ask first */
	TOTAL_WITHIN = 64 << 10, /* an archive's header lies this far in front */
};

static void ask(struct cpr_phone *p);

static struct cpr_file_row *row_of(struct cpr_phone *p, const char *name)
{
	struct cpr_file_row *grown;
	char shown[256];

	snprintf(shown, sizeof(shown), "%s", name);
	cpr_phone_clean(shown);
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

static const char *state_of(enum cpr_fetch_outcome o)
{
	static const char *const name[] = {
		[CPR_FETCH_GOT] = "done",
		[CPR_FETCH_ERROR] = "missing",
		[CPR_FETCH_SILENT] = "unanswered",
		[CPR_FETCH_STALLED] = "stalled",
		[CPR_FETCH_OACK] = "aborted",
	};

	return name[o];
}

static void finish(struct cpr_phone *p, enum cpr_fetch_outcome outcome)
{
	struct cpr_fetch *f = &p->fetch;
	bool missing = outcome == CPR_FETCH_ERROR && f->error <= 1;

	f->active = false;
	f->outcome = outcome;
	cpr_phone_calm(p);
	cpr_fetch_mark(p,
		outcome == CPR_FETCH_ERROR && !missing ? "aborted" : state_of(outcome));
	if (outcome == CPR_FETCH_GOT) /* now the whole is known */
		cpr_phone_event(p, CPR_PHONE_PROGRESS, f->name, f->bytes, f->bytes);
	cpr_phone_event(p, CPR_PHONE_FILE,
		missing && f->optional       ? "not there, as usual"
		: missing                    ? "not there"
		: outcome == CPR_FETCH_ERROR ? f->error_text
					     : state_of(outcome),
		f->bytes, f->bytes);
	f->then(p);
}

static void timeout(struct cpr_phone *p);

static void send_last(struct cpr_phone *p)
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
	if (!f->began)
		f->asked = p->last_sent;
	cpr_phone_later(p, CPR_RETRY_MS, timeout);
}

static void timeout(struct cpr_phone *p)
{
	struct cpr_fetch *f = &p->fetch;

	if (f->tries++ < CPR_TFTP_RETRIES) {
		f->repeated |= !f->began;
		send_last(p);
		return;
	}
	if (f->server + 1 < p->tftp_n) {
		char first[INET_ADDRSTRLEN];

		inet_ntop(AF_INET, &p->tftp[f->server], first, sizeof(first));
		cpr_phone_say(
			p, "TFTP server %s does not answer, turns to the second", first);
		f->server = p->tftp_first = 1;
		ask(p);
		return;
	}
	p->tftp_first = 0;
	finish(p, f->began ? CPR_FETCH_STALLED : CPR_FETCH_SILENT);
}

static void ask(struct cpr_phone *p)
{
	struct cpr_fetch *f = &p->fetch;

	f->port = cpr_phone_port(p);
	f->server_port = f->block = 0;
	f->began = false;
	f->tries = 0;
	f->bytes = f->total = 0;
	f->error = 0;
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
	if (p->knock.outcome == CPR_KNOCK_SILENT)
		cpr_phone_fault(p, CPR_FAULT_HTTP_6970_DROPPED, p->knock.asked, 0,
			"%s answers neither yes nor no on TCP port 6970, where a load "
			"from 9 on asks before TFTP",
			server);
	else if (p->knock.outcome == CPR_KNOCK_OPEN && !p->http_said)
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
	struct cpr_fetch *f = &p->fetch;

	snprintf(f->error_text, sizeof(f->error_text), "%s", text);
	cpr_phone_clean(f->error_text);
	f->error = code;
	finish(p, CPR_FETCH_ERROR);
}

static void data(struct cpr_phone *p, const struct cpr_tftp *t)
{
	struct cpr_fetch *f = &p->fetch;

	if (t->len > CPR_TFTP_BLOCK) {
		abort_with(p, 4, "Data block exceeds 512");
		fail(p, 4, "the server sent a block of more than 512 bytes");
		return;
	}
	if (f->began && t->block == f->block) /* our acknowledgement was lost */
		send_last(p);
	if (t->block != (uint16_t)(f->block + 1))
		return;
	f->block = t->block;
	f->began = true;
	f->bytes += t->len;
	f->tries = 0;
	if (f->head.len < CPR_HEAD_MAX)
		cpr_buf_add(&f->head, t->data, t->len);
	if (!f->total && f->bytes <= TOTAL_WITHIN && f->head.data)
		f->total = cpr_judge_total((const uint8_t *)f->head.data, f->head.len);
	send_last(p);
	if (t->len < CPR_TFTP_BLOCK)
		finish(p, CPR_FETCH_GOT);
	else
		cpr_phone_event(p, CPR_PHONE_PROGRESS, f->name, f->bytes, f->total);
}

/* A datagram for our port from where it should not come.  After a repeated request a second
 * answer is the server's right. */
static void stranger(struct cpr_phone *p, const struct cpr_frame *f)
{
	char from[INET_ADDRSTRLEN];

	if (p->fetch.repeated)
		return;
	inet_ntop(AF_INET, &f->source, from, sizeof(from));
	cpr_phone_fault(p, CPR_FAULT_TFTP_TWO_ANSWERERS, p->fetch.asked, p->frame_now,
		"a second answer to the request for \"%s\" came, from %s", p->fetch.name,
		from);
}

/* The phone takes no notice of an unreachable and asks again; the report does. */
void cpr_fetch_unreachable(struct cpr_phone *p, const struct cpr_frame *frame)
{
	if (!p->fetch.active || p->fetch.began ||
		frame->source.s_addr != p->tftp[p->fetch.server].s_addr)
		return;
	p->fetch.unreachable = true;
	p->fetch.answered = p->frame_now;
}

bool cpr_fetch_frame(struct cpr_phone *p, const struct cpr_frame *frame)
{
	struct cpr_fetch *f = &p->fetch;
	struct cpr_tftp t;

	if (!f->active || frame->target_port != f->port)
		return false;
	if (frame->source.s_addr != p->tftp[f->server].s_addr ||
		(f->server_port && frame->source_port != f->server_port)) {
		stranger(p, frame);
		return false; /* and an ICMP port unreachable, as from a connected socket */
	}
	if (cpr_tftp_parse(frame->payload, frame->payload_len, &t) != CPR_TFTP_OK)
		return true;
	f->server_port = frame->source_port;
	f->answered = p->last_seen = p->frame_now;
	if (t.opcode == CPR_TFTP_DATA) {
		data(p, &t);
	} else if (t.opcode == CPR_TFTP_ERROR) {
		fail(p, t.block, t.text ? t.text : "");
	} else if (t.opcode == CPR_TFTP_OACK) {
		abort_with(p, 4, "Illegal TFTP operation");
		finish(p, CPR_FETCH_OACK);
	}
	return true;
}

static bool turned_round(const struct cpr_phone *p, struct in_addr a)
{
	struct in_addr back = {__builtin_bswap32(a.s_addr)};

	return p->source == CPR_SOURCE_OPTION150 && back.s_addr != a.s_addr &&
	       (back.s_addr == p->lease.server.s_addr ||
		       back.s_addr == p->lease.siaddr.s_addr ||
		       !((back.s_addr ^ p->lease.address.s_addr) & p->lease.mask.s_addr));
}

static void blame_silence(struct cpr_phone *p, const char *server)
{
	const struct cpr_fetch *f = &p->fetch;
	struct in_addr address = p->tftp[f->server],
		       back = {__builtin_bswap32(address.s_addr)};
	char text[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &back, text, sizeof(text));
	if (turned_round(p, address))
		cpr_phone_fault(p, CPR_FAULT_OPTION150_BYTE_ORDER, f->asked, 0,
			"option 150 leads to %s, where nobody answers: %s with its bytes "
			"turned round",
			server, text);
	else if (!cpr_neighbour_reachable(p, address))
		cpr_phone_fault(p, CPR_FAULT_TFTP_NO_ANSWER, f->asked, 0,
			"TFTP server %s is in another network and the lease names no "
			"gateway (option 3)",
			server);
	else if (!cpr_neighbour_known(p, address))
		cpr_phone_fault(p, CPR_FAULT_TFTP_NO_ANSWER, f->asked, 0,
			"nobody answers when asked (ARP) for TFTP server %s or the "
			"gateway to it",
			server);
	else
		cpr_phone_fault(p, CPR_FAULT_TFTP_NO_ANSWER, f->asked, f->answered,
			"TFTP server %s does not answer the request for \"%s\"%s", server,
			f->name,
			f->unreachable  ? ": nothing listens on UDP port 69 there, or a "
					  "firewall rejects it (ICMP unreachable)"
			: p->wrong_sums ? "; packets with a wrong checksum did come"
					: "");
}

static void blame_error(struct cpr_phone *p, const char *server)
{
	const struct cpr_fetch *f = &p->fetch;
	enum cpr_fault_id id = CPR_FAULT_TFTP_ABORTED;
	const char *what = "was broken off";

	/* Servers disagree about the number: some send 0 or 1 with a text that says more. */
	if (f->error == 2 || strcasestr(f->error_text, "denied") ||
		strcasestr(f->error_text, "permission") ||
		strcasestr(f->error_text, "access")) {
		id = CPR_FAULT_TFTP_ACCESS_DENIED;
		what = "may not be read";
	} else if (f->error == 1 ||
		   (!f->error && strcasestr(f->error_text, "not found"))) {
		id = CPR_FAULT_TFTP_FILE_MISSING;
		what = "is not there";
	}
	cpr_phone_fault(p, id, f->asked, f->answered,
		"\"%s\" %s on TFTP server %s (error %u: %s)", f->name, what, server,
		f->error, f->error_text);
}

void cpr_fetch_blame(struct cpr_phone *p)
{
	const struct cpr_fetch *f = &p->fetch;
	char server[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &p->tftp[f->server], server, sizeof(server));
	switch (f->outcome) {
	case CPR_FETCH_GOT:
		break;
	case CPR_FETCH_ERROR:
		blame_error(p, server);
		break;
	case CPR_FETCH_SILENT:
		blame_silence(p, server);
		break;
	case CPR_FETCH_STALLED:
		cpr_phone_fault(p, CPR_FAULT_TFTP_STALLED, f->answered, p->last_sent,
			"TFTP server %s stopped sending \"%s\" after %llu bytes", server,
			f->name, (unsigned long long)f->bytes);
		break;
	case CPR_FETCH_OACK:
		cpr_phone_fault(p, CPR_FAULT_TFTP_UNEXPECTED_OACK, f->asked, f->answered,
			"TFTP server %s confirms options for \"%s\" that the phone did "
			"not ask for",
			server, f->name);
		break;
	}
}
