/* The transfers of a phone, one for each file it asked for: what the parts of the TFTP side
 * (see-tftp.c packets, requests.c who asks, files.c the files' own bytes) share.
 *
 * A transfer is the phone's port: the server may answer from any.  It begins with a request
 * from a new port, and is open until its last block is acknowledged, an ERROR of either side,
 * or a sign that the phone gave it up. */
#pragma once

#include "facts.h"

enum {
	/* Two captures of one packet, on both sides of a switch, come sooner; whoever repeats
	 * himself waits longer. */
	CPR_COPY_US = 200000,
	/* A phone repeats its last packet three times, 4 s apart: by then it has given up. */
	CPR_GIVEN_UP_ACKS = 3,
	CPR_GIVEN_UP_US = 10000000,
};

static inline bool cpr_transfer_open(const struct cpr_doctor_file *f)
{
	return f->state == CPR_FILE_ASKED || f->state == CPR_FILE_FETCHING ||
	       f->state == CPR_FILE_UNANSWERED;
}
/* Where block numbers of 16 bits end. */
bool cpr_transfer_at_wrap(const struct cpr_doctor_file *f);

static inline bool cpr_is_copy(const struct cpr_moment *of, const struct cpr_packet *k)
{
	return of->number && k->time_us < of->time_us + CPR_COPY_US;
}

enum cpr_giving_up {
	CPR_GAVE_UP_ANEW,   /* it asks for the file again, from a new port */
	CPR_GAVE_UP_OTHER,  /* it asks for another file */
	CPR_GAVE_UP_CLOSED, /* it refuses the server's packets: ICMP */
	CPR_GAVE_UP_BOOT,   /* it boots */
};
/* Nothing where the transfer is not open. */
void cpr_transfer_given_up(struct cpr_doctor *d, struct cpr_doctor_phone *p, int file,
	const struct cpr_packet *k, enum cpr_giving_up how);
void cpr_transfer_complete(struct cpr_doctor *d, struct cpr_doctor_phone *p, int file,
	const struct cpr_packet *k);
/* Ended with an ERROR, or given up: its state is set. */
void cpr_transfer_failed(struct cpr_doctor *d, struct cpr_doctor_phone *p, int file,
	const struct cpr_packet *k);
/* The row of the ladder for its DATA says how it ended. */
void cpr_transfer_told(
	struct cpr_doctor_phone *p, const struct cpr_doctor_file *f, const char *how);

/* A packet to port 69. */
struct cpr_doctor_phone *cpr_see_request(
	struct cpr_doctor *d, const struct cpr_packet *k);

/* The file that the plan would serve under this name, or under one that differs in case; NULL:
 * none, or no plan. */
const struct cpr_file *cpr_file_planned(const struct cpr_doctor *d, const char *name);
/* The file of this name, made when new; -1: no room. */
int cpr_file_find(struct cpr_doctor_phone *p, const char *name);
/* The next bytes of a file, while they are wanted. */
void cpr_file_keep(struct cpr_doctor_file *f, const uint8_t *bytes, size_t len);
/* All bytes have come: what they say is put into the file and the phone. */
void cpr_file_judge(struct cpr_doctor_phone *p, int file, const struct cpr_packet *k);
