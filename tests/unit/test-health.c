#include "cleanup.h"
#include "health.h"
#include "tftp.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include <cmocka.h>

/* TFTP servers on 127.0.0.0/8, one address each, all on the same port, in a thread.  A transfer
 * goes on at another port of the server's, as RFC 1350 wants it. */
enum mode {
	SILENT,
	DATA,  /* the first block of several */
	SHORT, /* a file of one block */
	OACK,
	MISSING,
	DENIED,
	GARBAGE,
	WRONG_ADDRESS, /* DATA, but from another server's address */
	LATE,          /* DATA, but to the port of the probe before */
	ONCE,          /* DATA, then SILENT */
};

enum {
	SERVERS = 40
};

struct farm {
	struct in_addr address[SERVERS];
	uint16_t port;
	size_t n;
	int listen[SERVERS], transfer[SERVERS], stranger, stop[2];
	pthread_t thread;
	_Atomic enum mode mode[SERVERS];
	_Atomic unsigned requests[SERVERS], answers[SERVERS];
	_Atomic unsigned aborts[SERVERS], acks[SERVERS]; /* at the transfer's port */
	_Atomic unsigned wrong;                          /* anything else, from anybody */
	_Atomic unsigned same_port; /* a probe from the port of the one before */
	struct sockaddr_in before[SERVERS];
	/* what the prober told */
	_Atomic unsigned turned_dead, turned_alive, said_missing;
};

static const char block[516] = {0, 3, 0, 1};
static const struct {
	const char *bytes;
	size_t len;
} said[] = {
	[DATA] = {block, sizeof(block)},
	[SHORT] = {"\0\3\0\1<Default/>", 14},
	[OACK] = {"\0\6blksize\000512", 14},
	[MISSING] = {"\0\5\0\1File not found", 19},
	[DENIED] = {"\0\5\0\2Access violation", 21},
	[GARBAGE] = {"\xff\0\1", 3},
	[WRONG_ADDRESS] = {"\0\3\0\1<Default/>", 14},
	[LATE] = {"\0\3\0\1<Default/>", 14},
	[ONCE] = {"\0\3\0\1<Default/>", 14},
};

