#include "watch.h"

#include "cleanup.h"
#include "dhcp.h"
#include "firmware.h"
#include "frame.h"
#include "inspect.h"
#include "loads.h"
#include "models.h"
#include "tftp.h"
#include "vendor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	PORT_DHCP_SERVER = 67,
	PORT_DHCP_CLIENT = 68,
	PORT_SCCP = 2000,
	PORT_SCCP_TLS = 2443,
	PORT_SIP = 5060,
	PORT_SIP_TLS = 5061,
	DHCP_VENDOR_CLASS = 60,
};

const char *cpr_bench_stage_name(enum cpr_bench_stage stage)
{
	static const char *const names[] = {
		[CPR_BENCH_DHCP] = "dhcp",
		[CPR_BENCH_TFTP] = "tftp",
		[CPR_BENCH_LOADS] = "loads",
		[CPR_BENCH_IMAGES] = "images",
		[CPR_BENCH_REBOOTING] = "rebooting",
		[CPR_BENCH_CONFIG] = "config",
		[CPR_BENCH_REGISTERING] = "registering",
		[CPR_BENCH_RECOVERED] = "recovered",
	};

	return names[stage];
}

const char *cpr_bench_file_state_name(enum cpr_bench_file_state state)
{
	static const char *const names[] = {
		[CPR_BENCH_ASKED] = "asked",
		[CPR_BENCH_RUNNING] = "running",
		[CPR_BENCH_COMPLETE] = "complete",
		[CPR_BENCH_MISSING] = "missing",
		[CPR_BENCH_REFUSED] = "refused",
	};

	return names[state];
}

static struct cpr_bench_phone *find(struct cpr_bench_watch *w, const uint8_t mac[6])
{
	for (size_t i = 0; i < w->phone_n; i++)
		if (!memcmp(w->phone[i]->mac, mac, 6))
			return w->phone[i];
	return NULL;
}

static struct cpr_bench_phone *add(
	struct cpr_bench_watch *w, const uint8_t mac[6], uint64_t now_ms)
{
	struct cpr_bench_phone *p;

	if (w->phone_n == CPR_BENCH_PHONES)
		return NULL;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	memcpy(p->mac, mac, 6);
	snprintf(p->name, sizeof(p->name), "SEP%02X%02X%02X%02X%02X%02X", mac[0], mac[1],
		mac[2], mac[3], mac[4], mac[5]);
	w->phone[w->phone_n++] = p;
	w->new_ms = now_ms;
	return p;
}

static const struct cpr_inspect *inspected(
	const struct cpr_bench_watch *w, const char *name)
{
	for (size_t i = 0; i < w->firmware->file_n; i++) {
		const struct cpr_file *f = &w->firmware->file[i];

		if (!f->set && !strcasecmp(f->name, name))
			return f->inspect;
	}
	return NULL;
}

static enum cpr_bench_file_kind kind_of(const char *name)
{
	static const struct {
		const char *prefix;
		enum cpr_bench_file_kind kind;
	} prefixes[] = {
		{"OS79XX.TXT", CPR_BENCH_FILE_RECOVERY},
		{"CTL", CPR_BENCH_FILE_TRUST},
		{"ITL", CPR_BENCH_FILE_TRUST},
		{"SEP", CPR_BENCH_FILE_CONFIG},
		{"XMLDefault", CPR_BENCH_FILE_CONFIG},
		{"SIPDefault", CPR_BENCH_FILE_CONFIG},
	};

	for (size_t i = 0; i < CPR_ARRAY_LEN(prefixes); i++)
		if (!strncasecmp(name, prefixes[i].prefix, strlen(prefixes[i].prefix)))
			return prefixes[i].kind;
	switch (cpr_name_kind(name)) {
	case CPR_NAME_TERM:
		return CPR_BENCH_FILE_RECOVERY;
	case CPR_NAME_LOADS:
		return CPR_BENCH_FILE_LIST;
	case CPR_NAME_IMAGE:
		return CPR_BENCH_FILE_IMAGE;
	case CPR_NAME_NONE:
		break;
	}
	return CPR_BENCH_FILE_OTHER;
}

static bool is_list(const struct cpr_bench_file *f)
{
	return f->kind == CPR_BENCH_FILE_LIST || f->kind == CPR_BENCH_FILE_RECOVERY;
}

