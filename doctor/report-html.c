#include "report-html.h"

#include "buf.h"
#include "cleanup.h"
#include "engine/facts.h"
#include "html.h"
#include "ladder.h"
#include "report.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* Nothing is loaded from anywhere, whatever a stranger's text may hold. */
static const char head[] =
	"<!DOCTYPE html>\n"
	"<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" "
	"content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	"<meta name=\"color-scheme\" content=\"light dark\">\n"
	"<title>cpr-doctor: why phones are stuck</title>\n"
	"<style>\n"
	":root{--ink:#1b1f24;--faint:#66707b;--paper:#fff;--line:#d5dae0;--good:#1a7f37;"
	"--bad:#c62828;--bad-paper:#fdeeee;--bar:#2f6feb}\n"
	"@media(prefers-color-scheme:dark){:root{--ink:#e4e8ec;--faint:#98a2ad;"
	"--paper:#15181c;--line:#353b43;--good:#4cc26a;--bad:#ff7b72;"
	"--bad-paper:#331c1e;--bar:#6ea4ff}}\n"
	"body{margin:0 auto;max-width:62rem;padding:1.2rem;background:var(--paper);"
	"color:var(--ink);font:15px/1.5 system-ui,sans-serif}\n"
	"h1{font-size:1.5rem;margin:0}h2{margin:0;font-size:1.2rem}\n"
	"a{color:var(--bar)}.faint{color:var(--faint)}\n"
	".good{color:var(--good)}.bad{color:var(--bad)}\n"
	"table{border-collapse:collapse;width:100%;margin:.7rem 0}\n"
	"th,td{text-align:left;padding:.25rem .7rem .25rem 0;"
	"border-bottom:1px solid var(--line);vertical-align:top}\n"
	"th{font-weight:600;color:var(--faint)}td.n{text-align:right}\n"
	"section{border-top:2px solid var(--line);margin-top:1.6rem;padding-top:1rem}\n"
	".stages{list-style:none;display:flex;flex-wrap:wrap;gap:.3rem;padding:0;"
	"font-size:.85rem}\n"
	".stages li{border:1px solid var(--line);border-radius:1rem;padding:0 .6rem;"
	"color:var(--faint)}\n"
	".stages .past{color:var(--ink);border-color:var(--ink)}\n"
	".stages .here{color:var(--paper);background:var(--ink);border-color:var(--ink)}\n"
	".fault{border-left:4px solid var(--bad);background:var(--bad-paper);"
	"padding:.5rem .9rem;margin:.8rem 0}\n"
	".fault h3{margin:0;font-size:1rem}.fault p{margin:.3rem 0}\n"
	".fault ul{margin:.2rem 0;padding-left:1.2rem;font-size:.85rem}\n"
	".bar{display:inline-block;width:9rem;height:.6rem;border:1px solid var(--line)}\n"
	".bar i{display:block;height:100%;background:var(--bar)}\n"
	".ladder{width:100%;font-size:11px;fill:var(--ink)}\n"
	".ladder .who{text-anchor:middle;font-weight:600}\n"
	".ladder .when,.ladder .pause{fill:var(--faint)}.ladder .pause{font-style:italic}\n"
	".ladder line{stroke:var(--ink)}.ladder .life{stroke:var(--line)}\n"
	".ladder .run{stroke:var(--bar);stroke-width:4}\n"
	".ladder .proof{fill:var(--bad)}.ladder .proof line{stroke:var(--bad)}\n"
	"@media print{body{max-width:none;font-size:11px}"
	"section{break-before:page}.fault,tr,.row{break-inside:avoid}}\n"
	"</style></head><body>\n";

static void mac_text(const struct cpr_doctor_phone *p, struct cpr_buf *out)
{
	char mac[18];

	cpr_buf_puts(out, cpr_report_mac(p, mac) ? mac : "MAC not seen");
}

static void address(struct in_addr a, struct cpr_buf *out)
{
	char text[INET_ADDRSTRLEN];

	cpr_buf_puts(out, a.s_addr ? inet_ntop(AF_INET, &a, text, sizeof(text)) : "–");
}

