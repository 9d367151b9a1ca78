/* mkcapture: a capture of wiped phones that recover, of any size, for benchmarks.
 *   mkcapture [--phones N] [--size MB] FILE      (- is stdout)
 * Each phone (a 7961) gets an address, fetches its term file and images of true size, reboots,
 * asks for its configuration and calls the call manager; then it is wiped again.  Their packets
 * lie interleaved, one of each phone in turn.  Everything follows from the phone's number. */
#include "cleanup.h"
#include "cli/cli.h"
#include "dhcp.h"
#include "firmware/firmware.h"
#include "frame.h"
#include "tftp.h"

#include <argp.h>
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

enum {
	PORT_SERVER = 67,
	PORT_CLIENT = 68,
	PORT_SCCP = 2000,
	STEP_US = 20, /* from one packet to the next, whosever it is */
	FRAME = 1600,
	LEAST = 60, /* the frame's length without its checksum */
};

#define SERVER 0x0a000001u /* 10.0.0.1 */
#define PHONES 0x0a010000u /* 10.1.0.0 and up */

static const uint8_t server_mac[6] = {0x02, 0, 0, 0, 0, 1};

/* What a phone does next. */
enum step {
	DISCOVER,
	OFFER,
	REQUEST,
	ACK,
	ASK,  /* a file */
	DATA, /* or the ERROR that there is none */
	CONFIRM,
	CALL,
	ANSWER,
};

struct wanted { /* one file in the order of a boot; len 0: there is none */
	const char *name;
	const uint8_t *data;
	size_t len;
	bool reboots; /* behind it */
};

struct phone {
	uint8_t mac[6];
	struct in_addr ip;
	enum step step;
	uint32_t xid;
	size_t file;
	uint16_t port, server_port;
	size_t block; /* of the file, from 1 */
};

struct maker {
	unsigned phones, megabytes;
	const char *path;
	struct wanted wanted[16];
	size_t wanted_n;
};

static const char xmldefault[] =
	"<Default><callManagerGroup><members><member priority=\"0\"><callManager><ports>"
	"<ethernetPhonePort>2000</ethernetPhonePort></ports><processNodeName>10.0.0.1"
	"</processNodeName></callManager></member></members></callManagerGroup>"
	"<loadInformation30018>SCCP41.9-4-2SR3-1S</loadInformation30018></Default>\n";

static struct in_addr host(uint32_t address)
{
	return (struct in_addr){htonl(address)};
}

static void dhcp(struct cpr_pen *out, const struct phone *p, uint8_t type)
{
	static const char vendor[] = "Cisco Systems, Inc. IP Phone CP-7961G";
	static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	const struct in_addr none = {0}, all = {INADDR_BROADCAST}, server = host(SERVER);
	bool asks = type == CPR_DHCP_DISCOVER || type == CPR_DHCP_REQUEST;
	uint8_t bytes[600];
	struct cpr_pen m = cpr_pen_of(bytes, sizeof(bytes));

	cpr_dhcp_begin(&m, asks ? 1 : 2, p->xid, 0, 0x8000, none, p->mac);
	cpr_dhcp_option(&m, 53, &type, 1);
	if (asks)
		cpr_dhcp_option(&m, 60, vendor, sizeof(vendor));
	if (type == CPR_DHCP_REQUEST)
		cpr_dhcp_option(&m, 50, &p->ip, 4);
	if (type != CPR_DHCP_DISCOVER)
		cpr_dhcp_option(&m, 54, &server, 4);
	if (asks) {
		cpr_dhcp_option(&m, 55, "\x01\x42\x06\x03\x0f\x96\x23", 7);
	} else {
		cpr_dhcp_option(&m, 51, "\x00\x01\x51\x80", 4);
		cpr_dhcp_option(&m, 1, "\xff\x00\x00\x00", 4);
		cpr_dhcp_option(&m, 150, &server, 4);
	}
	cpr_dhcp_end(&m, 548);
	if (!asks)
		memcpy(bytes + 16, &p->ip, 4); /* yiaddr */
	cpr_frame_udp(out, everybody, asks ? p->mac : server_mac, asks ? none : server,
		asks ? PORT_CLIENT : PORT_SERVER, all, asks ? PORT_SERVER : PORT_CLIENT,
		bytes, m.len);
}

