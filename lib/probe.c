#include "probe.h"

#include "span.h"
#include "tftp.h"

size_t cpr_probe_request(const char *file, uint8_t *out, size_t cap)
{
	struct cpr_pen p = cpr_pen_of(out, cap < CPR_PROBE_MAX ? cap : CPR_PROBE_MAX);

	if (!*file)
		return 0;
	cpr_tftp_rrq(&p, file);
	return p.full ? 0 : p.len;
}

/* Not cpr_tftp_parse(): it wants the NUL behind an ERROR's text, which some server may forget
 * and a cut-off packet lacks.  An OACK comes from a server that was asked for no option: wrong,
 * but alive. */
enum cpr_probe_answer cpr_probe_classify(const uint8_t *bytes, size_t len)
{
	struct cpr_span s = cpr_span_of(bytes, len);
	uint16_t opcode = cpr_span_be16(&s);
	uint16_t number;

	if (!s.bad && opcode == CPR_TFTP_OACK)
		return CPR_PROBE_ALIVE;
	number = cpr_span_be16(&s); /* of a block, or an error */
	if (s.bad || number != 1)
		return CPR_PROBE_OTHER;
	return opcode == CPR_TFTP_DATA    ? CPR_PROBE_ALIVE
	       : opcode == CPR_TFTP_ERROR ? CPR_PROBE_FILE_MISSING
					  : CPR_PROBE_OTHER;
}

size_t cpr_probe_end(const uint8_t *answer, size_t len, uint8_t *out, size_t cap)
{
	struct cpr_span s = cpr_span_of(answer, len);
	struct cpr_pen p = cpr_pen_of(out, cap);

	if (cpr_span_be16(&s) == CPR_TFTP_DATA && len < CPR_PROBE_MAX)
		cpr_tftp_ack(&p, 1);
	else
		cpr_tftp_error(&p, 0, "health probe");
	return p.full ? 0 : p.len;
}
