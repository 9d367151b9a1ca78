/* What a package may be: the caps that keep a hostile or broken archive from filling the
 * disk, and the rule for names inside it.  Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct cpr_caps {
	uint64_t entries;    /* in all archives of the package together */
	uint64_t firmware;   /* of these, firmware files */
	uint64_t total;      /* bytes, unpacked, inner archives counted too */
	uint64_t file;       /* bytes of one file */
	uint64_t ratio;      /* unpacked bytes for a packed one ... */
	uint64_t ratio_free; /* ... beyond so many */
	unsigned depth;      /* archives in each other */
};
extern const struct cpr_caps cpr_caps;

/* How much of the caps one package has used up. */
struct cpr_meter {
	uint64_t packed; /* bytes of the files as they were handed in */
	uint64_t entries, firmware;
	uint64_t bytes; /* unpacked so far */
	uint64_t file;  /* of these, in the file at hand */
};

enum cpr_cap {
	CPR_CAP_OK = 0,
	CPR_CAP_ENTRIES,
	CPR_CAP_FIRMWARE,
	CPR_CAP_TOTAL,
	CPR_CAP_FILE,
	CPR_CAP_RATIO,
	CPR_CAP_DEPTH,
};
/* A new file begins; it is firmware; n more bytes of it; an archive inside `depth` - 1
 * others. */
enum cpr_cap cpr_meter_entry(struct cpr_meter *m);
enum cpr_cap cpr_meter_firmware(struct cpr_meter *m);
enum cpr_cap cpr_meter_bytes(struct cpr_meter *m, uint64_t n);
enum cpr_cap cpr_meter_depth(unsigned depth);
/* What was passed, for people; ends without a full stop. */
const char *cpr_cap_text(enum cpr_cap cap);

enum cpr_path {
	CPR_PATH_OK = 0,
	CPR_PATH_DOTDOT,   /* a component is ".." */
	CPR_PATH_ABSOLUTE, /* begins with a slash, a backslash or a drive */
	CPR_PATH_EMPTY,    /* no name */
};
/* A name inside an archive.  Both slashes part components: packages are made on Windows too.
 * base: its last component, inside path. */
enum cpr_path cpr_path_check(const char *path, const char **base);
