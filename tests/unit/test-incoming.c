/* tftp-helper/incoming: what is taken when, with a clock of the test's own; spool: where it
 * goes. */
#include "cleanup.h"
#include "event.h"
#include "incoming.h"
#include "remove.h"
#include "spool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	SETTLE = 1000
};

static char top[64];
static int folder;

static int setup(void **state)
{
	(void)state;
	strcpy(top, "/tmp/test-incoming-XXXXXX");
	assert_non_null(mkdtemp(top));
	folder = open(top, O_RDONLY | O_DIRECTORY);
	return folder < 0;
}

static int teardown(void **state)
{
	(void)state;
	cpr_remove_tree(AT_FDCWD, top);
	close(folder);
	return 0;
}

static void put(const char *name, const char *text)
{
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void watch(void *owner, const char *path)
{
	char *all = owner;

	strcat(strcat(all, path), " ");
}

static char watched[1000];

static void scan(struct cpr_incoming *in, int64_t now)
{
	watched[0] = 0;
	assert_int_equal(cpr_incoming_scan(in, folder, now, watch, watched), 0);
}

static const char *next(struct cpr_incoming *in, int64_t now)
{
	struct cpr_arrival *a = cpr_incoming_next(in, now, SETTLE);

	return a ? a->name : "";
}

static void names_in_flight(void **state)
{
	static const struct {
		const char *name;
		bool expected;
	} rows[] = {
		{".p.zip.Xa82kL", true}, /* rsync */
		{".p.zip.swp", true},
		{"p.zip.part", true},
		{"p.zip.filepart", true},
		{"p.zip.crdownload", true},
		{"p.zip~", true},
		{"p.zip.tmp", true},
		{"p.zip", false},
		{"part", false},
		{"~", false},
		{"term61.default.loads", false},
		{"cmterm-7941_7961-sccp.9-4-2SR3-1.zip", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (cpr_name_in_flight(rows[i].name) != rows[i].expected)
			fail_msg("%s", rows[i].name);
}

static void rest_is_counted_from_the_last_change(void **state)
{
	struct cpr_incoming in = {0};

	(void)state;
	put("p.zip", "one");
	scan(&in, 5000);
	assert_string_equal(next(&in, 5999), "");
	assert_int_equal(cpr_incoming_due(&in, 5999, SETTLE), 1);
	put("p.zip", "longer");
	scan(&in, 6000);
	assert_string_equal(next(&in, 6999), "");
	scan(&in, 7000);
	assert_string_equal(next(&in, 7000), "p.zip");
	assert_int_equal(cpr_incoming_due(&in, 7000, SETTLE), 0);
	unlinkat(folder, "p.zip", 0);
	scan(&in, 8000);
	assert_int_equal(in.n, 0);
	assert_int_equal(cpr_incoming_due(&in, 8000, SETTLE), -1);
	cpr_incoming_clear(&in);
}

/* The same size and mtime, as cp -p and rsync -t leave them. */
static void other_bytes_with_the_old_time_are_seen(void **state)
{
	struct cpr_incoming in = {0};
	struct stat st;

	(void)state;
	put("p.zip", "aaa");
	assert_int_equal(fstatat(folder, "p.zip", &st, 0), 0);
	scan(&in, 5000);
	usleep(20000); /* the kernel's clock for ctimes ticks every few ms */
	put("p.zip", "bbb");
	utimensat(folder, "p.zip", (struct timespec[]){st.st_atim, st.st_mtim}, 0);
	scan(&in, 6000);
	assert_string_equal(next(&in, 6500), "");
	cpr_incoming_clear(&in);
}

static void deferred_until_it_changes(void **state)
{
	struct cpr_incoming in = {0};

	(void)state;
	put("p.zip", "half");
	scan(&in, 1000);
	cpr_arrival_defer(cpr_incoming_next(&in, 2000, SETTLE), 60000, "ends early");
	assert_string_equal(next(&in, 59999), "");
	assert_string_equal(next(&in, 60000), "p.zip");
	put("p.zip", "whole now");
	scan(&in, 10000);
	assert_null(in.arrival[0].why);
	assert_string_equal(next(&in, 11000), "p.zip");
	cpr_incoming_forget(&in, &in.arrival[0]);
	assert_int_equal(in.n, 0);
	cpr_incoming_clear(&in);
}

static void folders_count_as_a_whole(void **state)
{
	struct cpr_incoming in = {0};

	(void)state;
	mkdirat(folder, "d", 0755);
	mkdirat(folder, "d/e", 0755);
	put("d/e/a.sbn", "a");
	scan(&in, 1000);
	assert_string_equal(watched, " d d/e ");
	assert_true(in.arrival[0].folder);
	put("d/e/b.sbn", "b");
	scan(&in, 1500);
	assert_string_equal(next(&in, 2400), "");
	assert_string_equal(next(&in, 2500), "d");
	put("d/e/c.sbn.part", "c");
	scan(&in, 3000);
	assert_true(in.arrival[0].busy);
	assert_string_equal(next(&in, 9000), "");
	cpr_incoming_clear(&in);
}

static void a_file_open_for_writing_is_busy(void **state)
{
	struct cpr_incoming in = {0};
	int writer;

	(void)state;
	put("p.zip", "half");
	writer = openat(folder, "p.zip", O_WRONLY);
	scan(&in, 1000);
	assert_true(in.arrival[0].busy);
	assert_string_equal(next(&in, 90000), "");
	close(writer);
	scan(&in, 2000);
	assert_false(in.arrival[0].busy);
	assert_string_equal(next(&in, 2000), "p.zip");
	cpr_incoming_clear(&in);
}

static void links_and_pipes_are_neither(void **state)
{
	struct cpr_incoming in = {0};

	(void)state;
	assert_int_equal(symlinkat("/etc/passwd", folder, "link"), 0);
	assert_int_equal(mkfifoat(folder, "pipe", 0600), 0);
	scan(&in, 1000);
	assert_int_equal(in.n, 2);
	assert_true(in.arrival[0].other && in.arrival[1].other);
	cpr_incoming_clear(&in);
}

static void lists_come_last(void **state)
{
	struct cpr_incoming in = {0};
	static const char *const order[] = {
		"apps.sbn", "jar.sbn", "SCCP41.loads", "term61.default.loads"};

	(void)state;
	for (size_t i = 0; i < 4; i++)
		put(order[3 - i], "x");
	scan(&in, 1000);
	for (size_t i = 0; i < 4; i++) {
		assert_string_equal(next(&in, 5000), order[i]);
		cpr_incoming_forget(&in, cpr_incoming_next(&in, 5000, SETTLE));
	}
	cpr_incoming_clear(&in);
}

static void what_was_never_looked_at_goes_first(void **state)
{
	struct cpr_incoming in = {0};

	(void)state;
	put("a.zip", "half");
	put("b.zip", "whole");
	scan(&in, 1000);
	assert_string_equal(next(&in, 2000), "a.zip");
	cpr_arrival_defer(cpr_incoming_next(&in, 2000, SETTLE), 2000, "ends early");
	assert_string_equal(next(&in, 2000), "b.zip");
	cpr_incoming_forget(&in, cpr_incoming_next(&in, 2000, SETTLE));
	assert_string_equal(next(&in, 2000), "a.zip");
	cpr_incoming_clear(&in);
}

static bool there(const char *path)
{
	struct stat st;

	return fstatat(folder, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

#define SPOOL "var/lib/phone-cpr/"

static void spool_open(struct cpr_spool *s)
{
	mkdirat(folder, "var", 0755);
	mkdirat(folder, "var/lib", 0755);
	mkdirat(folder, "var/lib/phone-cpr", 0755);
	assert_int_equal(cpr_spool_open(top, s, NULL), 0);
}

static void the_newest_are_kept(void **state)
{
	_cleanup_(cpr_spool_close) struct cpr_spool s;
	char one[] = "one", two[] = "two", *reason[] = {one, two};
	char name[64], text[64] = "";
	int fd;

	(void)state;
	spool_open(&s);
	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), SPOOL "incoming/%d.zip", i);
		put(name, "x");
		usleep(20000);
		assert_int_equal(cpr_spool_accept(&s, strrchr(name, '/') + 1, 2), 0);
	}
	assert_false(there(SPOOL "accepted/0.zip"));
	assert_false(there(SPOOL "accepted/1.zip"));
	assert_true(there(SPOOL "accepted/2.zip"));
	assert_true(there(SPOOL "accepted/3.zip"));
	for (int i = 0; i < 3; i++) {
		put(SPOOL "incoming/p.zip", "x");
		usleep(20000);
		assert_int_equal(cpr_spool_refuse(&s, "p.zip", reason, 2, 2), 0);
	}
	assert_false(there(SPOOL "quarantine/p.zip"));
	assert_false(there(SPOOL "quarantine/p.zip.reason"));
	assert_true(there(SPOOL "quarantine/p.zip.2"));
	fd = openat(folder, SPOOL "quarantine/p.zip.2.reason", O_RDONLY);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	assert_string_equal(text, "one\ntwo\n");
}

static void one_at_a_time(void **state)
{
	_cleanup_(cpr_spool_close) struct cpr_spool s, second;

	(void)state;
	spool_open(&s);
	assert_int_equal(cpr_spool_open(top, &second, NULL), -EBUSY);
}

static void event_ids_are_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < CPR_EVENTS; i++) {
		assert_int_equal(strlen(cpr_events[i].id), 32);
		assert_int_equal(strspn(cpr_events[i].id, "0123456789abcdef"), 32);
		assert_true(strlen(cpr_events[i].why) > 20);
		for (size_t k = 0; k < i; k++) {
			assert_string_not_equal(cpr_events[i].id, cpr_events[k].id);
			assert_string_not_equal(cpr_events[i].name, cpr_events[k].name);
		}
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_in_flight),
		TEST(rest_is_counted_from_the_last_change),
		TEST(other_bytes_with_the_old_time_are_seen),
		TEST(deferred_until_it_changes),
		TEST(folders_count_as_a_whole),
		TEST(a_file_open_for_writing_is_busy),
		TEST(links_and_pipes_are_neither),
		TEST(lists_come_last),
		TEST(what_was_never_looked_at_goes_first),
		TEST(the_newest_are_kept),
		TEST(one_at_a_time),
		cmocka_unit_test(event_ids_are_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
