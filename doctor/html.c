#include "html.h"

#include "buf.h"
#include "engine/facts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void cpr_html_text(struct cpr_buf *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			cpr_buf_puts(out, "&amp;");
			break;
		case '<':
			cpr_buf_puts(out, "&lt;");
			break;
		case '>':
			cpr_buf_puts(out, "&gt;");
			break;
		case '"':
			cpr_buf_puts(out, "&quot;");
			break;
		default:
			cpr_buf_add(out, text, 1);
		}
	}
}

void cpr_html_since(
	struct cpr_buf *out, const struct cpr_doctor_phone *p, uint64_t time_us)
{
	uint64_t us = time_us > p->first.time_us ? time_us - p->first.time_us : 0;

	cpr_buf_printf(
		out, "+%" PRIu64 ".%03" PRIu64 " s", us / 1000000, us % 1000000 / 1000);
}

void cpr_html_frames(struct cpr_buf *out, const struct cpr_event *e)
{
	cpr_buf_printf(out, "#%" PRIu64, e->first.number);
	if (e->last.number != e->first.number)
		cpr_buf_printf(out, "–%" PRIu64, e->last.number);
}

void cpr_html_number(struct cpr_buf *out, uint64_t n)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, n);

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			cpr_buf_puts(out, ",");
		cpr_buf_add(out, &digits[i], 1);
	}
}

void cpr_html_event(struct cpr_buf *out, const struct cpr_event *e)
{
	uint64_t us = e->last.time_us > e->first.time_us
			      ? e->last.time_us - e->first.time_us
			      : 0;

	cpr_html_text(out, e->text);
	if (e->packets < 2)
		return;
	cpr_buf_puts(out, " · ");
	cpr_html_number(out, e->packets);
	cpr_buf_puts(out, " packets, ");
	if (e->bytes) {
		cpr_html_number(out, e->bytes);
		cpr_buf_puts(out, " bytes, ");
	}
	cpr_buf_printf(
		out, "%" PRIu64 ".%" PRIu64 " s", us / 1000000, us % 1000000 / 100000);
}
