/* Whether this machine and this interface can be a bench: every reason against it is a line. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define CPR_BENCH_NET "192.168.150.1/24"

struct cpr_errors;

/* The address of the bench on its interface. */
struct cpr_bench_net {
	struct in_addr address;
	unsigned length;
	bool add; /* it is not there yet: put on at the start, taken away at the end */
};

/* CAP_NET_RAW, CAP_NET_ADMIN and the right to the ports below 1024. */
void cpr_bench_check_rights(struct cpr_errors *e);
/* Names the programs that hold UDP 67 or 69. */
void cpr_bench_check_ports(struct cpr_errors *e);
/* Exists, is an Ethernet, is up.  Fills in its MAC. */
void cpr_bench_check_interface(
	const char *interface, uint8_t mac[6], struct cpr_errors *e);
bool cpr_bench_carrier(const char *interface);
/* "192.168.150.1/24": a host's address and a network that has room for phones. */
bool cpr_bench_net_parse(const char *text, struct cpr_bench_net *net);
/* wanted: NULL, or what cpr_bench_net_parse took; NULL: the interface's own address, or
 * CPR_BENCH_NET where it has none. */
void cpr_bench_check_net(const char *interface, const char *wanted,
	struct cpr_bench_net *net, struct cpr_errors *e);
bool cpr_bench_has_address(const char *interface, struct in_addr address);
