#include "buf.h"
#include "cleanup.h"
#include "firmware/firmware.h"
#include "inspect.h"
#include "loads.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static struct cpr_inspect *look(const char *name, const void *bytes, size_t n)
{
	_cleanup_(cpr_closep) int fd = memfd_create("firmware", MFD_CLOEXEC);
	struct cpr_inspect *i = NULL;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	/* the offset must not matter */
	assert_int_equal(cpr_inspect_fd(fd, name, &i), 0);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), n);
	assert_string_equal(i->name, name);
	assert_int_equal(i->size, n);
	assert_true((i->complete == 0) == (*i->why != 0));
	return i;
}

static void set_of(struct cpr_fw_set **set, const char *model, enum cpr_protocol protocol,
	const char *version, enum cpr_fw_defect defect)
{
	const struct cpr_fw_request request = {.model = model,
		.protocol = protocol,
		.version = version,
		.hardware_mask = -1,
		.defect = defect};

	assert_int_equal(cpr_fw_set_new(set, &request, NULL), 0);
}

/* Of each kind of set the files, as inspect must see them. */
static void sets(void **state)
{
	static const struct {
		const char *model;
		enum cpr_protocol protocol;
		const char *version;
		enum cpr_container_type type;
		int image, list; /* complete */
	} rows[] = {
		{"7961", CPR_SCCP, NULL, CPR_CONTAINER_SIGNED, 1, -1},
		/* its cnu has the one byte more */
		{"7975", CPR_SIP, "9-4-2SR4-3S", CPR_CONTAINER_SIGNED, 1, -1},
		{"7911", CPR_SCCP, "8-3-3SR2S", CPR_CONTAINER_SIGNED, 1, -1},
		{"7960", CPR_SCCP, NULL, CPR_CONTAINER_SIGNED, -1, -1},
		{"7921", CPR_SCCP, NULL, CPR_CONTAINER_SIGNED, -1, -1},
		{"6921", CPR_SIP, NULL, CPR_CONTAINER_SIGNED, -1, -1},
		{"8945", CPR_SCCP, NULL, CPR_CONTAINER_SIGNED, -1, -1},
		{"7841", CPR_SIP, NULL, CPR_CONTAINER_CD34, 1, 1},
	};

	(void)state;
	for (size_t k = 0; k < CPR_ARRAY_LEN(rows); k++) {
		_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set = NULL;

		set_of(&set, rows[k].model, rows[k].protocol, rows[k].version,
			CPR_FW_INTACT);
		for (size_t n = 0; n < set->n; n++) {
			const struct cpr_fw_file *f = &set->file[n];
			_cleanup_(cpr_inspect_freep) struct cpr_inspect *i =
				look(f->name, f->data, f->len);
			bool image = f->kind == CPR_FW_IMAGE;

			assert_int_equal(i->container_outcome, CPR_CONTAINER_OK);
			assert_string_equal(i->container.own_name, f->own_name);
			if (f->kind == CPR_FW_EXTRA)
				continue;
			assert_int_equal(i->container.type, rows[k].type);
			assert_int_equal(
				i->kind, image ? CPR_KIND_IMAGE : CPR_KIND_LOADS);
			assert_int_equal(
				i->complete, image ? rows[k].image : rows[k].list);
			assert_true(image == !i->lists);
		}
	}
}

/* The hex digits of a 7921's image are those its list gives. */
static void md5(void **state)
{
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set = NULL;
	_cleanup_(cpr_inspect_freep) struct cpr_inspect *list = NULL;
	const struct cpr_fw_file *f;

	(void)state;
	set_of(&set, "7925", CPR_SCCP, NULL, CPR_FW_INTACT);
	f = cpr_fw_set_file(set, "CP7925G-1.4.7.3.LOADS");
	assert_non_null(f);
	list = look(f->name, f->data, f->len);
	assert_int_equal(list->lists->n, 8);
	for (size_t n = 0; n < 8; n++) {
		_cleanup_(cpr_inspect_freep) struct cpr_inspect *i = NULL;

		f = cpr_fw_set_file(set, list->lists->entry[n].name);
		i = look(f->name, f->data, f->len);
		assert_string_equal(i->payload_md5, list->lists->entry[n].md5);
		assert_int_equal(list->lists->entry[n].size, i->size);
	}
}

