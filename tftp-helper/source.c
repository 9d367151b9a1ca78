#include "source.h"

#include "cleanup.h"
#include "container.h"
#include "io.h"

#include <archive.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

enum {
	CHUNK = 64 * 1024,
	GZIP_ONLY = 15 + 16 /* inflateInit2: the largest window, a gzip header */
};

struct cpr_source {
	int fd;
	int64_t base, size, pos; /* pos counts from base */
	struct cpr_meter *meter;
	const volatile sig_atomic_t *stop;
	bool gzip;
	bool ended; /* behind the last gzip member */
	int failed; /* what cpr_source_end says */
	enum cpr_cap cap;
	z_stream z;
	uint8_t in[CHUNK];
	uint8_t out[CHUNK];
};

/* -1: it failed. */
static ssize_t read_file(struct cpr_source *s)
{
	int64_t left = s->size - s->pos;
	ssize_t n = cpr_io_read_at(s->fd, s->in, left < CHUNK ? (size_t)left : CHUNK,
		(uint64_t)(s->base + s->pos));

	if (n < 0) {
		s->failed = (int)n;
		return -1;
	}
	s->pos += n;
	return n;
}

/* False: it failed. */
static bool refill(struct cpr_source *s)
{
	ssize_t n;

	s->pos -= s->z.avail_in;
	n = read_file(s);
	s->z.next_in = s->in;
	s->z.avail_in = n < 0 ? 0 : (uInt)n;
	return n >= 0;
}

static bool at_gzip(const struct cpr_source *s)
{
	return s->z.avail_in >= 2 && s->z.next_in[0] == 0x1f && s->z.next_in[1] == 0x8b;
}

/* Members may follow each other; what else follows one is no part of the stream, as for gzip(1). */
static void end_member(struct cpr_source *s)
{
	if (s->z.avail_in < 2 && !refill(s))
		return;
	if (at_gzip(s))
		inflateReset(&s->z);
	else
		s->ended = true;
}

/* Fills out, as far as there is anything.  What came before a fault is not handed on. */
static void inflate_chunk(struct cpr_source *s)
{
	s->z.next_out = s->out;
	s->z.avail_out = CHUNK;
	while (s->z.avail_out && !s->ended && !s->failed) {
		int r;

		if (s->stop && *s->stop)
			s->failed = -EINTR;
		else if (!s->z.avail_in)
			refill(s);
		if (s->failed)
			return;
		r = inflate(&s->z, Z_NO_FLUSH);
		if (r == Z_STREAM_END)
			end_member(s);
		else if (r == Z_MEM_ERROR)
			s->failed = -ENOMEM;
		else if (r != Z_OK)
			s->failed = CPR_SOURCE_DAMAGED; /* Z_BUF_ERROR: cut off */
	}
}

/* Bytes in out; 0 at the end, -1: it failed. */
static ssize_t next_chunk(struct cpr_source *s)
{
	uint64_t file = s->meter->file;
	size_t n;

	inflate_chunk(s);
	if (s->failed)
		return -1;
	n = CHUNK - s->z.avail_out;
	s->meter->file = 0; /* a stream of many files */
	s->cap = cpr_meter_bytes(s->meter, n);
	s->meter->file = file;
	if (s->cap)
		s->failed = CPR_SOURCE_CAP;
	return s->failed ? -1 : (ssize_t)n;
}

static la_ssize_t on_read(struct archive *a, void *ctx, const void **out)
{
	struct cpr_source *s = ctx;
	ssize_t n = s->gzip ? next_chunk(s) : read_file(s);

	if (n < 0) {
		archive_set_error(a, EIO, "cannot be read");
		return ARCHIVE_FATAL;
	}
	*out = s->gzip ? s->out : s->in;
	return n;
}

static la_int64_t on_seek(struct archive *a, void *ctx, la_int64_t offset, int whence)
{
	struct cpr_source *s = ctx;
	int64_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? s->pos : s->size;

	(void)a;
	if (offset < -from || offset > s->size - from)
		return ARCHIVE_FATAL;
	s->pos = from + offset;
	return s->pos;
}

/* Behind the signature header of a .cop.sgn, else from the start. */
static int find_payload(struct cpr_source *s)
{
	uint8_t head[CPR_CONTAINER_HEAD];
	ssize_t n = cpr_io_read_at(s->fd, head, sizeof(head), 0);
	struct cpr_container c;
	struct stat st;

	if (n < 0 || fstat(s->fd, &st) < 0)
		return n < 0 ? (int)n : -errno;
	s->size = st.st_size;
	if (cpr_container_parse(head, (size_t)n, &c) == CPR_CONTAINER_OK &&
		c.type == CPR_CONTAINER_SIGNED &&
		c.payload_offset <= (uint64_t)st.st_size) {
		s->base = (int64_t)c.payload_offset;
		s->size -= s->base;
	}
	return 0;
}

int cpr_source_new(struct cpr_source **out, int fd, struct cpr_meter *meter,
	const volatile sig_atomic_t *stop)
{
	_cleanup_(cpr_source_freep) struct cpr_source *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->fd = fd;
	s->meter = meter;
	s->stop = stop;
	r = find_payload(s);
	if (r < 0)
		return r;
	if (!refill(s))
		return s->failed;
	if (at_gzip(s)) {
		if (inflateInit2(&s->z, GZIP_ONLY) != Z_OK)
			return -ENOMEM;
		s->gzip = true;
	} else {
		s->pos = 0;
	}
	*out = TAKE_PTR(s);
	return 0;
}

struct cpr_source *cpr_source_free(struct cpr_source *s)
{
	if (s && s->gzip)
		inflateEnd(&s->z);
	free(s);
	return NULL;
}

void cpr_source_freep(struct cpr_source **s)
{
	*s = cpr_source_free(*s);
}

int cpr_source_open(struct cpr_source *s, struct archive *a)
{
	/* The zip reader that works from the end alone sees symbolic links and notices that
	 * the end is missing. */
	if (!s->gzip) {
		archive_read_support_format_zip_seekable(a);
		archive_read_set_seek_callback(a, on_seek);
	}
	archive_read_support_format_tar(a);
	archive_read_set_callback_data(a, s);
	archive_read_set_read_callback(a, on_read);
	return archive_read_open1(a);
}

int cpr_source_end(struct cpr_source *s)
{
	while (s->gzip && !s->failed && !s->ended)
		(void)next_chunk(s);
	return s->failed;
}

enum cpr_cap cpr_source_cap(const struct cpr_source *s)
{
	return s->cap;
}
