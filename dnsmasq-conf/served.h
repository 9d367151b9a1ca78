/* A file of the TFTP root as a server gives it out: phones get what it says, not what lies in
 * a folder. */
#pragma once

#include "observed.h"

struct world;

/* It is in the TFTP root now, as a file that servers give out. */
bool served_has(const struct world *w, const char *name);
/* The server's answer beside the bytes that lie there now; without any, whatever is served
 * differs.  name is borrowed. */
void served_ask(const struct world *w, struct in_addr server, const char *name,
	struct cpr_asked *out);
/* It is an address of this host. */
bool served_here(struct in_addr server);
/* The TFTP servers of the plan, everyone's and the networks', each once, up to cap; says how
 * many. */
size_t served_by(const struct world *w, struct in_addr *server, size_t cap);
