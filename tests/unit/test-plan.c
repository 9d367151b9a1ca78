/* The plan is a pure function: inventories, sites and running loads here are literals. */
#include "cleanup.h"
#include "errors.h"
#include "firmware.h"
#include "inspect.h"
#include "loads.h"
#include "models.h"
#include "plan.h"
#include "site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum {
	MAX = 8
};

/* A load of an inventory.  term NULL: a main list; else a term file, kept under the set
 * `name` unless root, where it lies in the TFTP root itself. */
struct load {
	const char *name;
	const char *term;
	bool damaged; /* "gone.sbn" is missing */
	bool root;
	const char *image; /* one listed name */
	bool bare;         /* no list: `name` is an image's file name */
};

struct row {
	const char *name;
	struct load load[MAX];
	enum cpr_protocol protocol;
	bool upgrade_auto;
	const char *model; /* the row looked at, and the site section's */
	const char *pin_load, *pin_recovery;
	unsigned running_id;
	const char *running, *os79xx;
	/* expected; refused: a part of the error line instead */
	const char *refused;
	const char *load_name;
	bool named; /* `load` is set, not the name alone */
	const char *recovery;
	bool recoverable;
	const char *missing;
};

#define NEW "SCCP41.9-4-2SR3-1S"
#define OLD "SCCP41.8-5-2S"
#define SIP "SIP41.9-4-2SR3-1S"
#define T61 "term61.default.loads"

