/* lib/firmware and lib/resolve: the inventory of a TFTP root, over trees of synthetic files. */
#include "firmware.h"

#include "cleanup.h"
#include "errors.h"
#include "firmware/firmware.h"
#include "inspect.h"
#include "loads.h"
#include "resolve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct box {
	char path[64];
};

static int setup(void **state)
{
	struct box *b = calloc(1, sizeof(*b));

	strcpy(b->path, "/tmp/test-firmware.XXXXXX");
	*state = b;
	return !mkdtemp(b->path);
}

static int teardown(void **state)
{
	struct box *b = *state;
	char command[128];
	int r;

	snprintf(command, sizeof(command), "rm -rf '%s'", b->path);
	r = system(command);
	free(b);
	return r;
}

__attribute__((format(printf, 2, 3))) static const char *in(
	const struct box *b, const char *format, ...)
{
	static char text[2][512];
	static unsigned turn;
	char *path = text[turn++ % 2];
	int n = snprintf(path, sizeof(*text), "%s/", b->path);
	va_list args;

	va_start(args, format);
	vsnprintf(path + n, sizeof(*text) - (size_t)n, format, args);
	va_end(args);
	return path;
}

static void put_file(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644);

	assert_int_equal(write(fd, data, len), len);
	close(fd);
}

static struct cpr_fw_set *make_set(const char *model, enum cpr_protocol protocol,
	const char *version, enum cpr_fw_defect defect)
{
	struct cpr_fw_request request = {.model = model,
		.protocol = protocol,
		.version = version,
		.hardware_mask = -1,
		.seed = 1,
		.defect = defect};
	struct cpr_fw_set *set = NULL;

	assert_int_equal(cpr_fw_set_new(&set, &request, NULL), 0);
	return set;
}

/* As intake lays a set out, but for links. */
static void lay_out(const struct box *b, const char *root, const struct cpr_fw_set *set)
{
	mkdir(in(b, "%s", root), 0755);
	mkdir(in(b, "%s/.phone-cpr", root), 0700);
	mkdir(in(b, "%s/.phone-cpr/terms", root), 0700);
	mkdir(in(b, "%s/.phone-cpr/terms/%s", root, set->load), 0700);
	for (size_t i = 0; i < set->n; i++) {
		const struct cpr_fw_file *f = &set->file[i];

		put_file(f->kind == CPR_FW_TERM ? in(b, "%s/.phone-cpr/terms/%s/%s", root,
							  set->load, f->name)
						: in(b, "%s/%s", root, f->name),
			f->data, f->len);
	}
}

static struct cpr_firmware *scan(
	const struct box *b, const char *root, const char *staged)
{
	_cleanup_(cpr_freep) char *path = strdup(in(b, "%s", root));
	_cleanup_(cpr_firmware_freep) struct cpr_firmware *known = NULL;
	struct cpr_firmware *f = NULL;

	assert_int_equal(cpr_firmware_scan(path, &known, NULL), 0);
	if (!staged)
		return TAKE_PTR(known);
	assert_int_equal(
		cpr_firmware_scan_staged(known, in(b, "%s", staged), NULL, &f, NULL), 0);
	return f;
}

static const struct cpr_load *term_of(
	const struct cpr_firmware *f, const char *name, const char *set)
{
	for (size_t i = 0; i < f->load_n; i++) {
		const struct cpr_file *file = f->load[i].file;

		if (f->load[i].term && !strcmp(file->name, name) && !set == !file->set &&
			(!set || !strcmp(file->set, set)))
			return &f->load[i];
	}
	return NULL;
}

static void no_root_is_an_empty_inventory(void **state)
{
	_cleanup_(cpr_firmware_freep) struct cpr_firmware *f = scan(*state, "none", NULL);

	assert_int_equal(f->file_n, 0);
	assert_int_equal(f->load_n, 0);
	assert_null(cpr_firmware_file(f, "x"));
	assert_null(cpr_firmware_load(f, "x"));
}

