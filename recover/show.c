#include "show.h"

#include "cleanup.h"
#include "cli/bars.h"
#include "cli/cli.h"
#include "firmware.h"
#include "models.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
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

static const char *model_of(const struct cpr_bench_phone *p)
{
	if (p->model && p->model->model)
		return p->model->model;
	return *p->model_text ? p->model_text : "phone";
}

static const char *in_words(enum cpr_bench_stage stage)
{
	static const char *const words[] = {
		[CPR_BENCH_DHCP] = "asks for an address",
		[CPR_BENCH_TFTP] = "asks for files",
		[CPR_BENCH_LOADS] = "has its packing list",
		[CPR_BENCH_IMAGES] = "fetches its images",
		[CPR_BENCH_REBOOTING] = "has all images, writes them and boots: do not "
					"unplug it",
		[CPR_BENCH_CONFIG] = "asks for its configuration",
		[CPR_BENCH_REGISTERING] = "calls the call manager",
		[CPR_BENCH_RECOVERED] = "is back",
	};

	return words[stage];
}

/* Files that a person wants to hear about; a missing trust list or SEP file is normal. */
static bool is_telling(const struct cpr_bench_file *f)
{
	if (f->kind == CPR_BENCH_FILE_OTHER || f->kind == CPR_BENCH_FILE_TRUST)
		return false;
	return f->kind != CPR_BENCH_FILE_CONFIG || f->state == CPR_BENCH_COMPLETE;
}

static void show_file(struct cpr_bars *bars, unsigned slot,
	const struct cpr_bench_phone *p, const struct cpr_bench_file *f)
{
	char label[256];

	if (!is_telling(f))
		return;
	snprintf(label, sizeof(label), "%s %s %s", model_of(p), p->name + 9, f->name);
	switch (f->state) {
	case CPR_BENCH_ASKED:
	case CPR_BENCH_RUNNING:
		cpr_bars_set(bars, slot, label, f->bytes, f->size);
		break;
	case CPR_BENCH_COMPLETE:
		cpr_bars_set(bars, slot, label, f->bytes, f->size);
		cpr_bars_done(bars, slot, "");
		break;
	case CPR_BENCH_MISSING:
		cpr_bars_drop(bars, slot);
		cpr_bars_line(bars, "%s: was told that there is no such file", label);
		break;
	case CPR_BENCH_REFUSED:
		cpr_bars_drop(bars, slot);
		cpr_bars_line(bars, "%s: the phone broke it off", label);
		break;
	}
}

static void show_stage(struct cpr_bench_shown *s, unsigned slot, struct cpr_bars *bars,
	const struct cpr_bench_phone *p)
{
	char ip[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &p->ip, ip, sizeof(ip));
	cpr_bars_line(bars, "%s %s%s%s: %s", model_of(p), p->name,
		p->ip.s_addr ? " at " : "", p->ip.s_addr ? ip : "", in_words(p->stage));
	s->phone[slot].seen = true;
	s->phone[slot].stage = p->stage;
	if (p->stage == CPR_BENCH_DHCP && p->vlan >= 0)
		cpr_bars_line(bars,
			"%s %s: asks in VLAN %d, but this interface serves frames "
			"without "
			"tag; take the voice VLAN off its switch port",
			model_of(p), p->name, p->vlan);
	if (p->stage == CPR_BENCH_REGISTERING && !p->list && !s->phone[slot].hinted) {
		cpr_bars_line(bars,
			"%s %s: has firmware and asked for none; to recover it, reset it "
			"with the keys above",
			model_of(p), p->name);
		s->phone[slot].hinted = true;
	}
}

void cpr_bench_show(struct cpr_bench_shown *s, struct cpr_bars *bars,
	const struct cpr_bench_watch *w, const struct cpr_bench_phone *p)
{
	const struct cpr_bench_file *f =
		p->current < p->file_n ? &p->file[p->current] : NULL;
	unsigned slot = 0;

	while (w->phone[slot] != p)
		slot++;
	if (f && (f->state < CPR_BENCH_COMPLETE || s->phone[slot].current != p->current ||
			 s->phone[slot].state != f->state))
		show_file(bars, slot, p, f);
	if (f) {
		s->phone[slot].current = p->current;
		s->phone[slot].state = f->state;
	}
	if (!s->phone[slot].seen || s->phone[slot].stage != p->stage)
		show_stage(s, slot, bars, p);
	if (!s->over && cpr_bench_watch_over(w, UINT64_MAX)) {
		cpr_bars_line(bars,
			"every phone is back; ends when no new one came for a minute");
		s->over = true;
	}
	if (p->stage != CPR_BENCH_RECOVERED)
		s->over = false;
}

