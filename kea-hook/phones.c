#include "phones.h"

#include "models.h"

#include <errno.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
	PARTS = 64,
	PART_ROWS = 1024, /* fewer, and an uneven hash would cost too many rows */
	CACHE_LINE = 64,
};

/* Rows are named by their place in the part, from 1; 0 is none, so that memory of zeros is an
 * empty table and is not touched before it is used. */
struct row {
	struct cpr_phone_row phone;
	uint32_t generation; /* of phone.sent */
	/* the last DISCOVERs, a ring; 32 bits of the clock are enough for differences */
	uint32_t discover_at[CPR_LOOP_DISCOVERS];
	uint32_t next; /* of its chain */
	uint32_t older, newer;
};

struct part {
	alignas(CACHE_LINE) pthread_mutex_t lock;
	struct row *row;
	uint32_t *chain; /* first rows, by hash; a power of two of them */
	uint32_t rows, used, oldest, newest;
};

struct cpr_phones {
	struct part part[PARTS];
	size_t part_n; /* a power of two; 0: nothing is tracked */
	uint64_t seed;
	uint32_t chain_mask;
	_Atomic uint32_t generation;
	struct row *row; /* of all parts */
	uint32_t *chain;
	size_t bytes;

	pthread_mutex_t mark_lock;
	_Atomic size_t mark_n; /* mostly none: then no packet takes the lock */
	struct cpr_phone_mark mark[CPR_RECOVERY_MARKS]; /* by MAC */
};

/* Keyed, or a stranger could send the server MACs that all share one chain.  The finaliser is
 * that of splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators). */
static uint64_t hash(const struct cpr_phones *p, const uint8_t mac[6])
{
	uint64_t h = 0;

	for (size_t i = 0; i < 6; i++)
		h = h << 8 | mac[i];
	h ^= p->seed;
	h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9;
	h = (h ^ h >> 27) * 0x94d049bb133111eb;
	return h ^ h >> 31;
}

/* The top bits choose the part, the low ones the chain. */
static struct part *part_of(struct cpr_phones *p, uint64_t h)
{
	return &p->part[h >> 58 & (p->part_n - 1)];
}

static struct row *row_at(const struct part *s, uint32_t place)
{
	return &s->row[place - 1];
}

static int share_rows(struct cpr_phones *p, size_t rows)
{
	size_t chains = 1, given = 0;

	p->part_n = 1;
	while (p->part_n < PARTS && rows / (p->part_n * 2) >= PART_ROWS)
		p->part_n *= 2;
	while (chains * p->part_n < rows)
		chains *= 2;
	p->chain_mask = (uint32_t)chains - 1;
	p->row = calloc(rows, sizeof(*p->row));
	p->chain = calloc(chains * p->part_n, sizeof(*p->chain));
	if (!p->row || !p->chain)
		return -ENOMEM;
	for (size_t i = 0; i < p->part_n; i++) {
		struct part *s = &p->part[i];

		s->rows = (uint32_t)(rows / p->part_n + (i < rows % p->part_n));
		s->row = p->row + given;
		s->chain = p->chain + i * chains;
		given += s->rows;
	}
	p->bytes += rows * sizeof(*p->row) + chains * p->part_n * sizeof(*p->chain);
	return 0;
}

int cpr_phones_new(struct cpr_phones **out, size_t rows)
{
	struct cpr_phones *p;
	int r = 0;

	if (rows > UINT32_MAX / 2)
		return -EINVAL;
	p = aligned_alloc(alignof(struct cpr_phones), sizeof(*p));
	if (!p)
		return -ENOMEM;
	memset(p, 0, sizeof(*p));
	p->bytes = sizeof(*p);
	/* Early in a boot there may be no randomness yet: the key is then 0. */
	if (getrandom(&p->seed, sizeof(p->seed), GRND_NONBLOCK) != sizeof(p->seed))
		p->seed = 0;
	for (size_t i = 0; i < PARTS; i++)
		pthread_mutex_init(&p->part[i].lock, NULL);
	pthread_mutex_init(&p->mark_lock, NULL);
	if (rows)
		r = share_rows(p, rows);
	if (r < 0)
		cpr_phones_free(p);
	else
		*out = p;
	return r;
}

