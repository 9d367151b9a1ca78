/* lib/cli/bars.c against a pseudo terminal. */
#include "cleanup.h"
#include "cli/bars.h"
#include "terminal.h"

#include <stdio.h>

/* A bar is redrawn at once only when its label is new or it is full: 80 ms are for others. */
static void wait_for_redraw(void)
{
	usleep(100000);
}

static void live_lines_stand_below_those_that_stay(void **state)
{
	_cleanup_(close_screen) struct screen s;
	_cleanup_(cpr_bars_freep) struct cpr_bars *b = NULL;

	(void)state;
	open_screen(&s, 10, 80);
	assert_int_equal(cpr_bars_new(&b, s.tty), 0);
	cpr_bars_line(b, "first");
	cpr_bars_set(b, 7, "one", 0, 200);
	cpr_bars_set(b, 9, "two", 0, 0);
	cpr_bars_line(b, "second\nthird");
	wait_for_redraw();
	cpr_bars_set(b, 7, "one", 100, 200);
	assert_string_equal(text_of(&s),
		"first\nsecond\nthird\n"
		"one                                  [############            ]  50 %\n"
		"two\n");
	cpr_bars_done(b, 7, "ok");
	cpr_bars_set(b, 9, "two", 0, 0);
	wait_for_redraw();
	cpr_bars_set(b, 9, "two", 77, 0);
	assert_string_equal(text_of(&s),
		"first\nsecond\nthird\n"
		"one                                  "
		"[############            ]  50 %  ok\n"
		"two                                  77 bytes\n");
	cpr_bars_drop(b, 9);
	cpr_bars_line(b, "end");
	b = cpr_bars_free(b);
	assert_string_equal(text_of(&s), "first\nsecond\nthird\n"
					 "one                                  "
					 "[############            ]  50 %  ok\n"
					 "end\n");
	assert_int_equal(s.lost, 0);
}

/* A single set is seen at once: nothing may come after it for minutes. */
static void news_is_shown_at_once(void **state)
{
	_cleanup_(close_screen) struct screen s;
	_cleanup_(cpr_bars_freep) struct cpr_bars *b = NULL;

	(void)state;
	open_screen(&s, 10, 80);
	assert_int_equal(cpr_bars_new(&b, s.tty), 0);
	cpr_bars_line(b, "first");
	cpr_bars_set(b, 0, "waiting", 0, 0);
	cpr_bars_set(b, 0, "fetching", 0, 0);
	assert_string_equal(text_of(&s), "first\nfetching\n");
	cpr_bars_set(b, 0, "f", 1, 2);
	cpr_bars_set(b, 0, "f", 2, 2);
	assert_non_null(strstr(text_of(&s), "100 %"));
}

/* More phones than the screen has rows: nothing but what stays may scroll away. */
static void more_than_fit(void **state)
{
	_cleanup_(close_screen) struct screen s;
	_cleanup_(cpr_bars_freep) struct cpr_bars *b = NULL;

	(void)state;
	open_screen(&s, 5, 80);
	assert_int_equal(cpr_bars_new(&b, s.tty), 0);
	cpr_bars_line(b, "first");
	for (unsigned i = 0; i < 4; i++) {
		char label[8];

		snprintf(label, sizeof(label), "p%u", i);
		cpr_bars_set(b, i, label, 0, 0);
	}
	assert_string_equal(text_of(&s), "p0\np1\np2\np3\n");
	assert_int_equal(s.lost, 1);
	cpr_bars_set(b, 4, "p4", 0, 0);
	cpr_bars_set(b, 5, "p5", 0, 0);
	assert_string_equal(text_of(&s), "p0\np1\np2\n... and 3 more\n");
	cpr_bars_line(b, "second");
	cpr_bars_done(b, 1, NULL);
	assert_string_equal(text_of(&s), "p0\np2\np3\n... and 2 more\n");
	assert_int_equal(s.lost, 3);
}

