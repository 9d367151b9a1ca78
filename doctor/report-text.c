#include "report.h"

#include "buf.h"
#include "cleanup.h"
#include "engine/facts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum {
	FEW = 5, /* phones of which everything is told, be they healthy */
};

static void address(struct cpr_buf *out, const char *before, struct in_addr a)
{
	char text[INET_ADDRSTRLEN];

	if (a.s_addr)
		cpr_buf_printf(
			out, "%s%s", before, inet_ntop(AF_INET, &a, text, sizeof(text)));
}

static void duration(struct cpr_buf *out, uint64_t us)
{
	uint64_t s = us / 1000000;

	if (s < 120)
		cpr_buf_printf(out, "%" PRIu64 " s", s);
	else
		cpr_buf_printf(out, "%" PRIu64 " min", s / 60);
}

static void headline(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
	const struct cpr_verdicts *found, struct cpr_buf *out)
{
	uint64_t silent = cpr_report_silent_us(d, p);
	char mac[18];

	cpr_buf_printf(out, "%s%s%s", cpr_report_model(p),
		cpr_report_mac(p, mac) ? " " : "", mac);
	if (*p->name)
		cpr_buf_printf(out, " (%s)", p->name);
	address(out, " at ", p->ip);
	if (p->recovered)
		cpr_buf_printf(out, ": recovered%s", found->n ? ", but " : "");
	else if (found->n || silent)
		cpr_buf_printf(out, ": stuck at %s%s", cpr_stage_name(p->stage),
			found->n ? ": " : "");
	else
		cpr_buf_printf(
			out, ": %s: %s", cpr_stage_name(p->stage), cpr_report_stage(p));
	for (size_t i = 0; i < found->n; i++)
		if (!i || found->row[i].id != found->row[i - 1].id)
			cpr_buf_printf(out, "%s%s", i ? ", " : "",
				cpr_faults[found->row[i].id].name);
	if (silent) {
		cpr_buf_puts(out, ", silent for ");
		duration(out, silent);
	}
	cpr_buf_puts(out, "\n");
}

/* What it was told to do, by whom. */
static void given(const struct cpr_doctor_phone *p, struct cpr_buf *out)
{
	const struct cpr_answer *a = cpr_report_lease(p);
	struct in_addr server[2];
	enum cpr_source source;
	size_t n;

	if (!a && p->dhcp.unoffered.n)
		cpr_buf_printf(out, "  asked for an address %u times in vain\n",
			p->dhcp.unoffered.n);
	if (!a)
		return;
	address(out, "  given ", a->yiaddr);
	address(out, " by ", a->server);
	address(out, " over the relay ", a->giaddr);
	address(out, ", router ", a->router);
	address(out, ", DNS ", a->dns);
	n = cpr_answer_servers(p, a, server, &source);
	cpr_buf_puts(out, n ? "; TFTP server" : "; no TFTP server");
	for (size_t i = 0; i < n; i++)
		address(out, i ? ", then " : " ", server[i]);
	if (source != CPR_SOURCE_NONE)
		cpr_buf_printf(
			out, "%s from %s", n ? "" : " known", cpr_source_name(source));
	if (source == CPR_SOURCE_OPTION66 && *a->option66)
		cpr_buf_printf(out, " \"%s\"", a->option66);
	cpr_buf_puts(out, "\n");
	if (p->dhcp.vlan >= 0)
		cpr_buf_printf(out, "  in VLAN %d\n", p->dhcp.vlan);
}

/* How a state goes on: "missing at 192.0.2.1". */
static const char *word_of(enum cpr_file_state state)
{
	switch (state) {
	case CPR_FILE_ASKED:
		return " of ";
	case CPR_FILE_MISSING:
		return " at ";
	case CPR_FILE_DENIED:
	case CPR_FILE_UNANSWERED:
		return " by ";
	default:
		return " from ";
	}
}

static void file(const struct cpr_doctor_phone *p, const struct cpr_doctor_file *f,
	struct cpr_buf *out)
{
	cpr_buf_printf(out, "  %-36s %-10s", f->name, cpr_file_state_name(f->state));
	if (f->size >= 0 && f->bytes != (uint64_t)f->size)
		cpr_buf_printf(
			out, " %" PRIu64 " of %" PRId64 " bytes", f->bytes, f->size);
	else if (f->bytes)
		cpr_buf_printf(out, " %" PRIu64 " bytes", f->bytes);
	address(out, word_of(f->state), f->server);
	if (f->asked_n > 1)
		cpr_buf_printf(out, ", asked %u times", f->asked_n);
	if (cpr_report_usual(p, f))
		cpr_buf_puts(out, ", which is usual");
	cpr_buf_puts(out, "\n");
}