static int udp(struct in_addr address, uint16_t port)
{
	const struct sockaddr_in a = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr = address,
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	if (bind(fd, (const struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	close(fd);
	return -1;
}

static void reply(struct farm *f, size_t i, const struct sockaddr_in *from)
{
	enum mode mode = f->mode[i];
	struct sockaddr_in to = mode == LATE ? f->before[i] : *from;
	int fd = mode == WRONG_ADDRESS ? f->stranger : f->transfer[i];

	f->same_port += f->before[i].sin_port == from->sin_port;
	f->before[i] = *from;
	if (mode == ONCE)
		f->mode[i] = SILENT;
	if (mode != SILENT && to.sin_port) {
		sendto(fd, said[mode].bytes, said[mode].len, 0, (struct sockaddr *)&to,
			sizeof(to));
		f->answers[i]++;
	}
	f->requests[i]++;
}

static void take(struct farm *f, size_t i, bool transfer)
{
	uint8_t bytes[600];
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	ssize_t n = recvfrom(transfer ? f->transfer[i] : f->listen[i], bytes,
		sizeof(bytes), MSG_DONTWAIT, (struct sockaddr *)&from, &len);
	struct cpr_tftp t;

	if (n < 0)
		return;
	if (cpr_tftp_parse(bytes, (size_t)n, &t) != CPR_TFTP_OK)
		f->wrong++;
	else if (transfer && t.opcode == CPR_TFTP_ERROR && t.block == 0)
		f->aborts[i]++;
	else if (transfer && t.opcode == CPR_TFTP_ACK && t.block == 1)
		f->acks[i]++;
	else if (!transfer && t.opcode == CPR_TFTP_RRQ && t.len == 0 &&
		 strcmp(t.text, "XMLDefault.cnf.xml") == 0)
		reply(f, i, &from);
	else
		f->wrong++;
}

static void *serve(void *arg)
{
	struct farm *f = arg;
	struct pollfd wait[2 * SERVERS + 1];

	for (size_t i = 0; i < f->n; i++) {
		wait[2 * i] = (struct pollfd){.fd = f->listen[i], .events = POLLIN};
		wait[2 * i + 1] = (struct pollfd){.fd = f->transfer[i], .events = POLLIN};
	}
	wait[2 * f->n] = (struct pollfd){.fd = f->stop[0], .events = POLLIN};
	while (poll(wait, 2 * f->n + 1, -1) < 0 || !wait[2 * f->n].revents)
		for (size_t i = 0; i < f->n; i++) {
			take(f, i, false);
			take(f, i, true);
		}
	return NULL;
}

static bool listen_all(struct farm *f)
{
	socklen_t len = sizeof(struct sockaddr_in);
	struct sockaddr_in a;

	f->port = 0;
	for (size_t i = 0; i < f->n; i++) {
		f->listen[i] = udp(f->address[i], f->port);
		if (f->listen[i] < 0) {
			while (i--)
				close(f->listen[i]);
			return false;
		}
		getsockname(f->listen[i], (struct sockaddr *)&a, &len);
		f->port = ntohs(a.sin_port);
	}
	return true;
}

static struct farm *farm_new(size_t n, enum mode mode)
{
	struct farm *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->n = n;
	for (size_t i = 0; i < n; i++) {
		f->address[i].s_addr = htonl(0x7f000101 + (uint32_t)i);
		f->mode[i] = mode;
	}
	while (!listen_all(f))
		;
	for (size_t i = 0; i < n; i++)
		f->transfer[i] = udp(f->address[i], 0);
	f->stranger = udp((struct in_addr){htonl(0x7f000201)}, 0);
	assert_int_equal(pipe(f->stop), 0);
	assert_int_equal(pthread_create(&f->thread, NULL, serve, f), 0);
	return f;
}

static void farm_free(struct farm *f)
{
	close(f->stop[1]);
	pthread_join(f->thread, NULL);
	close(f->stop[0]);
	close(f->stranger);
	for (size_t i = 0; i < f->n; i++) {
		close(f->listen[i]);
		close(f->transfer[i]);
	}
	assert_int_equal(f->wrong, 0);
	/* a round in 28,000 gets the port of the one before by chance */
	assert_in_range(f->same_port, 0, f->n);
	free(f);
}

static void changed(void *context, struct in_addr server, bool alive, bool file_missing)
{
	struct farm *f = context;

	if ((ntohl(server.s_addr) & 0xffffff00) != 0x7f000100)
		f->wrong++;
	if (file_missing)
		f->said_missing++;
	else if (alive)
		f->turned_alive++;
	else
		f->turned_dead++;
}

static struct cpr_health *prober(struct farm *f, unsigned interval_ms, unsigned failures)
{
	const struct cpr_health_options o = {
		.server = f->address,
		.n = f->n,
		.port = f->port,
		.interval_ms = interval_ms,
		.failures = failures,
		.file = "XMLDefault.cnf.xml",
	};
	struct cpr_health *h = NULL;

	assert_int_equal(cpr_health_new(&h, &o, changed, f), 0);
	return h;
}

static struct cpr_health_state state_of(const struct cpr_health *h, size_t number)
{
	struct cpr_health_state s;

	cpr_health_state(h, number, &s);
	return s;
}

static bool dead(const struct cpr_health *h, size_t number)
{
	const uint32_t *word = cpr_health_dead(h);

	return __atomic_load_n(&word[number / 32], __ATOMIC_RELAXED) >> number % 32 & 1;
}

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* Until it holds; a slow machine has half a minute. */
#define UNTIL(condition)                                                               \
	do {                                                                           \
		int left_ = 15000;                                                     \
		while (!(condition)) {                                                 \
			if (!left_--)                                                  \
				fail_msg("%s:%d: %s: not in 30 s", __func__, __LINE__, \
					#condition);                                   \
			pause_ms(2);                                                   \
		}                                                                      \
	} while (0)

static const struct {
	const char *name;
	enum mode mode;
	bool alive, file_missing;
	unsigned aborts, acks; /* at least; 0: none */
} answers[] = {
	{"data", DATA, true, false, 2, 0},
	{"a file of one block", SHORT, true, false, 0, 2},
	{"oack", OACK, true, false, 2, 0},
	{"error 1", MISSING, true, true, 0, 0},
	{"error 2", DENIED, false, false, 0, 0},
	{"garbage", GARBAGE, false, false, 0, 0},
	{"data from a wrong address", WRONG_ADDRESS, false, false, 0, 0},
	{"data for the probe before", LATE, false, false, 0, 0},
	{"nothing", SILENT, false, false, 0, 0},
};

static void what_answers_prove(void **state)
{
	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(answers); i++) {
		struct farm *f = farm_new(1, answers[i].mode);
		/* where the server must not turn dead, let the machine be slow */
		struct cpr_health *h = prober(f, 30, answers[i].alive ? 1000 : 3);
		struct cpr_health_state s;

		if (answers[i].alive)
			UNTIL(state_of(h, 0).proven && f->requests[0] >= 4);
		else
			UNTIL(dead(h, 0));
		UNTIL(f->aborts[0] >= answers[i].aborts && f->acks[0] >= answers[i].acks);
		assert_int_equal(f->aborts[0] > 0, answers[i].aborts > 0);
		assert_int_equal(f->acks[0] > 0, answers[i].acks > 0);
		s = state_of(h, 0);
		if (s.alive != answers[i].alive || s.alive == dead(h, 0) || !s.proven ||
			s.file_missing != answers[i].file_missing)
			fail_msg("%s: alive %d, missing %d", answers[i].name, s.alive,
				s.file_missing);
		assert_int_equal(s.server.s_addr, f->address[0].s_addr);
		assert_null(cpr_health_free(h));
		assert_int_equal(f->turned_dead, !answers[i].alive);
		assert_int_equal(f->turned_alive, 0);
		assert_int_equal(f->said_missing, answers[i].file_missing);
		farm_free(f);
	}
}

/* Never dead with fewer misses in a row than that, never alive with more. */
static void dead_after_so_many_misses(void **state)
{
	struct farm *f = farm_new(1, SILENT);
	struct cpr_health *h = prober(f, 20, 3);
	struct cpr_health_state s;

	(void)state;
	assert_false(dead(h, 0) && state_of(h, 0).misses < 3);
	do {
		s = state_of(h, 0);
		assert_int_equal(s.alive, s.misses < 3);
		assert_int_equal(s.proven, s.misses > 0);
	} while (s.misses < 5 && f->requests[0] < 10000);
	assert_int_equal(f->turned_dead, 1);
	cpr_health_free(h);
	farm_free(f);
}

static void off_and_on(void **state)
{
	struct farm *f = farm_new(1, SILENT);
	struct cpr_health *h = prober(f, 200, 2);

	(void)state;
	UNTIL(f->turned_dead == 1);
	assert_true(dead(h, 0));
	f->mode[0] = ONCE;
	UNTIL(f->turned_alive == 1); /* by one answer */
	UNTIL(f->turned_dead == 2);
	assert_int_equal(f->answers[0], 1);
	f->mode[0] = MISSING;
	UNTIL(f->said_missing >= 1);
	UNTIL(!dead(h, 0) && state_of(h, 0).file_missing);
	f->mode[0] = DATA;
	UNTIL(!state_of(h, 0).file_missing);
	f->mode[0] = SILENT;
	UNTIL(dead(h, 0));
	assert_int_equal(state_of(h, 0).file_missing, 0);
	cpr_health_free(h);
	farm_free(f);
}

static void each_of_many_servers(void **state)
{
	struct farm *f = farm_new(SERVERS, DATA);
	struct cpr_health *h;
	const uint32_t *word;
	size_t alive = 0;

	(void)state;
	f->mode[1] = f->mode[31] = f->mode[32] = f->mode[39] = SILENT;
	h = prober(f, 200, 3);
	UNTIL(dead(h, 1) && dead(h, 31) && dead(h, 32) && dead(h, 39));
	/* A slow machine may miss others for a while: they come back. */
	word = cpr_health_dead(h);
	UNTIL(__atomic_load_n(&word[0], __ATOMIC_RELAXED) == 0x80000002 &&
		__atomic_load_n(&word[1], __ATOMIC_RELAXED) == 0x81);
	for (size_t i = 0; i < SERVERS; i++)
		alive += state_of(h, i).proven && f->answers[i] > 0;
	assert_int_equal(alive, SERVERS - 4);
	cpr_health_free(h);
	farm_free(f);
}

/* What the last prober knew holds for the next, whatever the order of its servers. */
static void knowledge_is_handed_on(void **state)
{
	struct farm *f = farm_new(2, SILENT);
	struct cpr_health_state known[] = {
		{.server = {htonl(0x7f000199)}, .alive = false},
		{.server = f->address[1],
			.proven = true,
			.misses = 9,
			.file_missing = true},
		{.server = f->address[0], .alive = true, .proven = true, .misses = 1},
	};
	struct cpr_health_options o = {
		.server = f->address,
		.n = 2,
		.port = f->port,
		.interval_ms = 3600000,
		.failures = 3,
		.file = "XMLDefault.cnf.xml",
		.known = known,
		.known_n = CPR_ARRAY_LEN(known),
	};
	struct cpr_health *h = NULL;
	struct cpr_health_state s;

	(void)state;
	assert_int_equal(cpr_health_new(&h, &o, changed, f), 0);
	assert_false(dead(h, 0));
	assert_true(dead(h, 1));
	s = state_of(h, 1);
	assert_false(s.alive);
	assert_int_equal(s.misses, 9);
	assert_false(s.file_missing); /* that may have been another file */
	cpr_health_free(h);
	assert_int_equal(f->turned_dead, 0);
	f->mode[1] = DATA;
	o.interval_ms = 100;
	o.failures = 1000;
	assert_int_equal(cpr_health_new(&h, &o, changed, f), 0);
	UNTIL(f->turned_alive == 1);
	assert_false(dead(h, 1));
	cpr_health_free(h);
	assert_int_equal(f->turned_dead, 0);
	farm_free(f);
}

static void probes_are_spread(void **state)
{
	struct farm *f = farm_new(2, DATA);
	struct cpr_health *h = prober(f, 3600000, 3);

	(void)state;
	UNTIL(state_of(h, 0).proven);
	assert_int_equal(f->requests[1], 0);
	assert_false(state_of(h, 1).proven);
	assert_true(state_of(h, 1).alive);
	cpr_health_free(h);
	farm_free(f);
}

/* This host's shortage is no server's death. */
static void no_socket_is_no_miss(void **state)
{
	struct farm *f = farm_new(1, DATA);
	struct rlimit had, few;
	struct cpr_health *h;
	int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_true(lowest >= 0);
	close(lowest);
	getrlimit(RLIMIT_NOFILE, &had);
	few = had;
	few.rlim_cur = (rlim_t)lowest + 1; /* the eventfd, nothing else */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	h = prober(f, 5, 1);
	pause_ms(200);
	assert_false(state_of(h, 0).proven);
	assert_false(dead(h, 0));
	assert_int_equal(f->requests[0], 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &had), 0);
	UNTIL(state_of(h, 0).proven);
	cpr_health_free(h);
	few.rlim_cur = (rlim_t)lowest; /* not even that */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	h = NULL;
	assert_int_equal(cpr_health_new(&h,
				 &(struct cpr_health_options){f->address, 1, f->port, 5,
					 1, "XMLDefault.cnf.xml", NULL, 0},
				 NULL, NULL),
		-EMFILE);
	assert_null(h);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &had), 0);
	farm_free(f);
}

