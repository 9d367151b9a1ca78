#include "commands.h"

#include "arguments.h"
#include "hook.h"
#include "installed.h"
#include "version.h"

#include <cc/command_interpreter.h>

#include <algorithm>

using isc::config::CONTROL_RESULT_EMPTY;
using isc::config::CONTROL_RESULT_ERROR;
using isc::config::CONTROL_RESULT_SUCCESS;
using isc::config::createAnswer;
using isc::data::ConstElementPtr;
using isc::data::Element;
using isc::data::ElementPtr;
using isc::hooks::CalloutHandle;

namespace option150
{

namespace
{

const int64_t page_default = 100, page_most = 10000;
const int64_t ttl_most = 366LL * 24 * 3600;

ElementPtr number(int64_t value)
{
	return Element::create(static_cast<long long>(value));
}

std::string plural(size_t n, const char *what)
{
	return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

// What needs parameters in force.
Hook &active()
{
	Hook &hook = Hook::instance();
	if (!hook.decider())
		isc_throw(isc::InvalidOperation,
			"option150 is inert: " + joined(hook.faults()));
	return hook;
}

ElementPtr servers_status(const Hook &hook)
{
	ElementPtr list = Element::createList();
	size_t n = 0;
	const struct in_addr *server = cpr_decider_servers(hook.decider(), &n);
	for (size_t i = 0; i < n; i++) {
		ElementPtr one = Element::createMap();
		one->set("ip-address", Element::create(text_of(server[i])));
		if (hook.health()) {
			struct cpr_health_state state = {};
			::cpr_health_state(hook.health(), i, &state);
			one->set("alive", Element::create(state.alive));
			one->set("proven", Element::create(state.proven));
			one->set("file-missing", Element::create(state.file_missing));
			one->set("misses", number(state.misses));
		}
		list->add(one);
	}
	return list;
}

ConstElementPtr status(const ConstElementPtr &arguments)
{
	Arguments(arguments, {}).check();
	const Hook &hook = Hook::instance();
	const Installed installed = look_installed();
	ElementPtr all = Element::createMap();
	all->set("version", Element::create(std::string(CPR_VERSION)));
	all->set("installed-version", Element::create(installed.version));
	all->set("library", Element::create(installed.file));
	all->set("restart-needed", Element::create(installed.replaced));
	const char *state = !hook.decider()         ? "inert"
			    : hook.faults().empty() ? "in-force"
						    : "last-good";
	all->set("state", Element::create(std::string(state)));
	ElementPtr faults = Element::createList();
	for (const auto &fault : hook.faults())
		faults->add(Element::create(fault));
	all->set("faults", faults);
	if (hook.decider()) {
		const cpr_parameters *p = cpr_decider_parameters(hook.decider());
		all->set("tftp-servers", list_of(p->server, p->server_n));
		all->set("networks", number(p->network_n));
		all->set("models", number(p->model_n));
		all->set("health", Element::create(p->health));
		all->set("servers", servers_status(hook));
		all->set("phones", number(cpr_phones_count(hook.phones())));
		all->set("track-phones", number(p->track_phones));
		all->set("table-bytes", number(cpr_phones_bytes(hook.phones())));
		std::vector<cpr_phone_mark> marks(CPR_RECOVERY_MARKS);
		all->set("recovery-phones",
			number(p->recovery_phone_n + cpr_phones_marks(hook.phones(),
							     wall_clock(), marks.data(),
							     marks.size())));
	}
	std::string text = std::string("option150 ") + CPR_VERSION + " is " + state;
	if (installed.replaced)
		text += ", restart Kea to run the version that is installed";
	return createAnswer(CONTROL_RESULT_SUCCESS, text, all);
}

// Times are seconds ago.
ElementPtr phone_element(const cpr_phone_row &row, int64_t now)
{
	ElementPtr one = Element::createMap();
	one->set("hw-address", Element::create(text_of(row.mac)));
	one->set("model", Element::create(std::string(row.model)));
	one->set("ip-address", Element::create(text_of(row.address)));
	one->set("first-seen", number(now - row.first_seen));
	one->set("last-seen", number(now - row.last_seen));
	one->set("discovers", number(row.discovers));
	one->set("looping", Element::create(row.looping));
	if (row.last_answer) {
		one->set("last-answer", number(now - row.last_answer));
		one->set("reason",
			Element::create(std::string(cpr_reason_name(row.reason))));
	}
	one->set("recovery", Element::create(row.sent.recovery));
	one->set("tftp-servers", list_of(row.sent.server, row.sent.n));
	return one;
}

ConstElementPtr phones_get(const ConstElementPtr &arguments)
{
	Arguments args(arguments, {"hw-address", "model", "looping", "from", "limit"});
	cpr_phones_query query = {};
	Mac mac, from;
	std::string model, from_text;
	int64_t limit = page_default;
	if (args.mac("hw-address", mac))
		query.mac = mac.data();
	if (args.text("model", model)) {
		const cpr_model *known = cpr_model_by_name(model.c_str());
		if (known)
			query.device_id = known->device_id;
		else
			args.fault("'model': no model is called '" + model +
				   "', cpr-conf models lists them");
	}
	args.boolean("looping", query.looping);
	if (args.text("from", from_text) && from_text != "start" &&
		args.mac("from", from))
		std::copy(from.begin(), from.end(), query.after);
	args.integer("limit", 1, page_most, limit);
	args.check();

	Hook &hook = active();
	query.limit = static_cast<size_t>(limit) + 1; // one that says there are more
	std::vector<cpr_phone_row> rows(query.limit);
	size_t total = 0;
	rows.resize(cpr_phones_list(hook.phones(), &query, rows.data(), &total));
	const bool more = rows.size() == query.limit;
	if (more)
		rows.pop_back();
	const int64_t now = steady_clock();
	ElementPtr list = Element::createList();
	for (const auto &row : rows)
		list->add(phone_element(row, now));
	ElementPtr all = Element::createMap();
	all->set("phones", list);
	all->set("count", number(rows.size()));
	all->set("total", number(total));
	if (more)
		all->set("next", Element::create(text_of(rows.back().mac)));
	return createAnswer(rows.empty() ? CONTROL_RESULT_EMPTY : CONTROL_RESULT_SUCCESS,
		plural(rows.size(), "phone") + " found", all);
}

std::string why(const cpr_answer &answer, const cpr_parameters *p)
{
	switch (answer.reason) {
	case CPR_REASON_SENT:
		if (answer.network == CPR_NETWORK_RECOVERY)
			return "listed for recovery";
		if (answer.network == CPR_NETWORK_GENERAL)
			return "from tftp-servers";
		return "from networks[" + std::to_string(answer.network) + "], " +
		       text_of(p->network[answer.network].prefix) + "/" +
		       std::to_string(p->network[answer.network].length);
	case CPR_REASON_KEPT_ADMIN:
		return "the administrator's own option 150 is kept";
	case CPR_REASON_NOT_A_PHONE:
		return "the vendor class is not a phone's";
	case CPR_REASON_OTHER_MODEL:
		return "its model is none of `models`";
	case CPR_REASON_NO_SERVER:
		return "no network holds the address, and there are no tftp-servers";
	}
	return "";
}

ConstElementPtr explain(const ConstElementPtr &arguments)
{
	Arguments args(arguments, {"hw-address", "vendor-class", "ip-address"});
	Mac mac = {};
	std::string vendor_class;
	cpr_facts facts = {};
	for (const char *name : {"hw-address", "vendor-class", "ip-address"})
		args.require(name);
	args.mac("hw-address", mac);
	args.text("vendor-class", vendor_class);
	args.address("ip-address", facts.address);
	args.check();

	Hook &hook = active();
	cpr_vendor vendor = {};
	cpr_vendor_parse(reinterpret_cast<const uint8_t *>(vendor_class.data()),
		vendor_class.size(), &vendor);
	facts.vendor = &vendor;
	std::copy(mac.begin(), mac.end(), facts.mac);
	facts.recovery =
		cpr_phones_marked(hook.phones(), mac.data(), wall_clock(), nullptr);
	if (hook.health())
		facts.dead = cpr_health_dead(hook.health());
	cpr_answer answer = {};
	cpr_decide(hook.decider(), &facts, &answer);

	ElementPtr all = Element::createMap();
	all->set("reason", Element::create(std::string(cpr_reason_name(answer.reason))));
	all->set("model", Element::create(std::string(vendor.text)));
	all->set("recovery", Element::create(answer.sent.recovery));
	all->set("tftp-servers", list_of(answer.sent.server, answer.sent.n));
	if (answer.set_66 || answer.set_siaddr)
		all->set("fallback", Element::create(text_of(answer.first)));
	const cpr_parameters *p = cpr_decider_parameters(hook.decider());
	std::string text = "it is sent nothing by option150: ";
	if (answer.reason == CPR_REASON_SENT)
		text = "at its next DISCOVER it is sent " + text_of(answer.sent) + ", ";
	text += why(answer, p);
	if (answer.reason == CPR_REASON_SENT && !answer.sent.recovery && !p->override)
		text += ", unless Kea's configuration gives it an option 150";
	return createAnswer(CONTROL_RESULT_SUCCESS, text, all);
}

ConstElementPtr recovery_add(const ConstElementPtr &arguments)
{
	Arguments args(arguments, {"hw-address", "ttl"});
	Mac mac = {};
	int64_t ttl = 0, now = wall_clock(), until = INT64_MAX;
	args.require("hw-address");
	args.mac("hw-address", mac);
	if (args.integer("ttl", 1, ttl_most, ttl))
		until = now + ttl;
	args.check();
	Hook &hook = active();
	if (!cpr_decider_parameters(hook.decider())->recovery_server_n)
		isc_throw(isc::InvalidOperation,
			"there are no recovery servers: set recovery.tftp-servers in the "
			"parameters of the library");
	if (cpr_decider_lists(hook.decider(), mac.data()))
		isc_throw(isc::InvalidOperation,
			text_of(mac.data()) + " stands in recovery.phones of the "
					      "parameters already");
	int r = hook.marks().add(hook.phones(), mac, now, until);
	if (r < 0)
		isc_throw(isc::InvalidOperation,
			"no more than " + std::to_string(CPR_RECOVERY_MARKS) +
				" phones can be marked; take some out, or list them in "
				"recovery.phones of the parameters");
	ElementPtr all = Element::createMap();
	all->set("stored", Element::create(false));
	return createAnswer(CONTROL_RESULT_SUCCESS,
		text_of(mac.data()) +
			(r ? " was listed for recovery already, its time is set anew; "
			   : " is listed for recovery; ") +
			"its lease holds the mark from its next REQUEST on",
		all);
}

ConstElementPtr recovery_del(const ConstElementPtr &arguments)
{
	Arguments args(arguments, {"hw-address"});
	Mac mac = {};
	args.require("hw-address");
	args.mac("hw-address", mac);
	args.check();
	Hook &hook = active();
	const std::string name = text_of(mac.data());
	if (cpr_decider_lists(hook.decider(), mac.data()))
		return createAnswer(CONTROL_RESULT_ERROR,
			name + " stands in recovery.phones of the parameters: take it "
			       "out there");
	bool stored = false;
	if (!hook.marks().remove(hook.phones(), mac, wall_clock(), stored))
		return createAnswer(
			CONTROL_RESULT_EMPTY, name + " was not listed for recovery");
	ElementPtr all = Element::createMap();
	all->set("stored", Element::create(stored));
	return createAnswer(CONTROL_RESULT_SUCCESS,
		name + " is listed for recovery no longer" +
			(stored ? "; its lease loses the mark at its next REQUEST" : ""),
		all);
}

ConstElementPtr recovery_list(const ConstElementPtr &arguments)
{
	Arguments(arguments, {}).check();
	Hook &hook = active();
	const cpr_parameters *p = cpr_decider_parameters(hook.decider());
	ElementPtr list = Element::createList();
	for (size_t i = 0; i < p->recovery_phone_n; i++) {
		ElementPtr one = Element::createMap();
		one->set("hw-address", Element::create(text_of(p->recovery_phone[i])));
		one->set("source", Element::create(std::string("parameters")));
		one->set("stored", Element::create(true));
		list->add(one);
	}
	const int64_t now = wall_clock();
	std::vector<cpr_phone_mark> marks(CPR_RECOVERY_MARKS);
	marks.resize(cpr_phones_marks(hook.phones(), now, marks.data(), marks.size()));
	for (const auto &mark : marks) {
		Mac mac;
		std::copy(mark.mac, mark.mac + mac.size(), mac.begin());
		ElementPtr one = Element::createMap();
		one->set("hw-address", Element::create(text_of(mark.mac)));
		one->set("source", Element::create(std::string("command")));
		if (mark.until != INT64_MAX)
			one->set("ttl", number(mark.until - now));
		one->set("stored", Element::create(hook.marks().is_stored(mac)));
		list->add(one);
	}
	ElementPtr all = Element::createMap();
	all->set("phones", list);
	all->set("count", number(list->size()));
	return createAnswer(list->size() ? CONTROL_RESULT_SUCCESS : CONTROL_RESULT_EMPTY,
		plural(list->size(), "phone") + " in recovery", all);
}

using Command = ConstElementPtr (*)(const ConstElementPtr &);

// Errors go into the answer, as with Kea's own commands.
template <Command command> int run(CalloutHandle &handle)
{
	try {
		ConstElementPtr answer, request;
		try {
			handle.getArgument("command", request);
			answer = command(request->get("arguments"));
		} catch (const std::exception &e) {
			answer = createAnswer(CONTROL_RESULT_ERROR, e.what());
		}
		handle.setArgument("response", answer);
	} catch (...) {
		// no memory for an answer: Kea gives one of its own
	}
	return 0;
}

} // namespace

void register_commands(isc::hooks::LibraryHandle &handle)
{
	handle.registerCommandCallout("option150-status", run<status>);
	handle.registerCommandCallout("option150-phones-get", run<phones_get>);
	handle.registerCommandCallout("option150-explain", run<explain>);
	handle.registerCommandCallout("option150-recovery-add", run<recovery_add>);
	handle.registerCommandCallout("option150-recovery-del", run<recovery_del>);
	handle.registerCommandCallout("option150-recovery-list", run<recovery_list>);
}

} // namespace option150
