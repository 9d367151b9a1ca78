#include "state.h"

#include "engine/judge.h"
#include "loads.h"
#include "models.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Suffixes: what the phone's own reader of lists accepts; "Unknown file type in .loads" else. */
const struct cpr_boot cpr_boots[] = {
	{CPR_FAMILY_79X1, cpr_recovery_begin, {".sbn", ".bin"}, true, true},
	{CPR_FAMILY_7940, cpr_universal_begin, {".sbn", ".sb2", ".bin"}, false, false},
};
const size_t cpr_boots_n = sizeof(cpr_boots) / sizeof(cpr_boots[0]);

static void idle(struct cpr_phone *p)
{
	if (++p->rounds >= CPR_LOOP)
		cpr_phone_end(p, false);
	else
		cpr_phone_reboot(p);
}

void cpr_boot_served(struct cpr_phone *p)
{
	if (p->config.scenario == CPR_SCENARIO_DHCP)
		cpr_phone_end(p, true);
	else if (p->config.defect == CPR_DEFECT_NEVER_ASKS)
		idle(p);
	else if (p->normal)
		cpr_normal_begin(p);
	else
		p->boot->recover(p);
}

/* A real phone begins again after about 90 s, for ever (seen in a published server log). */
void cpr_boot_again(struct cpr_phone *p)
{
	if (++p->rounds >= CPR_LOOP) {
		cpr_phone_end(p, false);
		return;
	}
	cpr_watch_judge(p);
	cpr_watch_pause(p, p->config.pause_ms, CPR_AGAIN_MS);
	cpr_phone_say(p, "begins again in %u s", p->config.pause_ms / 1000);
	cpr_phone_later(p, p->config.pause_ms, cpr_boot_served);
}

static bool in_flash(const struct cpr_phone *p, const char *name)
{
	for (size_t i = 0; i < p->flash_n; i++)
		if (strcmp(p->flash[i], name) == 0)
			return true;
	return false;
}

static void written(struct cpr_phone *p)
{
	char **grown = reallocarray(p->flash, p->flash_n + 1, sizeof(*grown));

	if (grown) {
		p->flash = grown;
		p->flash[p->flash_n] = strdup(p->fetch.name);
		if (p->flash[p->flash_n])
			p->flash_n++;
	}
	p->flashed = true;
	p->written(p);
}

bool cpr_boot_image(struct cpr_phone *p, cpr_step *then)
{
	const struct cpr_fetch *f = &p->fetch;
	uint64_t rate = p->config.flash_rate;
	char why[CPR_JUDGE_WHY];

	if (!cpr_judge_image(f->name, (const uint8_t *)(f->head.data ? f->head.data : ""),
		    f->head.len, f->bytes, why)) {
		cpr_fetch_mark(p, "refused");
		cpr_phone_trouble(p, "refuses \"%s\": %s", f->name, why);
		return false;
	}
	/* Of a busy flash it was written before the last block was acknowledged. */
	if (p->config.defect == CPR_DEFECT_FLASH_BUSY)
		rate = 0;
	p->written = then;
	cpr_phone_later(p, rate ? f->bytes * 1000 / rate : 0, written);
	return true;
}

static void next_image(struct cpr_phone *p);

/* Seen in a server log of a 7911: after a missing image the next one is still fetched, then
 * the phone gives up. */
static void got_image(struct cpr_phone *p)
{
	p->list_at++;
	if (p->fetch.outcome == CPR_FETCH_ERROR) {
		if (p->aborted || p->list_at >= p->list->n) {
			p->list_failed(p);
			return;
		}
		p->aborted = true;
		next_image(p);
	} else if (p->fetch.outcome != CPR_FETCH_GOT || p->aborted ||
		   !cpr_boot_image(p, next_image)) {
		p->list_failed(p);
	}
}

static void next_image(struct cpr_phone *p)
{
	while (p->list_at < p->list->n && in_flash(p, p->list->entry[p->list_at].name))
		p->list_at++;
	if (p->list_at < p->list->n)
		cpr_fetch_start(p, p->list->entry[p->list_at].name, got_image);
	else if (p->aborted)
		p->list_failed(p);
	else
		p->list_done(p);
}

void cpr_boot_list(struct cpr_phone *p, cpr_step *done, cpr_step *failed)
{
	const struct cpr_fetch *f = &p->fetch;
	char why[CPR_JUDGE_WHY] = "it is too long for a list";
	struct cpr_loads *list = NULL;

	if (f->bytes > f->head.len ||
		cpr_judge_loads(f->name,
			(const uint8_t *)(f->head.data ? f->head.data : ""), f->head.len,
			p->boot->image_suffix, p->config.hardware_mask, &list,
			why) != 0) {
		cpr_fetch_mark(p, "refused");
		cpr_phone_trouble(p, "refuses \"%s\": %s", f->name, why);
		failed(p);
		return;
	}
	cpr_loads_free(p->list);
	p->list = list;
	p->list_at = 0;
	p->list_done = done;
	p->list_failed = failed;
	p->aborted = p->flashed = false;
	p->images = true;
	next_image(p);
}
