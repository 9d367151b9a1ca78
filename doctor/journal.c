#include "journal.h"

#include "buf.h"
#include "cleanup.h"
#include "dhcp.h"
#include "engine/facts.h"
#include "journal-lines.h"
#include "option150.h"
#include "tftp.h"
#include "vendor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PACKET = 1000,
	PORT_SERVER = 67,
	PORT_CLIENT = 68,
	PORT_FIRST = 1024, /* of a phone's transfers; nobody logs the real one */
	RING = 64,         /* in.tftpd's children whose request is remembered */
	BUCKETS = 1 << 14,
	VENDOR_CLASS = 60,
};

struct kept { /* a line that tells something */
	uint64_t number, time_us;
	uint32_t pid;
	char program[16];
	char *text;
};

struct host { /* whom a MAC or an address belongs to, as the lines tell */
	uint8_t mac[6];
	struct in_addr ip;
	bool phone;
	char vendor[64]; /* option 60 as logged; "": not */
	size_t next;     /* of the same bucket, + 1 */
};

struct cpr_journal {
	struct cpr_doctor *doctor;
	struct cpr_lines *lines;
	struct kept *line;
	size_t n, cap, over;
	uint64_t number; /* of the last line seen */

	struct host *host;
	size_t host_n, host_cap;
	size_t by_mac[BUCKETS], by_ip[BUCKETS]; /* + 1; by_ip: whoever had it last */

	/* dnsmasq's answer whose options go on, until another message comes. */
	struct {
		const struct kept *at;
		struct cpr_line line;
		struct in_addr server, siaddr;
		uint8_t option150[64];
		size_t option150_len;
		char option66[256];
		bool options;
	} answer;
	/* Of in.tftpd's children: what they may still say went wrong with. */
	struct request {
		const struct kept *at;
		struct in_addr ip;
		uint16_t port; /* 0: free */
	} request[RING];
	size_t request_next;
	uint16_t port; /* of the request made up last */
	bool saw_dhcp, saw_options, saw_sent, saw_tftpd;
};

int cpr_journal_new(struct cpr_journal **out, struct cpr_doctor *d)
{
	_cleanup_(cpr_journal_freep) struct cpr_journal *j = calloc(1, sizeof(*j));

	if (!j || cpr_lines_new(&j->lines) != 0)
		return -ENOMEM;
	j->doctor = d;
	j->port = PORT_FIRST;
	*out = TAKE_PTR(j);
	return 0;
}

struct cpr_journal *cpr_journal_free(struct cpr_journal *j)
{
	if (!j)
		return NULL;
	for (size_t i = 0; i < j->n; i++)
		free(j->line[i].text);
	free(j->line);
	free(j->host);
	cpr_lines_free(j->lines);
	free(j);
	return NULL;
}

void cpr_journal_freep(struct cpr_journal **j)
{
	*j = cpr_journal_free(*j);
}

int cpr_journal_line(struct cpr_journal *j, uint64_t time_us, const char *program,
	uint32_t pid, const char *text)
{
	struct cpr_line line;
	struct kept *k;

	j->number++;
	if (!cpr_line_parse(j->lines, program, text, &line))
		return 0;
	if (j->n == CPR_JOURNAL_LINES) {
		j->over++;
		return 0;
	}
	if (j->n == j->cap) {
		size_t cap = j->cap ? 2 * j->cap : 256;
		struct kept *more = reallocarray(j->line, cap, sizeof(*more));

		if (!more)
			return -ENOMEM;
		j->line = more;
		j->cap = cap;
	}
	k = &j->line[j->n];
	*k = (struct kept){.number = j->number, .time_us = time_us, .pid = pid};
	snprintf(k->program, sizeof(k->program), "%s", program);
	k->text = strdup(text);
	if (!k->text)
		return -ENOMEM;
	j->n++;
	return 0;
}

static bool told(const uint8_t mac[6])
{
	static const uint8_t none[6];

	return memcmp(mac, none, 6) != 0;
}

static size_t *bucket_of_mac(struct cpr_journal *j, const uint8_t mac[6])
{
	return &j->by_mac[(mac[3] << 16 | mac[4] << 8 | mac[5]) % BUCKETS];
}

static size_t *bucket_of_ip(struct cpr_journal *j, struct in_addr ip)
{
	return &j->by_ip[ntohl(ip.s_addr) % BUCKETS];
}

