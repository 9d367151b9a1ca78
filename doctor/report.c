#include "report.h"

#include "buf.h"
#include "cleanup.h"
#include "dhcp.h"
#include "engine/facts.h"
#include "html.h"
#include "mask.h"
#include "models.h"
#include "text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

/* A flash is written in minutes, and a reboot takes several (umich, cisco-voip list). */
#define SILENT_US (10 * 60 * UINT64_C(1000000))

typedef char *masks(struct cpr_mask *m, const char *text);

static int put(const struct cpr_paper *paper, struct cpr_buf *text, masks *with)
{
	_cleanup_(cpr_freep) char *masked = NULL;
	const char *out = text->data;
	int r = text->failed ? -ENOMEM : 0;

	if (text->data)
		cpr_text_tame(text->data, "\n"); /* none of it speaks to a terminal */
	if (r == 0 && out && paper->mask) {
		out = masked = with(paper->mask, out);
		r = out ? 0 : -ENOMEM;
	}
	if (r == 0 && out && fputs(out, paper->out) == EOF)
		r = -EIO;
	cpr_buf_free(text);
	return r;
}

int cpr_paper_put(const struct cpr_paper *paper, struct cpr_buf *text)
{
	return put(paper, text, cpr_mask_text);
}

int cpr_paper_put_html(const struct cpr_paper *paper, struct cpr_buf *page)
{
	return put(paper, page, cpr_html_mask);
}

uint64_t cpr_report_silent_us(
	const struct cpr_doctor *d, const struct cpr_doctor_phone *p)
{
	uint64_t silent = d->now_us > p->last.time_us ? d->now_us - p->last.time_us : 0;

	/* Before that it may be a phone that runs; after it something calls it back. */
	if (p->recovered || p->stage < CPR_STAGE_LOADS || p->stage > CPR_STAGE_REBOOTING)
		return 0;
	return silent > SILENT_US ? silent : 0;
}

bool cpr_report_troubled(const struct cpr_doctor *d, const struct cpr_doctor_phone *p)
{
	_cleanup_(cpr_verdicts_clear) struct cpr_verdicts found = {0};

	cpr_doctor_judge(d, p, &found);
	return found.n || found.failed || cpr_report_silent_us(d, p);
}

bool cpr_report_usual(const struct cpr_doctor_phone *p, const struct cpr_doctor_file *f)
{
	bool for_all = false;

	for (size_t i = 0; i < p->file_n; i++)
		for_all = for_all || (p->file[i].kind == CPR_FILE_XMLDEFAULT &&
					     p->file[i].state == CPR_FILE_COMPLETE);
	return f->state == CPR_FILE_MISSING &&
	       (f->kind == CPR_FILE_TRUST || f->kind == CPR_FILE_OTHER ||
		       (f->kind == CPR_FILE_CONFIG && for_all));
}

const struct cpr_answer *cpr_report_lease(const struct cpr_doctor_phone *p)
{
	const struct cpr_answer *last = cpr_lease_answer(p);

	if (last)
		return last;
	for (size_t i = 0; i < p->dhcp.answer_n; i++) {
		const struct cpr_answer *a = &p->dhcp.answer[i];

		if (a->type == CPR_DHCP_ACK && !a->inform &&
			(!last || a->last.number > last->last.number))
			last = a;
	}
	return last;
}

/* Its MAC hides it: "SEP001B54AABBCC". */
static bool is_own_name(const char *name)
{
	return strncasecmp(name, "SEP", 3) == 0 && strlen(name) == 15 &&
	       strspn(name + 3, "0123456789abcdefABCDEF") == 12;
}

/* A name of one label may be a word that reports themselves use; it stays where it is. */
static bool is_own_word(const char *name)
{
	static const char *const words[] = {"phone", "phones", "server", "servers",
		"tftp", "dhcp", "dns", "relay", "files", "faults", "frames", "events",
		"model", "name", "stage", "state", "text", "cisco", "call-manager"};

	for (size_t i = 0; i < CPR_ARRAY_LEN(words); i++)
		if (strcasecmp(words[i], name) == 0)
			return true;
	return false;
}

static int hide(struct cpr_mask *mask, const char *name)
{
	struct in_addr address;

	/* Addresses are hidden as such. */
	if (is_own_word(name) || is_own_name(name) ||
		inet_pton(AF_INET, name, &address) == 1)
		return 0;
	return cpr_mask_name(mask, name);
}

int cpr_report_hide(const struct cpr_doctor *d, struct cpr_mask *mask)
{
	int r = 0;

	for (size_t i = 0; i < cpr_doctor_phones(d); i++) {
		const struct cpr_doctor_phone *p = cpr_doctor_phone(d, i);

		r |= hide(mask, p->name) | hide(mask, p->dns.name) |
		     hide(mask, p->call_manager);
		for (size_t k = 0; k < p->dhcp.answer_n; k++)
			r |= hide(mask, p->dhcp.answer[k].option66) |
			     hide(mask, p->dhcp.answer[k].sname);
	}
	return r ? -ENOMEM : 0;
}

bool cpr_report_mac(const struct cpr_doctor_phone *p, char out[18])
{
	static const uint8_t none[6];
	const uint8_t *m = p->mac;

	*out = 0;
	if (memcmp(m, none, sizeof(none)) == 0)
		return false;
	snprintf(out, 18, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4],
		m[5]);
	return true;
}

const char *cpr_report_model(const struct cpr_doctor_phone *p)
{
	if (p->model && p->model->model)
		return p->model->model;
	return *p->vendor ? p->vendor : "phone";
}

const char *cpr_report_stage(const struct cpr_doctor_phone *p)
{
	static const char *const words[] = {
		[CPR_STAGE_DARK] = "is there, and asks for nothing",
		[CPR_STAGE_DHCP] = "asks for an address",
		[CPR_STAGE_TFTP] = "asks for files",
		[CPR_STAGE_LOADS] = "has its packing list",
		[CPR_STAGE_IMAGES] = "fetches its images",
		[CPR_STAGE_REBOOTING] = "has all images, writes them and boots",
		[CPR_STAGE_CONFIG] = "asks for its configuration",
		[CPR_STAGE_REGISTERING] = "calls the call manager",
		[CPR_STAGE_RECOVERED] = "is back",
	};

	if (p->stage == CPR_STAGE_DHCP && p->dhcp.lease >= 0)
		return "has an address";
	return words[p->stage];
}
