/* The files a phone asks for: what a name promises, and what the bytes say that came. */
#include "transfer.h"

#include "cleanup.h"
#include "container.h"
#include "firmware.h"
#include "judge.h"
#include "loads.h"
#include "plan.h"
#include "settings.h"
#include "text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *cpr_file_state_name(enum cpr_file_state s)
{
	static const char *const name[] = {
		[CPR_FILE_ASKED] = "asked",
		[CPR_FILE_FETCHING] = "fetching",
		[CPR_FILE_COMPLETE] = "complete",
		[CPR_FILE_MISSING] = "missing",
		[CPR_FILE_DENIED] = "denied",
		[CPR_FILE_ABORTED] = "aborted",
		[CPR_FILE_STALLED] = "stalled",
		[CPR_FILE_UNANSWERED] = "unanswered",
	};

	return name[s];
}

static bool ends_in(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);

	return n > m && strcasecmp(name + n - m, suffix) == 0;
}

/* Also of a phone that does not know its model, and asks for termZZ.default.loads. */
static bool is_recovery(const char *name)
{
	const char *rest = cpr_text_after(name, "term");

	return !strcasecmp(name, CPR_OS79XX) ||
	       (rest && strlen(rest) > 2 && !strcasecmp(rest + 2, ".default.loads"));
}

static bool is_config(const char *name)
{
	const char *rest = cpr_text_after(name, "SIP");
	size_t digits = 0;

	while (rest && isxdigit((unsigned char)rest[digits]))
		digits++;
	return digits == 12 || cpr_text_after(name, "SEP") ||
	       cpr_text_after(name, "SIPDefault") || ends_in(name, ".cnf.xml");
}

enum cpr_file_kind cpr_file_kind(const char *name)
{
	static const char *const images[] = {".sbn", ".sb2", ".sebn", ".zz.sgn"};

	if (is_recovery(name))
		return CPR_FILE_RECOVERY;
	if (!strcasecmp(name, "XMLDefault.cnf.xml"))
		return CPR_FILE_XMLDEFAULT;
	switch (cpr_name_kind(name)) {
	case CPR_NAME_TERM:
		return CPR_FILE_RECOVERY;
	case CPR_NAME_LOADS:
		return CPR_FILE_LIST;
	case CPR_NAME_IMAGE:
		return CPR_FILE_IMAGE;
	case CPR_NAME_NONE:
		break;
	}
	/* A phone that holds a trust list asks for its configuration signed, or not at all. */
	if (cpr_text_after(name, "CTL") || cpr_text_after(name, "ITL") ||
		(is_config(name) && ends_in(name, ".sgn")))
		return CPR_FILE_TRUST;
	if (is_config(name))
		return CPR_FILE_CONFIG;
	if (ends_in(name, ".loads"))
		return CPR_FILE_LIST;
	for (size_t i = 0; i < CPR_ARRAY_LEN(images); i++)
		if (ends_in(name, images[i]))
			return CPR_FILE_IMAGE;
	return CPR_FILE_OTHER;
}

enum cpr_family cpr_phone_family(const struct cpr_doctor_phone *p)
{
	if (p->model)
		return p->model->family;
	for (size_t i = 0; i < p->file_n; i++)
		if (p->file[i].kind == CPR_FILE_RECOVERY)
			return strcasecmp(p->file[i].name, CPR_OS79XX) ? CPR_FAMILY_79X1
								       : CPR_FAMILY_7940;
	return CPR_FAMILY_OTHER;
}

/* A row to write over: ring lists and locales are many, and tell least. */
static int spare(const struct cpr_doctor_phone *p)
{
	int oldest = -1;

	for (size_t i = 0; i < p->file_n; i++)
		if (p->file[i].kind == CPR_FILE_OTHER &&
			!cpr_transfer_open(&p->file[i]) &&
			(oldest < 0 ||
				p->file[i].asked.number < p->file[oldest].asked.number))
			oldest = (int)i;
	return oldest;
}

static int row_for(struct cpr_doctor_phone *p)
{
	size_t n = p->file_n;
	struct cpr_doctor_file *grown;
	int at;

	if (n == CPR_DOCTOR_FILES) {
		p->files_over++;
		at = spare(p);
		if (at >= 0) {
			free(p->file[at].name);
			cpr_buf_free(&p->file[at].head);
		}
		return at;
	}
	/* Room grows by doubling from 8: that the number is a power of two says it is full. */
	if (n == 0 || (n >= 8 && !(n & (n - 1)))) {
		grown = reallocarray(p->file, n ? 2 * n : 8, sizeof(*grown));
		if (!grown)
			return -1;
		p->file = grown;
	}
	p->file_n++;
	return (int)n;
}

int cpr_file_find(struct cpr_doctor_phone *p, const char *name)
{
	char *copy;
	int at;

	for (size_t i = 0; i < p->file_n; i++)
		if (!strcmp(p->file[i].name, name))
			return (int)i;
	copy = strdup(name);
	at = copy ? row_for(p) : -1;
	if (at < 0) {
		free(copy);
		return -1;
	}
	p->file[at] = (struct cpr_doctor_file){
		.name = copy, .kind = cpr_file_kind(name), .size = -1};
	return at;
}

const struct cpr_file *cpr_file_planned(const struct cpr_doctor *d, const char *name)
{
	const struct cpr_firmware *f = d->config.plan ? d->config.plan->firmware : NULL;
	const struct cpr_file *file = f ? cpr_firmware_file(f, name) : NULL;

	return file || !f ? file : cpr_firmware_file_nocase(f, name);
}

