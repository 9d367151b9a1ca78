/* doctor/capture.c on real captures, and on those cut behind any byte: what is there is read, and
 * nothing is found in it that the whole one does not show. */
#include "capture.h"
#include "cleanup.h"
#include "engine/decode.h"
#include "engine/facts.h"
#include "errors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#define FOLDER "tests/captures/" /* tests run in the tree's own folder */

/* Faults by phone; a phone is known by its MAC, or else its address. */
struct seen {
	uint64_t packets;
	size_t n;
	struct {
		uint8_t mac[6];
		struct in_addr ip;
		uint32_t faults;
	} phone[16];
};

static uint32_t faults_of(const struct cpr_doctor *d, const struct cpr_doctor_phone *p)
{
	_cleanup_(cpr_verdicts_clear) struct cpr_verdicts found = {0};
	uint32_t faults = 0;

	cpr_doctor_judge(d, p, &found);
	assert_false(found.failed);
	for (size_t i = 0; i < found.n; i++)
		faults |= UINT32_C(1) << found.row[i].id;
	return faults;
}

static void look(struct cpr_doctor *d, struct seen *out)
{
	cpr_doctor_tick(d, 0);
	out->packets = d->packets;
	out->n = cpr_doctor_phones(d);
	assert_true(out->n <= CPR_ARRAY_LEN(out->phone));
	for (size_t i = 0; i < out->n; i++) {
		const struct cpr_doctor_phone *p = cpr_doctor_phone(d, i);

		memcpy(out->phone[i].mac, p->mac, 6);
		out->phone[i].ip = p->ip;
		out->phone[i].faults = faults_of(d, p);
	}
}

/* What is wrong with the file goes to notes and e. */
static int read_all(const char *path, struct cpr_errors *notes, struct cpr_errors *e,
	struct seen *out)
{
	_cleanup_(cpr_capture_freep) struct cpr_capture *c = NULL;
	_cleanup_(cpr_decoder_freep) struct cpr_decoder *decoder = NULL;
	_cleanup_(cpr_doctor_freep) struct cpr_doctor *d = NULL;
	struct cpr_captured captured;
	struct cpr_packet packet;
	int r = cpr_capture_files(&c, (char *const[]){(char *)path}, 1, e);

	*out = (struct seen){0};
	if (r < 0)
		return r;
	assert_int_equal(cpr_decoder_new(&decoder), 0);
	assert_int_equal(cpr_doctor_new(&d, &(struct cpr_doctor_config){0}), 0);
	while ((r = cpr_capture_next(c, &captured, notes, e)) == 1) {
		cpr_decode(decoder, &captured, &packet);
		(void)cpr_doctor_feed(d, &packet);
	}
	look(d, out);
	return r < 0 ? r : 0;
}

static uint32_t faults_in(const struct seen *s, const uint8_t mac[6], struct in_addr ip)
{
	static const uint8_t none[6];
	bool known = memcmp(mac, none, 6) != 0;
	uint32_t faults = 0;

	for (size_t i = 0; i < s->n; i++)
		if (known ? memcmp(s->phone[i].mac, mac, 6) == 0
			  : s->phone[i].ip.s_addr == ip.s_addr)
			faults |= s->phone[i].faults;
	return faults;
}

/* No phone of the part has a fault that it does not have in the whole.  How many do. */
static unsigned compare(
	const char *name, const struct seen *part, const struct seen *whole)
{
	unsigned n = 0;

	for (size_t i = 0; i < part->n; i++) {
		uint32_t more = part->phone[i].faults &
				~faults_in(whole, part->phone[i].mac, part->phone[i].ip);

		for (unsigned id = 0; id < CPR_FAULT_N; id++) {
			if (!(more >> id & 1))
				continue;
			print_message("# %s: the first %ju packets show %s, all %ju do "
				      "not\n",
				name, (uintmax_t)part->packets, cpr_faults[id].name,
				(uintmax_t)whole->packets);
			n++;
		}
	}
	return n;
}

/* The bytes of a file, in memory and under a name that can be opened again. */
static int copy_of(const char *path, char name[32])
{
	_cleanup_(cpr_fclosep) FILE *f = fopen(path, "re");
	int fd = memfd_create("capture", MFD_CLOEXEC);
	char bytes[4096];
	size_t n;

	assert_true(f && fd >= 0);
	while ((n = fread(bytes, 1, sizeof(bytes), f)) > 0)
		assert_int_equal(write(fd, bytes, n), n);
	snprintf(name, 32, "/proc/self/fd/%d", fd);
	return fd;
}

/* Cut behind any byte: to the last whole packet it is read, and it is said that it was cut. */
static void cut_bytes(void **state)
{
	static const char *const rows[] = {"healthy-boot", "dhcp-no-tftp-server"};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		_cleanup_(cpr_freep) char *path = NULL;
		_cleanup_(cpr_closep) int fd = -1;
		struct seen whole, part = {.packets = UINT64_MAX};
		uint64_t packets, clean = 0;
		char name[32];

		assert_true(asprintf(&path, FOLDER "%s.pcap", rows[i]) > 0);
		fd = copy_of(path, name);
		assert_int_equal(read_all(name, NULL, NULL, &whole), 0);
		assert_true(whole.packets > 10);
		for (off_t len = lseek(fd, 0, SEEK_END); len-- > 0;) {
			_cleanup_(cpr_errors_clear) struct cpr_errors notes = {0},
								      e = {0};

			packets = part.packets;
			assert_int_equal(ftruncate(fd, len), 0);
			assert_int_equal(read_all(name, &notes, &e, &part), 0);
			assert_int_equal(compare(rows[i], &part, &whole), 0);
			/* the head has 24 bytes */
			assert_int_equal(e.n, len < 24);
			assert_true(part.packets <= packets);
			assert_true(notes.n <= 1);
			clean += len >= 24 && notes.n == 0;
		}
		/* between two packets it cannot be known */
		assert_int_equal(clean, whole.packets);
		assert_int_equal(part.packets, 0);
	}
}

static void progress(void **state)
{
	_cleanup_(cpr_capture_freep) struct cpr_capture *c = NULL;
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	char *names[] = {
		(char *)FOLDER "healthy-boot.pcap", (char *)FOLDER "dhcp-no-offer.pcap"};
	uint64_t done, total, first = 0, number = 0;
	struct cpr_captured k;

	(void)state;
	assert_int_equal(cpr_capture_files(&c, names, 2, &e), 0);
	cpr_capture_progress(c, &done, &total);
	assert_int_equal(done, 0);
	assert_true(total > 5000);
	assert_int_equal(cpr_capture_fd(c), -1);
	while (cpr_capture_next(c, &k, &e, &e) == 1) {
		assert_int_equal(k.number, ++number);
		cpr_capture_progress(c, &done, &total);
		assert_true(done >= first && done <= total);
		first = done;
	}
	cpr_capture_progress(c, &done, &total);
	assert_int_equal(done, total);
	assert_int_equal(cpr_capture_next(c, &k, &e, &e), 0);
	assert_int_equal(cpr_capture_lost(c), 0);
	assert_false(cpr_capture_invalid(c));
	assert_int_equal(e.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_bytes),
		cmocka_unit_test(progress),
	};

	return cmocka_run_group_tests_name("capture", tests, NULL, NULL);
}
