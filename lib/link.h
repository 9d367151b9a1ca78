/* What the kernel says of a network interface. */
#pragma once

#include <stdbool.h>

/* False: there is no interface of this name, it is down, or its cable leads nowhere. */
bool cpr_link_carrier(const char *interface);
