#include "probes.h"

#include "cleanup.h"
#include "dhcp-phone.h"
#include "dhcp.h"
#include "frame.h"
#include "link.h"
#include "option150.h"
#include "tftp.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>

enum {
	AGAIN_MS = 1000,
	LATE_MS = 1500, /* for the other questions, once a server has answered one */
	SERVER_PORT = 67,
	CLIENT_PORT = 68,
	SERVER_ID = 54,
	UNKNOWN_TID = 5, /* of TFTP: a packet from a port that is not the transfer's */
	FRAME_MAX = 1600,
};

static const uint8_t probe_mac[6] = {0x02, 'c', 'p', 'r', 0, 1};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

size_t probe_question(
	enum probe_kind kind, struct in_addr own, uint32_t xid, uint8_t *out, size_t cap)
{
	bool inform = kind == PROBE_INFORM;
	uint8_t type = inform ? CPR_DHCP_INFORM : CPR_DHCP_DISCOVER;
	struct cpr_pen p = cpr_pen_of(out, cap);

	cpr_dhcp_begin(&p, 1, xid, 0, inform ? 0 : 0x8000,
		inform ? own : (struct in_addr){0}, probe_mac);
	cpr_dhcp_option(&p, 53, &type, 1);
	cpr_dhcp_phone_id(&p, probe_mac);
	cpr_dhcp_phone_name(&p, probe_mac);
	cpr_dhcp_phone_class(&p, "CP-7961G");
	cpr_dhcp_phone_asks(&p);
	cpr_dhcp_phone_end(&p);
	return p.full ? 0 : p.len;
}

bool probe_read(const uint8_t *bytes, size_t len, enum probe_kind kind, uint32_t xid,
	struct probe_answer *out)
{
	uint8_t wanted = kind == PROBE_INFORM ? CPR_DHCP_ACK : CPR_DHCP_OFFER;
	struct cpr_dhcp m;
	char name[256];

	if (cpr_dhcp_parse(bytes, len, &m) != CPR_DHCP_OK || m.op != 2 || m.xid != xid ||
		m.type != wanted)
		return false;
	*out = (struct probe_answer){.server = cpr_dhcp_address(&m, SERVER_ID),
		.phone = kind == PROBE_INFORM ? m.ciaddr : m.yiaddr,
		.siaddr = m.siaddr};
	cpr_option150_decode(m.option[CPR_OPTION_TFTP_SERVER_ADDRESS].data,
		m.option[CPR_OPTION_TFTP_SERVER_ADDRESS].len, out->option150,
		CPR_ARRAY_LEN(out->option150), &out->n);
	cpr_option66_decode(m.option[CPR_OPTION_TFTP_SERVER_NAME].data,
		m.option[CPR_OPTION_TFTP_SERVER_NAME].len, &out->option66, name);
	return true;
}

/* One question to DHCP under way. */
struct question {
	struct probe_asked *asked;
	int fd; /* -1: over */
	uint32_t xid;
	char interface[IFNAMSIZ];
};

static void end(struct question *q, int result)
{
	cpr_closep(&q->fd);
	q->fd = -1;
	q->asked->result = result;
}

static int find_interface(struct in_addr own, char name[IFNAMSIZ])
{
	struct ifaddrs *all;
	int r = -EADDRNOTAVAIL;

	if (getifaddrs(&all) < 0)
		return -errno;
	for (const struct ifaddrs *i = all; i && r < 0; i = i->ifa_next) {
		const struct sockaddr_in *a = (const void *)i->ifa_addr;

		if (!a || a->sin_family != AF_INET || a->sin_addr.s_addr != own.s_addr ||
			strlen(i->ifa_name) >= IFNAMSIZ)
			continue;
		/* "eth0:1" is a label of an address, not an interface. */
		strcpy(name, i->ifa_name);
		name[strcspn(name, ":")] = 0;
		r = 0;
	}
	freeifaddrs(all);
	return r;
}

/* Kea sends to port 68, whatever port the question came from.  A DHCP client of this host
 * shares the port; what is sent to this very address is ours. */
