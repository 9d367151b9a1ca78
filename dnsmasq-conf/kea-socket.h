/* Kea's control socket: one command, one answer. */
#pragma once

#include <stdbool.h>

struct json_t;

/* True when a server listens there. */
bool kea_listens(const char *socket);
/* *answer: its one answer, {"result": 0, "text", "arguments"}; the caller's to decref.
 * 0 or -errno: -ENOENT, -ECONNREFUSED, -EACCES, -ETIMEDOUT, -EPROTO (no such answer). */
int kea_ask(const char *socket, const char *command, unsigned seconds,
	struct json_t **answer);