static void summary_row(const struct cpr_doctor_phone *p, size_t i,
	const struct cpr_verdicts *v, struct cpr_buf *out)
{
	cpr_buf_printf(out, "<tr><td><a href=\"#phone-%zu\">", i + 1);
	mac_text(p, out);
	cpr_buf_puts(out, "</a></td><td>");
	cpr_html_text(out, cpr_report_model(p));
	cpr_buf_puts(out, "</td><td>");
	address(p->ip, out);
	cpr_buf_printf(out, "</td><td>%s</td><td>", cpr_stage_name(p->stage));
	for (size_t k = 0; k < v->n; k++)
		cpr_buf_printf(out, "%s<span class=\"bad\">%s</span>", k ? ", " : "",
			cpr_faults[v->row[k].id].name);
	if (!v->n)
		cpr_buf_printf(out, "<span class=\"%s\">%s</span>",
			p->recovered ? "good" : "faint",
			p->recovered ? "none" : "none seen");
	cpr_buf_puts(out, "</td></tr>\n");
}

static void stages(const struct cpr_doctor_phone *p, struct cpr_buf *out)
{
	cpr_buf_puts(out, "<ol class=\"stages\">");
	for (int s = CPR_STAGE_DHCP; s <= CPR_STAGE_RECOVERED; s++)
		cpr_buf_printf(out, "<li%s>%s</li>",
			s < (int)p->stage    ? " class=\"past\""
			: s == (int)p->stage ? " class=\"here\""
					     : "",
			cpr_stage_name((enum cpr_stage)s));
	cpr_buf_puts(out, "</ol>\n");
}

/* The packet of this number, as far as the story kept it. */
static void proof(const struct cpr_doctor_phone *p, uint64_t frame, struct cpr_buf *out)
{
	cpr_buf_printf(out, "<li>frame %" PRIu64, frame);
	for (size_t i = 0; i < p->story_n; i++) {
		const struct cpr_event *e = &p->story[i];

		if (frame < e->first.number || frame > e->last.number)
			continue;
		cpr_buf_puts(out, ", ");
		cpr_html_since(out, p, e->first.time_us);
		cpr_buf_puts(out, e->from == CPR_EVENT_SERVER  ? ", to the phone: "
				  : e->from == CPR_EVENT_PHONE ? ", of the phone: "
							       : ": ");
		cpr_html_event(out, e);
		break;
	}
	cpr_buf_puts(out, "</li>\n");
}

static void fault(const struct cpr_doctor_phone *p, const struct cpr_verdict *f,
	struct cpr_buf *out)
{
	cpr_buf_printf(
		out, "<div class=\"fault\"><h3>%s</h3><p>", cpr_faults[f->id].name);
	cpr_html_text(out, f->text);
	cpr_buf_puts(out, "</p><p><b>What to do:</b> ");
	cpr_html_text(out, f->remedy);
	cpr_buf_puts(out, "</p><p class=\"faint\">");
	cpr_html_text(out, cpr_faults[f->id].why);
	cpr_buf_puts(out, "</p>");
	if (f->incomplete)
		cpr_buf_puts(out, "<p>Packets are missing in what was read, and this "
				  "rests on packets that were not seen.</p>");
	cpr_buf_puts(out, "<ul>\n");
	for (size_t k = 0; k < f->frame_n; k++)
		proof(p, f->frame[k], out);
	cpr_buf_puts(out, "</ul></div>\n");
}

static void file_row(const struct cpr_doctor_file *f, struct cpr_buf *out)
{
	uint64_t whole = f->size > 0 ? (uint64_t)f->size : f->bytes;
	unsigned percent = 0;

	if (f->state == CPR_FILE_COMPLETE)
		percent = 100;
	else if (whole)
		percent = (unsigned)((double)f->bytes * 100 / (double)whole);
	cpr_buf_puts(out, "<tr><td>");
	cpr_html_text(out, f->name);
	cpr_buf_puts(out, "</td><td class=\"n\">");
	cpr_html_number(out, f->bytes);
	cpr_buf_puts(out, "</td><td class=\"n\">");
	if (f->size >= 0)
		cpr_html_number(out, (uint64_t)f->size);
	else
		cpr_buf_puts(out, "–");
	cpr_buf_printf(out,
		"</td><td><span class=\"bar\"><i style=\"width:%u%%\"></i></span></td>"
		"<td>%s</td></tr>\n",
		percent > 100 ? 100 : percent, cpr_file_state_name(f->state));
}

static void files(const struct cpr_doctor_phone *p, struct cpr_buf *out)
{
	if (!p->file_n)
		return;
	cpr_buf_puts(out, "<table><tr><th>file</th><th>bytes</th><th>of</th><th></th>"
			  "<th>state</th></tr>\n");
	for (size_t i = 0; i < p->file_n; i++)
		file_row(&p->file[i], out);
	cpr_buf_puts(out, "</table>\n");
	if (p->files_over)
		cpr_buf_printf(out, "<p class=\"faint\">and %zu more names</p>\n",
			p->files_over);
}

