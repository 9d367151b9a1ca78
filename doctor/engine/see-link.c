/* CDP and LLDP-MED: what a phone says of itself before it has an address, and which VLAN its
 * switch port gives to phones.  Sources: IEEE 802.1AB, ANSI/TIA-1057; for CDP, which Cisco did
 * not publish, what Wireshark and lldpd know of it. */
#include "facts.h"

#include "address.h"
#include "models.h"
#include "text.h"

#include <string.h>
#include <strings.h>

enum {
	ETHER_LLDP = 0x88cc,
	LENGTHS_END = 0x600,

	CDP_DEVICE_ID = 1,
	CDP_VERSION = 5,
	CDP_PLATFORM = 6,
	CDP_VOICE_VLAN = 0xe,

	LLDP_SYSTEM_NAME = 5,
	LLDP_DESCRIPTION = 6,
	LLDP_ORGANIZATION = 127,
	MED_POLICY = 2,
	MED_VERSION = 6, /* software revision: the load */
	MED_MODEL = 10,
	MED_VOICE = 1,
	MED_UNKNOWN = 0x800000,
	MED_TAGGED = 0x400000,
};

/* What one announcement says; "" and -1 where it does not. */
struct announcement {
	const char *protocol;
	char name[64], platform[64], version[64];
	int voice_vlan;
};

static void copy_text(char out[64], const struct cpr_span *from)
{
	size_t n = from->len < 63 ? from->len : 63;

	if (!n)
		return;
	memcpy(out, from->data, n);
	out[n] = 0;
	cpr_text_printable(out, "");
}

static int vlan_of(uint32_t vlan)
{
	return vlan > 0 && vlan < 4095 ? (int)vlan : -1;
}

static bool read_cdp(struct cpr_span s, struct announcement *a)
{
	static const uint8_t snap[8] = {0xaa, 0xaa, 3, 0, 0, 0xc, 0x20, 0};
	const uint8_t *head = cpr_span_take(&s, sizeof(snap));

	if (!head || memcmp(head, snap, sizeof(snap)) != 0)
		return false;
	a->protocol = "CDP";
	cpr_span_skip(&s, 4); /* version, time to live, checksum */
	while (cpr_span_left(&s)) {
		uint16_t type = cpr_span_be16(&s), len = cpr_span_be16(&s);
		struct cpr_span value = cpr_span_sub(&s, len < 4 ? SIZE_MAX : len - 4u);

		if (type == CDP_DEVICE_ID)
			copy_text(a->name, &value);
		else if (type == CDP_PLATFORM)
			copy_text(a->platform, &value);
		else if (type == CDP_VERSION)
			copy_text(a->version, &value);
		else if (type == CDP_VOICE_VLAN && value.len >= 3) {
			cpr_span_skip(&value, 1); /* kind of appliance */
			a->voice_vlan = vlan_of(cpr_span_be16(&value));
		}
	}
	return true;
}

static void read_med(struct cpr_span s, struct announcement *a)
{
	static const uint8_t tia[3] = {0, 0x12, 0xbb};
	const uint8_t *organization = cpr_span_take(&s, sizeof(tia));
	uint8_t type = cpr_span_u8(&s);
	struct cpr_span value = cpr_span_sub(&s, cpr_span_left(&s));

	if (!organization || s.bad || memcmp(organization, tia, sizeof(tia)) != 0)
		return;
	if (type == MED_MODEL) {
		copy_text(a->platform, &value);
	} else if (type == MED_VERSION) {
		copy_text(a->version, &value);
	} else if (type == MED_POLICY && value.len >= 4) {
		uint32_t policy = cpr_span_be32(&value);

		if (policy >> 24 == MED_VOICE && (policy & MED_TAGGED) &&
			!(policy & MED_UNKNOWN))
			a->voice_vlan = vlan_of(policy >> 9 & 0xfff);
	}
}

static bool read_lldp(struct cpr_span s, struct announcement *a)
{
	a->protocol = "LLDP";
	while (cpr_span_left(&s)) {
		uint16_t head = cpr_span_be16(&s);
		struct cpr_span value = cpr_span_sub(&s, head & 0x1ff);
		unsigned type = head >> 9;

		if (value.bad || !type)
			break;
		if (type == LLDP_SYSTEM_NAME)
			copy_text(a->name, &value);
		else if (type == LLDP_DESCRIPTION && !*a->platform)
			copy_text(a->platform, &value);
		else if (type == LLDP_ORGANIZATION)
			read_med(value, a);
	}
	return true;
}

static bool read_link(const struct cpr_packet *k, struct announcement *a)
{
	struct cpr_span s = cpr_span_of(k->link, k->link ? k->link_len : 0);

	*a = (struct announcement){.voice_vlan = -1};
	if (k->ethertype < LENGTHS_END) {
		/* Padding behind the length is no part of it. */
		if (k->ethertype && k->ethertype < s.len)
			s.len = k->ethertype;
		return read_cdp(s, a);
	}
	return k->ethertype == ETHER_LLDP && read_lldp(s, a);
}

/* "Cisco IP Phone 7961", "Cisco IP Phone CP-8841", "CP-7961G" */
static const struct cpr_model *model_of(const char *platform)
{
	const char *model = cpr_text_after(platform, "Cisco IP Phone ");
	char word[32] = "";
	size_t n;

	if (!model)
		model = cpr_text_after(platform, "CP-");
	n = model ? strcspn(model, " ,;") : 0;
	if (n >= sizeof(word))
		return NULL;
	memcpy(word, model ? model : "", n);
	return *word ? cpr_model_by_name(word) : NULL;
}

static bool is_phone(const struct announcement *a)
{
	return cpr_text_after(a->platform, "Cisco IP Phone") ||
	       (cpr_text_after(a->platform, "CP-") && model_of(a->platform));
}

static struct cpr_doctor_phone *see_phone(
	struct cpr_doctor *d, const struct announcement *a, const struct cpr_packet *k)
{
	uint8_t mac[6];
	struct cpr_doctor_phone *p;
	const struct cpr_model *model = model_of(a->platform);

	if (!cpr_phone_name_mac(a->name, mac)) {
		if (!is_phone(a) || !cpr_mac_host(k->frame.from))
			return NULL;
		memcpy(mac, k->frame.from, sizeof(mac));
	}
	p = cpr_phones_by_mac(d, mac);
	if (!p) {
		p = cpr_phones_add(d, mac, k);
		if (p)
			cpr_story_add(d, p, k, CPR_EVENT_PHONE, (struct in_addr){0},
				CPR_EVENT_LINK, "%s: %s %s", a->protocol, a->platform,
				a->version);
	}
	if (p && !p->model && model) {
		p->model = model;
		p->model_from = a->protocol;
	}
	if (p && a->voice_vlan >= 0) {
		p->voice_vlan = a->voice_vlan;
		p->voice_vlan_seen = cpr_moment_of(k);
	}
	return p;
}

/* A switch's announcement is for the port it is seen at.  Assumption: a capture sees one port
 * that phones hang at, or all of them have the same voice VLAN. */
struct cpr_doctor_phone *cpr_see_link(struct cpr_doctor *d, const struct cpr_packet *k)
{
	struct announcement a;
	struct cpr_doctor_phone *p;

	if (!read_link(k, &a))
		return NULL;
	p = see_phone(d, &a, k);
	if (!p && a.voice_vlan >= 0) {
		d->voice_vlan = a.voice_vlan;
		d->voice_vlan_seen = cpr_moment_of(k);
	}
	return p;
}
