#include "fuzz/fuzz.h"

#include "cleanup.h"

#include <stdbool.h>
#include <string.h>

enum {
	HEAD = 24,     /* of a pcap file */
	HEADER = 16,   /* of each packet: seconds, microseconds, kept, on the wire */
	ETHERNET = 14, /* of each frame in the captures that this begins with */
	IPV4 = 20,
	RECORDS = 4096, /* packets that are looked at, from the first */
	FRAME = 4096,   /* bytes of a packet that may grow */
};

uint32_t fuzz_pick(struct fuzz_dice *dice, uint32_t below)
{
	dice->seed ^= dice->seed << 13;
	dice->seed ^= dice->seed >> 17;
	dice->seed ^= dice->seed << 5;
	return dice->seed % below;
}

static size_t some_bytes(struct fuzz_dice *dice, uint8_t *bytes, size_t len, size_t cap)
{
	static const uint8_t edges[] = {0, 1, 2, 3, 4, 5, 0x7f, 0x80, 0xfe, 0xff};
	size_t at, n;

	if (dice->any)
		return dice->any(bytes, len, cap);
	if (!len)
		return 0;
	at = fuzz_pick(dice, (uint32_t)len);
	switch (fuzz_pick(dice, 6)) {
	case 0:
		bytes[at] ^= (uint8_t)(1u << fuzz_pick(dice, 8));
		return len;
	case 1:
		bytes[at] = edges[fuzz_pick(dice, sizeof(edges))];
		return len;
	case 2: /* a piece goes */
		n = 1 + fuzz_pick(dice, (uint32_t)(len - at));
		memmove(bytes + at, bytes + at + n, len - at - n);
		return len - n;
	case 3: /* a piece comes again */
		n = 1 + fuzz_pick(dice, (uint32_t)(len - at));
		if (n > cap - len)
			return len;
		memmove(bytes + at + n, bytes + at, len - at);
		return len + n;
	default:
		bytes[at] = (uint8_t)fuzz_pick(dice, 256);
		return len;
	}
}

size_t fuzz_mutate(struct fuzz_dice *dice, uint8_t *bytes, size_t len, size_t cap)
{
	for (uint32_t n = 1 + fuzz_pick(dice, 4); n; n--)
		len = some_bytes(dice, bytes, len, cap);
	return len;
}

struct record {
	size_t at, len; /* where its header stands, how many bytes of it follow that */
};

struct edit {
	struct fuzz_dice *dice;
	uint8_t *bytes;
	size_t len, cap;
	struct record record[RECORDS];
	size_t n, i; /* i: the one that is changed */
};

