/* The loads that phones were told of while they were here, in the status under "here": only of
 * these can be said that they have been removed.  A load that XMLDefault names and that never
 * was here is the admin's, for another TFTP server. */
#pragma once

#include <jansson.h>

/* After a verify: notes each load that it names and the TFTP root (open) has. */
void cpr_told_note(json_t *status, int root);
/* Those noted that the root has no more, a new array of strings; NULL: no memory. */
json_t *cpr_told_gone(json_t *status, int root);
/* Nothing names these any more. */
void cpr_told_forget(json_t *status, const json_t *gone);
