#include "inspect.h"

#include "cleanup.h"
#include "errors.h"
#include "io.h"
#include "loads.h"
#include "span.h"

#include <errno.h>
#include <inttypes.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* The lists seen have 54 to 1000 bytes. */
#define MAX_LIST 65536
/* A CNU header has 0x248 bytes, and 20 and a name for each of its files. */
#define MAX_CNU     (1 << 20)
#define CNU_FIRST   0x38
#define CNU_ENTRIES 0x248
#define CNU_ENTRY   20

static bool ends(const char *name, const char *suffix)
{
	size_t n = strlen(name), k = strlen(suffix);

	return n >= k && !strcasecmp(name + n - k, suffix);
}

static enum cpr_kind kind_of_name(const char *name)
{
	static const struct {
		const char *suffix;
		enum cpr_kind kind;
	} rows[] = {
		/* signed configuration, which ends like an image */
		{".xml.sgn", CPR_KIND_OTHER},
		{".cop.sgn", CPR_KIND_ARCHIVE},
		{".loads", CPR_KIND_LOADS},
		{".sbn", CPR_KIND_IMAGE},
		{".bin", CPR_KIND_IMAGE},
		{".sb2", CPR_KIND_IMAGE},
		{".sgn", CPR_KIND_IMAGE},
		{".zz", CPR_KIND_IMAGE},
		{".sebn", CPR_KIND_IMAGE},
		{".sbin", CPR_KIND_IMAGE},
		{".zup", CPR_KIND_IMAGE},
	};

	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++)
		if (ends(name, rows[i].suffix))
			return rows[i].kind;
	return CPR_KIND_OTHER;
}

static bool is_archive(const uint8_t *p, size_t n)
{
	return (n >= 4 && (!memcmp(p, "PK\x03\x04", 4) || !memcmp(p, "PK\x05\x06", 4))) ||
	       (n >= 3 && !memcmp(p, "\x1f\x8b\x08", 3)) ||
	       (n >= 262 && !memcmp(p + 257, "ustar", 5));
}

/* The file's own name says more than the one somebody gave it. */
static enum cpr_kind find_kind(
	const struct cpr_inspect *i, const uint8_t *head, size_t head_len)
{
	size_t payload = i->container.payload_offset;

	if (payload <= head_len && is_archive(head + payload, head_len - payload))
		return CPR_KIND_ARCHIVE;
	return kind_of_name(*i->container.own_name ? i->container.own_name : i->name);
}

/* The payload length that the CNU header states; *stated is its least. */
static int cnu_arithmetic(
	const uint8_t *head, size_t head_len, uint64_t payload_len, uint64_t *stated)
{
	static const char magic[] = "CNU_File_Archive_";
	const size_t n = head_len < sizeof(magic) - 1 ? head_len : sizeof(magic) - 1;
	struct cpr_span s = cpr_span_of(head, head_len);
	uint64_t entries, header;

	if (!n || memcmp(head, magic, n))
		return -1;
	cpr_span_seek(&s, 0x30);
	entries = cpr_span_be32(&s);
	header = cpr_span_be32(&s);
	*stated = header;
	if (s.bad || CNU_ENTRIES + entries * CNU_ENTRY > header || header > head_len)
		return 0;
	cpr_span_seek(&s, CNU_ENTRIES);
	for (uint64_t i = 0; i < entries; i++) {
		cpr_span_skip(&s, 8);
		*stated += cpr_span_be32(&s);
		cpr_span_skip(&s, 8);
	}
	return !s.bad && (payload_len == *stated || payload_len == *stated + 1);
}

int cpr_cnu_complete(const uint8_t *head, size_t head_len, uint64_t payload_len)
{
	uint64_t stated;

	return cnu_arithmetic(head, head_len, payload_len, &stated);
}

uint64_t cpr_cnu_length(const uint8_t *head, size_t head_len)
{
	uint64_t stated = 0;

	(void)cnu_arithmetic(head, head_len, 0, &stated);
	/* The arithmetic comes out for what it stated itself only if it saw all of it. */
	return cnu_arithmetic(head, head_len, stated, &stated) == 1 ? stated : 0;
}

