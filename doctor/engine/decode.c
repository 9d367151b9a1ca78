#include "decode.h"

#include "cleanup.h"
#include "fragments.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	TYPE_IPV4 = 0x0800,
	TYPE_ARP = 0x0806,
	TYPE_LEAST =
		0x0600,  /* below it is a length (IEEE 802.3) or a kind of link (SLL) */
	COOKED_LLC = 4,  /* SLL's word for "LLC follows" */
	FAMILY_IPV4 = 2, /* AF_INET, the same on all systems */
};

struct cpr_decoder {
	struct cpr_fragments *fragments;
};

/* Each takes the link's header off and returns the ethertype of what follows; 0: not known. */

static uint16_t ethernet(struct cpr_span *s, struct cpr_packet *k)
{
	const uint8_t *macs = cpr_span_take(s, 12);

	if (!macs)
		return 0;
	memcpy(k->frame.to, macs, 6);
	memcpy(k->frame.from, macs + 6, 6);
	return cpr_frame_tags(s, cpr_span_be16(s), &k->frame.vlan, &k->inner_vlan);
}

/* Cooked links tell the sender's address alone, in a field of eight bytes. */
static void sender(struct cpr_span *s, size_t len, struct cpr_packet *k)
{
	const uint8_t *mac = cpr_span_take(s, 8);

	if (mac && len == 6)
		memcpy(k->frame.from, mac, 6);
}

static uint16_t cooked(struct cpr_span *s, struct cpr_packet *k)
{
	cpr_span_skip(s, 4); /* its way, the kind of link */
	sender(s, cpr_span_be16(s), k);
	return cpr_frame_tags(s, cpr_span_be16(s), &k->frame.vlan, &k->inner_vlan);
}

static uint16_t cooked2(struct cpr_span *s, struct cpr_packet *k)
{
	uint16_t type = cpr_span_be16(s);

	cpr_span_skip(s, 9); /* nothing, the interface, the kind of link, its way */
	sender(s, cpr_span_u8(s), k);
	return cpr_frame_tags(s, type, &k->frame.vlan, &k->inner_vlan);
}

static uint16_t raw(struct cpr_span *s, struct cpr_packet *k)
{
	struct cpr_span look = *s;

	(void)k;
	return cpr_span_u8(&look) >> 4 == 4 ? TYPE_IPV4 : 0;
}

/* Nobody says on what machine it was captured, so either byte order will do. */
static uint16_t loopback(struct cpr_span *s, struct cpr_packet *k)
{
	uint32_t family = cpr_span_be32(s);

	(void)k;
	return family == FAMILY_IPV4 || family == (uint32_t)FAMILY_IPV4 << 24 ? TYPE_IPV4
									      : 0;
}

static const struct layer {
	enum cpr_link link;
	uint16_t (*open)(struct cpr_span *s, struct cpr_packet *k);
} layers[] = {
	{CPR_LINK_ETHERNET, ethernet},
	{CPR_LINK_COOKED, cooked},
	{CPR_LINK_COOKED2, cooked2},
	{CPR_LINK_RAW, raw},
	{CPR_LINK_RAW_DLT, raw},
	{CPR_LINK_RAW_BSD, raw},
	{CPR_LINK_IPV4, raw},
	{CPR_LINK_NULL, loopback},
	{CPR_LINK_LOOP, loopback},
};

static const struct layer *layer_of(int link)
{
	for (size_t i = 0; i < CPR_ARRAY_LEN(layers); i++)
		if ((int)layers[i].link == link)
			return &layers[i];
	return NULL;
}

bool cpr_link_known(int link)
{
	return layer_of(link);
}

int cpr_decoder_new(struct cpr_decoder **out)
{
	struct cpr_decoder *d = calloc(1, sizeof(*d));

	if (!d || cpr_fragments_new(&d->fragments) != 0) {
		free(d);
		return -ENOMEM;
	}
	*out = d;
	return 0;
}

struct cpr_decoder *cpr_decoder_free(struct cpr_decoder *d)
{
	if (d)
		cpr_fragments_free(d->fragments);
	free(d);
	return NULL;
}

void cpr_decoder_freep(struct cpr_decoder **d)
{
	cpr_decoder_free(*d);
}

static void ipv4(struct cpr_decoder *d, struct cpr_span *s, struct cpr_packet *k)
{
	struct cpr_ipv4 ip;

	if (!cpr_ipv4_parse(s, &ip))
		return;
	if ((ip.more || ip.offset) && ip.protocol == IPPROTO_UDP &&
		!cpr_fragments_add(d->fragments, k->time_us, &ip))
		return;
	if (!cpr_ipv4_open(&ip, &k->frame, &k->payload_real))
		k->payload_real = 0;
}

/* LLC behind a length; what it wraps, if it is no more than a wrapping (RFC 1042). */
static uint16_t logical_link(struct cpr_span *s, uint16_t type)
{
	static const uint8_t wrapping[6] = {0xaa, 0xaa, 0x03, 0, 0, 0};
	struct cpr_span look;
	const uint8_t *start;

	if (type >= TYPE_LEAST)
		return type;
	/* What is behind the length is padding. */
	if (type > COOKED_LLC && type < cpr_span_left(s))
		*s = cpr_span_sub(s, type);
	look = *s;
	start = cpr_span_take(&look, sizeof(wrapping));
	if (!start || memcmp(start, wrapping, sizeof(wrapping)) != 0)
		return type;
	*s = look;
	return cpr_span_be16(s);
}

void cpr_decode(
	struct cpr_decoder *d, const struct cpr_captured *c, struct cpr_packet *out)
{
	struct cpr_span s = cpr_span_of(c->bytes, c->len);
	const struct layer *layer = layer_of(c->link);
	uint16_t type;

	*out = (struct cpr_packet){.number = c->number,
		.time_us = c->time_us,
		.frame.vlan = -1,
		.inner_vlan = -1};
	if (!layer)
		return;
	type = logical_link(&s, layer->open(&s, out));
	if (s.bad || !type)
		return;
	out->ethertype = type;
	if (type == TYPE_IPV4) {
		ipv4(d, &s, out);
	} else if (type == TYPE_ARP) {
		(void)cpr_frame_arp_parse(&s, &out->frame);
	} else {
		out->link_len = cpr_span_left(&s);
		out->link = cpr_span_take(&s, out->link_len);
	}
}
