/* A file of the TFTP root as it was read, once: what candidates are made of it is compared with
 * it, too. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct there {
	char *data; /* NULL: there is none */
	size_t len;
	mode_t mode;
	bool linked; /* it is read behind a link: nothing can be written in its place */
};
