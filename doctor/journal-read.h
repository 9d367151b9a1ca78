/* Where the lines of servers' logs come from: systemd's journal, or a log file. */
#pragma once

#include <stdint.h>
#include <stdio.h>

struct cpr_journal;

/* directory: of journal files; NULL: this host's.  since_us: since the epoch, 0: all.  0 or
 * -errno. */
int cpr_journal_read(struct cpr_journal *j, const char *directory, uint64_t since_us);
/* A log file of syslog, dnsmasq or Kea (journal-lines.h).  now_us: tells the year. */
int cpr_journal_read_log(
	struct cpr_journal *j, FILE *log, uint64_t since_us, uint64_t now_us);

/* "2026-11-22", "2026-11-22 19:30", "19:30", "today", "yesterday", "-30m" (s, m, h, d), all in
 * local time.  -EINVAL: none of these. */
int cpr_since_parse(const char *text, uint64_t now_us, uint64_t *out);