static void verdict(const struct cpr_verdict *v, struct cpr_buf *out)
{
	cpr_buf_printf(out, "  %s: %s\n", cpr_faults[v->id].name, v->text);
	cpr_buf_printf(out, "    what to do: %s\n", v->remedy);
	for (size_t i = 0; i < v->frame_n; i++)
		cpr_buf_printf(out, "%s%" PRIu64,
			i                ? ", "
			: v->frame_n > 1 ? "    see frames "
					 : "    see frame ",
			v->frame[i]);
	if (v->frame_n)
		cpr_buf_puts(out, "\n");
	if (v->incomplete)
		cpr_buf_puts(out, "    not proven: packets were lost in the capture, and "
				  "what did not come may be among them\n");
}

/* Of a healthy phone among many no more than its line. */
static void story(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
	const struct cpr_verdicts *found, bool whole, struct cpr_buf *out)
{
	headline(d, p, found, out);
	for (size_t i = 0; i < found->n; i++)
		verdict(&found->row[i], out);
	if (!whole)
		return;
	given(p, out);
	for (size_t i = 0; i < p->file_n; i++)
		file(p, &p->file[i], out);
	if (p->files_over)
		cpr_buf_printf(out, "  and %zu files more\n", p->files_over);
	cpr_buf_puts(out, "\n");
}

static void sums(const struct cpr_doctor *d, size_t recovered, size_t troubled,
	struct cpr_buf *out)
{
	size_t n = cpr_doctor_phones(d), over = cpr_doctor_phones_over(d);

	if (!n)
		cpr_buf_printf(out, "no phone seen in %" PRIu64 " packets%s\n",
			d->packets,
			d->packets ? ": capture at the phone's switch port or on its "
				     "servers, since before it gets its power"
				   : "");
	else
		cpr_buf_printf(out, "%zu phone%s: %zu recovered, %zu with a fault\n", n,
			n == 1 ? "" : "s", recovered, troubled);
	if (over)
		cpr_buf_printf(out,
			"%zu phones more were seen than there is room for; they were not "
			"looked at\n",
			over);
	if (d->lost)
		cpr_buf_printf(out,
			"%" PRIu64
			" packets were lost: the kernel had no room for them\n",
			d->lost);
	if (d->cut)
		cpr_buf_printf(out,
			"%" PRIu64 " packets were cut by the capture (snap length): what "
			"files say could not be read in all of them\n",
			d->cut);
}

/* The phones with a fault, or the others. */
static int stories(const struct cpr_doctor *d, const struct cpr_paper *paper, bool faulty,
	size_t *recovered, size_t *n)
{
	bool few = cpr_doctor_phones(d) <= FEW;
	int r = 0;

	for (size_t i = 0; r == 0 && i < cpr_doctor_phones(d); i++) {
		const struct cpr_doctor_phone *p = cpr_doctor_phone(d, i);
		_cleanup_(cpr_verdicts_clear) struct cpr_verdicts found = {0};
		struct cpr_buf out = {0};

		cpr_doctor_judge(d, p, &found);
		if ((found.n || cpr_report_silent_us(d, p)) != faulty)
			continue;
		out.failed = found.failed;
		*n += 1;
		*recovered += p->recovered;
		story(d, p, &found, faulty || few, &out);
		r = cpr_paper_put(paper, &out);
	}
	return r;
}

int cpr_report_text(const struct cpr_doctor *d, const struct cpr_paper *paper)
{
	size_t recovered = 0, troubled = 0, sound = 0;
	struct cpr_buf out = {0};
	int r = stories(d, paper, true, &recovered, &troubled);

	if (r == 0)
		r = stories(d, paper, false, &recovered, &sound);
	if (r < 0)
		return r;
	cpr_buf_puts(&out, sound > FEW ? "\n" : "");
	sums(d, recovered, troubled, &out);
	return cpr_paper_put(paper, &out);
}