static void a_whole_set_is_complete(void **state)
{
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set =
		make_set("7961", CPR_SCCP, "9-4-2SR3-1S", CPR_FW_INTACT);
	_cleanup_(cpr_firmware_freep) struct cpr_firmware *f = NULL;
	const struct cpr_load *load, *term;

	lay_out(*state, "root", set);
	put_file(in(*state, "root/XMLDefault.cnf.xml"), "x", 1);
	put_file(in(*state, "root/pxelinux.0"), "x", 1);
	f = scan(*state, "root", NULL);
	assert_int_equal(f->file_n, 8); /* five images, a main list, two term files */
	assert_int_equal(f->load_n, 3);
	load = cpr_firmware_load(f, "SCCP41.9-4-2SR3-1S");
	assert_non_null(load);
	assert_true(load->complete);
	assert_int_equal(load->missing_n, 0);
	assert_int_equal(load->protocol, CPR_SCCP);
	assert_string_equal(load->version, "9-4-2ES26");
	term = term_of(f, "term61.default.loads", "SCCP41.9-4-2SR3-1S");
	assert_non_null(term);
	assert_true(term->complete);
	assert_ptr_equal(term->twin, load);
	assert_int_equal(term->protocol, CPR_SCCP);
	assert_string_equal(term->version, "9-4-2ES26");
	assert_string_equal(term->name, "SCCP41.9-4-2SR3-1S");
}

static void twins_are_told_apart(void **state)
{
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *sccp =
		make_set("7961", CPR_SCCP, "9-4-2SR3-1S", CPR_FW_INTACT);
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *sip =
		make_set("7961", CPR_SIP, "9-4-2SR3-1S", CPR_FW_INTACT);
	_cleanup_(cpr_firmware_freep) struct cpr_firmware *f = NULL;

	lay_out(*state, "root", sccp);
	lay_out(*state, "root", sip);
	f = scan(*state, "root", NULL);
	assert_int_equal(
		term_of(f, "term61.default.loads", sccp->load)->protocol, CPR_SCCP);
	assert_int_equal(
		term_of(f, "term61.default.loads", sip->load)->protocol, CPR_SIP);
	for (size_t i = 1; i < f->load_n; i++)
		assert_true(strcmp(f->load[i - 1].name, f->load[i].name) <= 0);
	for (size_t i = 1; i < f->file_n; i++)
		assert_true(strcmp(f->file[i - 1].name, f->file[i].name) <= 0);
}

static void a_served_term_file_is_no_second_load(void **state)
{
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set =
		make_set("7961", CPR_SIP, NULL, CPR_FW_INTACT);
	_cleanup_(cpr_firmware_freep) struct cpr_firmware *f = NULL;
	const struct cpr_fw_file *file = cpr_fw_set_file(set, "term41.default.loads");
	const char *kept;

	lay_out(*state, "root", set);
	kept = in(*state, "root/.phone-cpr/terms/%s/term61.default.loads", set->load);
	assert_int_equal(link(kept, in(*state, "root/term61.default.loads")), 0);
	/* By hand: a file of its own. */
	put_file(in(*state, "root/term41.default.loads"), file->data, file->len);
	f = scan(*state, "root", NULL);
	assert_non_null(cpr_firmware_file(f, "term61.default.loads"));
	assert_null(term_of(f, "term61.default.loads", NULL));
	assert_non_null(term_of(f, "term61.default.loads", set->load));
	assert_non_null(term_of(f, "term41.default.loads", NULL));
	assert_true(term_of(f, "term41.default.loads", NULL)->complete);
	assert_int_equal(term_of(f, "term41.default.loads", NULL)->protocol, CPR_SIP);
}

/* Without its main list a term file still tells its version and protocol. */
static void a_term_file_alone(void **state)
{
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set =
		make_set("7975", CPR_SIP, "9-4-2SR3-1S", CPR_FW_INTACT);
	_cleanup_(cpr_firmware_freep) struct cpr_firmware *f = NULL;
	const struct cpr_load *term;

	lay_out(*state, "root", set);
	assert_int_equal(unlink(in(*state, "root/%s.loads", set->load)), 0);
	f = scan(*state, "root", NULL);
	term = term_of(f, "term75.default.loads", set->load);
	assert_null(term->twin);
	assert_true(term->complete);
	assert_int_equal(term->protocol, CPR_SIP);
	assert_string_equal(term->version, "9-4-2ES26");
}

static const struct {
	const char *name, *model;
	enum cpr_fw_defect defect;
	const char *expected; /* in the explanation of the first missing name */
} defect_rows[] = {
	{"missing", "7961", CPR_FW_MISSING, "is not there"},
	{"case", "7961", CPR_FW_CASE, "is there as"},
	{"renamed", "7961", CPR_FW_RENAMED, "was renamed"},
	{"truncated", "7961", CPR_FW_TRUNCATED, "is damaged"},
	{"inner name", "7961", CPR_FW_INNER_NAME, "was renamed"},
	{"listed case", "7961", CPR_FW_LISTED_CASE, "is there as"},
	{"truncated, 7921", "7921", CPR_FW_TRUNCATED, "bytes where the list says"},
	{"truncated, 7841", "7841", CPR_FW_TRUNCATED, "'"},
};

