/* What earlier runs saw in the files of the TFTP root, so that the next one does not read them
 * again: /var/lib/phone-cpr/inspected.  Whoever may write there does; without it, or where it
 * is damaged, foreign or out of date, only time is lost.
 *
 * base: the folder of --root, open. */
#pragma once

struct cpr_firmware;

#define CPR_SEEN_FILE "/var/lib/phone-cpr/inspected"

/* NULL: nothing is known. */
struct cpr_firmware *cpr_seen_read(int base);
/* Keeps what was found in the settled files of f. */
void cpr_seen_write(int base, const struct cpr_firmware *f);
/* The same of an f that was scanned with what cpr_seen_read gave, having looked at what was
 * published since; waits a moment where something was. */
void cpr_seen_keep(int base, const struct cpr_firmware *f);
/* Once nothing of ours shall be left. */
void cpr_seen_forget(int base);
