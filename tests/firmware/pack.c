#include "firmware/firmware.h"

#include "cleanup.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#define MTIME 1388534400 /* fixed: the seed alone decides the bytes */

struct item {
	char path[256];
	mode_t type;        /* 0: a regular file */
	const char *target; /* of a symbolic link; of a hard link where type is 0 */
	const void *data;   /* NULL: zeros */
	size_t len;
};

struct items {
	struct item *item;
	size_t n;
	bool failed;
};

static void items_free(struct items *s)
{
	free(s->item);
}

static struct item *add_item(struct items *s, const void *data, size_t len)
{
	static struct item nowhere;
	struct item *grown;

	if (s->n % 256 == 0) {
		grown = reallocarray(s->item, s->n + 256, sizeof(*grown));
		if (!grown) {
			s->failed = true;
			return &nowhere;
		}
		s->item = grown;
	}
	s->item[s->n] = (struct item){.data = data, .len = len};
	return &s->item[s->n++];
}

static la_ssize_t to_buf(struct archive *a, void *ctx, const void *bytes, size_t n)
{
	struct cpr_buf *out = ctx;

	(void)a;
	cpr_buf_add(out, bytes, n);
	return out->failed ? -1 : (la_ssize_t)n;
}

static int write_item(struct archive *a, const struct item *it)
{
	static const char zeros[65536];
	struct archive_entry *e = archive_entry_new();
	bool plain = !it->type && !it->target;
	int r;

	if (!e)
		return -ENOMEM;
	archive_entry_set_pathname(e, it->path);
	archive_entry_set_filetype(e, it->type ? it->type : AE_IFREG);
	archive_entry_set_perm(e, 0644);
	archive_entry_set_mtime(e, MTIME, 0);
	archive_entry_set_size(e, plain ? (la_int64_t)it->len : 0);
	if (it->target && it->type)
		archive_entry_set_symlink(e, it->target);
	else if (it->target)
		archive_entry_set_hardlink(e, it->target);
	if (it->type == AE_IFCHR)
		archive_entry_set_rdev(e, makedev(1, 3));
	r = archive_write_header(a, e);
	archive_entry_free(e);
	for (size_t left = plain ? it->len : 0; r == ARCHIVE_OK && left;) {
		size_t n = it->data || left < sizeof(zeros) ? left : sizeof(zeros);

		if (archive_write_data(a, it->data ? it->data : zeros, n) < 0)
			r = ARCHIVE_FATAL;
		left -= n;
	}
	return r == ARCHIVE_OK ? 0 : -EIO;
}

enum format {
	ZIP,
	ZIP_ENCRYPTED,
	TAR,
	TAR_GZIP,
};

static int open_archive(struct archive *a, enum format format, struct cpr_buf *out)
{
	int r;

	if (format == ZIP || format == ZIP_ENCRYPTED)
		r = archive_write_set_format_zip(a);
	else
		r = archive_write_set_format_ustar(a);
	if (format == ZIP_ENCRYPTED) {
		r |= archive_write_set_options(a, "zip:encryption=traditional");
		r |= archive_write_set_passphrase(a, "cisco");
	}
	if (format == TAR_GZIP) {
		r |= archive_write_add_filter_gzip(a);
		r |= archive_write_set_options(a, "gzip:!timestamp");
	}
	/* no padding to 10 KiB behind what the format itself asks for */
	r |= archive_write_set_bytes_in_last_block(a, 1);
	r |= archive_write_open(a, out, NULL, to_buf, NULL);
	return r == ARCHIVE_OK ? 0 : -EIO;
}

static int write_archive(const struct items *s, enum format format, struct cpr_buf *out)
{
	struct archive *a = archive_write_new();
	int r = a ? open_archive(a, format, out) : -ENOMEM;

	for (size_t i = 0; !r && i < s->n; i++)
		r = write_item(a, &s->item[i]);
	if (!r && archive_write_close(a) != ARCHIVE_OK)
		r = -EIO;
	archive_write_free(a);
	return out->failed ? -ENOMEM : r;
}

static const char readme[] =
	"Synthetic firmware package for tests: real names, grammars and sizes,\r\n"
	"random bytes.  No phone will take it.\r\n";
static const char copstart[] = "#!/bin/sh\n# synthetic: does nothing\nexit 0\n";

/* "495     SIP69xx.9-4-1-3   11   // 6921 SIP": 11 is SIP.  Assumption: SCCP is 0, and each
 * device id has a file of its own. */
static void add_load_files(
	struct items *items, const struct cpr_fw_set *set, char text[8][128])
{
	char word[32];
	unsigned id;
	int used = 0;

	for (const char *at = set->models;
		sscanf(at, " %31[^:]:%u%n", word, &id, &used) == 2; at += used, text++) {
		struct item *it;
		int n = snprintf(*text, sizeof(*text), "%u     %s   %d   // %s %s\n", id,
			set->load, set->protocol == CPR_SIP ? 11 : 0, word,
			set->protocol == CPR_SIP ? "SIP" : "SCCP");

		it = add_item(items, *text, (size_t)n);
		snprintf(it->path, sizeof(it->path), "load%u.txt", id);
	}
}

