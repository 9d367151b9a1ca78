#include "arguments.h"

#include <exceptions/exceptions.h>

#include <arpa/inet.h>

#include <algorithm>

using isc::data::ConstElementPtr;
using isc::data::Element;

namespace option150
{

Arguments::Arguments(
	const ConstElementPtr &arguments, std::initializer_list<const char *> known)
    : arguments_(arguments)
{
	if (!arguments_)
		arguments_ = Element::createMap();
	if (arguments_->getType() != Element::map) {
		fault("arguments must be a map");
		arguments_ = Element::createMap();
	}
	for (const auto &one : arguments_->mapValue()) {
		if (std::find(known.begin(), known.end(), one.first) != known.end())
			continue;
		std::string names;
		for (const char *name : known)
			names += (names.empty() ? "" : ", ") + std::string(name);
		fault("unknown argument '" + one.first + "'; " +
			(names.empty() ? "there are none" : "there are: " + names));
	}
}

ConstElementPtr Arguments::get(const char *name, Element::types type, const char *what)
{
	ConstElementPtr found = arguments_->get(name);
	if (found && found->getType() != type) {
		fault(std::string("'") + name + "' must be " + what);
		found.reset();
	}
	return found;
}

bool Arguments::text(const char *name, std::string &out)
{
	ConstElementPtr found = get(name, Element::string, "a string");
	if (found)
		out = found->stringValue();
	return !!found;
}

bool Arguments::mac(const char *name, Mac &out)
{
	std::string value;
	if (!text(name, value))
		return false;
	if (cpr_mac_parse(value.c_str(), out.data()))
		return true;
	fault(std::string("'") + name + "': '" + value +
		"' is not the MAC address of a phone, write 00:1b:54:aa:bb:cc");
	return false;
}

bool Arguments::address(const char *name, struct in_addr &out)
{
	std::string value;
	if (!text(name, value))
		return false;
	if (inet_pton(AF_INET, value.c_str(), &out) == 1)
		return true;
	fault(std::string("'") + name + "': '" + value +
		"' is no IPv4 address, write 192.0.2.50");
	return false;
}

bool Arguments::integer(const char *name, int64_t least, int64_t most, int64_t &out)
{
	ConstElementPtr found = get(name, Element::integer, "a number");
	if (!found)
		return false;
	out = found->intValue();
	if (out >= least && out <= most)
		return true;
	fault(std::string("'") + name + "' must be from " + std::to_string(least) +
		" to " + std::to_string(most));
	return false;
}

bool Arguments::boolean(const char *name, bool &out)
{
	ConstElementPtr found = get(name, Element::boolean, "true or false");
	if (found)
		out = found->boolValue();
	return !!found;
}

void Arguments::require(const char *name)
{
	if (!arguments_->contains(name))
		fault(std::string("'") + name + "' is missing");
}

void Arguments::fault(const std::string &text)
{
	faults_.push_back(text);
}

void Arguments::check() const
{
	if (!faults_.empty())
		isc_throw(isc::BadValue, joined(faults_));
}

} // namespace option150
