#include "cli/bars.h"

#include "buf.h"
#include "cleanup.h"
#include "cli/cli.h"
#include "text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum {
	REDRAW_MS = 80,  /* twelve pictures a second look fluent and cost nothing */
	LINE_MS = 10000, /* off a terminal: a line now and then */
	LABEL_WIDTH =
		36, /* two short words and a firmware's name; 80 columns hold the rest */
	BAR_WIDTH = 24, /* where the terminal has room; else it shrinks */
	BAR_LEAST = 8,  /* below this the label is cut */
	BAR_FRAME = 9,  /* " [", "] ", "100 %" */
	STAYS = 200,    /* off a terminal */
};

struct slot {
	unsigned id;
	char label[160];
	uint64_t done, total;
	int64_t said_ms; /* off a terminal: when it was last spoken of */
	size_t shown;    /* columns of its live line on the screen; 0: none */
};

struct cpr_bars {
	int fd;
	bool fancy;
	struct slot *slot;
	size_t n;
	size_t more_shown; /* columns of the line that stands for those without room */
	int64_t drawn_ms;
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void put(struct cpr_bars *b, struct cpr_buf *text)
{
	size_t at = 0;

	while (!text->failed && at < text->len) {
		ssize_t n = write(b->fd, text->data + at, text->len - at);

		if (n < 0 && errno != EINTR)
			break;
		at += n > 0 ? (size_t)n : 0;
	}
	cpr_buf_free(text);
}

struct screen {
	size_t rows, columns;
};

/* 0 by 0 is what a serial console says: it does not know. */
static struct screen screen_of(int fd)
{
	struct winsize w;

	if (ioctl(fd, TIOCGWINSZ, &w) < 0 || !w.ws_col || !w.ws_row)
		return (struct screen){.rows = 24, .columns = 80};
	return (struct screen){.rows = w.ws_row, .columns = w.ws_col};
}

static unsigned percent(const struct slot *s)
{
	if (!s->total)
		return 0;
	return s->done >= s->total ? 100 : (unsigned)(s->done * 100 / s->total);
}

/* Of UTF-8 text so many bytes as fill at most that many columns; *width is how many it
 * does.  Assumption: one column a character; no wide ones are printed. */
static size_t fit(const char *text, size_t columns, size_t *width)
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

/* The label in a field of `least` columns or as many as it needs, but not over `most`. */
static size_t label(struct cpr_buf *out, const struct slot *s, size_t least, size_t most)
{
	size_t width, n = fit(s->label, most, &width);

	cpr_buf_add(out, s->label, n);
	for (; width < least && width < most; width++)
		cpr_buf_puts(out, " ");
	return width;
}

/* One line of at most `room` columns, as many as it returns. */
static size_t bar(struct cpr_buf *out, const struct slot *s, size_t room)
{
	size_t width, start = out->len, bar = BAR_WIDTH, full;

	if (s->total && room >= BAR_LEAST + BAR_FRAME + BAR_LEAST) {
		(void)fit(s->label, room, &width);
		if (width < LABEL_WIDTH)
			width = LABEL_WIDTH;
		if (width + BAR_FRAME + bar > room)
			bar = width + BAR_FRAME + BAR_LEAST < room
				      ? room - width - BAR_FRAME
				      : BAR_LEAST;
		width = label(out, s, LABEL_WIDTH, room - BAR_FRAME - bar);
		full = percent(s) * bar / 100;
		cpr_buf_puts(out, " [");
		for (size_t i = 0; i < bar; i++)
			cpr_buf_puts(out, i < full ? "#" : " ");
		cpr_buf_printf(out, "] %3u %%", percent(s));
		return width + BAR_FRAME + bar;
	}
	width = label(out, s, s->done && !s->total ? LABEL_WIDTH : 0, room);
	start = out->len;
	if (s->done && !s->total && room - width > 27) /* " ", 2^64, " bytes" */
		cpr_buf_printf(out, " %ju bytes", (uintmax_t)s->done);
	return width + out->len - start;
}

/* A terminal that became narrower has broken the live lines in two: that many rows more to
 * climb.  (Most do; one that cuts them off instead loses rows of the lines above.) */
static size_t rows_of(size_t shown, size_t columns)
{
	return shown ? 1 + (shown - 1) / columns : 0;
}

static void climb(struct cpr_bars *b, struct cpr_buf *out)
{
	struct screen screen = screen_of(b->fd);
	size_t rows = rows_of(b->more_shown, screen.columns);

	if (!b->fancy)
		return;
	for (size_t i = 0; i < b->n; i++) {
		rows += rows_of(b->slot[i].shown, screen.columns);
		b->slot[i].shown = 0;
	}
	b->more_shown = 0;
	if (rows)
		cpr_buf_printf(out, "\033[%zuA", rows);
	cpr_buf_puts(out, "\r");
}

/* Ends a line that did not fill its row, and wipes what stood there. */
static void end_line(const struct cpr_bars *b, struct cpr_buf *out)
{
	cpr_buf_puts(out, b->fancy ? "\033[K\n" : "\n");
}

/* Text that stays, over the live lines that the cursor has climbed to.  Only for text that
 * runs over the row's end is all below wiped first: from the top of the screen tmux takes
 * that for a screen to be kept in its history. */
static void keep(const struct cpr_bars *b, struct cpr_buf *out, const char *text)
{
	size_t columns = screen_of(b->fd).columns, width;

	for (size_t n; *text; text += n + (text[n] == '\n')) {
		_cleanup_(cpr_freep) char *line = NULL;

		n = strcspn(text, "\n");
		line = strndup(text, n);
		if (!line)
			return;
		(void)fit(line, SIZE_MAX, &width);
		if (b->fancy && width >= columns)
			cpr_buf_printf(out, "\033[J%s\n", line);
		else {
			cpr_buf_puts(out, line);
			end_line(b, out);
		}
	}
}

/* All live lines and the cursor behind them must fit on the screen: what has scrolled off
 * cannot be climbed to. */
static void draw(struct cpr_bars *b, struct cpr_buf *out)
{
	struct screen screen = screen_of(b->fd);
	size_t lines = screen.rows > 2 ? screen.rows - 1 : 1, fits = b->n;

	if (fits > lines)
		fits = lines - 1;
	for (size_t i = 0; b->fancy && i < fits; i++) {
		/* a line of all columns would wrap on some terminals */
		b->slot[i].shown = bar(out, &b->slot[i], screen.columns - 1);
		end_line(b, out);
	}
	if (b->fancy && fits < b->n) {
		struct slot more = {0};

		snprintf(more.label, sizeof(more.label), "... and %zu more", b->n - fits);
		b->more_shown = bar(out, &more, screen.columns - 1);
		end_line(b, out);
	}
	if (b->fancy)
		cpr_buf_puts(out, "\033[J");
	b->drawn_ms = now_ms();
}

static struct slot *find(struct cpr_bars *b, unsigned id)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->slot[i].id == id)
			return &b->slot[i];
	return NULL;
}