static void mac_text(const uint8_t mac[6], char out[18])
{
	snprintf(out, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
		mac[4], mac[5]);
}

/* The file that keeps the phone where it is; NULL: none. */
static const struct cpr_bench_file *open_file(const struct cpr_bench_phone *p)
{
	for (size_t i = p->file_n; i-- > 0;)
		if (is_telling(&p->file[i]) && p->file[i].state != CPR_BENCH_COMPLETE)
			return &p->file[i];
	return NULL;
}

/* What the person can look at next; "" when nothing comes to mind. */
static const char *advice(const struct cpr_bench_phone *p, const struct cpr_bench_file *f)
{
	if (p->stage == CPR_BENCH_DHCP && p->vlan >= 0)
		return "; it is in a voice VLAN, and this interface serves frames "
		       "without "
		       "tag: take the voice VLAN off its switch port";
	if (p->stage == CPR_BENCH_DHCP && !p->ip.s_addr)
		return "; it got no address: does a firewall here drop UDP port 67?";
	if (p->stage == CPR_BENCH_TFTP && f && f->state == CPR_BENCH_ASKED)
		return "; it got no answer: does a firewall here drop UDP port 69?";
	if (p->stage == CPR_BENCH_TFTP && f && f->state == CPR_BENCH_MISSING)
		return "; are the packages for this model?";
	if (p->stage == CPR_BENCH_LOADS && !f)
		return "; it read its packing list and asks for no image: it refuses "
		       "this load, "
		       "try another version";
	if (p->stage == CPR_BENCH_REBOOTING)
		return "; it may still be writing its flash: leave it powered";
	return "";
}

void cpr_bench_report(const struct cpr_bench_watch *w, FILE *out)
{
	for (size_t i = 0; i < w->phone_n; i++) {
		const struct cpr_bench_phone *p = w->phone[i];
		const struct cpr_bench_file *f = open_file(p);
		char mac[18], ip[INET_ADDRSTRLEN];

		mac_text(p->mac, mac);
		inet_ntop(AF_INET, &p->ip, ip, sizeof(ip));
		fprintf(out, "%s %s %s %s", mac, model_of(p), p->ip.s_addr ? ip : "-",
			cpr_bench_stage_name(p->stage));
		if (f && p->stage != CPR_BENCH_RECOVERED)
			fprintf(out, ": '%s' %s after %llu bytes", f->name,
				cpr_bench_file_state_name(f->state),
				(unsigned long long)f->bytes);
		fprintf(out, "%s\n", advice(p, f));
	}
}

static json_t *files_json(const struct cpr_bench_phone *p)
{
	json_t *files = json_array();

	for (size_t i = 0; i < p->file_n; i++) {
		const struct cpr_bench_file *f = &p->file[i];

		json_array_append_new(files,
			json_pack("{s:s, s:I, s:o, s:s}", "name", f->name, "bytes",
				(json_int_t)f->bytes, "size",
				f->size ? json_integer((json_int_t)f->size) : json_null(),
				"state", cpr_bench_file_state_name(f->state)));
	}
	return files;
}

int cpr_bench_report_json(const struct cpr_bench_watch *w, FILE *out)
{
	json_t *phones = json_array(), *all = json_pack("{s:o}", "phones", phones);
	int rc;

	for (size_t i = 0; i < w->phone_n; i++) {
		const struct cpr_bench_phone *p = w->phone[i];
		char mac[18], ip[INET_ADDRSTRLEN];

		mac_text(p->mac, mac);
		inet_ntop(AF_INET, &p->ip, ip, sizeof(ip));
		json_array_append_new(phones,
			json_pack("{s:s, s:s?, s:o, s:s, s:b, s:o}", "mac", mac, "model",
				p->model ? p->model->model : NULL, "ip",
				p->ip.s_addr ? json_string(ip) : json_null(), "stage",
				cpr_bench_stage_name(p->stage), "recovered",
				p->stage == CPR_BENCH_RECOVERED, "files", files_json(p)));
	}
	rc = all ? json_dumpf(all, out, JSON_INDENT(2)) : -1;
	json_decref(all);
	fputc('\n', out);
	return rc < 0 ? -ENOMEM : 0;
}