static void no_route_is_a_miss(void **state)
{
	/* a broadcast address without SO_BROADCAST: sendto() says EACCES */
	const struct in_addr nowhere = {htonl(INADDR_BROADCAST)};
	struct cpr_health *h = NULL;

	(void)state;
	assert_int_equal(cpr_health_new(&h,
				 &(struct cpr_health_options){&nowhere, 1, 69, 10, 2,
					 "XMLDefault.cnf.xml", NULL, 0},
				 NULL, NULL),
		0);
	UNTIL(dead(h, 0));
	cpr_health_free(h);
}

static unsigned entries(const char *folder)
{
	DIR *d = opendir(folder);
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void made_and_freed_200_times(void **state)
{
	struct farm *f = farm_new(8, DATA);
	unsigned fds = entries("/proc/self/fd"), threads = entries("/proc/self/task");
	int64_t worst = 0;

	(void)state;
	f->mode[0] = SILENT;
	for (int k = 0; k < 200; k++) {
		struct cpr_health *h = prober(f, k % 2 ? 3600000 : 8, 3);
		int64_t start;

		if (k % 20 == 0)
			UNTIL(state_of(h, 2).proven);
		if (k % 4 == 0)
			assert_in_range(entries("/proc/self/fd"), fds + 1, fds + 3);
		start = now_ms();
		cpr_health_free(h);
		start = now_ms() - start;
		worst = start > worst ? start : worst;
	}
	assert_int_equal(entries("/proc/self/fd"), fds);
	/* pthread_join() returns a little before the kernel takes the entry away */
	UNTIL(entries("/proc/self/task") <= threads);
	assert_in_range(worst, 0, 5000); /* of an interval of an hour */
	print_message("slowest stop: %d ms\n", (int)worst);
	farm_free(f);
}

/* The mask of blocked signals of the thread that has this name. */
static unsigned long long blocked(const char *name)
{
	unsigned long long mask = 0;
	DIR *d = opendir("/proc/self/task");
	struct dirent *e;

	assert_non_null(d);
	while ((e = readdir(d))) {
		char path[300], line[200];
		bool it = false;

		snprintf(path, sizeof(path), "/proc/self/task/%s/status", e->d_name);
		_cleanup_(cpr_fclosep) FILE *status = fopen(path, "re");

		while (status && fgets(line, sizeof(line), status)) {
			char said_name[20] = "";

			if (sscanf(line, "Name: %19s", said_name) == 1)
				it = strcmp(said_name, name) == 0;
			if (it)
				sscanf(line, "SigBlk: %llx", &mask);
		}
	}
	closedir(d);
	return mask;
}

static void no_signal_reaches_the_thread(void **state)
{
	struct farm *f = farm_new(1, DATA);
	struct cpr_health *h = prober(f, 1000, 3);
	/* HUP INT QUIT USR1 USR2 ALRM TERM CHLD */
	const unsigned long long mine =
		1 | 2 | 4 | 1 << 9 | 1 << 11 | 1 << 13 | 1 << 14 | 1 << 16;

	(void)state;
	sigset_t ours;

	UNTIL(state_of(h, 0).proven); /* it runs: what its creation blocked is over */
	assert_int_equal(blocked("option150") & mine, mine);
	pthread_sigmask(SIG_SETMASK, NULL, &ours);
	assert_int_equal(sigismember(&ours, SIGTERM), 0); /* ours is as it was */
	cpr_health_free(h);
	farm_free(f);
}

static void odd_options_are_refused(void **state)
{
	const struct in_addr a = {htonl(INADDR_LOOPBACK)};
	char name[600] = "";
	const struct cpr_health_options rows[] = {
		{&a, 0, 69, 1000, 3, "f", NULL, 0},
		{&a, 1, 0, 1000, 3, "f", NULL, 0},
		{&a, 1, 69, 0, 3, "f", NULL, 0},
		{&a, 1, 69, 86400001, 3, "f", NULL, 0},
		{&a, 1, 69, 1000, 0, "f", NULL, 0},
		{&a, 1, 69, 1000, 3, "", NULL, 0},
		{&a, 1, 69, 1000, 3, name, NULL, 0},
	};
	unsigned fds = entries("/proc/self/fd");

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		struct cpr_health *h = NULL;

		assert_int_equal(cpr_health_new(&h, &rows[i], NULL, NULL), -EINVAL);
		assert_null(h);
	}
	assert_int_equal(entries("/proc/self/fd"), fds);
	assert_null(cpr_health_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_answers_prove),
		cmocka_unit_test(dead_after_so_many_misses),
		cmocka_unit_test(off_and_on),
		cmocka_unit_test(each_of_many_servers),
		cmocka_unit_test(knowledge_is_handed_on),
		cmocka_unit_test(probes_are_spread),
		cmocka_unit_test(no_socket_is_no_miss),
		cmocka_unit_test(no_route_is_a_miss),
		cmocka_unit_test(made_and_freed_200_times),
		cmocka_unit_test(no_signal_reaches_the_thread),
		cmocka_unit_test(odd_options_are_refused),
	};

	return cmocka_run_group_tests_name("health", tests, NULL, NULL);
}
