#include "reading150.h"

#include "cleanup.h"
#include "span.h"
#include "spelling150.h"
#include "text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct readings {
	struct cpr_reading150 *out;
	size_t n;
};

/* How probable it is that somebody means this address rather than hits it by accident: the
 * narrower the network for private use, the more.  0: no host can have it. */
static int probability(struct in_addr a)
{
	uint32_t host = ntohl(a.s_addr);

	if (host >> 24 == 0 || host >> 24 == 127 || host >> 24 >= 224)
		return 0;
	if (host >> 16 == 0xc0a8)
		return 4;
	if (host >> 20 == 0xac1)
		return 3;
	return host >> 24 == 10 ? 2 : 1;
}

static bool same(const struct cpr_reading150 *a, const struct cpr_reading150 *b)
{
	return a->n == b->n &&
	       memcmp(a->address, b->address, a->n * sizeof(*a->address)) == 0;
}

/* Its rank is that of its least probable address.  What was read so before stays. */
static void add(struct readings *r, struct cpr_reading150 reading)
{
	reading.rank = 4;
	for (size_t i = 0; i < reading.n; i++) {
		int p = probability(reading.address[i]);

		reading.rank = p < reading.rank ? p : reading.rank;
	}
	for (size_t i = 0; i < r->n; i++)
		if (same(&r->out[i], &reading))
			return;
	if (reading.n && reading.rank && r->n < CPR_READINGS)
		r->out[r->n++] = reading;
}

/* Both byte orders of what was written. */
static void add_both(
	struct readings *r, struct cpr_reading150 reading, const char *reversed)
{
	add(r, reading);
	for (size_t i = 0; i < reading.n; i++)
		reading.address[i].s_addr = __builtin_bswap32(reading.address[i].s_addr);
	reading.how = reversed;
	add(r, reading);
}

/* One address of decimal numbers; leading zeros are let pass. */
static bool decimal_quad(const char *text, size_t len, struct in_addr *a)
{
	uint32_t host = 0;
	size_t fields = 0;

	while (len && fields < 4) {
		size_t n = 0;
		unsigned v = 0;

		while (n < len && n < 3 && isdigit((unsigned char)text[n]))
			v = v * 10 + (unsigned)(text[n++] - '0');
		if (!n || v > 255)
			return false;
		host = host << 8 | v;
		fields++;
		text += n;
		len -= n;
		if (fields < 4) {
			if (!len || *text != '.')
				return false;
			text++;
			len--;
		}
	}
	a->s_addr = htonl(host);
	return fields == 4 && !len;
}

static bool dotted_list(const char *value, struct cpr_reading150 *out)
{
	while (*value && out->n < CPR_ADDRESSES) {
		size_t n = strcspn(value, " ,;");

		if (!decimal_quad(value, n, &out->address[out->n++]))
			return false;
		value += n;
		value += strspn(value, " ,;");
	}
	return out->n && !*value;
}

static bool read_dotted(struct readings *r, const char *value, const char *how)
{
	struct cpr_reading150 reading = {.how = how};

	if (!dotted_list(value, &reading))
		return false;
	if (cpr_reading150_is_text(reading.address[0]))
		reading.how = "dotted; but its bytes are characters: somewhere an "
			      "address is sent as text";
	add_both(r, reading, "dotted, bytes in reverse");
	return true;
}

/* The bytes of a value in hexadecimal; fewer digits than two a byte only where separators
 * tell the bytes apart.  0 when it is none. */
static size_t hex_bytes(const char *value, uint8_t *out, size_t cap, bool *zero_lost)
{
	size_t n = 0;
	bool separated = value[strspn(value, "0123456789abcdefABCDEF")];

	while (*value) {
		size_t digits = strspn(value, "0123456789abcdefABCDEF");
		char pair[3] = "";

		if (!digits || n == cap || (!separated && digits == 1))
			return 0;
		digits = digits > 2 ? 2 : digits;
		memcpy(pair, value, digits);
		*zero_lost = *zero_lost || digits == 1;
		out[n++] = (uint8_t)strtoul(pair, NULL, 16);
		value += digits;
		if (*value && strchr(" .:-", *value))
			value++;
	}
	return n;
}

static void read_hex(struct readings *r, const char *value)
{
	struct cpr_reading150 reading = {.how = "hexadecimal"};
	uint8_t bytes[4 * CPR_ADDRESSES];
	size_t n = hex_bytes(value, bytes, sizeof(bytes), &reading.zero_lost);
	struct cpr_span s = cpr_span_of(bytes, n);

	if (!n || n % 4)
		return;
	while (cpr_span_left(&s))
		reading.address[reading.n++].s_addr = htonl(cpr_span_be32(&s));
	add_both(r, reading, "hexadecimal, bytes in reverse");
}