static int check_cnu(int fd, struct cpr_inspect *i, uint64_t payload_len)
{
	_cleanup_(cpr_freep) uint8_t *head = NULL;
	uint8_t first[CNU_FIRST];
	struct cpr_span s;
	uint64_t stated = 0;
	uint32_t header;
	ssize_t n = cpr_io_read_at(fd, first, sizeof(first), i->container.payload_offset);

	if (n < 0)
		return (int)n;
	s = cpr_span_of(first, (size_t)n);
	cpr_span_seek(&s, 0x34);
	header = cpr_span_be32(&s);
	/* a larger header is a lie, which the arithmetic finds with this much too */
	if (header > MAX_CNU)
		header = MAX_CNU;
	if (header < sizeof(first))
		header = sizeof(first);
	head = malloc(header);
	if (!head)
		return -ENOMEM;
	n = cpr_io_read_at(fd, head, header, i->container.payload_offset);
	if (n < 0)
		return (int)n;
	i->complete = cnu_arithmetic(head, (size_t)n, payload_len, &stated);
	if (!i->complete)
		snprintf(i->why, sizeof(i->why),
			"its archive has %" PRIu64 " bytes where its header says %" PRIu64
			"; copy the file again",
			payload_len, stated);
	return 0;
}

/* 1 the payload hashes to what the header says, 0 not, -errno.  nettle's SHA-256 uses the
 * processor's instructions for it where there are any: a fifth of the time of libmd's. */
static int check_hash(int fd, const struct cpr_inspect *i)
{
	uint8_t block[16384], hash[SHA256_DIGEST_SIZE];
	uint64_t at = i->container.payload_offset;
	struct sha256_ctx sha;
	ssize_t n;

	sha256_init(&sha);
	do {
		n = cpr_io_read_at(fd, block, sizeof(block), at);
		if (n < 0)
			return (int)n;
		sha256_update(&sha, (size_t)n, block);
		at += (uint64_t)n;
	} while (n == sizeof(block));
	sha256_digest(&sha, sizeof(hash), hash);
	return !memcmp(hash, i->container.sha256, sizeof(hash));
}

static int check_cd34(int fd, struct cpr_inspect *i, uint64_t payload_len)
{
	int r;

	i->complete = payload_len == i->container.payload_len;
	if (!i->complete) {
		snprintf(i->why, sizeof(i->why),
			"its payload has %" PRIu64 " bytes where its header says %" PRIu32
			"; copy the file again",
			payload_len, i->container.payload_len);
		return 0;
	}
	r = check_hash(fd, i);
	if (r < 0)
		return r;
	i->complete = r;
	if (!r)
		snprintf(i->why, sizeof(i->why),
			"its payload is not the one its header has the SHA-256 of; copy "
			"the file again");
	return 0;
}

static int read_list(int fd, struct cpr_inspect *i, uint64_t payload_len)
{
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	_cleanup_(cpr_freep) uint8_t *text = NULL;
	ssize_t n;
	int r;

	if (payload_len > MAX_LIST) {
		i->complete = 0;
		snprintf(i->why, sizeof(i->why),
			"%" PRIu64
			" bytes are no packing list; take the one of the package",
			payload_len);
		return 0;
	}
	text = malloc(payload_len + 1);
	if (!text)
		return -ENOMEM;
	n = cpr_io_read_at(fd, text, payload_len, i->container.payload_offset);
	if (n < 0)
		return (int)n;
	r = cpr_loads_parse(i->name, text, (size_t)n, &i->lists, &e);
	if (r != -EINVAL)
		return r;
	i->complete = 0;
	if (!*i->why)
		snprintf(i->why, sizeof(i->why), "%s",
			e.n ? e.line[0] : "no packing list");
	return 0;
}

