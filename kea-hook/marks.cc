#include "marks.h"

#include <algorithm>

using isc::data::ConstElementPtr;
using isc::data::Element;
using isc::data::ElementPtr;

namespace option150
{

namespace
{

const char own_key[] = "option150";
// Notes are of marks, so a few more than there can be marks.
const size_t notes_most = 2 * CPR_RECOVERY_MARKS;

ConstElementPtr member(const ConstElementPtr &map, const char *key, Element::types type)
{
	ConstElementPtr found;
	if (map && map->getType() == Element::map)
		found = map->get(key);
	return found && found->getType() == type ? found : ConstElementPtr();
}

} // namespace

LeaseMark read_mark(const isc::dhcp::Lease4 &lease, const uint8_t mac[6])
{
	LeaseMark mark;
	ConstElementPtr context = lease.getContext();
	if (!context || context->getType() != Element::map || !context->contains(own_key))
		return mark;
	mark.there = true;
	ConstElementPtr own = context->get(own_key);
	ConstElementPtr whose = member(own, "hw-address", Element::string);
	ConstElementPtr set = member(own, "set", Element::integer);
	ConstElementPtr until = member(own, "until", Element::integer);
	// there is always a later time for the next command
	mark.own = whose && set && set->intValue() < INT64_MAX &&
		   whose->stringValue() == text_of(mac);
	if (mark.own) {
		mark.set = set->intValue();
		mark.until = until ? until->intValue() : INT64_MAX;
	}
	return mark;
}

void write_mark(isc::dhcp::Lease4 &lease, const uint8_t mac[6], const LeaseMark &mark)
{
	// The map may be shared with a copy of the lease: change a copy of it.
	ConstElementPtr had = lease.getContext();
	ElementPtr all = Element::createMap();
	if (had && had->getType() == Element::map)
		for (const auto &one : had->mapValue())
			all->set(one.first, one.second);
	all->remove(own_key);
	if (mark.there) {
		ElementPtr own = Element::createMap();
		own->set("hw-address", Element::create(text_of(mac)));
		own->set("set", Element::create(static_cast<long long>(mark.set)));
		if (mark.until != INT64_MAX)
			own->set("until",
				Element::create(static_cast<long long>(mark.until)));
		all->set(own_key, own);
	}
	lease.setContext(all->size() ? all : ElementPtr());
	// Kea does not store a lease that it takes from its cache.
	lease.reuseable_valid_lft_ = 0;
}

// Those whose time is over make room, then the oldest of those that were taken off: there
// are never more in force than half of what there is room for.
Marks::Note &Marks::note(const Mac &mac, int64_t now)
{
	if (notes_.size() >= notes_most && !notes_.count(mac))
		for (auto one = notes_.begin(); one != notes_.end();)
			one = one->second.until && one->second.until <= now
				      ? notes_.erase(one)
				      : std::next(one);
	if (notes_.size() >= notes_most && !notes_.count(mac))
		notes_.erase(std::min_element(
			notes_.begin(), notes_.end(), [](const auto &a, const auto &b) {
				return !a.second.until != !b.second.until
					       ? !a.second.until
					       : a.second.set < b.second.set;
			}));
	any_ = true;
	return notes_[mac];
}

// No two commands about a phone bear the same time.
int64_t Marks::later(const Note &last, int64_t now)
{
	return std::max(now, last.set + 1);
}

int Marks::add(cpr_phones *phones, const Mac &mac, int64_t now, int64_t until)
{
	std::lock_guard<std::mutex> hold(mutex_);
	int r = cpr_phones_mark(phones, mac.data(), now, until);
	if (r < 0)
		return r;
	Note &n = note(mac, now);
	n = {later(n, now), until, false};
	return r;
}

bool Marks::remove(cpr_phones *phones, const Mac &mac, int64_t now, bool &stored)
{
	std::lock_guard<std::mutex> hold(mutex_);
	// Noted even when it is not marked: a lease may hold a mark not yet met.
	Note &n = note(mac, now);
	stored = n.stored && n.until;
	n = {later(n, now), 0, false};
	return cpr_phones_unmark(phones, mac.data());
}

LeaseMark Marks::settle(
	cpr_phones *phones, const Mac &mac, int64_t now, const LeaseMark &held)
{
	if (!held.there && !any_.load(std::memory_order_relaxed))
		return held; // of nearly all phones: nothing is said of any
	std::lock_guard<std::mutex> hold(mutex_);
	auto noted = notes_.find(mac);
	if (held.own && (noted == notes_.end() || held.set > noted->second.set)) {
		// set before this process began, or by the partner
		if (noted != notes_.end()) {
			cpr_phones_unmark(phones, mac.data());
			notes_.erase(noted);
		}
		if (held.until > now &&
			cpr_phones_mark(phones, mac.data(), now, held.until) >= 0)
			note(mac, now) = {held.set, held.until, true};
		noted = notes_.find(mac);
	}
	LeaseMark keep;
	if (noted != notes_.end())
		keep = {true, true, noted->second.set, noted->second.until};
	else if (held.own) // also one for which the table has no room
		keep = held;
	if (keep.there && keep.until && keep.until <= now) {
		// its time is over, also for a partner that knows an older one
		keep.until = 0;
		if (noted != notes_.end())
			notes_.erase(noted);
		any_ = !notes_.empty();
	}
	return keep;
}

void Marks::stored(const Mac &mac)
{
	std::lock_guard<std::mutex> hold(mutex_);
	auto found = notes_.find(mac);
	if (found != notes_.end())
		found->second.stored = true;
}

bool Marks::is_stored(const Mac &mac) const
{
	std::lock_guard<std::mutex> hold(mutex_);
	auto found = notes_.find(mac);
	return found != notes_.end() && found->second.stored;
}

} // namespace option150
