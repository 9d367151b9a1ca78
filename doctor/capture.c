#include "capture.h"

#include "cleanup.h"
#include "errors.h"
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <string.h>
#include <sys/stat.h>

enum {
	SNAP = 65535,
	RING_BYTES = 64 << 20, /* a thousand phones at once, for seconds */
	WAIT_MS = 100,         /* until the kernel hands over what is not a full block */
};

struct file {
	char *name;
	struct cpr_input *input;
};

struct cpr_capture {
	struct file *file;
	size_t file_n, at; /* at: the one being read */
	pcap_t *pcap;      /* of file[at], or live; NULL: not begun */
	char *interface;   /* NULL: files */
	int link;
	uint64_t number, file_number, lost;
	uint64_t done, total; /* bytes of the files that are behind us, and of all */
	bool invalid;
};

/* Every UDP datagram, for TFTP's ports move, and every fragment of one; of TCP what opens and
 * refuses a connection. */
#define WANTED                                                                       \
	"arp or udp or icmp or (tcp and tcp[tcpflags] & (tcp-syn|tcp-rst) != 0) or " \
	"ether proto 0x88cc"
/* Cisco's multicast address: CDP */
#define ON_ETHERNET WANTED " or ether dst 01:00:0c:cc:cc:cc"

static const struct filter {
	int link;
	const char *text;
} filters[] = {
	/* each "vlan" shifts all that follows it, hence the nesting */
	{CPR_LINK_ETHERNET, ON_ETHERNET " or (vlan and (" ON_ETHERNET
					" or (vlan and (" ON_ETHERNET "))))"},
	/* The kernel takes the tag off what comes in.  What goes out tagged is taken whole, for
	 * libpcap knows no "vlan" here.  A cooked header has no target, but says that LLC
	 * follows. */
	{CPR_LINK_COOKED, WANTED " or link[14:2] = 4 or link[14:2] = 0x8100 or "
				 "link[14:2] = 0x88a8"},
	{CPR_LINK_RAW_DLT, "ip"},
};

static struct cpr_capture *new_capture(size_t files)
{
	struct cpr_capture *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->file = calloc(files ? files : 1, sizeof(*c->file));
	if (!c->file) {
		free(c);
		return NULL;
	}
	return c;
}

struct cpr_capture *cpr_capture_free(struct cpr_capture *c)
{
	if (!c)
		return NULL;
	if (c->pcap)
		pcap_close(c->pcap);
	for (size_t i = 0; i < c->file_n; i++) {
		cpr_input_free(c->file[i].input);
		free(c->file[i].name);
	}
	free(c->file);
	free(c->interface);
	free(c);
	return NULL;
}

void cpr_capture_freep(struct cpr_capture **c)
{
	cpr_capture_free(*c);
}

