/* The checks on literal inventories: one damage each, and the finding it must give. */
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

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define LOAD  "SCCP41.9-4-2SR3-1S"
#define T61   "term61.default.loads"
#define IMAGE "jar41sccp.9-4-2ES26.sbn"

enum {
	FILES = 3
};

/* A whole set of a list, a term file and one image, for a 7961; each test damages it. */
struct world {
	struct cpr_file file[FILES + 1];
	struct cpr_inspect inspect[FILES + 1];
	struct cpr_loads loads;
	struct cpr_loads_entry entry[1];
	struct cpr_firmware firmware;
	struct cpr_site site;
	struct in_addr address;
	struct cpr_running running;
	struct cpr_observed seen; /* of literals */
	struct cpr_plan *plan;
	struct cpr_findings found;
	struct cpr_site_model pin;
	bool refused; /* the pin cannot be */
};

static void fill_file(struct world *w, size_t i, const char *name, enum cpr_kind kind)
{
	w->inspect[i] = (struct cpr_inspect){.name = (char *)name,
		.size = 4321,
		.kind = kind,
		.container = {.type = CPR_CONTAINER_SIGNED, .payload_offset = 412},
		.lists = kind == CPR_KIND_LOADS ? &w->loads : NULL,
		.complete = 1};
	snprintf(w->inspect[i].container.own_name,
		sizeof(w->inspect[i].container.own_name), "%s", name);
	w->file[i] = (struct cpr_file){
		.name = name, .inspect = &w->inspect[i], .mode = 0100644, .inode = i + 1};
}

static void fill(struct world *w)
{
	*w = (struct world){0};
	w->entry[0] = (struct cpr_loads_entry){.name = (char *)IMAGE, .size = -1};
	w->loads = (struct cpr_loads){.entry = w->entry, .n = 1};
	/* sorted by name, as a scan leaves them */
	fill_file(w, 0, LOAD ".loads", CPR_KIND_LOADS);
	fill_file(w, 1, IMAGE, CPR_KIND_IMAGE);
	fill_file(w, 2, T61, CPR_KIND_LOADS);
	w->firmware = (struct cpr_firmware){
		.root = (char *)"/srv/tftp", .file = w->file, .file_n = 3};
	inet_pton(AF_INET, "192.0.2.1", &w->address);
	w->site = (struct cpr_site){.tftp_root = (char *)"/srv/tftp",
		.tftp_server = &w->address,
		.tftp_server_n = 1,
		.call_manager = &w->address,
		.call_manager_n = 1,
		.protocol = CPR_SCCP,
		.dnsmasq = true};
}

static int file_order(const void *a, const void *b)
{
	const struct cpr_file *file = b;

	return cpr_file_compare(a, file->name, file->set);
}

static void run(struct world *w)
{
	qsort(w->file, w->firmware.file_n, sizeof(*w->file), file_order);
	assert_int_equal(cpr_resolve(&w->firmware), 0);
	assert_int_equal(
		cpr_plan_build(&w->site, &w->firmware, &w->running, &w->plan, NULL),
		w->refused ? -22 : 0);
	cpr_checks_run(w->plan, &w->seen, &w->found);
	assert_false(w->found.lost);
}

static void clear(struct world *w)
{
	cpr_findings_clear(&w->found);
	w->plan = cpr_plan_free(w->plan);
	for (size_t i = 0; i < w->firmware.load_n; i++) {
		struct cpr_load *l = &w->firmware.load[i];

		for (size_t k = 0; k < l->missing_n; k++)
			free(l->missing[k]);
		free(l->missing);
		free((void *)l->name);
		free((void *)l->version);
	}
	free(w->firmware.load);
}

static size_t count(const struct world *w, const char *id, const char *file,
	enum cpr_severity severity)
{
	size_t n = 0;

	for (size_t i = 0; i < w->found.n; i++)
		n += strcmp(w->found.finding[i].id, id) == 0 &&
		     (!file || strcmp(w->found.finding[i].file, file) == 0) &&
		     w->found.finding[i].severity == severity;
	return n;
}