static bool has_complete(const struct cpr_bench_phone *p, const char *name)
{
	for (size_t i = 0; i < p->file_n; i++)
		if (p->file[i].state == CPR_BENCH_COMPLETE &&
			!strcasecmp(p->file[i].name, name))
			return true;
	return false;
}

/* Whether the phone has what it came for.  A wiped 79x1 fetches all that its list names; other
 * families may leave out what they still have, so of them an image and no open one must do. */
static bool has_images(const struct cpr_bench_phone *p)
{
	size_t done = 0;

	if (p->list && p->model && p->model->family == CPR_FAMILY_79X1) {
		for (size_t i = 0; i < p->list->n; i++)
			if (!has_complete(p, p->list->entry[i].name))
				return false;
		return p->list->n > 0;
	}
	for (size_t i = 0; i < p->file_n; i++) {
		if (p->file[i].kind != CPR_BENCH_FILE_IMAGE)
			continue;
		if (p->file[i].state != CPR_BENCH_COMPLETE)
			return false;
		done++;
	}
	return done > 0;
}

/* A new DHCP round is a new boot; renewing a lease is none. */
static void begin_round(struct cpr_bench_phone *p)
{
	bool ready = has_images(p);

	p->booted = ready;
	p->config = p->has_config = false;
	p->stage = ready ? CPR_BENCH_REBOOTING : CPR_BENCH_DHCP;
}

static struct cpr_bench_phone *from_client(
	struct cpr_bench_watch *w, const struct cpr_dhcp *d, int vlan, uint64_t now_ms)
{
	struct cpr_bench_phone *p = find(w, d->chaddr);
	struct cpr_vendor v;

	if (d->type != CPR_DHCP_DISCOVER && d->type != CPR_DHCP_REQUEST)
		return NULL;
	if (cpr_vendor_parse(d->option[DHCP_VENDOR_CLASS].data,
		    d->option[DHCP_VENDOR_CLASS].len, &v) == CPR_VENDOR_NOT_A_PHONE)
		return NULL;
	if (!p)
		p = add(w, d->chaddr, now_ms);
	if (!p)
		return NULL;
	p->vlan = vlan;
	p->model = v.model;
	snprintf(p->model_text, sizeof(p->model_text), "%s", v.text);
	/* A REQUEST with an address in ciaddr renews (RFC 2131, 4.3.2). */
	if (d->ciaddr.s_addr == 0 && p->stage != CPR_BENCH_RECOVERED)
		begin_round(p);
	return p;
}

static struct cpr_bench_phone *dhcp(
	struct cpr_bench_watch *w, const struct cpr_frame *f, uint64_t now_ms)
{
	struct cpr_bench_phone *p;
	struct cpr_dhcp d;

	if (cpr_dhcp_parse(f->payload, f->payload_len, &d) > CPR_DHCP_TRUNCATED ||
		d.type == 0)
		return NULL;
	if (d.op == 1)
		return from_client(w, &d, f->vlan, now_ms);
	p = find(w, d.chaddr);
	if (!p || d.type != CPR_DHCP_ACK || d.yiaddr.s_addr == 0)
		return NULL;
	p->ip = d.yiaddr;
	return p;
}

static struct cpr_bench_file *file_for(struct cpr_bench_phone *p, const char *name)
{
	for (size_t i = 0; i < p->file_n; i++)
		if (!strcmp(p->file[i].name, name)) {
			p->current = i;
			return &p->file[i];
		}
	if (p->file_n == CPR_BENCH_FILES)
		return NULL;
	p->current = p->file_n++;
	return &p->file[p->current];
}

static void enter(struct cpr_bench_phone *p, const struct cpr_bench_file *f)
{
	switch (f->kind) {
	case CPR_BENCH_FILE_IMAGE:
		p->booted = p->config = p->has_config = false;
		p->stage = CPR_BENCH_IMAGES;
		break;
	case CPR_BENCH_FILE_CONFIG:
	case CPR_BENCH_FILE_TRUST:
		if (p->stage < CPR_BENCH_CONFIG)
			p->stage = CPR_BENCH_CONFIG;
		p->config |= f->kind == CPR_BENCH_FILE_CONFIG;
		break;
	case CPR_BENCH_FILE_RECOVERY:
		/* Again, if it refused what it was given. */
		p->booted = p->config = p->has_config = false;
		p->stage = CPR_BENCH_TFTP;
		break;
	case CPR_BENCH_FILE_LIST:
	case CPR_BENCH_FILE_OTHER:
		if (p->stage < CPR_BENCH_TFTP)
			p->stage = CPR_BENCH_TFTP;
		break;
	}
}