static void to_server(struct cpr_pen *out, const struct phone *p, uint16_t port,
	const struct cpr_pen *payload)
{
	cpr_frame_udp(out, server_mac, p->mac, p->ip, p->port, host(SERVER), port,
		payload->data, payload->len);
}

static void from_server(
	struct cpr_pen *out, const struct phone *p, const struct cpr_pen *payload)
{
	cpr_frame_udp(out, p->mac, server_mac, host(SERVER), p->server_port, p->ip,
		p->port, payload->data, payload->len);
}

static void next_file(const struct maker *m, struct phone *p)
{
	bool reboots = m->wanted[p->file].reboots;

	p->step = reboots ? DISCOVER : p->file + 1 < m->wanted_n ? ASK : CALL;
	p->file++;
}

static void ask(struct cpr_pen *out, const struct maker *m, struct phone *p)
{
	uint8_t bytes[128];
	struct cpr_pen t = cpr_pen_of(bytes, sizeof(bytes));

	p->port = (uint16_t)(49152 + (p->port + 1) % 16384);
	p->server_port = (uint16_t)(32768 + (p->server_port + 7) % 16384);
	p->block = 1;
	p->step = DATA;
	cpr_tftp_rrq(&t, m->wanted[p->file].name);
	to_server(out, p, CPR_TFTP_PORT, &t);
}

static void data(struct cpr_pen *out, const struct maker *m, struct phone *p)
{
	const struct wanted *w = &m->wanted[p->file];
	uint8_t bytes[4 + CPR_TFTP_BLOCK];
	struct cpr_pen t = cpr_pen_of(bytes, sizeof(bytes));
	size_t at = (p->block - 1) * CPR_TFTP_BLOCK, n = w->len - at;

	if (!w->len) {
		cpr_tftp_error(&t, 1, "File not found");
		next_file(m, p);
	} else {
		cpr_pen_be16(&t, CPR_TFTP_DATA);
		cpr_pen_be16(&t, (uint16_t)p->block);
		cpr_pen_add(&t, w->data + at, n < CPR_TFTP_BLOCK ? n : CPR_TFTP_BLOCK);
		p->step = CONFIRM;
	}
	from_server(out, p, &t);
}

static void confirm(struct cpr_pen *out, const struct maker *m, struct phone *p)
{
	uint8_t bytes[4];
	struct cpr_pen t = cpr_pen_of(bytes, sizeof(bytes));

	cpr_tftp_ack(&t, (uint16_t)p->block);
	to_server(out, p, p->server_port, &t);
	if (p->block++ * CPR_TFTP_BLOCK > m->wanted[p->file].len)
		next_file(m, p);
	else
		p->step = DATA;
}

static void make_one(struct cpr_pen *out, const struct maker *m, struct phone *p)
{
	switch (p->step) {
	case DISCOVER:
		p->xid += 1 << 20;
		dhcp(out, p, CPR_DHCP_DISCOVER);
		p->step = OFFER;
		break;
	case OFFER:
		dhcp(out, p, CPR_DHCP_OFFER);
		p->step = REQUEST;
		break;
	case REQUEST:
		dhcp(out, p, CPR_DHCP_REQUEST);
		p->step = ACK;
		break;
	case ACK:
		dhcp(out, p, CPR_DHCP_ACK);
		p->step = ASK;
		break;
	case ASK:
		ask(out, m, p);
		break;
	case DATA:
		data(out, m, p);
		break;
	case CONFIRM:
		confirm(out, m, p);
		break;
	case CALL:
		cpr_frame_tcp(out, server_mac, p->mac, p->ip, p->port, host(SERVER),
			PORT_SCCP, p->xid, 0, CPR_TCP_SYN);
		p->step = ANSWER;
		break;
	case ANSWER:
		cpr_frame_tcp(out, p->mac, server_mac, host(SERVER), PORT_SCCP, p->ip,
			p->port, 7, p->xid + 1, CPR_TCP_SYN | CPR_TCP_ACK);
		p->step = DISCOVER;
		p->file = 0;
		break;
	}
}

static void put32(FILE *f, uint32_t v)
{
	fwrite(&v, sizeof(v), 1, f);
}

