/* Taking a load out of a TFTP root: its list, the term files kept for it, the images that no
 * other list names, and the links to all these.
 *
 * The lists go first, into a private folder .phone-cpr/removing-LOAD, where no phone and no
 * scan sees them; the images follow; the folder goes last.  So at no moment does a list lack
 * its images, and a removal that was cut off can be carried on, for the lists still tell
 * which images they named.  All of it under the lock of stage.h. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct cpr_firmware;
struct cpr_stage;

struct cpr_removal {
	char *load;
	bool known;  /* there is something of it; else all below is empty */
	char **gone; /* names in the TFTP root, in the order in which they go */
	size_t gone_n;
	char **term; /* of the kept term files: "SET/term61.default.loads" */
	size_t term_n;
	struct {
		char *name, *by; /* an image, and a list that names it, too */
	} * kept;
	size_t kept_n;
};

/* What goes and what stays.  0 or -errno; *r is to be cleared either way. */
int cpr_removal_plan(const struct cpr_stage *stage, const struct cpr_firmware *f,
	const char *load, struct cpr_removal *r);
/* Does it.  0 or -errno: what is left can be removed by another run. */
int cpr_removal_carry_out(const struct cpr_stage *stage, const struct cpr_removal *r);
void cpr_removal_clear(struct cpr_removal *r); /* also the _cleanup_ function */
