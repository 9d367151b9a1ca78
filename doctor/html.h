/* What the pages are made of. */
#pragma once

#include <stdint.h>

struct cpr_buf;
struct cpr_doctor_phone;
struct cpr_event;
struct cpr_mask;

void cpr_html_text(struct cpr_buf *out, const char *text); /* escaped */
/* A page, or a part of one between two marks, with its texts masked (mask.h); the caller's, NULL
 * without memory.  Its style and its marks are ours: they stay. */
char *cpr_html_mask(struct cpr_mask *m, const char *page);
/* "+12.345 s" since the phone was first seen, "#12" or "#12–69", "1,234,567" */
void cpr_html_since(
	struct cpr_buf *out, const struct cpr_doctor_phone *p, uint64_t time_us);
void cpr_html_frames(struct cpr_buf *out, const struct cpr_event *e);
void cpr_html_number(struct cpr_buf *out, uint64_t n);
/* What the event was: its text, and of a run how much of it. */
void cpr_html_event(struct cpr_buf *out, const struct cpr_event *e);
