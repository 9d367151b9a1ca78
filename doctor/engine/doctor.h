/* Why phones are stuck: one state machine per phone, fed packets and time.  It does no I/O, has
 * no clock and knows no program; captures, a live interface, the simulated phone and the bench
 * feed it alike.  What it sees it keeps as facts (facts.h); faults are looked for in the facts
 * when somebody asks (faults.h), so a packet costs no judgement.
 *
 * Memory: a bounded number of phones, each with bounded lists; a capture's length does not
 * matter.  Owner: whoever called cpr_doctor_new; the plan outlives it. */
#pragma once

#include "faults.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cpr_doctor;
struct cpr_doctor_phone;
struct cpr_packet;
struct cpr_plan;

enum cpr_stage {         /* how far a phone came; the names are a contract */
	CPR_STAGE_DARK,  /* heard of (CDP, LLDP, ARP), no DHCP */
	CPR_STAGE_DHCP,  /* asks for an address, or has one */
	CPR_STAGE_TFTP,  /* asks for files */
	CPR_STAGE_LOADS, /* has data of a packing list */
	CPR_STAGE_IMAGES,
	CPR_STAGE_REBOOTING,
	CPR_STAGE_CONFIG,      /* asks for trust lists or its configuration */
	CPR_STAGE_REGISTERING, /* calls the call manager */
	CPR_STAGE_RECOVERED, /* the call manager answered it, after images or a healthy boot */
};
const char *cpr_stage_name(enum cpr_stage stage);

struct cpr_doctor_config {
	const struct cpr_plan *plan; /* what should be served; NULL: not known */
	size_t phones_max;           /* 0: 65,536; more are counted, not looked at */
	size_t story_max;            /* events kept of each phone; 0: none */
	bool bench; /* there is no call manager: a phone that calls after its images is back */
	/* Faults, a bit each, that what is fed cannot show: log lines tell less than packets. */
	uint32_t blind;
};

int cpr_doctor_new(struct cpr_doctor **out, const struct cpr_doctor_config *config);
struct cpr_doctor *cpr_doctor_free(struct cpr_doctor *d);
void cpr_doctor_freep(struct cpr_doctor **d);

/* Returns the phone that the packet told something of, or NULL. */
struct cpr_doctor_phone *cpr_doctor_feed(
	struct cpr_doctor *d, const struct cpr_packet *packet);
/* Time has passed without a packet (live). */
void cpr_doctor_tick(struct cpr_doctor *d, uint64_t now_us);
/* Packets that nobody saw: dropped by the kernel, or cut out of the capture. */
void cpr_doctor_lost(struct cpr_doctor *d, uint64_t packets);

size_t cpr_doctor_phones(const struct cpr_doctor *d);
const struct cpr_doctor_phone *cpr_doctor_phone(const struct cpr_doctor *d, size_t i);
/* How many phones there was no room for: at least so many, and of 100,000 a few in a hundred
 * more. */
size_t cpr_doctor_phones_over(const struct cpr_doctor *d);

/* All faults of this phone, in the order of the table; the caller clears them. */
void cpr_doctor_judge(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
	struct cpr_verdicts *out);

enum cpr_server_role {
	CPR_SERVER_DHCP = 1,
	CPR_SERVER_TFTP = 2,
	CPR_SERVER_CALL_MANAGER = 4,
	CPR_SERVER_DNS = 8,
	CPR_SERVER_RELAY = 16,
};
struct cpr_doctor_server {
	struct in_addr address;
	unsigned roles;          /* of enum cpr_server_role */
	uint64_t answers, asked; /* packets from it to phones, and of phones to it */
};
size_t cpr_doctor_servers(
	const struct cpr_doctor *d, const struct cpr_doctor_server **out);