static void absent(struct world *w)
{
	w->entry[0].name = (char *)"cnu41.9-4-2ES26.sbn";
}
static void other_case(struct world *w)
{
	w->entry[0].name = (char *)"Jar41sccp.9-4-2ES26.sbn";
}
static void cut(struct world *w)
{
	w->inspect[1].complete = 0;
}
static void other_size(struct world *w)
{
	w->entry[0].size = 4322;
}
static void other_sum(struct world *w)
{
	strcpy(w->entry[0].md5, "0123456789abcdef0123456789abcdef");
	strcpy(w->inspect[1].payload_md5, "fedcba9876543210fedcba9876543210");
}
static void renamed(struct world *w)
{
	strcpy(w->inspect[1].container.own_name, "jar41sccp.8-5-2TH1-9.sbn");
}
static void inner(struct world *w)
{
	strcpy(w->inspect[2].container.own_name, "term41.default.loads");
}
static void header(struct world *w)
{
	w->inspect[1].container_outcome = CPR_CONTAINER_SHORT;
	w->inspect[1].complete = 0;
}
static void bare(struct world *w)
{
	w->inspect[1].container.type = CPR_CONTAINER_NONE;
}
static void no_list(struct world *w)
{
	w->inspect[2].lists = NULL;
}
static void closed(struct world *w)
{
	w->file[1].mode = 0100640;
}
static void no_inspect(struct world *w)
{
	w->file[1].inspect = NULL;
}
static void no_term(struct world *w)
{
	w->firmware.file_n = 2;
}
static void kept_only(struct world *w)
{
	w->file[2].set = LOAD;
}
static void no_server(struct world *w)
{
	w->site.tftp_server_n = 0;
}
static void pin_damaged(struct world *w)
{
	w->pin = (struct cpr_site_model){
		.model = cpr_model_by_name("7961"), .load = (char *)LOAD};
	w->site.model = &w->pin;
	w->site.model_n = 1;
	w->inspect[1].complete = 0;
	w->refused = true;
}

static void pin_absent(struct world *w)
{
	pin_damaged(w);
	w->inspect[1].complete = 1;
	w->pin.load = NULL;
	w->pin.recovery = (char *)"SCCP41.8-5-2S";
}

static void nothing(struct world *w)
{
	w->firmware.file_n = 0;
}

static void images_alone(struct world *w)
{
	w->file[0] = w->file[1];
	w->firmware.file_n = 1;
}

static void no_manager(struct world *w)
{
	w->site.call_manager_n = 0;
}
static void names(struct world *w, unsigned id, const char *load)
{
	w->running.row[0].device_id = id;
	snprintf(w->running.row[0].load, sizeof(w->running.row[0].load), "%s", load);
	w->running.n = 1;
}
static void dangling(struct world *w)
{
	names(w, 436, "SCCP45.8-5-2S");
}
static void malformed(struct world *w)
{
	strcpy(w->running.malformed, "line 3: no end");
}

static void absolute(struct world *w)
{
	w->file[1].link = (char *)"/srv/tftp/elsewhere.sbn";
	w->file[1].inspect = NULL;
}
static void large(struct world *w)
{
	w->inspect[1].size = 65535 * 512;
}
static void old_mask(struct world *w)
{
	fill_file(w, 0, "SCCP42.8-5-4S.loads", CPR_KIND_LOADS);
	w->loads.hardware_compatibility = 1;
}
static void no_stone(struct world *w)
{
	(void)w; /* a whole set of 9.4(2), alone */
}
static void long_step(struct world *w)
{
	names(w, 30018, "SCCP41.8-2-2S");
}
static void other_key(struct world *w)
{
	names(w, 30018, "SCCP41.8-4-1S");
}
static void overwritten(struct world *w)
{
	w->site.protocol = CPR_SIP;
	fill_file(w, FILES, "SIP41.9-4-2SR3-1S.loads", CPR_KIND_LOADS);
	w->firmware.file_n = FILES + 1;
}
static void like_others(struct world *w)
{
	fill_file(w, 0, "SCCP6901.9-2-1-a.loads", CPR_KIND_LOADS);
}
static void no_dhcp(struct world *w)
{
	w->site.dnsmasq = false;
}