/* The host of this MAC, made when it is new; NULL: none is told, or no memory. */
static struct host *host_of(struct cpr_journal *j, const uint8_t mac[6])
{
	size_t *bucket = bucket_of_mac(j, mac);

	if (!told(mac))
		return NULL;
	for (size_t i = *bucket; i; i = j->host[i - 1].next)
		if (memcmp(j->host[i - 1].mac, mac, 6) == 0)
			return &j->host[i - 1];
	if (j->host_n == j->host_cap) {
		size_t cap = j->host_cap ? 2 * j->host_cap : 64;
		struct host *more = reallocarray(j->host, cap, sizeof(*more));

		if (!more)
			return NULL;
		j->host = more;
		j->host_cap = cap;
	}
	j->host[j->host_n] = (struct host){.next = *bucket};
	memcpy(j->host[j->host_n].mac, mac, 6);
	*bucket = ++j->host_n;
	return &j->host[j->host_n - 1];
}

static struct host *host_at(struct cpr_journal *j, struct in_addr ip)
{
	size_t i = *bucket_of_ip(j, ip);

	return i && ip.s_addr && j->host[i - 1].ip.s_addr == ip.s_addr ? &j->host[i - 1]
								       : NULL;
}

static void has_address(struct cpr_journal *j, struct host *h, struct in_addr ip)
{
	h->ip = ip;
	*bucket_of_ip(j, ip) = (size_t)(h - j->host) + 1;
}

static struct cpr_packet packet(const struct kept *at)
{
	return (struct cpr_packet){
		.number = at->number,
		.time_us = at->time_us,
		.inner_vlan = -1,
		.frame = {.kind = CPR_FRAME_UDP, .vlan = -1},
	};
}

static struct cpr_doctor_phone *feed(struct cpr_journal *j, struct cpr_packet *k,
	const struct cpr_pen *pen, size_t lost)
{
	if (pen->full)
		return NULL;
	k->frame.payload = pen->data;
	k->frame.payload_len = pen->len;
	k->payload_real = pen->len + lost;
	return cpr_doctor_feed(j->doctor, k);
}

/* A message of the client, with no more than what lines tell. */
static void client_says(struct cpr_journal *j, const struct kept *at, uint8_t type,
	uint32_t xid, const struct host *h, struct in_addr wanted)
{
	const char *vendor = *h->vendor ? h->vendor : "Cisco Systems, Inc. IP Phone";
	uint8_t bytes[PACKET];
	struct cpr_pen pen = cpr_pen_of(bytes, sizeof(bytes));
	struct cpr_packet k = packet(at);

	if (!h->phone)
		return;
	cpr_dhcp_begin(&pen, 1, xid, 0, 0, (struct in_addr){0}, h->mac);
	cpr_dhcp_option(&pen, 53, &type, 1);
	cpr_dhcp_option(&pen, VENDOR_CLASS, vendor, strlen(vendor));
	if (wanted.s_addr)
		cpr_dhcp_option(&pen, 50, &wanted, 4);
	cpr_dhcp_end(&pen, 0);
	memcpy(k.frame.from, h->mac, 6);
	k.frame.source_port = PORT_CLIENT;
	k.frame.target_port = PORT_SERVER;
	k.frame.target.s_addr = INADDR_BROADCAST;
	feed(j, &k, &pen, 1);
}

/* A message of the server, with the options that the lines after it told. */
static void server_says(struct cpr_journal *j, const struct kept *at, uint8_t type,
	uint32_t xid, struct host *h, struct in_addr given)
{
	uint8_t bytes[PACKET];
	struct cpr_pen pen = cpr_pen_of(bytes, sizeof(bytes));
	struct cpr_packet k = packet(at);

	if (type == CPR_DHCP_ACK)
		has_address(j, h, given);
	if (!h->phone)
		return;
	cpr_dhcp_begin(&pen, 2, xid, 0, 0, (struct in_addr){0}, h->mac);
	/* yiaddr and siaddr: RFC 2131, figure 1 */
	memcpy(pen.data + 16, &given, 4);
	memcpy(pen.data + 20, &j->answer.siaddr, 4);
	cpr_dhcp_option(&pen, 53, &type, 1);
	if (j->answer.server.s_addr)
		cpr_dhcp_option(&pen, 54, &j->answer.server, 4);
	if (j->answer.option150_len)
		cpr_dhcp_option(&pen, CPR_OPTION_TFTP_SERVER_ADDRESS, j->answer.option150,
			j->answer.option150_len);
	if (*j->answer.option66)
		cpr_dhcp_option(&pen, CPR_OPTION_TFTP_SERVER_NAME, j->answer.option66,
			strlen(j->answer.option66));
	cpr_dhcp_end(&pen, 0);
	k.frame.source = j->answer.server;
	k.frame.source_port = PORT_SERVER;
	k.frame.target_port = PORT_CLIENT;
	k.frame.target.s_addr = INADDR_BROADCAST;
	feed(j, &k, &pen, j->answer.options ? 0 : 1);
}

