/* Who holds a UDP port of this host, in this network namespace. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct cpr_holder {
	char name
		[64]; /* as ps shows it, cut off at 15 bytes; "": one that this user cannot see */
	long pid; /* 0: that one */
};

/* Every program once, in the kernel's order of their sockets, whatever their address; at most
 * cap of them.  Returns how many. */
size_t cpr_port_holders(unsigned port, struct cpr_holder *out, size_t cap);
/* True when there is one: cheaper, for it does not ask who. */
bool cpr_port_held(unsigned port);