void cpr_file_keep(struct cpr_doctor_file *f, const uint8_t *bytes, size_t len)
{
	uint64_t total;

	if (f->head.len + len > CPR_DOCTOR_HEAD) {
		/* Of an image its head is enough: where that says nothing, more will not. */
		f->keeping = false;
		cpr_buf_free(&f->head);
		return;
	}
	cpr_buf_add(&f->head, bytes, len);
	if (f->head.failed) {
		f->keeping = false;
		cpr_buf_free(&f->head);
		return;
	}
	if (f->kind != CPR_FILE_IMAGE)
		return;
	total = cpr_judge_total((const uint8_t *)f->head.data, f->head.len);
	if (!total)
		return;
	f->keeping = false;
	f->size = (int64_t)(total & INT64_MAX);
}

/* What a list's entries may end in, as phone/boot.c has it; of other families it is not known. */
static const char *const *suffixes(enum cpr_family family)
{
	static const char *const java[] = {".sbn", ".bin", NULL};
	static const char *const universal[] = {".sbn", ".sb2", ".bin", NULL};
	static const char *const any[] = {"", NULL};

	return family == CPR_FAMILY_79X1   ? java
	       : family == CPR_FAMILY_7940 ? universal
					   : any;
}

static void blame(struct cpr_doctor_file *f, const char *why)
{
	snprintf(f->judged, sizeof(f->judged), "%.*s", (int)sizeof(f->judged) - 1, why);
	cpr_text_printable(f->judged, "");
}

static void judge_list(struct cpr_doctor_phone *p, struct cpr_doctor_file *f)
{
	struct cpr_loads *list = NULL;
	char why[CPR_JUDGE_WHY];
	int r = cpr_judge_loads(f->name, (const uint8_t *)f->head.data, f->head.len,
		suffixes(cpr_phone_family(p)), 0, &list, why);

	if (r == -EINVAL)
		blame(f, why);
	if (r == 0) {
		cpr_loads_free(p->list);
		p->list = list;
	}
}

/* One line with the name of an image, without its suffix. */
static void judge_os79xx(struct cpr_doctor_file *f)
{
	size_t blanks = strspn(f->head.data, " \t\r\n");

	if (blanks == f->head.len)
		blame(f, "it names no load");
}

static void judge_image(struct cpr_doctor_file *f)
{
	static const char *const signed_always[] = {".sbn", ".sb2", ".sgn", ".sebn"};
	struct cpr_container c;
	char why[CPR_JUDGE_WHY];
	bool known = false;

	for (size_t i = 0; i < CPR_ARRAY_LEN(signed_always); i++)
		known = known || ends_in(f->name, signed_always[i]);
	if (cpr_container_parse((const uint8_t *)f->head.data, f->head.len, &c) ==
			CPR_CONTAINER_OK &&
		c.type != CPR_CONTAINER_NONE)
		known = true;
	if (known && !cpr_judge_image(f->name, (const uint8_t *)f->head.data, f->head.len,
			     f->bytes, why))
		blame(f, why);
}

static void judge_config(
	struct cpr_doctor_phone *p, struct cpr_doctor_file *f, const struct cpr_packet *k)
{
	bool common = f->kind == CPR_FILE_XMLDEFAULT;
	struct cpr_settings s;

	p->configured = cpr_moment_of(k);
	/* SIPDefault.cnf and SIP<MAC>.cnf are no XML. */
	if (!ends_in(f->name, ".xml") || (common && !p->model))
		return;
	if (cpr_settings_parse(f->head.data, f->head.len,
		    common ? p->model->device_id : 0, &s) != 0) {
		blame(f, "it is no XML that a phone can read");
		return;
	}
	if (common) {
		p->xmldefault_seen = true;
		p->xmldefault_load = *s.load != 0;
	}
	snprintf(p->wanted, sizeof(p->wanted), "%s", s.load);
	snprintf(p->call_manager, sizeof(p->call_manager), "%.*s",
		(int)sizeof(p->call_manager) - 1, s.call_manager);
	cpr_text_printable(p->wanted, "");
	cpr_text_printable(p->call_manager, "");
}

/* Of an image the head is kept, of all else every byte or none. */
static bool has_bytes(const struct cpr_doctor_file *f)
{
	return f->head.data &&
	       (f->kind == CPR_FILE_IMAGE || (f->keeping && f->head.len == f->bytes));
}

void cpr_file_judge(struct cpr_doctor_phone *p, int file, const struct cpr_packet *k)
{
	struct cpr_doctor_file *f = &p->file[file];

	*f->judged = 0;
	if (has_bytes(f))
		switch (f->kind) {
		case CPR_FILE_RECOVERY:
			if (!strcasecmp(f->name, CPR_OS79XX)) {
				judge_os79xx(f);
				break;
			}
			judge_list(p, f);
			break;
		case CPR_FILE_LIST:
			judge_list(p, f);
			break;
		case CPR_FILE_IMAGE:
			judge_image(f);
			break;
		case CPR_FILE_CONFIG:
		case CPR_FILE_XMLDEFAULT:
			judge_config(p, f, k);
			break;
		case CPR_FILE_TRUST:
		case CPR_FILE_OTHER:
			break;
		}
	else if (f->kind == CPR_FILE_CONFIG || f->kind == CPR_FILE_XMLDEFAULT)
		p->configured = cpr_moment_of(k);
	f->keeping = false;
	cpr_buf_free(&f->head);
}
