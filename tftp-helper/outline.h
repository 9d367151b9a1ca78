/* What the TFTP root looks like from outside: its names, and by inodes, sizes and times whether
 * any of them changed.  So the daemon can tell whether an event is worth more than a look: its own
 * publishing causes some, too. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <time.h>

/* {name: number} of all but dot names.  root: the folder, open.  NULL: it cannot be read. */
json_t *cpr_outline(int root);
/* True when between the two nothing changed but what the report of generate --json names as its
 * own doing, and that not since `written`, when the report was.  tftp_root: as its paths begin. */
bool cpr_outline_is_own(json_t *before, json_t *after, const json_t *report, int root,
	const char *tftp_root, const struct timespec *written);