struct cpr_phones *cpr_phones_free(struct cpr_phones *p)
{
	if (!p)
		return NULL;
	for (size_t i = 0; i < PARTS; i++)
		pthread_mutex_destroy(&p->part[i].lock);
	pthread_mutex_destroy(&p->mark_lock);
	free(p->row);
	free(p->chain);
	free(p);
	return NULL;
}

static uint32_t find(const struct part *s, uint32_t chain, const uint8_t mac[6])
{
	uint32_t i = s->chain[chain];

	while (i && memcmp(row_at(s, i)->phone.mac, mac, 6) != 0)
		i = row_at(s, i)->next;
	return i;
}

static void age_unlink(struct part *s, uint32_t place)
{
	struct row *r = row_at(s, place);

	*(r->older ? &row_at(s, r->older)->newer : &s->oldest) = r->newer;
	*(r->newer ? &row_at(s, r->newer)->older : &s->newest) = r->older;
}

static void age_newest(struct part *s, uint32_t place)
{
	struct row *r = row_at(s, place);

	r->older = s->newest;
	r->newer = 0;
	*(r->older ? &row_at(s, r->older)->newer : &s->oldest) = place;
	s->newest = place;
}

/* The place of the part's oldest row, which is in no chain any more. */
static uint32_t evict(const struct cpr_phones *p, struct part *s)
{
	uint32_t place = s->oldest;
	struct row *r = row_at(s, place);
	uint32_t *link = &s->chain[hash(p, r->phone.mac) & p->chain_mask];

	while (*link != place)
		link = &row_at(s, *link)->next;
	*link = r->next;
	age_unlink(s, place);
	return place;
}

static uint32_t add(const struct cpr_phones *p, struct part *s, uint32_t chain,
	const uint8_t mac[6], int64_t now)
{
	uint32_t place = s->used < s->rows ? ++s->used : evict(p, s);
	struct row *r = row_at(s, place);

	*r = (struct row){
		.phone = {.first_seen = now, .last_seen = now},
		.next = s->chain[chain],
	};
	memcpy(r->phone.mac, mac, 6);
	s->chain[chain] = place;
	age_newest(s, place);
	return place;
}

static void note_vendor(struct cpr_phone_row *phone, const struct cpr_vendor *v)
{
	size_t n = strnlen(v->text, sizeof(phone->model) - 1);

	if (v->model)
		phone->device_id = v->model->device_id;
	if (n) {
		memcpy(phone->model, v->text, n);
		phone->model[n] = 0;
	}
}

/* The time since the DISCOVER of this number.  Threads may pass in the other order than they
 * read the clock: it may be negative. */
static int32_t since(const struct row *r, uint32_t number, int64_t now)
{
	return (int32_t)((uint32_t)now - r->discover_at[number % CPR_LOOP_DISCOVERS]);
}

static bool note_message(struct row *r, bool discover, int64_t now)
{
	struct cpr_phone_row *phone = &r->phone;
	bool looped;

	if (phone->last_seen < now)
		phone->last_seen = now;
	if (phone->discovers && since(r, phone->discovers - 1, now) >= CPR_LOOP_SECONDS) {
		phone->discovers = 0;
		phone->looping = false;
	}
	if (!discover)
		return false;
	looped = phone->looping;
	r->discover_at[phone->discovers++ % CPR_LOOP_DISCOVERS] = (uint32_t)now;
	if (phone->discovers >= CPR_LOOP_DISCOVERS &&
		since(r, phone->discovers - CPR_LOOP_DISCOVERS, now) <= CPR_LOOP_SECONDS)
		phone->looping = true;
	return phone->looping && !looped;
}

bool cpr_phones_seen(struct cpr_phones *p, const uint8_t mac[6],
	const struct cpr_vendor *vendor, bool discover, int64_t now,
	struct cpr_sent *last)
{
	uint64_t h = hash(p, mac);
	uint32_t chain = (uint32_t)h & p->chain_mask, place;
	struct part *s = part_of(p, h);
	struct row *r;
	bool loops;

