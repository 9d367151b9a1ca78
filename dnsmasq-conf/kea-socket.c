#include "kea-socket.h"

#include "buf.h"
#include "cleanup.h"
#include "io.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

enum {
	ANSWER_MAX = 64 * 1024 * 1024 /* config-get of a server with many subnets */
};

static int open_socket(const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd, r;

	if (strlen(path) >= sizeof(to.sun_path))
		return -ENAMETOOLONG;
	strcpy(to.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

bool kea_listens(const char *socket)
{
	_cleanup_(cpr_closep) int fd = open_socket(socket);

	return fd >= 0;
}

static long ms_until(const struct timespec *end)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (end->tv_sec - now.tv_sec) * 1000 + (end->tv_nsec - now.tv_nsec) / 1000000;
}

/* Up to the end, which is Kea's closing the socket. */
static int read_answer(int fd, unsigned seconds, struct cpr_buf *b)
{
	struct timespec end;
	char chunk[16384];

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += seconds;
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		long left = ms_until(&end);
		ssize_t n;

		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&p, 1, (int)left) <= 0)
			continue;
		n = recv(fd, chunk, sizeof(chunk), 0);
		if (n == 0)
			return b->failed ? -ENOMEM : 0;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (n > 0)
			cpr_buf_add(b, chunk, (size_t)n);
		if (b->len > ANSWER_MAX)
			return -EFBIG;
	}
}

/* Kea's DHCP servers answer with an object, and with a list of one where they are newer. */
static json_t *parse(const struct cpr_buf *b)
{
	json_t *all = b->data ? json_loadb(b->data, b->len, 0, NULL) : NULL;
	json_t *one = json_is_array(all) ? json_incref(json_array_get(all, 0))
					 : json_incref(all);

	json_decref(all);
	if (json_is_integer(json_object_get(one, "result")))
		return one;
	json_decref(one);
	return NULL;
}

int kea_ask(const char *socket, const char *command, unsigned seconds, json_t **answer)
{
	_cleanup_(cpr_buf_free) struct cpr_buf said = {0};
	_cleanup_(cpr_closep) int fd = open_socket(socket);
	char request[100];
	int r = fd < 0 ? fd : 0;

	snprintf(request, sizeof(request), "{\"command\": \"%s\"}", command);
	if (r == 0 && send(fd, request, strlen(request), MSG_NOSIGNAL) < 0)
		r = -errno;
	if (r == 0)
		r = read_answer(fd, seconds, &said);
	if (r == 0) {
		*answer = parse(&said);
		r = *answer ? 0 : -EPROTO;
	}
	return r;
}
