/* XMLDefault.cnf.xml: what phones without a file of their own are told.  An existing file is
 * the admin's: only callManagerGroup's members and the loadInformation<ID> lines of the plan
 * are ours, all else is kept as it stands. */
#pragma once

#include <stddef.h>

struct cpr_buf;
struct cpr_errors;
struct cpr_plan;
struct cpr_running;

#define XMLDEFAULT "XMLDefault.cnf.xml"
/* Bytes; real ones have some 20 KiB, and libxml2's validator takes quadratic time. */
#define XMLDEFAULT_MAX (128 * 1024)

/* What the file tells now.  One that cannot be parsed is no error here: out->malformed says
 * why, with the line. */
void xmldefault_read(const char *bytes, size_t len, struct cpr_running *out);

/* The file as it shall be.  bytes NULL: there is none.  Where nothing changes, its very bytes.
 * file: for the lines.  0, -EINVAL (lines in e: nothing may be written) or -ENOMEM. */
int xmldefault_merge(const char *file, const char *bytes, size_t len,
	const struct cpr_plan *plan, struct cpr_buf *out, struct cpr_errors *e);
