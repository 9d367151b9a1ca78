#include "live.h"

#include "buf.h"
#include "cleanup.h"
#include "cli/screen.h"
#include "engine/facts.h"
#include "report.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_US UINT64_C(1000000)

enum {
	FILE_WIDTH = 30, /* "cnu41.9-4-2ES26.sbn" and longer ones */
	BAR_WIDTH = 16,
	BAR_FRAME = 9,   /* " [", "] ", "100 %" */
	RATE_WIDTH = 10, /* " 9999 kB/s" */
};

/* What was seen of a phone, or said of it, the last time. */
struct row {
	bool known;
	uint64_t packet, judged_us; /* by when its faults were looked for */
	enum cpr_stage stage;
	uint64_t stage_us; /* since when */
	uint32_t faults;   /* bits, by id */
	bool silent;
	uint64_t bytes, bytes_us, rate; /* of its files; bytes a second */
	size_t file_n;
	enum cpr_file_state file[CPR_DOCTOR_FILES];
};

struct cpr_live {
	const struct cpr_doctor *doctor;
	char *interface;
	struct cpr_screen *screen;
	struct row *row;
	size_t n;
	uint64_t lost;
};

int cpr_live_new(
	struct cpr_live **out, const struct cpr_doctor *d, const char *interface, int fd)
{
	_cleanup_(cpr_live_freep) struct cpr_live *l = calloc(1, sizeof(*l));

	if (!l || cpr_screen_new(&l->screen, fd) != 0)
		return -ENOMEM;
	l->doctor = d;
	l->interface = strdup(interface);
	if (!l->interface)
		return -ENOMEM;
	*out = TAKE_PTR(l);
	return 0;
}

struct cpr_live *cpr_live_free(struct cpr_live *l)
{
	if (!l)
		return NULL;
	cpr_screen_free(l->screen);
	free(l->interface);
	free(l->row);
	free(l);
	return NULL;
}

void cpr_live_freep(struct cpr_live **l)
{
	cpr_live_free(*l);
}

static void who(const struct cpr_doctor_phone *p, struct cpr_buf *out)
{
	char mac[18], ip[INET_ADDRSTRLEN];

	cpr_buf_printf(out, "%s ", cpr_report_model(p));
	if (cpr_report_mac(p, mac))
		cpr_buf_puts(out, mac);
	else
		cpr_buf_puts(out, inet_ntop(AF_INET, &p->ip, ip, sizeof(ip)));
}

/* Those whose outcome a person wants to hear of; a missing trust list is normal. */
static bool is_telling(const struct cpr_doctor_file *f)
{
	if (f->kind == CPR_FILE_OTHER || f->kind == CPR_FILE_TRUST)
		return false;
	return f->state > CPR_FILE_FETCHING &&
	       (f->kind != CPR_FILE_CONFIG || f->state == CPR_FILE_COMPLETE);
}

static void say_files(
	struct row *r, const struct cpr_doctor_phone *p, struct cpr_buf *said)
{
	for (size_t i = 0; i < p->file_n; i++) {
		const struct cpr_doctor_file *f = &p->file[i];

		if (i < r->file_n && r->file[i] == f->state)
			continue;
		r->file[i] = f->state;
		if (!is_telling(f))
			continue;
		who(p, said);
		cpr_buf_printf(said, ": %s: %s", f->name, cpr_file_state_name(f->state));
		if (f->bytes)
			cpr_buf_printf(said, ", %" PRIu64 " bytes", f->bytes);
		cpr_buf_puts(said, "\n");
	}
	r->file_n = p->file_n;
}

static void say_stage(
	struct row *r, const struct cpr_doctor_phone *p, struct cpr_buf *said)
{
	char ip[INET_ADDRSTRLEN];

	who(p, said);
	if (p->ip.s_addr)
		cpr_buf_printf(
			said, " at %s", inet_ntop(AF_INET, &p->ip, ip, sizeof(ip)));
	cpr_buf_printf(said, ": %s: %s\n", cpr_stage_name(p->stage), cpr_report_stage(p));
	r->stage = p->stage;
}

