/* What follows from the order of things: how far a phone came, what it refused, and whether it
 * is back.
 *
 * A wiped phone asks for its recovery file, a packing list; then for the images on it; then it
 * boots, and asks for trust lists, its configuration and perhaps another list; then it calls
 * the call manager.  Whoever begins again too early refused what came last. */
#include "transfer.h"

#include "cleanup.h"
#include "loads.h"

#include <string.h>
#include <strings.h>

enum {
	QUIET_US =
		30000000, /* with its configuration, after its images: then it is back */
	PAUSE_US =
		1000000, /* a second server is asked sooner than a second round begins */
};

static bool is_list(const struct cpr_doctor_file *f)
{
	return f->kind == CPR_FILE_LIST || f->kind == CPR_FILE_RECOVERY;
}

static bool recovers(const struct cpr_doctor_phone *p)
{
	return p->round.list >= 0 && p->file[p->round.list].kind == CPR_FILE_RECOVERY;
}

static bool has_listed(const struct cpr_doctor_phone *p, const char *name)
{
	uint64_t since = recovers(p) ? p->round.listed.number : 0;

	for (size_t i = 0; i < p->file_n; i++)
		if (p->file[i].state == CPR_FILE_COMPLETE &&
			p->file[i].asked.number >= since &&
			!strcasecmp(p->file[i].name, name))
			return true;
	return false;
}

static bool has_whole_list(const struct cpr_doctor_phone *p)
{
	if (!p->list || !p->list->n || cpr_phone_family(p) != CPR_FAMILY_79X1)
		return false;
	for (size_t i = 0; i < p->list->n; i++)
		if (!has_listed(p, p->list->entry[i].name))
			return false;
	return true;
}

/* Whether the phone has what it came for.  A wiped 79x1 fetches all that its list names; other
 * phones may leave out what they still have, so of them an image and no open one must do. */
static bool has_images(const struct cpr_doctor_phone *p)
{
	const struct cpr_round *r = &p->round;

	if (has_whole_list(p))
		return true;
	if (recovers(p) && p->list && cpr_phone_family(p) == CPR_FAMILY_79X1)
		return false;
	for (size_t i = 0; i < p->file_n; i++)
		if (p->file[i].kind == CPR_FILE_IMAGE &&
			p->file[i].asked.number > r->began.number &&
			p->file[i].state != CPR_FILE_COMPLETE)
			return false;
	return r->images_complete > 0;
}

static void raise_stage(struct cpr_doctor_phone *p, enum cpr_stage stage)
{
	if (p->stage < stage)
		p->stage = stage;
}

static void refuse_list(struct cpr_doctor_phone *p, const struct cpr_packet *k)
{
	struct cpr_round *r = &p->round;

	if (p->loads_refused.list != r->list)
		p->loads_refused.n = 0;
	p->loads_refused.list = r->list;
	p->loads_refused.n++;
	p->loads_refused.complete = r->listed;
	p->loads_refused.again = cpr_moment_of(k);
	r->list = -1;
}

/* Its images came whole, and here it begins again. */
static void refuse_image(
	struct cpr_doctor_phone *p, int image, const struct cpr_packet *k)
{
	/* Where it ended nobody saw. */
	if (p->file[image].unseen)
		return;
	if (p->image_refused.image != image)
		p->image_refused.n = 0;
	p->image_refused.image = image;
	p->image_refused.n++;
	p->image_refused.sure |= p->flashed;
	p->image_refused.complete = p->file[image].ended;
	p->image_refused.again = cpr_moment_of(k);
}

/* Whether every trust list asked for since then got its answer, be it that it is not there. */
static bool trust_answered(const struct cpr_doctor_phone *p, const struct cpr_packet *k)
{
	for (size_t i = 0; i < p->file_n; i++) {
		const struct cpr_doctor_file *f = &p->file[i];

		if (f->kind != CPR_FILE_TRUST || f->asked.number < p->round.trust.number)
			continue;
		if (f->asked.number == k->number) {
			if (f->unanswered.n > 1)
				return false;
		} else if (cpr_transfer_open(f) || f->state == CPR_FILE_UNANSWERED ||
			   f->state == CPR_FILE_STALLED) {
			return false;
		}
	}
	return true;
}