/* Four to seven digits for four bytes: some of them were written with one digit.  mask: which,
 * the first byte's bit the highest, so that a zero lost inside comes before one that any
 * number loses at its head. */
static void read_short_hex(struct readings *r, const char *value)
{
	size_t digits = strspn(value, "0123456789abcdefABCDEF");

	if (value[digits] || digits < 4 || digits > 7)
		return;
	for (unsigned mask = 1; mask < 16; mask++) {
		struct cpr_reading150 reading = {
			.how = "hexadecimal, with a zero put back",
			.n = 1,
			.zero_lost = true};
		const char *p = value;
		uint32_t host = 0;

		if (8 - (size_t)__builtin_popcount(mask) != digits)
			continue;
		for (unsigned bit = 8; bit; bit >>= 1) {
			char pair[3] = "";

			memcpy(pair, p, mask & bit ? 1 : 2);
			p += strlen(pair);
			host = host << 8 | (uint32_t)strtoul(pair, NULL, 16);
		}
		reading.address[0].s_addr = htonl(host);
		add_both(r, reading,
			"hexadecimal, bytes in reverse, with a zero put back");
	}
}

/* One number in decimal, perhaps printed as a signed one. */
static void read_decimal(struct readings *r, const char *value)
{
	struct cpr_reading150 reading = {.how = "one decimal number", .n = 1};
	size_t digits = strspn(value + (*value == '-'), "0123456789");
	long long v;

	if (value[digits + (*value == '-')] || digits < 7 || digits > 10)
		return;
	v = strtoll(value, NULL, 10);
	if (v > UINT32_MAX || v < INT32_MIN)
		return;
	reading.address[0].s_addr = htonl((uint32_t)v);
	add_both(r, reading, "one decimal number, bytes in reverse");
}

static void read_text_in_hex(struct readings *r, const char *value)
{
	uint8_t bytes[128];
	bool zero_lost = false;
	size_t n = hex_bytes(value, bytes, sizeof(bytes) - 1, &zero_lost);

	while (n && !bytes[n - 1])
		n--;
	bytes[n] = 0;
	if (n && strlen((char *)bytes) == n)
		read_dotted(r, (char *)bytes, "text in hexadecimal");
}

/* What people write around the value: "x ", "0x", "ip ", quotes.  text is the copy. */
static const char *bare(char *text)
{
	static const char *const before[] = {
		"a ", "x ", "i ", "n ", "s ", "b ", "ip ", "hex ", "ascii ", "0x", "s'"};
	size_t n = strlen(text);

	while (n && strchr("\"'; ", text[n - 1]))
		text[--n] = 0;
	for (;;) {
		const char *start = text;

		text += strspn(text, "\"' ");
		for (size_t i = 0; i < CPR_ARRAY_LEN(before); i++) {
			const char *rest = cpr_text_after(text, before[i]);

			text += rest ? rest - text : 0;
		}
		if (text == start)
			return text;
	}
}

static int by_rank(const void *a, const void *b)
{
	const struct cpr_reading150 *ra = a, *rb = b;

	return rb->rank - ra->rank;
}

/* Stable, which qsort is not bound to be. */
static void sort(struct readings *r)
{
	for (size_t i = 1; i < r->n; i++)
		for (size_t k = i; k && by_rank(&r->out[k - 1], &r->out[k]) > 0; k--) {
			struct cpr_reading150 held = r->out[k];

			r->out[k] = r->out[k - 1];
			r->out[k - 1] = held;
		}
}

size_t cpr_reading150_all(const char *value, struct cpr_reading150 out[CPR_READINGS])
{
	struct readings r = {.out = out};
	char copy[256];
	const char *text;
	size_t n;

	value = cpr_spelling150_value(value);
	n = strlen(value);
	if (n >= sizeof(copy))
		return 0;
	memcpy(copy, value, n + 1);
	text = bare(copy);
	if (!read_dotted(&r, text, "dotted")) {
		read_text_in_hex(&r, text);
		read_hex(&r, text);
		read_short_hex(&r, text);
		read_decimal(&r, text);
	}
	sort(&r);
	return r.n;
}

bool cpr_reading150_is_text(struct in_addr a)
{
	uint8_t bytes[4];

	memcpy(bytes, &a, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		if (!isdigit(bytes[i]) && bytes[i] != '.')
			return false;
	return isdigit(bytes[0]);
}
