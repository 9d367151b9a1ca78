/* What libarchive reads: an open file, or the part of it behind a signature header, with the gzip
 * layer of a tar already undone.  libarchive would neither compare the checksum at the end of a
 * gzip stream nor count what it skips in it; here both is done in the one pass there is.  So what
 * is read is whole only when cpr_source_end says so. */
#pragma once

#include "caps.h"

#include <signal.h>

struct archive;
struct cpr_source;

enum cpr_source_state {
	CPR_SOURCE_OK = 0,
	CPR_SOURCE_DAMAGED, /* a gzip stream that is cut off, or another than its sums say */
	CPR_SOURCE_CAP,     /* it unpacks to too much */
};

/* The file from its start (pread).  What a gzip stream unpacks to is added to *meter; *stop (NULL:
 * never) not 0 ends the reading.  All of them are borrowed.  0 or -errno. */
int cpr_source_new(struct cpr_source **out, int fd, struct cpr_meter *meter,
	const volatile sig_atomic_t *stop);
struct cpr_source *cpr_source_free(struct cpr_source *s);
void cpr_source_freep(struct cpr_source **s);

/* Has the archive read it; must outlive the archive.  What archive_read_open1 returns. */
int cpr_source_open(struct cpr_source *s, struct archive *a);
/* Whatever of a gzip stream nobody has read yet, and why it ended before its end, if it did: an
 * enum cpr_source_state, or -errno (-EINTR: stopped).  Any fault of the archive that libarchive
 * met may be only what came of it. */
int cpr_source_end(struct cpr_source *s);
/* With CPR_SOURCE_CAP. */
enum cpr_cap cpr_source_cap(const struct cpr_source *s);
