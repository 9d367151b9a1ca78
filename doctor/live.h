/* How far each phone is, while it goes there.  On a terminal a table: phone, stage and for how
 * long, file with a bar and a rate, faults; those with a fault stand first, those that are back
 * last, and for want of room with how many more there are.  Off a terminal a line for each
 * change. */
#pragma once

struct cpr_doctor;
struct cpr_live;

/* d outlives it.  interface: its name, for the table's head. */
int cpr_live_new(
	struct cpr_live **out, const struct cpr_doctor *d, const char *interface, int fd);
struct cpr_live *cpr_live_free(struct cpr_live *l); /* wipes the table */
void cpr_live_freep(struct cpr_live **l);

/* Looks at what has changed since the last time, a few times a second. */
void cpr_live_tick(struct cpr_live *l);
