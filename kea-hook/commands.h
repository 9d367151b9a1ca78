// The commands "option150-…" of Kea's control socket.  They look at what is in force while
// packets go on; none of them stops a packet thread.
#pragma once

#include <hooks/hooks.h>

namespace option150
{

void register_commands(isc::hooks::LibraryHandle &handle);

} // namespace option150