static void defects_are_named(void **state)
{
	for (size_t i = 0; i < sizeof(defect_rows) / sizeof(*defect_rows); i++) {
		_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set =
			make_set(defect_rows[i].model, CPR_PROTOCOL_NONE, NULL,
				defect_rows[i].defect);
		_cleanup_(cpr_firmware_freep) struct cpr_firmware *f = NULL;
		const struct cpr_load *load;
		char root[16], text[512];

		snprintf(root, sizeof(root), "root%zu", i);
		lay_out(*state, root, set);
		f = scan(*state, root, NULL);
		load = cpr_firmware_load(f, set->load);
		assert_non_null(load);
		if (load->complete || !load->missing_n)
			fail_msg("%s: passes for complete", defect_rows[i].name);
		cpr_firmware_explain(f, load, load->missing[0], text, sizeof(text));
		if (!strstr(text, defect_rows[i].expected) ||
			!strstr(text, load->missing[0]))
			fail_msg("%s: %s", defect_rows[i].name, text);
	}
}

static void every_family_is_complete_when_whole(void **state)
{
	static const char *const model[] = {
		"7906", "7931", "7942", "7965", "7975", "7960", "7921", "6921", "7841"};

	for (size_t i = 0; i < sizeof(model) / sizeof(*model); i++) {
		_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set =
			make_set(model[i], CPR_PROTOCOL_NONE, NULL, CPR_FW_INTACT);
		_cleanup_(cpr_firmware_freep) struct cpr_firmware *f = NULL;
		char text[512] = "";

		lay_out(*state, model[i], set);
		f = scan(*state, model[i], NULL);
		for (size_t k = 0; k < f->load_n; k++) {
			const struct cpr_load *load = &f->load[k];

			if (!load->complete)
				cpr_firmware_explain(
					f, load, load->missing[0], text, sizeof(text));
			if (!load->complete)
				fail_msg("%s: %s: %s", model[i], load->name, text);
		}
		assert_true(f->load_n > 0);
	}
}

static void links(void **state)
{
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set =
		make_set("7961", CPR_SIP, NULL, CPR_FW_LISTED_CASE);
	_cleanup_(cpr_firmware_freep) struct cpr_firmware *f = NULL;
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	const struct cpr_load *load;
	char printed[80];

	lay_out(*state, "root", set);
	f = scan(*state, "root", NULL);
	load = cpr_firmware_load(f, set->load);
	assert_int_equal(load->missing_n, 1);
	strcpy(printed, load->missing[0]);
	assert_null(cpr_firmware_file(f, printed));
	assert_int_equal(symlink(cpr_firmware_file_nocase(f, printed)->name,
				 in(*state, "root/%s", printed)),
		0);
	f = cpr_firmware_free(f);

	f = scan(*state, "root", NULL);
	assert_true(cpr_firmware_load(f, set->load)->complete);
	assert_non_null(cpr_firmware_file(f, printed)->link);
	assert_int_equal(cpr_firmware_file(f, printed)->inode,
		cpr_firmware_file_nocase(f, printed)->inode);
	f = cpr_firmware_free(f);

	/* Out of the root, by an absolute path, and to nowhere: as good as not there. */
	for (int i = 0; i < 3; i++) {
		static const char *const target[] = {
			"../outside.sbn", "/etc/passwd", "nowhere"};

		put_file(in(*state, "outside.sbn"), "x", 1);
		unlink(in(*state, "root/%s", printed));
		assert_int_equal(symlink(target[i], in(*state, "root/%s", printed)), 0);
		assert_int_equal(cpr_firmware_scan(in(*state, "root"), &f, &e), 0);
		assert_false(cpr_firmware_load(f, set->load)->complete);
		assert_null(cpr_firmware_file(f, printed)->inspect);
		assert_int_equal(e.n, 1);
		assert_non_null(strstr(e.line[0], printed));
		cpr_errors_clear(&e);
		f = cpr_firmware_free(f);
	}
}

