#include "dhcp.h"

#include "cleanup.h"

#include <string.h>

enum {
	MAGIC = 0x63825363,
	PAD = 0,
	OVERLOAD = 52,
	TYPE = 53,
	END = 255,
	IN_FILE = 1,
	IN_SNAME = 2,
	FILE_LEN = 128,
	SNAME_LEN = 64,
};

const char *cpr_dhcp_type_name(uint8_t type)
{
	static const char *const names[] = {
		[CPR_DHCP_DISCOVER] = "DISCOVER",
		[CPR_DHCP_OFFER] = "OFFER",
		[CPR_DHCP_REQUEST] = "REQUEST",
		[CPR_DHCP_DECLINE] = "DECLINE",
		[CPR_DHCP_ACK] = "ACK",
		[CPR_DHCP_NAK] = "NAK",
		[CPR_DHCP_RELEASE] = "RELEASE",
		[CPR_DHCP_INFORM] = "INFORM",
	};

	return type < CPR_ARRAY_LEN(names) ? names[type] : NULL;
}

/* One option of an area; false at its end, and `bad` where a length passes it. */
static bool next_option(struct cpr_span *area, uint8_t *code, struct cpr_span *value)
{
	do {
		if (cpr_span_left(area) == 0)
			return false;
		*code = cpr_span_u8(area);
	} while (*code == PAD);
	if (*code == END)
		return false;
	*value = cpr_span_sub(area, cpr_span_u8(area));
	return !area->bad;
}

/* The bits of option 52, which counts only in the options field itself. */
static uint8_t overload_of(struct cpr_span options)
{
	struct cpr_span value;
	uint8_t code;

	while (next_option(&options, &code, &value)) {
		if (code == OVERLOAD)
			return cpr_span_u8(&value) & (IN_FILE | IN_SNAME);
	}
	return 0;
}

/* Of each option code: in how many pieces it came, and where they go in `joined`. */
struct slot {
	uint16_t pieces, at;
};

/* First pass: where each option is, and how long in all. */
static bool gather(struct cpr_span area, struct cpr_dhcp *out, struct slot slot[256])
{
	struct cpr_span value;
	uint8_t code;

	while (next_option(&area, &code, &value)) {
		if (!out->option[code].data)
			out->option[code].data = value.data;
		out->option[code].len += value.len;
		slot[code].pieces++;
	}
	return !area.bad;
}

/* A place in `joined` for each option in pieces; one that does not fit is left out. */
static bool make_room(struct cpr_dhcp *out, struct slot slot[256])
{
	bool fits = true;

	for (unsigned code = 0; code < 256; code++) {
		size_t len = out->option[code].len;

		if (slot[code].pieces < 2)
			continue;
		out->option[code].data = NULL;
		out->option[code].len = 0;
		if (len > sizeof(out->joined) - out->joined_len) {
			slot[code].pieces = 0;
			fits = false;
			continue;
		}
		slot[code].at = (uint16_t)out->joined_len;
		out->option[code].data = out->joined + out->joined_len;
		out->joined_len += len;
	}
	return fits;
}

/* Second pass: the pieces go to their places. */
static void join(struct cpr_span area, struct cpr_dhcp *out, const struct slot slot[256])
{
	struct cpr_span value;
	uint8_t code;

	while (next_option(&area, &code, &value)) {
		if (slot[code].pieces < 2)
			continue;
		memcpy(out->joined + slot[code].at + out->option[code].len, value.data,
			value.len);
		out->option[code].len += value.len;
	}
}

static void text(char *out, const struct cpr_span *field)
{
	size_t n = strnlen((const char *)field->data, field->len);

	memcpy(out, field->data, n);
	out[n] = 0;
}

/* The areas in the order in which RFC 3396 joins them: options, file, sname. */
static enum cpr_dhcp_outcome parse_options(struct cpr_span options, struct cpr_span file,
	struct cpr_span sname, struct cpr_dhcp *out)
{
	uint8_t overload = overload_of(options);
	struct slot slot[256] = {0};
	bool good;