static int open_inform(struct question *q)
{
	struct sockaddr_in here = {.sin_family = AF_INET,
		.sin_port = htons(CLIENT_PORT),
		.sin_addr = q->asked->own};
	const int on = 1;

	q->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (q->fd < 0 ||
		setsockopt(q->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		bind(q->fd, (const struct sockaddr *)&here, sizeof(here)) < 0)
		return -errno;
	return 0;
}

static int send_inform(const struct question *q)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons(SERVER_PORT),
		.sin_addr = q->asked->own};
	uint8_t bytes[CPR_DHCP_PHONE_SIZE];
	size_t n =
		probe_question(PROBE_INFORM, q->asked->own, q->xid, bytes, sizeof(bytes));

	return sendto(q->fd, bytes, n, 0, (const struct sockaddr *)&to, sizeof(to)) < 0
		       ? -errno
		       : 0;
}

/* 1: it is the answer. */
static int receive_ack(const struct question *q)
{
	uint8_t bytes[FRAME_MAX];
	ssize_t n = recv(q->fd, bytes, sizeof(bytes), 0);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	return probe_read(bytes, (size_t)n, PROBE_INFORM, q->xid, &q->asked->answer);
}

static int open_discover(struct question *q)
{
	/* All protocols: only then the kernel shows what this machine sends. */
	struct sockaddr_ll at = {.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(q->interface)};

	if (!cpr_link_carrier(q->interface))
		return -ENETDOWN;
	/* Protocol 0: nothing comes in before it is bound to the interface. */
	q->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (q->fd < 0 || bind(q->fd, (const struct sockaddr *)&at, sizeof(at)) < 0)
		return -errno;
	return 0;
}

static int send_discover(const struct question *q)
{
	static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	const struct in_addr none = {0}, all = {INADDR_BROADCAST};
	uint8_t bytes[CPR_DHCP_PHONE_SIZE], frame[CPR_DHCP_PHONE_SIZE + 64];
	size_t n = probe_question(
		PROBE_DISCOVER, q->asked->own, q->xid, bytes, sizeof(bytes));
	struct cpr_pen p = cpr_pen_of(frame, sizeof(frame));

	cpr_frame_udp(
		&p, everybody, probe_mac, none, CLIENT_PORT, all, SERVER_PORT, bytes, n);
	return send(q->fd, frame, p.len, 0) < 0 ? -errno : 0;
}

/* What leaves this machine by the interface: other servers' answers come in by it. */
static int receive_offer(const struct question *q)
{
	struct sockaddr_ll from = {0};
	socklen_t from_len = sizeof(from);
	uint8_t bytes[FRAME_MAX];
	struct cpr_frame f;
	ssize_t n = recvfrom(
		q->fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&from, &from_len);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (from.sll_pkttype != PACKET_OUTGOING ||
		!cpr_frame_parse(bytes, (size_t)n, false, &f) ||
		f.kind != CPR_FRAME_UDP || f.source_port != SERVER_PORT)
		return 0;
	return probe_read(
		f.payload, f.payload_len, PROBE_DISCOVER, q->xid, &q->asked->answer);
}

static const struct {
	int (*open)(struct question *q);
	int (*send)(const struct question *q);
	int (*receive)(const struct question *q);
} ways[] = {
	[PROBE_INFORM] = {open_inform, send_inform, receive_ack},
	[PROBE_DISCOVER] = {open_discover, send_discover, receive_offer},
};

static void begin(struct question *q, struct probe_asked *asked)
{
	int r;

	*q = (struct question){.asked = asked, .fd = -1};
	r = getrandom(&q->xid, sizeof(q->xid), 0) < 0 ? -errno : 0;
	if (r == 0)
		r = find_interface(asked->own, q->interface);
	if (r == 0)
		r = ways[asked->kind].open(q);
	if (r < 0)
		end(q, r);
}

static void send_all(struct question *q, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int r = q[i].fd < 0 ? 0 : ways[q[i].asked->kind].send(&q[i]);

		if (r < 0)
			end(&q[i], r);
	}
}

