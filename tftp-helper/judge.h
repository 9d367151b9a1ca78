/* The steps of an intake after unpacking; each a function of its own in order to be read. */
#pragma once

#include "intake.h"

struct cpr_firmware;
struct cpr_stage;

/* Shared by intake.c, judge.c and put.c. */
struct cpr_item *cpr_intake_add(struct cpr_intake *in, enum cpr_name_kind kind,
	const char *entry, const char *name);
void cpr_intake_refuse(struct cpr_intake *in, struct cpr_item *item, const char *format,
	...) __attribute__((format(printf, 3, 4)));

/* Gives each term file its set, each other spelling its link, finds every fault.  0, and what
 * was in the TFTP root; or -errno. */
int cpr_judge(struct cpr_intake *in, struct cpr_stage *stage,
	const struct cpr_intake_options *o, struct cpr_firmware **root);
/* Publishes what cpr_judge found in order.  0, or -errno and nothing is published. */
int cpr_put(struct cpr_intake *in, struct cpr_stage *stage);
/* Notes in the cache of inspections (seen.h) what was found in the files that were put, for
 * cpr-conf, which is run next.  root: as it was before. */
void cpr_remember(const struct cpr_intake *in, const struct cpr_stage *stage,
	const struct cpr_intake_options *o, const struct cpr_firmware *root);
