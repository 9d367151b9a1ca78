/* Time is cut into steps of interval / n, one probe a step: probe k goes to server k % n, and
 * what has not answered when its turn comes again has missed.  The probes of a round share a
 * socket, the next round has a new one: an answer belongs to one probe by socket and address,
 * the source port changes with every probe of a server, and two sockets do for any number of
 * servers.  That matters inside Kea, whose select() ends at 1024 descriptors. */
#include "health.h"

#include "probe.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	WORD = 32,
	SERVERS_MAX = 65535,
	INTERVAL_MAX = 24 * 3600 * 1000,
};
/* Times are in nanoseconds. */
#define MILLISECOND INT64_C(1000000)
#define SECOND      (1000 * MILLISECOND)

struct server {
	struct in_addr address;
	bool asked, answered; /* the thread's own, of its last probe */
	unsigned half;        /* which socket */
	/* one word, so that a reader never sees half of a change: see pack() */
	_Atomic uint32_t state;
};

struct cpr_health {
	size_t n;
	uint16_t port;
	unsigned failures;
	int64_t step;
	uint8_t request[CPR_PROBE_MAX];
	size_t request_len;
	cpr_health_changed changed;
	void *context;
	int stop; /* eventfd */
	pthread_t thread;

	/* the thread's own */
	int socket[2]; /* of even and odd rounds; -1: none */
	uint64_t next; /* number of the next probe */
	int64_t due;

	uint32_t *dead; /* a bit each; only by __atomic functions: others read it */
	struct server server[];
};

static uint32_t pack(const struct cpr_health_state *s)
{
	uint32_t misses = s->misses < UINT32_MAX >> 3 ? s->misses : UINT32_MAX >> 3;

	return misses << 3 | (uint32_t)s->proven << 2 | (uint32_t)s->file_missing << 1 |
	       (uint32_t)s->alive;
}

void cpr_health_state(
	const struct cpr_health *h, size_t number, struct cpr_health_state *out)
{
	uint32_t state = atomic_load(&h->server[number].state);

	*out = (struct cpr_health_state){
		.server = h->server[number].address,
		.alive = state & 1,
		.file_missing = state >> 1 & 1,
		.proven = state >> 2 & 1,
		.misses = state >> 3,
	};
}

const uint32_t *cpr_health_dead(const struct cpr_health *h)
{
	return h->dead;
}

/* The thread alone writes, so reading and then writing loses nothing. */
static void publish(struct cpr_health *h, size_t number,
	const struct cpr_health_state *old, const struct cpr_health_state *new)
{
	uint32_t bit = (uint32_t)1 << number % WORD;

	atomic_store(&h->server[number].state, pack(new));
	if (new->alive)
		__atomic_fetch_and(&h->dead[number / WORD], ~bit, __ATOMIC_RELAXED);
	else
		__atomic_fetch_or(&h->dead[number / WORD], bit, __ATOMIC_RELAXED);
	if (h->changed &&
		(old->alive != new->alive || (new->file_missing && !old->file_missing)))
		h->changed(h->context, new->server, new->alive, new->file_missing);
}

static void note_answer(struct cpr_health *h, size_t number, bool file_missing)
{
	struct cpr_health_state old, new;

	cpr_health_state(h, number, &old);
	new = old;
	new.alive = new.proven = true;
	new.file_missing = file_missing;
	new.misses = 0;
	publish(h, number, &old, &new);
}

static void note_miss(struct cpr_health *h, size_t number)
{
	struct cpr_health_state old, new;

	cpr_health_state(h, number, &old);
	new = old;
	new.proven = true;
	new.misses++;
	if (new.misses >= h->failures)
		new.alive = new.file_missing = false;
	publish(h, number, &old, &new);
}

static int64_t clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * SECOND + t.tv_nsec;
}

/* Not the server's fault when this host has no socket for it. */
static bool ask(struct cpr_health *h, unsigned half, struct in_addr address)
{
	const struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(h->port),
		.sin_addr = address,
	};
	ssize_t n;

	if (h->socket[half] < 0)
		h->socket[half] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (h->socket[half] < 0)
		return false;
	do
		n = sendto(h->socket[half], h->request, h->request_len, MSG_DONTWAIT,
			(const struct sockaddr *)&to, sizeof(to));
	while (n < 0 && errno == EINTR);
	return n >= 0 || (errno != ENOBUFS && errno != ENOMEM && errno != EAGAIN);
}

static void probe(struct cpr_health *h)
{
	size_t number = h->next % h->n;
	unsigned half = h->next / h->n % 2;
	struct server *s = &h->server[number];

	if (number == 0 && h->socket[half] >= 0) {
		close(h->socket[half]);
		h->socket[half] = -1;
	}
	if (s->asked && !s->answered)
		note_miss(h, number);
	s->half = half;
	s->answered = false;
	s->asked = ask(h, half, s->address);
	h->next++;
	/* From now, not from when it was due: whoever was asked late may answer late. */
	h->due = clock_now() + h->step;
}

