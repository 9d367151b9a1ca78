#include "input.h"

#include "cleanup.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum {
	CHUNK = 1 << 18,
	GZIP_ONLY = 15 + 16, /* inflateInit2: the largest window, a gzip header */
};

struct cpr_input {
	int fd;
	uint64_t done, size;
	char fault[128];
	bool began, end, gzip;
	z_stream z;
	size_t at, n; /* bytes at hand, raw */
	uint8_t raw[CHUNK];
};

int cpr_input_new(struct cpr_input **out, int fd)
{
	struct cpr_input *in = calloc(1, sizeof(*in));
	struct stat st;

	if (!in)
		return -ENOMEM;
	in->fd = fd;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		in->size = (uint64_t)st.st_size;
	*out = in;
	return 0;
}

struct cpr_input *cpr_input_free(struct cpr_input *in)
{
	if (!in)
		return NULL;
	if (in->gzip)
		inflateEnd(&in->z);
	close(in->fd);
	free(in);
	return NULL;
}

/* Up to cap raw bytes; 0 at the end, or where they cannot be read. */
static size_t fetch(struct cpr_input *in, void *to, size_t cap)
{
	ssize_t n;

	do
		n = read(in->fd, to, cap);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		snprintf(in->fault, sizeof(in->fault), "it cannot be read on: %s",
			strerror(errno));
	in->end = n <= 0;
	in->done += n > 0 ? (size_t)n : 0;
	return n > 0 ? (size_t)n : 0;
}

static bool refill(struct cpr_input *in)
{
	if (in->at < in->n)
		return true;
	in->at = 0;
	in->n = in->end ? 0 : fetch(in, in->raw, sizeof(in->raw));
	return in->n > 0;
}

/* Two bytes tell gzip; a pipe may give them one by one. */
static int begin(struct cpr_input *in)
{
	in->began = true;
	while (in->n < 2 && !in->end)
		in->n += fetch(in, in->raw + in->n, sizeof(in->raw) - in->n);
	if (in->n < 2 || in->raw[0] != 0x1f || in->raw[1] != 0x8b)
		return 0;
	if (inflateInit2(&in->z, GZIP_ONLY) != Z_OK)
		return -ENOMEM;
	in->gzip = true;
	return 0;
}

static size_t inflated(struct cpr_input *in, char *to, size_t cap)
{
	in->z.next_out = (Bytef *)to;
	in->z.avail_out = (uInt)(cap < CHUNK ? cap : CHUNK);
	cap = in->z.avail_out;
	while (in->z.avail_out == cap && !*in->fault) {
		int r;

		if (!refill(in)) {
			if (in->z.total_in && !*in->fault)
				snprintf(in->fault, sizeof(in->fault),
					"its gzip data end too early");
			break;
		}
		in->z.next_in = in->raw + in->at;
		in->z.avail_in = (uInt)(in->n - in->at);
		r = inflate(&in->z, Z_NO_FLUSH);
		in->at = in->n - in->z.avail_in;
		/* another file may follow: `cat a.gz b.gz`, or one written in blocks */
		if (r == Z_STREAM_END)
			(void)inflateReset(&in->z);
		else if (r != Z_OK)
			snprintf(in->fault, sizeof(in->fault),
				"its gzip data are damaged");
	}
	return cap - in->z.avail_out;
}

static ssize_t read_on(void *cookie, char *to, size_t cap)
{
	struct cpr_input *in = cookie;
	size_t n;

	if (!in->began && begin(in) < 0) {
		errno = ENOMEM;
		return -1;
	}
	if (in->gzip)
		return (ssize_t)inflated(in, to, cap);
	if (in->at == in->n)
		return in->end ? 0 : (ssize_t)fetch(in, to, cap);
	n = in->n - in->at < cap ? in->n - in->at : cap;
	memcpy(to, in->raw + in->at, n);
	in->at += n;
	return (ssize_t)n;
}

FILE *cpr_input_open(struct cpr_input *in)
{
	FILE *f = fopencookie(in, "r", (cookie_io_functions_t){.read = read_on});

	if (f)
		setvbuf(f, NULL, _IOFBF, CHUNK);
	return f;
}

uint64_t cpr_input_done(const struct cpr_input *in)
{
	return in->done;
}

uint64_t cpr_input_size(const struct cpr_input *in)
{
	return in->size;
}

const char *cpr_input_fault(const struct cpr_input *in)
{
	return in->fault;
}
