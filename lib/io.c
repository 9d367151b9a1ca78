#include "io.h"

#include "cleanup.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	CHUNK = 64 * 1024
};

int cpr_io_write(int fd, const void *data, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = write(fd, (const char *)data + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	return 0;
}

ssize_t cpr_io_read_at(int fd, void *to, size_t n, uint64_t at)
{
	size_t done = 0;

	while (done < n) {
		ssize_t got = pread(fd, (char *)to + done, n - done, (off_t)(at + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

int cpr_io_same(int fd, int other)
{
	_cleanup_(cpr_freep) uint8_t *a = malloc(CHUNK), *b = malloc(CHUNK);
	struct stat sa, sb;

	if (!a || !b)
		return -ENOMEM;
	if (fstat(fd, &sa) < 0 || fstat(other, &sb) < 0)
		return -errno;
	if (sa.st_size != sb.st_size)
		return 0;
	for (off_t at = 0; at < sa.st_size; at += CHUNK) {
		ssize_t na = cpr_io_read_at(fd, a, CHUNK, (uint64_t)at),
			nb = cpr_io_read_at(other, b, CHUNK, (uint64_t)at);

		if (na < 0 || nb < 0)
			return (int)(na < 0 ? na : nb);
		if (na != nb || memcmp(a, b, (size_t)na))
			return 0;
	}
	return 1;
}