static void no_access(struct world *w)
{
	static struct cpr_closed closed = {"tftp", "/srv/tftp", "permission denied"};

	w->seen.closed = &closed;
	w->seen.closed_n = 1;
}
static void lacks_line(struct world *w)
{
	static struct cpr_lacking line = {"kea-dhcp4-server", "/etc/kea/kea-dhcp4.conf",
		"an include", "into it", "no phone is answered", CPR_LACK_SERVER};

	w->seen.lacking = &line;
	w->seen.lacking_n = 1;
}
static void lacks_tag(struct world *w)
{
	static struct cpr_lacking line = {"dnsmasq", "/etc/dnsmasq.conf", "set:net1",
		"into it", "10.1/16", CPR_LACK_NETWORK};

	w->seen.lacking = &line;
	w->seen.lacking_n = 1;
}
static void lacks_map(struct world *w)
{
	static struct cpr_lacking line = {"tftpd-hpa", "/etc/default/tftpd-hpa",
		"--map-file", "into it", "other spellings", CPR_LACK_OPTION};

	w->seen.lacking = &line;
	w->seen.lacking_n = 1;
}
static void password(struct world *w)
{
	static struct cpr_bared bared[] = {
		{"SEP001B54AABBCC.cnf.xml", "sshPassword"}, {"SEP1.cnf.xml", "password"}};

	w->seen.bared = bared;
	w->seen.bared_n = 2;
}

/* One file asked of one server. */
static void asked(struct world *w, bool own, enum cpr_asked_state state)
{
	static struct cpr_asked one;

	one = (struct cpr_asked){
		.server = w->address, .own = own, .name = T61, .state = state};
	w->seen.asked = &one;
	w->seen.asked_n = 1;
}
static void other_root(struct world *w)
{
	asked(w, true, CPR_ASKED_ABSENT);
}
static void other_list(struct world *w)
{
	asked(w, false, CPR_ASKED_DIFFERS);
}
static void not_on_the_other(struct world *w)
{
	asked(w, false, CPR_ASKED_ABSENT);
}
static void barrier(struct world *w, bool sure)
{
	static struct cpr_barrier one;

	one = (struct cpr_barrier){"inet filter input", "lets no UDP port 69 in", sure};
	w->seen.barrier = &one;
	w->seen.barrier_n = 1;
}

