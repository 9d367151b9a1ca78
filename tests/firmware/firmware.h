/* The maker of synthetic firmware: files whose container, grammar, names and sizes are those
 * of the real ones, with random bytes where Cisco's code and signatures would be.  No phone
 * takes them; no parser can tell the difference.
 *
 * Everything follows from the seed and the file's own name, so two packages of one version
 * share the images they share in the field (cnu, apps, dsp of SCCP and SIP).  The table of
 * models here is its own on purpose: a mistake in lib/models.c is not repeated here.
 *
 * Memory shortage shows as `failed` of the buffer, or -ENOMEM. */
#pragma once

#include "buf.h"
#include "models.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cpr_errors;

/* splitmix64 */
struct cpr_fw_random {
	uint64_t state;
	uint64_t zeros; /* bits that are none: they make bytes that can be compressed */
};
uint64_t cpr_fw_random(struct cpr_fw_random *r);
void cpr_fw_random_bytes(struct cpr_buf *out, size_t n, struct cpr_fw_random *r);

/* Containers: header and payload are appended to out. */
#define CPR_FW_SIGNER     "CN=someSigner;OU=someOrgUnit;O=someOrg"
#define CPR_FW_SIGNER_COP "PT=3951_cop2;KT=dev;U1=chanwan"
void cpr_fw_signed(struct cpr_buf *out, const char *signer, const char *own_name,
	const void *payload, size_t len, uint64_t seed);
void cpr_fw_cd34(struct cpr_buf *out, const char *own_name, const void *payload,
	size_t len, uint64_t seed);

/* A CNU archive of exactly len bytes in that many files; extra: the one byte more behind the
 * data that two real files have.  len must hold the header, 0x248 + 32 bytes a file. */
void cpr_fw_cnu(struct cpr_buf *out, size_t len, unsigned files, bool extra,
	struct cpr_fw_random *r);

enum cpr_fw_defect {
	CPR_FW_INTACT,
	CPR_FW_MISSING,     /* a listed image is not there */
	CPR_FW_CASE,        /* an image's name and own name in another case than listed */
	CPR_FW_RENAMED,     /* another version's image under the listed name */
	CPR_FW_TRUNCATED,   /* the last image ends early */
	CPR_FW_INNER_NAME,  /* .loads and term files have another load's own name */
	CPR_FW_LISTED_CASE, /* the list prints one image in another case: harmless */
};

enum cpr_fw_kind {
	CPR_FW_LOADS,
	CPR_FW_TERM,
	CPR_FW_IMAGE,
	CPR_FW_EXTRA, /* OS79XX.TXT, a .bin, a README */
};

struct cpr_fw_file {
	char name[80];
	char own_name[80]; /* "" when unsigned */
	enum cpr_fw_kind kind;
	uint8_t *data;
	size_t len;
};

struct cpr_fw_request {
	const char *model;          /* "7961"; picks the set */
	enum cpr_protocol protocol; /* NONE: the first the model has */
	const char *version; /* of the load, "9-4-2SR3-1S"; NULL: the model's usual one */
	bool real_size;      /* else a few KiB an image */
	long hardware_mask;  /* -1: as the real load of that version */
	bool compressible;   /* the payloads: to about two thirds */
	uint64_t seed;
	enum cpr_fw_defect defect;
};

/* One load: its .loads, its term files, its images, in package order. */
struct cpr_fw_set {
	char load[64];      /* "SCCP41.9-4-2SR3-1S" */
	char package[64];   /* "cmterm-7941_7961-sccp.9-4-2SR3-1" */
	const char *models; /* "7941:115 7941G-GE:309 …": name and device id */
	enum cpr_protocol protocol;
	uint64_t seed;
	struct cpr_fw_file *file;
	size_t n;
};

/* Returns 0, -EINVAL (a line in e says what is known) or -ENOMEM. */
int cpr_fw_set_new(struct cpr_fw_set **out, const struct cpr_fw_request *request,
	struct cpr_errors *e);
struct cpr_fw_set *cpr_fw_set_free(struct cpr_fw_set *s);
void cpr_fw_set_freep(struct cpr_fw_set **s);
/* The file of that name, or NULL. */
const struct cpr_fw_file *cpr_fw_set_file(const struct cpr_fw_set *s, const char *name);

enum cpr_fw_package {
	CPR_FW_ZIP,        /* flat */
	CPR_FW_ZIP_FOLDER, /* all in one folder */
	CPR_FW_TAR_IN_ZIP, /* a tar two folders deep */
	CPR_FW_TAR,
	CPR_FW_COP, /* signed header, then a gzip'ed tar */
	CPR_FW_DIR, /* plain files: cpr_fw_pack() does not take it */
};

enum cpr_fw_evil {
	CPR_FW_GOOD,
	CPR_FW_EVIL_DOTDOT,
	CPR_FW_EVIL_ABSOLUTE,
	CPR_FW_EVIL_SYMLINK,
	CPR_FW_EVIL_HARDLINK,
	CPR_FW_EVIL_DEVICE,
	CPR_FW_EVIL_FIFO,
	CPR_FW_EVIL_MANY,      /* 100,000 entries */
	CPR_FW_EVIL_BOMB,      /* 80 MiB of zeros, 1:1000 */
	CPR_FW_EVIL_TRUNCATED, /* the archive ends in its middle */
	CPR_FW_EVIL_NEST,      /* five archives in each other */
	CPR_FW_EVIL_ENCRYPTED, /* password needed; the one package no seed repeats */
};

/* The package's bytes.  Links, devices and fifos do not fit a zip: there they come in a tar
 * in the zip.  Returns 0 or -errno. */
int cpr_fw_pack(const struct cpr_fw_set *set, enum cpr_fw_package package,
	enum cpr_fw_evil evil, struct cpr_buf *out);
