/* How far each phone on the bench came, read off the wire.  Fed frames and the time; does no
 * I/O.  A phone is whoever asks DHCP with the vendor class of one; it is told apart by its
 * MAC.  Phones are added and never removed, so their order is a name for them. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cpr_firmware;
struct cpr_frame;
struct cpr_loads;
struct cpr_model;

enum {
	CPR_BENCH_QUIET_MS = 30000, /* after its configuration: then it is back */
	CPR_BENCH_ALONE_MS = 60000, /* no new phone for so long: all are here */
	CPR_BENCH_PHONES = 256,
	CPR_BENCH_FILES = 64, /* names one phone may ask for; more are not looked at */
};

enum cpr_bench_stage {
	CPR_BENCH_DHCP,
	CPR_BENCH_TFTP,   /* asks for files */
	CPR_BENCH_LOADS,  /* has a packing list */
	CPR_BENCH_IMAGES, /* fetches images */
	CPR_BENCH_REBOOTING,
	CPR_BENCH_CONFIG,      /* asks for its configuration */
	CPR_BENCH_REGISTERING, /* calls the call manager */
	CPR_BENCH_RECOVERED,
};
const char *cpr_bench_stage_name(enum cpr_bench_stage stage);

enum cpr_bench_file_state {
	CPR_BENCH_ASKED,
	CPR_BENCH_RUNNING,
	CPR_BENCH_COMPLETE,
	CPR_BENCH_MISSING, /* the server said ERROR */
	CPR_BENCH_REFUSED, /* the phone said ERROR */
};
const char *cpr_bench_file_state_name(enum cpr_bench_file_state state);

enum cpr_bench_file_kind {
	CPR_BENCH_FILE_OTHER,
	CPR_BENCH_FILE_RECOVERY, /* what only a wiped phone asks for: term file, OS79XX.TXT */
	CPR_BENCH_FILE_LIST,     /* another .loads */
	CPR_BENCH_FILE_IMAGE,
	CPR_BENCH_FILE_TRUST,  /* CTL and ITL files: their absence is normal */
	CPR_BENCH_FILE_CONFIG, /* SEP… and XMLDefault.cnf.xml */
};

struct cpr_bench_file {
	char name[128]; /* as asked, without a leading slash */
	enum cpr_bench_file_kind kind;
	enum cpr_bench_file_state state;
	uint64_t bytes, size; /* size 0: not known */
	uint16_t port;        /* the phone's, of the transfer under way */
	uint16_t block_size;
	uint64_t block; /* the last one seen, not wrapped */
	bool ended;     /* its last block was sent */
};

struct cpr_bench_phone {
	uint8_t mac[6];
	char name[16];                 /* "SEP001B54AABBCC" */
	const struct cpr_model *model; /* NULL: it does not say which */
	char model_text[64];
	struct in_addr ip;
	int vlan; /* in which it asked DHCP last; -1: untagged */
	enum cpr_bench_stage stage;
	struct cpr_bench_file file[CPR_BENCH_FILES];
	size_t file_n;
	size_t current;               /* the file that moved last; file_n: none */
	const struct cpr_loads *list; /* of the last packing list asked for */
	bool booted;                  /* DHCP anew since its last image */
	bool config;                  /* asked for its configuration since then */
	bool has_config;              /* and got it */
	uint64_t tftp_ms;             /* when it last spoke TFTP */
};

struct cpr_bench_watch {
	const struct cpr_firmware *firmware; /* borrowed: sizes and packing lists */
	struct in_addr call_manager;
	struct cpr_bench_phone *phone[CPR_BENCH_PHONES];
	size_t phone_n;
	uint64_t new_ms; /* when the last phone came */
};

/* The phone that the frame changed, or NULL. */
struct cpr_bench_phone *cpr_bench_watch_feed(
	struct cpr_bench_watch *w, const struct cpr_frame *f, uint64_t now_ms);
/* A phone that is back because it was quiet for long enough; NULL when there is no more. */
struct cpr_bench_phone *cpr_bench_watch_tick(struct cpr_bench_watch *w, uint64_t now_ms);
/* Every phone seen is back, and none new for a minute. */
bool cpr_bench_watch_over(const struct cpr_bench_watch *w, uint64_t now_ms);
void cpr_bench_watch_clear(struct cpr_bench_watch *w); /* also the _cleanup_ function */