static const struct {
	const char *name;
	void (*damage)(struct world *w);
	const char *id, *file;
	enum cpr_severity severity;
} rows[] = {
	{"absent", absent, "missing-image", "cnu41.9-4-2ES26.sbn", CPR_ERROR},
	{"other case", other_case, "wrong-case", "Jar41sccp.9-4-2ES26.sbn", CPR_ERROR},
	{"cut", cut, "truncated-image", IMAGE, CPR_ERROR},
	{"not the listed size", other_size, "truncated-image", IMAGE, CPR_ERROR},
	{"not the listed build", other_sum, "truncated-image", IMAGE, CPR_ERROR},
	{"renamed", renamed, "renamed", IMAGE, CPR_ERROR},
	{"another list's name inside", inner, "loads-inner-name", T61, CPR_ERROR},
	{"header cut", header, "container-malformed", IMAGE, CPR_ERROR},
	{"no header", bare, "container-malformed", IMAGE, CPR_ERROR},
	{"no list", no_list, "loads-malformed", T61, CPR_ERROR},
	{"mode 640", closed, "unreadable", IMAGE, CPR_ERROR},
	{"cannot be read", no_inspect, "unreadable", IMAGE, CPR_ERROR},
	{"no term file", no_term, "no-term-file", T61, CPR_ERROR},
	{"kept, not linked", kept_only, "term-not-served", T61, CPR_ERROR},
	{"no TFTP server", no_server, "no-tftp-server", CPR_SITE_FILE, CPR_ERROR},
	{"no call manager", no_manager, "no-call-manager", CPR_SITE_FILE, CPR_WARNING},
	{"XMLDefault names what is gone", dangling, "dangling-load",
		"SCCP45.8-5-2S.loads", CPR_WARNING},
	{"XMLDefault is no XML", malformed, "xmldefault-malformed", "XMLDefault.cnf.xml",
		CPR_ERROR},
	{"a damaged load is pinned", pin_damaged, "pin-not-served", LOAD ".loads",
		CPR_ERROR},
	{"an absent recovery is pinned", pin_absent, "pin-not-served",
		"SCCP41.8-5-2S.loads", CPR_ERROR},
	{"nothing", nothing, "no-firmware", "/srv/tftp", CPR_ERROR},
	{"images alone", images_alone, "no-firmware", "/srv/tftp", CPR_WARNING},
	{"TFTP serves another folder", other_root, "tftp-root-differs", T61, CPR_ERROR},
	{"another list on the other server", other_list, "server-differs", T61,
		CPR_WARNING},
	{"none on the other server", not_on_the_other, "server-differs", T61, CPR_ERROR},
	{"no load", absent, "no-complete-load", "", CPR_ERROR},
	{"a link with an absolute path", absolute, "absolute-link", IMAGE, CPR_ERROR},
	{"an image of 32 MB", large, "beyond-tftp", IMAGE, CPR_WARNING},
	{"an old load's mask", old_mask, "hardware-mask", "SCCP42.8-5-4S.loads",
		CPR_WARNING},
	{"nothing to go by", no_stone, "upgrade-path", T61, CPR_NOTE},
	{"from below 8.3(3)", long_step, "upgrade-path", LOAD ".loads", CPR_WARNING},
	{"from below 8.5(2)", other_key, "upgrade-path", LOAD ".loads", CPR_WARNING},
	{"SCCP over SIP", overwritten, "term-collision", T61, CPR_WARNING},
	{"a 6901", like_others, "model-not-answered", "", CPR_WARNING},
	{"closed to a server's user", no_access, "closed-to-server", "/srv/tftp",
		CPR_ERROR},
	{"a line that is missing", lacks_line, "line-missing", "/etc/kea/kea-dhcp4.conf",
		CPR_ERROR},
	{"a network without its tag", lacks_tag, "network-not-served",
		"/etc/dnsmasq.conf", CPR_WARNING},
	{"a server without its map", lacks_map, "option-missing",
		"/etc/default/tftpd-hpa", CPR_WARNING},
	{"a password", password, "secret-readable", "SEP001B54AABBCC.cnf.xml",
		CPR_WARNING},
	{"no DHCP server", no_dhcp, "model-not-answered", CPR_SITE_FILE, CPR_NOTE},
};

/* A 7961's set of 9.4(2) with no term file for the 7941 gives that finding, a note that old
 * phones need a step between, and no other. */
static void healthy(void **state)
{
	static struct world w;

	(void)state;
	fill(&w);
	run(&w);
	assert_int_equal(w.found.n, 2);
	assert_int_equal(count(&w, "no-term-file", "term41.default.loads", CPR_ERROR), 1);
	assert_int_equal(count(&w, "upgrade-path", T61, CPR_NOTE), 1);
	clear(&w);
}

static void finds(void **state)
{
	static struct world w;

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		size_t n;

		print_message("# %s\n", rows[i].name);
		fill(&w);
		rows[i].damage(&w);
		run(&w);
		n = count(&w, rows[i].id, rows[i].file, rows[i].severity);
		/* Once a file; of four models without one the load is missing each time. */
		assert_int_equal(n, strcmp(rows[i].name, "no load") ? 1 : 4);
		clear(&w);
	}
}