static const struct row rows[] = {
	{.name = "one set",
		.load = {{NEW}, {NEW, T61}},
		.model = "7961",
		.load_name = NEW,
		.named = true,
		.recovery = NEW,
		.recoverable = true},
	{.name = "the highest version, as numbers",
		.load = {{"SCCP41.10-1-1"}, {"SCCP41.10-1-1", T61}, {NEW}, {NEW, T61}},
		.model = "7961",
		.load_name = "SCCP41.10-1-1",
		.named = true,
		.recovery = "SCCP41.10-1-1",
		.recoverable = true},
	{.name = "both protocols, nothing said: sccp",
		.load = {{NEW}, {NEW, T61}, {SIP}, {SIP, T61}},
		.model = "7961",
		.load_name = NEW,
		.named = true,
		.recovery = NEW,
		.recoverable = true},
	{.name = "both protocols, sip",
		.load = {{NEW}, {NEW, T61}, {SIP}, {SIP, T61}},
		.protocol = CPR_SIP,
		.model = "7961",
		.load_name = SIP,
		.named = true,
		.recovery = SIP,
		.recoverable = true},
	{.name = "sccp wanted, only sip there",
		.load = {{SIP}, {SIP, T61}},
		.protocol = CPR_SCCP,
		.model = "7961",
		.load_name = SIP,
		.named = true,
		.recovery = SIP,
		.recoverable = true},
	{.name = "a damaged sccp set does not make sip phones",
		.load = {{NEW, .damaged = true}, {NEW, T61, true}, {SIP}, {SIP, T61}},
		.protocol = CPR_SCCP,
		.model = "7961",
		.recovery = NEW,
		.missing = "gone.sbn"},
	{.name = "a drop of a newer load re-flashes nobody",
		.load = {{OLD}, {OLD, T61}, {NEW}, {NEW, T61}},
		.model = "7961",
		.running_id = 30018,
		.running = OLD,
		.load_name = OLD,
		.named = true,
		.recovery = NEW,
		.recoverable = true},
	{.name = "a drop of the other protocol re-flashes nobody",
		.load = {{OLD}, {OLD, T61}, {SIP}, {SIP, T61}},
		.protocol = CPR_SIP,
		.model = "7961",
		.running_id = 30018,
		.running = OLD,
		.load_name = OLD,
		.named = true,
		.recovery = SIP,
		.recoverable = true},
	{.name = "upgrade auto",
		.load = {{OLD}, {OLD, T61}, {NEW}, {NEW, T61}},
		.upgrade_auto = true,
		.model = "7961",
		.running_id = 30018,
		.running = OLD,
		.load_name = NEW,
		.named = true,
		.recovery = NEW,
		.recoverable = true},
	{.name = "upgrade auto passes by what is not complete",
		.load = {{OLD}, {OLD, T61}, {NEW, .damaged = true}, {NEW, T61, true}},
		.upgrade_auto = true,
		.model = "7961",
		.load_name = OLD,
		.named = true,
		.recovery = OLD,
		.recoverable = true},
	{.name = "the load named now is damaged",
		.load = {{OLD}, {OLD, T61}, {NEW, .damaged = true}},
		.model = "7961",
		.running_id = 30018,
		.running = NEW,
		.load_name = OLD,
		.named = true,
		.recovery = OLD,
		.recoverable = true},
	{.name = "the load named now is gone, nothing else is complete",
		.load = {{NEW, .damaged = true}, {NEW, T61, true}},
		.model = "7961",
		.running_id = 30018,
		.running = OLD,
		.load_name = OLD,
		.recovery = NEW,
		.missing = "gone.sbn"},
	{.name = "pin load",
		.load = {{OLD}, {OLD, T61}, {NEW}, {NEW, T61}},
		.model = "7961",
		.pin_load = OLD,
		.running_id = 30018,
		.running = NEW,
		.load_name = OLD,
		.named = true,
		.recovery = NEW,
		.recoverable = true},
	{.name = "pin recovery",
		.load = {{OLD}, {OLD, T61}, {NEW}, {NEW, T61}},
		.model = "7961",
		.pin_recovery = OLD,
		.load_name = NEW,
		.named = true,
		.recovery = OLD,
		.recoverable = true},
	{.name = "pin recovery to the other protocol",
		.load = {{SIP}, {SIP, T61}, {NEW}, {NEW, T61}},
		.model = "7961",
		.pin_recovery = SIP,
		.load_name = NEW,
		.named = true,
		.recovery = SIP,
		.recoverable = true},
	{.name = "pin load that is not there",
		.load = {{NEW}, {NEW, T61}},
		.model = "7961",
		.pin_load = OLD,
		.refused = "site.conf: model \"7961\": load = \"" OLD "\": no such load"},
	{.name = "pin load of another model",
		.load = {{NEW}, {NEW, T61}, {"SCCP45.9-4-2SR3-1S"}},
		.model = "7961",
		.pin_load = "SCCP45.9-4-2SR3-1S",
		.refused = "no such load for this model"},
	{.name = "pin load that is damaged",
		.load = {{NEW, .damaged = true}, {NEW, T61}},
		.model = "7961",
		.pin_load = NEW,
		.refused = "not complete (gone.sbn)"},
	{.name = "pin recovery that is not there",
		.load = {{NEW}, {NEW, T61}},
		.model = "7961",
		.pin_recovery = OLD,
		.refused = "recovery = \"" OLD "\": no such term set"},
	{.name = "pin recovery of a model without a term file",
		.load = {{"sip78xx.12-5-1SR2-2"}},
		.model = "7841",
		.pin_recovery = "sip78xx.12-5-1SR2-2",
		.refused = "asks for no term file"},
	{.name = "no term file",
		.load = {{NEW}},
		.model = "7961",
		.load_name = NEW,
		.named = true,
		.missing = T61},
	{.name = "the term file of the other model",
		.load = {{NEW}, {NEW, "term41.default.loads"}},
		.model = "7961",
		.load_name = NEW,
		.named = true,
		.missing = T61},
	{.name = "term file in another case is not there",
		.load = {{NEW}, {NEW, "TERM61.default.loads"}},
		.model = "7961",
		.load_name = NEW,
		.named = true,
		.missing = T61},
	{.name = "term file alone",
		.load = {{NEW, T61}},
		.model = "7961",
		.recovery = NEW,
		.recoverable = true},
	{.name = "term file put into the root by hand, twin known",
		.load = {{OLD}, {OLD, T61}, {NEW}, {NEW, T61, .root = true}},
		.model = "7961",
		.load_name = NEW,
		.named = true,
		.recovery = T61,
		.recoverable = true},
	{.name = "of equal versions the one in the root",
		.load = {{NEW}, {NEW, T61}, {NEW, T61, .root = true}},
		.model = "7961",
		.load_name = NEW,
		.named = true,
		.recovery = T61,
		.recoverable = true},
	{.name = "a 69xx has no term file",
		.load = {{"SCCP69xx.9-4-1-3SR3"}},
		.model = "6921",
		.load_name = "SCCP69xx.9-4-1-3SR3",
		.named = true,
		.recoverable = true},
	{.name = "a 69xx with a damaged load",
		.load = {{"SCCP69xx.9-4-1-3SR3", .damaged = true}},
		.model = "6921",
		.missing = "gone.sbn"},
	{.name = "7960: OS79XX.TXT to be written",
		.load = {{"P0030801SR02"}},
		.model = "7960",
		.load_name = "P0030801SR02",
		.named = true,
		.recovery = "P0030801SR02",
		.recoverable = true},
	{.name = "7960: what OS79XX.TXT says stays",
		.load = {{"P0S3-8-12-00", .image = "P003-8-12-00.sbn"}, {"P0030801SR02"}},
		.model = "7960",
		.os79xx = "P003-8-12-00 \r\n",
		.load_name = "P0030801SR02",
		.named = true,
		.recovery = "P0S3-8-12-00",
		.recoverable = true},
	{.name = "7960: OS79XX.TXT names what is not here",
		.load = {{"P0030801SR02"}},
		.model = "7960",
		.os79xx = "P0S3-8-12-00",
		.load_name = "P0030801SR02",
		.named = true,
		.missing = "P0S3-8-12-00.loads"},
	{.name = "7960: pin recovery beats OS79XX.TXT",
		.load = {{"P0S3-8-12-00"}, {"P0030801SR02"}},
		.model = "7960",
		.pin_recovery = "P0030801SR02",
		.os79xx = "P0S3-8-12-00\n",
		.load_name = "P0030801SR02",
		.named = true,
		.recovery = "P0030801SR02",
		.recoverable = true},
	{.name = "7960: a drop leaves a load from before lists as it is named",
		.load = {{"P0030801SR02"}, {"P00305000301.sbn", .bare = true}},
		.model = "7960",
		.running_id = 7,
		.running = "P00305000301",
		.load_name = "P00305000301",
		.recovery = "P0030801SR02",
		.recoverable = true},
	{.name = "7960: upgrade auto leaves it",
		.load = {{"P0030801SR02"}, {"P00305000301.sbn", .bare = true}},
		.upgrade_auto = true,
		.model = "7960",
		.running_id = 7,
		.running = "P00305000301",
		.load_name = "P0030801SR02",
		.named = true,
		.recovery = "P0030801SR02",
		.recoverable = true},
	{.name = "a section without any firmware",
		.model = "7965",
		.pin_load = NULL,
		.missing = "term65.default.loads"},
};