	*last = (struct cpr_sent){0};
	if (!p->part_n)
		return false;
	pthread_mutex_lock(&s->lock);
	place = find(s, chain, mac);
	if (place) {
		age_unlink(s, place);
		age_newest(s, place);
	} else {
		place = add(p, s, chain, mac, now);
	}
	r = row_at(s, place);
	if (vendor)
		note_vendor(&r->phone, vendor);
	loops = note_message(r, discover, now);
	if (r->generation == atomic_load(&p->generation))
		*last = r->phone.sent;
	pthread_mutex_unlock(&s->lock);
	return loops;
}

void cpr_phones_answered(struct cpr_phones *p, const uint8_t mac[6],
	struct in_addr address, const struct cpr_answer *answer, int64_t now)
{
	uint64_t h = hash(p, mac);
	struct part *s = part_of(p, h);
	uint32_t place;

	if (!p->part_n)
		return;
	pthread_mutex_lock(&s->lock);
	place = find(s, (uint32_t)h & p->chain_mask, mac);
	if (place) {
		struct row *r = row_at(s, place);

		r->phone.last_answer = now;
		r->phone.reason = answer->reason;
		if (address.s_addr)
			r->phone.address = address;
		if (answer->sent.n) {
			r->phone.sent = answer->sent;
			r->generation = atomic_load(&p->generation);
		}
	}
	pthread_mutex_unlock(&s->lock);
}

void cpr_phones_forget_sent(struct cpr_phones *p)
{
	atomic_fetch_add(&p->generation, 1);
}

/* The lowest MACs so far: a heap with the highest of them on top, in the caller's memory. */
struct page {
	struct cpr_phone_row *row;
	size_t n, limit;
};

static bool above(const struct cpr_phone_row *a, const struct cpr_phone_row *b)
{
	return memcmp(a->mac, b->mac, 6) > 0;
}

static void swap(struct cpr_phone_row *a, struct cpr_phone_row *b)
{
	struct cpr_phone_row t = *a;

	*a = *b;
	*b = t;
}

static void sink(struct cpr_phone_row *row, size_t n)
{
	for (size_t i = 0, child; (child = 2 * i + 1) < n; i = child) {
		if (child + 1 < n && above(&row[child + 1], &row[child]))
			child++;
		if (!above(&row[child], &row[i]))
			return;
		swap(&row[i], &row[child]);
	}
}

static void page_add(struct page *page, const struct cpr_phone_row *phone)
{
	struct cpr_phone_row *row = page->row;

	if (page->n < page->limit) {
		size_t i = page->n++;

		row[i] = *phone;
		for (; i && above(&row[i], &row[(i - 1) / 2]); i = (i - 1) / 2)
			swap(&row[i], &row[(i - 1) / 2]);
	} else if (page->limit && above(&row[0], phone)) {
		row[0] = *phone;
		sink(row, page->n);
	}
}

static void page_sort(struct page *page)
{
	for (size_t n = page->n; n > 1; n--) {
		swap(&page->row[0], &page->row[n - 1]);
		sink(page->row, n - 1);
	}
}

static bool matches(const struct cpr_phones_query *q, const struct cpr_phone_row *phone)
{
	return (!q->mac || memcmp(q->mac, phone->mac, 6) == 0) &&
	       (!q->device_id || q->device_id == phone->device_id) &&
	       (!q->looping || phone->looping);
}

size_t cpr_phones_list(struct cpr_phones *p, const struct cpr_phones_query *q,
	struct cpr_phone_row *out, size_t *total)
{
	static const uint8_t start[6];
	struct page page = {.row = out, .limit = q->limit};
	bool all = memcmp(q->after, start, 6) == 0;

	*total = 0;
	for (size_t i = 0; i < p->part_n; i++) {
		struct part *s = &p->part[i];

		pthread_mutex_lock(&s->lock);
		for (uint32_t place = 1; place <= s->used; place++) {
			const struct cpr_phone_row *phone = &row_at(s, place)->phone;

			if (!matches(q, phone))
				continue;
			++*total;
			if (all || memcmp(phone->mac, q->after, 6) > 0)
				page_add(&page, phone);
		}
		pthread_mutex_unlock(&s->lock);
	}
	page_sort(&page);
	return page.n;
}