/* A verdict costs more than a packet: not for each of them. */
static void judge(const struct cpr_live *l, struct row *r,
	const struct cpr_doctor_phone *p, struct cpr_buf *said)
{
	_cleanup_(cpr_verdicts_clear) struct cpr_verdicts found = {0};
	uint32_t faults = 0;

	cpr_doctor_judge(l->doctor, p, &found);
	for (size_t i = 0; i < found.n; i++) {
		uint32_t bit = UINT32_C(1) << found.row[i].id;

		faults |= bit;
		if (r->faults & bit)
			continue;
		who(p, said);
		cpr_buf_printf(said, ": %s: %s; %s\n", cpr_faults[found.row[i].id].name,
			found.row[i].text, found.row[i].remedy);
	}
	r->faults = faults;
	r->silent = cpr_report_silent_us(l->doctor, p);
	r->judged_us = l->doctor->now_us;
}

static void measure(
	const struct cpr_live *l, struct row *r, const struct cpr_doctor_phone *p)
{
	uint64_t now = l->doctor->now_us, bytes = 0, passed = now - r->bytes_us;

	if (r->bytes_us && passed < SECOND_US)
		return;
	for (size_t i = 0; i < p->file_n; i++)
		bytes += p->file[i].bytes;
	/* asked for again, a file begins anew */
	r->rate = r->bytes_us && bytes > r->bytes
			  ? (bytes - r->bytes) * SECOND_US / passed
			  : 0;
	r->bytes = bytes;
	r->bytes_us = now;
}

static void look(const struct cpr_live *l, struct row *r,
	const struct cpr_doctor_phone *p, struct cpr_buf *said)
{
	uint64_t now = l->doctor->now_us;
	bool news = !r->known || r->packet != p->last.number;

	if (news)
		say_files(r, p, said);
	if (!r->known || r->stage != p->stage) {
		r->stage_us = p->last.time_us;
		say_stage(r, p, said);
	}
	if (news || now - r->judged_us >= SECOND_US)
		judge(l, r, p, said);
	measure(l, r, p);
	r->known = true;
	r->packet = p->last.number;
}

/* In the table's order. */
static enum group {
	TROUBLED,
	UNDER_WAY,
	BACK,
	DARK
} group_of(const struct row *r, const struct cpr_doctor_phone *p)
{
	if (p->recovered)
		return BACK;
	if (r->faults || r->silent)
		return TROUBLED;
	return p->stage == CPR_STAGE_DARK ? DARK : UNDER_WAY;
}

static void bar(struct cpr_buf *out, const struct cpr_doctor_file *f)
{
	unsigned percent = f->size <= 0 ? 0
			   : f->bytes >= (uint64_t)f->size
				   ? 100
				   : (unsigned)(f->bytes * 100 / (uint64_t)f->size);
	unsigned full = percent * BAR_WIDTH / 100;

	if (f->size <= 0 || f->state > CPR_FILE_COMPLETE) {
		cpr_buf_printf(out, " %-*s", BAR_WIDTH + BAR_FRAME - 1,
			cpr_file_state_name(f->state));
		return;
	}
	cpr_buf_puts(out, " [");
	for (unsigned i = 0; i < BAR_WIDTH; i++)
		cpr_buf_puts(out, i < full ? "#" : " ");
	cpr_buf_printf(out, "] %3u %%", percent);
}

static void fault_names(struct cpr_buf *out, const struct row *r)
{
	bool first = true;

	for (unsigned id = 0; id < CPR_FAULT_N; id++) {
		if (!(r->faults >> id & 1))
			continue;
		cpr_buf_printf(out, "%s%s", first ? " " : ", ", cpr_faults[id].name);
		first = false;
	}
	if (r->silent && first)
		cpr_buf_puts(out, " silent");
}