static int open_file(struct cpr_capture *c, const char *name, struct cpr_errors *e)
{
	bool standard = strcmp(name, "-") == 0;
	_cleanup_(cpr_closep) int fd = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
						: open(name, O_RDONLY | O_CLOEXEC);
	struct file *f = &c->file[c->file_n];
	struct stat st;
	int r = fd < 0 ? -errno : 0;

	if (r == 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		r = -EISDIR;
	if (r < 0) {
		cpr_errors_add(e, name, 0, "%s", strerror(-r));
		return r;
	}
	f->name = strdup(standard ? "stdin" : name);
	if (!f->name || cpr_input_new(&f->input, fd) != 0) {
		free(f->name);
		return -ENOMEM;
	}
	fd = -1;
	c->total += cpr_input_size(f->input);
	c->file_n++;
	return 0;
}

int cpr_capture_files(
	struct cpr_capture **out, char *const *name, size_t n, struct cpr_errors *e)
{
	_cleanup_(cpr_capture_freep) struct cpr_capture *c = new_capture(n);
	int r = c ? 0 : -ENOMEM, one;

	for (size_t i = 0; c && i < n; i++) {
		one = open_file(c, name[i], e);
		r = one < 0 ? one : r;
	}
	if (r == 0)
		*out = TAKE_PTR(c);
	return r;
}

static int failed(pcap_t *p, const char *interface, int status, struct cpr_errors *e)
{
	switch (status) {
	case PCAP_ERROR_NO_SUCH_DEVICE:
		cpr_errors_add(e, NULL, 0,
			"there is no interface '%s': `ip link` lists those there are",
			interface);
		return -ENODEV;
	case PCAP_ERROR_PERM_DENIED:
	case PCAP_ERROR_PROMISC_PERM_DENIED:
		cpr_errors_add(e, NULL, 0,
			"not allowed to capture on '%s': run it as root, or give it the "
			"capability CAP_NET_RAW",
			interface);
		return -EPERM;
	case PCAP_ERROR_IFACE_NOT_UP:
		cpr_errors_add(e, NULL, 0,
			"interface '%s' is down: `ip link set %s up` brings it up",
			interface, interface);
		return -ENETDOWN;
	default:
		cpr_errors_add(e, NULL, 0, "cannot capture on '%s': %s", interface,
			*pcap_geterr(p) ? pcap_geterr(p) : pcap_statustostr(status));
		return -EIO;
	}
}

static const char *filter_for(int link)
{
	for (size_t i = 0; i < CPR_ARRAY_LEN(filters); i++)
		if (filters[i].link == link)
			return filters[i].text;
	return NULL;
}

static int set_filter(pcap_t *p, const char *interface, struct cpr_errors *e)
{
	const char *text = filter_for(pcap_datalink(p));
	struct bpf_program program;
	int r;

	if (!text) {
		cpr_errors_add(e, NULL, 0,
			"interface '%s' has link type %s: choose an Ethernet that phones "
			"could hang on, or 'any'",
			interface,
			pcap_datalink_val_to_description_or_dlt(pcap_datalink(p)));
		return -EINVAL;
	}
	r = pcap_compile(p, &program, text, 1, PCAP_NETMASK_UNKNOWN);
	if (r == 0) {
		r = pcap_setfilter(p, &program);
		pcap_freecode(&program);
	}
	return r == 0 ? 0 : failed(p, interface, PCAP_ERROR, e);
}

int cpr_capture_live(
	struct cpr_capture **out, const char *interface, struct cpr_errors *e)
{
	_cleanup_(cpr_capture_freep) struct cpr_capture *c = new_capture(0);
	char why[PCAP_ERRBUF_SIZE];
	int r;

	if (!c)
		return -ENOMEM;
	c->interface = strdup(interface);
	c->pcap = pcap_create(interface, why);
	if (!c->pcap || !c->interface) {
		cpr_errors_add(e, NULL, 0, "cannot capture on '%s': %s", interface, why);
		return -EIO;
	}
	pcap_set_snaplen(c->pcap, SNAP);
	pcap_set_promisc(c->pcap, 1);
	pcap_set_timeout(c->pcap, WAIT_MS);
	pcap_set_buffer_size(c->pcap, RING_BYTES);
	r = pcap_activate(c->pcap);
	if (r < 0)
		return failed(c->pcap, interface, r, e);
	r = set_filter(c->pcap, interface, e);
	if (r == 0 && pcap_setnonblock(c->pcap, 1, why) < 0)
		r = failed(c->pcap, interface, PCAP_ERROR, e);
	if (r < 0)
		return r;
	c->link = pcap_datalink(c->pcap);
	*out = TAKE_PTR(c);
	return 0;
}

/* libpcap reads all interfaces of a pcapng file as one, and cannot where they differ. */
static void refuse(struct cpr_capture *c, const char *why, struct cpr_errors *e)
{
	const char *name = c->file[c->at].name;

	c->invalid = true;
	if (strstr(why, "of the first interface"))
		cpr_errors_add(e, name, 0,
			"it was captured on several interfaces of different kinds (%s), "
			"which cannot be read at once: capture on one interface, or on "
			"'any'",
			why);
	else
		cpr_errors_add(e, name, 0,
			"it is no capture that can be read (%s): give a pcap or pcapng "
			"file, as tcpdump and Wireshark write it, or one of those in gzip",
			why);
}

/* On to the next one: a thousand files shall not stay open at once with their buffers. */
static void leave(struct cpr_capture *c)
{
	struct file *f = &c->file[c->at++];

	if (c->pcap)
		pcap_close(TAKE_PTR(c->pcap));
	c->done += cpr_input_done(f->input);
	f->input = cpr_input_free(f->input);
}

/* The next file's header.  1: it is open; 0: there is none any more. */
static int open_next(struct cpr_capture *c, struct cpr_errors *e)
{
	char why[PCAP_ERRBUF_SIZE];

	for (; c->at < c->file_n; leave(c)) {
		struct cpr_input *input = c->file[c->at].input;
		FILE *f = cpr_input_open(input);

		if (!f)
			return -ENOMEM;
		c->pcap = pcap_fopen_offline(f, why);
		if (!c->pcap) {
			fclose(f);
			refuse(c, *cpr_input_fault(input) ? cpr_input_fault(input) : why,
				e);
			continue;
		}
		c->link = pcap_datalink(c->pcap);
		c->file_number = 0;
		if (cpr_link_known(c->link))
			return 1;
		snprintf(why, sizeof(why), "link type %s",
			pcap_datalink_val_to_description_or_dlt(c->link));
		refuse(c, why, e);
	}
	return 0;
}

static void end_file(
	struct cpr_capture *c, int r, struct cpr_errors *notes, struct cpr_errors *e)
{
	const struct file *f = &c->file[c->at];
	const char *why = *cpr_input_fault(f->input) ? cpr_input_fault(f->input)
			  : r == PCAP_ERROR          ? pcap_geterr(c->pcap)
						     : NULL;

	if (why && strstr(why, "of the first interface"))
		refuse(c, why, e);
	else if (why)
		cpr_errors_add(notes, f->name, 0,
			"it is cut or damaged behind its packet %ju, and was read up to "
			"there: %s",
			(uintmax_t)c->file_number, why);
	leave(c);
}

static void fill(struct cpr_capture *c, const struct pcap_pkthdr *h, const u_char *bytes,
	struct cpr_captured *out)
{
	c->file_number++;
	*out = (struct cpr_captured){.link = c->link,
		.number = ++c->number,
		.time_us = (uint64_t)h->ts.tv_sec * 1000000 + (uint64_t)h->ts.tv_usec,
		.bytes = bytes,
		.len = h->caplen};
}

static int next_live(
	struct cpr_capture *c, struct cpr_captured *out, struct cpr_errors *e)
{
	struct pcap_pkthdr *h;
	const u_char *bytes;
	int r = pcap_next_ex(c->pcap, &h, &bytes);

	if (r < 0)
		return failed(c->pcap, c->interface, r, e);
	if (r == 1)
		fill(c, h, bytes, out);
	return r;
}

int cpr_capture_next(struct cpr_capture *c, struct cpr_captured *out,
	struct cpr_errors *notes, struct cpr_errors *e)
{
	struct pcap_pkthdr *h;
	const u_char *bytes;
	int r;

	if (c->interface)
		return next_live(c, out, e);
	for (;;) {
		if (!c->pcap) {
			r = open_next(c, e);
			if (r <= 0)
				return r;
		}
		r = pcap_next_ex(c->pcap, &h, &bytes);
		if (r == 1)
			break;
		end_file(c, r, notes, e);
	}
	fill(c, h, bytes, out);
	return 1;
}

bool cpr_capture_invalid(const struct cpr_capture *c)
{
	return c->invalid;
}

int cpr_capture_fd(const struct cpr_capture *c)
{
	return c->interface ? pcap_get_selectable_fd(c->pcap) : -1;
}

uint64_t cpr_capture_lost(struct cpr_capture *c)
{
	struct pcap_stat s;
	uint64_t before = c->lost;

	if (!c->interface || pcap_stats(c->pcap, &s) != 0)
		return 0;
	/* its counter is one of 32 bits */
	c->lost += (uint32_t)(s.ps_drop - (uint32_t)c->lost);
	return c->lost - before;
}

void cpr_capture_progress(const struct cpr_capture *c, uint64_t *done, uint64_t *total)
{
	*done = c->done;
	*total = c->total;
	if (c->at < c->file_n)
		*done += cpr_input_done(c->file[c->at].input);
}
