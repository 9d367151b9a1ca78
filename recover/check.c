#include "check.h"

#include "cleanup.h"
#include "errors.h"
#include "port.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/capability.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static void freeifaddrsp(struct ifaddrs **list)
{
	if (*list)
		freeifaddrs(*list);
}

static unsigned long long capabilities(void)
{
	_cleanup_(cpr_fclosep) FILE *f = fopen("/proc/self/status", "re");
	unsigned long long caps = 0;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "CapEff: %llx", &caps) == 1)
			break;
	return caps;
}

/* From here on ports are free for everybody; 1024 unless somebody changed it. */
static unsigned first_free_port(void)
{
	_cleanup_(cpr_fclosep) FILE *f =
		fopen("/proc/sys/net/ipv4/ip_unprivileged_port_start", "re");
	unsigned port;

	return f && fscanf(f, "%u", &port) == 1 ? port : 1024;
}

void cpr_bench_check_rights(struct cpr_errors *e)
{
	static const struct {
		unsigned bit;
		const char *name, *what;
	} needed[] = {
		{CAP_NET_RAW, "CAP_NET_RAW", "to watch the wire"},
		{CAP_NET_ADMIN, "CAP_NET_ADMIN", "to set the interface's address"},
		{CAP_NET_BIND_SERVICE, "CAP_NET_BIND_SERVICE",
			"to serve on the ports 67 and 69"},
	};
	unsigned long long caps = capabilities();

	for (size_t i = 0; i < CPR_ARRAY_LEN(needed); i++) {
		if (caps >> needed[i].bit & 1)
			continue;
		if (needed[i].bit == CAP_NET_BIND_SERVICE && first_free_port() <= 67)
			continue;
		cpr_errors_add(e, NULL, 0, "%s is missing %s: run it as root",
			needed[i].name, needed[i].what);
	}
}

void cpr_bench_check_ports(struct cpr_errors *e)
{
	static const struct {
		unsigned port;
		const char *what;
	} ports[] = {{67, "DHCP"}, {69, "TFTP"}};

	for (size_t i = 0; i < CPR_ARRAY_LEN(ports); i++) {
		struct cpr_holder h[16];
		size_t n = cpr_port_holders(ports[i].port, h, CPR_ARRAY_LEN(h));

		for (size_t k = 0; k < n; k++)
			if (h[k].pid)
				cpr_errors_add(e, NULL, 0,
					"UDP port %u (%s) is held by '%s' (pid %ld): stop "
					"it for the time being",
					ports[i].port, ports[i].what, h[k].name,
					h[k].pid);
			else
				cpr_errors_add(e, NULL, 0,
					"UDP port %u (%s) is held by a program that this "
					"user cannot see: stop it for the time being",
					ports[i].port, ports[i].what);
	}
}

static int ask_interface(const char *interface, unsigned long request, struct ifreq *r)
{
	_cleanup_(cpr_closep) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	*r = (struct ifreq){0};
	snprintf(r->ifr_name, sizeof(r->ifr_name), "%s", interface);
	return fd < 0 ? -1 : ioctl(fd, request, r);
}

void cpr_bench_check_interface(
	const char *interface, uint8_t mac[6], struct cpr_errors *e)
{
	struct ifreq r;

	if (strlen(interface) >= IFNAMSIZ ||
		ask_interface(interface, SIOCGIFHWADDR, &r) < 0) {
		cpr_errors_add(e, NULL, 0,
			"there is no interface '%s': 'ip link' lists them", interface);
		return;
	}
	if (r.ifr_hwaddr.sa_family != ARPHRD_ETHER) {
		cpr_errors_add(e, NULL, 0,
			"'%s' is no Ethernet: name the one the phones are on", interface);
		return;
	}
	memcpy(mac, r.ifr_hwaddr.sa_data, 6);
	if (ask_interface(interface, SIOCGIFFLAGS, &r) == 0 && !(r.ifr_flags & IFF_UP))
		cpr_errors_add(e, NULL, 0, "'%s' is down: 'ip link set %s up'", interface,
			interface);
}

bool cpr_bench_carrier(const char *interface)
{
	struct ifreq r;

	return ask_interface(interface, SIOCGIFFLAGS, &r) == 0 &&
	       (r.ifr_flags & IFF_RUNNING);
}

static uint32_t mask_of(unsigned length)
{
	return length ? UINT32_MAX << (32 - length) : 0;
}

