#include "buf.h"
#include "cleanup.h"
#include "engine/facts.h"
#include "journal-lines.h"
#include "journal-read.h"
#include "journal.h"
#include "models.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* Sun Nov 22 2026, 12:00 of whatever zone the test runs in */
static uint64_t noon(void)
{
	struct tm tm = {.tm_year = 126,
		.tm_mon = 10,
		.tm_mday = 22,
		.tm_hour = 12,
		.tm_isdst = -1};

	return (uint64_t)mktime(&tm) * 1000000;
}

static void heads(void **state)
{
	static const struct {
		const char *line, *program, *text;
		uint32_t pid;
		int64_t ago_s; /* before noon; -1: not looked at */
	} rows[] = {
		{"Nov 22 11:59:00 gw dnsmasq-dhcp[28]: DHCPACK x", "dnsmasq-dhcp",
			"DHCPACK x", 28, 60},
		{"Nov 22 11:59:00 dnsmasq-dhcp[28]: DHCPACK x", "dnsmasq-dhcp",
			"DHCPACK x", 28, 60},
		{"Dec  1 12:00:00 gw in.tftpd: RRQ", "in.tftpd", "RRQ", 0,
			(365 - 9) * 86400},
		{"2026-11-22T11:59:59.123456+00:00 gw in.tftpd[7]: RRQ", "in.tftpd",
			"RRQ", 7, 1},
		{"2026-11-22 11:59:58.123 INFO  [kea-dhcp4.leases/9.140] DHCP4_X",
			"kea-dhcp4", ".123 INFO  [kea-dhcp4.leases/9.140] DHCP4_X", 0, 2},
		{"<29>Nov 22 11:59:00 in.tftpd[28]: RRQ", "in.tftpd", "RRQ", 28, 60},
		{"<29", NULL, NULL, 0, -1},
		{"dnsmasq-tftp[28]: sent x", NULL, NULL, 0, -1},
		{"", NULL, NULL, 0, -1},
		{"Nov 22 11:59:00", NULL, NULL, 0, -1},
	};
	(void)state;

	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		struct cpr_line_head head;

		if (!rows[i].program) {
			assert_false(cpr_line_head(rows[i].line, noon(), &head));
			continue;
		}
		assert_true(cpr_line_head(rows[i].line, noon(), &head));
		assert_string_equal(head.program, rows[i].program);
		assert_string_equal(head.text, rows[i].text);
		assert_int_equal(head.pid, rows[i].pid);
		assert_int_equal(
			head.time_us, noon() - (uint64_t)rows[i].ago_s * 1000000);
	}
}

static void since(void **state)
{
	static const struct {
		const char *text;
		int64_t ago_s; /* -1: refused */
	} rows[] = {{"-30m", 1800}, {"-1h", 3600}, {"-2d", 172800}, {"today", 43200},
		{"yesterday", 129600}, {"11:59", 60}, {"11:59:30", 30},
		{"2026-11-22 11:00", 3600}, {"2026-11-22", 43200}, {"", -1}, {"now", -1},
		{"-1", -1}, {"--1h", -1}, {"2026-11-22 x", -1},
		{"-99999999999999999999d", -1}};
	(void)state;

	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		uint64_t got = 0;
		int r = cpr_since_parse(rows[i].text, noon(), &got);

		assert_int_equal(r, rows[i].ago_s < 0 ? -EINVAL : 0);
		if (!r)
			assert_int_equal(got, noon() - (uint64_t)rows[i].ago_s * 1000000);
	}
}

static void lines(void **state)
{
	static const struct {
		const char *program, *text;
		int kind; /* -1: tells nothing */
		uint32_t xid, code;
		const char *ip, *word, *file;
	} rows[] = {
		{"dnsmasq-dhcp", "382312092 DHCPDISCOVER(srv0) 02:1b:54:00:00:01 ",
			CPR_LINE_DHCP, 382312092, 0, "0.0.0.0", "DISCOVER", ""},
		{"dnsmasq-dhcp",
			"DHCPACK(eth0) 192.0.2.70 02:1b:54:00:00:01 SEP021B54000001",
			CPR_LINE_DHCP, 0, 0, "192.0.2.70", "ACK", ""},
		{"dnsmasq-dhcp", "7 vendor class: Cisco Systems, Inc. IP Phone CP-7961G",
			CPR_LINE_VENDOR, 7, 0, "0.0.0.0", "", ""},
		{"dnsmasq-dhcp",
			"7 sent size:  4 option:150 tftp-server-address  192.0.2.1",
			CPR_LINE_OPTION, 7, 150, "0.0.0.0", "", ""},
		{"dnsmasq-dhcp", "7 next server: 192.0.2.1", CPR_LINE_SIADDR, 7, 0,
			"192.0.2.1", "", ""},
		{"dnsmasq-dhcp", "DHCP, IP range 192.0.2.50 -- 192.0.2.99", -1, 0, 0,
			NULL, NULL, NULL},
		{"dnsmasq-tftp", "sent /srv/tftp/term61.default.loads to 192.0.2.70",
			CPR_LINE_SENT, 0, 0, "192.0.2.70", "", "term61.default.loads"},
		{"dnsmasq-tftp", "file /srv/tftp/ITLFile.tlv not found for 192.0.2.70",
			CPR_LINE_MISSING, 0, 0, "192.0.2.70", "", "ITLFile.tlv"},
		{"in.tftpd", "RRQ from ::ffff:192.0.2.72 filename /XMLDefault.cnf.xml",
			CPR_LINE_RRQ, 0, 0, "192.0.2.72", "", "XMLDefault.cnf.xml"},
		{"in.tftpd", "sending NAK (1, File not found) to 192.0.2.72",
			CPR_LINE_ERROR, 0, 1, "192.0.2.72", "", ""},
		{"kea-dhcp4",
			"INFO DHCP4_LEASE_ALLOC [hwtype=1 02:1b:54:00:00:01], cid=[no "
			"info], tid=0x10: lease 192.0.2.9 has been allocated for 600 "
			"seconds",
			CPR_LINE_ACK, 16, 0, "192.0.2.9", "", ""},
		{"in.tftpd", "sent /srv/tftp/x to 192.0.2.70", -1, 0, 0, NULL, NULL,
			NULL},
	};
	_cleanup_(cpr_lines_freep) struct cpr_lines *l = NULL;
	(void)state;

	assert_int_equal(cpr_lines_new(&l), 0);
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		struct cpr_line line;
		char ip[INET_ADDRSTRLEN];

		assert_int_equal(cpr_line_parse(l, rows[i].program, rows[i].text, &line),
			rows[i].kind >= 0);
		if (rows[i].kind < 0)
			continue;
		inet_ntop(AF_INET, &line.ip, ip, sizeof(ip));
		assert_int_equal(line.kind, rows[i].kind);
		assert_int_equal(line.xid, rows[i].xid);
		assert_int_equal(line.code, rows[i].code);
		assert_string_equal(ip, rows[i].ip);
		assert_string_equal(line.word, rows[i].word);
		assert_string_equal(line.file, rows[i].file);
	}
}

