#include "state.h"

#include "cleanup.h"
#include "loads.h"
#include "models.h"
#include "text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cpr_boot *boot_of(const struct cpr_model *m)
{
	for (size_t i = 0; i < cpr_boots_n; i++)
		if (m && (int)m->family == cpr_boots[i].family)
			return &cpr_boots[i];
	return NULL;
}

bool cpr_phone_plays(const struct cpr_model *m)
{
	/* Without its vendor class no server would know it for what it is. */
	const struct cpr_boot *b = boot_of(m);

	return b && m->vendor_class && (m->term || b->recover != cpr_recovery_begin);
}

void cpr_phone_later(struct cpr_phone *p, uint64_t ms, cpr_step *then)
{
	p->alarm_at = p->now + ms;
	p->alarm = then;
}

void cpr_phone_calm(struct cpr_phone *p)
{
	p->alarm_at = UINT64_MAX;
	p->alarm = NULL;
}

/* xorshift32: only to look unlike the neighbours, no secret depends on it. */
uint32_t cpr_phone_random(struct cpr_phone *p)
{
	p->random ^= p->random << 13;
	p->random ^= p->random >> 17;
	p->random ^= p->random << 5;
	return p->random;
}

uint16_t cpr_phone_port(struct cpr_phone *p)
{
	return (uint16_t)(49152 + cpr_phone_random(p) % 16384);
}

void cpr_phone_event(struct cpr_phone *p, enum cpr_phone_event what, const char *text,
	uint64_t done, uint64_t total)
{
	char shown[1024];

	if (!p->host.event)
		return;
	snprintf(shown, sizeof(shown), "%s", text);
	cpr_text_printable(shown, "");
	p->host.event(p->host.arg, what, shown, done, total);
}

void cpr_phone_say(struct cpr_phone *p, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	cpr_phone_event(p, CPR_PHONE_SAYS, text, 0, 0);
}

void cpr_phone_trouble(struct cpr_phone *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(p->trouble, sizeof(p->trouble), format, args);
	va_end(args);
	cpr_phone_say(p, "%s", p->trouble);
}

static void finish(struct cpr_phone *p, const char *why)
{
	p->over = true;
	snprintf(p->why, sizeof(p->why), "%s", why);
	p->ended = p->now;
	p->fetch.active = p->knock.active = p->lookup.active = false;
	cpr_phone_calm(p);
	cpr_watch_judge(p);
	cpr_lease_release(p);
}

void cpr_phone_end(struct cpr_phone *p, bool there)
{
	if (p->over)
		return;
	/* Here the play ends.  A phone that is there would now rest; and one with nobody to ask
	 * would go on doing nothing. */
	if (there || cpr_watch_stage(p) == CPR_STAGE_DHCP)
		cpr_watch_wait(p, CPR_AGAIN_MS);
	finish(p, "");
	p->there = there;
	/* A healthy network shows no fault; a phone that came back may have had some. */
	p->ok = there && (p->config.scenario == CPR_SCENARIO_RECOVERY ||
				 (!p->verdicts.n && !*p->trouble));
}

static void power_on(struct cpr_phone *p)
{
	const uint8_t *m = p->config.mac;
	unsigned seconds = ((unsigned)m[4] << 8 | m[5]) % 10 + 1;

	p->tftp_first = 0;
	p->off = true;
	cpr_phone_later(p, p->config.no_delay ? 0 : seconds * 1000, cpr_lease_start);
}

void cpr_phone_restart(struct cpr_phone *p)
{
	p->fetch.active = p->knock.active = p->lookup.active = false;
	power_on(p);
}

/* The link goes quiet and the lease is forgotten, not released: so does a real reboot. */
void cpr_phone_reboot(struct cpr_phone *p)
{
	p->off = true;
	p->lease.state = CPR_LEASE_NONE;
	p->lease.renew_at = UINT64_MAX;
	cpr_watch_judge(p);
	cpr_phone_say(p, "reboots");
	cpr_watch_pause(p, p->config.pause_ms, CPR_REBOOT_MS);
	cpr_phone_later(p, p->config.pause_ms, power_on);
}

int cpr_phone_new(struct cpr_phone **out, const struct cpr_phone_config *config,
	const struct cpr_phone_host *host, uint64_t now_ms)
{
	struct cpr_phone *p;

	if (!cpr_phone_plays(config->model))
		return -ENOTSUP;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->config = *config;
	p->host = *host;
	p->boot = boot_of(config->model);
	if (config->defect == CPR_DEFECT_DAMAGED) {
		p->damaged = *config->model;
		p->damaged.vendor_class = "79XX";
		p->damaged.term = "termZZ.default.loads";
		p->config.model = &p->damaged;
	}
	if (cpr_watch_new(p) != 0) {
		free(p);
		return -ENOMEM;
	}
	p->now = p->started = now_ms;
	p->random = config->seed ? config->seed : 1;
	p->lease.renew_at = UINT64_MAX;
	p->normal = config->scenario == CPR_SCENARIO_BOOT;
	if (config->load) {
		snprintf(p->running, sizeof(p->running), "%s", config->load);
		snprintf(p->version, sizeof(p->version), "%s",
			strchr(config->load, '.') ? strchr(config->load, '.') + 1 : "");
	}
	power_on(p);
	*out = p;
	return 0;
}

