// Counters in Kea's own statistics, under "option150.".
#pragma once

namespace option150
{

enum class Count {
	sent,          // option 150 was put in, recovery or not
	kept_admin,    // the response held one of the admin's
	recovery_sent, // of those sent: the recovery servers
	not_a_phone,   // an OFFER or ACK to something else
	other_model,   // a phone, but of none of `models`
	no_server,     // a phone for whose address no list holds
	looping,       // phones that turned to asking again and again
};

// Makes them exist, with one sample each: Kea keeps twenty unless told.
void prepare_statistics();
void count(Count which);

} // namespace option150
