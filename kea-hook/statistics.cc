#include "statistics.h"

#include <stats/stats_mgr.h>

#include <atomic>
#include <string>

namespace option150
{

namespace
{

// In the order of Count.
const std::string names[] = {
	"option150.sent",
	"option150.kept-admin",
	"option150.recovery-sent",
	"option150.not-a-phone",
	"option150.other-model",
	"option150.no-server",
	"option150.looping",
};

// Kea gives every statistic its own count of samples after dhcp4_srv_configured, so ours is
// set by the first packet that comes then.
std::atomic<bool> limited{false};

void limit_samples()
{
	if (limited.exchange(true))
		return;
	for (const auto &name : names)
		isc::stats::StatsMgr::instance().setMaxSampleCount(name, 1);
}

} // namespace

void prepare_statistics()
{
	auto &all = isc::stats::StatsMgr::instance();
	for (const auto &name : names)
		if (!all.getObservation(name))
			all.setValue(name, static_cast<int64_t>(0));
	limited = false;
}

void count(Count which)
{
	if (!limited.load(std::memory_order_relaxed))
		limit_samples();
	isc::stats::StatsMgr::instance().addValue(
		names[static_cast<size_t>(which)], static_cast<int64_t>(1));
}

} // namespace option150
