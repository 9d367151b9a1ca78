/* The report as one page that a person mails to a colleague: no script, no external resource,
 * light and dark, printable. */
#pragma once

struct cpr_doctor;
struct cpr_paper;

enum {
	CPR_HTML_EVENTS = 500 /* of a phone, in its ladder; cpr_doctor_config.story_max */
};

/* source: what was read, "phone.pcap" or "interface eth0".  0, -ENOMEM or -errno. */
int cpr_report_html(
	const struct cpr_doctor *d, const char *source, const struct cpr_paper *paper);
