/* A file without a name, which the program that is run inherits: gone with us however we
 * end. */
#pragma once

#include <stddef.h>

struct scratch {
	int fd;
	char path[32]; /* by which that program opens it */
};

/* 0 or -errno; to be closed either way. */
int scratch_open(struct scratch *s, const char *data, size_t len);
void scratch_close(struct scratch *s); /* also the _cleanup_ function; fd -1: nothing */