static void no_md5(void **state)
{
	_cleanup_(cpr_buf_free) struct cpr_buf b = {0};
	_cleanup_(cpr_inspect_freep) struct cpr_inspect *i = NULL;

	(void)state;
	cpr_fw_signed(
		&b, CPR_FW_SIGNER, "A.SBN", "0123456789abcdef0123456789abcde", 31, 1);
	i = look("A.SBN", b.data, b.len);
	assert_string_equal(i->payload_md5, "");
}

static void kinds(void **state)
{
	static char tar[512];
	static const struct {
		const char *name, *bytes;
		size_t n;
		enum cpr_kind kind;
		int complete;
	} rows[] = {
		{"a.zip", "PK\x03\x04xx", 6, CPR_KIND_ARCHIVE, -1},
		{"empty.zip", "PK\x05\x06xx", 6, CPR_KIND_ARCHIVE, -1},
		{"a.tgz", "\x1f\x8b\x08xx", 5, CPR_KIND_ARCHIVE, -1},
		{"a.tar", tar, sizeof(tar), CPR_KIND_ARCHIVE, -1},
		/* what it is counts, not how it is called */
		{"a.sbn", "PK\x03\x04xx", 6, CPR_KIND_ARCHIVE, -1},
		{"OS79XX.TXT", "P003-8-12-00 \r\n", 15, CPR_KIND_OTHER, -1},
		{"XMLDefault.cnf.xml", "<Default/>", 10, CPR_KIND_OTHER, -1},
		{"SEP001B54AABBCC.cnf.xml.sgn", "x", 1, CPR_KIND_OTHER, -1},
		{"P003-8-12-00.bin", "x", 1, CPR_KIND_IMAGE, -1},
		{"CP7905080003.ZUP", "kup1", 4, CPR_KIND_IMAGE, -1},
		{"a.sbn", "", 0, CPR_KIND_IMAGE, 0},
		{"a.loads", "", 0, CPR_KIND_LOADS, 0},
		{"empty", "", 0, CPR_KIND_OTHER, -1},
		{"a.loads", "a.sbn\n", 6, CPR_KIND_LOADS, -1},
		{"a.LOADS", "hello\n", 6, CPR_KIND_LOADS, 0},
		{"a.sbn", "\x01\x00\x02\x01\x01", 5, CPR_KIND_IMAGE, 0},
		{"a.sbn", "\xcd\x34\x12\xab\x01", 5, CPR_KIND_IMAGE, 0},
		{"CTLFile.tlv", "\x01\x00\x02\x01", 4, CPR_KIND_OTHER, 0},
	};

	(void)state;
	memcpy(tar + 257, "ustar", 5);
	for (size_t k = 0; k < CPR_ARRAY_LEN(rows); k++) {
		_cleanup_(cpr_inspect_freep) struct cpr_inspect *i =
			look(rows[k].name, rows[k].bytes, rows[k].n);

		if (i->kind != rows[k].kind || i->complete != rows[k].complete)
			fail_msg("\"%s\", row %zu: %s, %d", rows[k].name, k,
				cpr_kind_name(i->kind), i->complete);
	}
}

/* Every package of the maker is an archive, the .cop.sgn behind its header too. */
static void packages(void **state)
{
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set = NULL;

	(void)state;
	set_of(&set, "7961", CPR_SCCP, NULL, CPR_FW_INTACT);
	for (int p = CPR_FW_ZIP; p < CPR_FW_DIR; p++) {
		_cleanup_(cpr_buf_free) struct cpr_buf b = {0};
		_cleanup_(cpr_inspect_freep) struct cpr_inspect *i = NULL;

		assert_int_equal(
			cpr_fw_pack(set, (enum cpr_fw_package)p, CPR_FW_GOOD, &b), 0);
		i = look("package", b.data, b.len);
		assert_int_equal(i->kind, CPR_KIND_ARCHIVE);
		assert_int_equal(i->container.type,
			p == CPR_FW_COP ? CPR_CONTAINER_SIGNED : CPR_CONTAINER_NONE);
	}
}

/* An image that somebody called a list is an image, and the other way round. */
static void own_name_counts(void **state)
{
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set = NULL;
	_cleanup_(cpr_inspect_freep) struct cpr_inspect *image = NULL, *list = NULL;
	const struct cpr_fw_file *f;

	(void)state;
	set_of(&set, "7961", CPR_SCCP, NULL, CPR_FW_INTACT);
	f = cpr_fw_set_file(set, "cnu41.9-4-2ES26.sbn");
	image = look("term61.default.loads", f->data, f->len);
	assert_int_equal(image->kind, CPR_KIND_IMAGE);
	assert_string_equal(image->container.own_name, "cnu41.9-4-2ES26.sbn");
	f = cpr_fw_set_file(set, "term61.default.loads");
	list = look("copy of term61", f->data, f->len);
	assert_int_equal(list->kind, CPR_KIND_LOADS);
	assert_int_equal(list->lists->n, 5);
}