size_t cpr_phones_count(struct cpr_phones *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->part_n; i++) {
		pthread_mutex_lock(&p->part[i].lock);
		n += p->part[i].used;
		pthread_mutex_unlock(&p->part[i].lock);
	}
	return n;
}

size_t cpr_phones_bytes(const struct cpr_phones *p)
{
	return p->bytes;
}

/* The place of the first mark that is not below the MAC. */
static size_t mark_place(const struct cpr_phones *p, const uint8_t mac[6])
{
	size_t low = 0, high = atomic_load(&p->mark_n);

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (memcmp(p->mark[middle].mac, mac, 6) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct cpr_phone_mark *mark_find(struct cpr_phones *p, const uint8_t mac[6])
{
	size_t i = mark_place(p, mac);

	return i < atomic_load(&p->mark_n) && memcmp(p->mark[i].mac, mac, 6) == 0
		       ? &p->mark[i]
		       : NULL;
}

static void marks_drop_over(struct cpr_phones *p, int64_t now)
{
	size_t n = atomic_load(&p->mark_n), kept = 0;

	for (size_t i = 0; i < n; i++)
		if (p->mark[i].until > now)
			p->mark[kept++] = p->mark[i];
	atomic_store(&p->mark_n, kept);
}

static int mark_add(
	struct cpr_phones *p, const uint8_t mac[6], int64_t now, int64_t until)
{
	size_t n, i;

	marks_drop_over(p, now);
	n = atomic_load(&p->mark_n);
	if (n == CPR_RECOVERY_MARKS)
		return -ENOSPC;
	i = mark_place(p, mac);
	memmove(&p->mark[i + 1], &p->mark[i], (n - i) * sizeof(p->mark[0]));
	p->mark[i] = (struct cpr_phone_mark){.until = until};
	memcpy(p->mark[i].mac, mac, 6);
	atomic_store(&p->mark_n, n + 1);
	return 0;
}

int cpr_phones_mark(
	struct cpr_phones *p, const uint8_t mac[6], int64_t now, int64_t until)
{
	struct cpr_phone_mark *mark;
	int r;

	pthread_mutex_lock(&p->mark_lock);
	mark = mark_find(p, mac);
	if (mark) {
		r = mark->until > now;
		mark->until = until;
	} else {
		r = mark_add(p, mac, now, until);
	}
	pthread_mutex_unlock(&p->mark_lock);
	return r;
}

bool cpr_phones_unmark(struct cpr_phones *p, const uint8_t mac[6])
{
	struct cpr_phone_mark *mark;

	pthread_mutex_lock(&p->mark_lock);
	mark = mark_find(p, mac);
	if (mark) {
		size_t n = atomic_load(&p->mark_n) - 1;

		memmove(mark, mark + 1, (n - (size_t)(mark - p->mark)) * sizeof(*mark));
		atomic_store(&p->mark_n, n);
	}
	pthread_mutex_unlock(&p->mark_lock);
	return mark != NULL;
}

bool cpr_phones_marked(
	struct cpr_phones *p, const uint8_t mac[6], int64_t now, int64_t *until)
{
	struct cpr_phone_mark *mark;
	bool marked;

	if (!atomic_load(&p->mark_n))
		return false;
	pthread_mutex_lock(&p->mark_lock);
	mark = mark_find(p, mac);
	marked = mark && mark->until > now;
	if (marked && until)
		*until = mark->until;
	pthread_mutex_unlock(&p->mark_lock);
	return marked;
}

size_t cpr_phones_marks(
	struct cpr_phones *p, int64_t now, struct cpr_phone_mark *out, size_t cap)
{
	size_t n = 0, all;

	pthread_mutex_lock(&p->mark_lock);
	all = atomic_load(&p->mark_n);
	for (size_t i = 0; i < all && n < cap; i++)
		if (p->mark[i].until > now)
			out[n++] = p->mark[i];
	pthread_mutex_unlock(&p->mark_lock);
	return n;
}
