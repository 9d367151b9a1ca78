/* An inventory as bytes: it comes back as it was, or not at all; and a file is read again
 * whenever anything of it changed. */
#include "buf.h"
#include "cleanup.h"
#include "firmware.h"
#include "firmware/firmware.h"
#include "inspect.h"
#include "inventory.h"
#include "loads.h"

#include <sha2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TAG   "1.2.3"
#define IMAGE "jar41sccp.9-4-2ES26.sbn"

struct box {
	char path[64];
	struct cpr_fw_set *set;
};

static void put_file(const struct box *b, const char *name, const void *data, size_t len)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", b->path, name);
	fd = open(path, O_CREAT | O_WRONLY, 0644);
	assert_int_equal(write(fd, data, len), len);
	close(fd);
}

static void settle(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 60 * 1000 * 1000}, NULL);
}

static int setup(void **state)
{
	struct cpr_fw_request request = {
		.model = "7961", .hardware_mask = -1, .seed = 1, .defect = CPR_FW_INTACT};
	struct box *b = calloc(1, sizeof(*b));

	strcpy(b->path, "/tmp/test-inventory.XXXXXX");
	*state = b;
	if (!mkdtemp(b->path) || cpr_fw_set_new(&b->set, &request, NULL))
		return -1;
	for (size_t i = 0; i < b->set->n; i++)
		put_file(b, b->set->file[i].name, b->set->file[i].data,
			b->set->file[i].len);
	settle();
	return 0;
}

static int teardown(void **state)
{
	struct box *b = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", b->path);
	cpr_fw_set_free(b->set);
	free(b);
	return system(command);
}

static struct cpr_firmware *scan(const struct box *b, const struct cpr_firmware *known)
{
	struct cpr_firmware *f = NULL;

	assert_int_equal(cpr_firmware_scan_known(b->path, known, &f, NULL), 0);
	return f;
}

static struct cpr_buf bytes_of(const struct cpr_firmware *f)
{
	struct cpr_buf b = {0};

	cpr_inventory_write(f, TAG, &b);
	assert_false(b.failed);
	return b;
}

/* A copy of its exact size, so that the address sanitizer sees a read past its end. */
static int read_exact(const void *bytes, size_t len, struct cpr_firmware **out)
{
	uint8_t *copy = malloc(len ? len : 1);
	int r;

	memcpy(copy, bytes, len);
	r = cpr_inventory_read(copy, len, TAG, out);
	free(copy);
	return r;
}

static void comes_back(void **state)
{
	struct cpr_firmware *f = scan(*state, NULL), *back = NULL;
	struct cpr_buf b = bytes_of(f), again;

	assert_int_equal(f->file_n, 8);
	assert_int_equal(read_exact(b.data, b.len, &back), 0);
	assert_int_equal(back->file_n, f->file_n);
	for (size_t i = 0; i < f->file_n; i++) {
		const struct cpr_inspect *a = f->file[i].inspect;
		const struct cpr_inspect *c = back->file[i].inspect;

		assert_string_equal(back->file[i].name, f->file[i].name);
		assert_int_equal(back->file[i].inode, f->file[i].inode);
		assert_string_equal(c->name, a->name);
		assert_string_equal(c->container.own_name, a->container.own_name);
		assert_int_equal(
			c->container.payload_offset, a->container.payload_offset);
		assert_int_equal(c->kind, a->kind);
		assert_int_equal(c->complete, a->complete);
		assert_int_equal(!c->lists, !a->lists);
		for (size_t k = 0; a->lists && k < a->lists->n; k++) {
			assert_string_equal(
				c->lists->entry[k].name, a->lists->entry[k].name);
			assert_int_equal(
				c->lists->entry[k].size, a->lists->entry[k].size);
		}
	}
	again = bytes_of(back);
	assert_int_equal(again.len, b.len);
	assert_memory_equal(again.data, b.data, b.len);
	cpr_buf_free(&b);
	cpr_buf_free(&again);
	cpr_firmware_free(back);
	cpr_firmware_free(f);
}

static void refused(void **state)
{
	struct cpr_firmware *f = scan(*state, NULL), *back = NULL;
	struct cpr_buf b = bytes_of(f);

	for (size_t n = 0; n < b.len; n++)
		assert_int_equal(read_exact(b.data, n, &back), -22);
	for (size_t i = 0; i < b.len; i++) {
		b.data[i] = (char)(b.data[i] ^ 1 << i % 8);
		assert_int_equal(cpr_inventory_read(b.data, b.len, TAG, &back), -22);
		b.data[i] = (char)(b.data[i] ^ 1 << i % 8);
	}
	assert_int_equal(cpr_inventory_read(b.data, b.len, "1.2.4", &back), -22);
	assert_int_equal(cpr_inventory_read(b.data, b.len, TAG, &back), 0);
	cpr_firmware_free(back);
	cpr_firmware_free(f);
	cpr_buf_free(&b);
}

/* Bytes whose sum is right all the same: nothing is read past the end, no enumeration gets a
 * value that it has not, no number asks for memory, and the order is as a search needs it. */
