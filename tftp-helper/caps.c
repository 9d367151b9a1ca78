#include "caps.h"

#include <ctype.h>
#include <string.h>

#define MIB (1024 * 1024ULL)

/* The largest package known holds about 200 MB of images in a dozen files, the largest file
 * 82 MB.  Images are compressed already: 1:3 is rare. */
const struct cpr_caps cpr_caps = {
	.entries = 10000, /* a folder full of packages still fits */
	.firmware =
		1000, /* judging compares each with each; `total` seldom holds as many */
	.total = 1024 * MIB,
	.file = 256 * MIB,
	.ratio = 100,
	.ratio_free = MIB, /* a README of blanks is no bomb */
	.depth = 3,        /* .cop.sgn in a tar in a zip is the deepest wrapping known */
};

enum cpr_cap cpr_meter_entry(struct cpr_meter *m)
{
	m->file = 0;
	return ++m->entries > cpr_caps.entries ? CPR_CAP_ENTRIES : CPR_CAP_OK;
}

enum cpr_cap cpr_meter_firmware(struct cpr_meter *m)
{
	return ++m->firmware > cpr_caps.firmware ? CPR_CAP_FIRMWARE : CPR_CAP_OK;
}

enum cpr_cap cpr_meter_bytes(struct cpr_meter *m, uint64_t n)
{
	m->file += n;
	m->bytes += n;
	if (m->file > cpr_caps.file)
		return CPR_CAP_FILE;
	if (m->bytes > cpr_caps.total)
		return CPR_CAP_TOTAL;
	if (m->bytes > cpr_caps.ratio_free &&
		(m->bytes - cpr_caps.ratio_free) / cpr_caps.ratio > m->packed)
		return CPR_CAP_RATIO;
	return CPR_CAP_OK;
}

enum cpr_cap cpr_meter_depth(unsigned depth)
{
	return depth > cpr_caps.depth ? CPR_CAP_DEPTH : CPR_CAP_OK;
}

const char *cpr_cap_text(enum cpr_cap cap)
{
	static const char *const text[] = {
		[CPR_CAP_OK] = "is within the limits",
		[CPR_CAP_ENTRIES] =
			"holds more than 10,000 files, which no firmware package does",
		[CPR_CAP_FIRMWARE] =
			"holds more than 1,000 firmware files, import them in "
			"smaller portions",
		[CPR_CAP_TOTAL] = "unpacks to more than 1 GiB, unpack it yourself and "
				  "import the files of one load",
		[CPR_CAP_FILE] =
			"unpacks to more than 256 MiB, which no firmware file does",
		[CPR_CAP_RATIO] = "unpacks to more than a hundred times its size, which "
				  "no firmware does",
		[CPR_CAP_DEPTH] = "lies in more than 3 archives, unpack the outer ones "
				  "yourself",
	};

	return text[cap];
}

enum cpr_path cpr_path_check(const char *path, const char **base)
{
	const char *at = path;

	if (*path == '/' || *path == '\\' ||
		(isalpha((unsigned char)path[0]) && path[1] == ':'))
		return CPR_PATH_ABSOLUTE;
	*base = path;
	while (*at) {
		size_t n = strcspn(at, "/\\");

		if (n == 2 && at[0] == '.' && at[1] == '.')
			return CPR_PATH_DOTDOT;
		*base = at;
		at += n + (at[n] != 0);
	}
	return **base && strcmp(*base, ".") ? CPR_PATH_OK : CPR_PATH_EMPTY;
}