/* Each row of the table is found by a row above, or by those tests that need more. */
static void every_check(void **state)
{
	static const char *const elsewhere[] = {
		"server-silent", "firewall", "term-version", "os79xx"};

	(void)state;
	for (size_t i = 0; i < cpr_checks_n; i++) {
		bool tested = false;

		print_message("# %s\n", cpr_checks[i].id);
		assert_true(strlen(cpr_checks[i].why) > 60);
		assert_true(strlen(cpr_checks[i].remedy) > 10);
		for (size_t k = i + 1; k < cpr_checks_n; k++)
			assert_string_not_equal(cpr_checks[i].id, cpr_checks[k].id);
		for (size_t k = 0; k < CPR_ARRAY_LEN(rows); k++)
			tested = tested || !strcmp(rows[k].id, cpr_checks[i].id);
		for (size_t k = 0; k < CPR_ARRAY_LEN(elsewhere); k++)
			tested = tested || !strcmp(elsewhere[k], cpr_checks[i].id);
		assert_true(tested);
	}
}

/* The 7920's firmware is one image, which XMLDefault names without its suffix. */
static void single_image(void **state)
{
	static struct world w;

	(void)state;
	fill(&w);
	fill_file(&w, FILES, "cmterm_7920.4.0-03-02.bin", CPR_KIND_IMAGE);
	w.firmware.file_n = FILES + 1;
	w.inspect[FILES].container = (struct cpr_container){0};
	names(&w, 30002, "cmterm_7920.4.0-03-02");
	run(&w);
	assert_int_equal(count(&w, "dangling-load", NULL, CPR_WARNING), 0);
	clear(&w);
}

/* A link in the spelling that a list prints is no renamed file. */
static void alias(void **state)
{
	static struct world w;

	(void)state;
	fill(&w);
	w.entry[0].name = (char *)"Jar41sccp.9-4-2ES26.sbn";
	fill_file(&w, FILES, "Jar41sccp.9-4-2ES26.sbn", CPR_KIND_IMAGE);
	strcpy(w.inspect[FILES].container.own_name, IMAGE);
	w.file[FILES].link = (char *)IMAGE;
	w.firmware.file_n = FILES + 1;
	run(&w);
	assert_int_equal(w.found.n, 2); /* as above */
	clear(&w);
}

static void os79xx(void **state)
{
	static const struct {
		const char *text;
		enum cpr_severity severity;
		size_t n;
	} row[] = {
		{"", CPR_ERROR, 1},
		{"P0030801SR02\n", CPR_ERROR, 0},
		{"P0030801SR02", CPR_WARNING, 0},
		{"P0030801SR02\r\n", CPR_WARNING, 0},
		{"P0030801SR02 \r\n", CPR_WARNING, 1},
		{"P0S3-8-12-00\n", CPR_ERROR, 1},
	};
	static struct world w;

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(row); i++) {
		print_message("# '%s'\n", row[i].text);
		fill(&w);
		fill_file(&w, 0, "P0030801SR02.loads", CPR_KIND_LOADS);
		fill_file(&w, 1, "P0030801SR02.sbn", CPR_KIND_IMAGE);
		w.entry[0].name = (char *)"P0030801SR02.sbn";
		w.firmware.file_n = 2;
		strcpy(w.running.os79xx, row[i].text);
		run(&w);
		assert_int_equal(
			count(&w, "os79xx", "OS79XX.TXT", row[i].severity), row[i].n);
		clear(&w);
	}
}

/* A term file that brings another list than XMLDefault names: one more round; with the other
 * protocol's images: another phone. */