static void block_by_trust(struct cpr_doctor_phone *p, const struct cpr_packet *k)
{
	/* Over HTTP it may have got what it wanted. */
	if (p->http.answered.number || !trust_answered(p, k))
		return;
	p->trust_blocked.n++;
	p->trust_blocked.trust = p->round.trust;
	p->trust_blocked.again = cpr_moment_of(k);
}

static bool only_trust(const struct cpr_round *r)
{
	return r->trust_file >= 0 && !r->config.number && !r->called.number;
}

static void forget_trust(struct cpr_round *r)
{
	r->trust = r->config = r->called = (struct cpr_moment){0};
	r->trust_file = -1;
}

void cpr_round_boot(struct cpr_doctor_phone *p, const struct cpr_packet *k)
{
	struct cpr_round *r = &p->round;

	for (size_t i = 0; i < p->file_n; i++)
		if (p->file[i].asked_n)
			cpr_transfer_given_up(NULL, p, (int)i, k, CPR_GAVE_UP_BOOT);
	if (recovers(p) && !r->went_on && !r->images_asked)
		refuse_list(p, k);
	if (only_trust(r))
		block_by_trust(p, k);
	forget_trust(r);
	if (p->stage >= CPR_STAGE_TFTP && p->stage <= CPR_STAGE_REBOOTING &&
		(p->flashed || has_images(p))) {
		if (!p->flashed)
			p->flashed_at = r->imaged;
		p->flashed = p->rebooted = true;
		p->stage = CPR_STAGE_REBOOTING;
		return;
	}
	p->stage = CPR_STAGE_DHCP;
}

void cpr_round_lease(struct cpr_doctor_phone *p, const struct cpr_packet *k)
{
	(void)k;
	raise_stage(p, CPR_STAGE_DHCP);
}

static bool image_open(const struct cpr_doctor_phone *p)
{
	for (size_t i = 0; i < p->file_n; i++)
		if (p->file[i].kind == CPR_FILE_IMAGE && p->file[i].asked_n &&
			cpr_transfer_open(&p->file[i]))
			return true;
	return false;
}

/* Recovery begins, for the first time or again. */
static void begin_recovery(
	struct cpr_doctor_phone *p, int file, const struct cpr_packet *k)
{
	struct cpr_round *r = &p->round;

	if (recovers(p) && r->list == file && !r->went_on && !r->images_asked)
		refuse_list(p, k);
	if (r->began.number && r->images_complete && !r->images_failed && !r->up &&
		!image_open(p) && cpr_phone_family(p) != CPR_FAMILY_7940)
		refuse_image(p, r->last_image, k);
	*r = (struct cpr_round){.began = cpr_moment_of(k),
		.list = -1,
		.up = r->up,
		.last_image = -1,
		.trust_file = -1};
	p->flashed = p->rebooted = p->recovered = false;
	p->stage = CPR_STAGE_TFTP;
}

static void ask_list(struct cpr_doctor_phone *p, int file, const struct cpr_packet *k)
{
	struct cpr_round *r = &p->round;

	if (r->list == file && !r->went_on && !r->images_asked && !has_whole_list(p))
		refuse_list(p, k);
	else if (r->list >= 0 && r->list != file)
		r->went_on = true;
	raise_stage(p, CPR_STAGE_TFTP);
}

static void ask_trust(struct cpr_doctor_phone *p, int file, const struct cpr_packet *k)
{
	struct cpr_round *r = &p->round;

	if (file == r->trust_file && only_trust(r) &&
		k->time_us >= r->trust.time_us + PAUSE_US) {
		block_by_trust(p, k);
		forget_trust(r);
	}
	if (r->trust_file < 0) {
		r->trust_file = file;
		r->trust = cpr_moment_of(k);
	}
	r->up = true;
	if (recovers(p))
		r->went_on = true;
	raise_stage(p, CPR_STAGE_CONFIG);
}

