/* The phones, and the way to them by MAC and by address: two hash tables with open addressing,
 * whose seed nobody outside knows, so that no choice of addresses makes them slow. */
#include "facts.h"

#include "address.h"
#include "loads.h"
#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
	PHONES_MAX = 65536, /* unless the caller says otherwise */
	SLOTS_MIN = 64,     /* a power of two */
	OVER = 1 << 20,
};

struct slot {
	uint64_t key;
	struct cpr_doctor_phone *phone; /* NULL: free */
};

/* Invariant: at least half of the slots are free, and between a key's own slot and the one it
 * is in none is. */
struct table {
	struct slot *slot;
	size_t cap, n; /* cap: 0, or a power of two */
};

struct cpr_index {
	uint64_t seed[2];
	struct table mac, ip;
	uint64_t *over; /* OVER bits, one set for each phone there was no room for */
};

/* The finalizer of splitmix64, between two secrets. */
static size_t hash(const struct cpr_index *x, uint64_t key)
{
	key ^= x->seed[0];
	key = (key ^ key >> 30) * 0xbf58476d1ce4e5b9;
	key ^= x->seed[1];
	key = (key ^ key >> 27) * 0x94d049bb133111eb;
	return (size_t)(key ^ key >> 31);
}

/* The slot of the key, or the free one where it belongs.  The table is not empty. */
static size_t place(const struct cpr_index *x, const struct table *t, uint64_t key)
{
	size_t i = hash(x, key) & (t->cap - 1);

	while (t->slot[i].phone && t->slot[i].key != key)
		i = (i + 1) & (t->cap - 1);
	return i;
}

static struct cpr_doctor_phone *find(
	const struct cpr_index *x, const struct table *t, uint64_t key)
{
	return t->cap ? t->slot[place(x, t, key)].phone : NULL;
}

static bool grow(const struct cpr_index *x, struct table *t)
{
	struct table bigger = {.cap = t->cap ? 2 * t->cap : SLOTS_MIN, .n = t->n};

	if (t->cap && (t->n + 1) * 2 <= t->cap)
		return true;
	bigger.slot = calloc(bigger.cap, sizeof(*bigger.slot));
	if (!bigger.slot)
		return false;
	for (size_t i = 0; i < t->cap; i++)
		if (t->slot[i].phone)
			bigger.slot[place(x, &bigger, t->slot[i].key)] = t->slot[i];
	free(t->slot);
	*t = bigger;
	return true;
}

static bool put(const struct cpr_index *x, struct table *t, uint64_t key,
	struct cpr_doctor_phone *p)
{
	size_t i;

	if (!grow(x, t))
		return false;
	i = place(x, t, key);
	t->n += !t->slot[i].phone;
	t->slot[i] = (struct slot){key, p};
	return true;
}

/* The entries behind it move up, where that brings them no farther than their own slot. */
static void drop(const struct cpr_index *x, struct table *t, uint64_t key)
{
	size_t hole = t->cap ? place(x, t, key) : 0, i = hole, mask = t->cap - 1;

	if (!t->cap || !t->slot[hole].phone)
		return;
	t->n--;
	for (;;) {
		size_t own;

		i = (i + 1) & mask;
		if (!t->slot[i].phone)
			break;
		own = hash(x, t->slot[i].key) & mask;
		if (((i - own) & mask) < ((i - hole) & mask))
			continue;
		t->slot[hole] = t->slot[i];
		hole = i;
	}
	t->slot[hole] = (struct slot){0};
}

static uint64_t mac_key(const uint8_t mac[6])
{
	uint64_t key = 0;

	for (size_t i = 0; i < 6; i++)
		key = key << 8 | mac[i];
	return key;
}

int cpr_phones_new(struct cpr_doctor *d)
{
	d->index = calloc(1, sizeof(*d->index));
	if (!d->index)
		return -ENOMEM;
	/* Early in a boot there may be none: the index is then merely guessable. */
	if (getrandom(d->index->seed, sizeof(d->index->seed), GRND_NONBLOCK) < 0)
		d->index->seed[0] = (uint64_t)(uintptr_t)d->index;
	if (!d->config.phones_max)
		d->config.phones_max = PHONES_MAX;
	return 0;
}

static void free_phone(struct cpr_doctor_phone *p)
{
	for (size_t i = 0; i < p->file_n; i++) {
		free(p->file[i].name);
		cpr_buf_free(&p->file[i].head);
	}
	free(p->file);
	cpr_loads_free(p->list);
	free(p->story);
	free(p);
}

void cpr_phones_free(struct cpr_doctor *d)
{
	for (size_t i = 0; i < d->phone_n; i++)
		free_phone(d->phone[i]);
	free(d->phone);
	if (d->index) {
		free(d->index->mac.slot);
		free(d->index->ip.slot);
		free(d->index->over);
	}
	free(d->index);
}

struct cpr_doctor_phone *cpr_phones_by_mac(
	const struct cpr_doctor *d, const uint8_t mac[6])
{
	return find(d->index, &d->index->mac, mac_key(mac));
}

