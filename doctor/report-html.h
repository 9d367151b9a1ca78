/* The report as one page that a person mails to a colleague: no script, no external resource,
 * light and dark, printable. */
#pragma once

struct cpr_buf;
struct cpr_doctor;

/* source: what was read, "phone.pcap" or "interface eth0".  Every text in it is escaped. */
void cpr_report_html(const struct cpr_doctor *d, const char *source, struct cpr_buf *out);
