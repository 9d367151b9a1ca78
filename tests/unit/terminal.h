/* A pseudo terminal, and a small screen that reads what comes out of it: what a person sees. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	MAX_ROWS = 64,
	MAX_COLUMNS = 132
};

/* What of a terminal is used: it wraps behind a full row, scrolls at the bottom, and
 * counts what has scrolled away. */
struct screen {
	int master, tty;
	unsigned rows, columns, row, column, lost;
	char cell[MAX_ROWS][MAX_COLUMNS + 1];
};

static inline void open_screen(struct screen *s, unsigned rows, unsigned columns)
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

static inline void close_screen(struct screen *s)
{
	close(s->master);
	close(s->tty);
}

static inline void line_feed(struct screen *s)
{
	if (++s->row < s->rows)
		return;
	s->row--;
	s->lost++;
	memmove(s->cell[0], s->cell[1], sizeof(s->cell[0]) * (s->rows - 1));
	memset(s->cell[s->row], ' ', sizeof(s->cell[0]));
}

static inline void letter(struct screen *s, char c)
{
	if (s->column == s->columns) {
		s->column = 0;
		line_feed(s);
	}
	s->cell[s->row][s->column++] = c;
}

static inline void command(struct screen *s, char what, unsigned n)
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
static inline void refresh(struct screen *s)
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
static inline const char *text_of(struct screen *s)
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
