/* An inventory as bytes, to be known again by the next run: what was found in each settled
 * file, beside the inode, size and times by which the file is recognised.  No more than an
 * earlier look at the same files: without it, or with a part of it, only time is lost. */
#pragma once

#include <stddef.h>

struct cpr_buf;
struct cpr_firmware;

/* tag: the program's version; another one's bytes are not taken, for it may have judged the
 * same file otherwise.  The same inventory gives the same bytes. */
void cpr_inventory_write(
	const struct cpr_firmware *f, const char *tag, struct cpr_buf *out);
/* Only the files, without any loads.  0, -EINVAL (not ours, another version's, or damaged)
 * or -ENOMEM. */
int cpr_inventory_read(
	const void *bytes, size_t len, const char *tag, struct cpr_firmware **out);
