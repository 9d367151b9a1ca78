/* What can be wrong with a phone itself, or only odd: the table of --defect.  A defect is one
 * row here, and the place in the boot where it shows asks for it. */
#pragma once

#include <stddef.h>

enum cpr_defect {
	CPR_DEFECT_NONE,
	CPR_DEFECT_NEVER_ASKS,
	CPR_DEFECT_DAMAGED,
	CPR_DEFECT_ALTERNATE_TFTP,
	CPR_DEFECT_TRUST_LIST,
	CPR_DEFECT_FLASH_FULL,
	CPR_DEFECT_FLASH_BUSY,
	CPR_DEFECT_N
};

struct cpr_defect_row {
	const char *name;  /* "never-asks" */
	const char *value; /* what --defect NAME=VALUE takes; NULL: nothing */
	const char *what;
};
extern const struct cpr_defect_row cpr_defects[CPR_DEFECT_N];
