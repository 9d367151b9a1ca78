/* What earlier runs saw in the files of the TFTP root, so that this one does not read them
 * again: /var/lib/phone-cpr/inspected.  Whoever may write there does; without it, or where it
 * is damaged, foreign or out of date, only time is lost. */
#pragma once

struct cpr_firmware;
struct world;

#define SEEN_FILE "/var/lib/phone-cpr/inspected"

/* base: the folder of --root.  NULL: nothing is known. */
struct cpr_firmware *seen_read(int base);
/* Keeps what w->firmware found for the next run, and looks at what was published since. */
void seen_keep(const struct world *w);
/* Once nothing of ours shall be left. */
void seen_forget(int base);