static void forged(void **state)
{
	struct cpr_firmware *f = scan(*state, NULL);
	struct cpr_buf b = bytes_of(f);
	size_t len = b.len - SHA256_DIGEST_LENGTH, taken = 0;
	uint32_t seed = 7;

	for (unsigned round = 0; round < 20000; round++) {
		struct cpr_firmware *back = NULL;
		uint8_t *copy = malloc(b.len);
		SHA2_CTX c;

		memcpy(copy, b.data, b.len);
		for (unsigned k = 0; k <= round % 3; k++) {
			seed = seed * 1664525u + 1013904223u;
			copy[(seed >> 8) % len] = (uint8_t)(seed >> 24);
		}
		SHA256Init(&c);
		SHA256Update(&c, copy, len);
		SHA256Final(copy + len, &c);
		if (cpr_inventory_read(copy, b.len, TAG, &back) == 0) {
			taken++;
			for (size_t i = 0; i < back->file_n; i++) {
				const struct cpr_file *file = &back->file[i];

				assert_non_null(cpr_kind_name(file->inspect->kind));
				assert_ptr_equal(
					cpr_firmware_find(back, file->name, file->set),
					file);
			}
		}
		cpr_firmware_free(back);
		free(copy);
	}
	assert_true(taken > 1000); /* times, sizes, hashes: any will do */
	cpr_firmware_free(f);
	cpr_buf_free(&b);
}

static const struct cpr_inspect *look(const struct cpr_firmware *f)
{
	return cpr_firmware_file(f, IMAGE)->inspect;
}

/* What is known is not read again: it is told by a mark that no reading would give. */
static void known(void **state)
{
	struct cpr_firmware *first = scan(*state, NULL), *second;

	cpr_firmware_file(first, IMAGE)->inspect->complete = -1;
	second = scan(*state, first);
	assert_int_equal(look(second)->complete, -1);
	assert_int_equal(second->load_n, first->load_n);
	cpr_firmware_free(second);
	((struct cpr_file *)cpr_firmware_file(first, IMAGE))->settled = false;
	second = scan(*state, first);
	assert_int_equal(look(second)->complete, 1);
	cpr_firmware_free(second);
	cpr_firmware_free(first);
}

/* Bytes change, and size and mtime are put back: the ctime cannot be. */
static void changed_in_place(void **state)
{
	const struct box *b = *state;
	struct cpr_firmware *first = scan(b, NULL), *second;
	const struct cpr_file *file = cpr_firmware_file(first, IMAGE);
	char path[256];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", b->path, IMAGE);
	fd = open(path, O_WRONLY);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(pwrite(fd, "XXXX", 4, 0), 4);
	assert_int_equal(futimens(fd, (struct timespec[]){st.st_atim, st.st_mtim}), 0);
	close(fd);
	assert_int_equal(file->inspect->container.type, CPR_CONTAINER_SIGNED);
	second = scan(b, first);
	assert_int_equal(look(second)->container.type, CPR_CONTAINER_NONE);
	assert_false(cpr_firmware_file(second, IMAGE)->settled);
	cpr_firmware_free(second);
	cpr_firmware_free(first);
}

/* Another file under the name, the same file under another name, and none. */
static void renamed(void **state)
{
	const struct box *b = *state;
	struct cpr_firmware *first = scan(b, NULL), *second;
	char from[256], to[256];

	snprintf(from, sizeof(from), "%s/%s", b->path, IMAGE);
	snprintf(to, sizeof(to), "%s/jar41sccp.8-5-2TH1-9.sbn", b->path);
	assert_int_equal(rename(from, to), 0);
	second = scan(b, first);
	assert_null(cpr_firmware_file(second, IMAGE));
	assert_string_equal(
		cpr_firmware_file(second, "jar41sccp.8-5-2TH1-9.sbn")->inspect->name,
		"jar41sccp.8-5-2TH1-9.sbn");
	cpr_firmware_free(second);
	snprintf(from, sizeof(from), "%s/dsp41.9-4-2ES26.sbn", b->path);
	snprintf(to, sizeof(to), "%s/%s", b->path, IMAGE);
	assert_int_equal(rename(from, to), 0);
	second = scan(b, first);
	assert_string_equal(look(second)->container.own_name, "dsp41.9-4-2ES26.sbn");
	cpr_firmware_free(second);
	cpr_firmware_free(first);
}

/* What was written a moment ago is not kept: a second write in the same tick of the clock
 * would have the same times. */
static void young(void **state)
{
	const struct box *b = *state;
	struct cpr_firmware *f, *back = NULL;
	struct cpr_buf bytes;

	put_file(b, "SCCP42.9-4-2SR3-1S.loads", "x", 1);
	f = scan(b, NULL);
	assert_int_equal(f->file_n, 9);
	bytes = bytes_of(f);
	assert_int_equal(cpr_inventory_read(bytes.data, bytes.len, TAG, &back), 0);
	assert_int_equal(back->file_n, 8);
	cpr_firmware_free(back);
	cpr_firmware_free(f);
	cpr_buf_free(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(comes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(refused, setup, teardown),
		cmocka_unit_test_setup_teardown(forged, setup, teardown),
		cmocka_unit_test_setup_teardown(known, setup, teardown),
		cmocka_unit_test_setup_teardown(changed_in_place, setup, teardown),
		cmocka_unit_test_setup_teardown(renamed, setup, teardown),
		cmocka_unit_test_setup_teardown(young, setup, teardown),
	};

	return cmocka_run_group_tests_name("inventory", tests, NULL, NULL);
}
