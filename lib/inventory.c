#include "inventory.h"

#include "buf.h"
#include "cleanup.h"
#include "firmware.h"
#include "inspect.h"
#include "loads.h"
#include "span.h"

#include <errno.h>
#include <limits.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>

/* All numbers big-endian: magic, format, tag, number of files, the files, SHA-256 of it all.
 * The format is raised with every change in what is written, or in what cpr_inspect_fd says of
 * the same bytes. */
#define MAGIC  "cpr-inventory"
#define FORMAT 1

/* Bytes that each takes at least: a number that was made up asks for no memory. */
enum {
	LEAST_ENTRY = 12,
	LEAST_FILE = 100
};

static void put(struct cpr_buf *b, uint64_t v, size_t n)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(v >> 8 * (n - 1 - i));
	cpr_buf_add(b, bytes, n);
}

static void put_text(struct cpr_buf *b, const char *text)
{
	put(b, strlen(text), 2);
	cpr_buf_puts(b, text);
}

static void put_time(struct cpr_buf *b, const struct timespec *t)
{
	put(b, (uint64_t)t->tv_sec, 8);
	put(b, (uint64_t)t->tv_nsec, 4);
}

static void put_loads(struct cpr_buf *b, const struct cpr_loads *l)
{
	put(b, l != NULL, 1);
	if (!l)
		return;
	put_text(b, l->version);
	put(b, l->hardware_compatibility, 4);
	put(b, l->n, 4);
	for (size_t i = 0; i < l->n; i++) {
		put_text(b, l->entry[i].name);
		put(b, (uint64_t)l->entry[i].size, 8);
		put_text(b, l->entry[i].md5);
	}
}

static void put_inspect(struct cpr_buf *b, const struct cpr_inspect *i)
{
	put_text(b, i->name);
	put(b, i->size, 8);
	put(b, i->container.type, 1);
	put_text(b, i->container.own_name);
	put(b, i->container.payload_offset, 8);
	put(b, i->container.has_payload_len, 1);
	put(b, i->container.payload_len, 4);
	cpr_buf_add(b, i->container.sha256, sizeof(i->container.sha256));
	put(b, i->container_outcome, 1);
	put(b, i->kind, 1);
	put(b, (uint64_t)(i->complete + 1), 1);
	put_text(b, i->why);
	put_text(b, i->payload_md5);
	put_loads(b, i->lists);
}

static bool worth_keeping(const struct cpr_file *file)
{
	return file->inspect && file->settled && !file->staged;
}

void cpr_inventory_write(
	const struct cpr_firmware *f, const char *tag, struct cpr_buf *out)
{
	uint8_t hash[SHA256_DIGEST_LENGTH];
	size_t n = 0;
	SHA2_CTX c;

	for (size_t i = 0; i < f->file_n; i++)
		n += worth_keeping(&f->file[i]);
	put_text(out, MAGIC);
	put(out, FORMAT, 4);
	put_text(out, tag);
	put(out, n, 4);
	for (size_t i = 0; i < f->file_n; i++) {
		const struct cpr_file *file = &f->file[i];

		if (!worth_keeping(file))
			continue;
		put_text(out, file->name);
		put_text(out, file->set ? file->set : "");
		put(out, file->inode, 8);
		put_time(out, &file->mtime);
		put_time(out, &file->ctime);
		put_inspect(out, file->inspect);
	}
	if (out->failed)
		return;
	SHA256Init(&c);
	SHA256Update(&c, (const uint8_t *)out->data, out->len);
	SHA256Final(hash, &c);
	cpr_buf_add(out, hash, sizeof(hash));
}

static uint64_t get64(struct cpr_span *s)
{
	uint64_t high = cpr_span_be32(s);

	return high << 32 | cpr_span_be32(s);
}

/* A text without NULs that fits; else the span is bad. */
static void get_text(struct cpr_span *s, char *out, size_t cap)
{
	size_t n = cpr_span_be16(s);
	const uint8_t *text = cpr_span_take(s, n);

	*out = 0;
	if (!text || n >= cap || memchr(text, 0, n)) {
		s->bad = true;
		return;
	}
	memcpy(out, text, n);
	out[n] = 0;
}

/* The same as a copy; NULL where the span is bad, or there is no memory. */
static char *get_copy(struct cpr_span *s)
{
	char text[NAME_MAX + 1];

	get_text(s, text, sizeof(text));
	return s->bad ? NULL : strdup(text);
}

/* One byte of an enumeration. */
static unsigned get_below(struct cpr_span *s, unsigned limit)
{
	unsigned v = cpr_span_u8(s);

	if (v >= limit)
		s->bad = true;
	return v < limit ? v : 0;
}

static void get_time(struct cpr_span *s, struct timespec *t)
{
	t->tv_sec = (time_t)get64(s);
	t->tv_nsec = (long)cpr_span_be32(s);
}

