/* Which TFTP servers are alive: one thread that asks each of them for one file every so often.
 * DATA, OACK or ERROR 1 (file not found) is a live server; the transfer is ended politely, with
 * an ERROR unless it was over.  Dead after `failures` misses in a row, alive after one answer.  The thread blocks
 * every signal, opens UDP sockets only (Debian's AppArmor profile of Kea allows those), never
 * resolves a name, and ends within a moment of cpr_health_free(). */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cpr_health;

struct cpr_health_state {
	struct in_addr server;
	bool alive, file_missing,
		proven;  /* proven: at least one probe was answered or missed */
	uint32_t misses; /* in a row */
};

struct cpr_health_options {
	const struct in_addr *server; /* distinct; copied */
	size_t n;
	uint16_t port; /* 69; tests use another */
	unsigned
		interval_ms; /* between two probes of one server, and the time it has to answer */
	unsigned failures;
	const char *file; /* copied */
	/* What an earlier prober said of any servers, or NULL: a server that was dead stays so
	 * until it answers, or every change of the server's configuration would put it first
	 * for a while. */
	const struct cpr_health_state *known;
	size_t known_n;
};

/* Called from the thread when a server turns dead or alive, or says ERROR 1 where it did not
 * before; perhaps while cpr_health_new() has not returned yet.  It must not call
 * cpr_health_free(). */
typedef void (*cpr_health_changed)(
	void *context, struct in_addr server, bool alive, bool file_missing);

/* changed may be NULL.  0, -EINVAL (no server, or a value that is 0 or too large), or the
 * -errno of the system. */
int cpr_health_new(struct cpr_health **out, const struct cpr_health_options *o,
	cpr_health_changed changed, void *context);
struct cpr_health *cpr_health_free(struct cpr_health *h);

/* Dead servers by number, a bit each in words of 32: the prober's own, which change under the
 * reader (read them with __atomic_load_n), as long as the prober lives.  Any thread; no lock,
 * and nothing is copied for a packet that looks at a few of thousands. */
const uint32_t *cpr_health_dead(const struct cpr_health *h);

void cpr_health_state(
	const struct cpr_health *h, size_t number, struct cpr_health_state *out);
