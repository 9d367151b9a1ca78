/* A cable between two TAP interfaces that does what bad networks do, for kernels without netem
 * and without VLANs.
 *   wire A B [RULE...]
 * makes both, says "ready" and passes frames until it is killed.  Rules, each for what comes in
 * at one SIDE (a or b), N counting its UDP and TCP frames but DHCP's from 1:
 *   SIDE:drop=N          every Nth is lost
 *   SIDE:twice=N         every Nth comes twice
 *   SIDE:swap=N          every Nth comes after the next one, or 50 ms late
 *   SIDE:delay=MS        all are late
 *   SIDE:hold=N,MS       from the Nth on, all wait once for so long; order is kept
 *   tag=VID              B is a trunk: frames leave there with this 802.1Q tag, and of those
 *                        that come in only the ones with it pass, without it
 *   tag=VID,VID          the same with two tags, outer and inner (802.1ad) */
#include "cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum {
	QUEUE = 1024,
	FRAME = 2048,
	SWAP_MS = 50,
};

struct side {
	int fd;
	unsigned drop, twice, swap, delay, hold_at, hold_ms;
	unsigned seen;
	uint64_t held_until;
};

struct frame {
	bool used;
	uint64_t due, order;
	int to; /* side */
	size_t len;
	uint8_t bytes[FRAME];
};

static struct side sides[2];
static unsigned tags[2], tag_n;
static struct frame queue[QUEUE];
static uint64_t order;

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void die(const char *what)
{
	fprintf(stderr, "wire: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int tap(const char *name)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		die("/dev/net/tun");
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (ioctl(fd, TUNSETIFF, &request) < 0)
		die(name);
	return fd;
}

static void parse(const char *rule)
{
	static const struct {
		const char *name;
		size_t at;
	} keys[] = {
		{"drop", offsetof(struct side, drop)},
		{"twice", offsetof(struct side, twice)},
		{"swap", offsetof(struct side, swap)},
		{"delay", offsetof(struct side, delay)},
	};
	char side = 0, name[8] = "";
	unsigned a = 0, b = 0;
	int n = sscanf(rule, "%c:%7[a-z]=%u,%u", &side, name, &a, &b);

	if (sscanf(rule, "tag=%u,%u", &tags[0], &tags[1]) > 0) {
		tag_n = strchr(rule, ',') ? 2 : 1;
		return;
	}
	for (size_t i = 0;
		n == 3 && (side == 'a' || side == 'b') && a && i < CPR_ARRAY_LEN(keys);
		i++) {
		if (strcmp(name, keys[i].name) == 0) {
			memcpy((uint8_t *)&sides[side - 'a'] + keys[i].at, &a, sizeof(a));
			return;
		}
	}
	if (n != 4 || (side != 'a' && side != 'b') || strcmp(name, "hold") != 0) {
		fprintf(stderr, "wire: '%s' is no rule\n", rule);
		exit(2);
	}
	sides[side - 'a'].hold_at = a;
	sides[side - 'a'].hold_ms = b;
}

/* What the rules count: UDP and TCP, but not DHCP, whose few messages would go first. */
static bool counts(const uint8_t *f, size_t len)
{
	if (len < 42 || f[12] != 8 || f[13] != 0 || (f[23] != 17 && f[23] != 6))
		return false;
	return f[23] == 6 || f[34] != 0 || (f[35] != 67 && f[35] != 68);
}

static void put_tag(uint8_t *f, size_t *len, uint16_t type, unsigned vid)
{
	memmove(f + 16, f + 12, *len - 12);
	f[12] = (uint8_t)(type >> 8);
	f[13] = (uint8_t)type;
	f[14] = (uint8_t)(vid >> 8);
	f[15] = (uint8_t)vid;
	*len += 4;
}

static bool take_tag(uint8_t *f, size_t *len, unsigned vid)
{
	bool tagged = *len >= 18 &&
		      ((f[12] == 0x81 && !f[13]) || (f[12] == 0x88 && f[13] == 0xa8));

	if (!tagged || ((f[14] & 15u) << 8 | f[15]) != vid)
		return false;
	memmove(f + 12, f + 16, *len - 16);
	*len -= 4;
	return true;
}

static bool retag(int from, uint8_t *bytes, size_t *len)
{
	for (unsigned i = 0; from == 1 && i < tag_n; i++)
		if (!take_tag(bytes, len, tags[i]))
			return false;
	for (unsigned i = tag_n; from == 0 && i-- > 0;)
		put_tag(bytes, len, tag_n == 2 && i == 0 ? 0x88a8 : 0x8100, tags[i]);
	return true;
}

static void enqueue(int to, const uint8_t *bytes, size_t len, uint64_t due)
{
	for (size_t i = 0; i < QUEUE; i++) {
		if (queue[i].used)
			continue;
		queue[i] = (struct frame){
			.used = true, .due = due, .order = order++, .to = to, .len = len};
		memcpy(queue[i].bytes, bytes, len);
		return;
	}
}

static void came_in(int from)
{
	struct side *s = &sides[from];
	uint8_t bytes[FRAME];
	ssize_t n = read(s->fd, bytes, sizeof(bytes) - 8);
	size_t len = n > 0 ? (size_t)n : 0;
	uint64_t now = now_ms(), due = now + s->delay;
	bool counted;

	if (len < 14 || !retag(from, bytes, &len))
		return;
	counted = counts(bytes + (from ? 0 : 4 * tag_n), len - (from ? 0 : 4 * tag_n));
	s->seen += counted;
	if (counted && s->hold_at && s->seen == s->hold_at)
		s->held_until = now + s->hold_ms;
	if (s->held_until > due)
		due = s->held_until;
	if (counted && s->drop && s->seen % s->drop == 0)
		return;
	if (counted && s->swap && s->seen % s->swap == 0)
		due += SWAP_MS;
	enqueue(!from, bytes, len, due);
	if (counted && s->twice && s->seen % s->twice == 0)
		enqueue(!from, bytes, len, due);
}

/* The frame that is due next, or NULL. */
static struct frame *next(void)
{
	struct frame *best = NULL;

	for (size_t i = 0; i < QUEUE; i++) {
		struct frame *f = &queue[i];

		if (f->used && (!best || f->due < best->due ||
				       (f->due == best->due && f->order < best->order)))
			best = f;
	}
	return best;
}

/* Sends what is due; how long to sleep. */
static int go_out(void)
{
	struct frame *f;

	while ((f = next())) {
		uint64_t now = now_ms();

		if (f->due > now)
			return (int)(f->due - now);
		/* An interface that is down loses it, as a cable that is out does. */
		if (write(sides[f->to].fd, f->bytes, f->len) < 0 && errno != EIO &&
			errno != EAGAIN)
			die("write");
		f->used = false;
	}
	return -1;
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fputs("usage: wire A B [RULE...]\n", stderr);
		return 2;
	}
	for (int i = 3; i < argc; i++)
		parse(argv[i]);
	sides[0].fd = tap(argv[1]);
	sides[1].fd = tap(argv[2]);
	puts("ready");
	fflush(stdout);
	for (;;) {
		struct pollfd fds[2] = {{.fd = sides[0].fd, .events = POLLIN},
			{.fd = sides[1].fd, .events = POLLIN}};

		if (poll(fds, 2, go_out()) < 0 && errno != EINTR)
			die("poll");
		for (int i = 0; i < 2; i++)
			if (fds[i].revents & POLLIN)
				came_in(i);
	}
}
