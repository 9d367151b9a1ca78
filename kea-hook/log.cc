#include "log.h"

namespace option150
{

isc::log::Logger logger("option150-hooks");

} // namespace option150
