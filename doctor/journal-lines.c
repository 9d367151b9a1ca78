#include "journal-lines.h"

#include "cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	GROUPS = 8, /* of an expression, the whole included */
	WORD = 256,
};

#define MAC "([0-9a-f]{2}(:[0-9a-f]{2}){5})"
#define IP  "([0-9]+\\.[0-9]+\\.[0-9]+\\.[0-9]+)"

/* The forms were read off dnsmasq 2.90, tftpd-hpa 5.2 and Kea 2.2.0.  The numbers say in which
 * group a thing stands; 0: nowhere. */
static const struct row {
	const char *program, *expression;
	enum cpr_line_kind kind;
	uint8_t xid, mac, ip, code, word, file, text;
} rows[] = {
	/* "1816928578 DHCPACK(srv0) 192.0.2.70 02:… SEP02…"; the number with log-dhcp */
	{.program = "dnsmasq-dhcp",
		.expression =
			"^([0-9]+ )?DHCP([A-Z]+)\\([^)]*\\) ([0-9.]+ )?" MAC "( (.*))?$",
		.kind = CPR_LINE_DHCP,
		.xid = 1,
		.word = 2,
		.ip = 3,
		.mac = 4,
		.text = 7},
	{.program = "dnsmasq-dhcp",
		.expression = "^([0-9]+) vendor class: (.*)$",
		.kind = CPR_LINE_VENDOR,
		.xid = 1,
		.text = 2},
	{.program = "dnsmasq-dhcp",
		.expression = "^([0-9]+) sent size: *[0-9]+ option: *([0-9]+) [^ ]* "
			      "+(.*)$",
		.kind = CPR_LINE_OPTION,
		.xid = 1,
		.code = 2,
		.text = 3},
	{.program = "dnsmasq-dhcp",
		.expression = "^([0-9]+) next server: " IP "$",
		.kind = CPR_LINE_SIADDR,
		.xid = 1,
		.ip = 2},
	{.program = "dnsmasq-tftp",
		.expression = "^sent (.*) to " IP "$",
		.kind = CPR_LINE_SENT,
		.file = 1,
		.ip = 2},
	{.program = "dnsmasq-tftp",
		.expression = "^file (.*) not found for " IP "$",
		.kind = CPR_LINE_MISSING,
		.file = 1,
		.ip = 2},
	{.program = "dnsmasq-tftp",
		.expression = "^cannot access (.*): .* for " IP "$",
		.kind = CPR_LINE_DENIED,
		.file = 1,
		.ip = 2},
	{.program = "dnsmasq-tftp",
		.expression = "^failed sending (.*) to " IP "$",
		.kind = CPR_LINE_GIVEN_UP,
		.file = 1,
		.ip = 2},
	{.program = "in.tftpd",
		.expression = "^RRQ from (::ffff:)?" IP " filename ([^ ]+)",
		.kind = CPR_LINE_RRQ,
		.ip = 2,
		.file = 3},
	{.program = "in.tftpd",
		.expression = "^sending NAK \\(([0-9]+), (.*)\\) to (::ffff:)?" IP "$",
		.kind = CPR_LINE_ERROR,
		.code = 1,
		.text = 2,
		.ip = 4},
	{.program = "kea-dhcp4",
		.expression = "DHCP4_LEASE_(ADVERT|OFFER) \\[hwtype=1 " MAC
			      "\\].*tid=(0x[0-9a-f]+): lease " IP,
		.kind = CPR_LINE_OFFER,
		.mac = 2,
		.xid = 4,
		.ip = 5},
	{.program = "kea-dhcp4",
		.expression = "DHCP4_LEASE_ALLOC \\[hwtype=1 " MAC
			      "\\].*tid=(0x[0-9a-f]+): lease " IP,
		.kind = CPR_LINE_ACK,
		.mac = 1,
		.xid = 3,
		.ip = 4},
	{.program = "kea-dhcp4",
		.expression = "ALLOC_ENGINE_V4_ALLOC_FAIL \\[hwtype=1 " MAC
			      "\\].*tid=(0x[0-9a-f]+)",
		.kind = CPR_LINE_NONE,
		.mac = 1,
		.xid = 3},
};

struct cpr_lines {
	regex_t row[CPR_ARRAY_LEN(rows)];
	size_t n; /* of them compiled */
};

int cpr_lines_new(struct cpr_lines **out)
{
	_cleanup_(cpr_lines_freep) struct cpr_lines *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	for (; l->n < CPR_ARRAY_LEN(rows); l->n++)
		if (regcomp(&l->row[l->n], rows[l->n].expression, REG_EXTENDED) != 0)
			return -ENOMEM;
	*out = TAKE_PTR(l);
	return 0;
}

