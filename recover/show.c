#include "show.h"

#include "cleanup.h"
#include "cli/bars.h"
#include "cli/cli.h"
#include "engine/facts.h"
#include "firmware.h"
#include "models.h"
#include "report.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

static bool is_served(const struct cpr_model *m, const struct cpr_firmware *firmware)
{
	for (size_t i = 0; i < firmware->load_n; i++)
		if (!firmware->load[i].term &&
			cpr_model_takes_load(m, firmware->load[i].name))
			return true;
	for (size_t i = 0; i < firmware->file_n; i++)
		if (m->term && !strcasecmp(firmware->file[i].name, m->term))
			return true;
	return false;
}

static void print_keys(const char *models, enum cpr_family family)
{
	const char *keys = cpr_family_reset(family);

	if (!keys) {
		cpr_say(6, "no source says how to reset %s", models);
		return;
	}
	cpr_say(6, "to reset %s:", models);
	for (const char *line = keys; line;) {
		int n = (int)strcspn(line, "\n");

		fprintf(stderr, "    %.*s\n", n, line);
		line = line[n] ? line + n + 1 : NULL;
	}
}

void cpr_bench_show_keys(
	const struct cpr_model *model, const struct cpr_firmware *firmware)
{
	if (model) {
		if (!is_served(model, firmware))
			cpr_say(4, "the packages hold no load for %s", model->name);
		print_keys(model->model, model->family);
		return;
	}
	for (unsigned family = 0; family <= CPR_FAMILY_ADDON; family++) {
		char models[512] = "";
		size_t n = 0;

		for (size_t i = 0; i < cpr_models_n; i++) {
			const struct cpr_model *m = &cpr_models[i];

			if (m->family != family || !is_served(m, firmware) ||
				n >= sizeof(models))
				continue;
			n += (size_t)snprintf(models + n, sizeof(models) - n, "%s%s",
				n ? ", " : "", m->model);
		}
		if (n)
			print_keys(models, (enum cpr_family)family);
	}
}

/* "SEP001B54AABBCC" */
static const char *name_of(const struct cpr_doctor_phone *p, char out[16])
{
	const uint8_t *m = p->mac;

	snprintf(out, 16, "SEP%02X%02X%02X%02X%02X%02X", m[0], m[1], m[2], m[3], m[4],
		m[5]);
	return out;
}

static const char *ip_of(const struct cpr_doctor_phone *p, char out[INET_ADDRSTRLEN])
{
	return p->ip.s_addr ? inet_ntop(AF_INET, &p->ip, out, INET_ADDRSTRLEN) : "-";
}

/* Files that a person wants to hear about; a missing trust list or SEP file is normal. */
static bool is_telling(const struct cpr_doctor_file *f)
{
	if (f->kind == CPR_FILE_OTHER || f->kind == CPR_FILE_TRUST)
		return false;
	return f->kind < CPR_FILE_CONFIG || f->state == CPR_FILE_COMPLETE;
}

static void show_file(struct cpr_bars *bars, unsigned slot,
	const struct cpr_doctor_phone *p, const struct cpr_doctor_file *f)
{
	char label[256], name[16];

	if (!is_telling(f))
		return;
	snprintf(label, sizeof(label), "%s %s %s", cpr_report_model(p),
		name_of(p, name) + 9, f->name);
	if (f->state <= CPR_FILE_COMPLETE)
		cpr_bars_set(bars, slot, label, f->bytes, f->size > 0 ? f->size : 0);
	if (f->state == CPR_FILE_COMPLETE)
		cpr_bars_done(bars, slot, "");
	if (f->state <= CPR_FILE_COMPLETE)
		return;
	cpr_bars_drop(bars, slot);
	if (f->state == CPR_FILE_MISSING)
		cpr_bars_line(bars, "%s: was told that there is no such file", label);
	else if (f->state == CPR_FILE_ABORTED && f->aborted_by_phone)
		cpr_bars_line(bars, "%s: the phone broke it off", label);
	else
		cpr_bars_line(bars, "%s: %s", label, cpr_file_state_name(f->state));
}

static void show_stage(struct cpr_bench_shown *s, unsigned slot, struct cpr_bars *bars,
	const struct cpr_doctor_phone *p)
{
	char ip[INET_ADDRSTRLEN], name[16];

	name_of(p, name);
	cpr_bars_line(bars, "%s %s%s%s: %s%s", cpr_report_model(p), name,
		p->ip.s_addr ? " at " : "", p->ip.s_addr ? ip_of(p, ip) : "",
		cpr_report_stage(p),
		p->stage == CPR_STAGE_REBOOTING ? ": do not unplug it" : "");
	s->phone[slot].seen = true;
	s->phone[slot].stage = p->stage;
	if (p->stage == CPR_STAGE_DHCP && p->dhcp.vlan >= 0)
		cpr_bars_line(bars,
			"%s %s: asks in VLAN %d, but this interface serves frames "
			"without tag; take the voice VLAN off its switch port",
			cpr_report_model(p), name, p->dhcp.vlan);
	if (p->stage == CPR_STAGE_REGISTERING && !p->flashed && !s->phone[slot].hinted) {
		cpr_bars_line(bars,
			"%s %s: has firmware and asked for none; to recover it, reset it "
			"with the keys above",
			cpr_report_model(p), name);
		s->phone[slot].hinted = true;
	}
}

