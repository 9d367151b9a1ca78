/* The hook's decision: which TFTP servers a phone is sent, and why.  A pure function of const
 * data and the caller's memory: no allocation, no lock, no log, no system call.
 *
 * Order of choice: the recovery servers for a phone that is listed, the servers of the longest
 * network prefix that holds its address, the general ones.  What the administrator configured
 * in Kea for option 150 wins, unless `override` or the phone is listed for recovery. */
#pragma once

#include "option150.h"
#include "vendor.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cpr_parameters;

/* Parameters made ready for packets: prefixes in a longest-prefix structure, every distinct
 * server numbered (for its health).  Const once made, for any number of threads. */
struct cpr_decider;
/* 0, and the parameters are the decider's; or -ENOMEM, and they stay the caller's. */
int cpr_decider_new(struct cpr_decider **out, struct cpr_parameters *parameters);
struct cpr_decider *cpr_decider_free(struct cpr_decider *d);
const struct cpr_parameters *cpr_decider_parameters(const struct cpr_decider *d);
/* The distinct servers of all lists (tftp-servers, networks, recovery), in order of first
 * mention; index = number. */
const struct in_addr *cpr_decider_servers(const struct cpr_decider *d, size_t *n);
/* True when the MAC stands in recovery.phones. */
bool cpr_decider_lists(const struct cpr_decider *d, const uint8_t mac[6]);

/* A list of servers as it goes out: the first two of the order chosen. */
struct cpr_sent {
	struct in_addr server[CPR_OPTION150_USED];
	uint8_t n;
	bool recovery;
};

struct cpr_facts {
	const struct cpr_vendor *vendor;
	uint8_t mac[6];
	struct in_addr
		address; /* the lease's; of an INFORM its ciaddr, else the relay's */
	bool recovery; /* marked by command or lease; recovery.phones is looked up here */
	/* what the response holds already, after Kea settled the admin's own precedence */
	struct in_addr
		admin[CPR_OPTION150_USED]; /* its option 150, host order of the list */
	uint8_t admin_n;
	bool has_150; /* there is an option 150, whatever its length */
	bool has_66, has_siaddr;
	/* the list this phone was sent last, when it must be repeated (no DISCOVER); or NULL */
	const struct cpr_sent *last;
	/* dead servers by number, a bit each in words of 32, which another thread may change
	 * meanwhile; NULL: all live */
	const uint32_t *dead;
};

enum cpr_reason {
	CPR_REASON_SENT,
	CPR_REASON_KEPT_ADMIN,
	CPR_REASON_NOT_A_PHONE,
	CPR_REASON_OTHER_MODEL, /* not one of `models` */
	CPR_REASON_NO_SERVER,   /* no list holds for its address */
};

/* Lists that no network has. */
enum cpr_network {
	CPR_NETWORK_GENERAL = -1,
	CPR_NETWORK_RECOVERY = -2,
};

struct cpr_answer {
	enum cpr_reason reason;
	struct cpr_sent sent; /* what to put into option 150 (SENT) */
	struct in_addr first; /* what 66 and siaddr name; 0.0.0.0: leave them alone */
	bool set_66, set_siaddr;
	int network; /* which of parameters.networks, or one of cpr_network */
};
void cpr_decide(
	const struct cpr_decider *d, const struct cpr_facts *f, struct cpr_answer *a);

const char *cpr_reason_name(enum cpr_reason r); /* "sent", "kept-admin", … */