/* It is shown on terminals and in JSON; no phone asks for other bytes. */
static bool is_file_name(const char *name)
{
	size_t n = 0;

	while (name[n] >= ' ' && name[n] <= '~')
		n++;
	return n && !name[n] && n < sizeof(((struct cpr_bench_file *)0)->name);
}

static void asked(struct cpr_bench_watch *w, struct cpr_bench_phone *p, const char *name,
	uint16_t port)
{
	const struct cpr_inspect *inspect;
	struct cpr_bench_file *f;

	name += *name == '/';
	f = is_file_name(name) ? file_for(p, name) : NULL;
	if (!f)
		return;
	*f = (struct cpr_bench_file){
		.kind = kind_of(name), .port = port, .block_size = CPR_TFTP_BLOCK};
	snprintf(f->name, sizeof(f->name), "%s", name);
	inspect = inspected(w, name);
	if (inspect) {
		f->size = inspect->size;
		if (is_list(f))
			p->list = inspect->lists;
	}
	enter(p, f);
}

static struct cpr_bench_file *running(struct cpr_bench_phone *p, uint16_t port)
{
	for (size_t i = 0; i < p->file_n; i++)
		if (p->file[i].port == port && p->file[i].state < CPR_BENCH_COMPLETE) {
			p->current = i;
			return &p->file[i];
		}
	return NULL;
}

/* The value of the option blksize (RFC 2348) in an OACK; 0: none. */
static uint16_t block_size(const struct cpr_tftp *t)
{
	struct cpr_span s = cpr_span_of(t->data, t->len);

	while (cpr_span_left(&s)) {
		const char *pair[2] = {NULL, NULL};

		for (int i = 0; i < 2; i++) {
			const uint8_t *at = cpr_span_take(&s, 0);
			const uint8_t *nul = memchr(at, 0, cpr_span_left(&s));

			if (!nul)
				return 0;
			pair[i] = (const char *)cpr_span_take(&s, (size_t)(nul - at) + 1);
		}
		if (!strcasecmp(pair[0], "blksize"))
			return (uint16_t)strtoul(pair[1], NULL, 10);
	}
	return 0;
}

static void data(
	struct cpr_bench_phone *p, struct cpr_bench_file *f, uint16_t block, size_t len)
{
	/* The number has 16 bits and may wrap; one that lies behind is a repetition. */
	uint16_t ahead = (uint16_t)(block - (uint16_t)f->block);

	f->state = CPR_BENCH_RUNNING;
	if (ahead == 0 || ahead >= 0x8000)
		return;
	f->block += ahead;
	f->bytes = (f->block - 1) * f->block_size + len;
	f->ended = len < f->block_size;
	if (is_list(f) && p->stage < CPR_BENCH_LOADS)
		p->stage = CPR_BENCH_LOADS;
}

static void acknowledged(
	struct cpr_bench_phone *p, struct cpr_bench_file *f, uint16_t block)
{
	if (!f->ended || block != (uint16_t)f->block)
		return;
	f->state = CPR_BENCH_COMPLETE;
	f->size = f->bytes;
	p->has_config |= f->kind == CPR_BENCH_FILE_CONFIG;
	if (f->kind == CPR_BENCH_FILE_IMAGE && p->list && has_images(p) && p->model &&
		p->model->family == CPR_FAMILY_79X1)
		p->stage = CPR_BENCH_REBOOTING;
}

static struct cpr_bench_phone *to_server(struct cpr_bench_watch *w,
	struct cpr_bench_phone *p, const struct cpr_frame *f, uint64_t now_ms)
{
	struct cpr_bench_file *file;
	struct cpr_tftp t;

