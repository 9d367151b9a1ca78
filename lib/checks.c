#include "checks.h"

#include "cleanup.h"
#include "firmware.h"
#include "inspect.h"
#include "loads.h"
#include "models.h"
#include "observed.h"
#include "plan.h"
#include "resolve.h"
#include "site.h"

#include <stdarg.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static bool reported(const struct cpr_sink *s, const char *file)
{
	for (size_t i = 0; i < s->out->n; i++)
		if (strcmp(s->out->finding[i].id, s->check->id) == 0 &&
			strcmp(s->out->finding[i].file, file) == 0)
			return true;
	return false;
}

__attribute__((format(printf, 4, 0))) static void add(struct cpr_sink *s,
	enum cpr_severity severity, const char *file, const char *format, va_list args)
{
	struct cpr_finding f = {
		.id = s->check->id, .severity = severity, .remedy = s->check->remedy};
	struct cpr_finding *grown =
		reallocarray(s->out->finding, s->out->n + 1, sizeof(*grown));

	if (grown)
		s->out->finding = grown;
	f.file = strdup(file);
	if (vasprintf(&f.text, format, args) < 0)
		f.text = NULL;
	if (!grown || !f.file || !f.text) {
		free(f.file);
		free(f.text);
		s->out->lost = true;
		return;
	}
	s->out->finding[s->out->n++] = f;
}

/* One finding a check and file: what five lists miss is missing once.  "" is no file. */
__attribute__((format(printf, 4, 5))) static void found_as(struct cpr_sink *s,
	enum cpr_severity severity, const char *file, const char *format, ...)
{
	va_list args;

	if (*file && reported(s, file))
		return;
	va_start(args, format);
	add(s, severity, file, format, args);
	va_end(args);
}

#define found(s, file, ...) found_as(s, (s)->check->severity, file, __VA_ARGS__)

/* A file as the person finds it: below the TFTP root. */
static const char *where(const struct cpr_file *f, char out[512])
{
	if (f->set)
		snprintf(out, 512, "%s/%s/%s", CPR_TERMS_DIR, f->set, f->name);
	else
		snprintf(out, 512, "%s", f->name);
	return out;
}

static void found_listed(const struct cpr_firmware *f, struct cpr_sink *s,
	const struct cpr_loads_entry *e, enum cpr_listed state, const char *list)
{
	if (state == CPR_LISTED_ABSENT)
		found(s, e->name, "%s lists it, and it is not there", list);
	else if (state == CPR_LISTED_CASE)
		found(s, e->name, "%s lists it in this spelling; there is only \"%s\"",
			list, cpr_firmware_file_nocase(f, e->name)->name);
	else if (state == CPR_LISTED_SIZE)
		found(s, e->name, "it has %ju bytes, %s says %jd",
			(uintmax_t)cpr_firmware_file(f, e->name)->inspect->size, list,
			(intmax_t)e->size);
	else if (state == CPR_LISTED_SUM)
		found(s, e->name, "it is not of the build that %s lists", list);
}

/* A listed file in this state: once a name, by the first list that prints it. */
static void each_entry(
	const struct cpr_plan *p, struct cpr_sink *s, enum cpr_listed state)
{
	const struct cpr_firmware *f = p->firmware;
	char list[512];

	for (size_t i = 0; i < f->load_n; i++) {
		const struct cpr_load *l = &f->load[i];
		const struct cpr_loads *lists =
			l->file->inspect ? l->file->inspect->lists : NULL;

		for (size_t k = 0; lists && k < lists->n; k++) {
			const struct cpr_loads_entry *e = &lists->entry[k];

			if (cpr_firmware_listed(f, e) == state)
				found_listed(f, s, e, state, where(l->file, list));
		}
	}
}

/* What the fault lies in. */
enum part {
	HEADER,
	IMAGE,
	LIST
};

static enum part part_of(const struct cpr_file *f)
{
	if (f->inspect->container_outcome != CPR_CONTAINER_OK)
		return HEADER;
	return cpr_name_kind(f->name) == CPR_NAME_IMAGE ? IMAGE : LIST;
}

/* A link in another spelling of its target's own name is how capitals are served. */
static bool alias(const struct cpr_file *f)
{
	return f->link && strcasecmp(f->inspect->container.own_name, f->name) == 0;
}

