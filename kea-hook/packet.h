// What is read from Kea's packets and leases, and what is put into its answers.
//
// An administrator's own option 150 is Kea's to find: on receipt 150 is put into the list of
// options that the phone asks for, so Kea settles the precedence of host, pool, subnet, shared
// network, class and global itself, and what is still missing in the answer is ours to give.
#pragma once

#include "core.h"
#include "hook.h"

#include <boost/shared_ptr.hpp>
#include <dhcp/pkt4.h>
#include <dhcpsrv/lease.h>

namespace option150
{

// A phone's message, from its receipt to its answer; stands in the packet's context.
struct Seen {
	cpr_vendor vendor;
	bool has_mac; // an Ethernet address of one host; else mac is zero and not tracked
	uint8_t mac[6];
	bool discover, request;
	struct in_addr from; // of an INFORM the phone's own address, else the relay's
	bool recovery;       // marked, by command or in the lease
	cpr_sent last;       // what it was sent last
};
using SeenPtr = boost::shared_ptr<Seen>;

// NULL when the message is not from a phone.
SeenPtr packet_received(Hook &hook, isc::dhcp::Pkt4 &query);
// store: the lease will be written.
void packet_leased(Hook &hook, Seen &seen, isc::dhcp::Lease4 &lease, bool store);
// seen is NULL when the message is not from a phone.
void packet_send(Hook &hook, const Seen *seen, isc::dhcp::Pkt4 &response);

} // namespace option150
