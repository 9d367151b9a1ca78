/* The inside of a simulated phone.  One activity is under way at a time (an address, a name, a
 * file, a connection); each is started with the step to take when it is over, so a boot reads
 * from top to bottom.  Only the lease has a life beside it. */
#pragma once

#include "buf.h"
#include "dhcp.h"
#include "engine/facts.h"
#include "frame.h"
#include "models.h"
#include "phone.h"
#include "tftp.h"

#include <netinet/in.h>

struct cpr_loads;

typedef void cpr_step(struct cpr_phone *p);

enum {
	CPR_RETRY_MS =
		4000, /* first timer of DHCP, and TFTP's: constants of the firmware */
	CPR_TFTP_RETRIES = 3,
	/* Of a file, what is kept: all of a list or a configuration, an image's head. */
	CPR_HEAD_MAX = 64 << 10,
	CPR_AGAIN_MS = 90000,  /* a real phone begins again (a published server log) */
	CPR_REBOOT_MS = 60000, /* "up to minutes"; so long at least, an assumption */
	CPR_LOOP = 3,          /* the same recovery file so often and no way on: a loop */
};

struct cpr_lease {
	enum {
		CPR_LEASE_NONE,
		CPR_LEASE_DISCOVER,
		CPR_LEASE_REQUEST,
		CPR_LEASE_PROBE, /* is the new address in use? */
		CPR_LEASE_BOUND,
	} state;
	uint32_t xid;
	unsigned tries, failed; /* failed: rounds without an address, */
	uint64_t since;         /* the first of which began then */
	struct in_addr address, server, mask, gateway, dns;
	uint64_t renew_at, expires_at; /* ms; UINT64_MAX: never */
	bool renewing;
	/* What the servers' options said, until a name is resolved. */
	uint8_t option150[64];
	size_t option150_len; /* as received, may exceed what is kept */
	char option66[256], sname[65];
	size_t option66_len;
	struct in_addr siaddr;
};

/* What a server has leased to the phone, as far as it knows; outlives a reboot, so that it can be
 * given back at any time. */
struct cpr_held {
	struct in_addr address, server; /* address 0.0.0.0: nothing */
	uint8_t server_mac[6];
};

struct cpr_neighbour {
	struct in_addr address;
	uint8_t mac[6];
	bool known;
	uint8_t waiting[640]; /* the last frame for it, while its MAC is not known */
	size_t waiting_len;
};

enum cpr_fetch_outcome {
	CPR_FETCH_GOT,
	CPR_FETCH_ERROR,   /* the server said so: code, text */
	CPR_FETCH_SILENT,  /* no server answered */
	CPR_FETCH_STALLED, /* began, and then no more came */
	CPR_FETCH_OACK,    /* an answer to options that were not asked for */
};

struct cpr_fetch {
	cpr_step *then;
	char name[256];
	size_t file;                /* its row in the report */
	unsigned server;            /* of p->tftp */
	uint16_t port, server_port; /* server_port 0: nobody has answered yet */
	uint16_t block;             /* the last one acknowledged */
	unsigned tries;
	uint64_t bytes, total; /* total: 0 while not known */
	struct cpr_buf head;
	enum cpr_fetch_outcome outcome;
	enum cpr_tftp_reason reason; /* what the error comes down to */
	bool optional;               /* most sites do not have it */
	bool began;                  /* data came */
	bool busy;                   /* the last block is being written */
	bool active;
};

enum cpr_knock_outcome {
	CPR_KNOCK_OPEN,
	CPR_KNOCK_REFUSED,
	CPR_KNOCK_SILENT,
};

struct cpr_knock { /* a TCP SYN, and what comes of it */
	cpr_step *then;
	struct in_addr address;
	uint16_t port, own_port;
	uint32_t seq;
	unsigned tries;
	enum cpr_knock_outcome outcome;
	bool active;
};

struct cpr_lookup { /* a DNS question for an IPv4 address */
	cpr_step *then;
	char name[256];
	uint16_t id, port;
	unsigned tries;
	struct in_addr found; /* 0.0.0.0: none */
	bool active;
};