static void each_file(const struct cpr_plan *p, struct cpr_sink *s, enum cpr_listed state,
	enum part part, const char *text)
{
	char file[512];

	for (size_t i = 0; i < p->firmware->file_n; i++) {
		const struct cpr_file *f = &p->firmware->file[i];

		if (!f->inspect || part_of(f) != part || cpr_file_state(f) != state)
			continue;
		if (state != CPR_LISTED_RENAMED)
			found(s, where(f, file), "%s%s%s", text,
				f->inspect->why[0] ? ": " : "", f->inspect->why);
		else if (!alias(f))
			found(s, where(f, file), "its own, signed name is \"%s\"",
				f->inspect->container.own_name);
	}
}

static void missing_image(const struct cpr_plan *p, struct cpr_sink *s)
{
	each_entry(p, s, CPR_LISTED_ABSENT);
}

static void wrong_case(const struct cpr_plan *p, struct cpr_sink *s)
{
	each_entry(p, s, CPR_LISTED_CASE);
	for (size_t i = 0; i < p->model_n; i++) {
		const char *name = p->model[i].recovery_file;
		const struct cpr_file *other;

		if (!name || cpr_firmware_file(p->firmware, name))
			continue;
		other = cpr_firmware_file_nocase(p->firmware, name);
		if (other)
			found(s, name,
				"a wiped %s asks for it in this spelling; there is only "
				"\"%s\"",
				p->model[i].model->model, other->name);
	}
}

static void truncated_image(const struct cpr_plan *p, struct cpr_sink *s)
{
	each_file(p, s, CPR_LISTED_DAMAGED, IMAGE, "it is not whole");
	each_entry(p, s, CPR_LISTED_SIZE);
	each_entry(p, s, CPR_LISTED_SUM);
}

static void renamed(const struct cpr_plan *p, struct cpr_sink *s)
{
	each_file(p, s, CPR_LISTED_RENAMED, IMAGE, "");
}

static void loads_inner_name(const struct cpr_plan *p, struct cpr_sink *s)
{
	each_file(p, s, CPR_LISTED_RENAMED, LIST, "");
}

static void container_malformed(const struct cpr_plan *p, struct cpr_sink *s)
{
	each_file(p, s, CPR_LISTED_DAMAGED, HEADER, "its header is damaged");
	each_file(p, s, CPR_LISTED_UNSIGNED, IMAGE,
		"it does not begin with a signature header");
	each_file(p, s, CPR_LISTED_UNSIGNED, LIST,
		"it does not begin with a signature header");
}

static void loads_malformed(const struct cpr_plan *p, struct cpr_sink *s)
{
	each_file(p, s, CPR_LISTED_DAMAGED, LIST, "its list cannot be read");
}

static void unreadable(const struct cpr_plan *p, struct cpr_sink *s)
{
	char file[512];

	for (size_t i = 0; i < p->firmware->file_n; i++) {
		const struct cpr_file *f = &p->firmware->file[i];

		if (!f->inspect)
			found(s, where(f, file), "it cannot be read");
		else if (!(f->mode & S_IROTH))
			found(s, where(f, file),
				"its mode is %04o: others may not read it",
				(unsigned)f->mode & 07777);
	}
}

static void no_term_file(const struct cpr_plan *p, struct cpr_sink *s)
{
	for (size_t i = 0; i < p->model_n; i++) {
		const struct cpr_plan_model *m = &p->model[i];

		if (m->model->term && !m->recovery)
			found(s, m->model->term, "a wiped %s asks for it first",
				m->model->model);
	}
}

static const struct cpr_load *root_load(const struct cpr_firmware *f, const char *name)
{
	for (size_t i = 0; i < f->load_n; i++)
		if (!f->load[i].file->set && strcmp(f->load[i].file->name, name) == 0)
			return &f->load[i];
	return NULL;
}

/* What a term file brings, for people. */
static const char *brings(const struct cpr_load *term)
{
	if (term->twin)
		return term->twin->name;
	return term->version[0] ? term->version : "a load that is not here";
}

