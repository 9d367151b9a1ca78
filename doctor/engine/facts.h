/* What was seen of one phone.  Filled by see-*.c packet by packet, read by faults-*.c and the
 * reports; nobody else writes.  Facts are latched: a phone that recovers in the end keeps what
 * went wrong before. */
#pragma once

#include "buf.h"
#include "doctor.h"
#include "models.h"
#include "packet.h"

struct cpr_loads;

enum {
	CPR_DOCTOR_ANSWERS = 8,     /* DHCP answers told apart, per phone */
	CPR_DOCTOR_FILES = 64,      /* names one phone asks for; more are counted */
	CPR_DOCTOR_HEAD = 64 << 10, /* kept of a list or a configuration while it comes */
	CPR_DOCTOR_CALLS = 8,
};

struct cpr_moment { /* a packet that proves something; number 0: not seen */
	uint64_t number, time_us;
};

/* A question repeated without an answer: when it began and how long it went on. */
struct cpr_silence {
	unsigned n; /* how often asked */
	struct cpr_moment first, second, last;
};

/* What one DHCP answer (OFFER or ACK) said; one row for each that differs from the others of
 * this phone in server, type or content. */
struct cpr_answer {
	uint8_t type; /* CPR_DHCP_OFFER or _ACK */
	bool inform;  /* the ACK of an INFORM */
	bool renewal; /* the ACK of a REQUEST with ciaddr, when first seen */
	bool cut;     /* the capture does not hold all of its options */
	unsigned n;
	struct cpr_moment first, last,
		asked;          /* asked: the message answered, of `first` */
	uint32_t xid, last_xid; /* of `first`, of `last` */
	struct in_addr server;  /* option 54; else the packet's source */
	struct in_addr yiaddr, giaddr, siaddr, mask, router, dns;
	uint8_t option150[16]; /* as received, its beginning */
	size_t option150_len;  /* as received, may exceed what is kept */
	char option66[128];    /* printable; "": absent */
	char sname[65];
	uint32_t lease_s; /* of `last`: servers let it run down */
	/* How often it led nowhere: the phone gave its address back, or began anew, and had
	 * asked no server for anything.  The ACKs of the first and the last time. */
	unsigned idle;
	struct cpr_moment idle_first, idle_last;
};

/* A message of the last ones, by which its copy from another segment is known. */
struct cpr_dhcp_seen {
	uint64_t time_us;
	uint32_t xid;
	struct in_addr server;
	uint16_t secs;
	uint8_t type;
};

struct cpr_dhcp_facts {
	uint32_t xid; /* of its last message, with its type and what it is */
	uint8_t said;
	bool said_renewal;
	struct cpr_moment said_at;
	struct cpr_dhcp_seen seen[4];
	unsigned seen_next;
	unsigned discovers, requests, acks, naks, declines; /* acks: of REQUEST */
	struct cpr_moment first_discover, last_discover, last_offer, last_ack, last_nak,
		last_decline;
	struct cpr_silence
		unoffered;       /* DISCOVERs since the last OFFER or sign of a lease */
	unsigned passed_over;    /* of them those after an OFFER to another phone */
	struct cpr_silence late; /* the longest such run that an OFFER did end, and */
	struct cpr_moment late_offer; /* that OFFER */
	unsigned late_passed_over;
	struct cpr_silence unleased; /* DISCOVERs since the last sign of a lease; */
	unsigned untaken;            /* those of them that came after an OFFER */
	struct cpr_silence declined; /* DECLINEs since an address was of use */
	struct cpr_silence unacked;  /* REQUESTs for what was offered, since an answer */
	struct cpr_answer answer[CPR_DOCTOR_ANSWERS];
	size_t answer_n, answer_more;
	int lease;                /* the ACK in force (no INFORM's), row; -1: none */
	struct cpr_moment leased; /* the ACK that began it, no renewal; 0: before all */
	unsigned calls_before;    /* calls of the phone before that */
	/* Latched, rows: an ACK, and a renewal that named other TFTP servers; -1: none. */
	int renewed_from, renewed_to;
	struct cpr_moment renewed; /* that renewal */
	/* Latched, rows: two OFFERs of two servers to one DISCOVER; -1: none. */
	int rival[2];
	struct cpr_moment rival_at[2];
	/* Latched: the first request after an ACK, row, went to a server that it does not name;
	 * row -1: none did. */
	struct {
		int row;
		struct in_addr server;
		struct cpr_moment leased, asked;
	} other;
	/* Latched: the name in option 66 of an ACK, row, led nowhere, and the phone asked the
	 * next server (siaddr) instead; row -1: it did not. */
	struct {
		int row;
		struct cpr_moment asked;
	} unnamed;
	int vlan;             /* in which it asked last; -1: untagged */
	struct in_addr relay; /* giaddr of its messages; 0: none seen */
	bool direct; /* a message of its own that no relay had touched was seen */
	unsigned informs;
};