struct cpr_doctor_phone *cpr_phones_by_ip(const struct cpr_doctor *d, struct in_addr ip)
{
	return find(d->index, &d->index->ip, ip.s_addr);
}

static bool room(struct cpr_doctor *d)
{
	size_t cap = d->phone_cap ? 2 * d->phone_cap : 16;
	struct cpr_doctor_phone **grown;

	if (d->phone_n < d->phone_cap)
		return true;
	grown = d->phone_n < d->config.phones_max
			? reallocarray(d->phone, cap, sizeof(*grown))
			: NULL;
	if (!grown)
		return false;
	d->phone = grown;
	d->phone_cap = cap;
	return true;
}

/* A phone counts once, however much it says; two that fall on one bit count once, too. */
static void count_over(struct cpr_doctor *d, uint64_t key)
{
	size_t bit = hash(d->index, key) % OVER;
	uint64_t mask = UINT64_C(1) << bit % 64, *word;

	if (!d->index->over)
		d->index->over = calloc(OVER / 64, sizeof(*word));
	if (!d->index->over)
		return;
	word = &d->index->over[bit / 64];
	d->phones_over += !(*word & mask);
	*word |= mask;
}

struct cpr_doctor_phone *cpr_phones_add(
	struct cpr_doctor *d, const uint8_t mac[6], const struct cpr_packet *packet)
{
	struct cpr_doctor_phone *p = NULL;

	if (d->phone_n < d->config.phones_max && room(d))
		p = calloc(1, sizeof(*p));
	if (p && mac_key(mac) && !put(d->index, &d->index->mac, mac_key(mac), p)) {
		free(p);
		p = NULL;
	}
	if (!p) {
		count_over(d, mac_key(mac) ? mac_key(mac) : packet->frame.source.s_addr);
		return NULL;
	}
	memcpy(p->mac, mac, 6);
	p->first = p->last = cpr_moment_of(packet);
	p->voice_vlan = d->voice_vlan;
	p->voice_vlan_seen = d->voice_vlan_seen;
	p->dhcp.lease = p->dhcp.renewed_from = p->dhcp.renewed_to = -1;
	p->dhcp.rival[0] = p->dhcp.rival[1] = p->dhcp.other.row = p->dhcp.unnamed.row =
		-1;
	p->dhcp.vlan = -1;
	p->current = -1;
	p->round.list = p->round.last_image = p->round.trust_file = -1;
	p->loads_refused.list = p->image_refused.image = -1;
	p->data_event = -1;
	d->phone[d->phone_n++] = p;
	return p;
}

bool cpr_phones_name(
	struct cpr_doctor *d, struct cpr_doctor_phone *p, const uint8_t mac[6])
{
	bool none = !mac_key(mac);

	if (memcmp(p->mac, mac, 6) == 0 || (none && !p->mac_guessed)) {
		p->mac_guessed = false;
		return true;
	}
	if (mac_key(p->mac) && !p->mac_guessed)
		return false;
	if (!none && (cpr_phones_by_mac(d, mac) ||
			     !put(d->index, &d->index->mac, mac_key(mac), p)))
		return false;
	if (p->mac_guessed)
		drop(d->index, &d->index->mac, mac_key(p->mac));
	p->mac_guessed = false;
	memcpy(p->mac, mac, 6);
	return true;
}

bool cpr_phone_name_mac(const char *name, uint8_t mac[6])
{
	const char *digits = cpr_text_after(name, "SEP");
	char copy[13] = "";

	if (!digits || strspn(digits, "0123456789abcdefABCDEF") != 12)
		return false;
	memcpy(copy, digits, 12);
	return cpr_mac_parse(copy, mac);
}

void cpr_phones_address(
	struct cpr_doctor *d, struct cpr_doctor_phone *p, struct in_addr ip)
{
	struct table *t = &d->index->ip;

	if (cpr_phones_by_ip(d, p->ip) == p) {
		if (p->ip.s_addr == ip.s_addr)
			return;
		drop(d->index, t, p->ip.s_addr);
	}
	p->ip = ip;
	if (ip.s_addr)
		put(d->index, t, ip.s_addr, p);
}

/* So few that going through them costs less than an index would. */
struct cpr_doctor_server *cpr_servers_seen(
	struct cpr_doctor *d, struct in_addr address, unsigned roles)
{
	struct cpr_doctor_server *grown;

	for (size_t i = 0; i < d->server_n; i++)
		if (d->server[i].address.s_addr == address.s_addr) {
			d->server[i].roles |= roles;
			return &d->server[i];
		}
	if (d->server_n == CPR_DOCTOR_SERVERS || !address.s_addr)
		return NULL;
	if (!d->server) {
		grown = calloc(CPR_DOCTOR_SERVERS, sizeof(*grown));
		if (!grown)
			return NULL;
		d->server = grown;
	}
	d->server[d->server_n] =
		(struct cpr_doctor_server){.address = address, .roles = roles};
	return &d->server[d->server_n++];
}