struct cpr_file_row {
	char *name;
	uint64_t bytes;
	int64_t size; /* -1: not known */
	const char *state;
};

struct cpr_phone {
	struct cpr_phone_config config;
	struct cpr_phone_host host;
	struct cpr_model damaged; /* the model, as such a phone knows itself */
	const struct cpr_boot *boot;
	uint64_t now, started, ended;
	uint32_t random;

	uint64_t alarm_at;
	cpr_step *alarm;

	struct cpr_lease lease;
	struct cpr_held held;
	struct cpr_neighbour neighbour[8];
	unsigned next_neighbour;
	struct cpr_fetch fetch;
	struct cpr_knock knock;
	struct cpr_lookup lookup;

	struct in_addr tftp[2];
	size_t tftp_n;
	unsigned tftp_first; /* 1 once the first server did not answer */
	enum cpr_source source;
	bool stored; /* not from DHCP: the alternate TFTP server of that defect */

	/* The boot. */
	bool off;        /* the link is quiet: it has no power yet, or reboots */
	bool images;     /* what it fetches are images */
	bool normal;     /* past recovery: its own firmware runs */
	bool aborted;    /* an image of the list under way is missing */
	bool http_said;  /* about port 6970, once is enough */
	bool flashed;    /* an image of the list under way was written */
	unsigned rounds; /* how often the recovery file was asked for, in vain */
	struct cpr_loads *list;
	size_t list_at;
	cpr_step *list_done, *list_failed;
	cpr_step *written;  /* once the flash is */
	unsigned config_at; /* how far the configuration round is */
	bool sip;
	char list_name[128]; /* what OS79XX.TXT names */
	char running[128];   /* name of the running load; "" not known */
	char version[64];    /* of what runs: "9-4-2ES26"; "" not known */
	char wanted[128];    /* the load that the configuration names */
	char call_manager[256];
	struct in_addr call_manager_address;
	unsigned calls; /* that it refused */
	uint16_t call_manager_port;
	char **flash; /* names of the images in it */
	size_t flash_n;

	/* The report. */
	struct cpr_file_row *file;
	size_t file_n;
	struct cpr_doctor *doctor;    /* sees what this phone does, and judges */
	uint64_t skipped;             /* ms that a real phone would have paused longer */
	struct cpr_verdicts verdicts; /* of the last judgement */
	size_t said[CPR_FAULT_N];     /* so many of each were told */
	bool over, there, ok;         /* there: as far as its scenario goes */
	char why[160]; /* over and not there: the reason; "": a verdict's */
	char trouble
		[400]; /* what no packet shows, in the phone's own words; "": nothing */
	unsigned wrong_sums, broken; /* packets that no phone can use */
	struct in_addr address_was;
};

/* How a family of models boots: one row of the table in boot.c. */
struct cpr_boot {
	int family; /* enum cpr_family */
	cpr_step *recover;
	const char *image_suffix[4]; /* what a list may name; ends with NULL */
	bool trust_lists;            /* asks for ITL files too */
	bool http;                   /* tries port 6970 from load 9 on */
};
extern const struct cpr_boot cpr_boots[];
extern const size_t cpr_boots_n;