enum cpr_file_kind {
	CPR_FILE_OTHER,    /* locales, dial plans, ring lists: their absence is normal */
	CPR_FILE_RECOVERY, /* what only a wiped phone asks for: term file, OS79XX.TXT */
	CPR_FILE_LIST,     /* another .loads */
	CPR_FILE_IMAGE,
	CPR_FILE_TRUST, /* CTL, ITL, signed configurations: their absence is normal */
	CPR_FILE_CONFIG, /* SEP…, SIP…: its absence is normal while XMLDefault is there */
	CPR_FILE_XMLDEFAULT,
};
enum cpr_file_kind cpr_file_kind(const char *name);

enum cpr_file_state {
	CPR_FILE_ASKED,
	CPR_FILE_FETCHING,
	CPR_FILE_COMPLETE,
	CPR_FILE_MISSING,    /* the server's ERROR says so */
	CPR_FILE_DENIED,     /* the server's ERROR says so */
	CPR_FILE_ABORTED,    /* another ERROR, of either side */
	CPR_FILE_STALLED,    /* began, and was given up */
	CPR_FILE_UNANSWERED, /* asked in vain */
};
const char *cpr_file_state_name(enum cpr_file_state s);

/* One name this phone asked for; the transfer under way or the last one. */
struct cpr_doctor_file {
	char *name; /* as asked, printable, without a leading slash */
	enum cpr_file_kind kind;
	enum cpr_file_state state;
	uint64_t bytes; /* of the transfer under way or the last one */
	int64_t size; /* from its last block, its own header or the plan; -1: not known */
	unsigned asked_n, complete_n,
		failed_n; /* attempts: each from a port of its own */
	unsigned tries;   /* requests of this attempt */
	struct in_addr server;
	struct in_addr
		server_before;      /* asked before from the same port; may answer yet */
	uint16_t port, server_port; /* of the transfer; server_port 0: nobody answered */
	uint16_t block_size;
	bool options;   /* the request carried options */
	bool last_sent; /* the short block was seen */
	bool unseen;    /* what was acknowledged last was not seen, and may be the last */
	bool keeping;   /* head holds every byte so far */
	uint64_t block; /* the highest DATA seen, not wrapped */
	uint64_t acked; /* the highest ACK seen, not wrapped */
	/* begun, asked: the first and the last request of this attempt */
	struct cpr_moment first_asked, begun, asked, answered, moved, ended;
	/* Requests in a row, of one server and no other file between, of which the phone
	 * shows no sign that it got an answer. */
	struct cpr_silence unanswered;
	struct cpr_silence worst_unanswered; /* latched: the longest such run, */
	struct in_addr worst_server;         /* of whom, */
	unsigned worst_tries;                /* from one port, most of them, */
	struct cpr_moment worst_answer;      /* and an answer during it */
	unsigned again_data, again_ack;      /* repetitions since it last moved */
	struct cpr_moment again_first, again_last;
	struct cpr_moment
		unreachable; /* ICMP: nobody listens there, or the way is shut */
	uint8_t unreachable_code;
	/* An OACK to a request without options, while the phone may still take it. */
	struct cpr_moment oack_seen;
	uint64_t stop_block; /* where it was given up last, and how often there */
	unsigned stop_n;
	/* Latched, each with the packets that prove it; number 0: did not happen. */
	struct cpr_moment missing, denied, oack; /* oack: which the phone did not take */
	unsigned missing_n;
	struct cpr_moment aborted;
	bool aborted_by_phone;
	uint16_t aborted_error;
	char aborted_text[96]; /* printable */
	uint64_t aborted_block;
	uint16_t error; /* the server's last one, before any data */
	char error_text[96];
	struct cpr_moment stalled_from,
		stalled_to; /* the first repetition, and the giving up or going on */
	uint64_t stalled_block;
	unsigned stalled_data, stalled_ack; /* how often each was repeated */
	bool stalled_went_on;
	struct cpr_moment wrapped;           /* given up at 65,535 blocks */
	struct cpr_moment other, other_icmp; /* a second answerer, the phone's refusal */
	struct cpr_moment other_last;
	unsigned other_n;                       /* in how many attempts */
	struct in_addr other_to, other_address; /* who was asked, who answered then */
	uint16_t other_port;
	struct cpr_buf head; /* its bytes from the start, while a verdict needs them */
	char judged[160]; /* why no phone takes it, by its own bytes; "": nothing found */
};

