// The library's logger: "kea-dhcp4.option150-hooks" in Kea's configuration.
#pragma once

#include "option150_messages.h"

#include <log/logger.h>
#include <log/log_dbglevels.h>
#include <log/macros.h>

namespace option150
{

extern isc::log::Logger logger;

} // namespace option150