static void collect(const struct cpr_fw_set *set, enum cpr_fw_package package,
	char text[8][128], struct items *items)
{
	bool folder = package == CPR_FW_ZIP_FOLDER;
	struct item *it;

	for (size_t i = 0; i < set->n; i++) {
		it = add_item(items, set->file[i].data, set->file[i].len);
		snprintf(it->path, sizeof(it->path), "%s%s%s", folder ? set->package : "",
			folder ? "/" : "", set->file[i].name);
	}
	if (package == CPR_FW_COP) {
		it = add_item(items, copstart, sizeof(copstart) - 1);
		strcpy(it->path, "copstart.sh");
		add_load_files(items, set, text);
	} else {
		it = add_item(items, readme, sizeof(readme) - 1);
		strcpy(it->path, "README.txt");
	}
}

/* The first image, which import would otherwise take, becomes the evil one. */
static void poison(struct items *s, enum cpr_fw_evil evil)
{
	struct item *first = s->item;
	char name[256];

	strcpy(name, first->path);
	switch (evil) {
	case CPR_FW_EVIL_DOTDOT:
		snprintf(first->path, sizeof(first->path), "../../%.200s", name);
		break;
	case CPR_FW_EVIL_ABSOLUTE:
		snprintf(first->path, sizeof(first->path), "/tmp/%.200s", name);
		break;
	case CPR_FW_EVIL_SYMLINK:
		first->type = AE_IFLNK;
		first->target = "/etc/passwd";
		break;
	case CPR_FW_EVIL_HARDLINK:
		first->target = "/etc/passwd";
		break;
	case CPR_FW_EVIL_DEVICE:
		first->type = AE_IFCHR;
		break;
	case CPR_FW_EVIL_FIFO:
		first->type = AE_IFIFO;
		break;
	case CPR_FW_EVIL_MANY:
		for (unsigned i = 0; i < 100000 && !s->failed; i++)
			snprintf(add_item(s, "x", 1)->path, sizeof(first->path),
				"jar41sccp.9-4-2ES%u.sbn", i);
		break;
	case CPR_FW_EVIL_BOMB:
		first->data = NULL;
		first->len = 80u << 20;
		break;
	default:
		break;
	}
}

/* What there is becomes the only file of a new archive. */
static int wrap(struct cpr_buf *inner, const char *path, enum format format)
{
	_cleanup_(items_free) struct items one = {0};
	struct cpr_buf outer = {0};
	struct item *it = add_item(&one, inner->data, inner->len);
	int r;

	snprintf(it->path, sizeof(it->path), "%s", path);
	r = one.failed ? -ENOMEM : write_archive(&one, format, &outer);
	cpr_buf_free(inner);
	*inner = outer;
	return r;
}

static int finish(const struct cpr_fw_set *set, enum cpr_fw_package package,
	enum cpr_fw_evil evil, struct cpr_buf *b)
{
	static const char *const level[] = {"1.zip", "2.tar", "3.zip", "4.tar"};
	char path[256];
	int r = 0;

	if (package == CPR_FW_TAR_IN_ZIP) {
		snprintf(path, sizeof(path), "phones/%s/%s.tar",
			set->protocol == CPR_SIP ? "SIP" : "SCCP", set->package);
		r = wrap(b, path, ZIP);
	} else if (package == CPR_FW_COP) {
		struct cpr_buf cop = {0};

		snprintf(path, sizeof(path), "%s.cop.sgn", set->package);
		cpr_fw_signed(&cop, CPR_FW_SIGNER_COP, path, b->data, b->len, set->seed);
		cpr_buf_free(b);
		*b = cop;
	}
	if (evil == CPR_FW_EVIL_TRUNCATED)
		b->len /= 2;
	for (size_t i = 0; !r && evil == CPR_FW_EVIL_NEST && i < CPR_ARRAY_LEN(level);
		i++)
		r = wrap(b, level[i], i % 2 ? ZIP : TAR);
	return r ? r : b->failed ? -ENOMEM : 0;
}

int cpr_fw_pack(const struct cpr_fw_set *set, enum cpr_fw_package package,
	enum cpr_fw_evil evil, struct cpr_buf *out)
{
	_cleanup_(items_free) struct items items = {0};
	_cleanup_(cpr_buf_free) struct cpr_buf b = {0};
	char text[8][128];
	enum format format;
	int r;

	if (package == CPR_FW_DIR)
		return -EINVAL;
	if ((package == CPR_FW_ZIP || package == CPR_FW_ZIP_FOLDER) &&
		(evil == CPR_FW_EVIL_HARDLINK || evil == CPR_FW_EVIL_DEVICE ||
			evil == CPR_FW_EVIL_FIFO))
		package = CPR_FW_TAR_IN_ZIP;
	if (evil == CPR_FW_EVIL_ENCRYPTED || evil == CPR_FW_EVIL_NEST)
		package = CPR_FW_ZIP;
	collect(set, package, text, &items);
	if (items.failed)
		return -ENOMEM;
	poison(&items, evil);
	format = package == CPR_FW_COP                                   ? TAR_GZIP
		 : package == CPR_FW_TAR || package == CPR_FW_TAR_IN_ZIP ? TAR
		 : evil == CPR_FW_EVIL_ENCRYPTED                         ? ZIP_ENCRYPTED
									 : ZIP;
	r = items.failed ? -ENOMEM : write_archive(&items, format, &b);
	if (!r)
		r = finish(set, package, evil, &b);
	if (!r)
		cpr_buf_add(out, b.data, b.len);
	return r ? r : out->failed ? -ENOMEM : 0;
}