/* phone.c */
void cpr_phone_later(struct cpr_phone *p, uint64_t ms, cpr_step *then);
void cpr_phone_calm(struct cpr_phone *p);
uint32_t cpr_phone_random(struct cpr_phone *p);
uint16_t cpr_phone_port(struct cpr_phone *p); /* an ephemeral port, seldom the same */
void cpr_phone_say(struct cpr_phone *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void cpr_phone_event(struct cpr_phone *p, enum cpr_phone_event what, const char *text,
	uint64_t done, uint64_t total);
/* Something that only the phone itself knows: why it refuses a file.  Said, and kept for the
 * report. */
void cpr_phone_trouble(struct cpr_phone *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* there: the scenario's end was reached; else the verdicts say why not. */
void cpr_phone_end(struct cpr_phone *p, bool there);
void cpr_phone_restart(struct cpr_phone *p); /* power on, but for the flash */
void cpr_phone_reboot(struct cpr_phone *p);

/* watch.c: the doctor at its side */
int cpr_watch_new(struct cpr_phone *p);
void cpr_watch_frame(
	struct cpr_phone *p, const struct cpr_frame *f, unsigned long number);
/* The phone pauses for so long, where a real one pauses for real_ms. */
void cpr_watch_pause(struct cpr_phone *p, uint64_t ms, uint64_t real_ms);
/* Time goes by without a packet, as it would if the play went on. */
void cpr_watch_wait(struct cpr_phone *p, uint64_t ms);
/* A turning point: judges, and says what is new. */
void cpr_watch_judge(struct cpr_phone *p);
enum cpr_stage cpr_watch_stage(const struct cpr_phone *p);
bool cpr_watch_recovered(const struct cpr_phone *p);

/* neighbour.c: ARP, and IPv4 packets to whatever next hop */
void cpr_phone_transmit(struct cpr_phone *p, const struct cpr_pen *frame);
void cpr_neighbour_frame(struct cpr_phone *p, const struct cpr_frame *f);
void cpr_neighbour_probe(struct cpr_phone *p);
void cpr_phone_udp(struct cpr_phone *p, struct in_addr target, uint16_t source_port,
	uint16_t target_port, const void *payload, size_t len);
void cpr_phone_tcp(struct cpr_phone *p, struct in_addr target, uint16_t source_port,
	uint16_t target_port, uint32_t seq, uint32_t ack, uint8_t flags);
void cpr_phone_icmp(struct cpr_phone *p, struct in_addr target, uint8_t type,
	uint8_t code, uint32_t rest, const void *payload, size_t len);

/* lease.c */
void cpr_lease_start(struct cpr_phone *p);
void cpr_lease_frame(struct cpr_phone *p, const struct cpr_frame *f);
void cpr_lease_tick(struct cpr_phone *p); /* renewal */
void cpr_lease_taken(struct cpr_phone *p, const uint8_t by[6]);
void cpr_lease_release(struct cpr_phone *p);

/* servers.c: which TFTP servers; goes on with cpr_boot_served */
void cpr_servers_choose(struct cpr_phone *p);
const char *cpr_servers_source(const struct cpr_phone *p); /* "option 150" */

/* lookup.c */
void cpr_lookup_start(struct cpr_phone *p, const char *name, cpr_step *then);
bool cpr_lookup_frame(struct cpr_phone *p, const struct cpr_frame *f);

/* fetch.c */
void cpr_fetch_start(struct cpr_phone *p, const char *name, cpr_step *then);
void cpr_fetch_optional(struct cpr_phone *p, const char *name, cpr_step *then);
bool cpr_fetch_frame(struct cpr_phone *p, const struct cpr_frame *f);
bool cpr_fetch_missing(const struct cpr_fetch *f); /* the server does not have the file */
void cpr_fetch_mark(struct cpr_phone *p, const char *state);

/* knock.c */
void cpr_knock_start(
	struct cpr_phone *p, struct in_addr address, uint16_t port, cpr_step *then);
bool cpr_knock_frame(struct cpr_phone *p, const struct cpr_frame *f);
void cpr_knock_unreachable(struct cpr_phone *p, const struct cpr_quote *q);

/* boot.c: what all boots share; recovery.c, universal.c, normal.c: the boots */
void cpr_boot_served(struct cpr_phone *p);
void cpr_boot_again(struct cpr_phone *p); /* this try failed */
/* The file just fetched is a packing list: fetch and write what it names and the flash does
 * not hold. */
void cpr_boot_list(struct cpr_phone *p, cpr_step *done, cpr_step *failed);
/* The file just fetched is an image: judge and write it.  False: refused. */
bool cpr_boot_image(struct cpr_phone *p, cpr_step *written);
void cpr_recovery_begin(struct cpr_phone *p);
void cpr_universal_begin(struct cpr_phone *p);
void cpr_normal_begin(struct cpr_phone *p);