struct cpr_lines *cpr_lines_free(struct cpr_lines *l)
{
	if (!l)
		return NULL;
	for (size_t i = 0; i < l->n; i++)
		regfree(&l->row[i]);
	free(l);
	return NULL;
}

void cpr_lines_freep(struct cpr_lines **l)
{
	*l = cpr_lines_free(*l);
}

static void group(
	const char *text, const regmatch_t *at, unsigned which, char *out, size_t cap)
{
	int len = !which || at[which].rm_so < 0 ? 0 : at[which].rm_eo - at[which].rm_so;

	snprintf(out, cap, "%.*s", len, len ? text + at[which].rm_so : "");
}

static void take(const struct row *row, const char *text, const regmatch_t *at,
	struct cpr_line *out)
{
	char word[WORD];
	uint8_t *m = out->mac;

	*out = (struct cpr_line){.kind = row->kind};
	group(text, at, row->xid, word, sizeof(word));
	out->xid = (uint32_t)strtoul(word, NULL, 0);
	group(text, at, row->code, word, sizeof(word));
	out->code = (uint32_t)strtoul(word, NULL, 10);
	group(text, at, row->mac, word, sizeof(word));
	sscanf(word, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &m[0], &m[1], &m[2], &m[3], &m[4],
		&m[5]);
	group(text, at, row->ip, word, sizeof(word));
	word[strcspn(word, " ")] = 0;
	if (inet_pton(AF_INET, word, &out->ip) != 1)
		out->ip.s_addr = 0;
	group(text, at, row->word, out->word, sizeof(out->word));
	group(text, at, row->text, out->text, sizeof(out->text));
	group(text, at, row->file, word, sizeof(word));
	snprintf(out->file, sizeof(out->file), "%.127s",
		strrchr(word, '/') ? strrchr(word, '/') + 1 : word);
}

bool cpr_line_parse(const struct cpr_lines *l, const char *program, const char *text,
	struct cpr_line *out)
{
	regmatch_t at[GROUPS];

	for (size_t i = 0; i < l->n; i++)
		if (strcmp(rows[i].program, program) == 0 &&
			regexec(&l->row[i], text, GROUPS, at, 0) == 0) {
			take(&rows[i], text, at, out);
			return true;
		}
	return false;
}

/* The local time that stands at the line's beginning in this form, and what follows it. */
static const char *when(const char *line, const char *form, uint64_t now_us, uint64_t *us)
{
	time_t now = (time_t)(now_us / 1000000);
	struct tm tm;
	const char *rest;
	time_t t;

	localtime_r(&now, &tm);
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	rest = strptime(line, form, &tm);
	if (!rest)
		return NULL;
	tm.tm_isdst = -1;
	t = mktime(&tm);
	/* syslog names no year: a date of the future is last year's */
	if (!strstr(form, "%Y") && t > now + 86400) {
		tm.tm_year--;
		tm.tm_isdst = -1;
		t = mktime(&tm);
	}
	*us = t > 0 ? (uint64_t)t * 1000000 : 0;
	return rest;
}

/* "in.tftpd[52]: text", behind a host's name or not. */
static bool tagged(const char *s, struct cpr_line_head *out)
{
	for (int word = 0; word < 2; word++) {
		size_t len = strcspn(s, " [:");

		if (len && len < sizeof(out->program) &&
			(s[len] == '[' || s[len] == ':')) {
			char *end = (char *)s + len;

			memcpy(out->program, s, len);
			out->program[len] = 0;
			if (*end == '[')
				out->pid = (uint32_t)strtoul(end + 1, &end, 10);
			end += *end == ']';
			if (end[0] == ':' && end[1] == ' ') {
				out->text = end + 2;
				return true;
			}
			return false;
		}
		s += len;
		s += strspn(s, " ");
	}
	return false;
}

bool cpr_line_head(const char *line, uint64_t now_us, struct cpr_line_head *out)
{
	const char *rest;

	*out = (struct cpr_line_head){0};
	if (*line == '<') /* a priority, as programs send it to syslog */
		line += strcspn(line, ">") + (strchr(line, '>') != NULL);
	rest = when(line, "%b %d %H:%M:%S", now_us, &out->time_us);
	if (!rest)
		rest = when(line, "%Y-%m-%dT%H:%M:%S", now_us, &out->time_us);
	if (rest) {
		rest += strcspn(rest, " "); /* fractions, zone */
		return tagged(rest + strspn(rest, " "), out);
	}
	rest = when(line, "%Y-%m-%d %H:%M:%S", now_us, &out->time_us);
	if (!rest || !strstr(rest, "[kea-dhcp4."))
		return false;
	snprintf(out->program, sizeof(out->program), "kea-dhcp4");
	out->text = rest;
	return true;
}