/* A TCP or SIP call to one address and port. */
struct cpr_call {
	struct in_addr address;
	uint16_t port;
	bool udp;
	uint16_t from; /* the phone's port, of the last one */
	unsigned n;
	struct cpr_silence
		unanswered;        /* repetitions of one call, since the last answer */
	struct cpr_silence worst;  /* latched: the longest such run */
	struct cpr_moment refused; /* RST, ICMP unreachable: the last one */
	unsigned refused_n;
	struct cpr_moment answered; /* SYN+ACK, or any SIP answer */
};

/* From one question for a recovery file (or, of a phone that boots, from its address) to the
 * next: what came of it. */
struct cpr_round {
	struct cpr_moment began;
	int list;                 /* file; -1: none complete yet */
	struct cpr_moment listed; /* its last ACK */
	bool went_on;             /* and did what only a phone does that took the list */
	unsigned images_asked, images_complete, images_failed;
	int last_image;           /* file; -1 */
	struct cpr_moment imaged; /* its last ACK */
	bool up;                  /* did what only a phone does that runs them */
	struct cpr_moment trust, config, called; /* asked for them; called somebody */
	int trust_file;                          /* the first of them; -1 */
};

/* One row of the ladder: a DHCP message, a request, a run of DATA and ACK. */
struct cpr_event {
	struct cpr_moment first, last;
	uint64_t packets, bytes;
	enum cpr_event_side {
		CPR_EVENT_PHONE,
		CPR_EVENT_SERVER,
		CPR_EVENT_BOTH
	} from;
	struct in_addr peer; /* the other end; 0.0.0.0: broadcast */
	enum cpr_event_kind {
		CPR_EVENT_DHCP,
		CPR_EVENT_TFTP,
		CPR_EVENT_DATA,
		CPR_EVENT_DNS,
		CPR_EVENT_ARP,
		CPR_EVENT_ICMP,
		CPR_EVENT_TCP,
		CPR_EVENT_SIP,
		CPR_EVENT_LINK,
	} kind;
	char text[120]; /* "DISCOVER", "RRQ term61.default.loads": printable */
};

struct cpr_doctor_phone {
	uint8_t mac[6];   /* zero: only its address is known */
	bool mac_guessed; /* whose frames its requests came in; maybe a router's */
	const struct cpr_model *model;
	const char *model_from; /* "option 60", "term file", "CDP", "OUI"; NULL: none */
	char vendor[64];        /* the model as sent, "CP-7961G"; "": not seen */
	struct cpr_moment
		damaged; /* a vendor class or a name that only a damaged phone sends */
	char name[64];   /* option 12 */
	struct in_addr ip;
	struct cpr_moment first, last;
	enum cpr_stage stage;
	bool recovered;
	int voice_vlan; /* CDP or LLDP told it so; -1 */
	struct cpr_moment voice_vlan_seen;

	struct cpr_dhcp_facts dhcp;

	/* The name of option 66, asked of DNS. */
	struct {
		char name[128];
		struct cpr_silence unanswered;
		struct cpr_moment failed; /* an answer without an address */
		struct in_addr found;
	} dns;
	/* ARP, without an answer or any sign that there was one, for an address on its way to
	 * the TFTP servers; vain: latched, the longest such run that is over. */
	struct cpr_arp {
		struct in_addr address;
		struct cpr_silence unanswered;
	} arp, arp_vain;
	/* The last time it looked for its TFTP server by ARP, which everybody hears, and the
	 * last time it was seen to say something to one other alone: a capture that holds the
	 * former and not the latter does not hold its requests either. */
	struct cpr_moment sought, spoke;

	struct cpr_doctor_file *file;
	size_t file_n, files_over;
	int current;           /* the file that moved last; -1 */
	struct cpr_moment rrq; /* the last one */
	/* The first one after the lease in force began: see-dhcp.c. */
	struct in_addr rrq_to;
	struct cpr_moment rrq_first;

	struct cpr_round round;
	struct cpr_loads
		*list; /* of the last packing list whose bytes were all seen; or NULL */
	/* Latched by a new round. */
	struct {
		int list;
		unsigned n;
		struct cpr_moment complete, again;
	} loads_refused;
	struct {
		int image;
		unsigned n;
		bool sure; /* once at least all images of the list were there */
		struct cpr_moment complete, again;
	} image_refused;
	struct {
		unsigned n;
		struct cpr_moment trust, again;
	} trust_blocked;
	bool flashed; /* all images of a list complete */
	struct cpr_moment flashed_at;
	bool rebooted; /* and DHCP anew since then */

