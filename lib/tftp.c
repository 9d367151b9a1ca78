#include "tftp.h"

#include <string.h>

/* NUL-terminated text, borrowed; NULL when its NUL is missing. */
static const char *read_text(struct cpr_span *s)
{
	const uint8_t *at = s->data + s->pos;
	const uint8_t *nul = memchr(at, 0, cpr_span_left(s));

	return nul ? (const char *)cpr_span_take(s, (size_t)(nul - at) + 1) : NULL;
}

static void rest(struct cpr_span *s, struct cpr_tftp *out)
{
	out->len = cpr_span_left(s);
	out->data = cpr_span_take(s, out->len);
}

static enum cpr_tftp_outcome request(struct cpr_span *s, struct cpr_tftp *out)
{
	out->text = read_text(s);
	out->mode = out->text ? read_text(s) : NULL;
	if (!out->mode)
		return CPR_TFTP_MALFORMED;
	rest(s, out);
	return CPR_TFTP_OK;
}

enum cpr_tftp_outcome cpr_tftp_parse(
	const uint8_t *bytes, size_t len, struct cpr_tftp *out)
{
	struct cpr_span s = cpr_span_of(bytes, len);

	*out = (struct cpr_tftp){.opcode = cpr_span_be16(&s)};
	if (s.bad)
		return CPR_TFTP_SHORT;
	switch (out->opcode) {
	case CPR_TFTP_RRQ:
	case CPR_TFTP_WRQ:
		return request(&s, out);
	case CPR_TFTP_OACK:
		rest(&s, out);
		return CPR_TFTP_OK;
	case CPR_TFTP_DATA:
	case CPR_TFTP_ACK:
	case CPR_TFTP_ERROR:
		break;
	default:
		return CPR_TFTP_MALFORMED;
	}
	out->block = cpr_span_be16(&s);
	if (s.bad)
		return CPR_TFTP_SHORT;
	if (out->opcode == CPR_TFTP_DATA)
		rest(&s, out);
	if (out->opcode == CPR_TFTP_ERROR)
		out->text = read_text(&s);
	return out->opcode == CPR_TFTP_ERROR && !out->text ? CPR_TFTP_MALFORMED
							   : CPR_TFTP_OK;
}

/* The text may hold a path, whose letters mean nothing beside "not found". */
enum cpr_tftp_reason cpr_tftp_reason(uint16_t code, const char *text)
{
	if (code == 2)
		return CPR_TFTP_DENIED;
	if (code > 1)
		return CPR_TFTP_ABORTED;
	if (strcasestr(text, "not found") || strcasestr(text, "no such file"))
		return CPR_TFTP_MISSING;
	if (strcasestr(text, "denied") || strcasestr(text, "permission") ||
		strcasestr(text, "access"))
		return CPR_TFTP_DENIED;
	return code ? CPR_TFTP_MISSING : CPR_TFTP_ABORTED;
}

static void add_text(struct cpr_pen *p, const char *t)
{
	cpr_pen_add(p, t, strlen(t) + 1);
}

void cpr_tftp_rrq(struct cpr_pen *p, const char *name)
{
	cpr_pen_be16(p, CPR_TFTP_RRQ);
	add_text(p, name);
	add_text(p, "octet");
}

void cpr_tftp_ack(struct cpr_pen *p, uint16_t block)
{
	cpr_pen_be16(p, CPR_TFTP_ACK);
	cpr_pen_be16(p, block);
}

void cpr_tftp_error(struct cpr_pen *p, uint16_t code, const char *message)
{
	cpr_pen_be16(p, CPR_TFTP_ERROR);
	cpr_pen_be16(p, code);
	add_text(p, message);
}
