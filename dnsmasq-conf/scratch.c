#include "scratch.h"

#include "cleanup.h"
#include "io.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

int scratch_open(struct scratch *s, const char *data, size_t len)
{
	s->fd = memfd_create("cpr-conf", 0);
	if (s->fd < 0)
		return -errno;
	snprintf(s->path, sizeof(s->path), "/proc/self/fd/%d", s->fd);
	return cpr_io_write(s->fd, data, len);
}

void scratch_close(struct scratch *s)
{
	cpr_closep(&s->fd);
}
