#include "html.h"

#include "buf.h"
#include "cleanup.h"
#include "engine/facts.h"
#include "mask.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct {
	char plain;
	const char *escaped;
} escapes[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}};

void cpr_html_text(struct cpr_buf *out, const char *text)
{
	for (; *text; text++) {
		size_t i = 0;

		while (i < CPR_ARRAY_LEN(escapes) && escapes[i].plain != *text)
			i++;
		if (i < CPR_ARRAY_LEN(escapes))
			cpr_buf_puts(out, escapes[i].escaped);
		else
			cpr_buf_add(out, text, 1);
	}
}

/* What a text of the page reads as: a name in it may have a '&'. */
static void plain_text(struct cpr_buf *out, const char *text, size_t len)
{
	cpr_buf_puts(out, "");
	for (size_t at = 0; at < len;) {
		size_t i = 0;

		while (i < CPR_ARRAY_LEN(escapes) &&
			strncmp(text + at, escapes[i].escaped,
				strlen(escapes[i].escaped)))
			i++;
		if (i < CPR_ARRAY_LEN(escapes)) {
			cpr_buf_add(out, &escapes[i].plain, 1);
			at += strlen(escapes[i].escaped);
		} else {
			cpr_buf_add(out, text + at++, 1);
		}
	}
}

static void mask_text(
	struct cpr_mask *m, struct cpr_buf *out, const char *text, size_t len)
{
	_cleanup_(cpr_buf_free) struct cpr_buf plain = {0};
	_cleanup_(cpr_freep) char *masked = NULL;

	plain_text(&plain, text, len);
	masked = plain.failed ? NULL : cpr_mask_text(m, plain.data);
	if (masked)
		cpr_html_text(out, masked);
	else
		out->failed = true;
}

char *cpr_html_mask(struct cpr_mask *m, const char *page)
{
	static const char style[] = "<style>", end_of_style[] = "</style>";
	_cleanup_(cpr_buf_free) struct cpr_buf out = {0};

	cpr_buf_puts(&out, "");
	while (*page) {
		size_t len = strcspn(page, "<");
		const char *end = page + len;

		mask_text(m, &out, page, len);
		page = end;
		if (strncmp(page, style, strlen(style)) == 0 &&
			strstr(page, end_of_style))
			end = strstr(page, end_of_style);
		end += strcspn(end, ">");
		end += *end == '>';
		cpr_buf_add(&out, page, (size_t)(end - page));
		page = end;
	}
	return out.failed ? NULL : TAKE_PTR(out.data);
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