static void term_version(void **state)
{
	static const struct {
		const char *image, *version;
		enum cpr_severity severity;
		const char *brings;
	} row[] = {
		{"cvm41sccp.8-5-2TH1-9.sbn", "8-5-2TH1-9", CPR_NOTE,
			"it brings 8-5-2TH1-9,"},
		{"cvm41sip.8-5-2TH1-9.sbn", "8-5-2TH1-9", CPR_WARNING,
			"from sip to sccp"},
		{"cvm41.sbn", "", CPR_NOTE, "it brings a load that is not here,"},
	};
	static struct world w;

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(row); i++) {
		struct cpr_loads_entry entry = {.name = (char *)row[i].image, .size = -1};
		struct cpr_loads other = {.entry = &entry, .n = 1};

		print_message("# %s\n", row[i].image);
		fill(&w);
		w.inspect[2].lists = &other;
		strcpy(other.version, row[i].version);
		run(&w);
		assert_int_equal(count(&w, "term-version", T61, row[i].severity), 1);
		for (size_t k = 0; k < w.firmware.load_n; k++)
			if (w.firmware.load[k].term)
				assert_string_equal(
					w.firmware.load[k].version, row[i].version);
		for (size_t k = 0; k < w.found.n; k++)
			if (!strcmp(w.found.finding[k].id, "term-version"))
				assert_non_null(
					strstr(w.found.finding[k].text, row[i].brings));
		clear(&w);
	}
}

/* With 8.5(2) beside it an old phone has something to go by; and where both protocols' term
 * files are kept, nothing was overwritten. */
static void no_warning(void **state)
{
	static struct world w;

	(void)state;
	fill(&w);
	fill_file(&w, FILES, "SCCP41.8-5-2S.loads", CPR_KIND_LOADS);
	w.firmware.file_n = FILES + 1;
	run(&w);
	assert_int_equal(count(&w, "upgrade-path", NULL, CPR_NOTE), 0);
	clear(&w);
	fill(&w);
	fill_file(&w, FILES, T61, CPR_KIND_LOADS);
	w.file[2].set = LOAD;
	w.file[FILES].set = "SIP41.9-4-2SR3-1S";
	w.inspect[FILES].lists = &(struct cpr_loads){
		.entry =
			&(struct cpr_loads_entry){
				.name = (char *)"cvm41sip.9-4-2ES26.sbn", .size = -1},
		.n = 1};
	w.firmware.file_n = FILES + 1;
	run(&w);
	assert_int_equal(count(&w, "term-collision", T61, CPR_NOTE), 1);
	assert_int_equal(count(&w, "term-collision", NULL, CPR_WARNING), 0);
	clear(&w);
}

/* A second server that answers makes the silence of the first a matter of minutes. */
static void silent(void **state)
{
	static struct world w;
	struct cpr_asked two[2];

	(void)state;
	for (int both = 0; both < 2; both++) {
		fill(&w);
		two[0] = two[1] = (struct cpr_asked){
			.server = w.address, .name = T61, .state = CPR_ASKED_REFUSED};
		if (!both)
			two[1].state = CPR_ASKED_SAME;
		w.seen.asked = two;
		w.seen.asked_n = 2;
		run(&w);
		assert_int_equal(count(&w, "server-silent", "", CPR_WARNING), !both);
		assert_int_equal(count(&w, "server-silent", "", CPR_ERROR), both ? 2 : 0);
		clear(&w);
	}
}

static void firewall(void **state)
{
	static struct world w;

	(void)state;
	for (int sure = 0; sure < 2; sure++) {
		fill(&w);
		barrier(&w, sure);
		run(&w);
		assert_int_equal(
			count(&w, "firewall", "", sure ? CPR_ERROR : CPR_WARNING), 1);
		clear(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(healthy),
		cmocka_unit_test(finds),
		cmocka_unit_test(every_check),
		cmocka_unit_test(single_image),
		cmocka_unit_test(alias),
		cmocka_unit_test(os79xx),
		cmocka_unit_test(term_version),
		cmocka_unit_test(silent),
		cmocka_unit_test(firewall),
		cmocka_unit_test(no_warning),
	};

	return cmocka_run_group_tests_name("checks", tests, NULL, NULL);
}