/* 7921: the payload begins with the hex digits that the list calls its MD5. */
static void take_md5(struct cpr_inspect *i, const uint8_t *head, size_t head_len)
{
	struct cpr_span s = cpr_span_of(head, head_len);
	const uint8_t *hex;

	cpr_span_seek(&s, i->container.payload_offset);
	hex = cpr_span_take(&s, sizeof(i->payload_md5) - 1);
	for (size_t k = 0; hex && k < sizeof(i->payload_md5) - 1; k++)
		if (!hex[k] || !strchr("0123456789abcdefABCDEF", hex[k]))
			return;
	if (hex)
		memcpy(i->payload_md5, hex, sizeof(i->payload_md5) - 1);
}

static int look_inside(
	int fd, struct cpr_inspect *i, const uint8_t *head, size_t head_len)
{
	static const char *const wrong[] = {
		[CPR_CONTAINER_SHORT] = "it ends inside its header; copy the file again",
		[CPR_CONTAINER_MALFORMED] =
			"its header contradicts itself; copy the file again",
	};
	uint64_t payload_len;
	int r = 0;

	i->container_outcome = cpr_container_parse(head, head_len, &i->container);
	i->kind = find_kind(i, head, head_len);
	if (i->container_outcome) {
		i->complete = 0;
		snprintf(i->why, sizeof(i->why), "%s", wrong[i->container_outcome]);
		return 0;
	}
	payload_len = i->size - i->container.payload_offset;
	if (!payload_len && i->kind != CPR_KIND_OTHER) {
		i->complete = 0;
		snprintf(i->why, sizeof(i->why),
			"nothing is behind its header; copy the file again");
		return 0;
	}
	if (i->container.type == CPR_CONTAINER_CD34)
		r = check_cd34(fd, i, payload_len);
	else if (i->kind == CPR_KIND_IMAGE)
		r = check_cnu(fd, i, payload_len);
	if (!r && i->kind == CPR_KIND_IMAGE)
		take_md5(i, head, head_len);
	if (!r && i->kind == CPR_KIND_LOADS)
		r = read_list(fd, i, payload_len);
	return r;
}

int cpr_inspect_fd(int fd, const char *name, struct cpr_inspect **out)
{
	_cleanup_(cpr_inspect_freep) struct cpr_inspect *i = calloc(1, sizeof(*i));
	uint8_t head[CPR_CONTAINER_HEAD];
	struct stat st;
	ssize_t n;
	int r;

	if (!i)
		return -ENOMEM;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	i->complete = -1;
	i->name = strdup(name);
	if (!i->name)
		return -ENOMEM;
	n = cpr_io_read_at(fd, head, sizeof(head), 0);
	if (n < 0)
		return (int)n;
	/* a file that shrank since: never less than what was read of it */
	i->size = (uint64_t)st.st_size > (uint64_t)n ? (uint64_t)st.st_size : (uint64_t)n;
	r = look_inside(fd, i, head, (size_t)n);
	if (!r)
		*out = TAKE_PTR(i);
	return r;
}

int cpr_inspect_copy(const struct cpr_inspect *from, struct cpr_inspect **out)
{
	_cleanup_(cpr_inspect_freep) struct cpr_inspect *i = malloc(sizeof(*i));
	int r = 0;

	if (!i)
		return -ENOMEM;
	*i = *from;
	i->lists = NULL;
	i->name = strdup(from->name);
	if (from->lists)
		r = cpr_loads_copy(from->lists, &i->lists);
	if (r < 0 || !i->name)
		return -ENOMEM;
	*out = TAKE_PTR(i);
	return 0;
}

struct cpr_inspect *cpr_inspect_free(struct cpr_inspect *i)
{
	if (!i)
		return NULL;
	cpr_loads_free(i->lists);
	free(i->name);
	free(i);
	return NULL;
}

void cpr_inspect_freep(struct cpr_inspect **i)
{
	*i = cpr_inspect_free(*i);
}

const char *cpr_kind_name(enum cpr_kind kind)
{
	static const char *const names[] = {
		[CPR_KIND_OTHER] = "other",
		[CPR_KIND_LOADS] = "loads",
		[CPR_KIND_IMAGE] = "image",
		[CPR_KIND_ARCHIVE] = "archive",
	};

	return names[kind];
}
