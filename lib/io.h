/* Whole transfers on files: short ones are continued, EINTR is tried again. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* 0 or -errno. */
int cpr_io_write(int fd, const void *data, size_t len);
/* Up to n bytes from there: fewer only at the end of the file.  The offset is left alone.
 * -errno on failure. */
ssize_t cpr_io_read_at(int fd, void *to, size_t n, uint64_t at);
/* 1 when both files hold the same bytes, 0 when not, or -errno.  The offsets do not count. */
int cpr_io_same(int fd, int other);