bool cpr_bench_net_parse(const char *text, struct cpr_bench_net *net)
{
	char address[INET_ADDRSTRLEN] = "";
	const char *slash = strchr(text, '/');
	uint32_t a, host;
	int end = 0;

	if (!slash || (size_t)(slash - text) >= sizeof(address))
		return false;
	memcpy(address, text, (size_t)(slash - text));
	if (inet_pton(AF_INET, address, &net->address) != 1 ||
		sscanf(slash, "/%2u%n", &net->length, &end) != 1 || slash[end] ||
		net->length < 8 || net->length > 30)
		return false;
	a = ntohl(net->address.s_addr);
	host = a & ~mask_of(net->length);
	return host != 0 && host != ~mask_of(net->length) && a >> 24 != 0 &&
	       a >> 24 != 127 && a >> 24 < 224;
}

static bool is_ipv4(const struct ifaddrs *a)
{
	return a->ifa_addr && a->ifa_addr->sa_family == AF_INET && a->ifa_netmask;
}

static uint32_t host_order(const struct sockaddr *s)
{
	struct sockaddr_in in;

	memcpy(&in, s, sizeof(in));
	return ntohl(in.sin_addr.s_addr);
}

/* The interface whose network shares addresses with this one; NULL: none. */
static const char *overlap(const struct ifaddrs *list, const char *interface,
	const struct cpr_bench_net *net)
{
	for (const struct ifaddrs *a = list; a; a = a->ifa_next) {
		uint32_t mask;

		if (!is_ipv4(a) || !strcmp(a->ifa_name, interface))
			continue;
		mask = mask_of(net->length) & host_order(a->ifa_netmask);
		if ((host_order(a->ifa_addr) & mask) ==
			(ntohl(net->address.s_addr) & mask))
			return a->ifa_name;
	}
	return NULL;
}

/* The interface by which something in this network is reached so far (a VPN, another site):
 * our address would cut it off.  False: none.  Routes of less than 8 bits stand for "the
 * rest", as the default route does. */
static bool routed(
	const char *interface, const struct cpr_bench_net *net, char via[IFNAMSIZ])
{
	_cleanup_(cpr_fclosep) FILE *f = fopen("/proc/net/route", "re");
	uint32_t own = ntohl(net->address.s_addr);
	char line[256];

	while (f && fgets(line, sizeof(line), f)) {
		unsigned target, gateway, mask;

		if (sscanf(line, "%15s %x %x %*x %*d %*d %*d %x", via, &target, &gateway,
			    &mask) != 4 ||
			(!gateway && !strcmp(via, interface)))
			continue;
		mask = ntohl(mask);
		if (mask >= mask_of(8) &&
			!((ntohl(target) ^ own) & mask & mask_of(net->length)))
			return true;
	}
	return false;
}

/* The interface's own address; not one it gave itself for want of a server (RFC 3927). */
static bool own_net(
	const struct ifaddrs *list, const char *interface, struct cpr_bench_net *net)
{
	for (const struct ifaddrs *a = list; a; a = a->ifa_next) {
		uint32_t address;

		if (!is_ipv4(a) || strcmp(a->ifa_name, interface))
			continue;
		address = host_order(a->ifa_addr);
		if (address >> 16 == 0xa9fe)
			continue;
		*net = (struct cpr_bench_net){.address.s_addr = htonl(address),
			.length =
				(unsigned)__builtin_popcount(host_order(a->ifa_netmask))};
		return true;
	}
	return false;
}

void cpr_bench_check_net(const char *interface, const char *wanted,
	struct cpr_bench_net *net, struct cpr_errors *e)
{
	_cleanup_(freeifaddrsp) struct ifaddrs *list = NULL;
	char via[IFNAMSIZ];
	const char *other;

	if (getifaddrs(&list) < 0) {
		cpr_errors_add(e, NULL, 0, "cannot list the interfaces' addresses: %m");
		return;
	}
	if (!wanted && own_net(list, interface, net)) {
		if (net->length < 8 || net->length > 30)
			cpr_errors_add(e, NULL, 0,
				"the network of '%s' (/%u) has no room for phones: name "
				"another with --address",
				interface, net->length);
		return;
	}
	cpr_bench_net_parse(wanted ? wanted : CPR_BENCH_NET, net);
	net->add = !cpr_bench_has_address(interface, net->address);
	other = overlap(list, interface, net);
	if (!other && net->add && routed(interface, net, via))
		other = via;
	if (other)
		cpr_errors_add(e, NULL, 0,
			"the network %s is reached by '%s' already: name another with "
			"--address",
			wanted ? wanted : CPR_BENCH_NET, other);
}

bool cpr_bench_has_address(const char *interface, struct in_addr address)
{
	_cleanup_(freeifaddrsp) struct ifaddrs *list = NULL;

	if (getifaddrs(&list) < 0)
		return false;
	for (const struct ifaddrs *a = list; a; a = a->ifa_next)
		if (is_ipv4(a) && !strcmp(a->ifa_name, interface) &&
			host_order(a->ifa_addr) == ntohl(address.s_addr))
			return true;
	return false;
}
