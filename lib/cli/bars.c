#include "cli/bars.h"

#include "buf.h"
#include "cleanup.h"
#include "cli/cli.h"

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
	BAR_WIDTH = 24,
	LABEL_WIDTH = 34, /* longest usual: "7961 02:…  jar41sccp.9-4-2ES26.sbn" is cut */
};

struct slot {
	unsigned id;
	char label[96];
	uint64_t done, total;
	int64_t said_ms; /* off a terminal: when it was last spoken of */
};

struct cpr_bars {
	int fd;
	bool fancy;
	struct slot *slot;
	size_t n;
	size_t drawn; /* live lines on the screen, above which the cursor must climb */
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

static unsigned columns(int fd)
{
	struct winsize w;

	return ioctl(fd, TIOCGWINSZ, &w) == 0 && w.ws_col > 20 ? w.ws_col : 80;
}

static unsigned percent(const struct slot *s)
{
	if (!s->total)
		return 0;
	return s->done >= s->total ? 100 : (unsigned)(s->done * 100 / s->total);
}

static void bar(struct cpr_buf *out, const struct slot *s, unsigned width)
{
	char line[256];
	unsigned full = percent(s) * BAR_WIDTH / 100;
	int n;

	if (s->total)
		n = snprintf(line, sizeof(line), "%-*s [%.*s%.*s] %3u %%", LABEL_WIDTH,
			s->label, (int)full, "########################",
			(int)(BAR_WIDTH - full), "                        ", percent(s));
	else if (s->done)
		n = snprintf(line, sizeof(line), "%-*s %ju bytes", LABEL_WIDTH, s->label,
			(uintmax_t)s->done);
	else
		n = snprintf(line, sizeof(line), "%s", s->label);
	if (n < 0)
		return;
	if ((size_t)n >= sizeof(line))
		n = sizeof(line) - 1;
	/* a line that wraps would take two rows, and the climb back would be one short */
	cpr_buf_add(out, line, (unsigned)n < width ? (size_t)n : width - 1);
}

static void climb(struct cpr_bars *b, struct cpr_buf *out)
{
	if (b->drawn)
		cpr_buf_printf(out, "\033[%zuA", b->drawn);
	if (b->fancy)
		cpr_buf_puts(out, "\r\033[J");
	b->drawn = 0;
}

static void draw(struct cpr_bars *b, struct cpr_buf *out)
{
	unsigned width = columns(b->fd);

	for (size_t i = 0; b->fancy && i < b->n; i++) {
		bar(out, &b->slot[i], width);
		cpr_buf_puts(out, "\n");
		b->drawn++;
	}
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
	put(b, &out);
	free(b->slot);
	free(b);
	return NULL;
}

void cpr_bars_freep(struct cpr_bars **b)
{
	cpr_bars_free(*b);
}

void cpr_bars_set(struct cpr_bars *b, unsigned slot, const char *label, uint64_t done,
	uint64_t total)
{
	struct slot *s = find(b, slot);
	struct cpr_buf out = {0};
	int64_t now = now_ms();

	if (!s) {
		struct slot *grown = reallocarray(b->slot, b->n + 1, sizeof(*grown));

		if (!grown)
			return;
		b->slot = grown;
		s = &grown[b->n++];
		*s = (struct slot){.id = slot, .said_ms = now};
	}
	snprintf(s->label, sizeof(s->label), "%s", label);
	s->done = done;
	s->total = total;
	if (b->fancy && now - b->drawn_ms >= REDRAW_MS) {
		climb(b, &out);
		draw(b, &out);
	} else if (!b->fancy && now - s->said_ms >= LINE_MS) {
		bar(&out, s, 200);
		cpr_buf_puts(&out, "\n");
		s->said_ms = now;
	}
	put(b, &out);
}

void cpr_bars_done(struct cpr_bars *b, unsigned slot, const char *note)
{
	struct slot *s = find(b, slot);
	struct cpr_buf out = {0};

	if (!s)
		return;
	climb(b, &out);
	bar(&out, s, b->fancy ? columns(b->fd) : 200);
	cpr_buf_printf(&out, "%s%s\n", note && *note ? "  " : "", note ? note : "");
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
	climb(b, &out);
	cpr_buf_printf(&out, "%s\n", text);
	draw(b, &out);
	put(b, &out);
}