static uint32_t get32(const uint8_t *b)
{
	return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static void put32(uint8_t *b, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		b[i] = (uint8_t)(v >> 8 * i);
}

static unsigned get16(const uint8_t *b) /* in network byte order */
{
	return (unsigned)b[0] << 8 | b[1];
}

static void put16(uint8_t *b, size_t v)
{
	b[0] = (uint8_t)(v >> 8);
	b[1] = (uint8_t)v;
}

/* Little-endian files, which all of ours are; others are changed without a look at them. */
static bool read_records(struct edit *e)
{
	static const uint8_t us[] = {0xd4, 0xc3, 0xb2, 0xa1},
			     ns[] = {0x4d, 0x3c, 0xb2, 0xa1};
	size_t at = HEAD;

	e->n = 0;
	if (e->len < HEAD ||
		(memcmp(e->bytes, us, 4) != 0 && memcmp(e->bytes, ns, 4) != 0))
		return false;
	while (e->n < RECORDS && e->len - at >= HEADER) {
		size_t len = get32(e->bytes + at + 8);

		if (len > e->len - at - HEADER)
			break;
		e->record[e->n++] = (struct record){at, len};
		at += HEADER + len;
	}
	return e->n > 0;
}

static uint8_t *frame(const struct edit *e, size_t i)
{
	return e->bytes + e->record[i].at + HEADER;
}

/* What stands from `at` on, `old` bytes, becomes these; false: there is no room. */
static bool replace(struct edit *e, size_t at, size_t old, const uint8_t *now, size_t n)
{
	if (n > old && n - old > e->cap - e->len)
		return false;
	memmove(e->bytes + at + n, e->bytes + at + old, e->len - at - old);
	if (n)
		memcpy(e->bytes + at, now, n);
	e->len += n - old;
	return true;
}

/* A packet with these bytes, as captured whole, in place of `old` bytes of the file. */
static bool put_packet(struct edit *e, size_t at, size_t old,
	const uint8_t header[HEADER], const uint8_t *bytes, size_t n)
{
	uint8_t all[HEADER + FRAME];

	if (n > FRAME)
		return false;
	memcpy(all, header, HEADER);
	put32(all + 8, (uint32_t)n);
	put32(all + 12, (uint32_t)n);
	memcpy(all + HEADER, bytes, n);
	return replace(e, at, old, all, HEADER + n);
}

static void rewrite(struct edit *e, const uint8_t *bytes, size_t n)
{
	const struct record *r = &e->record[e->i];
	uint8_t header[HEADER];

	memcpy(header, e->bytes + r->at, HEADER);
	put_packet(e, r->at, HEADER + r->len, header, bytes, n);
}

static void lost(struct edit *e)
{
	replace(e, e->record[e->i].at, HEADER + e->record[e->i].len, NULL, 0);
}

/* Another of the packets comes here, once more, with its own time. */
static void again(struct edit *e)
{
	const struct record *r = &e->record[fuzz_pick(e->dice, (uint32_t)e->n)];
	uint8_t copy[HEADER + FRAME];

	if (r->len > FRAME)
		return;
	memcpy(copy, e->bytes + r->at, HEADER + r->len);
	replace(e, e->record[e->i].at, 0, copy, HEADER + r->len);
}

static void late(struct edit *e)
{
	uint8_t copy[HEADER + FRAME];
	struct record r = e->record[e->i];
	size_t to = e->record[e->i + fuzz_pick(e->dice, (uint32_t)(e->n - e->i))].at;

	if (r.len > FRAME || to <= r.at)
		return;
	memcpy(copy, e->bytes + r.at, HEADER + r.len);
	memmove(e->bytes + r.at, e->bytes + r.at + HEADER + r.len,
		to - r.at - HEADER - r.len);
	memcpy(e->bytes + to - HEADER - r.len, copy, HEADER + r.len);
}

static void time(struct edit *e)
{
	uint32_t by = fuzz_pick(e->dice, fuzz_pick(e->dice, 2) ? 5 : 100000);
	bool all = fuzz_pick(e->dice, 2);
	uint8_t *at = e->bytes + e->record[e->i].at;

	switch (fuzz_pick(e->dice, 4)) {
	case 0:
		put32(at, fuzz_pick(e->dice, UINT32_MAX));
		return;
	case 1:
		put32(at + 4, fuzz_pick(e->dice, UINT32_MAX));
		return;
	case 2:
		by = -by;
		break;
	}
	for (size_t i = e->i; i < (all ? e->n : e->i + 1); i++) {
		at = e->bytes + e->record[i].at;
		put32(at, get32(at) + by);
	}
}

/* By the capture's snap length, or on the wire as well. */
static void cut(struct edit *e)
{
	const struct record *r = &e->record[e->i];
	size_t keep = fuzz_pick(e->dice, (uint32_t)r->len + 1);

	put32(e->bytes + r->at + 8, (uint32_t)keep);
	if (fuzz_pick(e->dice, 2))
		put32(e->bytes + r->at + 12, (uint32_t)keep);
	replace(e, r->at + HEADER + keep, r->len - keep, NULL, 0);
}

/* The packet's own lengths; what follows then is no packet. */
static void lie(struct edit *e)
{
	put32(e->bytes + e->record[e->i].at + 8 + 4 * fuzz_pick(e->dice, 2),
		fuzz_pick(e->dice, 3) ? fuzz_pick(e->dice, 2000)
				      : fuzz_pick(e->dice, UINT32_MAX));
}

static void bytes(struct edit *e)
{
	const struct record *r = &e->record[e->i];
	size_t skip = fuzz_pick(e->dice, 2) ? 42 : 0; /* what UDP holds */
	uint8_t copy[FRAME];

	if (r->len > FRAME)
		return;
	memcpy(copy, frame(e, e->i), r->len);
	if (skip >= r->len)
		skip = 0;
	rewrite(e, copy,
		skip + fuzz_mutate(e->dice, copy + skip, r->len - skip, FRAME - skip));
}

/* Of IPv4 and what is in it: lengths, flags, addresses, ports, the first bytes of TFTP. */
static void field(struct edit *e)
{
	static const uint8_t at[] = {0, 2, 3, 4, 6, 7, 9, 12, 15, 16, 19, 20, 21, 22, 23,
		24, 25, 28, 29, 30, 31};
	static const uint8_t edges[] = {
		0, 1, 4, 5, 6, 7, 8, 0x0f, 0x20, 0x3f, 0x45, 0x46, 0x7f, 0x80, 0xff};
	size_t where = ETHERNET + at[fuzz_pick(e->dice, sizeof(at))];

	if (where < e->record[e->i].len)
		frame(e, e->i)[where] = fuzz_pick(e->dice, 2)
						? edges[fuzz_pick(e->dice, sizeof(edges))]
						: (uint8_t)fuzz_pick(e->dice, 256);
}

static void tag(struct edit *e)
{
	const struct record *r = &e->record[e->i];
	bool had = r->len >= 18 && get16(frame(e, e->i) + 12) == 0x8100;
	uint8_t copy[FRAME + 4];

	if (r->len < ETHERNET || r->len > FRAME - 4)
		return;
	memcpy(copy, frame(e, e->i), 12);
	if (had && fuzz_pick(e->dice, 2)) {
		memcpy(copy + 12, frame(e, e->i) + 16, r->len - 16);
		rewrite(e, copy, r->len - 4);
		return;
	}
	put16(copy + 12, fuzz_pick(e->dice, 3) ? 0x8100 : 0x88a8);
	put16(copy + 14, fuzz_pick(e->dice, 65536));
	memcpy(copy + 16, frame(e, e->i) + 12, r->len - 12);
	rewrite(e, copy, r->len + 4);
}

/* A piece of the datagram in `whole` as a packet of its own; returns the packet's length. */
static size_t piece(
	uint8_t out[FRAME], const uint8_t *whole, size_t from, size_t n, bool more)
{
	memcpy(out, whole, ETHERNET + IPV4);
	memcpy(out + ETHERNET + IPV4, whole + ETHERNET + IPV4 + from, n);
	put16(out + ETHERNET + 2, IPV4 + n);
	put16(out + ETHERNET + 6, from / 8 + (more ? 0x2000 : 0));
	return ETHERNET + IPV4 + n;
}

/* In two, one of them lost, too long, or in the wrong order at times. */
static void fragment(struct edit *e)
{
	struct record r = e->record[e->i];
	uint8_t header[HEADER], whole[FRAME], one[2][FRAME];
	size_t data, middle, over, n[2];
	bool turned = fuzz_pick(e->dice, 3) == 0;

	if (r.len < ETHERNET + IPV4 + 16 || r.len > FRAME ||
		get16(frame(e, e->i) + 12) != 0x0800 || frame(e, e->i)[ETHERNET] != 0x45)
		return;
	memcpy(header, e->bytes + r.at, HEADER);
	memcpy(whole, frame(e, e->i), r.len);
	data = r.len - ETHERNET - IPV4;
	middle = 8 * (1 + fuzz_pick(e->dice, (uint32_t)(data - 1) / 8));
	over = fuzz_pick(e->dice, 4) ? 0 : 8;
	if (middle + over > data)
		over = 0;
	n[0] = piece(one[0], whole, 0, middle + over, true);
	n[1] = piece(one[1], whole, middle, data - middle, false);
	if (!put_packet(e, r.at, HEADER + r.len, header, one[turned], n[turned]))
		return;
	if (fuzz_pick(e->dice, 6))
		put_packet(e, r.at + HEADER + n[turned], 0, header, one[!turned],
			n[!turned]);
}

/* MACs, addresses, ports or what is in it, as in another packet. */
static void alike(struct edit *e)
{
	static const struct {
		size_t at, len;
	} parts[] = {{0, 12}, {6, 6}, {26, 8}, {26, 4}, {34, 4}, {42, 4}, {42, 600}};
	size_t other = fuzz_pick(e->dice, (uint32_t)e->n);
	size_t which = fuzz_pick(e->dice, CPR_ARRAY_LEN(parts)), len = parts[which].len;
	size_t have = e->record[e->i].len < e->record[other].len ? e->record[e->i].len
								 : e->record[other].len;

	if (parts[which].at >= have)
		return;
	if (len > have - parts[which].at)
		len = have - parts[which].at;
	memmove(frame(e, e->i) + parts[which].at, frame(e, other) + parts[which].at, len);
}

/* What a switch says of its voice VLAN, and a phone of itself: CDP, LLDP-MED. */
static void neighbour(struct edit *e)
{
	static const uint8_t
		cdp[] = "\x01\x00\x0c\xcc\xcc\xcc\x00\x1b\x54\xaa\xbb\xcc\x00\x3c"
			"\xaa\xaa\x03\x00\x00\x0c\x20\x00\x02\xb4\x00\x00"
			"\x00\x01\x00\x13SEP001B54AABBCC"
			"\x00\x06\x00\x17"
			"Cisco IP Phone 7961\x00\x0e\x00\x07\x01\x00\x14",
		lldp[] = "\x01\x80\xc2\x00\x00\x0e\x00\x1b\x54\xaa\xbb\xcc\x88\xcc"
			 "\x02\x06\x05\x01\x0a\x00\x00\x32\x06\x02\x00\xb4"
			 "\x0a\x0fSEP001B54AABBCC"
			 "\xfe\x08\x00\x12\xbb\x02\x01\x40\x29\x6e"
			 "\xfe\x0c\x00\x12\xbb\x0a"
			 "CP-7961G\x00\x00";
	const struct record *r = &e->record[e->i];
	bool one = fuzz_pick(e->dice, 2);
	size_t n = one ? sizeof(cdp) - 1 : sizeof(lldp) - 1;
	uint8_t header[HEADER], copy[FRAME];

	memcpy(header, e->bytes + r->at, HEADER);
	memcpy(copy, one ? cdp : lldp, n);
	if (fuzz_pick(e->dice, 2) && r->len >= 12)
		memcpy(copy + 6, frame(e, e->i) + 6, 6);
	n = ETHERNET +
	    fuzz_mutate(e->dice, copy + ETHERNET, n - ETHERNET, FRAME - ETHERNET);
	put_packet(e, r->at, 0, header, copy, n);
}

/* Of DHCP: one gets another code or length, or stands there twice. */
static void option(struct edit *e)
{
	static const uint8_t cookie[] = {0x63, 0x82, 0x53, 0x63},
			     codes[] = {0, 1, 3, 6, 12, 43, 51, 52, 53, 54, 55, 60, 61,
				     66, 67, 82, 150, 255};
	const struct record *r = &e->record[e->i];
	uint8_t copy[FRAME];
	size_t at[64], n = 0, len = r->len, pos;

	if (len > FRAME - 257)
		return;
	memcpy(copy, frame(e, e->i), len);
	const uint8_t *found = memmem(copy, len, cookie, sizeof(cookie));
	if (!found)
		return;
	for (pos = (size_t)(found - copy) + 4;
		pos + 2 <= len && copy[pos] != 255 && n < 64;) {
		at[n++] = pos;
		pos += copy[pos] ? 2u + copy[pos + 1] : 1;
	}
	if (!n)
		return;
	pos = at[fuzz_pick(e->dice, (uint32_t)n)];
	switch (fuzz_pick(e->dice, 3)) {
	case 0:
		copy[pos] = codes[fuzz_pick(e->dice, sizeof(codes))];
		break;
	case 1:
		copy[pos + 1] =
			(uint8_t)fuzz_pick(e->dice, fuzz_pick(e->dice, 2) ? 12 : 256);
		break;
	default:
		n = 2u + copy[pos + 1];
		if (n > len - pos)
			return;
		memmove(copy + pos + n, copy + pos, len - pos);
		len += n;
	}
	rewrite(e, copy, len);
}

static void link_type(struct edit *e)
{
	static const uint8_t types[] = {0, 1, 1, 12, 101, 108, 113, 228, 20};

	if (fuzz_pick(e->dice, 20) == 0)
		e->bytes[20] = types[fuzz_pick(e->dice, sizeof(types))];
}

size_t fuzz_mutate_capture(struct fuzz_dice *dice, uint8_t *all, size_t len, size_t cap)
{
	static void (*const edits[])(struct edit * e) = {lost, again, late, time, time,
		cut, bytes, bytes, bytes, field, field, tag, fragment, alike, alike,
		neighbour, option, option, lie, link_type};
	struct edit e = {.dice = dice, .bytes = all, .len = len, .cap = cap};

	if (fuzz_pick(dice, 50) == 0)
		return fuzz_mutate(dice, all, len, cap);
	for (uint32_t n = 1 + fuzz_pick(dice, 12); n; n--) {
		size_t which = fuzz_pick(dice, CPR_ARRAY_LEN(edits));

		if (!read_records(&e))
			return n ? fuzz_mutate(dice, all, e.len, cap) : e.len;
		e.i = fuzz_pick(dice, (uint32_t)e.n);
		/* what hides the rest of the file is the last thing to do */
		if (edits[which] == lie && n > 1)
			continue;
		edits[which](&e);
	}
	return e.len;
}

/* Where the line begins that this byte is of, and what is behind its end. */
static size_t line_at(const uint8_t *all, size_t at)
{
	while (at && all[at - 1] != '\n')
		at--;
	return at;
}

static size_t line_end(const uint8_t *all, size_t at, size_t len)
{
	while (at < len && all[at] != '\n')
		at++;
	return at < len ? at + 1 : len;
}

size_t fuzz_mutate_log(struct fuzz_dice *dice, uint8_t *all, size_t len, size_t cap)
{
	for (uint32_t n = 1 + fuzz_pick(dice, 6); n && len; n--) {
		size_t at = line_at(all, fuzz_pick(dice, (uint32_t)len));
		size_t end = line_end(all, at, len), line = end - at;
		uint8_t copy[FRAME];

		if (line > FRAME / 2)
			return fuzz_mutate(dice, all, len, cap);
		memcpy(copy, all + at, line);
		switch (fuzz_pick(dice, 4)) {
		case 0:
			memmove(all + at, all + end, len - end);
			len -= line;
			break;
		case 1: { /* it comes again elsewhere */
			size_t to = line_at(all, fuzz_pick(dice, (uint32_t)len));

			if (line > cap - len)
				break;
			memmove(all + to + line, all + to, len - to);
			memcpy(all + to, copy, line);
			len += line;
			break;
		}
		default: {
			size_t now = fuzz_mutate(dice, copy, line, FRAME);

			if (now > line && now - line > cap - len)
				break;
			memmove(all + at + now, all + end, len - end);
			memcpy(all + at, copy, now);
			len += now - line;
		}
		}
	}
	return len;
}