static void forget(struct cpr_bars *b, struct slot *s)
{
	size_t at = (size_t)(s - b->slot);

	memmove(s, s + 1, (b->n - at - 1) * sizeof(*s));
	b->n--;
}

int cpr_bars_new(struct cpr_bars **out, int fd)
{
	struct cpr_bars *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	b->fd = fd;
	b->fancy = cpr_cli_fancy(fd);
	*out = b;
	return 0;
}

struct cpr_bars *cpr_bars_free(struct cpr_bars *b)
{
	struct cpr_buf out = {0};

	if (!b)
		return NULL;
	climb(b, &out);
	if (b->fancy)
		cpr_buf_puts(&out, "\033[J");
	put(b, &out);
	free(b->slot);
	free(b);
	return NULL;
}

void cpr_bars_freep(struct cpr_bars **b)
{
	cpr_bars_free(*b);
}

static struct slot *find_or_add(struct cpr_bars *b, unsigned id)
{
	struct slot *s = find(b, id), *grown;

	if (s)
		return s;
	grown = reallocarray(b->slot, b->n + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	b->slot = grown;
	s = &grown[b->n++];
	*s = (struct slot){.id = id, .said_ms = now_ms()};
	return s;
}

void cpr_bars_set(struct cpr_bars *b, unsigned slot, const char *label, uint64_t done,
	uint64_t total)
{
	struct slot *s = find_or_add(b, slot);
	struct cpr_buf out = {0};
	int64_t now = now_ms();
	char was[sizeof(s->label)];
	bool news;

	if (!s)
		return;
	memcpy(was, s->label, sizeof(was));
	snprintf(s->label, sizeof(s->label), "%s", label);
	cpr_text_tame(s->label, "\n"); /* it comes off the wire, too */
	s->done = done;
	s->total = total;
	/* Nothing may come after it for a long time. */
	news = strcmp(was, s->label) != 0 || (total && done >= total);
	if (b->fancy && (news || now - b->drawn_ms >= REDRAW_MS)) {
		climb(b, &out);
		draw(b, &out);
	} else if (!b->fancy && now - s->said_ms >= LINE_MS) {
		(void)bar(&out, s, STAYS);
		cpr_buf_puts(&out, "\n");
		s->said_ms = now;
	}
	put(b, &out);
}

void cpr_bars_done(struct cpr_bars *b, unsigned slot, const char *note)
{
	struct slot *s = find(b, slot);
	_cleanup_(cpr_buf_free) struct cpr_buf line = {0};
	_cleanup_(cpr_freep) char *text = NULL;
	struct cpr_buf out = {0};
	size_t room = STAYS, width = 0;

	if (!s)
		return;
	if (note && *note && asprintf(&text, "  %s", note) < 0)
		text = NULL;
	if (text) {
		cpr_text_tame(text, "\n");
		(void)fit(text, SIZE_MAX, &width);
	}
	if (b->fancy)
		room = screen_of(b->fd).columns - 1;
	climb(b, &out);
	(void)bar(&line, s, width < room ? room - width : room);
	cpr_buf_puts(&line, text ? text : "");
	if (!line.failed)
		keep(b, &out, line.data);
	forget(b, s);
	draw(b, &out);
	put(b, &out);
}

void cpr_bars_drop(struct cpr_bars *b, unsigned slot)
{
	struct slot *s = find(b, slot);
	struct cpr_buf out = {0};

	if (!s)
		return;
	climb(b, &out);
	forget(b, s);
	draw(b, &out);
	put(b, &out);
}

void cpr_bars_line(struct cpr_bars *b, const char *format, ...)
{
	struct cpr_buf out = {0};
	_cleanup_(cpr_freep) char *text = NULL;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0) {
		text = NULL;
		return;
	}
	cpr_text_tame(text, "\n");
	climb(b, &out);
	keep(b, &out, text);
	draw(b, &out);
	put(b, &out);
}