/* An inventory out of a row.  Files and loads lie in the caller's arrays. */
struct world {
	struct cpr_firmware firmware;
	struct cpr_file file[MAX];
	struct cpr_inspect inspect[MAX];
	struct cpr_loads list[MAX];
	struct cpr_loads_entry entry[MAX];
	struct cpr_load load[MAX];
	char names[MAX][96];
	struct cpr_site site;
	struct cpr_site_model section;
	struct cpr_running running;
};
static char *gone[] = {(char[]){"gone.sbn"}};

static void fill_load(struct world *w, size_t i, const struct load *from)
{
	struct cpr_load *l = &w->load[i];

	snprintf(w->names[i], sizeof(w->names[i]), "%s.loads", from->name);
	w->entry[i].name = (char *)(from->image ? from->image : "an.sbn");
	w->list[i] = (struct cpr_loads){.entry = &w->entry[i], .n = 1};
	w->inspect[i].lists = &w->list[i];
	w->file[i] = (struct cpr_file){.name = from->term ? from->term : w->names[i],
		.set = from->term && !from->root ? from->name : NULL,
		.inspect = &w->inspect[i],
		.mode = 0100644,
		.inode = i + 1};
	*l = (struct cpr_load){.file = &w->file[i],
		.name = from->root ? from->term : from->name,
		.protocol = cpr_load_protocol(from->name),
		.version = strchr(from->name, '.') ? strchr(from->name, '.') + 1 : "",
		.term = from->term,
		.complete = !from->damaged,
		.missing = from->damaged ? gone : NULL,
		.missing_n = from->damaged};
	for (size_t k = 0; from->term && k < i; k++)
		if (!w->load[k].term && strcmp(w->load[k].name, from->name) == 0)
			l->twin = &w->load[k];
}

static int file_order(const void *a, const void *b)
{
	const struct cpr_file *file = b;

	return cpr_file_compare(a, file->name, file->set);
}

static int load_order(const void *a, const void *b)
{
	return strcmp(
		((const struct cpr_load *)a)->name, ((const struct cpr_load *)b)->name);
}

/* In the order in which a scan leaves them, with what points into the arrays. */
static void sort(struct world *w)
{
	struct cpr_file file[MAX];
	struct cpr_load load[MAX];

	memcpy(file, w->file, sizeof(file));
	memcpy(load, w->load, sizeof(load));
	qsort(w->file, w->firmware.file_n, sizeof(*w->file), file_order);
	qsort(w->load, w->firmware.load_n, sizeof(*w->load), load_order);
	for (size_t i = 0; i < w->firmware.load_n; i++) {
		struct cpr_load *l = &w->load[i];
		const struct cpr_file *was = &file[l->file - w->file];

		l->file = cpr_firmware_find(&w->firmware, was->name, was->set);
		if (l->twin)
			l->twin = cpr_firmware_load(
				&w->firmware, load[l->twin - w->load].name);
	}
}

