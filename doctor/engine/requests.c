/* Requests for files (RRQ): who asks, for the how manyth time, and of whom. */
#include "transfer.h"

#include "firmware.h"
#include "inspect.h"
#include "text.h"
#include "tftp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	NAME_MAX_LEN = 128,
};

/* SEP001B54AABBCC.cnf.xml and its like say whose they are. */
static bool mac_in(const char *name, uint8_t mac[6])
{
	const char *at = cpr_text_after(name, "CTL");

	at = at ? at : cpr_text_after(name, "ITL");
	return cpr_phone_name_mac(at ? at : name, mac);
}

/* Only phones ask for these.  XMLDefault alone does not make one: servers are probed by it. */
static bool is_phones_own(const char *name)
{
	switch (cpr_file_kind(name)) {
	case CPR_FILE_RECOVERY:
	case CPR_FILE_LIST:
	case CPR_FILE_IMAGE:
	case CPR_FILE_TRUST:
	case CPR_FILE_CONFIG:
		return true;
	case CPR_FILE_XMLDEFAULT:
	case CPR_FILE_OTHER:
		break;
	}
	return false;
}

/* A phone that the capture did not show until now.  Its frames carry its own MAC, or that of a
 * router, which then stands for other addresses, too. */
static struct cpr_doctor_phone *newcomer(
	struct cpr_doctor *d, const struct cpr_packet *k, const char *name)
{
	static const uint8_t none[6];
	struct cpr_doctor_phone *p = cpr_phones_by_mac(d, k->frame.from);
	const uint8_t *mac = k->frame.from;

	/* Of a phone known by DHCP the address may have changed unseen. */
	if (p && (!p->ip.s_addr || !p->mac_guessed)) {
		cpr_phones_address(d, p, k->frame.source);
		return p;
	}
	if (!is_phones_own(name))
		return NULL;
	if (p) {
		cpr_phones_name(d, p, none);
		mac = none;
	}
	p = cpr_phones_add(d, mac, k);
	if (!p)
		return NULL;
	p->mac_guessed = memcmp(mac, none, 6) != 0;
	cpr_phones_address(d, p, k->frame.source);
	return p;
}

static struct cpr_doctor_phone *asker(
	struct cpr_doctor *d, const struct cpr_packet *k, const char *name)
{
	struct cpr_doctor_phone *p = cpr_phones_by_ip(d, k->frame.source), *named;
	uint8_t mac[6];

	if (!k->frame.source.s_addr)
		return NULL;
	if (!mac_in(name, mac))
		return p ? p : newcomer(d, k, name);
	named = cpr_phones_by_mac(d, mac);
	if (!named && p && cpr_phones_name(d, p, mac))
		return p;
	/* Somebody tries what the phone would get. */
	if (named && named->dhcp.lease >= 0 && named->ip.s_addr &&
		named->ip.s_addr != k->frame.source.s_addr)
		return NULL;
	if (!named)
		named = cpr_phones_add(d, mac, k);
	if (named) {
		named->mac_guessed = false;
		cpr_phones_address(d, named, k->frame.source);
	}
	return named;
}

/* The term file tells the model where it is one model's alone. */
static void guess_model(
	struct cpr_doctor_phone *p, const char *name, const struct cpr_packet *k)
{
	const struct cpr_model *found = NULL;
	size_t n = 0;

	if (!strcasecmp(name, "termZZ.default.loads") && !p->damaged.number)
		p->damaged = cpr_moment_of(k);
	if (p->model && (!p->model_from || strcmp(p->model_from, "OUI")))
		return;
	for (size_t i = 0; i < cpr_models_n; i++)
		if (cpr_models[i].term && !strcasecmp(cpr_models[i].term, name)) {
			found = &cpr_models[i];
			n++;
		}
	if (n != 1)
		return;
	p->model = found;
	p->model_from = "term file";
}

static int64_t planned_size(const struct cpr_doctor *d, const char *name)
{
	const struct cpr_file *file = cpr_file_planned(d, name);

	return file && file->inspect && file->inspect->size <= INT64_MAX
		       ? (int64_t)file->inspect->size
		       : -1;
}

static void asked_in_vain(struct cpr_doctor_file *f, const struct cpr_packet *k)
{
	cpr_silence_note(&f->unanswered, k);
	if (f->unanswered.n >= f->worst_unanswered.n) {
		if (f->worst_unanswered.first.number != f->unanswered.first.number ||
			f->worst_tries < f->tries)
			f->worst_tries = f->tries;
		f->worst_unanswered = f->unanswered;
		f->worst_server = f->server;
		f->worst_answer = f->answered.number > f->unanswered.first.number
					  ? f->answered
					  : (struct cpr_moment){0};
	}
}

static bool is_error(const struct cpr_doctor_file *f)
{
	return f->state == CPR_FILE_MISSING || f->state == CPR_FILE_DENIED ||
	       f->state == CPR_FILE_ABORTED;
}

