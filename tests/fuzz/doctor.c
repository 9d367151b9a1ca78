#include "buf.h"
#include "capture.h"
#include "cleanup.h"
#include "engine/decode.h"
#include "engine/facts.h"
#include "errors.h"
#include "fuzz/fuzz.h"
#include "journal-read.h"
#include "journal.h"
#include "mask.h"
#include "report-html.h"
#include "report.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* 2026-11-22 12:00 UTC: from it a log's year follows */
#define NOON UINT64_C(1795348800000000)

enum {
	PHONES = 200, /* few, so that their table overflows, too */
	STORY = 60,
};

#define must(what) ((what) ? (void)0 : broken(#what, __LINE__))

static void broken(const char *what, int line)
{
	fprintf(stderr, "fuzz: doctor.c:%d: not so: %s\n", line, what);
	abort();
}

typedef int report(const struct cpr_doctor *d, const struct cpr_paper *paper);

static int page(const struct cpr_doctor *d, const struct cpr_paper *paper)
{
	return cpr_report_html(d, "a <capture> of 10.0.0.1", paper);
}

/* The report's text; the caller's. */
static char *reported(const struct cpr_doctor *d, report *how, struct cpr_mask *mask)
{
	struct cpr_paper paper = {.mask = mask};
	char *text = NULL;
	size_t len = 0;

	paper.out = open_memstream(&text, &len);
	must(paper.out);
	must(how(d, &paper) == 0);
	must(fclose(paper.out) == 0);
	/* no NUL, and nothing that a terminal obeys */
	must(strcspn(text, "\1\2\3\4\5\6\7\b\v\f\r\16\17\20\21\22\23\24\25\26\27\30\31"
			   "\32\33\34\35\36\37\177") == len);
	return text;
}

/* last: the highest number that a packet had */
static void look(const struct cpr_doctor *d, uint64_t last)
{
	for (size_t i = 0; i < d->phone_n; i++) {
		const struct cpr_doctor_phone *p = d->phone[i];
		_cleanup_(cpr_verdicts_clear) struct cpr_verdicts found = {0};

		cpr_doctor_judge(d, p, &found);
		must(!found.failed);
		for (size_t k = 0; k < found.n; k++) {
			must(found.row[k].frame_n > 0);
			must(found.row[k].frame[0] > 0);
			for (size_t m = 1; m < found.row[k].frame_n; m++)
				must(found.row[k].frame[m - 1] < found.row[k].frame[m]);
			must(found.row[k].frame[found.row[k].frame_n - 1] <= last);
		}
		must(p->dhcp.answer_n <= CPR_DOCTOR_ANSWERS);
		must(p->file_n <= CPR_DOCTOR_FILES);
		must(p->call_n <= CPR_DOCTOR_CALLS);
		must(p->story_n <= STORY);
	}
	must(d->phone_n <= PHONES);
	must(d->server_n <= CPR_DOCTOR_SERVERS);
}

static void report_plain(const struct cpr_doctor *d)
{
	_cleanup_(cpr_freep) char *text = reported(d, cpr_report_text, NULL);
	_cleanup_(cpr_freep) char *json = reported(d, cpr_report_json, NULL);
	_cleanup_(cpr_freep) char *html = reported(d, page, NULL);
	json_t *tree = json_loads(json, 0, NULL);

	must(*text);
	must(tree);
	must(json_array_size(json_object_get(tree, "phones")) == cpr_doctor_phones(d));
	json_decref(tree);
	must(!strstr(html, "<script") && strstr(html, "</html>"));
}

static void report_masked(const struct cpr_doctor *d, bool html)
{
	_cleanup_(cpr_mask_freep) struct cpr_mask *mask = NULL;
	_cleanup_(cpr_freep) char *text = NULL;
	json_t *tree;

	must(cpr_mask_new(&mask) == 0);
	must(cpr_report_hide(d, mask) == 0);
	text = reported(d, html ? page : cpr_report_json, mask);
	if (html) {
		must(strstr(text, "</html>"));
		return;
	}
	tree = json_loads(text, 0, NULL);
	must(tree);
	json_decref(tree);
}

/* Masking costs more than all else, so of many phones one report in four is enough. */
static void report_all(const struct cpr_doctor *d)
{
	uint64_t which = d->now_us % 4;

	report_plain(d);
	if (which == 0 || d->phone_n < 4)
		report_masked(d, true);
	if (which == 1 || d->phone_n < 4)
		report_masked(d, false);
}

static int file_of(const uint8_t *bytes, size_t len)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	must(fd >= 0);
	must(!len || write(fd, bytes, len) == (ssize_t)len);
	must(lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

static void new_doctor(struct cpr_doctor **d)
{
	must(cpr_doctor_new(d, &(struct cpr_doctor_config){
				       .phones_max = PHONES, .story_max = STORY}) == 0);
}

void fuzz_capture(const uint8_t *bytes, size_t len)
{
	_cleanup_(cpr_capture_freep) struct cpr_capture *c = NULL;
	_cleanup_(cpr_decoder_freep) struct cpr_decoder *decoder = NULL;
	_cleanup_(cpr_doctor_freep) struct cpr_doctor *d = NULL;
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	_cleanup_(cpr_closep) int fd = file_of(bytes, len);
	struct cpr_captured captured;
	struct cpr_packet packet;
	char name[32], *names[] = {name};
	int r;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	must(cpr_capture_files(&c, names, 1, &e) == 0);
	must(cpr_decoder_new(&decoder) == 0);
	new_doctor(&d);
	while ((r = cpr_capture_next(c, &captured, &e, &e)) == 1) {
		cpr_decode(decoder, &captured, &packet);
		(void)cpr_doctor_feed(d, &packet);
		if (captured.number % 256 == 0)
			look(d, captured.number);
	}
	must(r == 0);
	cpr_doctor_lost(d, len % 2);
	cpr_doctor_tick(d, 0);
	look(d, d->packets);
	report_all(d);
}

void fuzz_log(const uint8_t *bytes, size_t len)
{
	_cleanup_(cpr_journal_freep) struct cpr_journal *j = NULL;
	_cleanup_(cpr_doctor_freep) struct cpr_doctor *d = NULL;
	_cleanup_(cpr_fclosep) FILE *f = fdopen(file_of(bytes, len), "re");
	_cleanup_(cpr_buf_free) struct cpr_buf limits = {0};

	must(f);
	new_doctor(&d);
	must(cpr_journal_new(&j, d) == 0);
	must(cpr_journal_read_log(j, f, 0, NOON) == 0);
	cpr_journal_judge(j);
	cpr_journal_limits(j, &limits);
	must(!limits.failed);
	look(d, CPR_JOURNAL_LINES);
	report_all(d);
}
