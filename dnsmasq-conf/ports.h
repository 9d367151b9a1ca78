/* A port that a server will need when it is restarted, and another program holds: the restart
 * would end the server, and nothing would start it again. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>

struct cpr_errors;
struct dnsmasq_lines;

struct port_want {
	const char *server;  /* "dnsmasq", for people */
	const char *program; /* its name as ps shows it: it may hold the port itself */
	unsigned port;       /* of UDP */
	struct in_addr at;   /* INADDR_ANY: at every address */
	bool shares;         /* it sets SO_REUSEADDR */
	const char *instead; /* beside "stop that program"; NULL: nothing */
};

/* Asks the kernel, by taking the port for a moment, and only where somebody holds it who is not
 * the server itself.  0, or -EINVAL and a line that names the program.  Who may not take it at
 * all is told nothing. */
int port_check(const struct port_want *want, struct cpr_errors *e);

/* The ports of dnsmasq's DHCP and TFTP, by what this instance is told; fixed: our static file's
 * candidate, NULL where it stays as it is. */
int dnsmasq_ports_check(const struct dnsmasq_lines *all, const char *instance,
	const char *fixed, struct cpr_errors *e);
