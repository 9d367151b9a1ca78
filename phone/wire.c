#include "wire.h"

#include "cleanup.h"
#include "link.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <pcap/pcap.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

struct cpr_wire {
	int fd;
	char interface[IFNAMSIZ];
	pcap_t *dead;
	pcap_dumper_t *dump;
	unsigned long crossed;
};

static int failed(char why[static 256], int r, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static int failed(char why[static 256], int r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, 256, format, args);
	va_end(args);
	return r;
}

static int look_at(struct cpr_wire *w, const char *interface, char why[static 256])
{
	struct ifreq request = {0};

	if (strlen(interface) >= IFNAMSIZ || !if_nametoindex(interface))
		return failed(why, -ENODEV,
			"there is no interface '%s': `ip link` lists those there are",
			interface);
	snprintf(w->interface, sizeof(w->interface), "%s", interface);
	memcpy(request.ifr_name, w->interface, sizeof(w->interface));
	if (ioctl(w->fd, SIOCGIFHWADDR, &request) < 0 ||
		request.ifr_hwaddr.sa_family != ARPHRD_ETHER)
		return failed(why, -EINVAL,
			"interface '%s' is no Ethernet: choose one that phones could "
			"hang on",
			interface);
	if (ioctl(w->fd, SIOCGIFFLAGS, &request) < 0 || !(request.ifr_flags & IFF_UP))
		return failed(why, -ENETDOWN,
			"interface '%s' is down: `ip link set %s up` brings it up",
			interface, interface);
	return 0;
}

static int listen_on(struct cpr_wire *w, char why[static 256])
{
	int one = 1, room = 4 << 20, index = (int)if_nametoindex(w->interface);
	struct sockaddr_ll address = {.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = index};
	/* The phones' MACs are not the interface's. */
	struct packet_mreq all = {.mr_ifindex = index, .mr_type = PACKET_MR_PROMISC};

	/* Many phones are answered at once; only root may pass the system's limit. */
	if (setsockopt(w->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0)
		setsockopt(w->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (setsockopt(w->fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)) < 0 ||
		setsockopt(w->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) <
			0 ||
		setsockopt(w->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) <
			0 ||
		bind(w->fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		int r = -errno;

		snprintf(why, 256, "cannot listen on interface '%s': %s", w->interface,
			strerror(-r));
		return r;
	}
	return 0;
}

static int open_record(struct cpr_wire *w, const char *pcap, char why[static 256])
{
	w->dead = pcap_open_dead(DLT_EN10MB, 65535);
	if (!w->dead)
		return failed(why, -ENOMEM, "%s: out of memory", pcap);
	w->dump = pcap_dump_open(w->dead, pcap);
	if (!w->dump)
		return failed(
			why, -EIO, "cannot write the record: %s", pcap_geterr(w->dead));
	return 0;
}

int cpr_wire_open(struct cpr_wire **out, const char *interface, const char *pcap,
	char why[static 256])
{
	_cleanup_(cpr_wire_freep) struct cpr_wire *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return failed(why, -ENOMEM, "%s", "out of memory");
	/* Protocol 0: nothing comes in before it is bound to the interface. */
	w->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (w->fd < 0 && errno == EPERM)
		return failed(why, -EPERM, "%s",
			"not allowed to open a packet socket: run it as root, or give it "
			"the capability CAP_NET_RAW");
	if (w->fd < 0)
		return failed(
			why, -errno, "cannot open a packet socket: %s", strerror(errno));
	r = look_at(w, interface, why);
	if (!r && pcap)
		r = open_record(w, pcap, why);
	if (!r)
		r = listen_on(w, why);
	if (!r)
		*out = TAKE_PTR(w);
	return r;
}

int cpr_wire_flush(struct cpr_wire *w)
{
	if (!w->dump)
		return 0;
	if (pcap_dump_flush(w->dump) != 0)
		return -errno;
	return ferror(pcap_dump_file(w->dump)) ? -EIO : 0;
}

struct cpr_wire *cpr_wire_free(struct cpr_wire *w)
{
	if (!w)
		return NULL;
	if (w->fd >= 0)
		close(w->fd);
	if (w->dump)
		pcap_dump_close(w->dump);
	if (w->dead)
		pcap_close(w->dead);
	free(w);
	return NULL;
}

void cpr_wire_freep(struct cpr_wire **w)
{
	cpr_wire_free(*w);
}

int cpr_wire_fd(const struct cpr_wire *w)
{
	return w->fd;
}

bool cpr_wire_carrier(const struct cpr_wire *w)
{
	return cpr_link_carrier(w->interface);
}

unsigned long cpr_wire_record(struct cpr_wire *w, const uint8_t *bytes, size_t len)
{
	struct pcap_pkthdr head = {.caplen = (bpf_u_int32)len, .len = (bpf_u_int32)len};

	w->crossed++;
	if (w->dump) {
		gettimeofday(&head.ts, NULL);
		pcap_dump((u_char *)w->dump, &head, bytes);
	}
	return w->crossed;
}

/* A frame that does not get out is as one lost on the way: phones repeat theirs. */
unsigned long cpr_wire_send(void *arg, const uint8_t *bytes, size_t len)
{
	static const uint8_t padding[60];
	struct cpr_wire *w = arg;
	struct iovec part[2] = {{(void *)bytes, len},
		{(void *)padding, len < sizeof(padding) ? sizeof(padding) - len : 0}};
	struct msghdr message = {.msg_iov = part, .msg_iovlen = 2};

	if (sendmsg(w->fd, &message, 0) < 0)
		return 0;
	return cpr_wire_record(w, bytes, len);
}

int cpr_wire_receive(struct cpr_wire *w, uint8_t *bytes, size_t cap, bool *sums)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	} control;
	struct iovec part = {bytes, cap};
	struct msghdr message = {.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(w->fd, &message, 0);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	*sums = true;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c;
		c = CMSG_NXTHDR(&message, c)) {
		struct tpacket_auxdata aux;

		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		if (aux.tp_status & TP_STATUS_CSUMNOTREADY)
			*sums = false;
		/* The kernel takes a tag out of the frame; what was tagged is not for a
		 * phone on an untagged port.  VLAN 0 is only a priority. */
		if (aux.tp_status & TP_STATUS_VLAN_VALID && aux.tp_vlan_tci & 0xfff)
			n = 1;
	}
	return n > 0 ? (int)n : 1;
}