static void fill(struct world *w, const struct row *r)
{
	size_t n = 0, files;

	memset(w, 0, sizeof(*w));
	for (; n < MAX && r->load[n].name && !r->load[n].bare; n++)
		fill_load(w, n, &r->load[n]);
	for (files = n; files < MAX && r->load[files].name; files++)
		w->file[files] = (struct cpr_file){.name = r->load[files].name,
			.inspect = &w->inspect[files],
			.mode = 0100644,
			.inode = files + 1};
	w->firmware = (struct cpr_firmware){.root = (char *)"/srv/tftp",
		.file = w->file,
		.file_n = files,
		.load = w->load,
		.load_n = n};
	sort(w);
	w->site = (struct cpr_site){.file = (char *)"site.conf",
		.tftp_root = (char *)"/srv/tftp",
		.protocol = r->protocol,
		.upgrade_auto = r->upgrade_auto};
	w->section = (struct cpr_site_model){.model = cpr_model_by_name(r->model),
		.load = (char *)r->pin_load,
		.recovery = (char *)r->pin_recovery};
	assert_non_null(w->section.model);
	if (r->pin_load || r->pin_recovery || n == 0) {
		w->site.model = &w->section;
		w->site.model_n = 1;
	}
	if (r->running) {
		w->running.row[0].device_id = r->running_id;
		snprintf(w->running.row[0].load, sizeof(w->running.row[0].load), "%s",
			r->running);
		w->running.n = 1;
	}
	if (r->os79xx)
		snprintf(w->running.os79xx, sizeof(w->running.os79xx), "%s", r->os79xx);
}

static void same(const char *got, const char *expected)
{
	if (expected)
		assert_string_equal(got ? got : "(none)", expected);
	else
		assert_null(got);
}

static const struct cpr_plan_model *of(const struct cpr_plan *p, const char *model)
{
	for (size_t i = 0; i < p->model_n; i++)
		if (p->model[i].model == cpr_model_by_name(model))
			return &p->model[i];
	return NULL;
}

static void decides(void **state)
{
	static struct world w;

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		const struct row *r = &rows[i];
		_cleanup_(cpr_plan_freep) struct cpr_plan *plan = NULL;
		_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
		const struct cpr_plan_model *m;
		int rc;

		print_message("# %s\n", r->name);
		fill(&w, r);
		rc = cpr_plan_build(&w.site, &w.firmware,
			r->running || r->os79xx ? &w.running : NULL, &plan, &e);
		if (r->refused) {
			assert_int_equal(rc, -22);
			assert_int_equal(e.n, 1);
			assert_non_null(strstr(e.line[0], r->refused));
			continue;
		}
		assert_int_equal(e.n, 0);
		assert_int_equal(rc, 0);
		m = of(plan, r->model);
		assert_non_null(m);
		same(m->load_name, r->load_name);
		assert_int_equal(m->load != NULL, r->named);
		same(m->recovery ? m->recovery->name : NULL, r->recovery);
		assert_int_equal(m->recoverable, r->recoverable);
		same(m->missing_n ? m->missing[0] : NULL, r->missing);
	}
}

/* 7941, 7941G-GE, 7961 and 7961G-GE take one load; their rows stand by device id. */
static void siblings(void **state)
{
	static struct world w;
	static const unsigned id[] = {115, 308, 309, 30018};
	_cleanup_(cpr_plan_freep) struct cpr_plan *plan = NULL;

	(void)state;
	fill(&w, &rows[0]);
	assert_int_equal(cpr_plan_build(&w.site, &w.firmware, NULL, &plan, NULL), 0);
	assert_int_equal(plan->model_n, CPR_ARRAY_LEN(id));
	for (size_t i = 0; i < CPR_ARRAY_LEN(id); i++)
		assert_int_equal(plan->model[i].model->device_id, id[i]);
	assert_true(of(plan, "7961G-GE")->recoverable);
	assert_false(of(plan, "7941")->recoverable);
}

/* One file cannot be two: 7961 and 7961G-GE ask for one term file. */
static void shared_file(void **state)
{
	static struct world w;
	struct cpr_site_model two[2];
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	struct cpr_plan *plan = NULL;

	(void)state;
	fill(&w, &rows[6]);
	two[0] = (struct cpr_site_model){
		.model = cpr_model_by_name("7961"), .recovery = (char *)OLD};
	two[1] = (struct cpr_site_model){
		.model = cpr_model_by_name("7961G-GE"), .recovery = (char *)NEW};
	w.site.model = two;
	w.site.model_n = 2;
	assert_int_equal(cpr_plan_build(&w.site, &w.firmware, NULL, &plan, &e), -22);
	plan = cpr_plan_free(plan);
	assert_int_equal(e.n, 1);
	assert_non_null(strstr(e.line[0], "give them the same recovery"));

	w.site.model_n = 1;
	assert_int_equal(cpr_plan_build(&w.site, &w.firmware, NULL, &plan, &e), 0);
	assert_string_equal(of(plan, "7961")->recovery->name, OLD);
	assert_string_equal(of(plan, "7961G-GE")->recovery->name, OLD);
	cpr_plan_free(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decides),
		cmocka_unit_test(siblings),
		cmocka_unit_test(shared_file),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
