/* What a run sets up and takes down again: a private directory with the TFTP root, an address
 * on the interface, a dnsmasq.
 *
 * A run that is killed leaves little: dnsmasq dies with its parent, the address expires on its
 * own, and the directory holds a locked file that tells the next run whether its owner lives. */
#pragma once

#include "check.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct cpr_errors;
struct cpr_firmware;

struct cpr_bench {
	const char *interface;
	uint8_t mac[6]; /* of the interface */
	unsigned index; /* of the interface, while it serves */
	struct cpr_bench_net net;
	struct in_addr call_manager;
	unsigned lifetime; /* seconds after which the address goes by itself */
	bool keep;         /* the directory stays */
	char *dir;
	char *tftp_root;
	int owner_fd, log_fd;
	bool address_set;
	pid_t dnsmasq; /* 0: not running */
	struct cpr_firmware *firmware;
};

/* Takes away what runs that were killed left behind. */
void cpr_bench_sweep(void);
/* The directory with the packages' firmware and XMLDefault in its TFTP root; touches nothing
 * else.  Returns an enum cpr_exit. */
int cpr_bench_prepare(struct cpr_bench *b, char *const *package, size_t package_n,
	struct cpr_errors *e);
/* Address and dnsmasq.  Returns an enum cpr_exit. */
int cpr_bench_start(struct cpr_bench *b, struct cpr_errors *e);
/* Whether it still serves; puts the address back where somebody took it away. */
bool cpr_bench_alive(struct cpr_bench *b, struct cpr_errors *e);
void cpr_bench_stop(struct cpr_bench *b); /* also the _cleanup_ function */