/* No beginning of an image with a CNU archive, or of any 78xx file, passes for the whole. */
static void every_truncation(void **state)
{
	static const struct {
		const char *model, *file;
		size_t from; /* of fewer bytes the container is not to be seen */
	} rows[] = {
		{"7961", "dsp41.9-4-2ES26.sbn", 3},
		{"7841", "sboot2.78xx.11-0-1-11.sbn", 4},
		{"7841", "sip78xx.11-0-1-11.loads", 4},
	};

	(void)state;
	for (size_t k = 0; k < CPR_ARRAY_LEN(rows); k++) {
		_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set = NULL;
		const struct cpr_fw_file *f;

		set_of(&set, rows[k].model, CPR_PROTOCOL_NONE, NULL, CPR_FW_INTACT);
		f = cpr_fw_set_file(set, rows[k].file);
		assert_non_null(f);
		for (size_t n = rows[k].from; n < f->len; n++) {
			_cleanup_(cpr_inspect_freep) struct cpr_inspect *i =
				look(f->name, f->data, n);

			if (i->complete)
				fail_msg("%s: %zu of %zu bytes pass", f->name, n, f->len);
		}
	}
}

static void changed_and_padded(void **state)
{
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set = NULL;
	const struct cpr_fw_file *f;
	_cleanup_(cpr_freep) uint8_t *copy = NULL;

	(void)state;
	set_of(&set, "7841", CPR_SIP, NULL, CPR_FW_INTACT);
	f = cpr_fw_set_file(set, "sip78xx.11-0-1-11.loads");
	copy = calloc(1, f->len + 1);
	memcpy(copy, f->data, f->len);
	for (size_t at = 0x150; at < f->len; at += 50) {
		struct cpr_inspect *i;

		copy[at] ^= 1;
		i = look(f->name, copy, f->len);
		assert_int_equal(i->complete, 0);
		assert_non_null(strstr(i->why, "SHA-256"));
		cpr_inspect_free(i);
		copy[at] ^= 1;
	}
	cpr_inspect_free(look(f->name, copy, f->len + 1));
	for (size_t more = 0; more <= 1; more++) {
		_cleanup_(cpr_inspect_freep) struct cpr_inspect *i =
			look(f->name, copy, f->len + more);

		assert_int_equal(i->complete, !more);
		assert_int_equal(i->lists ? (int)i->lists->n : -1, more ? -1 : 6);
	}
}

/* The arithmetic alone: header 0x248 + 3 entries of 20 bytes, names, sizes. */
static void cnu(void **state)
{
	static const struct {
		const char *what;
		size_t at;
		uint8_t byte;
		int expected;
	} rows[] = {
		{"as it is", 0, 'C', 1},
		{"other magic", 0, 'D', -1},
		{"other version of the archive", 0x11, '4', 1},
		{"more entries than the header holds", 0x33, 200, 0},
		{"16 million entries", 0x30, 1, 0},
		{"4 billion entries", 0x30, 0xff, 0},
		{"one entry less", 0x33, 2, 0},
		{"header of 4 GiB", 0x34, 0xff, 0},
		{"header of a byte more", 0x37, 0xa9, 0},
		{"header of a byte less: the byte more of real files", 0x37, 0xa7, 1},
		{"first size off by 256", 0x248 + 10, 9, 0},
		{"first size of 4 GiB", 0x248 + 8, 0xff, 0},
		{"time is of no matter", 0x248 + 12, 9, 1},
	};
	struct cpr_fw_random r = {.state = 1};
	_cleanup_(cpr_buf_free) struct cpr_buf b = {0}, more = {0};
	uint8_t *p;

	(void)state;
	cpr_fw_cnu(&b, 3000, 3, false, &r);
	assert_int_equal(b.len, 3000);
	p = (uint8_t *)b.data;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		uint8_t was = p[rows[i].at];

		p[rows[i].at] = rows[i].byte;
		if (cpr_cnu_complete(p, b.len, b.len) != rows[i].expected)
			fail_msg("row \"%s\"", rows[i].what);
		p[rows[i].at] = was;
	}
	assert_int_equal(cpr_cnu_complete(p, b.len, 2999), 0);
	assert_int_equal(cpr_cnu_complete(p, b.len, 3001), 1);
	assert_int_equal(cpr_cnu_complete(p, b.len, 3002), 0);
	assert_int_equal(cpr_cnu_complete(p, b.len, 3000 + (1ull << 32)), 0);
	assert_int_equal(cpr_cnu_complete(p, 0, 0), -1);
	for (size_t n = 1; n < 0x248 + 3 * 32; n++) {
		_cleanup_(cpr_freep) uint8_t *exact = malloc(n);

		memcpy(exact, p, n);
		assert_int_equal(cpr_cnu_complete(exact, n, 3000), 0);
	}
	cpr_fw_cnu(&more, 3000, 3, true, &r);
	assert_int_equal(cpr_cnu_complete((uint8_t *)more.data, 3000, 3000), 1);
	assert_int_equal(cpr_cnu_complete((uint8_t *)more.data, 3000, 2999), 1);
	assert_int_equal(cpr_cnu_complete((uint8_t *)more.data, 3000, 2998), 0);
}