static void lease(const struct cpr_doctor_phone *p, struct cpr_buf *out)
{
	const struct cpr_answer *a = cpr_report_lease(p);
	enum cpr_source source;
	struct in_addr server[2];
	size_t n;

	if (!a)
		return;
	n = cpr_answer_servers(p, a, server, &source);
	cpr_buf_puts(out, "<p>Address ");
	address(a->yiaddr.s_addr ? a->yiaddr : p->ip, out);
	cpr_buf_puts(out, " from ");
	address(a->server, out);
	cpr_buf_printf(out, "; TFTP servers (%s): ", cpr_source_name(source));
	if (!n)
		cpr_buf_puts(out, "none");
	for (size_t i = 0; i < n; i++) {
		cpr_buf_puts(out, i ? ", " : "");
		address(server[i], out);
	}
	cpr_buf_puts(out, ".</p>\n");
}

static void phone(const struct cpr_doctor *d, const struct cpr_doctor_phone *p, size_t i,
	const struct cpr_verdicts *v, struct cpr_buf *out)
{
	bool stuck = v->n || cpr_report_silent_us(d, p);

	cpr_buf_printf(out, "<section class=\"phone\" id=\"phone-%zu\"><h2>", i + 1);
	cpr_html_text(out, cpr_report_model(p));
	cpr_buf_puts(out, " ");
	mac_text(p, out);
	cpr_buf_printf(out, "</h2>\n<p class=\"%s\">It %s%s.</p>\n",
		p->recovered ? "good"
		: stuck      ? "bad"
			     : "faint",
		cpr_report_stage(p),
		p->recovered ? ""
		: stuck      ? ", and is stuck"
			     : "; no fault was seen");
	stages(p, out);
	lease(p, out);
	for (size_t k = 0; k < v->n; k++)
		fault(p, &v->row[k], out);
	files(p, out);
	cpr_ladder(p, v, out);
	if (p->story_left_out)
		cpr_buf_printf(out,
			"<p class=\"faint\">%" PRIu64 " later events are left out</p>\n",
			p->story_left_out);
	cpr_buf_puts(out, "</section>\n");
}

static void lost(const struct cpr_doctor *d, struct cpr_buf *out)
{
	if (d->lost)
		cpr_buf_printf(out,
			"<p class=\"bad\">%" PRIu64
			" packets were lost before they could be read.</p>\n",
			d->lost);
	if (d->phones_over)
		cpr_buf_printf(out,
			"<p class=\"bad\">There was no room for %zu more phones.</p>\n",
			d->phones_over);
}

static int summary(
	const struct cpr_doctor *d, const char *source, const struct cpr_paper *paper)
{
	size_t n = cpr_doctor_phones(d);
	struct cpr_buf out = {0};

	cpr_buf_puts(&out, head);
	cpr_buf_puts(&out, "<h1>Why phones are stuck</h1>\n<p class=\"faint\">");
	cpr_html_text(&out, source);
	cpr_buf_puts(&out, ", ");
	cpr_html_number(&out, d->packets);
	cpr_buf_printf(&out, " packets, %zu phone%s</p>\n", n, n == 1 ? "" : "s");
	lost(d, &out);
	cpr_buf_puts(&out, "<table><tr><th>phone</th><th>model</th><th>address</th>"
			   "<th>came to</th><th>faults</th></tr>\n");
	for (size_t i = 0; i < n; i++) {
		_cleanup_(cpr_verdicts_clear) struct cpr_verdicts v = {0};

		cpr_doctor_judge(d, cpr_doctor_phone(d, i), &v);
		summary_row(cpr_doctor_phone(d, i), i, &v, &out);
		out.failed |= v.failed;
	}
	cpr_buf_puts(&out, "</table>\n");
	return cpr_paper_put_html(paper, &out);
}

int cpr_report_html(
	const struct cpr_doctor *d, const char *source, const struct cpr_paper *paper)
{
	struct cpr_buf out = {0};
	int r = summary(d, source, paper);

	for (size_t i = 0; r == 0 && i < cpr_doctor_phones(d); i++) {
		_cleanup_(cpr_verdicts_clear) struct cpr_verdicts v = {0};

		cpr_doctor_judge(d, cpr_doctor_phone(d, i), &v);
		phone(d, cpr_doctor_phone(d, i), i, &v, &out);
		out.failed |= v.failed;
		r = cpr_paper_put_html(paper, &out);
	}
	if (r == 0) {
		cpr_buf_puts(&out, "</body></html>\n");
		r = cpr_paper_put_html(paper, &out);
	}
	return r;
}