	good = gather(options, out, slot);
	if (overload & IN_FILE)
		good = gather(file, out, slot) && good;
	else
		text(out->file, &file);
	if (overload & IN_SNAME)
		good = gather(sname, out, slot) && good;
	else
		text(out->sname, &sname);
	good = make_room(out, slot) && good;
	join(options, out, slot);
	if (overload & IN_FILE)
		join(file, out, slot);
	if (overload & IN_SNAME)
		join(sname, out, slot);
	if (out->option[TYPE].len)
		out->type = out->option[TYPE].data[0];
	return good ? CPR_DHCP_OK : CPR_DHCP_TRUNCATED;
}

static struct in_addr address(struct cpr_span *s)
{
	struct in_addr a = {0};
	const uint8_t *at = cpr_span_take(s, 4);

	if (at)
		memcpy(&a, at, 4);
	return a;
}

enum cpr_dhcp_outcome cpr_dhcp_parse(
	const uint8_t *bytes, size_t len, struct cpr_dhcp *out)
{
	struct cpr_span s = cpr_span_of(bytes, len), sname, file;
	const uint8_t *mac;
	uint16_t hardware;
	uint32_t magic;

	*out = (struct cpr_dhcp){.op = cpr_span_u8(&s)};
	hardware = cpr_span_be16(&s);
	cpr_span_skip(&s, 1); /* hops */
	out->xid = cpr_span_be32(&s);
	out->secs = cpr_span_be16(&s);
	out->flags = cpr_span_be16(&s);
	out->ciaddr = address(&s);
	out->yiaddr = address(&s);
	out->siaddr = address(&s);
	out->giaddr = address(&s);
	mac = cpr_span_take(&s, 6);
	if (mac)
		memcpy(out->chaddr, mac, 6);
	cpr_span_skip(&s, 10);
	sname = cpr_span_sub(&s, SNAME_LEN);
	file = cpr_span_sub(&s, FILE_LEN);
	magic = cpr_span_be32(&s);
	if (s.bad)
		return CPR_DHCP_SHORT;
	/* Hardware type 1, address length 6: Ethernet. */
	if (magic != MAGIC || hardware != 0x0106)
		return CPR_DHCP_NOT_DHCP;
	return parse_options(cpr_span_sub(&s, cpr_span_left(&s)), file, sname, out);
}

struct in_addr cpr_dhcp_address(const struct cpr_dhcp *m, uint8_t option)
{
	struct cpr_span s = cpr_span_of(m->option[option].data, m->option[option].len);

	return address(&s);
}

void cpr_dhcp_begin(struct cpr_pen *p, uint8_t op, uint32_t xid, uint16_t secs,
	uint16_t flags, struct in_addr ciaddr, const uint8_t chaddr[6])
{
	cpr_pen_u8(p, op);
	cpr_pen_be16(p, 0x0106);
	cpr_pen_u8(p, 0);
	cpr_pen_be32(p, xid);
	cpr_pen_be16(p, secs);
	cpr_pen_be16(p, flags);
	cpr_pen_add(p, &ciaddr, 4);
	cpr_pen_zeros(p, 12); /* yiaddr, siaddr, giaddr */
	cpr_pen_add(p, chaddr, 6);
	cpr_pen_zeros(p, 10 + SNAME_LEN + FILE_LEN);
	cpr_pen_be32(p, MAGIC);
}

void cpr_dhcp_option(struct cpr_pen *p, uint8_t code, const void *data, size_t len)
{
	struct cpr_span s = cpr_span_of(data, len);

	if (code == PAD) {
		cpr_pen_u8(p, PAD);
		return;
	}
	do {
		size_t left = cpr_span_left(&s), n = left < 255 ? left : 255;

		cpr_pen_u8(p, code);
		cpr_pen_u8(p, (uint8_t)n);
		cpr_pen_add(p, cpr_span_take(&s, n), n);
	} while (cpr_span_left(&s));
}

void cpr_dhcp_end(struct cpr_pen *p, size_t size)
{
	cpr_pen_u8(p, END);
	if (p->len < size)
		cpr_pen_zeros(p, size - p->len);
}
