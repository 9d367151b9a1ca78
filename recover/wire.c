#include "wire.h"

#include "cleanup.h"
#include "dhcp.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>

enum {
	/* dnsmasq pings an address for three seconds before it offers it. */
	WAIT_MS = 5000,
	AGAIN_MS = 1500,
	RECEIVE_BYTES = 4 << 20,
	PORT_DHCP_SERVER = 67,
	PORT_DHCP_CLIENT = 68,
	SERVER_ID = 54,
};

int cpr_bench_wire_open(const char *interface)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	const int on = 1, bytes = RECEIVE_BYTES;
	int fd, e;

	at.sll_ifindex = (int)if_nametoindex(interface);
	if (!at.sll_ifindex)
		return -ENODEV;
	/* Protocol 0: nothing comes before bind has chosen the interface. */
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) == 0 &&
		bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0)
		return fd;
	e = errno;
	close(fd);
	return -e;
}

/* What the kernel says beside the frame: that its checksum is still to be made, for it never
 * left this machine; and the VLAN tag, which it takes out of the frame. */
static struct tpacket_auxdata beside(struct msghdr *m)
{
	struct tpacket_auxdata aux = {0};

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
		if (c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA)
			memcpy(&aux, CMSG_DATA(c), sizeof(aux));
	return aux;
}

int cpr_bench_wire_read(int fd, uint8_t *buf, size_t cap, struct cpr_frame *f)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	} control;
	struct iovec iov = {.iov_base = buf, .iov_len = cap};

	for (;;) {
		struct msghdr m = {.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = &control,
			.msg_controllen = sizeof(control)};
		ssize_t n = recvmsg(fd, &m, 0);
		struct tpacket_auxdata aux;

		/* ENETDOWN is told once, when the interface goes down: it may come back. */
		if (n < 0 && (errno == EAGAIN || errno == ENETDOWN))
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n < 0)
			continue;
		aux = beside(&m);
		if (!cpr_frame_parse(
			    buf, (size_t)n, !(aux.tp_status & TP_STATUS_CSUMNOTREADY), f))
			continue;
		if (aux.tp_status & TP_STATUS_VLAN_VALID)
			f->vlan = aux.tp_vlan_tci & 0xfff;
		return 1;
	}
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Whoever asks here is one client, however often: a switch's port security counts addresses. */
static void probe_mac(const uint8_t own[6], uint8_t mac[6])
{
	memcpy(mac, own, 6);
	mac[0] = (uint8_t)((mac[0] | 0x02) & ~0x01);
	mac[5] ^= 0x5a;
}

static int ask(int fd, const uint8_t mac[6], const char *vendor, size_t len)
{
	static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	const struct in_addr none = {0}, all = {INADDR_BROADCAST};
	uint8_t message[600], frame[700];
	struct cpr_pen p = cpr_pen_of(message, sizeof(message));
	uint32_t xid;

	if (getrandom(&xid, sizeof(xid), 0) < 0)
		return -errno;
	cpr_dhcp_begin(&p, 1, xid, 0, 0x8000, none, mac);
	cpr_dhcp_option(&p, 53, (uint8_t[]){CPR_DHCP_DISCOVER}, 1);
	if (len)
		cpr_dhcp_option(&p, 60, vendor, len);
	cpr_dhcp_option(&p, 55, "\x01\x42\x06\x03\x0f\x96\x23", 7);
	cpr_dhcp_end(&p, 548);
	struct cpr_pen out = cpr_pen_of(frame, sizeof(frame));
	cpr_frame_udp(&out, everybody, mac, none, PORT_DHCP_CLIENT, all, PORT_DHCP_SERVER,
		message, p.len);
	return write(fd, frame, out.len) < 0 ? -errno : 0;
}

int cpr_bench_ask(int fd, const uint8_t own_mac[6])
{
	static const char phone[] = "Cisco Systems, Inc. IP Phone CP-7961G";
	uint8_t mac[6];
	int rc;

	probe_mac(own_mac, mac);
	rc = ask(fd, mac, phone, sizeof(phone)); /* with its NUL, as phones do */
	return rc < 0 ? rc : ask(fd, mac, NULL, 0);
}

bool cpr_bench_is_question(const struct cpr_frame *f, const uint8_t own_mac[6])
{
	uint8_t mac[6];

	probe_mac(own_mac, mac);
	return !memcmp(f->from, mac, 6);
}

bool cpr_bench_is_answer(
	const struct cpr_frame *f, const uint8_t own_mac[6], struct cpr_bench_server *s)
{
	struct cpr_dhcp d;

	/* A server in a VLAN is on another wire; tag 0 is a priority only. */
	if (f->kind != CPR_FRAME_UDP || f->source_port != PORT_DHCP_SERVER ||
		f->vlan > 0 || !memcmp(f->from, own_mac, 6) ||
		cpr_dhcp_parse(f->payload, f->payload_len, &d) > CPR_DHCP_TRUNCATED ||
		d.op != 2)
		return false;
	s->address = cpr_dhcp_address(&d, SERVER_ID);
	if (!s->address.s_addr)
		s->address = f->source;
	memcpy(s->mac, f->from, 6);
	return true;
}

static size_t note(const struct cpr_frame *f, const uint8_t own_mac[6],
	struct cpr_bench_server *found, size_t n, size_t cap)
{
	struct cpr_bench_server s;

	if (!cpr_bench_is_answer(f, own_mac, &s))
		return n;
	for (size_t i = 0; i < n; i++)
		if (found[i].address.s_addr == s.address.s_addr &&
			!memcmp(found[i].mac, s.mac, 6))
			return n;
	if (n < cap)
		found[n++] = s;
	return n;
}

int cpr_bench_probe(int fd, const uint8_t own_mac[6], int stop_fd,
	struct cpr_bench_server *found, size_t cap)
{
	struct pollfd wait[] = {
		{.fd = fd, .events = POLLIN}, {.fd = stop_fd, .events = POLLIN}};
	int64_t start = now_ms(), again = start + AGAIN_MS, now = start;
	uint8_t buf[2048];
	struct cpr_frame f;
	size_t n = 0;
	int rc;

	rc = cpr_bench_ask(fd, own_mac);
	while (rc >= 0 && now - start < WAIT_MS) {
		if (poll(wait, 2, (int)(again > now ? again - now : 200)) < 0)
			return -errno;
		if (wait[1].revents)
			return -EINTR;
		while ((rc = cpr_bench_wire_read(fd, buf, sizeof(buf), &f)) > 0)
			n = note(&f, own_mac, found, n, cap);
		now = now_ms();
		if (rc == 0 && again && now >= again) {
			rc = cpr_bench_ask(fd, own_mac);
			again = 0;
		}
	}
	return rc < 0 ? rc : (int)n;
}