static void staged_files_count_as_published(void **state)
{
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set =
		make_set("7961", CPR_SCCP, NULL, CPR_FW_INTACT);
	_cleanup_(cpr_firmware_freep) struct cpr_firmware *f = NULL;
	const char *image = "";

	for (size_t i = 0; i < set->n; i++)
		if (set->file[i].kind == CPR_FW_IMAGE)
			image = set->file[i].name;
	assert_string_not_equal(image, "");
	lay_out(*state, "root", set);
	lay_out(*state, "stage", set);
	put_file(in(*state, "root/%s", image), "broken", 6);
	f = scan(*state, "root", NULL);
	assert_false(cpr_firmware_load(f, set->load)->complete);
	f = cpr_firmware_free(f);
	f = scan(*state, "root", "stage");
	assert_int_equal(f->file_n, 8);
	assert_true(cpr_firmware_load(f, set->load)->complete);
	assert_true(cpr_firmware_load(f, set->load)->file->staged);
	f = cpr_firmware_free(f);

	/* A staged link to a file that is published already. */
	mkdir(in(*state, "over"), 0755);
	assert_int_equal(
		symlink(image, in(*state, "over/%c%s", image[0] - 32, image + 1)), 0);
	f = scan(*state, "stage", "over");
	for (size_t i = 0; i < f->file_n; i++)
		assert_non_null(f->file[i].inspect);
}

/* Somebody works in the folder meanwhile: a link becomes a file, goes, and is back. */
static void a_changing_folder_is_no_error(void **state)
{
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	char name[512];
	pid_t pid;

	mkdir(in(*state, "root"), 0755);
	put_file(in(*state, "root/jar41sccp.9-4-2ES26.sbn"), "x", 1);
	strcpy(name, in(*state, "root/Jar41sccp.9-4-2ES26.sbn"));
	pid = fork();
	if (pid == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (bool link = true; pid == 0; link = !link) {
		unlink(name);
		if (link && symlink("jar41sccp.9-4-2ES26.sbn", name) < 0)
			_exit(1);
		if (!link)
			put_file(name, "x", 1);
	}
	for (int i = 0; i < 3000; i++) {
		_cleanup_(cpr_firmware_freep) struct cpr_firmware *f = NULL;

		assert_int_equal(cpr_firmware_scan(in(*state, "root"), &f, &e), 0);
		assert_in_range(f->file_n, 1, 2);
		/* a file that is gone is no file that cannot be read */
		for (size_t k = 0; k < e.n; k++)
			assert_null(strstr(e.line[k], "permission"));
		cpr_errors_clear(&e);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void odd_names_are_left_alone(void **state)
{
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set =
		make_set("7961", CPR_SCCP, NULL, CPR_FW_INTACT);
	_cleanup_(cpr_firmware_freep) struct cpr_firmware *f = NULL;

	lay_out(*state, "root", set);
	assert_int_equal(mkdir(in(*state, "root/SCCP41.1-0-0S.loads"), 0755), 0);
	assert_int_equal(mkfifo(in(*state, "root/SCCP41.2-0-0S.loads"), 0644), 0);
	put_file(in(*state, "root/SCCP41.3-0-0S.loads"), "", 0);
	put_file(in(*state, "root/.SCCP41.4-0-0S.loads.new"), "", 0);
	put_file(in(*state, "root/.phone-cpr/terms/stray"), "", 0);
	f = scan(*state, "root", NULL);
	assert_int_equal(f->file_n, 9);
	assert_false(cpr_firmware_load(f, "SCCP41.3-0-0S")->complete);
	assert_string_equal(cpr_firmware_load(f, "SCCP41.3-0-0S")->version, "3-0-0S");
}

static void a_linked_private_folder_is_not_followed(void **state)
{
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set =
		make_set("7961", CPR_SCCP, NULL, CPR_FW_INTACT);
	_cleanup_(cpr_firmware_freep) struct cpr_firmware *f = NULL;
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};

	lay_out(*state, "other", set);
	mkdir(in(*state, "root"), 0755);
	assert_int_equal(
		symlink("../other/.phone-cpr", in(*state, "root/.phone-cpr")), 0);
	assert_int_equal(cpr_firmware_scan(in(*state, "root"), &f, &e), 0);
	assert_int_equal(f->file_n, 0);
	assert_int_equal(e.n, 1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(no_root_is_an_empty_inventory),
		TEST(a_whole_set_is_complete),
		TEST(twins_are_told_apart),
		TEST(a_served_term_file_is_no_second_load),
		TEST(a_term_file_alone),
		TEST(defects_are_named),
		TEST(every_family_is_complete_when_whole),
		TEST(links),
		TEST(staged_files_count_as_published),
		TEST(a_changing_folder_is_no_error),
		TEST(odd_names_are_left_alone),
		TEST(a_linked_private_folder_is_not_followed),
	};

	return cmocka_run_group_tests_name("firmware", tests, NULL, NULL);
}