static int get_loads(struct cpr_span *s, struct cpr_loads **out)
{
	_cleanup_(cpr_loads_freep) struct cpr_loads *l = NULL;
	size_t n;

	if (!get_below(s, 2))
		return 0;
	l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	get_text(s, l->version, sizeof(l->version));
	l->hardware_compatibility = cpr_span_be32(s);
	n = cpr_span_be32(s);
	if (n > cpr_span_left(s) / LEAST_ENTRY)
		return -EINVAL;
	l->entry = calloc(n ? n : 1, sizeof(*l->entry));
	if (!l->entry)
		return -ENOMEM;
	for (; l->n < n && !s->bad; l->n++) {
		struct cpr_loads_entry *e = &l->entry[l->n];

		e->name = get_copy(s);
		e->size = (int64_t)get64(s);
		get_text(s, e->md5, sizeof(e->md5));
		if (!e->name && !s->bad)
			return -ENOMEM;
	}
	*out = TAKE_PTR(l);
	return 0;
}

static int get_inspect(struct cpr_span *s, struct cpr_inspect **out)
{
	_cleanup_(cpr_inspect_freep) struct cpr_inspect *i = calloc(1, sizeof(*i));
	const uint8_t *sha256;
	int r;

	if (!i)
		return -ENOMEM;
	i->name = get_copy(s);
	i->size = get64(s);
	i->container.type = get_below(s, CPR_CONTAINER_CD34 + 1);
	get_text(s, i->container.own_name, sizeof(i->container.own_name));
	i->container.payload_offset = get64(s);
	i->container.has_payload_len = get_below(s, 2);
	i->container.payload_len = cpr_span_be32(s);
	sha256 = cpr_span_take(s, sizeof(i->container.sha256));
	if (sha256)
		memcpy(i->container.sha256, sha256, sizeof(i->container.sha256));
	i->container_outcome = get_below(s, CPR_CONTAINER_MALFORMED + 1);
	i->kind = get_below(s, CPR_KIND_ARCHIVE + 1);
	i->complete = (int)get_below(s, 3) - 1;
	get_text(s, i->why, sizeof(i->why));
	get_text(s, i->payload_md5, sizeof(i->payload_md5));
	r = get_loads(s, &i->lists);
	if (r < 0)
		return r;
	if (!i->name && !s->bad)
		return -ENOMEM;
	*out = TAKE_PTR(i);
	return 0;
}

static int get_file(struct cpr_span *s, struct cpr_file *file)
{
	char *set;

	file->name = get_copy(s);
	set = get_copy(s);
	if (set && !*set) {
		free(set);
		set = NULL;
	}
	file->set = set;
	file->inode = (ino_t)get64(s);
	get_time(s, &file->mtime);
	get_time(s, &file->ctime);
	file->settled = true;
	if (!file->name)
		return s->bad ? -EINVAL : -ENOMEM;
	return get_inspect(s, &file->inspect);
}

/* A search relies on the order. */
static bool in_order(const struct cpr_firmware *f)
{
	for (size_t i = 1; i < f->file_n; i++)
		if (cpr_file_compare(&f->file[i - 1], f->file[i].name, f->file[i].set) >=
			0)
			return false;
	return true;
}

static bool is_ours(struct cpr_span *s, const char *tag)
{
	char text[NAME_MAX + 1];
	bool ours;

	get_text(s, text, sizeof(text));
	ours = !strcmp(text, MAGIC) && cpr_span_be32(s) == FORMAT;
	get_text(s, text, sizeof(text));
	return ours && !s->bad && !strcmp(text, tag);
}

static bool is_whole(const uint8_t *bytes, size_t len)
{
	uint8_t hash[SHA256_DIGEST_LENGTH];
	SHA2_CTX c;

	SHA256Init(&c);
	SHA256Update(&c, bytes, len);
	SHA256Final(hash, &c);
	return !memcmp(hash, bytes + len, sizeof(hash));
}

int cpr_inventory_read(
	const void *bytes, size_t len, const char *tag, struct cpr_firmware **out)
{
	_cleanup_(cpr_firmware_freep) struct cpr_firmware *f = calloc(1, sizeof(*f));
	struct cpr_span s;
	size_t n;
	int r = 0;

	if (!f)
		return -ENOMEM;
	if (len < SHA256_DIGEST_LENGTH || !is_whole(bytes, len - SHA256_DIGEST_LENGTH))
		return -EINVAL;
	s = cpr_span_of(bytes, len - SHA256_DIGEST_LENGTH);
	if (!is_ours(&s, tag))
		return -EINVAL;
	n = cpr_span_be32(&s);
	if (n > cpr_span_left(&s) / LEAST_FILE)
		return -EINVAL;
	f->file = calloc(n ? n : 1, sizeof(*f->file));
	if (!f->file)
		return -ENOMEM;
	while (r == 0 && !s.bad && f->file_n < n)
		r = get_file(&s, &f->file[f->file_n++]);
	if (r < 0)
		return r;
	if (s.bad || cpr_span_left(&s) || !in_order(f))
		return -EINVAL;
	*out = TAKE_PTR(f);
	return 0;
}