static void begin(const struct cpr_doctor *d, struct cpr_doctor_phone *p, int file,
	const struct cpr_packet *k, bool options)
{
	struct cpr_doctor_file *f = &p->file[file];

	/* Another file between, or another server: the silence before has ended; so it has
	 * when the phone asks anew after an answer. */
	if (p->current != file || f->server.s_addr != k->frame.target.s_addr ||
		f->state == CPR_FILE_COMPLETE || is_error(f))
		f->unanswered = (struct cpr_silence){0};
	cpr_buf_free(&f->head);
	f->keeping = f->kind != CPR_FILE_OTHER && f->kind != CPR_FILE_TRUST;
	f->state = CPR_FILE_ASKED;
	f->bytes = f->block = f->acked = 0;
	f->size = planned_size(d, f->name);
	f->server_before = f->port == k->frame.source_port &&
					   f->server.s_addr != k->frame.target.s_addr
				   ? f->server
				   : (struct in_addr){0};
	f->server = k->frame.target;
	f->port = k->frame.source_port;
	f->server_port = 0;
	f->block_size = CPR_TFTP_BLOCK;
	f->options = options;
	f->last_sent = f->unseen = false;
	f->again_data = f->again_ack = 0;
	f->again_first = f->again_last = (struct cpr_moment){0};
	f->moved = f->oack_seen = (struct cpr_moment){0};
	f->tries = 1;
	if (!f->asked_n++)
		f->first_asked = cpr_moment_of(k);
	f->asked = f->begun = cpr_moment_of(k);
	asked_in_vain(f, k);
}

/* The same request once more: the phone waits in vain, or has not got the answer. */
static void again(struct cpr_doctor_file *f, const struct cpr_packet *k)
{
	f->tries++;
	if (cpr_is_copy(&f->asked, k))
		return;
	if (is_error(f))
		f->state = CPR_FILE_ASKED;
	f->server_port = 0; /* it is answered anew, perhaps from another port */
	f->asked = cpr_moment_of(k);
	asked_in_vain(f, k);
	if (f->oack_seen.number) {
		f->oack = f->oack_seen;
		f->oack_seen = (struct cpr_moment){0};
	}
	if (f->tries > 2 && !f->block)
		f->state = CPR_FILE_UNANSWERED;
}

static void note_phone(
	struct cpr_doctor *d, struct cpr_doctor_phone *p, const struct cpr_packet *k)
{
	struct cpr_doctor_server *server =
		cpr_servers_seen(d, k->frame.target, CPR_SERVER_TFTP);
	const struct cpr_silence *http = &p->http.unanswered;

	if (server)
		server->asked++;
	p->rrq = cpr_moment_of(k);
	/* HTTP was tried first, long enough to be more than one lost packet. */
	if (http->n >= 2 && p->http.address.s_addr == k->frame.target.s_addr &&
		k->time_us >= http->first.time_us + 900000) {
		p->http_dropped = *http;
		p->http_then_tftp = p->rrq;
		p->http.unanswered = (struct cpr_silence){0};
	}
}

/* A new attempt ends what else is under way.  Whoever asks for its recovery file began anew, and
 * may have lost its power. */
static void end_others(struct cpr_doctor *d, struct cpr_doctor_phone *p, int file,
	const struct cpr_packet *k)
{
	for (size_t i = 0; i < p->file_n; i++)
		if ((int)i != file && p->file[i].asked_n &&
			cpr_transfer_open(&p->file[i])) {
			bool anew = p->file[file].kind == CPR_FILE_RECOVERY &&
				    !p->file[i].last_sent;

			cpr_transfer_given_up(d, p, (int)i, k,
				anew ? CPR_GAVE_UP_BOOT : CPR_GAVE_UP_OTHER);
			/* One file's bytes at a time are enough to keep. */
			p->file[i].keeping = false;
			cpr_buf_free(&p->file[i].head);
		}
}

struct cpr_doctor_phone *cpr_see_request(struct cpr_doctor *d, const struct cpr_packet *k)
{
	const struct cpr_frame *frame = &k->frame;
	char name[NAME_MAX_LEN];
	struct cpr_doctor_phone *p;
	struct cpr_doctor_file *f;
	struct cpr_tftp t;
	int file;

	if (cpr_tftp_parse(frame->payload, frame->payload_len, &t) != CPR_TFTP_OK ||
		t.opcode != CPR_TFTP_RRQ)
		return NULL;
	snprintf(name, sizeof(name), "%s", t.text + (*t.text == '/'));
	cpr_text_printable(name, "");
	p = *name ? asker(d, k, name) : NULL;
	file = p ? cpr_file_find(p, name) : -1;
	if (file < 0)
		return p;
	f = &p->file[file];
	note_phone(d, p, k);
	if (f->asked_n && f->port == frame->source_port &&
		(cpr_transfer_open(f) || is_error(f)) &&
		f->server.s_addr == frame->target.s_addr && f->acked == 0) {
		cpr_story_add(d, p, k, CPR_EVENT_PHONE, frame->target, CPR_EVENT_TFTP,
			"RRQ %.90s, again", name);
		again(f, k);
		return p;
	}
	guess_model(p, name, k);
	end_others(d, p, file, k);
	if (f->asked_n)
		cpr_transfer_given_up(d, p, file, k, CPR_GAVE_UP_ANEW);
	p->data_event = -1;
	cpr_story_add(d, p, k, CPR_EVENT_PHONE, frame->target, CPR_EVENT_TFTP,
		"RRQ %.100s", name);
	begin(d, p, file, k, t.len > 0);
	p->current = file;
	cpr_round_asked(p, file, k);
	return p;
}