	if (cpr_tftp_parse(f->payload, f->payload_len, &t) != CPR_TFTP_OK)
		return NULL;
	if (f->target_port == CPR_TFTP_PORT) {
		if (t.opcode != CPR_TFTP_RRQ)
			return NULL;
		p->tftp_ms = now_ms;
		asked(w, p, t.text, f->source_port);
		return p;
	}
	file = running(p, f->source_port);
	if (!file)
		return NULL;
	p->tftp_ms = now_ms;
	if (t.opcode == CPR_TFTP_ACK)
		acknowledged(p, file, t.block);
	else if (t.opcode == CPR_TFTP_ERROR)
		file->state = CPR_BENCH_REFUSED;
	return p;
}

static struct cpr_bench_phone *to_phone(
	struct cpr_bench_phone *p, const struct cpr_frame *f)
{
	struct cpr_bench_file *file = running(p, f->target_port);
	struct cpr_tftp t;
	uint16_t size;

	if (!file || cpr_tftp_parse(f->payload, f->payload_len, &t) != CPR_TFTP_OK)
		return NULL;
	if (t.opcode == CPR_TFTP_DATA) {
		data(p, file, t.block, t.len);
	} else if (t.opcode == CPR_TFTP_ERROR) {
		file->state = CPR_BENCH_MISSING;
	} else if (t.opcode == CPR_TFTP_OACK) {
		size = block_size(&t);
		if (size)
			file->block_size = size;
	}
	return p;
}

static struct cpr_bench_phone *calls(const struct cpr_bench_watch *w,
	struct cpr_bench_phone *p, const struct cpr_frame *f)
{
	bool knock =
		f->kind == CPR_FRAME_UDP
			? f->target_port == PORT_SIP
			: (f->tcp_flags & (CPR_TCP_SYN | CPR_TCP_ACK)) == CPR_TCP_SYN &&
				  (f->target_port == PORT_SCCP ||
					  f->target_port == PORT_SCCP_TLS ||
					  f->target_port == PORT_SIP ||
					  f->target_port == PORT_SIP_TLS);

	if (!knock || f->target.s_addr != w->call_manager.s_addr || !p->has_config)
		return NULL;
	if (p->stage < CPR_BENCH_REGISTERING)
		p->stage = CPR_BENCH_REGISTERING;
	if (p->booted && has_images(p))
		p->stage = CPR_BENCH_RECOVERED;
	return p;
}

static bool is_dhcp(const struct cpr_frame *f)
{
	return f->kind == CPR_FRAME_UDP &&
	       (f->target_port == PORT_DHCP_SERVER || f->target_port == PORT_DHCP_CLIENT);
}

struct cpr_bench_phone *cpr_bench_watch_feed(
	struct cpr_bench_watch *w, const struct cpr_frame *f, uint64_t now_ms)
{
	struct cpr_bench_phone *p, *changed;

	if (f->checksum_wrong || (f->kind != CPR_FRAME_UDP && f->kind != CPR_FRAME_TCP))
		return NULL;
	if (is_dhcp(f))
		return dhcp(w, f, now_ms);
	p = find(w, f->from);
	if (p) {
		changed = calls(w, p, f);
		if (!changed && f->kind == CPR_FRAME_UDP)
			changed = to_server(w, p, f, now_ms);
		return changed;
	}
	p = find(w, f->to);
	return p && f->kind == CPR_FRAME_UDP ? to_phone(p, f) : NULL;
}

struct cpr_bench_phone *cpr_bench_watch_tick(struct cpr_bench_watch *w, uint64_t now_ms)
{
	for (size_t i = 0; i < w->phone_n; i++) {
		struct cpr_bench_phone *p = w->phone[i];

		if (p->stage == CPR_BENCH_RECOVERED || !p->config || !has_images(p) ||
			now_ms - p->tftp_ms < CPR_BENCH_QUIET_MS)
			continue;
		p->stage = CPR_BENCH_RECOVERED;
		return p;
	}
	return NULL;
}

bool cpr_bench_watch_over(const struct cpr_bench_watch *w, uint64_t now_ms)
{
	for (size_t i = 0; i < w->phone_n; i++)
		if (w->phone[i]->stage != CPR_BENCH_RECOVERED)
			return false;
	return w->phone_n && now_ms - w->new_ms >= CPR_BENCH_ALONE_MS;
}

void cpr_bench_watch_clear(struct cpr_bench_watch *w)
{
	for (size_t i = 0; i < w->phone_n; i++)
		free(w->phone[i]);
	w->phone_n = 0;
}