	/* Its configuration, as delivered. */
	struct cpr_moment configured;
	bool xmldefault_seen,
		xmldefault_load; /* its bytes were seen; it names a load for us */
	char wanted[128];        /* that load */
	char call_manager[128];  /* processNodeName; "" */

	struct cpr_call call[CPR_DOCTOR_CALLS];
	size_t call_n;
	struct cpr_call http; /* to 6970 or 6971 of the TFTP server */
	/* Latched: calls there in vain, and the request by TFTP that came then. */
	struct cpr_silence http_dropped;
	struct cpr_moment http_then_tftp;

	struct cpr_event *story;
	size_t story_n, story_cap;
	uint64_t story_left_out;
	int data_event; /* the run of DATA that goes on; -1 */
};

struct cpr_doctor {
	struct cpr_doctor_config config;
	uint64_t now_us; /* the latest time seen */
	uint64_t packets, lost, cut;
	uint64_t
		dhcp; /* of `packets`; where there is nothing else, a filter left it out */
	struct cpr_moment last;
	struct cpr_doctor_phone **phone;
	size_t phone_n, phone_cap, phones_over;
	struct cpr_index *index; /* by MAC and by address: phones.c */
	struct cpr_doctor_server *server;
	size_t server_n;
	/* VLANs in which an OFFER was seen, a bit each: 0 untagged, else its number + 1. */
	uint64_t offers_in[65];
	struct cpr_moment offer; /* the last one to any phone */
	int voice_vlan;          /* that a switch announced last; -1 */
	struct cpr_moment voice_vlan_seen;
};

/* phones.c: the table. */
enum {
	CPR_DOCTOR_SERVERS = 256
};
int cpr_phones_new(struct cpr_doctor *d);
void cpr_phones_free(struct cpr_doctor *d);
/* By MAC: not of phones that are known by their address alone. */
struct cpr_doctor_phone *cpr_phones_by_mac(
	const struct cpr_doctor *d, const uint8_t mac[6]);
struct cpr_doctor_phone *cpr_phones_by_ip(const struct cpr_doctor *d, struct in_addr ip);
/* mac all zero: not known.  NULL when the table is full. */
struct cpr_doctor_phone *cpr_phones_add(
	struct cpr_doctor *d, const uint8_t mac[6], const struct cpr_packet *packet);
/* The MAC of a phone that was known by its address alone, or whose MAC was guessed; false when
 * it has another, or another phone has it.  All zero: its guess was wrong. */
bool cpr_phones_name(
	struct cpr_doctor *d, struct cpr_doctor_phone *p, const uint8_t mac[6]);
/* The MAC in the name of a phone, "SEP001B54AABBCC", whatever follows it. */
bool cpr_phone_name_mac(const char *name, uint8_t mac[6]);
/* The address is this phone's from now on, and nobody else's: by_ip finds it.  Another phone
 * that had it keeps it in `ip`, as its last one. */
void cpr_phones_address(
	struct cpr_doctor *d, struct cpr_doctor_phone *p, struct in_addr ip);
/* The row of this server, with these roles added. */
struct cpr_doctor_server *cpr_servers_seen(
	struct cpr_doctor *d, struct in_addr address, unsigned roles); /* NULL: no room */

/* see-*.c: each takes the packets of its kind; the phone it told something of, or NULL. */
struct cpr_doctor_phone *cpr_see_dhcp(struct cpr_doctor *d, const struct cpr_packet *k);
struct cpr_doctor_phone *cpr_see_tftp(struct cpr_doctor *d, const struct cpr_packet *k);
struct cpr_doctor_phone *cpr_see_connect(
	struct cpr_doctor *d, const struct cpr_packet *k);
struct cpr_doctor_phone *cpr_see_dns(struct cpr_doctor *d, const struct cpr_packet *k);
struct cpr_doctor_phone *cpr_see_neighbour(
	struct cpr_doctor *d, const struct cpr_packet *k);
struct cpr_doctor_phone *cpr_see_link(struct cpr_doctor *d, const struct cpr_packet *k);

/* The packet that an ICMP "destination unreachable" complains of, as quoted in it.  Who reads
 * ICMP hands it on: true when it was about a transfer or a call of this phone.  The phone is
 * quote.source where its own packet did not arrive, quote.target where it refuses one. */
struct cpr_quote {
	uint8_t protocol; /* IPPROTO_UDP, IPPROTO_TCP */
	struct in_addr source, target;
	uint16_t source_port, target_port;
};
bool cpr_quote_read(const struct cpr_frame *f, struct cpr_quote *q);
bool cpr_tftp_unreachable(struct cpr_doctor *d, struct cpr_doctor_phone *p,
	const struct cpr_packet *k, const struct cpr_quote *q);