static int make_all(const struct maker *m, FILE *f)
{
	_cleanup_(cpr_freep) struct phone *phone = calloc(m->phones, sizeof(*phone));
	uint64_t most = (uint64_t)m->megabytes << 20, bytes = 24,
		 us = UINT64_C(1700000000) * 1000000;

	if (!phone)
		return -ENOMEM;
	for (uint32_t i = 0; i < m->phones; i++) {
		phone[i] = (struct phone){.mac = {0x00, 0x1b, 0x54, (uint8_t)(i >> 16),
						  (uint8_t)(i >> 8), (uint8_t)i},
			.ip = host(PHONES + i + 1),
			.xid = i,
			.port = (uint16_t)i,
			.server_port = (uint16_t)(i * 5)};
	}
	put32(f, 0xa1b2c3d4);
	put32(f, 2 | 4 << 16); /* version 2.4 */
	put32(f, 0);
	put32(f, 0);
	put32(f, 65535);
	put32(f, 1); /* Ethernet */
	for (uint64_t n = 0; bytes < most && !ferror(f); n++, us += STEP_US) {
		uint8_t frame[FRAME];
		struct cpr_pen out = cpr_pen_of(frame, sizeof(frame));

		make_one(&out, m, &phone[n % m->phones]);
		if (out.len < LEAST)
			cpr_pen_zeros(&out, LEAST - out.len);
		put32(f, (uint32_t)(us / 1000000));
		put32(f, (uint32_t)(us % 1000000));
		put32(f, (uint32_t)out.len);
		put32(f, (uint32_t)out.len);
		fwrite(frame, 1, out.len, f);
		bytes += 16 + out.len;
	}
	return fflush(f) == 0 && !ferror(f) ? 0 : -EIO;
}

static void want(struct maker *m, const char *name, const void *bytes, size_t len)
{
	m->wanted[m->wanted_n++] = (struct wanted){name, bytes, len, false};
}

static void plan(struct maker *m, const struct cpr_fw_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		if (strcmp(set->file[i].name, "term61.default.loads") == 0)
			want(m, set->file[i].name, set->file[i].data, set->file[i].len);
	for (size_t i = 0; i < set->n; i++)
		if (set->file[i].kind == CPR_FW_IMAGE)
			want(m, set->file[i].name, set->file[i].data, set->file[i].len);
	m->wanted[m->wanted_n - 1].reboots = true;
	want(m, "CTLFile.tlv", NULL, 0);
	want(m, "ITLFile.tlv", NULL, 0);
	want(m, "XMLDefault.cnf.xml", xmldefault, sizeof(xmldefault) - 1);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct maker *m = state->input;

	switch (key) {
	case 'p':
		m->phones = (unsigned)strtoul(arg, NULL, 10);
		return 0;
	case 's':
		m->megabytes = (unsigned)strtoul(arg, NULL, 10);
		return 0;
	case ARGP_KEY_ARG:
		m->path = arg;
		return 0;
	case ARGP_KEY_END:
		if (!m->path || !m->phones || m->phones > 60000 || !m->megabytes)
			argp_usage(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int main(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"phones", 'p', "N", 0, "so many at once; default 100", 0},
		{"size", 's', "MB", 0, "of the capture; default 64", 0}, {0}};
	static const struct argp argp = {.options = options,
		.parser = parse,
		.args_doc = "FILE",
		.doc = "Writes a capture of wiped phones that recover."};
	struct maker m = {.phones = 100, .megabytes = 64};
	const struct cpr_fw_request request = {
		.model = "7961", .real_size = true, .hardware_mask = -1, .seed = 1};
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set = NULL;
	_cleanup_(cpr_fclosep) FILE *f = NULL;
	int r;

	cpr_cli_init("mkcapture");
	argp_parse(&argp, argc, argv, 0, NULL, &m);
	r = cpr_fw_set_new(&set, &request, NULL);
	if (r == 0) {
		plan(&m, set);
		f = strcmp(m.path, "-") == 0 ? fdopen(dup(STDOUT_FILENO), "w")
					     : fopen(m.path, "w");
		r = f ? make_all(&m, f) : -errno;
	}
	if (r < 0)
		cpr_say(3, "'%s': %s", m.path, strerror(-r));
	return r < 0 ? CPR_EXIT_FAILED : CPR_EXIT_OK;
}