static void narrow(void **state)
{
	static const struct {
		unsigned columns;
		const char *label, *expected;
	} rows[] = {
		{80, "7961 …",
			"7961 ~                               [############            ]  "
			"50 %\n"},
		/* the bar gives way, then the label */
		{60, "7961 …",
			"7961 ~                               [#######       ]  50 %\n"},
		{45, "a label that is longer than its own field",
			"a label that is longer than [####    ]  50 %\n"},
		{26, "7961 and more", "7961 and [####    ]  50 %\n"},
		{20, "7961 and more", "7961 and more\n"},
		{8, "7961 and more", "7961 an\n"},
		{80, "an\033[2Jd \x7f\a more",
			"an?[2Jd ?? more                      [############            ]  "
			"50 %\n"},
	};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		_cleanup_(close_screen) struct screen s;
		_cleanup_(cpr_bars_freep) struct cpr_bars *b = NULL;

		open_screen(&s, 10, rows[i].columns);
		assert_int_equal(cpr_bars_new(&b, s.tty), 0);
		for (int n = 0; n < 3; n++) {
			cpr_bars_set(b, 0, n == 1 ? "another" : rows[i].label, 1, 2);
			refresh(&s);
		}
		assert_string_equal(text_of(&s), rows[i].expected);
	}
}

/* A line longer than the row wipes what live lines had left of its last row. */
static void a_long_line_stays_whole(void **state)
{
	_cleanup_(close_screen) struct screen s;
	_cleanup_(cpr_bars_freep) struct cpr_bars *b = NULL;

	(void)state;
	open_screen(&s, 10, 20);
	assert_int_equal(cpr_bars_new(&b, s.tty), 0);
	cpr_bars_set(b, 0, "zzzzzzzzzzzzzzzzzzz", 0, 0);
	cpr_bars_set(b, 1, "yyyyyyyyyyyyyyyyyyy", 0, 0);
	cpr_bars_line(b, "01234567890123456789abc\033");
	cpr_bars_line(b, "01234567890123456789");
	assert_string_equal(text_of(&s),
		"01234567890123456789\nabc?\n01234567890123456789\n"
		"zzzzzzzzzzzzzzzzzzz\nyyyyyyyyyyyyyyyyyyy\n");
}

/* Of two lines of 59 columns a terminal of 30 has made four rows. */
static void a_screen_that_shrank(void **state)
{
	_cleanup_(close_screen) struct screen s;
	_cleanup_(cpr_bars_freep) struct cpr_bars *b = NULL;
	struct winsize small = {.ws_row = 10, .ws_col = 30};
	char bytes[8] = "";

	(void)state;
	open_screen(&s, 10, 60);
	assert_int_equal(cpr_bars_new(&b, s.tty), 0);
	cpr_bars_set(b, 0, "one", 1, 2);
	cpr_bars_set(b, 1, "two", 1, 2);
	refresh(&s);
	assert_int_equal(ioctl(s.tty, TIOCSWINSZ, &small), 0);
	cpr_bars_line(b, "x");
	assert_int_equal(read(s.master, bytes, 4), 4);
	assert_string_equal(bytes, "\033[4A");
}

/* Off a terminal, and on one that wants it plain: lines only, without a command. */
static void plain(void **state)
{
	static const char *const environment[][2] = {
		{"NO_COLOR", "1"}, {"TERM", "dumb"}, {NULL, NULL}};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(environment); i++) {
		const char *name = environment[i][0];
		_cleanup_(close_screen) struct screen s;
		struct cpr_bars *b;
		int fd[2];
		char text[200] = "";

		open_screen(&s, 10, 100);
		assert_int_equal(pipe(fd), 0);
		if (name)
			setenv(name, environment[i][1], 1);
		assert_int_equal(cpr_bars_new(&b, name ? s.tty : fd[1]), 0);
		setenv("TERM", "xterm", 1);
		unsetenv("NO_COLOR");
		cpr_bars_line(b, "first");
		cpr_bars_set(b, 0, "one", 1, 2);
		cpr_bars_set(b, 0, "two", 2, 2);
		cpr_bars_done(b, 0, "ok");
		cpr_bars_set(b, 0, "three", 0, 0);
		cpr_bars_free(b);
		assert_true(write(name ? s.tty : fd[1], "\1", 1) == 1);
		for (size_t n = 0; n < sizeof(text) - 1; n++) {
			assert_int_equal(read(name ? s.master : fd[0], text + n, 1), 1);
			if (text[n] == 1)
				break;
			n -= text[n] == '\r';
		}
		assert_string_equal(text, "first\ntwo                                  "
					  "[########################] 100 %  ok\n\1");
		close(fd[0]);
		close(fd[1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(live_lines_stand_below_those_that_stay),
		cmocka_unit_test(news_is_shown_at_once),
		cmocka_unit_test(more_than_fit),
		cmocka_unit_test(narrow),
		cmocka_unit_test(a_long_line_stays_whole),
		cmocka_unit_test(a_screen_that_shrank),
		cmocka_unit_test(plain),
	};

	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	return cmocka_run_group_tests_name("bars", tests, NULL, NULL);
}
