// The recovery mark of a phone, as it stands in a lease: in the lease's user-context under
// "option150", with the MAC of the phone that was marked, because the next phone on the address
// inherits the context.  Kea writes the lease to its database and its HA hook sends it to the
// partner, so the mark outlives both.  Times are seconds of the wall clock.
//
// The marks in force are in the phone table; here is noted only what a lease must still be told.
#pragma once

#include "elements.h"

#include <dhcpsrv/lease.h>

#include <map>
#include <mutex>

namespace option150
{

struct LeaseMark {
	bool there = false; // the context has our key, whosever it is
	bool own = false;   // it is of this phone
	int64_t set = 0, until = INT64_MAX;
};
LeaseMark read_mark(const isc::dhcp::Lease4 &lease, const uint8_t mac[6]);
// Replaces the mark; until 0 takes it out.  Other keys of the context stay.
void write_mark(
	isc::dhcp::Lease4 &lease, const uint8_t mac[6], int64_t set, int64_t until);

class MarkNotes
{
      public:
	void added(const Mac &mac);
	void removed(const Mac &mac, int64_t now);
	void stored(const Mac &mac);
	bool is_stored(const Mac &mac) const;
	// True when a mark set then was removed by command since.
	bool was_removed(const Mac &mac, int64_t set) const;

      private:
	struct Note {
		int64_t removed = -1; // when, by command; -1 never
		bool stored = false;
	};
	Note &note(const Mac &mac);
	mutable std::mutex mutex_;
	std::map<Mac, Note> notes_;
};

} // namespace option150