/* A story as dnsmasq logs it, one line a second, and the faults it comes down to. */
struct story {
	const char *name, *program;
	const char *line[40];
	enum cpr_fault_id fault; /* CPR_FAULT_N: none */
	enum cpr_stage stage;
	const char *model; /* NULL: no phone at all */
};

#define PHONE "02:1b:54:00:00:01"
static const struct story stories[] = {
	{"a line alone says nothing", "dnsmasq-dhcp", {"DHCPDISCOVER(srv0) " PHONE " "},
		CPR_FAULT_N, CPR_STAGE_DARK, NULL},
	{"no options are logged, so none is missed", "dnsmasq-dhcp",
		{"DHCPDISCOVER(srv0) " PHONE " ", "DHCPOFFER(srv0) 192.0.2.70 " PHONE " ",
			"DHCPREQUEST(srv0) 192.0.2.70 " PHONE " ",
			"DHCPACK(srv0) 192.0.2.70 " PHONE " SEP021B54000001"},
		CPR_FAULT_N, CPR_STAGE_DHCP, ""},
	{"with log-dhcp a missing option 150 is seen", "dnsmasq-dhcp",
		{"7 vendor class: Cisco Systems, Inc. IP Phone CP-7961G",
			"7 DHCPDISCOVER(srv0) " PHONE " ",
			"7 DHCPOFFER(srv0) 192.0.2.70 " PHONE " ",
			"7 sent size:  4 option: 54 server-identifier  192.0.2.1",
			"7 DHCPREQUEST(srv0) 192.0.2.70 " PHONE " ",
			"7 DHCPACK(srv0) 192.0.2.70 " PHONE " SEP021B54000001",
			"7 sent size:  4 option: 54 server-identifier  192.0.2.1",
			"8 DHCPDISCOVER(srv0) " PHONE " ",
			"8 DHCPOFFER(srv0) 192.0.2.70 " PHONE " ",
			"8 sent size:  4 option: 54 server-identifier  192.0.2.1",
			"8 DHCPREQUEST(srv0) 192.0.2.70 " PHONE " ",
			"8 DHCPACK(srv0) 192.0.2.70 " PHONE " SEP021B54000001",
			"8 sent size:  4 option: 54 server-identifier  192.0.2.1"},
		CPR_FAULT_DHCP_NO_TFTP_SERVER, CPR_STAGE_DHCP, "7961"},
};

static void judges(void **state)
{
	(void)state;

	for (size_t i = 0; i < CPR_ARRAY_LEN(stories); i++) {
		const struct story *s = &stories[i];
		_cleanup_(cpr_doctor_freep) struct cpr_doctor *d = NULL;
		_cleanup_(cpr_journal_freep) struct cpr_journal *j = NULL;
		_cleanup_(cpr_verdicts_clear) struct cpr_verdicts v = {0};
		const struct cpr_doctor_phone *p;

		print_message("%s\n", s->name);
		assert_int_equal(cpr_doctor_new(&d, &(struct cpr_doctor_config){0}), 0);
		assert_int_equal(cpr_journal_new(&j, d), 0);
		for (size_t k = 0; s->line[k]; k++)
			assert_int_equal(cpr_journal_line(j, noon() + k * 1000000,
						 s->program, 28, s->line[k]),
				0);
		cpr_journal_judge(j);
		assert_int_equal(cpr_doctor_phones(d), s->model != NULL);
		if (!s->model)
			continue;
		p = cpr_doctor_phone(d, 0);
		assert_string_equal(p->model ? p->model->model : "", s->model);
		assert_int_equal(p->stage, s->stage);
		cpr_doctor_judge(d, p, &v);
		assert_int_equal(v.n, s->fault != CPR_FAULT_N);
		if (v.n)
			assert_int_equal(v.row[0].id, s->fault);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads),
		cmocka_unit_test(since),
		cmocka_unit_test(lines),
		cmocka_unit_test(judges),
	};

	return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