static void show_over(
	struct cpr_bench_shown *s, struct cpr_bars *bars, const struct cpr_bench_watch *w)
{
	bool over = cpr_bench_watch_over(w, UINT64_MAX);

	if (over && !s->over)
		cpr_bars_line(bars,
			"every phone is back; ends when no new one came for a minute");
	s->over = over;
}

void cpr_bench_show(struct cpr_bench_shown *s, struct cpr_bars *bars,
	const struct cpr_bench_watch *w, const struct cpr_doctor_phone *p)
{
	const struct cpr_doctor_file *f = p->current >= 0 ? &p->file[p->current] : NULL;
	unsigned slot = 0;

	while (cpr_doctor_phone(w->doctor, slot) != p)
		slot++;
	if (f && (f->state < CPR_FILE_COMPLETE ||
			 s->phone[slot].current != p->current + 1 ||
			 s->phone[slot].state != (int)f->state))
		show_file(bars, slot, p, f);
	if (f) {
		s->phone[slot].current = p->current + 1;
		s->phone[slot].state = (int)f->state;
	}
	if (!s->phone[slot].seen || s->phone[slot].stage != p->stage)
		show_stage(s, slot, bars, p);
	show_over(s, bars, w);
}

void cpr_bench_show_all(
	struct cpr_bench_shown *s, struct cpr_bars *bars, const struct cpr_bench_watch *w)
{
	for (unsigned i = 0; i < cpr_doctor_phones(w->doctor); i++) {
		const struct cpr_doctor_phone *p = cpr_doctor_phone(w->doctor, i);

		if (cpr_bench_is_here(p) &&
			(!s->phone[i].seen || s->phone[i].stage != p->stage))
			cpr_bench_show(s, bars, w, p);
	}
}

/* The file that keeps the phone where it is; NULL: none. */
static const struct cpr_doctor_file *open_file(const struct cpr_doctor_phone *p)
{
	for (size_t i = p->file_n; i-- > 0;)
		if (is_telling(&p->file[i]) && p->file[i].state != CPR_FILE_COMPLETE)
			return &p->file[i];
	return NULL;
}

/* What only the bench can add; "" when nothing comes to mind. */
static const char *advice(
	const struct cpr_doctor_phone *p, const struct cpr_doctor_file *f)
{
	if (p->stage == CPR_STAGE_DHCP && p->dhcp.vlan >= 0)
		return "; it is in a voice VLAN, and this interface serves frames "
		       "without tag: take the voice VLAN off its switch port";
	if (p->stage == CPR_STAGE_DHCP && !p->ip.s_addr)
		return "; it got no address: does a firewall here drop UDP port 67?";
	if (p->stage == CPR_STAGE_TFTP && f && f->state == CPR_FILE_MISSING)
		return "; are the packages for this model?";
	if (p->stage == CPR_STAGE_REBOOTING)
		return "; it may still be writing its flash: leave it powered";
	return "";
}

static void report_faults(
	const struct cpr_doctor *d, const struct cpr_doctor_phone *p, FILE *out)
{
	_cleanup_(cpr_verdicts_clear) struct cpr_verdicts v = {0};

	cpr_doctor_judge(d, p, &v);
	for (size_t i = 0; i < v.n; i++)
		fprintf(out, "  %s: %s; %s\n", cpr_faults[v.row[i].id].name,
			v.row[i].text, v.row[i].remedy);
}

void cpr_bench_report(const struct cpr_bench_watch *w, FILE *out)
{
	for (size_t i = 0; i < cpr_doctor_phones(w->doctor); i++) {
		const struct cpr_doctor_phone *p = cpr_doctor_phone(w->doctor, i);
		const struct cpr_doctor_file *f = open_file(p);
		char mac[18], ip[INET_ADDRSTRLEN];

		if (!cpr_bench_is_here(p))
			continue;
		cpr_report_mac(p, mac);
		fprintf(out, "%s %s %s %s", mac, cpr_report_model(p), ip_of(p, ip),
			cpr_stage_name(p->stage));
		if (f && !p->recovered)
			fprintf(out, ": '%s' %s after %llu bytes", f->name,
				cpr_file_state_name(f->state),
				(unsigned long long)f->bytes);
		fprintf(out, "%s\n", advice(p, f));
		report_faults(w->doctor, p, out);
	}
}