struct cpr_phone *cpr_phone_free(struct cpr_phone *p)
{
	if (!p)
		return NULL;
	for (size_t i = 0; i < p->file_n; i++)
		free(p->file[i].name);
	for (size_t i = 0; i < p->flash_n; i++)
		free(p->flash[i]);
	free(p->file);
	free(p->flash);
	cpr_verdicts_clear(&p->verdicts);
	cpr_doctor_free(p->doctor);
	cpr_loads_free(p->list);
	cpr_buf_free(&p->fetch.head);
	free(p);
	return NULL;
}

/* RFC 792: an unreachable quotes the IPv4 header and the first eight bytes behind it. */
static void refuse(
	struct cpr_phone *p, const uint8_t *bytes, size_t len, const struct cpr_frame *f)
{
	struct cpr_span s = cpr_span_of(bytes, len);
	const uint8_t *packet;
	size_t n;

	cpr_span_skip(&s, 14);
	n = (cpr_span_u8(&s) & 15u) * 4 + 8;
	cpr_span_seek(&s, 14);
	packet = cpr_span_take(&s, n);
	if (packet)
		cpr_phone_icmp(p, f->source, 3, 3, 0, packet, n);
}

/* From the server itself, or from a router or firewall on the way.  The phone takes no notice of
 * one about a TFTP request, and asks again. */
static void unreachable(struct cpr_phone *p, const struct cpr_frame *f)
{
	struct cpr_quote q;

	if (cpr_quote_read(f, &q) && q.protocol == IPPROTO_TCP)
		cpr_knock_unreachable(p, &q);
}

static void unicast_frame(
	struct cpr_phone *p, const uint8_t *bytes, size_t len, const struct cpr_frame *f)
{
	if (p->lease.state != CPR_LEASE_BOUND ||
		f->target.s_addr != p->lease.address.s_addr)
		return;
	if (f->kind == CPR_FRAME_ICMP && f->icmp_type == 8)
		cpr_phone_icmp(
			p, f->source, 0, 0, f->icmp_rest, f->payload, f->payload_len);
	else if (f->kind == CPR_FRAME_ICMP && f->icmp_type == 3)
		unreachable(p, f);
	else if (f->kind == CPR_FRAME_TCP)
		cpr_knock_frame(p, f);
	else if (f->kind == CPR_FRAME_UDP && !cpr_fetch_frame(p, f) &&
		 !cpr_lookup_frame(p, f))
		refuse(p, bytes, len, f);
}

void cpr_phone_frame(struct cpr_phone *p, const uint8_t *bytes, size_t len, bool sums,
	unsigned long number, uint64_t now_ms)
{
	struct cpr_frame f;

	p->now = now_ms;
	if (p->over || p->off || !cpr_frame_parse(bytes, len, sums, &f) || f.vlan > 0 ||
		(!(f.to[0] & 1) && memcmp(f.to, p->config.mac, 6) != 0))
		return;
	if (f.checksum_wrong) {
		p->wrong_sums++;
		return;
	}
	cpr_watch_frame(p, &f, number);
	if (f.kind == CPR_FRAME_ARP)
		cpr_neighbour_frame(p, &f);
	else if (f.kind == CPR_FRAME_UDP && f.target_port == 68)
		cpr_lease_frame(p, &f);
	else if (!(f.to[0] & 1))
		unicast_frame(p, bytes, len, &f);
}

void cpr_phone_tick(struct cpr_phone *p, uint64_t now_ms)
{
	cpr_step *step = p->alarm;

	p->now = now_ms;
	if (p->over)
		return;
	cpr_lease_tick(p);
	if (!p->over && step && step == p->alarm && now_ms >= p->alarm_at) {
		cpr_phone_calm(p);
		step(p);
	}
}

uint64_t cpr_phone_deadline(const struct cpr_phone *p)
{
	if (p->over)
		return UINT64_MAX;
	if (p->lease.state != CPR_LEASE_BOUND || p->alarm_at < p->lease.renew_at)
		return p->alarm_at;
	return p->lease.renew_at;
}

bool cpr_phone_over(const struct cpr_phone *p)
{
	return p->over;
}

bool cpr_phone_ok(const struct cpr_phone *p)
{
	return p->ok;
}

void cpr_phone_stop(struct cpr_phone *p, const char *why, uint64_t now_ms)
{
	p->now = now_ms;
	if (!p->over)
		finish(p, why);
}