static void term_not_served(const struct cpr_plan *p, struct cpr_sink *s)
{
	for (size_t i = 0; i < p->model_n; i++) {
		const struct cpr_load *r = p->model[i].recovery, *other;
		const struct cpr_file *now;
		const char *name = p->model[i].recovery_file;

		if (!r || !r->term || !r->complete || !r->file->set)
			continue;
		now = cpr_firmware_file(p->firmware, name);
		if (now && now->inode == r->file->inode)
			continue;
		other = root_load(p->firmware, name);
		if (!now || !other)
			found(s, name, "it is kept (set %s) and not served",
				r->file->set);
		else if (!other->twin || other->twin != r->twin)
			found_as(s, other->complete ? CPR_WARNING : CPR_ERROR, name,
				"that of %s is served, the plan is that of %s",
				brings(other), r->file->set);
	}
}

static void term_version(const struct cpr_plan *p, struct cpr_sink *s)
{
	for (size_t i = 0; i < p->model_n; i++) {
		const struct cpr_load *r = p->model[i].recovery, *l = p->model[i].load;
		const char *name = p->model[i].recovery_file;

		if (!r || !r->term || !l || r->twin == l ||
			(!r->twin && strcmp(r->version, l->version) == 0))
			continue;
		if (r->protocol != CPR_PROTOCOL_NONE && r->protocol != l->protocol)
			found_as(s, CPR_WARNING, name,
				"it brings %s, and XMLDefault then names %s: phones "
				"change from %s to %s after recovery",
				brings(r), l->name, cpr_protocol_name(r->protocol),
				cpr_protocol_name(l->protocol));
		else
			found(s, name,
				"it brings %s, and XMLDefault then names %s: one more "
				"round of loading after recovery",
				brings(r), l->name);
	}
}

static void dangling_load(const struct cpr_plan *p, struct cpr_sink *s)
{
	for (size_t i = 0; p->running && i < p->running->n; i++) {
		const char *load = p->running->row[i].load;
		const struct cpr_model *m = cpr_model_by_id(p->running->row[i].device_id);
		const struct cpr_load *here = cpr_firmware_load(p->firmware, load);
		_cleanup_(cpr_freep) char *file = NULL;

		if (here ? here->complete : cpr_firmware_image(p->firmware, load))
			continue;
		if (asprintf(&file, "%s.loads", load) < 0) {
			s->out->lost = true;
			return;
		}
		found(s, file, "XMLDefault.cnf.xml names it for %s (%u), and it is %s",
			m ? m->model : "an unknown model", p->running->row[i].device_id,
			here ? "not complete" : "not there");
	}
}

static const struct cpr_plan_model *planned(
	const struct cpr_plan *p, const struct cpr_model *model)
{
	for (size_t i = 0; i < p->model_n; i++)
		if (p->model[i].model == model)
			return &p->model[i];
	return NULL;
}

static void pinned(struct cpr_sink *s, const struct cpr_plan *p,
	const struct cpr_site_model *pin, const char *key, const char *load)
{
	const struct cpr_load *here = cpr_firmware_load(p->firmware, load);
	char file[512];

	snprintf(file, sizeof(file), "%s.loads", load);
	found(s, file, "the site file says %s = \"%s\" for model %s, and it is %s", key,
		load, pin->model->model,
		!here            ? "not there"
		: here->complete ? "not of this model, or without its term file"
				 : "not complete");
}

static void pin_not_served(const struct cpr_plan *p, struct cpr_sink *s)
{
	for (size_t i = 0; i < p->site->model_n; i++) {
		const struct cpr_site_model *pin = &p->site->model[i];
		const struct cpr_plan_model *m = planned(p, pin->model);

		if (pin->load && !(m && m->load))
			pinned(s, p, pin, "load", pin->load);
		if (pin->recovery && !(m && m->recovery && m->recovery->complete))
			pinned(s, p, pin, "recovery", pin->recovery);
	}
}

static bool has_pin(const struct cpr_site *site, const struct cpr_model *model)
{
	for (size_t i = 0; i < site->model_n; i++)
		if (site->model[i].model == model && site->model[i].load)
			return true;
	return false;
}

