#include "packet.h"

#include "log.h"
#include "statistics.h"

#include <boost/make_shared.hpp>
#include <dhcp/dhcp4.h>
#include <dhcp/option_int_array.h>
#include <dhcp/option_vendor_class.h>

#include <algorithm>
#include <cstring>

using namespace isc::dhcp;
using isc::asiolink::IOAddress;

namespace option150
{

namespace
{

const uint32_t cisco_enterprise = 9;

// Of a message that was received, whose options are its own: the copy that getOption() makes
// within a callout guards those of an answer, which are the configuration's.
OptionPtr received_option(const Pkt4 &query, uint16_t code)
{
	const auto found = query.options_.find(code);
	return found == query.options_.end() ? OptionPtr() : found->second;
}

// Option 60; without one, the first text of option 124 of Cisco's.
bool parse_vendor(const Pkt4 &query, cpr_vendor &vendor)
{
	OptionPtr option = received_option(query, DHO_VENDOR_CLASS_IDENTIFIER);
	if (option) {
		const auto &bytes = option->getData();
		return cpr_vendor_parse(bytes.data(), bytes.size(), &vendor) !=
		       CPR_VENDOR_NOT_A_PHONE;
	}
	auto classes = boost::dynamic_pointer_cast<OptionVendorClass>(
		received_option(query, DHO_VIVCO_SUBOPTIONS));
	if (!classes || classes->getVendorId() != cisco_enterprise ||
		!classes->getTuplesNum())
		return false;
	const auto bytes = classes->getTuple(0).getData();
	return cpr_vendor_parse(bytes.data(), bytes.size(), &vendor) !=
	       CPR_VENDOR_NOT_A_PHONE;
}

void request_option(OptionUint8Array &list, uint8_t code)
{
	const auto &codes = list.getValues();
	if (std::find(codes.begin(), codes.end(), code) == codes.end())
		list.addValue(code);
}

// Kea reads the list from an OptionUint8Array alone; two options 55 it fuses into an option of
// another type, which is made anew.  Ours stand at the end, where a test that an admin's class
// makes on how the list begins still holds.
void request_options(Pkt4 &query, std::initializer_list<uint8_t> wanted)
{
	OptionPtr had = received_option(query, DHO_DHCP_PARAMETER_REQUEST_LIST);
	auto list = boost::dynamic_pointer_cast<OptionUint8Array>(had);
	if (!list) {
		list = boost::make_shared<OptionUint8Array>(
			Option::V4, DHO_DHCP_PARAMETER_REQUEST_LIST);
		if (had)
			list->setValues(had->getData());
		while (query.delOption(DHO_DHCP_PARAMETER_REQUEST_LIST))
			;
		query.addOption(list);
	}
	for (uint8_t code : wanted)
		request_option(*list, code);
}

struct in_addr address_of(const IOAddress &address)
{
	return {htonl(address.toUint32())};
}

void read_response(Pkt4 &response, cpr_facts &facts)
{
	OptionPtr option = response.getOption(CPR_OPTION_TFTP_SERVER_ADDRESS);
	if (option) {
		// of whatever type the admin defined: its bytes as they will be sent
		const auto bytes = option->toBinary(false);
		size_t n = 0;
		cpr_option150_decode(
			bytes.data(), bytes.size(), facts.admin, CPR_OPTION150_USED, &n);
		facts.has_150 = true;
		facts.admin_n = static_cast<uint8_t>(n);
	}
	facts.has_66 = !!response.getOption(CPR_OPTION_TFTP_SERVER_NAME);
	facts.has_siaddr = !response.getSiaddr().isV4Zero();
}

void put_option(Pkt4 &response, uint8_t code, const uint8_t *bytes, size_t n)
{
	// made first: without memory for it, what is there stays
	OptionPtr made = boost::make_shared<Option>(
		Option::V4, code, OptionBuffer(bytes, bytes + n));
	while (response.delOption(code))
		;
	response.addOption(made);
}

void put_answer(Pkt4 &response, const cpr_answer &answer)
{
	if (answer.reason == CPR_REASON_SENT) {
		uint8_t bytes[CPR_OPTION150_USED * 4];
		size_t n = cpr_option150_encode(
			answer.sent.server, answer.sent.n, bytes, sizeof bytes);
		put_option(response, CPR_OPTION_TFTP_SERVER_ADDRESS, bytes, n);
	}
	if (answer.set_66) {
		const std::string text = text_of(answer.first);
		put_option(response, CPR_OPTION_TFTP_SERVER_NAME,
			reinterpret_cast<const uint8_t *>(text.data()), text.size());
	}
	if (answer.set_siaddr)
		response.setSiaddr(IOAddress(ntohl(answer.first.s_addr)));
}

void count_answer(const cpr_answer &answer)
{
	switch (answer.reason) {
	case CPR_REASON_SENT:
		count(Count::sent);
		if (answer.sent.recovery)
			count(Count::recovery_sent);
		break;
	case CPR_REASON_KEPT_ADMIN:
		count(Count::kept_admin);
		break;
	case CPR_REASON_NOT_A_PHONE:
		count(Count::not_a_phone);
		break;
	case CPR_REASON_OTHER_MODEL:
		count(Count::other_model);
		break;
	case CPR_REASON_NO_SERVER:
		count(Count::no_server);
		break;
	}
}

void log_answer(const Pkt4 &response, const cpr_answer &answer)
{
	if (answer.reason == CPR_REASON_SENT)
		LOG_DEBUG(logger, isc::log::DBGLVL_TRACE_BASIC, OPTION150_SENT)
			.arg(response.getLabel())
			.arg(text_of(answer.sent));
	else
		LOG_DEBUG(logger, isc::log::DBGLVL_TRACE_BASIC, OPTION150_KEPT)
			.arg(response.getLabel())
			.arg(cpr_reason_name(answer.reason));
}

} // namespace

SeenPtr packet_received(Hook &hook, Pkt4 &query)
{
	cpr_vendor vendor;
	if (!parse_vendor(query, vendor))
		return SeenPtr();
	SeenPtr seen = boost::make_shared<Seen>();
	seen->vendor = vendor;
	const uint8_t type = query.getType();
	seen->discover = type == DHCPDISCOVER;
	seen->request = type == DHCPREQUEST;
	seen->from = address_of(
		query.getCiaddr().isV4Zero() ? query.getGiaddr() : query.getCiaddr());
	if (cpr_decider_parameters(hook.decider())->fallbacks)
		request_options(query,
			{CPR_OPTION_TFTP_SERVER_ADDRESS, CPR_OPTION_TFTP_SERVER_NAME});
	else
		request_options(query, {CPR_OPTION_TFTP_SERVER_ADDRESS});

	const auto hardware = query.getHWAddr();
	if (!hardware || hardware->hwaddr_.size() != sizeof seen->mac ||
		!cpr_mac_host(hardware->hwaddr_.data()))
		return seen;
	seen->has_mac = true;
	std::copy(hardware->hwaddr_.begin(), hardware->hwaddr_.end(), seen->mac);
	if (cpr_phones_seen(hook.phones(), seen->mac, &seen->vendor, seen->discover,
		    steady_clock(), &seen->last)) {
		count(Count::looping);
		LOG_WARN(logger, OPTION150_PHONE_LOOPING)
			.arg(text_of(seen->mac))
			.arg(seen->vendor.text[0] ? seen->vendor.text : "model unknown")
			.arg(static_cast<int>(CPR_LOOP_DISCOVERS));
	}
	seen->recovery =
		cpr_phones_marked(hook.phones(), seen->mac, wall_clock(), nullptr);
	return seen;
}

void packet_leased(Hook &hook, Seen &seen, isc::dhcp::Lease4 &lease, bool store)
{
	if (!seen.has_mac)
		return;
	Mac mac;
	std::copy(seen.mac, seen.mac + sizeof seen.mac, mac.begin());
	const int64_t now = wall_clock();
	const LeaseMark held = read_mark(lease, seen.mac);
	const LeaseMark mark = hook.marks().settle(hook.phones(), mac, now, held);
	seen.recovery = mark.until > now;
	if (!store)
		return;
	if (mark.there != held.there || mark.own != held.own || mark.set != held.set ||
		mark.until != held.until) {
		write_mark(lease, seen.mac, mark);
		LOG_INFO(logger, OPTION150_MARK_STORED)
			.arg(text_of(seen.mac))
			.arg(seen.recovery ? "stored" : "taken out")
			.arg(lease.addr_.toText());
	}
	if (mark.there)
		hook.marks().stored(mac);
}

void packet_send(Hook &hook, const Seen *seen, Pkt4 &response)
{
	cpr_answer answer = {};
	answer.reason = CPR_REASON_NOT_A_PHONE;
	if (seen) {
		cpr_facts facts = {};
		facts.vendor = &seen->vendor;
		std::copy(seen->mac, seen->mac + sizeof seen->mac, facts.mac);
		facts.address = response.getYiaddr().isV4Zero()
					? seen->from
					: address_of(response.getYiaddr());
		facts.recovery = seen->recovery;
		facts.last = seen->discover || !seen->last.n ? nullptr : &seen->last;
		read_response(response, facts);
		if (hook.health())
			facts.dead = cpr_health_dead(hook.health());
		cpr_decide(hook.decider(), &facts, &answer);
		put_answer(response, answer);
		if (answer.reason == CPR_REASON_KEPT_ADMIN) {
			// Kea gives no option of a pool to an INFORM: the table knows it
			std::copy(facts.admin, facts.admin + facts.admin_n,
				answer.sent.server);
			answer.sent.n = facts.admin_n;
		}
		if (seen->has_mac)
			cpr_phones_answered(hook.phones(), seen->mac, facts.address,
				&answer, steady_clock());
	}
	count_answer(answer);
	if (logger.isDebugEnabled(isc::log::DBGLVL_TRACE_BASIC))
		log_answer(response, answer);
}

} // namespace option150