/* What there is no room for is left out, the fault last. */
static void line(const struct cpr_live *l, const struct row *r,
	const struct cpr_doctor_phone *p, size_t columns, struct cpr_buf *out)
{
	size_t start = out->len, fault = r->faults || r->silent ? 26 : 0, used;
	const struct cpr_doctor_file *f =
		p->current >= 0 && (size_t)p->current < p->file_n ? &p->file[p->current]
								  : NULL;
	uint64_t s = (l->doctor->now_us - r->stage_us) / SECOND_US;
	char mac[18], ip[INET_ADDRSTRLEN];

	if (!cpr_report_mac(p, mac))
		inet_ntop(AF_INET, &p->ip, ip, sizeof(ip));
	cpr_buf_printf(out, "%-17s %-9.9s %-11s", *mac ? mac : ip, cpr_report_model(p),
		cpr_stage_name(p->stage));
	cpr_buf_printf(out, " %3" PRIu64 ":%02" PRIu64, s / 60, s % 60);
	used = out->len - start;
	if (f && used + 1 + FILE_WIDTH + fault <= columns) {
		cpr_buf_printf(out, " %-*.*s", FILE_WIDTH, FILE_WIDTH, f->name);
		used = out->len - start;
		if (used + BAR_WIDTH + BAR_FRAME + fault <= columns)
			bar(out, f);
		used = out->len - start;
		if (r->rate && used + RATE_WIDTH + fault <= columns)
			cpr_buf_printf(out, " %4" PRIu64 " kB/s", r->rate / 1000);
	}
	fault_names(out, r);
}

struct counted {
	size_t of[DARK + 1];
};

static void head(const struct cpr_live *l, const struct counted *c, struct cpr_buf *out)
{
	const struct cpr_doctor *d = l->doctor;

	cpr_buf_printf(out,
		"%s: %zu phones, %zu back, %zu with a fault; %" PRIu64 " packets",
		l->interface, l->n, c->of[BACK], c->of[TROUBLED], d->packets);
	if (d->lost)
		cpr_buf_printf(out, ", %" PRIu64 " LOST", d->lost);
	cpr_buf_puts(out, "; Ctrl-C ends it with the report\n");
	if (l->n)
		cpr_buf_printf(out, "%-17s %-9s %-11s %6s %s\n", "PHONE", "MODEL",
			"STAGE", "FOR", "FILE, FAULT");
}

static void draw(const struct cpr_live *l)
{
	_cleanup_(cpr_buf_free) struct cpr_buf out = {0};
	size_t columns, lines, drawn = 2;
	struct counted c = {0};

	cpr_screen_room(l->screen, &columns, &lines);
	for (size_t i = 0; i < l->n; i++)
		c.of[group_of(&l->row[i], cpr_doctor_phone(l->doctor, i))]++;
	head(l, &c, &out);
	for (int group = TROUBLED; group <= DARK; group++) {
		for (size_t i = 0; i < l->n; i++) {
			const struct cpr_doctor_phone *p = cpr_doctor_phone(l->doctor, i);

			if ((int)group_of(&l->row[i], p) != group)
				continue;
			if (drawn++ < lines)
				line(l, &l->row[i], p, columns, &out);
			cpr_buf_puts(&out, "\n"); /* of the others only the number */
		}
	}
	if (!out.failed)
		cpr_screen_show(l->screen, NULL, out.data);
}

void cpr_live_tick(struct cpr_live *l)
{
	_cleanup_(cpr_buf_free) struct cpr_buf said = {0};
	size_t n = cpr_doctor_phones(l->doctor);

	if (n > l->n) {
		struct row *grown = reallocarray(l->row, n, sizeof(*grown));

		if (!grown)
			return;
		memset(grown + l->n, 0, (n - l->n) * sizeof(*grown));
		l->row = grown;
		l->n = n;
	}
	for (size_t i = 0; i < n; i++)
		look(l, &l->row[i], cpr_doctor_phone(l->doctor, i), &said);
	if (l->doctor->lost > l->lost)
		cpr_buf_printf(&said,
			"%" PRIu64 " packets lost: the kernel had no room for them\n",
			l->doctor->lost - l->lost);
	l->lost = l->doctor->lost;
	if (cpr_screen_live(l->screen))
		draw(l);
	else if (said.len && !said.failed)
		cpr_screen_show(l->screen, said.data, "");
}