static void take_answer(struct cpr_health *h, unsigned half,
	const struct sockaddr_in *from, const uint8_t *bytes, size_t len)
{
	enum cpr_probe_answer answer = cpr_probe_classify(bytes, len);
	uint8_t end[CPR_PROBE_MAX];
	size_t i = 0;

	while (i < h->n && h->server[i].address.s_addr != from->sin_addr.s_addr)
		i++;
	if (answer == CPR_PROBE_OTHER || i == h->n || !h->server[i].asked ||
		h->server[i].half != half)
		return;
	/* Whatever port it came from: each transfer has one of its own.  Once more for a block
	 * sent again, because the first end may be lost. */
	if (answer == CPR_PROBE_ALIVE)
		(void)sendto(h->socket[half], end,
			cpr_probe_end(bytes, len, end, sizeof(end)), MSG_DONTWAIT,
			(const struct sockaddr *)from, sizeof(*from));
	if (!h->server[i].answered)
		note_answer(h, i, answer == CPR_PROBE_FILE_MISSING);
	h->server[i].answered = true;
}

/* At most as much as may wait honestly: a flood must not keep the thread from its end. */
static void receive(struct cpr_health *h, unsigned half)
{
	for (size_t left = 2 * h->n + 16; left && h->socket[half] >= 0; left--) {
		uint8_t bytes[CPR_PROBE_MAX];
		struct sockaddr_in from;
		socklen_t from_len = sizeof(from);
		ssize_t n = recvfrom(h->socket[half], bytes, sizeof(bytes), MSG_DONTWAIT,
			(struct sockaddr *)&from, &from_len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return;
		take_answer(h, half, &from, bytes, (size_t)n);
	}
}

static void *run(void *arg)
{
	struct cpr_health *h = arg;

	for (;;) {
		struct pollfd wait[] = {
			{.fd = h->stop, .events = POLLIN},
			{.fd = h->socket[0], .events = POLLIN},
			{.fd = h->socket[1], .events = POLLIN},
		};
		int64_t left = h->due - clock_now();
		struct timespec t = {0};
		bool due;

		if (left > 0)
			t = (struct timespec){left / SECOND, left % SECOND};
		if (ppoll(wait, 3, &t, NULL) > 0 && wait[0].revents)
			return NULL;
		/* The clock first: what came before the time was up counts. */
		due = clock_now() >= h->due;
		receive(h, 0);
		receive(h, 1);
		if (due)
			probe(h);
	}
}

/* The server's own signal handlers must never run in this thread. */
static int start(struct cpr_health *h)
{
	sigset_t all, old;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&h->thread, NULL, run, h);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r == 0)
		pthread_setname_np(h->thread, "option150");
	return -r;
}

static struct cpr_health *release(struct cpr_health *h)
{
	if (h->stop >= 0)
		close(h->stop);
	for (int half = 0; half < 2; half++)
		if (h->socket[half] >= 0)
			close(h->socket[half]);
	free(h->dead);
	free(h);
	return NULL;
}

static bool valid(const struct cpr_health_options *o)
{
	return o->n && o->n <= SERVERS_MAX && o->port && o->interval_ms &&
	       o->interval_ms <= INTERVAL_MAX && o->failures;
}

static void begin_server(
	struct cpr_health *h, size_t number, const struct cpr_health_options *o)
{
	struct cpr_health_state state = {.alive = true};

	for (size_t i = 0; i < o->known_n; i++)
		if (o->known[i].server.s_addr == o->server[number].s_addr)
			state = o->known[i];
	state.file_missing = false; /* it may have been another file */
	h->server[number].address = o->server[number];
	h->server[number].state = pack(&state);
	if (!state.alive)
		h->dead[number / WORD] |= (uint32_t)1 << number % WORD;
}

int cpr_health_new(struct cpr_health **out, const struct cpr_health_options *o,
	cpr_health_changed changed, void *context)
{
	struct cpr_health *h;
	int64_t step;
	int r;

	if (!valid(o))
		return -EINVAL;
	step = (int64_t)o->interval_ms * MILLISECOND / (int64_t)o->n;
	h = calloc(1, sizeof(*h) + o->n * sizeof(h->server[0]));
	if (!h)
		return -ENOMEM;
	*h = (struct cpr_health){
		.n = o->n,
		.port = o->port,
		.failures = o->failures,
		.step = step,
		.changed = changed,
		.context = context,
		.socket = {-1, -1},
		/* Not at once: Kea opens its raw sockets right after it loads its hooks, and
		 * until they have their filters they take any packet for a malformed DHCP. */
		.due = clock_now() + (step < SECOND ? step : SECOND),
		.dead = calloc((o->n + WORD - 1) / WORD, sizeof(*h->dead)),
	};
	h->request_len = cpr_probe_request(o->file, h->request, sizeof(h->request));
	for (size_t i = 0; h->dead && i < o->n; i++)
		begin_server(h, i, o);
	h->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = h->stop < 0       ? -errno
	    : !h->dead        ? -ENOMEM
	    : !h->request_len ? -EINVAL
			      : start(h);
	if (r < 0)
		release(h);
	else
		*out = h;
	return r;
}

struct cpr_health *cpr_health_free(struct cpr_health *h)
{
	if (!h)
		return NULL;
	eventfd_write(h->stop, 1);
	pthread_join(h->thread, NULL);
	return release(h);
}
