/* Networks are laid side by side once: the whole address space is cut wherever a prefix
 * begins or ends, and each piece knows the longest prefix that holds it.  A packet needs one
 * binary search, however deep the prefixes nest: 10,000 of them cost ten steps more than 10. */
#include "decide.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "cleanup.h"
#include "models.h"
#include "parameters.h"

struct list {
	const struct in_addr *server; /* the parameters' own */
	const uint32_t *number;       /* of each, for its health */
	size_t n;
};

struct piece {
	uint32_t
		first; /* of its addresses, in the host's byte order; it ends at the next */
	int32_t network; /* or CPR_NETWORK_GENERAL */
};

struct cpr_decider {
	struct cpr_parameters *parameters;
	struct piece *piece; /* sorted; piece[0].first is 0 */
	size_t piece_n;
	struct in_addr *server; /* distinct, in order of first mention */
	size_t server_n;
	uint32_t *number; /* of all lists, one after the other */
	struct list general, recovery;
	struct list *network; /* as parameters->network */
	bool *wanted;         /* by row of cpr_models; NULL: all, and unknown ones */
	bool wants_damaged;
	uint64_t *listed; /* MACs of recovery.phones, sorted */
	size_t listed_n;
};

static uint64_t mac_number(const uint8_t mac[6])
{
	uint64_t n = 0;

	for (size_t i = 0; i < 6; i++)
		n = n << 8 | mac[i];
	return n;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int make_listed(struct cpr_decider *d, const struct cpr_parameters *p)
{
	d->listed = calloc(p->recovery_phone_n + 1, sizeof(*d->listed));
	if (!d->listed)
		return -ENOMEM;
	for (; d->listed_n < p->recovery_phone_n; d->listed_n++)
		d->listed[d->listed_n] = mac_number(p->recovery_phone[d->listed_n]);
	qsort(d->listed, d->listed_n, sizeof(*d->listed), by_number);
	return 0;
}

/* A damaged phone says "79XX": it may be any model of that name, so it is served wherever one
 * of them is.  It is the phone that needs it most. */
static int make_wanted(struct cpr_decider *d, const struct cpr_parameters *p)
{
	if (!p->model_n)
		return 0;
	d->wanted = calloc(cpr_models_n, sizeof(*d->wanted));
	if (!d->wanted)
		return -ENOMEM;
	for (size_t i = 0; i < p->model_n; i++) {
		d->wanted[p->model[i] - cpr_models] = true;
		d->wants_damaged =
			d->wants_damaged || !strncmp(p->model[i]->model, "79", 2);
	}
	return 0;
}

struct mention {
	uint32_t address;
	uint32_t position; /* counted through all lists */
};

static int by_address(const void *a, const void *b)
{
	const struct mention *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return (x->position > y->position) - (x->position < y->position);
}

static void mention_list(struct list *l, const struct in_addr *server, size_t n,
	struct mention *m, const uint32_t *number, uint32_t *position)
{
	*l = (struct list){server, number + *position, n};
	for (size_t i = 0; i < n; i++, (*position)++)
		m[*position] = (struct mention){server[i].s_addr, *position};
}

/* number[position] becomes the server's number, equal for equal addresses. */
static void number_servers(struct cpr_decider *d, struct mention *m, size_t n)
{
	if (n)
		qsort(m, n, sizeof(*m), by_address);
	/* first the position where its address is mentioned first … */
	for (size_t i = 0; i < n; i++)
		d->number[m[i].position] = i && m[i].address == m[i - 1].address
						   ? d->number[m[i - 1].position]
						   : m[i].position;
	for (size_t i = 0; i < n; i++)
		if (d->number[m[i].position] == m[i].position)
			d->server[m[i].position].s_addr = m[i].address;
	/* … then, in that order, its number; what stands before is numbered already */
	for (uint32_t i = 0; i < n; i++) {
		if (d->number[i] != i) {
			d->number[i] = d->number[d->number[i]];
			continue;
		}
		d->server[d->server_n] = d->server[i];
		d->number[i] = (uint32_t)d->server_n++;
	}
}

static int make_lists(struct cpr_decider *d, const struct cpr_parameters *p)
{
	_cleanup_(cpr_freep) struct mention *m = NULL;
	size_t n = p->server_n + p->recovery_server_n;
	uint32_t at = 0;

	for (size_t i = 0; i < p->network_n; i++)
		n += p->network[i].server_n;
	m = calloc(n + 1, sizeof(*m));
	d->number = calloc(n + 1, sizeof(*d->number));
	d->server = calloc(n + 1, sizeof(*d->server));
	d->network = calloc(p->network_n + 1, sizeof(*d->network));
	if (!m || !d->number || !d->server || !d->network)
		return -ENOMEM;
	mention_list(&d->general, p->server, p->server_n, m, d->number, &at);
	for (size_t i = 0; i < p->network_n; i++)
		mention_list(&d->network[i], p->network[i].server, p->network[i].server_n,
			m, d->number, &at);
	mention_list(&d->recovery, p->recovery_server, p->recovery_server_n, m, d->number,
		&at);
	number_servers(d, m, n);
	return 0;
}

struct span_of {
	uint32_t first, last;
	unsigned length;
	int32_t network;
};

/* By beginning; of those that begin alike the widest first, so that it is open when the
 * narrower ones begin in it. */
static int by_beginning(const void *a, const void *b)
{
	const struct span_of *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return (x->length > y->length) - (x->length < y->length);
}

/* Where two pieces would begin at one address, the later one holds: the narrower network when
 * one begins, what goes on behind when several end. */
static void begin_piece(struct cpr_decider *d, uint32_t first, int32_t network)
{
	if (d->piece_n && d->piece[d->piece_n - 1].first == first)
		d->piece_n--;
	d->piece[d->piece_n++] = (struct piece){first, network};
}

/* Prefixes either nest or do not touch, so those open at an address form a stack of at most
 * 33 (lengths 0 to 32). */
struct open {
	const struct span_of *span[33];
	size_t n;
};

static void end_last(struct cpr_decider *d, struct open *o)
{
	uint32_t last = o->span[--o->n]->last;

	if (last < UINT32_MAX)
		begin_piece(d, last + 1,
			o->n ? o->span[o->n - 1]->network : CPR_NETWORK_GENERAL);
}

static int make_pieces(struct cpr_decider *d, const struct cpr_parameters *p)
{
	_cleanup_(cpr_freep) struct span_of *span =
		calloc(p->network_n + 1, sizeof(*span));
	struct open open = {0};

	d->piece = calloc(2 * p->network_n + 1, sizeof(*d->piece));
	if (!span || !d->piece)
		return -ENOMEM;
	for (size_t i = 0; i < p->network_n; i++)
		span[i] = (struct span_of){ntohl(p->network[i].prefix.s_addr),
			cpr_prefix_last(p->network[i].prefix, p->network[i].length),
			p->network[i].length, (int32_t)i};
	qsort(span, p->network_n, sizeof(*span), by_beginning);
	begin_piece(d, 0, CPR_NETWORK_GENERAL);
	for (size_t i = 0; i < p->network_n; i++) {
		while (open.n && open.span[open.n - 1]->last < span[i].first)
			end_last(d, &open);
		begin_piece(d, span[i].first, span[i].network);
		open.span[open.n++] = &span[i];
	}
	while (open.n)
		end_last(d, &open);
	return 0;
}

static void decider_freep(struct cpr_decider **d)
{
	*d = cpr_decider_free(*d);
}

int cpr_decider_new(struct cpr_decider **out, struct cpr_parameters *parameters)
{
	_cleanup_(decider_freep) struct cpr_decider *d = calloc(1, sizeof(*d));

	if (!d || make_pieces(d, parameters) || make_lists(d, parameters) ||
		make_wanted(d, parameters) || make_listed(d, parameters))
		return -ENOMEM;
	d->parameters = parameters;
	*out = TAKE_PTR(d);
	return 0;
}

struct cpr_decider *cpr_decider_free(struct cpr_decider *d)
{
	if (!d)
		return NULL;
	cpr_parameters_free(d->parameters);
	free(d->piece);
	free(d->server);
	free(d->number);
	free(d->network);
	free(d->wanted);
	free(d->listed);
	free(d);
	return NULL;
}

const struct cpr_parameters *cpr_decider_parameters(const struct cpr_decider *d)
{
	return d->parameters;
}

const struct in_addr *cpr_decider_servers(const struct cpr_decider *d, size_t *n)
{
	*n = d->server_n;
	return d->server;
}

bool cpr_decider_lists(const struct cpr_decider *d, const uint8_t mac[6])
{
	uint64_t number = mac_number(mac);

	return d->listed_n &&
	       bsearch(&number, d->listed, d->listed_n, sizeof(*d->listed), by_number);
}

/* Written so that no step depends on a guess of the processor about the address. */
static int32_t network_of(const struct cpr_decider *d, struct in_addr address)
{
	uint32_t a = ntohl(address.s_addr);
	const struct piece *at = d->piece;

	for (size_t n = d->piece_n; n > 1;) {
		size_t half = n / 2;

		at += at[half].first <= a ? half : 0;
		n -= half;
	}
	return at->network;
}

/* The finalizer of splitmix64 (Steele, Lea, Flood 2014): every bit of the result hangs on
 * every bit that goes in, and different numbers stay different. */
static uint64_t mix(uint64_t n)
{
	n = (n ^ n >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	n = (n ^ n >> 27) * UINT64_C(0x94d049bb133111eb);
	return n ^ n >> 31;
}

/* Rendezvous (highest random weight) hashing: each server draws a number for the phone.  It
 * hangs on MAC and address alone, neither on the order of the list nor on the others in it:
 * both servers of an HA pair say the same, and one server less moves only its own phones. */
static uint64_t draw(const uint8_t mac[6], struct in_addr server)
{
	return mix(mix(mac_number(mac)) ^ ntohl(server.s_addr));
}

static bool is_dead(const struct cpr_facts *f, uint32_t number)
{
	return f->dead &&
	       __atomic_load_n(&f->dead[number / 32], __ATOMIC_RELAXED) >> (number % 32) &
		       1;
}

/* Dead servers stand behind all live ones and keep the order among themselves; none is taken
 * out, because the probe may be wrong where the phone is right. */
static void pick(const struct cpr_decider *d, const struct list *l,
	const struct cpr_facts *f, struct cpr_sent *out)
{
	uint64_t rank[CPR_OPTION150_USED + 1];

	out->n = 0;
	for (size_t i = 0; i < l->n; i++) {
		uint64_t r =
			d->parameters->balance ? ~draw(f->mac, l->server[i]) >> 1 : i;
		size_t at = out->n;

		if (is_dead(f, l->number[i]))
			r |= UINT64_C(1) << 63;
		for (; at && r < rank[at - 1]; at--) {
			rank[at] = rank[at - 1];
			if (at < CPR_OPTION150_USED)
				out->server[at] = out->server[at - 1];
		}
		rank[at] = r;
		if (at < CPR_OPTION150_USED)
			out->server[at] = l->server[i];
		if (out->n < CPR_OPTION150_USED)
			out->n++;
	}
}

static bool wants(const struct cpr_decider *d, const struct cpr_vendor *v)
{
	if (!d->wanted)
		return true;
	if (v->kind == CPR_VENDOR_DAMAGED)
		return d->wants_damaged;
	return v->model && d->wanted[v->model - cpr_models];
}

/* Phones that do not look at 150 shall reach the same server.  What the admin put into 66 or
 * siaddr stays: there it is said on purpose. */
static void fall_back(const struct cpr_decider *d, const struct cpr_facts *f,
	struct in_addr first, struct cpr_answer *a)
{
	if (!d->parameters->fallbacks || !first.s_addr)
		return;
	a->first = first;
	a->set_66 = !f->has_66;
	a->set_siaddr = !f->has_siaddr;
}

/* Also of an option that phones cannot use: it is the admin's to mend, and replacing it
 * without `override` would hide the fault. */
static void keep_admin(
	const struct cpr_decider *d, const struct cpr_facts *f, struct cpr_answer *a)
{
	a->reason = CPR_REASON_KEPT_ADMIN;
	if (f->admin_n)
		fall_back(d, f, f->admin[0], a);
}

static const struct list *choose(const struct cpr_decider *d, const struct cpr_facts *f,
	bool recovery, struct cpr_answer *a)
{
	if (recovery) {
		a->network = CPR_NETWORK_RECOVERY;
		return &d->recovery;
	}
	a->network = network_of(d, f->address);
	return a->network == CPR_NETWORK_GENERAL ? &d->general : &d->network[a->network];
}

void cpr_decide(
	const struct cpr_decider *d, const struct cpr_facts *f, struct cpr_answer *a)
{
	const struct list *list;
	bool recovery;

	*a = (struct cpr_answer){
		.reason = CPR_REASON_NOT_A_PHONE, .network = CPR_NETWORK_GENERAL};
	if (f->vendor->kind == CPR_VENDOR_NOT_A_PHONE)
		return;
	/* a mark says nothing while there is no server to recover from */
	recovery = d->recovery.n && (f->recovery || cpr_decider_lists(d, f->mac));
	/* who sent one phone to recovery meant it, whatever its model */
	a->reason = CPR_REASON_OTHER_MODEL;
	if (!recovery && !wants(d, f->vendor))
		return;
	list = choose(d, f, recovery, a);
	/* with nothing to put into its place, even `override` leaves the admin's */
	if (f->has_150 && !recovery && (!d->parameters->override || !list->n)) {
		keep_admin(d, f, a);
		return;
	}
	/* A phone notices a list that changes under it, so within a lease it does not, unless
	 * somebody sent the phone to recovery or back. */
	if (f->last && f->last->n && f->last->recovery == recovery)
		a->sent = *f->last;
	else
		pick(d, list, f, &a->sent);
	a->sent.recovery = recovery;
	a->reason = a->sent.n ? CPR_REASON_SENT : CPR_REASON_NO_SERVER;
	if (a->sent.n)
		fall_back(d, f, a->sent.server[0], a);
}

const char *cpr_reason_name(enum cpr_reason r)
{
	static const char *const name[] = {
		[CPR_REASON_SENT] = "sent",
		[CPR_REASON_KEPT_ADMIN] = "kept-admin",
		[CPR_REASON_NOT_A_PHONE] = "not-a-phone",
		[CPR_REASON_OTHER_MODEL] = "other-model",
		[CPR_REASON_NO_SERVER] = "no-server",
	};

	return name[r];
}
