// Kea's entry points, and nothing else.  Whatever is thrown ends here, and every callout
// returns 0: Kea answers the message as if the library were not there.
#include "commands.h"
#include "hook.h"
#include "installed.h"
#include "log.h"
#include "packet.h"
#include "version.h"

#include <cc/command_interpreter.h>
#include <dhcp/dhcp4.h>
#include <hooks/hooks.h>

using namespace option150;
using isc::hooks::CalloutHandle;
using isc::hooks::LibraryHandle;

namespace
{

const char context_name[] = "seen";

template <typename F> int guarded(const char *where, F body)
{
	try {
		body();
	} catch (const std::exception &e) {
		try {
			LOG_ERROR(logger, OPTION150_CALLOUT_FAILED)
				.arg(where)
				.arg(e.what());
		} catch (...) {
		}
	} catch (...) {
	}
	return 0;
}

// Another library dropped the packet, or packed the answer itself.
bool is_done(CalloutHandle &handle)
{
	return handle.getStatus() == CalloutHandle::NEXT_STEP_DROP ||
	       handle.getStatus() == CalloutHandle::NEXT_STEP_SKIP;
}

// False when the packet was received while the hook was inert.
bool get_seen(CalloutHandle &handle, SeenPtr &seen)
{
	try {
		handle.getContext(context_name, seen);
	} catch (const isc::hooks::NoSuchCalloutContext &) {
		return false;
	}
	return true;
}

void leased(CalloutHandle &handle, bool stored)
{
	Hook &hook = Hook::instance();
	SeenPtr seen;
	if (!hook.decider() || !get_seen(handle, seen) || !seen)
		return;
	isc::dhcp::Lease4Ptr lease;
	handle.getArgument("lease4", lease);
	if (lease)
		packet_leased(hook, *seen, *lease, stored && seen->request);
}

int lease4_select(CalloutHandle &handle)
{
	return guarded("lease4_select", [&] {
		if (is_done(handle))
			return;
		bool fake = true;
		handle.getArgument("fake_allocation", fake);
		leased(handle, !fake);
	});
}

int lease4_renew(CalloutHandle &handle)
{
	return guarded("lease4_renew", [&] {
		if (!is_done(handle))
			leased(handle, true);
	});
}

// Not exported, or Kea would call them always: what it prepares for them is a good part of
// what the library costs, and only recovery looks at leases.
void register_lease_callouts(LibraryHandle &handle)
{
	handle.registerCallout("lease4_select", lease4_select);
	handle.registerCallout("lease4_renew", lease4_renew);
}

} // namespace

// What exports.map lets out.
#pragma GCC visibility push(default)
extern "C" {

int version()
{
	return KEA_HOOKS_VERSION;
}

int multi_threading_compatible()
{
	return 1;
}

int load(LibraryHandle &handle)
{
	return guarded("load", [&] {
		LOG_INFO(logger, OPTION150_LOADED).arg(CPR_VERSION);
		note_loaded();
		const Installed installed = look_installed();
		if (installed.replaced) {
			LOG_WARN(logger, OPTION150_REPLACED)
				.arg(CPR_VERSION)
				.arg(installed.version.empty() ? "none that is known"
							       : installed.version);
		}
		register_commands(handle);
		Hook::instance().load(handle.getParameters());
		if (Hook::instance().recovers())
			register_lease_callouts(handle);
	});
}

int unload()
{
	return guarded("unload", [] {
		Hook::instance().unload();
		LOG_INFO(logger, OPTION150_UNLOADED).arg(CPR_VERSION);
	});
}

int dhcp4_srv_configured(CalloutHandle &handle)
{
	return guarded("dhcp4_srv_configured", [&] {
		if (handle.getStatus() == CalloutHandle::NEXT_STEP_DROP) {
			LOG_WARN(logger, OPTION150_OTHER_REFUSED);
			return;
		}
		const std::string refusal = Hook::instance().configured();
		if (refusal.empty())
			return;
		handle.setStatus(CalloutHandle::NEXT_STEP_DROP);
		handle.setArgument("error", refusal);
	});
}

int command_processed(CalloutHandle &handle)
{
	return guarded("command_processed", [&] {
		std::string name;
		handle.getArgument("name", name);
		if (name != "config-set" && name != "config-reload")
			return;
		const std::string complaint = Hook::instance().complaint();
		if (complaint.empty())
			return;
		isc::data::ConstElementPtr response;
		handle.getArgument("response", response);
		int result = -1;
		isc::config::parseAnswer(result, response);
		if (result != isc::config::CONTROL_RESULT_SUCCESS)
			return;
		response = isc::config::createAnswer(
			isc::config::CONTROL_RESULT_ERROR, complaint);
		handle.setArgument("response", response);
	});
}

int pkt4_receive(CalloutHandle &handle)
{
	return guarded("pkt4_receive", [&] {
		Hook &hook = Hook::instance();
		if (!hook.decider() || is_done(handle))
			return;
		isc::dhcp::Pkt4Ptr query;
		handle.getArgument("query4", query);
		handle.setContext(context_name, packet_received(hook, *query));
	});
}

int pkt4_send(CalloutHandle &handle)
{
	return guarded("pkt4_send", [&] {
		Hook &hook = Hook::instance();
		SeenPtr seen;
		if (!hook.decider() || is_done(handle) || !get_seen(handle, seen))
			return;
		isc::dhcp::Pkt4Ptr response;
		handle.getArgument("response4", response);
		const uint8_t type = response->getType();
		if (type != isc::dhcp::DHCPOFFER && type != isc::dhcp::DHCPACK)
			return;
		packet_send(hook, seen.get(), *response);
	});
}

} // extern "C"
#pragma GCC visibility pop
