/* One simulated phone: a pure state machine.  It is fed whole Ethernet frames and the time,
 * writes frames through a callback and says when it wants to be woken; no I/O, no clock, no
 * thread inside, so a test drives it with literal packets.
 * Owner: whoever called cpr_phone_new; config, models and host outlive it. */
#pragma once

#include "defects.h"

#include <jansson.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cpr_model;
struct cpr_phone;

enum cpr_scenario {
	CPR_SCENARIO_RECOVERY, /* wiped: from the recovery file to the call manager */
	CPR_SCENARIO_BOOT,     /* healthy: from its configuration to the call manager */
	CPR_SCENARIO_DHCP,     /* an address, the TFTP servers it would use, no more */
};

struct cpr_phone_config {
	const struct cpr_model *model;
	uint8_t mac[6];
	enum cpr_scenario scenario;
	const char *load;       /* the running load at start, or NULL: not known */
	uint32_t hardware_mask; /* of this board; a load's mask must hold all its bits */
	uint64_t flash_rate;    /* bytes a second the flash takes; 0: at once */
	uint32_t pause_ms;      /* quiet time of a reboot and between two tries */
	uint32_t seed;          /* of xid, ports, sequence numbers; not 0 */
	bool no_delay;          /* without the start delay */
	enum cpr_defect defect;
	struct in_addr alternate_tftp; /* of CPR_DEFECT_ALTERNATE_TFTP */
};

enum cpr_phone_event {
	CPR_PHONE_SAYS,     /* a line: what it does, or what is wrong */
	CPR_PHONE_PROGRESS, /* a file under way: its name, done, total (0: not known) */
	CPR_PHONE_FILE,     /* that file has ended: a note */
};

struct cpr_phone_host {
	void *arg;
	/* Returns the frame's number, counted as in a record, from 1; 0: it did not get out. */
	unsigned long (*send)(void *arg, const uint8_t *bytes, size_t len);
	void (*event)(void *arg, enum cpr_phone_event what, const char *text,
		uint64_t done, uint64_t total); /* NULL: nobody watches */
};

/* The model boots in a way that this program can play. */
bool cpr_phone_plays(const struct cpr_model *m);

/* Returns 0, -ENOMEM, or -ENOTSUP for a model that cannot be played. */
int cpr_phone_new(struct cpr_phone **out, const struct cpr_phone_config *config,
	const struct cpr_phone_host *host, uint64_t now_ms);
struct cpr_phone *cpr_phone_free(struct cpr_phone *p);

/* sums: the checksums are whole and may be judged; number: as of send(). */
void cpr_phone_frame(struct cpr_phone *p, const uint8_t *bytes, size_t len, bool sums,
	unsigned long number, uint64_t now_ms);
void cpr_phone_tick(struct cpr_phone *p, uint64_t now_ms);
uint64_t cpr_phone_deadline(const struct cpr_phone *p); /* UINT64_MAX: none */
bool cpr_phone_over(const struct cpr_phone *p);
/* Gives the address back, and if it was not over yet, ends it with the reason. */
void cpr_phone_stop(struct cpr_phone *p, const char *why, uint64_t now_ms);

bool cpr_phone_ok(const struct cpr_phone *p); /* reached what its scenario is about */
/* "7961 02:…: recovered, …": one line, the caller's to free; NULL without memory. */
char *cpr_phone_summary(const struct cpr_phone *p);
/* Scenario dhcp: what it would use; lines, the caller's to free. */
char *cpr_phone_lease_text(const struct cpr_phone *p);
/* An element of "phones". */
json_t *cpr_phone_json(const struct cpr_phone *p);
/* Adds its servers to the array "servers", each address once. */
void cpr_phone_json_servers(const struct cpr_phone *p, json_t *servers);