static uint8_t message_type(const char *word)
{
	for (uint8_t i = CPR_DHCP_INFORM; i; i--)
		if (strcmp(cpr_dhcp_type_name(i), word) == 0)
			return i;
	return 0;
}

static void answer_flush(struct cpr_journal *j)
{
	const struct kept *at = TAKE_PTR(j->answer.at);
	const struct cpr_line *l = &j->answer.line;
	struct host *h = at ? host_of(j, l->mac) : NULL;

	if (h)
		server_says(j, at, message_type(l->word), l->xid, h, l->ip);
}

static void answer_begin(
	struct cpr_journal *j, const struct kept *at, const struct cpr_line *l)
{
	memset(&j->answer, 0, sizeof(j->answer));
	j->answer.at = at;
	j->answer.line = *l;
}

static void dhcp(struct cpr_journal *j, const struct kept *at, const struct cpr_line *l)
{
	uint8_t type = message_type(l->word);
	struct host *h = host_of(j, l->mac);

	j->saw_dhcp = true;
	answer_flush(j);
	if (type == CPR_DHCP_OFFER || type == CPR_DHCP_ACK || type == CPR_DHCP_NAK)
		answer_begin(j, at, l);
	else if (type && h)
		client_says(j, at, type, l->xid, h, l->ip);
}

/* "192.0.2.1, 192.0.2.2"; 0: it is none, or not all are addresses. */
static size_t addresses(const char *text, uint8_t *out, size_t cap)
{
	size_t len = 0;

	for (; *text && len + 4 <= cap; len += 4) {
		size_t word = strcspn(text, ", ");
		char one[INET_ADDRSTRLEN];

		snprintf(one, sizeof(one), "%.*s", (int)word, text);
		if (inet_pton(AF_INET, one, out + len) != 1)
			return 0;
		text += word + strspn(text + word, ", ");
	}
	return len;
}

static void option(struct cpr_journal *j, const struct kept *at, const struct cpr_line *l)
{
	(void)at;
	if (!j->answer.at || l->xid != j->answer.line.xid)
		return;
	j->answer.options = j->saw_options = true;
	if (l->code == 54) {
		inet_pton(AF_INET, l->text, &j->answer.server);
	} else if (l->code == CPR_OPTION_TFTP_SERVER_NAME) {
		snprintf(j->answer.option66, sizeof(j->answer.option66), "%s", l->text);
	} else if (l->code == CPR_OPTION_TFTP_SERVER_ADDRESS) {
		j->answer.option150_len = addresses(
			l->text, j->answer.option150, sizeof(j->answer.option150));
		/* of another form than addresses: what it was is not told */
		if (!j->answer.option150_len)
			j->answer.line.xid = 0, j->answer.options = false;
	}
}

static void siaddr(struct cpr_journal *j, const struct kept *at, const struct cpr_line *l)
{
	(void)at;
	if (j->answer.at && l->xid == j->answer.line.xid)
		j->answer.siaddr = l->ip;
}

/* A packet between the phone's port of the request made up last, or that one, and a server. */
static struct cpr_doctor_phone *transfers(struct cpr_journal *j, const struct kept *at,
	struct in_addr ip, uint16_t port, uint16_t server_port, bool of_phone,
	const struct cpr_pen *pen, size_t lost)
{
	const struct host *h = host_at(j, ip);
	struct cpr_packet k = packet(at);

	if (h)
		memcpy(of_phone ? k.frame.from : k.frame.to, h->mac, 6);
	*(of_phone ? &k.frame.source : &k.frame.target) = ip;
	k.frame.source_port = of_phone ? port : server_port;
	k.frame.target_port = of_phone ? server_port : port;
	return feed(j, &k, pen, lost);
}

