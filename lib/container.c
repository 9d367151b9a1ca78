#include "container.h"

#include "span.h"

#include <string.h>

enum tag {
	TAG_VERSION = 1,
	TAG_HEADER_LENGTH = 2,
	TAG_SIGNATURE = 12,
	TAG_PAD = 13, /* a single byte, without length */
	TAG_NAME = 14,
	TAG_MAX = 31,
};

/* Real names are plain words; whatever could leave a folder or a terminal in disorder is a
 * sign of a forged or damaged header. */
static bool take_name(struct cpr_container *out, const uint8_t *name, size_t n)
{
	if (!n || n >= sizeof(out->own_name))
		return false;
	for (size_t i = 0; i < n; i++)
		if (name[i] < ' ' || name[i] > '~' || name[i] == '/')
			return false;
	if ((n == 1 && name[0] == '.') || (n == 2 && !memcmp(name, "..", 2)))
		return false;
	memcpy(out->own_name, name, n);
	out->own_name[n] = 0;
	return true;
}

/* 01 0002 version, 02 0002 length of the whole header, then tags in any order, each once.
 * What stands inside of the signer (03) and the algorithm (07) is of no use here. */
static enum cpr_container_outcome parse_signed(
	const uint8_t *head, size_t len, struct cpr_container *out)
{
	struct cpr_span s = cpr_span_of(head, len);
	struct cpr_span tlv;
	uint32_t seen = 1u << TAG_VERSION | 1u << TAG_HEADER_LENGTH;
	uint8_t tag;
	uint16_t length;

	cpr_span_skip(&s, 5);
	tag = cpr_span_u8(&s);
	length = cpr_span_be16(&s);
	out->payload_offset = cpr_span_be16(&s);
	if (s.bad)
		return CPR_CONTAINER_SHORT;
	if (tag != TAG_HEADER_LENGTH || length != 2 || out->payload_offset < s.pos ||
		out->payload_offset > CPR_CONTAINER_HEAD)
		return CPR_CONTAINER_MALFORMED;
	if (out->payload_offset > len)
		return CPR_CONTAINER_SHORT;

	s.len = out->payload_offset;
	while (cpr_span_left(&s)) {
		tag = cpr_span_u8(&s);
		if (tag == TAG_PAD) {
			seen |= 1u << TAG_PAD;
			continue;
		}
		length = cpr_span_be16(&s);
		tlv = cpr_span_sub(&s, length);
		/* pads are the end; a tag that comes twice may say two things */
		if (tlv.bad || !tag || tag > TAG_MAX ||
			seen & (1u << tag | 1u << TAG_PAD))
			return CPR_CONTAINER_MALFORMED;
		seen |= 1u << tag;
		if (tag != TAG_NAME)
			continue;
		if (!length || tlv.data[length - 1] != 0 ||
			!take_name(out, tlv.data, length - 1u))
			return CPR_CONTAINER_MALFORMED;
	}
	if (!(seen & 1u << TAG_SIGNATURE) || !(seen & 1u << TAG_NAME))
		return CPR_CONTAINER_MALFORMED;
	return CPR_CONTAINER_OK;
}

/* All little-endian: 04 header length, 08 zero, 0c payload length, 10 zero, 14 SHA-256, 34
 * name length without its NUL, 38 name and NUL, pad, 256 bytes of signature.  The zeros look
 * like upper halves of the lengths; nothing of 4 GiB is firmware. */
static enum cpr_container_outcome parse_cd34(
	const uint8_t *head, size_t len, struct cpr_container *out)
{
	struct cpr_span s = cpr_span_of(head, len);
	const uint8_t *hash, *name;
	uint32_t zeros, name_len;

	cpr_span_skip(&s, 4);
	out->payload_offset = cpr_span_le32(&s);
	zeros = cpr_span_le32(&s);
	out->payload_len = cpr_span_le32(&s);
	zeros |= cpr_span_le32(&s);
	hash = cpr_span_take(&s, sizeof(out->sha256));
	name_len = cpr_span_le32(&s);
	if (!hash || s.bad)
		return CPR_CONTAINER_SHORT;
	memcpy(out->sha256, hash, sizeof(out->sha256));
	if (zeros || name_len >= sizeof(out->own_name) ||
		out->payload_offset > CPR_CONTAINER_HEAD ||
		out->payload_offset < s.pos + name_len + 1 + 256)
		return CPR_CONTAINER_MALFORMED;
	if (out->payload_offset > len)
		return CPR_CONTAINER_SHORT;
	name = cpr_span_take(&s, name_len + 1);
	if (!name || name[name_len] != 0 || !take_name(out, name, name_len))
		return CPR_CONTAINER_MALFORMED;
	out->has_payload_len = true;
	return CPR_CONTAINER_OK;
}

enum cpr_container_outcome cpr_container_parse(
	const uint8_t *head, size_t len, struct cpr_container *out)
{
	enum cpr_container_outcome outcome;

	*out = (struct cpr_container){0};
	if (len >= 3 && !memcmp(head, "\x01\x00\x02", 3)) {
		out->type = CPR_CONTAINER_SIGNED;
		outcome = parse_signed(head, len, out);
	} else if (len >= 4 && !memcmp(head, "\xcd\x34\x12\xab", 4)) {
		out->type = CPR_CONTAINER_CD34;
		outcome = parse_cd34(head, len, out);
	} else {
		return CPR_CONTAINER_OK;
	}
	if (outcome != CPR_CONTAINER_OK)
		*out = (struct cpr_container){.type = out->type};
	return outcome;
}

const char *cpr_container_name(enum cpr_container_type type)
{
	static const char *const names[] = {
		[CPR_CONTAINER_NONE] = "none",
		[CPR_CONTAINER_SIGNED] = "signed",
		[CPR_CONTAINER_CD34] = "cd34",
	};

	return names[type];
}
