// A hook library that refuses every configuration in which its parameter "refuse" is true, to
// stand before the library under test.
#include <cc/data.h>
#include <hooks/hooks.h>

using isc::data::ConstElementPtr;
using isc::data::Element;

static bool refuse;

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

int load(isc::hooks::LibraryHandle &handle)
{
	ConstElementPtr wish = handle.getParameter("refuse");
	refuse = wish && wish->getType() == Element::boolean && wish->boolValue();
	return 0;
}

int dhcp4_srv_configured(isc::hooks::CalloutHandle &handle)
{
	if (refuse) {
		handle.setStatus(isc::hooks::CalloutHandle::NEXT_STEP_DROP);
		handle.setArgument("error", std::string("refused on purpose"));
	}
	return 0;
}

} // extern "C"
#pragma GCC visibility pop