static bool asks(struct cpr_journal *j, const struct kept *at, const struct cpr_line *l)
{
	uint8_t bytes[PACKET];
	struct cpr_pen pen = cpr_pen_of(bytes, sizeof(bytes));

	if (++j->port < PORT_FIRST)
		j->port = PORT_FIRST;
	cpr_tftp_rrq(&pen, l->file);
	return transfers(j, at, l->ip, j->port, CPR_TFTP_PORT, true, &pen, 0);
}

static void server_errs(struct cpr_journal *j, const struct kept *at, struct in_addr ip,
	uint16_t port, uint16_t code, const char *text)
{
	uint8_t bytes[PACKET];
	struct cpr_pen pen = cpr_pen_of(bytes, sizeof(bytes));

	cpr_tftp_error(&pen, code, text);
	transfers(j, at, ip, port, CPR_TFTP_PORT, false, &pen, 0);
}

/* How long a file is no line tells. */
static void forget_size(struct cpr_doctor_phone *p)
{
	if (p && p->current >= 0) {
		p->file[p->current].bytes = 0;
		p->file[p->current].size = -1;
	}
}

/* The file went out and was taken, as far as is told: its last block, cut. */
static void server_sends(
	struct cpr_journal *j, const struct kept *at, struct in_addr ip, uint16_t port)
{
	static const uint8_t data[] = {0, CPR_TFTP_DATA, 0, 1},
			     ack[] = {0, CPR_TFTP_ACK, 0, 1};
	struct cpr_pen pen = {(uint8_t *)data, sizeof(data), sizeof(data), false};

	transfers(j, at, ip, port, PORT_FIRST, false, &pen, 1);
	pen.data = (uint8_t *)ack;
	forget_size(transfers(j, at, ip, port, PORT_FIRST, true, &pen, 0));
}

static void sent(struct cpr_journal *j, const struct kept *at, const struct cpr_line *l)
{
	j->saw_sent = true;
	if (asks(j, at, l))
		server_sends(j, at, l->ip, j->port);
}

static void missing(
	struct cpr_journal *j, const struct kept *at, const struct cpr_line *l)
{
	j->saw_sent = true;
	if (asks(j, at, l))
		server_errs(j, at, l->ip, j->port, 1, "file not found");
}

static void denied(struct cpr_journal *j, const struct kept *at, const struct cpr_line *l)
{
	j->saw_sent = true;
	if (asks(j, at, l))
		server_errs(j, at, l->ip, j->port, 2, "permission denied");
}

static void given_up(
	struct cpr_journal *j, const struct kept *at, const struct cpr_line *l)
{
	j->saw_sent = true;
	asks(j, at, l);
}

static void rrq(struct cpr_journal *j, const struct kept *at, const struct cpr_line *l)
{
	struct request *r;

	j->saw_tftpd = true;
	/* A phone asks for one file after the other: with the one before nothing was wrong. */
	for (size_t i = 0; i < RING; i++) {
		r = &j->request[i];
		if (r->port && r->ip.s_addr == l->ip.s_addr) {
			server_sends(j, r->at, r->ip, r->port);
			r->port = 0;
		}
	}
	if (!asks(j, at, l))
		return;
	j->request_next = (j->request_next + 1) % RING;
	j->request[j->request_next] =
		(struct request){.at = at, .ip = l->ip, .port = j->port};
}

/* Of the child that told the request. */
static void error(struct cpr_journal *j, const struct kept *at, const struct cpr_line *l)
{
	for (size_t i = 0; i < RING; i++) {
		struct request *r = &j->request[i];

		if (r->port && r->at->pid == at->pid) {
			server_errs(j, at, l->ip, r->port, (uint16_t)l->code, l->text);
			r->port = 0;
		}
	}
}

static void kea(struct cpr_journal *j, const struct kept *at, const struct cpr_line *l)
{
	bool ack = l->kind == CPR_LINE_ACK;
	struct host *h = host_of(j, l->mac);

	if (!h)
		return;
	j->saw_dhcp = true;
	answer_flush(j);
	memset(&j->answer, 0, sizeof(j->answer));
	client_says(j, at, ack ? CPR_DHCP_REQUEST : CPR_DHCP_DISCOVER, l->xid, h,
		(struct in_addr){0});
	if (l->kind != CPR_LINE_NONE)
		server_says(j, at, ack ? CPR_DHCP_ACK : CPR_DHCP_OFFER, l->xid, h, l->ip);
}

