#include "cli/screen.h"

#include "buf.h"
#include "cleanup.h"
#include "cli/cli.h"
#include "text.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct cpr_screen {
	int fd;
	bool live;
	size_t *shown; /* columns of each live line on the screen */
	size_t n;
};

static void put(const struct cpr_screen *s, struct cpr_buf *text)
{
	size_t at = 0;

	while (!text->failed && at < text->len) {
		ssize_t n = write(s->fd, text->data + at, text->len - at);

		if (n < 0 && errno != EINTR)
			break;
		at += n > 0 ? (size_t)n : 0;
	}
	cpr_buf_free(text);
}

/* 0 by 0 is what a serial console says: it does not know. */
static void size_of(int fd, size_t *rows, size_t *columns)
{
	struct winsize w;
	bool known = ioctl(fd, TIOCGWINSZ, &w) == 0 && w.ws_col && w.ws_row;

	*rows = known ? w.ws_row : 24;
	*columns = known ? w.ws_col : 80;
}

void cpr_screen_room(const struct cpr_screen *s, size_t *columns, size_t *lines)
{
	size_t rows;

	size_of(s->fd, &rows, columns);
	/* A line of all columns would wrap on some terminals; all live lines and the cursor
	 * behind them must fit: what has scrolled off cannot be climbed to. */
	--*columns;
	*lines = rows > 2 ? rows - 1 : 1;
}

size_t cpr_screen_fit(const char *text, size_t columns, size_t *width)
{
	size_t n = 0;

	*width = 0;
	while (text[n]) {
		bool starts = ((unsigned char)text[n] & 0xc0) != 0x80;

		if (starts && *width == columns)
			break;
		*width += starts;
		n++;
	}
	return n;
}

/* A terminal that became narrower has broken the live lines in two: that many rows more to
 * climb.  (Most do; one that cuts them off instead loses rows of the lines above.) */
static void climb(struct cpr_screen *s, struct cpr_buf *out)
{
	size_t rows, columns, up = 0;

	if (!s->live)
		return;
	size_of(s->fd, &rows, &columns);
	for (size_t i = 0; i < s->n; i++)
		up += s->shown[i] ? 1 + (s->shown[i] - 1) / columns : 1;
	s->n = 0;
	if (up)
		cpr_buf_printf(out, "\033[%zuA", up);
	cpr_buf_puts(out, "\r");
}

/* Ends a line that did not fill its row, and wipes what stood there. */
static void end_line(const struct cpr_screen *s, struct cpr_buf *out)
{
	cpr_buf_puts(out, s->live ? "\033[K\n" : "\n");
}

/* The next line of *text, which moves on behind it; NULL when there is none. */
static char *next_line(const char **text)
{
	size_t n = strcspn(*text, "\n");
	char *line = **text ? strndup(*text, n) : NULL;

	*text += n + ((*text)[n] == '\n');
	if (line)
		cpr_text_tame(line, "");
	return line;
}

/* Over the live lines that the cursor has climbed to.  Only for text that runs over the row's
 * end is all below wiped first: from the top of the screen tmux takes that for a screen to be
 * kept in its history. */
static void keep(const struct cpr_screen *s, struct cpr_buf *out, const char *text)
{
	size_t rows, columns, width;

	size_of(s->fd, &rows, &columns);
	while (*text) {
		_cleanup_(cpr_freep) char *line = next_line(&text);

		if (!line)
			return;
		(void)cpr_screen_fit(line, SIZE_MAX, &width);
		if (s->live && width >= columns) {
			cpr_buf_printf(out, "\033[J%s\n", line);
		} else {
			cpr_buf_puts(out, line);
			end_line(s, out);
		}
	}
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; *text; n++) {
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return n;
}

static void draw_line(
	struct cpr_screen *s, struct cpr_buf *out, const char *line, size_t columns)
{
	size_t n = cpr_screen_fit(line, columns, &s->shown[s->n++]);

	cpr_buf_add(out, line, n);
	end_line(s, out);
}

static void draw(struct cpr_screen *s, struct cpr_buf *out, const char *text)
{
	size_t columns, room, lines = count_lines(text), fits;
	char more[40];

	if (!s->live)
		return;
	cpr_screen_room(s, &columns, &room);
	fits = lines > room ? room - 1 : lines;
	free(s->shown);
	s->shown = calloc(fits + 1, sizeof(*s->shown));
	for (size_t i = 0; s->shown && i < fits; i++) {
		_cleanup_(cpr_freep) char *line = next_line(&text);

		draw_line(s, out, line ? line : "", columns);
	}
	if (s->shown && fits < lines) {
		snprintf(more, sizeof(more), "... and %zu more", lines - fits);
		draw_line(s, out, more, columns);
	}
	cpr_buf_puts(out, "\033[J");
}

int cpr_screen_new(struct cpr_screen **out, int fd)
{
	struct cpr_screen *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->fd = fd;
	s->live = cpr_cli_fancy(fd);
	*out = s;
	return 0;
}

struct cpr_screen *cpr_screen_free(struct cpr_screen *s)
{
	struct cpr_buf out = {0};

	if (!s)
		return NULL;
	climb(s, &out);
	if (s->live)
		cpr_buf_puts(&out, "\033[J");
	put(s, &out);
	free(s->shown);
	free(s);
	return NULL;
}

bool cpr_screen_live(const struct cpr_screen *s)
{
	return s->live;
}

void cpr_screen_show(struct cpr_screen *s, const char *stays, const char *live)
{
	struct cpr_buf out = {0};

	climb(s, &out);
	if (stays)
		keep(s, &out, stays);
	draw(s, &out, live);
	put(s, &out);
}