/* The maker's defects as inspect sees them. */
static void defects(void **state)
{
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *cut = NULL, *renamed = NULL,
						      *inner = NULL;
	_cleanup_(cpr_inspect_freep) struct cpr_inspect *a = NULL, *b = NULL, *c = NULL;
	const struct cpr_fw_file *f;

	(void)state;
	set_of(&cut, "7961", CPR_SCCP, NULL, CPR_FW_TRUNCATED);
	f = cpr_fw_set_file(cut, "cvm41sccp.9-4-2ES26.sbn");
	a = look(f->name, f->data, f->len);
	assert_int_equal(a->complete, 0);
	assert_string_equal(a->why,
		"its archive has 4266 bytes where its header says 6603; "
		"copy the file again");
	set_of(&renamed, "7961", CPR_SCCP, NULL, CPR_FW_RENAMED);
	f = cpr_fw_set_file(renamed, "apps41.9-4-2ES26.sbn");
	b = look(f->name, f->data, f->len);
	assert_string_equal(b->container.own_name, "apps41.8-5-2TH1-9.sbn");
	set_of(&inner, "7961", CPR_SCCP, NULL, CPR_FW_INNER_NAME);
	f = cpr_fw_set_file(inner, "term61.default.loads");
	c = look(f->name, f->data, f->len);
	assert_string_equal(c->container.own_name, "SCCP41.9-4-2SR3-1S.loads");
}

static void no_files(void **state)
{
	struct cpr_inspect *i = NULL;
	_cleanup_(cpr_closep) int dir = open("/", O_RDONLY | O_DIRECTORY);
	_cleanup_(cpr_closep) int null = open("/dev/null", O_RDONLY);
	_cleanup_(cpr_closep) int deaf = open("/proc/self/exe", O_PATH);

	(void)state;
	assert_int_equal(cpr_inspect_fd(-1, "x", &i), -EBADF);
	assert_int_equal(cpr_inspect_fd(dir, "x", &i), -EISDIR);
	assert_int_equal(cpr_inspect_fd(null, "x", &i), -EINVAL);
	assert_int_equal(cpr_inspect_fd(deaf, "x", &i), -EBADF);
	assert_null(i);
}

/* Lists over 64 KiB are none, and no file is read into memory as a whole. */
static void huge(void **state)
{
	_cleanup_(cpr_closep) int fd = memfd_create("firmware", MFD_CLOEXEC);
	_cleanup_(cpr_inspect_freep) struct cpr_inspect *list = NULL, *image = NULL;

	(void)state;
	assert_int_equal(ftruncate(fd, (off_t)1 << 40), 0);
	assert_int_equal(cpr_inspect_fd(fd, "a.loads", &list), 0);
	assert_int_equal(list->complete, 0);
	assert_null(list->lists);
	assert_int_equal(pwrite(fd, "CNU_File_Archive_3.0", 20, 0), 20);
	assert_int_equal(pwrite(fd, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, 0x30), 8);
	assert_int_equal(cpr_inspect_fd(fd, "a.sbn", &image), 0);
	assert_int_equal(image->complete, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets),
		cmocka_unit_test(md5),
		cmocka_unit_test(no_md5),
		cmocka_unit_test(kinds),
		cmocka_unit_test(packages),
		cmocka_unit_test(own_name_counts),
		cmocka_unit_test(every_truncation),
		cmocka_unit_test(changed_and_padded),
		cmocka_unit_test(cnu),
		cmocka_unit_test(defects),
		cmocka_unit_test(no_files),
		cmocka_unit_test(huge),
	};

	return cmocka_run_group_tests_name("inspect", tests, NULL, NULL);
}