/* Whose MACs are phones', before any line counts: by the vendor class, which stands before the
 * message it came in, by the name that phones give themselves, or by the files asked for. */
static void look_ahead(struct cpr_journal *j)
{
	struct cpr_line l, vendor = {0};
	struct cpr_vendor v;

	for (size_t i = 0; i < j->n; i++) {
		struct host *h;

		cpr_line_parse(j->lines, j->line[i].program, j->line[i].text, &l);
		if (l.kind == CPR_LINE_VENDOR)
			vendor = l;
		h = host_of(j, l.mac);
		if (h && (l.kind == CPR_LINE_ACK || strcmp(l.word, "ACK") == 0))
			has_address(j, h, l.ip);
		if (h && strncmp(l.text, "SEP", 3) == 0)
			h->phone = true;
		if (h && vendor.xid && vendor.xid == l.xid &&
			cpr_vendor_parse((const uint8_t *)vendor.text,
				strlen(vendor.text), &v) != CPR_VENDOR_NOT_A_PHONE) {
			h->phone = true;
			snprintf(h->vendor, sizeof(h->vendor), "%.63s", vendor.text);
		}
		h = *l.file ? host_at(j, l.ip) : NULL;
		if (h && cpr_file_kind(l.file) != CPR_FILE_OTHER)
			h->phone = true;
	}
}

static uint32_t bit(enum cpr_fault_id fault)
{
	return UINT32_C(1) << fault;
}

void cpr_journal_judge(struct cpr_journal *j)
{
	static void (*const acts[CPR_LINE_N])(
		struct cpr_journal *, const struct kept *, const struct cpr_line *) = {
		[CPR_LINE_DHCP] = dhcp,
		[CPR_LINE_OPTION] = option,
		[CPR_LINE_SIADDR] = siaddr,
		[CPR_LINE_SENT] = sent,
		[CPR_LINE_MISSING] = missing,
		[CPR_LINE_DENIED] = denied,
		[CPR_LINE_GIVEN_UP] = given_up,
		[CPR_LINE_RRQ] = rrq,
		[CPR_LINE_ERROR] = error,
		[CPR_LINE_OFFER] = kea,
		[CPR_LINE_ACK] = kea,
		[CPR_LINE_NONE] = kea,
	};
	struct cpr_line l;

	look_ahead(j);
	for (size_t i = 0; i < j->n; i++) {
		cpr_line_parse(j->lines, j->line[i].program, j->line[i].text, &l);
		if (*l.file)
			answer_flush(j);
		if (acts[l.kind])
			acts[l.kind](j, &j->line[i], &l);
	}
	answer_flush(j);
	j->doctor->cut = 0; /* no snap length did that */
	/* When packets came, and in which order, lines tell only roughly: dnsmasq reads the next
	 * request before the last acknowledgement.  in.tftpd does not tell what arrived. */
	j->doctor->config.blind =
		bit(CPR_FAULT_TFTP_NO_ANSWER) | bit(CPR_FAULT_TFTP_STALLED) |
		bit(CPR_FAULT_LOADS_REFUSED) | bit(CPR_FAULT_IMAGE_REFUSED);
}

void cpr_journal_limits(const struct cpr_journal *j, struct cpr_buf *out)
{
	if (!j->n)
		cpr_buf_puts(out, "no line of dnsmasq, in.tftpd or kea-dhcp4 tells of a "
				  "phone\n");
	if (j->saw_dhcp && !j->saw_options)
		cpr_buf_puts(out, "these lines do not tell which options the phones were "
				  "sent: dnsmasq does with log-dhcp\n");
	if (!j->saw_sent && !j->saw_tftpd)
		cpr_buf_puts(out, "these lines tell of no file: dnsmasq does by itself, "
				  "tftpd-hpa with --verbose in TFTP_OPTIONS\n");
	if (j->saw_tftpd)
		cpr_buf_puts(out, "in.tftpd does not tell whether a file arrived\n");
	if (j->over)
		cpr_buf_printf(out, "%zu later lines were not looked at\n", j->over);
	cpr_buf_puts(out,
		"a log does not tell of questions that never reached the server, "
		"of packets lost on the way, of another server, of what the phone "
		"thought of a file, or of its call manager: for these read a "
		"capture, or watch with -i\n");
}
