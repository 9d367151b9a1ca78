// The arguments of one command, checked: each getter notes what is wrong and goes on, so that
// one answer names all of it.
#pragma once

#include "elements.h"

#include <cc/data.h>

#include <string>
#include <vector>

namespace option150
{

class Arguments
{
      public:
	// known: every argument that the command has.
	Arguments(const isc::data::ConstElementPtr &arguments,
		std::initializer_list<const char *> known);

	// False when the argument is absent or wrong; a wrong one is noted.
	bool text(const char *name, std::string &out);
	bool mac(const char *name, Mac &out);
	bool address(const char *name, struct in_addr &out);
	bool integer(const char *name, int64_t least, int64_t most, int64_t &out);
	bool boolean(const char *name, bool &out);
	void require(const char *name);
	void fault(const std::string &text);
	// Throws isc::BadValue with all that was noted.
	void check() const;

      private:
	isc::data::ConstElementPtr get(
		const char *name, isc::data::Element::types type, const char *what);
	isc::data::ConstElementPtr arguments_;
	std::vector<std::string> faults_;
};

} // namespace option150
