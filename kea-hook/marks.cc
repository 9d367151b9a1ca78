#include "marks.h"

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
	mark.own = whose && set && whose->stringValue() == text_of(mac);
	if (set)
		mark.set = set->intValue();
	if (until)
		mark.until = until->intValue();
	return mark;
}

void write_mark(
	isc::dhcp::Lease4 &lease, const uint8_t mac[6], int64_t set, int64_t until)
{
	// The map may be shared with a copy of the lease: change a copy of it.
	ConstElementPtr had = lease.getContext();
	ElementPtr all = Element::createMap();
	if (had && had->getType() == Element::map)
		for (const auto &one : had->mapValue())
			all->set(one.first, one.second);
	all->remove(own_key);
	if (until) {
		ElementPtr own = Element::createMap();
		own->set("hw-address", Element::create(text_of(mac)));
		own->set("set", Element::create(static_cast<long long>(set)));
		if (until != INT64_MAX)
			own->set("until", Element::create(static_cast<long long>(until)));
		all->set(own_key, own);
	}
	lease.setContext(all->size() ? all : ElementPtr());
}

MarkNotes::Note &MarkNotes::note(const Mac &mac)
{
	if (notes_.size() >= notes_most && !notes_.count(mac)) {
		auto oldest = notes_.begin();
		for (auto it = notes_.begin(); it != notes_.end(); ++it)
			if (it->second.removed < oldest->second.removed)
				oldest = it;
		notes_.erase(oldest);
	}
	return notes_[mac];
}

void MarkNotes::added(const Mac &mac)
{
	std::lock_guard<std::mutex> hold(mutex_);
	note(mac) = Note();
}

void MarkNotes::removed(const Mac &mac, int64_t now)
{
	std::lock_guard<std::mutex> hold(mutex_);
	Note &n = note(mac);
	n.removed = now;
	n.stored = false;
}

void MarkNotes::stored(const Mac &mac)
{
	std::lock_guard<std::mutex> hold(mutex_);
	note(mac).stored = true;
}

bool MarkNotes::is_stored(const Mac &mac) const
{
	std::lock_guard<std::mutex> hold(mutex_);
	auto found = notes_.find(mac);
	return found != notes_.end() && found->second.stored;
}

bool MarkNotes::was_removed(const Mac &mac, int64_t set) const
{
	std::lock_guard<std::mutex> hold(mutex_);
	auto found = notes_.find(mac);
	return found != notes_.end() && found->second.removed >= set;
}

} // namespace option150
