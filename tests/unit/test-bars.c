/* lib/cli/bars.c against a pseudo terminal and a small screen that reads what comes out. */
#include "cleanup.h"
#include "cli/bars.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	MAX_ROWS = 64,
	MAX_COLUMNS = 132
};

/* What of a terminal the bars use: it wraps behind a full row, scrolls at the bottom, and
 * counts what has scrolled away. */
struct screen {
	int master, tty;
	unsigned rows, columns, row, column, lost;
	char cell[MAX_ROWS][MAX_COLUMNS + 1];
};

static void open_screen(struct screen *s, unsigned rows, unsigned columns)
{
	struct winsize size = {
		.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};

	*s = (struct screen){.rows = rows, .columns = columns};
	s->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(s->master >= 0);
	assert_int_equal(grantpt(s->master) | unlockpt(s->master), 0);
	s->tty = open(ptsname(s->master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(s->tty >= 0);
	assert_int_equal(ioctl(s->tty, TIOCSWINSZ, &size), 0);
	memset(s->cell, ' ', sizeof(s->cell));
}

static void close_screen(struct screen *s)
{
	close(s->master);
	close(s->tty);
}

static void line_feed(struct screen *s)
{
	if (++s->row < s->rows)
		return;
	s->row--;
	s->lost++;
	memmove(s->cell[0], s->cell[1], sizeof(s->cell[0]) * (s->rows - 1));
	memset(s->cell[s->row], ' ', sizeof(s->cell[0]));
}

static void letter(struct screen *s, char c)
{
	if (s->column == s->columns) {
		s->column = 0;
		line_feed(s);
	}
	s->cell[s->row][s->column++] = c;
}

static void command(struct screen *s, char what, unsigned n)
{
	switch (what) {
	case 'A':
		s->row -= n < s->row ? n : s->row;
		break;
	case 'J':
		for (unsigned i = s->row + 1; i < s->rows; i++)
			memset(s->cell[i], ' ', s->columns);
		/* fall through */
	case 'K':
		memset(s->cell[s->row] + s->column, ' ', s->columns - s->column);
		break;
	default:
		fail_msg("ESC [ %u %c", n, what);
	}
}

/* Takes in what was written until now.  UTF-8 beyond ASCII becomes one '~' a character. */
static void refresh(struct screen *s)
{
	unsigned n = 0;
	bool escape = false;
	char c;

	assert_int_equal(write(s->tty, "\1", 1), 1);
	while (read(s->master, &c, 1) == 1 && c != 1) {
		if (escape && c >= '0' && c <= '9')
			n = n * 10 + (unsigned)(c - '0');
		else if (escape && c != '[')
			command(s, c, n), escape = false;
		else if (c == '\033')
			escape = true, n = 0;
		else if (c == '\r')
			s->column = 0;
		else if (c == '\n')
			line_feed(s);
		else if (!escape && (c & 0xc0) != 0x80)
			letter(s, c & 0x80 ? '~' : c);
	}
}

/* The rows, without blanks at their ends, each with a newline; none below the last. */
static const char *text_of(struct screen *s)
{
	static char text[MAX_ROWS * (MAX_COLUMNS + 1) + 1];
	size_t at = 0, end = 0;

	refresh(s);
	for (unsigned i = 0; i < s->rows; i++) {
		unsigned n = s->columns;

		while (n && s->cell[i][n - 1] == ' ')
			n--;
		memcpy(text + at, s->cell[i], n);
		at += n;
		text[at++] = '\n';
		end = n ? at : end;
	}
	text[end] = 0;
	return text;
}

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