static void no_complete_load(const struct cpr_plan *p, struct cpr_sink *s)
{
	for (size_t i = 0; i < p->model_n; i++) {
		const struct cpr_plan_model *m = &p->model[i];

		if (m->load || has_pin(p->site, m->model) ||
			(m->load_name && cpr_firmware_image(p->firmware, m->load_name)))
			continue;
		if (m->recoverable)
			found_as(s, CPR_WARNING, "",
				"no load for model %s is complete: it comes back with "
				"what its term file brings, and XMLDefault names nothing",
				m->model->model);
		else
			found(s, "", "no load for model %s is complete", m->model->model);
	}
}

static void os79xx(const struct cpr_plan *p, struct cpr_sink *s)
{
	char name[64];

	cpr_running_os79xx(p->running, name);
	for (size_t i = 0; i < p->model_n; i++) {
		const struct cpr_plan_model *m = &p->model[i];
		const char *after;

		if (m->model->family != CPR_FAMILY_7940)
			continue;
		after = name[0] ? p->running->os79xx + strlen(name) : "";
		if (!name[0])
			found(s, CPR_OS79XX,
				"it is absent or empty; a wiped %s asks for it first",
				m->model->model);
		else if (!m->recovery && !cpr_firmware_image(p->firmware, name))
			found(s, CPR_OS79XX,
				"it names \"%s\", and nothing of that name is here",
				name);
		else if (*after == ' ' || *after == '\t')
			found_as(s, CPR_WARNING, CPR_OS79XX,
				"there are blanks behind \"%s\": old loads take them as "
				"part of the name",
				name);
	}
}

static void xmldefault_malformed(const struct cpr_plan *p, struct cpr_sink *s)
{
	if (p->running && p->running->malformed[0])
		found(s, "XMLDefault.cnf.xml", "%s", p->running->malformed);
}

static void no_call_manager(const struct cpr_plan *p, struct cpr_sink *s)
{
	if (!p->site->call_manager_n && !(p->running && p->running->call_manager))
		found(s, p->site->file ? p->site->file : CPR_SITE_FILE,
			"call-managers is not set");
}

static void no_firmware(const struct cpr_plan *p, struct cpr_sink *s)
{
	if (!p->model_n && !p->firmware->file_n)
		found(s, p->site->tftp_root, "there is no firmware in it");
	else if (!p->model_n) /* single-image phones have no list */
		found_as(s, CPR_WARNING, p->site->tftp_root,
			"there are images in it, and no list (.loads) that names them");
}

static void no_tftp_server(const struct cpr_plan *p, struct cpr_sink *s)
{
	if (!p->site->tftp_server_n)
		found(s, p->site->file ? p->site->file : CPR_SITE_FILE,
			"tftp-servers is not set");
}