bool cpr_call_unreachable(struct cpr_doctor *d, struct cpr_doctor_phone *p,
	const struct cpr_packet *k, const struct cpr_quote *q);

/* leases.c.  The address works: the phone has a lease, whoever saw it come. */
void cpr_lease_works(struct cpr_dhcp_facts *f);
/* It is over: whether the phone did anything with it is noted with its answer. */
void cpr_lease_end(struct cpr_doctor_phone *p);
unsigned cpr_phone_calls(const struct cpr_doctor_phone *p);
/* Its lease is in force, and it has asked nobody for anything since it began. */
bool cpr_lease_idle(const struct cpr_doctor_phone *p);
/* What was asked by ARP until now and not answered will not be. */
void cpr_arp_over(struct cpr_doctor_phone *p);
/* The longest run of questions in vain. */
const struct cpr_arp *cpr_arp_worst(const struct cpr_doctor_phone *p);
/* The phone asked for a file: is it the first time since it has its address, and of whom? */
void cpr_lease_asked(struct cpr_doctor_phone *p, const struct cpr_packet *k);

/* The family of its model, or that which the name of its recovery file tells. */
enum cpr_family cpr_phone_family(const struct cpr_doctor_phone *p);

/* rounds.c: what follows from the order of things. */
/* DHCP anew (DISCOVER, or REQUEST without ciaddr and not the answer to an OFFER). */
void cpr_round_boot(struct cpr_doctor_phone *p, const struct cpr_packet *k);
void cpr_round_lease(struct cpr_doctor_phone *p, const struct cpr_packet *k); /* an ACK */
void cpr_round_asked(struct cpr_doctor_phone *p, int file, const struct cpr_packet *k);
/* The phone fetches a file for which no request was seen. */
void cpr_round_unknown(struct cpr_doctor_phone *p);
/* The file ended: complete or failed, by its state. */
void cpr_round_ended(struct cpr_doctor *d, struct cpr_doctor_phone *p, int file,
	const struct cpr_packet *k);
void cpr_round_called(
	struct cpr_doctor_phone *p, const struct cpr_packet *k, bool answered);
/* Of every phone, when time has passed without a packet, and at a capture's end with the time
 * of its last packet: a phone that has its configuration and is quiet for long is back. */
void cpr_round_tick(struct cpr_doctor_phone *p, uint64_t now_us);

/* A row of the ladder; NULL where none is kept.  text as printf's; strangers' bytes in it are
 * made printable. */
struct cpr_event *cpr_story_add(const struct cpr_doctor *d, struct cpr_doctor_phone *p,
	const struct cpr_packet *k, enum cpr_event_side from, struct in_addr peer,
	enum cpr_event_kind kind, const char *format, ...)
	__attribute__((format(printf, 7, 8)));

/* moments and silences */
struct cpr_moment cpr_moment_of(const struct cpr_packet *k);
void cpr_silence_note(struct cpr_silence *s, const struct cpr_packet *k);
static inline uint64_t cpr_silence_us(const struct cpr_silence *s)
{
	return s->last.time_us > s->first.time_us ? s->last.time_us - s->first.time_us
						  : 0;
}

/* The TFTP servers that a phone makes of an answer, by the precedence of the firmware
 * (150's first two, else 66, else siaddr, else sname): n of them, and from where.  A name in 66
 * counts with the address that DNS gave, or as a source without addresses; so does an option 150
 * that is no list of addresses.  Addresses that the firmware drops are left out: no host's, and
 * the network's and the broadcast one of the phone's own subnet. */
enum cpr_source {
	CPR_SOURCE_NONE,
	CPR_SOURCE_OPTION150,
	CPR_SOURCE_OPTION66,
	CPR_SOURCE_SIADDR,
	CPR_SOURCE_SNAME,
};
const char *cpr_source_name(enum cpr_source s);
size_t cpr_answer_servers(const struct cpr_doctor_phone *p, const struct cpr_answer *a,
	struct in_addr out[2], enum cpr_source *source);
/* What its option 150 is, as decoded: of the outcomes of lib/option150.h.  a: up to two. */
int cpr_answer_option150(const struct cpr_answer *a, struct in_addr out[2], size_t *n);
/* Both lead to the same servers. */
bool cpr_answers_alike(const struct cpr_doctor_phone *p, const struct cpr_answer *a,
	const struct cpr_answer *b);
/* The ACK in force, or NULL. */
const struct cpr_answer *cpr_lease_answer(const struct cpr_doctor_phone *p);
