/* What the doctor says in the end.  Reports read facts and verdicts, and no payload of TFTP ever
 * gets into one.  They are written phone by phone, so that a capture of very many phones needs
 * no memory for its report. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct cpr_answer;
struct cpr_buf;
struct cpr_doctor;
struct cpr_doctor_file;
struct cpr_doctor_phone;
struct cpr_mask;

struct cpr_paper {
	FILE *out;
	struct cpr_mask *mask; /* NULL: nothing is hidden */
};
/* Writes the text, which is empty afterwards.  0, -ENOMEM or -errno. */
int cpr_paper_put(const struct cpr_paper *paper, struct cpr_buf *text);
/* The same of a page: what is hidden is hidden in its texts as they read, and its marks stay. */
int cpr_paper_put_html(const struct cpr_paper *paper, struct cpr_buf *page);

/* report-text.c: a line per phone, and below it its story. */
int cpr_report_text(const struct cpr_doctor *d, const struct cpr_paper *paper);
/* report-json.c: the keys are a contract, see cpr-doctor.8. */
int cpr_report_json(const struct cpr_doctor *d, const struct cpr_paper *paper);

/* Faults were seen on it, or it is stuck without one that has a name: it fetched firmware, is
 * not back, and the capture went on for long after its last packet. */
bool cpr_report_troubled(const struct cpr_doctor *d, const struct cpr_doctor_phone *p);
/* Silent on the way for so long that it does not come back by itself.  0: it is not. */
uint64_t cpr_report_silent_us(
	const struct cpr_doctor *d, const struct cpr_doctor_phone *p);

/* It is missing, and no phone minds: a trust list, a locale, its own configuration while there is
 * one for all. */
bool cpr_report_usual(const struct cpr_doctor_phone *p, const struct cpr_doctor_file *f);
/* What DHCP said last that gave it an address; NULL: nothing did.  Phones give their addresses
 * back, so it need not be in force. */
const struct cpr_answer *cpr_report_lease(const struct cpr_doctor_phone *p);
/* Tells the mask the host names that phones and servers were seen to use.  0 or -ENOMEM. */
int cpr_report_hide(const struct cpr_doctor *d, struct cpr_mask *mask);

/* "00:1b:54:aa:bb:cc"; false, and "": only its address is known. */
bool cpr_report_mac(const struct cpr_doctor_phone *p, char out[18]);
/* "7961", or what it calls itself, or "phone". */
const char *cpr_report_model(const struct cpr_doctor_phone *p);
/* The stage in words: "fetches its images". */
const char *cpr_report_stage(const struct cpr_doctor_phone *p);
