#include "ladder.h"

#include "buf.h"
#include "engine/facts.h"
#include "html.h"

#include <arpa/inet.h>
#include <stdio.h>

enum {
	LANES = 5,  /* of peers; the last one stands for all the others then */
	LEFT = 170, /* of the phone's line: before it stand time and frame */
	WIDTH = 960,
	MARGIN = 70, /* right of the last line: half of its name */
	TOP = 34,
	ROW = 26,
	PAUSE_US = 5000000, /* a silence of so long is drawn */
};

struct lanes {
	struct in_addr peer[LANES];
	size_t n;
};

static size_t lane_of(struct lanes *l, struct in_addr peer)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->peer[i].s_addr == peer.s_addr)
			return i;
	if (l->n < LANES)
		l->peer[l->n++] = peer;
	return l->n - 1;
}

static unsigned lane_x(const struct lanes *l, size_t i)
{
	return LEFT + (unsigned)((i + 1) * (WIDTH - LEFT - MARGIN) / l->n);
}

static bool proves(const struct cpr_event *e, const struct cpr_verdicts *proof)
{
	for (size_t i = 0; i < proof->n; i++)
		for (size_t k = 0; k < proof->row[i].frame_n; k++)
			if (proof->row[i].frame[k] >= e->first.number &&
				proof->row[i].frame[k] <= e->last.number)
				return true;
	return false;
}

static bool long_pause(const struct cpr_doctor_phone *p, size_t i)
{
	return i && p->story[i].first.time_us > p->story[i - 1].last.time_us + PAUSE_US;
}

static void names(const struct lanes *l, unsigned height, struct cpr_buf *out)
{
	char text[INET_ADDRSTRLEN];

	cpr_buf_printf(out,
		"<text class=\"who\" x=\"%u\" y=\"16\">phone</text>"
		"<line class=\"life\" x1=\"%u\" x2=\"%u\" y1=\"24\" y2=\"%u\"/>\n",
		LEFT, LEFT, LEFT, height);
	for (size_t i = 0; i < l->n; i++) {
		unsigned x = lane_x(l, i);

		if (!l->peer[i].s_addr)
			snprintf(text, sizeof(text), "everybody");
		else
			inet_ntop(AF_INET, &l->peer[i], text, sizeof(text));
		cpr_buf_printf(out,
			"<text class=\"who\" x=\"%u\" y=\"16\">%s%s</text>"
			"<line class=\"life\" x1=\"%u\" x2=\"%u\" y1=\"24\" y2=\"%u\"/>\n",
			x, text, l->n == LANES && i == LANES - 1 ? " …" : "", x, x,
			height);
	}
}

static void arrow(const struct cpr_event *e, unsigned from, unsigned to, unsigned y,
	struct cpr_buf *out)
{
	int tip = to > from ? -7 : 7;

	if (e->from == CPR_EVENT_BOTH) {
		cpr_buf_printf(out,
			"<line class=\"run\" x1=\"%u\" x2=\"%u\" y1=\"%u\" y2=\"%u\"/>",
			from, to, y, y);
		return;
	}
	cpr_buf_printf(out,
		"<line x1=\"%u\" x2=\"%u\" y1=\"%u\" y2=\"%u\"/>"
		"<path d=\"M%u %ul%d -4v8z\"/>",
		from, to, y, y, to, y, tip);
}

static void row(const struct cpr_doctor_phone *p, const struct cpr_event *e,
	struct lanes *l, const struct cpr_verdicts *proof, unsigned y,
	struct cpr_buf *out)
{
	unsigned x = lane_x(l, lane_of(l, e->peer));
	bool of_server = e->from == CPR_EVENT_SERVER;

	cpr_buf_printf(out, "<g class=\"row%s\">", proves(e, proof) ? " proof" : "");
	cpr_buf_printf(out, "<text class=\"when\" x=\"4\" y=\"%u\">", y + 4);
	cpr_html_since(out, p, e->first.time_us);
	cpr_buf_printf(out, "</text><text class=\"when\" x=\"86\" y=\"%u\">", y + 4);
	cpr_html_frames(out, e);
	cpr_buf_puts(out, "</text>");
	arrow(e, of_server ? x : LEFT, of_server ? LEFT : x, y, out);
	cpr_buf_printf(out, "<text x=\"%u\" y=\"%u\">", LEFT + 12, y - 4);
	cpr_html_event(out, e);
	cpr_buf_puts(out, "</text></g>\n");
}

void cpr_ladder(const struct cpr_doctor_phone *p, const struct cpr_verdicts *proof,
	struct cpr_buf *out)
{
	struct lanes l = {0};
	unsigned rows = 0, y = TOP + ROW / 2;

	for (size_t i = 0; i < p->story_n; i++) {
		lane_of(&l, p->story[i].peer);
		rows += 1 + long_pause(p, i);
	}
	if (!rows)
		return;
	cpr_buf_printf(out,
		"<svg class=\"ladder\" viewBox=\"0 0 %u %u\" role=\"img\">"
		"<title>what the phone and its servers said, from top to bottom</title>\n",
		WIDTH, TOP + rows * ROW + 10);
	names(&l, TOP + rows * ROW + 6, out);
	for (size_t i = 0; i < p->story_n; i++) {
		const struct cpr_event *e = &p->story[i];

		if (long_pause(p, i)) {
			cpr_buf_printf(out,
				"<text class=\"pause\" x=\"%u\" y=\"%u\">%.0f s "
				"without a packet</text>\n",
				LEFT + 12, y + 4,
				(double)(e->first.time_us - e[-1].last.time_us) / 1e6);
			y += ROW;
		}
		row(p, e, &l, proof, y, out);
		y += ROW;
	}
	cpr_buf_puts(out, "</svg>\n");
}