/* 1: at least one was answered. */
static int receive_all(struct question *q, const struct pollfd *wait, size_t n)
{
	int any = 0;

	for (size_t i = 0; i < n; i++) {
		int r = wait[i].revents ? ways[q[i].asked->kind].receive(&q[i]) : 0;

		if (r)
			end(&q[i], r < 0 ? r : 0);
		any |= r > 0;
	}
	return any;
}

/* A server that was just told to reload may lose what comes while it does: asks again. */
static void ask(struct question *q, struct pollfd *wait, size_t n, unsigned timeout_ms)
{
	int64_t now = now_ms(), over = now + timeout_ms, again = now;
	bool open = true;

	for (; open && now < over; now = now_ms()) {
		int64_t until = again;

		if (now >= again) {
			send_all(q, n);
			until = again = now + AGAIN_MS;
		}
		until = until < over ? until : over;
		open = false;
		for (size_t i = 0; i < n; i++) {
			wait[i] = (struct pollfd){.fd = q[i].fd, .events = POLLIN};
			open |= q[i].fd >= 0;
		}
		if (open && poll(wait, n, (int)(until - now)) > 0 &&
			receive_all(q, wait, n) && over > now + LATE_MS)
			over = now + LATE_MS;
	}
	for (size_t i = 0; i < n; i++)
		if (q[i].fd >= 0)
			end(&q[i], cpr_link_carrier(q[i].interface) ? -ETIMEDOUT
								    : -ENETDOWN);
}

void probe_dhcp(struct probe_asked *asked, size_t n, unsigned timeout_ms)
{
	_cleanup_(cpr_freep) struct question *q = calloc(n, sizeof(*q));
	_cleanup_(cpr_freep) struct pollfd *wait = calloc(n, sizeof(*wait));

	for (size_t i = 0; i < n && q && wait; i++)
		begin(&q[i], &asked[i]);
	if (q && wait)
		ask(q, wait, n, timeout_ms);
	for (size_t i = 0; i < n && !(q && wait); i++)
		asked[i].result = -ENOMEM;
}

static int refuse(struct probe_transfer *t, uint16_t code, const char *why, int r)
{
	struct cpr_pen p = cpr_pen_of(t->reply, sizeof(t->reply));

	cpr_tftp_error(&p, code, why);
	t->reply_len = p.len;
	return r;
}

static int take_block(struct probe_transfer *t, const struct cpr_tftp *m)
{
	struct cpr_pen p = cpr_pen_of(t->reply, sizeof(t->reply));
	bool next = m->block == (uint16_t)(t->block + 1);

	if (m->len > CPR_TFTP_BLOCK)
		return refuse(t, 4, "data block exceeds 512", -EPROTO);
	if (next && m->len > t->cap - t->len)
		return refuse(t, 3, "that is enough", -EFBIG);
	if (!next && (m->block != t->block || !t->len))
		return 1;
	if (next && m->len) {
		memcpy(t->data + t->len, m->data, m->len);
		t->len += m->len;
	}
	t->block = m->block;
	cpr_tftp_ack(&p, t->block);
	t->reply_len = p.len;
	return m->len == CPR_TFTP_BLOCK;
}

int probe_transfer_feed(struct probe_transfer *t, const uint8_t *bytes, size_t len)
{
	struct cpr_tftp m;

	t->reply_len = 0;
	if (cpr_tftp_parse(bytes, len, &m) != CPR_TFTP_OK)
		return -EPROTO;
	if (m.opcode == CPR_TFTP_DATA)
		return take_block(t, &m);
	if (m.opcode != CPR_TFTP_ERROR)
		return refuse(t, 4, "illegal TFTP operation", -EPROTO);
	switch (cpr_tftp_reason(m.block, m.text)) {
	case CPR_TFTP_MISSING:
		return -ENOENT;
	case CPR_TFTP_DENIED:
		return -EACCES;
	case CPR_TFTP_ABORTED:
		break;
	}
	return -EPROTO;
}

