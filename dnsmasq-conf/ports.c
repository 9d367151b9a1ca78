#include "ports.h"

#include "cleanup.h"
#include "dnsmasq-lines.h"
#include "errors.h"
#include "port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fnmatch.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

enum {
	DHCP = 67,
	TFTP = 69,
	HOLDERS_MAX = 16
};

static bool is_taken(const struct port_want *want)
{
	const struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)want->port),
		.sin_addr = want->at};
	_cleanup_(cpr_closep) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const int on = 1;

	if (fd < 0 || (want->shares && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on,
					       sizeof(on)) < 0))
		return false;
	return bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 &&
	       errno == EADDRINUSE;
}

int port_check(const struct port_want *want, struct cpr_errors *e)
{
	struct cpr_holder h[HOLDERS_MAX];
	size_t n = cpr_port_holders(want->port, h, HOLDERS_MAX);
	char who[128];

	for (size_t i = 0; i < n; i++)
		if (strcmp(h[i].name, want->program) == 0)
			return 0;
	if (!n || !is_taken(want))
		return 0;
	if (h[0].pid)
		snprintf(who, sizeof(who), "'%s' (pid %ld)", h[0].name, h[0].pid);
	else
		snprintf(who, sizeof(who), "a program that cannot be seen from here");
	cpr_errors_add(e, NULL, 0,
		"UDP port %u is held by %s, and %s would not start again: stop that "
		"program%s%s",
		want->port, who, want->server, want->instead ? ", or " : "",
		want->instead ? want->instead : "");
	return -EINVAL;
}

static bool speaks_of(
	const struct dnsmasq_line *l, const char *key, const char *interface)
{
	if (strcmp(l->key, key) != 0)
		return false;
	for (size_t i = 0; i < l->field_n; i++)
		if (fnmatch(l->field[i], interface, 0) == 0)
			return true;
	return false;
}

/* With bind-interfaces: it serves TFTP at this address. */
static bool serves_at(const struct dnsmasq_lines *all, const char *instance,
	const char *interface, const char *address)
{
	bool listed = false, named = false, any = false;

	for (size_t i = 0; i < all->n; i++) {
		const struct dnsmasq_line *l = &all->line[i];

		if (strcmp(l->instance, instance) != 0)
			continue;
		if (speaks_of(l, "except-interface", interface) ||
			speaks_of(l, "no-dhcp-interface", interface))
			return false;
		any |= strcmp(l->key, "interface") == 0 ||
		       strcmp(l->key, "listen-address") == 0;
		named |= speaks_of(l, "interface", interface);
		listed |= speaks_of(l, "listen-address", address);
	}
	return named || listed || !any;
}

static bool has(const struct dnsmasq_lines *all, const char *instance, const char *key)
{
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->line[i].instance, instance) == 0 && !all->line[i].ours &&
			strcmp(all->line[i].key, key) == 0)
			return true;
	return false;
}

static bool has_ours(const struct dnsmasq_lines *all, const char *key)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->line[i].ours && strcmp(all->line[i].key, key) == 0)
			return true;
	return false;
}

/* dhcp-range of IPv6 opens another port. */
static bool serves_dhcp(const struct dnsmasq_lines *all, const char *instance)
{
	struct in_addr address;

	for (size_t i = 0; i < all->n; i++) {
		const struct dnsmasq_line *l = &all->line[i];

		if (strcmp(l->instance, instance) != 0 ||
			strcmp(l->key, "dhcp-range") != 0)
			continue;
		for (size_t k = 0; k < l->field_n; k++)
			if (inet_pton(AF_INET, l->field[k], &address) == 1)
				return true;
	}
	return false;
}

static int check_tftp(const struct dnsmasq_lines *all, const char *instance, bool bound,
	struct cpr_errors *e)
{
	struct port_want want = {.server = "dnsmasq",
		.program = "dnsmasq",
		.port = TFTP,
		.shares = true,
		.instead = "where it shall serve the phones' files, set tftpd-hpa { "
			   "enable = true } in the site file"};
	struct ifaddrs *own;
	int r = 0;

	if (!bound)
		return port_check(&want, e);
	if (getifaddrs(&own) < 0)
		return 0;
	for (const struct ifaddrs *i = own; i && r == 0; i = i->ifa_next) {
		const struct sockaddr_in *a = (const void *)i->ifa_addr;
		char address[INET_ADDRSTRLEN];

		if (!a || a->sin_family != AF_INET || i->ifa_flags & IFF_LOOPBACK)
			continue;
		inet_ntop(AF_INET, &a->sin_addr, address, sizeof(address));
		want.at = a->sin_addr;
		if (serves_at(all, instance, i->ifa_name, address))
			r = port_check(&want, e);
	}
	freeifaddrs(own);
	return r;
}

/* Observed of dnsmasq 2.90: for TFTP it binds each address with bind-interfaces, else all at
 * once, and shares them; for DHCP always all at once, and shares them with bind-interfaces. */
int dnsmasq_ports_check(const struct dnsmasq_lines *all, const char *instance,
	const char *fixed, struct cpr_errors *e)
{
	const struct port_want dhcp = {.server = "dnsmasq",
		.program = "dnsmasq",
		.port = DHCP,
		.shares = has(all, instance, "bind-interfaces") ||
			  has(all, instance, "bind-dynamic"),
		.instead = "take dhcp-range out of dnsmasq's files"};
	bool tftp = has(all, instance, "enable-tftp") ||
		    (fixed ? strstr(fixed, "\nenable-tftp\n") != NULL
			   : has_ours(all, "enable-tftp"));
	int r = tftp ? check_tftp(all, instance, dhcp.shares, e) : 0;

	if (r == 0 && serves_dhcp(all, instance) &&
		!has(all, instance, "dhcp-alternate-port"))
		r = port_check(&dhcp, e);
	return r;
}
