// The recovery mark of a phone, as it stands in a lease: in the lease's user-context under
// "option150", with the MAC of the phone that was marked, because the next phone on the address
// inherits the context.  Kea writes the lease to its database and its HA hook sends it to the
// partner, so the mark outlives both.  Times are seconds of the wall clock.
//
// What a command said last holds, on whichever server of a pair: a mark bears the time of its
// command, and one that was taken off or is over stays in the lease with no time left, so that a
// partner that met this mark or an older one learns of it.
#pragma once

#include "elements.h"

#include <dhcpsrv/lease.h>

#include <atomic>
#include <map>
#include <mutex>

namespace option150
{

struct LeaseMark {
	bool there = false; // the context has our key, whosever it is
	bool own = false;   // it is of this phone
	int64_t set = 0;    // when, by command
	int64_t until = 0;  // INT64_MAX for ever, 0 taken off or over
};
LeaseMark read_mark(const isc::dhcp::Lease4 &lease, const uint8_t mac[6]);
// Puts the mark into the place of the one that is there, or takes that out where there is none
// to put.  Other keys of the context stay.
void write_mark(isc::dhcp::Lease4 &lease, const uint8_t mac[6], const LeaseMark &mark);

// The commands, and what leases must still be told of them.  The marks in force are in the
// phone table, where packets find them; of the phones without a note nothing was ever said.
class Marks
{
      public:
	// As cpr_phones_mark().
	int add(cpr_phones *phones, const Mac &mac, int64_t now, int64_t until);
	// False: it was not marked.  stored: its lease held the mark.
	bool remove(cpr_phones *phones, const Mac &mac, int64_t now, bool &stored);
	// The phone came with this mark in its lease: the later of what the lease and the
	// commands here said comes into force.  Returns the mark that the lease ought to hold.
	LeaseMark settle(
		cpr_phones *phones, const Mac &mac, int64_t now, const LeaseMark &held);
	// The lease holds what settle() said.
	void stored(const Mac &mac);
	bool is_stored(const Mac &mac) const;

      private:
	struct Note {
		int64_t set = 0;   // when the last command came
		int64_t until = 0; // as of a LeaseMark
		bool stored = false;
	};
	Note &note(const Mac &mac, int64_t now);
	static int64_t later(const Note &last, int64_t now);
	// Held while the table changes too, so that the two never say different things.
	mutable std::mutex mutex_;
	std::map<Mac, Note> notes_;
	std::atomic<bool> any_{false};
};

} // namespace option150