const struct cpr_check cpr_checks[] = {
	{"no-tftp-server", CPR_ERROR,
		"DHCP tells the phones where their firmware is (option 150, option 66, "
		"siaddr). "
		"Without an address there is nothing to tell, and a wiped phone never "
		"asks for a file.",
		"set tftp-servers = {\"ADDRESS\"} in the site file", no_tftp_server},
	{"no-call-manager", CPR_WARNING,
		"XMLDefault.cnf.xml without a callManagerGroup is ignored as a whole by "
		"the phones (one source, and every sample has the group). A phone then "
		"recovers its firmware, and registers nowhere.",
		"set call-managers = {\"ADDRESS\"} in the site file", no_call_manager},
	{"no-firmware", CPR_ERROR,
		"A TFTP root without a load for any phone brings none back.  It may be the "
		"wrong folder, or a file system that is not mounted.",
		"import a package with cpr-helper, or set tftp-root in the site file",
		no_firmware},
	{"missing-image", CPR_ERROR,
		"A phone fetches every file that the packing list names, in its order. "
		"One that "
		"is not there ends the recovery, and the phone starts over with the same "
		"list.",
		"import the package again; it holds the file", missing_image},
	{"wrong-case", CPR_ERROR,
		"TFTP servers on Linux tell JAR41 from jar41, and phones ask exactly as "
		"the list "
		"prints it; lists of 8.2(2) to 8.3(1) print capitals for files that are "
		"lower case.",
		"import the package with cpr-helper, which adds a link for each spelling",
		wrong_case},
	{"truncated-image", CPR_ERROR,
		"A file that was cut off or padded, by a broken download or a full disk, "
		"has the "
		"right name and header. The phone fetches it, refuses it, and starts over.",
		"fetch the package again and import it with --replace", truncated_image},
	{"renamed", CPR_ERROR,
		"A signed file holds its own name, and the phone compares it with the "
		"name it "
		"asked for (\"filename doesn't match filename in envelope\"). A renamed "
		"image is refused, whatever it is renamed to.",
		"give the file its own name back, or import its package again", renamed},
	{"loads-inner-name", CPR_ERROR,
		"A packing list is signed under its own name like an image. A list of "
		"another "
		"version or protocol, copied to the name the phone asks for, is refused.",
		"give the file its own name back, and import the package that holds the "
		"right list",
		loads_inner_name},
	{"container-malformed", CPR_ERROR,
		"The header of a signed file says its length, name and signature. Where "
		"it is damaged the phone cannot check the file and refuses it.",
		"fetch the package again and import it with --replace",
		container_malformed},
	{"loads-malformed", CPR_ERROR,
		"What a load consists of stands in its .loads file alone. A phone that "
		"cannot read the list asks for nothing more.",
		"fetch the package again and import it with --replace", loads_malformed},
	{"unreadable", CPR_ERROR,
		"TFTP servers give out only what everybody may read; the phone gets an "
		"error instead of the file.",
		"chmod a+r the file", unreadable},
	{"no-term-file", CPR_ERROR,
		"A wiped phone knows one name only: term<NN>.default.loads, with its "
		"model's number. Without this file none of the others is ever asked for.",
		"import the package of the load: it holds the term file of each of its "
		"models",
		no_term_file},
	{"term-not-served", CPR_ERROR,
		"SCCP and SIP packages bring term files of one name, so they are kept "
		"aside and the one of the plan is linked into the TFTP root.",
		"run cpr-conf generate", term_not_served},
	{"term-version", CPR_NOTE,
		"A phone boots with the load of its term file, reads XMLDefault.cnf.xml, "
		"and "
		"loads once more when that names another one. It costs some minutes, and "
		"with another protocol the phone is a different one.",
		"set recovery or load of the model in the site file to the same load",
		term_version},
	{"dangling-load", CPR_WARNING,
		"XMLDefault.cnf.xml tells each model its load. A phone that runs another "
		"one asks for that list at every boot, gets an error or half a load, and "
		"stays as it is.",
		"import the load's package, or run cpr-conf generate where another load is "
		"complete",
		dangling_load},
	{"pin-not-served", CPR_ERROR,
		"A load that the site file names for a model, by load or recovery, is "
		"served as it is named or not at all: cpr-conf generate refuses to choose "
		"another one, and changes nothing.",
		"import the load's package, or take the line out of the site file",
		pin_not_served},
	{"no-complete-load", CPR_ERROR,
		"Only a load whose files are all there, whole and under their own names "
		"can be named in XMLDefault.cnf.xml.",
		"import a package for the model", no_complete_load},
	{"os79xx", CPR_ERROR,
		"A wiped 7940 or 7960 asks for OS79XX.TXT, which names its image, and "
		"for that image next. Old loads take a blank behind the name as part of it "
		"(CSCdv19260).",
		"run cpr-conf generate, or take the file away before it", os79xx},
	{"xmldefault-malformed", CPR_ERROR,
		"A phone that cannot parse XMLDefault.cnf.xml has neither a load to run "
		"nor a "
		"call manager to register with; and what cannot be parsed is not merged "
		"into.",
		"mend the file at the line that is named, or move it away and run cpr-conf "
		"generate",
		xmldefault_malformed},
};
const size_t cpr_checks_n = CPR_ARRAY_LEN(cpr_checks);

void cpr_checks_run(const struct cpr_plan *plan, const struct cpr_observed *seen,
	struct cpr_findings *out)
{
	static const struct cpr_observed nothing = {0};

	for (size_t i = 0; i < cpr_checks_n; i++) {
		struct cpr_sink sink = {.check = &cpr_checks[i],
			.seen = seen ? seen : &nothing,
			.out = out};

		cpr_checks[i].run(plan, &sink);
	}
}

void cpr_findings_clear(struct cpr_findings *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->finding[i].file);
		free(f->finding[i].text);
	}
	free(f->finding);
	*f = (struct cpr_findings){0};
}

const char *cpr_severity_name(enum cpr_severity s)
{
	static const char *const name[] = {"note", "warning", "error"};

	return name[s];
}
