#include "facts.h"

#include <errno.h>
#include <stdlib.h>

enum {
	BOOTP_SERVER = 67,
	BOOTP_CLIENT = 68,
	DNS = 53,
	SIP = 5060,
};

const char *cpr_stage_name(enum cpr_stage stage)
{
	static const char *const name[] = {
		[CPR_STAGE_DARK] = "dark",
		[CPR_STAGE_DHCP] = "dhcp",
		[CPR_STAGE_TFTP] = "tftp",
		[CPR_STAGE_LOADS] = "loads",
		[CPR_STAGE_IMAGES] = "images",
		[CPR_STAGE_REBOOTING] = "rebooting",
		[CPR_STAGE_CONFIG] = "config",
		[CPR_STAGE_REGISTERING] = "registering",
		[CPR_STAGE_RECOVERED] = "recovered",
	};

	return name[stage];
}

int cpr_doctor_new(struct cpr_doctor **out, const struct cpr_doctor_config *config)
{
	struct cpr_doctor *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	d->config = *config;
	d->voice_vlan = -1;
	if (cpr_phones_new(d) != 0) {
		cpr_doctor_free(d);
		return -ENOMEM;
	}
	*out = d;
	return 0;
}

struct cpr_doctor *cpr_doctor_free(struct cpr_doctor *d)
{
	if (!d)
		return NULL;
	cpr_phones_free(d);
	free(d->server);
	free(d);
	return NULL;
}

void cpr_doctor_freep(struct cpr_doctor **d)
{
	*d = cpr_doctor_free(*d);
}

static bool either_port(const struct cpr_frame *f, uint16_t port)
{
	return f->source_port == port || f->target_port == port;
}

static struct cpr_doctor_phone *see_udp(struct cpr_doctor *d, const struct cpr_packet *k)
{
	const struct cpr_frame *f = &k->frame;

	if (either_port(f, BOOTP_SERVER) || either_port(f, BOOTP_CLIENT)) {
		d->dhcp++;
		return cpr_see_dhcp(d, k);
	}
	if (either_port(f, DNS))
		return cpr_see_dns(d, k);
	if (either_port(f, SIP))
		return cpr_see_connect(d, k);
	return cpr_see_tftp(d, k);
}

static struct cpr_doctor_phone *see(struct cpr_doctor *d, const struct cpr_packet *k)
{
	switch (k->frame.kind) {
	case CPR_FRAME_UDP:
		return see_udp(d, k);
	case CPR_FRAME_TCP:
		return cpr_see_connect(d, k);
	case CPR_FRAME_ARP:
	case CPR_FRAME_ICMP:
		return cpr_see_neighbour(d, k);
	case CPR_FRAME_OTHER:
		break;
	}
	return cpr_see_link(d, k);
}

struct cpr_doctor_phone *cpr_doctor_feed(
	struct cpr_doctor *d, const struct cpr_packet *packet)
{
	struct cpr_doctor_phone *p;

	d->packets++;
	d->cut += packet->payload_real > packet->frame.payload_len;
	d->last = cpr_moment_of(packet);
	if (packet->time_us > d->now_us)
		d->now_us = packet->time_us;
	p = see(d, packet);
	if (!p)
		return NULL;
	p->last = d->last;
	if (p->rrq.number == packet->number)
		cpr_lease_asked(p, packet);
	/* What goes to an address has found it. */
	if (p->arp.unanswered.n && packet->frame.kind != CPR_FRAME_ARP &&
		packet->frame.target.s_addr == p->arp.address.s_addr)
		p->arp.unanswered = (struct cpr_silence){0};
	return p;
}

void cpr_doctor_tick(struct cpr_doctor *d, uint64_t now_us)
{
	if (now_us > d->now_us)
		d->now_us = now_us;
	for (size_t i = 0; i < d->phone_n; i++)
		cpr_round_tick(d->phone[i], d->now_us);
}

void cpr_doctor_lost(struct cpr_doctor *d, uint64_t packets)
{
	d->lost += packets;
}

size_t cpr_doctor_phones(const struct cpr_doctor *d)
{
	return d->phone_n;
}

const struct cpr_doctor_phone *cpr_doctor_phone(const struct cpr_doctor *d, size_t i)
{
	return i < d->phone_n ? d->phone[i] : NULL;
}

size_t cpr_doctor_phones_over(const struct cpr_doctor *d)
{
	return d->phones_over;
}

size_t cpr_doctor_servers(
	const struct cpr_doctor *d, const struct cpr_doctor_server **out)
{
	*out = d->server;
	return d->server_n;
}

void cpr_doctor_judge(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
	struct cpr_verdicts *out)
{
	uint32_t caused = 0;

	*out = (struct cpr_verdicts){0};
	for (size_t id = 0; id < CPR_FAULT_N; id++) {
		const struct cpr_fault *fault = &cpr_faults[id];
		size_t had = out->n;

		fault->look(d, p, out);
		if (out->n > had)
			caused |= fault->causes;
		for (size_t i = had; i < out->n; i++)
			out->row[i].incomplete =
				out->row[i].incomplete || (fault->absence && d->lost);
	}
	cpr_verdicts_drop(out, caused | d->config.blind);
}
