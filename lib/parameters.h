/* The Kea hook's parameters, checked by one set of rules wherever they are read: in the
 * server, where Kea's own -t never looks at them, and in cpr-conf, which lints and writes
 * them.  Const once parsed. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cpr_errors;
struct cpr_model;
struct cpr_tree;

struct cpr_parameters_network {
	struct in_addr prefix; /* host bits zero */
	unsigned length;       /* 0 to 32 */
	struct in_addr *server;
	size_t server_n;
};

struct cpr_parameters {
	struct in_addr *server; /* tftp-servers */
	size_t server_n;
	struct cpr_parameters_network *network;
	size_t network_n;
	const struct cpr_model *
		*model; /* none: phones of every model, and of none we know */
	size_t model_n;
	bool override, fallbacks, balance, strict; /* fallbacks is true unless said */
	bool health;                               /* the section is there */
	unsigned health_interval;                  /* seconds, 1 to 3600; 10 */
	unsigned health_failures;                  /* 1 to 100; 3 */
	char *health_file;                         /* "XMLDefault.cnf.xml" */
	struct in_addr *recovery_server;
	size_t recovery_server_n;
	uint8_t (*recovery_phone)[6];
	size_t recovery_phone_n;
	unsigned track_phones; /* rows of the phone table, 0 to 1048576; 65536 */
};

/* Every fault in one run, each as "PLACE: parameters.networks[3].prefix: what, and what to
 * do" (PLACE and its colon only where the tree has one).  Returns 0, -EINVAL or -ENOMEM. */
int cpr_parameters_parse(
	const struct cpr_tree *tree, struct cpr_parameters **out, struct cpr_errors *e);
struct cpr_parameters *cpr_parameters_free(struct cpr_parameters *p);
void cpr_parameters_freep(struct cpr_parameters **p);
