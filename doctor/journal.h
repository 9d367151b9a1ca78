/* What servers wrote into their logs, as packets: each line that tells of a DHCP message or a
 * file becomes the packet that it tells of, as far as it does, and the same state machine looks
 * at it.  A packet's number is the line's, from 1.  What a line does not say is cut off, so that
 * nothing is concluded from its absence.
 *
 * The lines are kept until cpr_journal_judge, for only later ones may tell that a MAC is a
 * phone's.  Owner: whoever called cpr_journal_new; the doctor outlives it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct cpr_buf;
struct cpr_doctor;
struct cpr_journal;

enum {
	CPR_JOURNAL_LINES = 1000000 /* kept, from the first; more are counted */
};

int cpr_journal_new(struct cpr_journal **out, struct cpr_doctor *d); /* 0 or -ENOMEM */
struct cpr_journal *cpr_journal_free(struct cpr_journal *j);
void cpr_journal_freep(struct cpr_journal **j);

/* program: "dnsmasq-dhcp", "in.tftpd"; others are passed over.  0 or -ENOMEM. */
int cpr_journal_line(struct cpr_journal *j, uint64_t time_us, const char *program,
	uint32_t pid, const char *text);

/* Feeds the doctor all lines, once. */
void cpr_journal_judge(struct cpr_journal *j);
/* What can not be known from these lines, a line each. */
void cpr_journal_limits(const struct cpr_journal *j, struct cpr_buf *out);
