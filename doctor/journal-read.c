#include "journal-read.h"

#include "cleanup.h"
#include "journal-lines.h"
#include "journal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-journal.h>
#include <time.h>

static const uint64_t second_us = 1000000;

static void closep(sd_journal **s)
{
	if (*s)
		sd_journal_close(*s);
}

/* A field of the entry as text, cut to what fits; "": it has none. */
static void field(sd_journal *s, const char *name, char *out, size_t cap)
{
	size_t prefix = strlen(name) + 1, len;
	const void *data;

	*out = 0;
	if (sd_journal_get_data(s, name, &data, &len) != 0 || len < prefix)
		return;
	len -= prefix;
	snprintf(out, cap, "%.*s", (int)(len < cap ? len : cap - 1),
		(const char *)data + prefix);
}

static int entry(struct cpr_journal *j, sd_journal *s)
{
	char program[32], pid[16], text[1024];
	uint64_t time_us = 0;

	field(s, "SYSLOG_IDENTIFIER", program, sizeof(program));
	field(s, "SYSLOG_PID", pid, sizeof(pid));
	if (!*pid)
		field(s, "_PID", pid, sizeof(pid));
	field(s, "MESSAGE", text, sizeof(text));
	sd_journal_get_realtime_usec(s, &time_us);
	return cpr_journal_line(
		j, time_us, program, (uint32_t)strtoul(pid, NULL, 10), text);
}

int cpr_journal_read(struct cpr_journal *j, const char *directory, uint64_t since_us)
{
	/* Matches of one field are alternatives. */
	static const char *const wanted[] = {"SYSLOG_IDENTIFIER=dnsmasq-dhcp",
		"SYSLOG_IDENTIFIER=dnsmasq-tftp", "SYSLOG_IDENTIFIER=in.tftpd",
		"SYSLOG_IDENTIFIER=kea-dhcp4"};
	_cleanup_(closep) sd_journal *s = NULL;
	int r = directory ? sd_journal_open_directory(&s, directory, 0)
			  : sd_journal_open(&s, SD_JOURNAL_LOCAL_ONLY);

	for (size_t i = 0; r >= 0 && i < CPR_ARRAY_LEN(wanted); i++)
		r = sd_journal_add_match(s, wanted[i], 0);
	if (r >= 0)
		r = sd_journal_seek_realtime_usec(s, since_us);
	if (r < 0)
		return r;
	while ((r = sd_journal_next(s)) > 0) {
		r = entry(j, s);
		if (r)
			return r;
	}
	return r;
}

int cpr_journal_read_log(
	struct cpr_journal *j, FILE *log, uint64_t since_us, uint64_t now_us)
{
	_cleanup_(cpr_freep) char *line = NULL;
	size_t cap = 0;
	ssize_t len;
	int r = 0;

	while (!r && (len = getline(&line, &cap, log)) >= 0) {
		struct cpr_line_head head;

		line[strcspn(line, "\r\n")] = 0;
		if (!cpr_line_head(line, now_us, &head) || head.time_us < since_us)
			head = (struct cpr_line_head){
				.text = ""}; /* it counts all the same */
		r = cpr_journal_line(j, head.time_us, head.program, head.pid, head.text);
	}
	return r ? r : ferror(log) ? -EIO : 0;
}

static bool ago(const char *text, uint64_t now_us, uint64_t *out)
{
	static const struct {
		char unit;
		uint64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	char *end;
	uint64_t n;

	if (*text != '-' || text[1] < '0' || text[1] > '9')
		return false;
	n = strtoull(text + 1, &end, 10);
	for (size_t i = 0; i < CPR_ARRAY_LEN(units); i++)
		if (end[0] == units[i].unit && !end[1] &&
			n < now_us / second_us / units[i].seconds) {
			*out = now_us - n * units[i].seconds * second_us;
			return true;
		}
	return false;
}

int cpr_since_parse(const char *text, uint64_t now_us, uint64_t *out)
{
	static const char *const forms[] = {
		"%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%H:%M:%S", "%H:%M"};
	time_t now = (time_t)(now_us / second_us);
	struct tm midnight;

	if (ago(text, now_us, out))
		return 0;
	localtime_r(&now, &midnight);
	midnight.tm_hour = midnight.tm_min = midnight.tm_sec = 0;
	midnight.tm_isdst = -1;
	if (strcmp(text, "yesterday") == 0)
		midnight.tm_mday--;
	if (strcmp(text, "yesterday") == 0 || strcmp(text, "today") == 0) {
		*out = (uint64_t)mktime(&midnight) * second_us;
		return 0;
	}
	for (size_t i = 0; i < CPR_ARRAY_LEN(forms); i++) {
		struct tm tm = midnight;
		const char *rest = strptime(text, forms[i], &tm);

		if (!rest || *rest)
			continue;
		*out = (uint64_t)mktime(&tm) * second_us;
		return 0;
	}
	return -EINVAL;
}