/* One file under way on the wire. */
struct fetch {
	int fd;
	struct sockaddr_in server; /* its port: 69, then that of the transfer */
	uint8_t last[520];         /* what is sent again where no answer comes */
	size_t last_len;
	bool began;
	struct probe_transfer transfer;
};

/* 1: there is something to read, 0: it is `until`, or -errno. */
static int wait_for(int fd, int64_t until)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	int64_t left = until - now_ms();
	int r = poll(&wait, 1, left > 0 ? (int)left : 0);

	if (r < 0)
		return errno == EINTR ? 0 : -errno;
	return r;
}

static int transmit(const struct fetch *f)
{
	return sendto(f->fd, f->last, f->last_len, 0, (const struct sockaddr *)&f->server,
		       sizeof(f->server)) < 0
		       ? -errno
		       : 0;
}

/* Ends a transfer that is not ours: a server that answered a repeated request twice. */
static void stranger(const struct fetch *f, const struct sockaddr_in *from)
{
	uint8_t bytes[64];
	struct cpr_pen p = cpr_pen_of(bytes, sizeof(bytes));

	cpr_tftp_error(&p, UNKNOWN_TID, "unknown transfer");
	(void)sendto(f->fd, bytes, p.len, MSG_DONTWAIT, (const struct sockaddr *)from,
		sizeof(*from));
}

/* As probe_transfer_feed. */
static int receive_block(struct fetch *f)
{
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	uint8_t bytes[FRAME_MAX];
	ssize_t n = recvfrom(f->fd, bytes, sizeof(bytes), MSG_DONTWAIT,
		(struct sockaddr *)&from, &from_len);
	int r;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 1 : -errno;
	if (from.sin_addr.s_addr != f->server.sin_addr.s_addr)
		return 1;
	if (f->began && from.sin_port != f->server.sin_port) {
		stranger(f, &from);
		return 1;
	}
	f->began = true;
	f->server.sin_port = from.sin_port;
	r = probe_transfer_feed(&f->transfer, bytes, (size_t)n);
	if (f->transfer.reply_len) {
		f->last_len = f->transfer.reply_len;
		memcpy(f->last, f->transfer.reply, f->last_len);
		transmit(f);
	}
	return r;
}

static int run(struct fetch *f, unsigned timeout_ms)
{
	int64_t now = now_ms(), over = now + timeout_ms, again = now;
	uint16_t block;

	for (; now < over; now = now_ms()) {
		int r = 0;

		if (now >= again) {
			r = transmit(f);
			again = now + AGAIN_MS;
		}
		if (r == 0)
			r = wait_for(f->fd, again < over ? again : over);
		if (r < 0)
			return r;
		if (r == 0)
			continue;
		block = f->transfer.block;
		r = receive_block(f);
		if (r <= 0)
			return r;
		again = now_ms() + AGAIN_MS;
		if (f->transfer.block != block)
			over = now_ms() + timeout_ms;
	}
	if (f->began)
		stranger(f, &f->server);
	return -ETIMEDOUT;
}

int probe_fetch(struct in_addr server, const char *name, unsigned timeout_ms,
	uint8_t *data, size_t cap, size_t *len)
{
	struct fetch f = {.server = {.sin_family = AF_INET,
				  .sin_port = htons(CPR_TFTP_PORT),
				  .sin_addr = server},
		.transfer = {.data = data, .cap = cap}};
	struct cpr_pen p = cpr_pen_of(f.last, sizeof(f.last));
	const int on = 1;
	int r;

	*len = 0;
	cpr_tftp_rrq(&p, name);
	if (p.full)
		return -ENAMETOOLONG;
	f.last_len = p.len;
	f.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (f.fd < 0)
		return -errno;
	/* The answer comes from another port, so the socket is not connected: only with this
	 * it hears of an ICMP message all the same. */
	r = setsockopt(f.fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)) < 0
		    ? -errno
		    : run(&f, timeout_ms);
	close(f.fd);
	*len = f.transfer.len;
	return r;
}