static void ask_image(struct cpr_doctor_phone *p, int file, const struct cpr_packet *k)
{
	struct cpr_round *r = &p->round;

	/* A 7940 asks for OS79XX.TXT at each boot, its images in the flash or not. */
	if (p->file[file].complete_n && !r->up && cpr_phone_family(p) == CPR_FAMILY_7940)
		refuse_image(p, file, k);
	r->images_asked++;
	r->went_on = true;
	r->up = p->flashed = p->rebooted = false;
	forget_trust(r);
	p->stage = CPR_STAGE_IMAGES;
}

void cpr_round_asked(struct cpr_doctor_phone *p, int file, const struct cpr_packet *k)
{
	struct cpr_round *r = &p->round;

	switch (p->file[file].kind) {
	case CPR_FILE_RECOVERY:
		begin_recovery(p, file, k);
		break;
	case CPR_FILE_LIST:
		ask_list(p, file, k);
		break;
	case CPR_FILE_IMAGE:
		ask_image(p, file, k);
		break;
	case CPR_FILE_TRUST:
		ask_trust(p, file, k);
		break;
	case CPR_FILE_CONFIG:
	case CPR_FILE_XMLDEFAULT:
		r->config = cpr_moment_of(k);
		r->up = true;
		if (recovers(p))
			r->went_on = true;
		raise_stage(p, CPR_STAGE_CONFIG);
		break;
	case CPR_FILE_OTHER:
		r->went_on = true;
		raise_stage(p, CPR_STAGE_TFTP);
		break;
	}
}

/* It may be any of the images. */
void cpr_round_unknown(struct cpr_doctor_phone *p)
{
	p->round.went_on = true;
	p->round.images_failed++;
}

static void list_complete(
	struct cpr_doctor_phone *p, int file, const struct cpr_packet *k)
{
	struct cpr_round *r = &p->round;

	r->list = file;
	r->listed = cpr_moment_of(k);
	r->went_on = false;
	r->images_asked = r->images_complete = r->images_failed = 0;
	r->last_image = -1;
}

void cpr_round_ended(struct cpr_doctor *d, struct cpr_doctor_phone *p, int file,
	const struct cpr_packet *k)
{
	struct cpr_round *r = &p->round;
	const struct cpr_doctor_file *f = &p->file[file];
	bool complete = f->state == CPR_FILE_COMPLETE;

	(void)d;
	if (f->kind == CPR_FILE_IMAGE && !complete)
		r->images_failed++;
	if (!complete)
		return;
	if (is_list(f))
		list_complete(p, file, k);
	if (f->kind == CPR_FILE_TRUST && strlen(f->name) > 4 &&
		!strcasecmp(f->name + strlen(f->name) - 4, ".sgn"))
		r->config = p->configured = cpr_moment_of(k);
	if (f->kind != CPR_FILE_IMAGE)
		return;
	r->images_complete++;
	r->last_image = file;
	r->imaged = cpr_moment_of(k);
	if (recovers(p) && has_whole_list(p)) {
		p->flashed = true;
		p->flashed_at = r->imaged;
		p->stage = CPR_STAGE_REBOOTING;
	}
}

void cpr_round_called(
	struct cpr_doctor_phone *p, const struct cpr_packet *k, bool answered)
{
	struct cpr_round *r = &p->round;

	r->called = cpr_moment_of(k);
	r->went_on = r->up = true;
	raise_stage(p, CPR_STAGE_REGISTERING);
	if (!answered)
		return;
	p->stage = CPR_STAGE_RECOVERED;
	p->recovered = true;
}

void cpr_round_tick(struct cpr_doctor_phone *p, uint64_t now_us)
{
	const struct cpr_doctor_file *f = p->current >= 0 ? &p->file[p->current] : NULL;
	uint64_t spoke = f && f->moved.time_us > p->rrq.time_us ? f->moved.time_us
								: p->rrq.time_us;

	if (p->stage == CPR_STAGE_RECOVERED || !p->flashed || !p->rebooted ||
		p->configured.number <= p->flashed_at.number || now_us < spoke + QUIET_US)
		return;
	p->stage = CPR_STAGE_RECOVERED;
	p->recovered = true;
}
