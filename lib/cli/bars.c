#include "cli/bars.h"

#include "buf.h"
#include "cleanup.h"
#include "cli/screen.h"
#include "text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
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
};

struct cpr_bars {
	struct cpr_screen *screen;
	struct slot *slot;
	size_t n;
	int64_t drawn_ms;
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static unsigned percent(const struct slot *s)
{
	if (!s->total)
		return 0;
	return s->done >= s->total ? 100 : (unsigned)(s->done * 100 / s->total);
}

/* The label in a field of `least` columns or as many as it needs, but not over `most`. */
static size_t label(struct cpr_buf *out, const struct slot *s, size_t least, size_t most)
{
	size_t width, n = cpr_screen_fit(s->label, most, &width);

	cpr_buf_add(out, s->label, n);
	for (; width < least && width < most; width++)
		cpr_buf_puts(out, " ");
	return width;
}

/* One line of at most `room` columns. */
static void bar(struct cpr_buf *out, const struct slot *s, size_t room)
{
	size_t width, bar = BAR_WIDTH, full;

	if (s->total && room >= BAR_LEAST + BAR_FRAME + BAR_LEAST) {
		(void)cpr_screen_fit(s->label, room, &width);
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
		return;
	}
	width = label(out, s, s->done && !s->total ? LABEL_WIDTH : 0, room);
	if (s->done && !s->total && room - width > 27) /* " ", 2^64, " bytes" */
		cpr_buf_printf(out, " %ju bytes", (uintmax_t)s->done);
}

/* Shows all live lines, below what stays. */
static void draw(struct cpr_bars *b, const char *stays)
{
	_cleanup_(cpr_buf_free) struct cpr_buf live = {0};
	size_t columns, lines;

	cpr_screen_room(b->screen, &columns, &lines);
	for (size_t i = 0; cpr_screen_live(b->screen) && i < b->n; i++) {
		if (i < lines)
			bar(&live, &b->slot[i], columns);
		cpr_buf_puts(&live, "\n"); /* of those without room only the number */
	}
	if (!live.failed)
		cpr_screen_show(b->screen, stays, live.data ? live.data : "");
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

	if (!b || cpr_screen_new(&b->screen, fd) != 0) {
		free(b);
		return -ENOMEM;
	}
	*out = b;
	return 0;
}

struct cpr_bars *cpr_bars_free(struct cpr_bars *b)
{
	if (!b)
		return NULL;
	cpr_screen_free(b->screen);
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
	_cleanup_(cpr_buf_free) struct cpr_buf line = {0};
	int64_t now = now_ms();
	char was[sizeof(s->label)];
	bool news;

	if (!s)
		return;
	memcpy(was, s->label, sizeof(was));
	snprintf(s->label, sizeof(s->label), "%s", label);
	cpr_text_tame(s->label, ""); /* it comes off the wire, too */
	s->done = done;
	s->total = total;
	/* Nothing may come after it for a long time. */
	news = strcmp(was, s->label) != 0 || (total && done >= total);
	if (cpr_screen_live(b->screen)) {
		if (news || now - b->drawn_ms >= REDRAW_MS)
			draw(b, NULL);
	} else if (now - s->said_ms >= LINE_MS) {
		bar(&line, s, STAYS);
		draw(b, line.failed ? "" : line.data);
		s->said_ms = now;
	}
}

void cpr_bars_done(struct cpr_bars *b, unsigned slot, const char *note)
{
	struct slot *s = find(b, slot);
	_cleanup_(cpr_buf_free) struct cpr_buf line = {0};
	_cleanup_(cpr_freep) char *text = NULL;
	size_t room = STAYS, width = 0, lines;

	if (!s)
		return;
	if (note && *note && asprintf(&text, "  %s", note) < 0)
		text = NULL;
	if (text) {
		cpr_text_tame(text, "\n");
		(void)cpr_screen_fit(text, SIZE_MAX, &width);
	}
	if (cpr_screen_live(b->screen))
		cpr_screen_room(b->screen, &room, &lines);
	bar(&line, s, width < room ? room - width : room);
	cpr_buf_puts(&line, text ? text : "");
	forget(b, s);
	draw(b, line.failed ? NULL : line.data);
}

void cpr_bars_drop(struct cpr_bars *b, unsigned slot)
{
	struct slot *s = find(b, slot);

	if (!s)
		return;
	forget(b, s);
	draw(b, NULL);
}

void cpr_bars_line(struct cpr_bars *b, const char *format, ...)
{
	_cleanup_(cpr_freep) char *text = NULL;
	va_list args;

	va_start(args, format);
	text = cpr_text_format("\n", format, args);
	va_end(args);
	if (text)
		draw(b, text);
}
