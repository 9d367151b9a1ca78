/* The site file, /etc/phone-cpr/site.conf, parsed (libconfuse) and checked; with defaults
 * filled in.  Const after cpr_site_read. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "models.h"

struct cpr_errors;

#define CPR_SITE_FILE "/etc/phone-cpr/site.conf"

struct cpr_site_network {
	struct in_addr prefix;
	unsigned length; /* 0 to 32 */
	struct in_addr *tftp_server;
	size_t tftp_server_n;
	char *tag; /* dnsmasq's for its ranges there; "net-10.1.0.0-16" unless given */
};

struct cpr_site_model {
	const struct cpr_model *model;
	char *load;     /* without ".loads"; NULL: not pinned */
	char *recovery; /* the load whose term file is served; NULL: the highest complete */
};

struct cpr_site {
	char *file;      /* where it was read; NULL: defaults */
	char *root;      /* --root: "" or a path without trailing slash */
	char *tftp_root; /* as written; cpr_site_path() puts it below root */
	struct in_addr *tftp_server;
	size_t tftp_server_n; /* 0: not given and not to be known */
	struct in_addr *call_manager;
	size_t call_manager_n;
	enum cpr_protocol protocol;
	bool upgrade_auto;
	unsigned keep;
	struct cpr_site_network *network;
	size_t network_n;
	struct cpr_site_model *model;
	size_t model_n;
	bool dnsmasq, dnsmasq_override, tftpd_hpa, kea, isc_dhcpd;
	char *kea_mode, *kea_socket;
};

/* file NULL: CPR_SITE_FILE below root, or the defaults when that does not exist (a named file
 * must exist).  Without tftp-servers it is the host's own address, if it has just one
 * and root is none.
 * Returns 0, -EINVAL or -errno; a line in e says why (but for -ENOMEM).  Not for two threads
 * at a time: libconfuse's lexer is one for the process. */
int cpr_site_read(
	const char *file, const char *root, struct cpr_site **out, struct cpr_errors *e);
struct cpr_site *cpr_site_free(struct cpr_site *s);
void cpr_site_freep(struct cpr_site **s);

/* The network of the site file that the address is in, the longest of them; NULL: none, and
 * site->tftp_server is for it. */
const struct cpr_site_network *cpr_site_network(
	const struct cpr_site *s, struct in_addr address);
/* An absolute path below --root; the caller's to free; NULL: no memory. */
char *cpr_site_path(const struct cpr_site *s, const char *absolute);
