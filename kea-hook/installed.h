// The version of this library that runs, beside the one on the disk: linked nodelete, a new
// one is in force only after a restart of Kea.
#pragma once

#include <string>

namespace option150
{

struct Installed {
	std::string file; // where the library was loaded from
	std::string
		version; // of the file that is there now; empty: not readable, or not ours
	bool replaced;   // it is not the file that runs
};

// Remembers which file runs; the first call counts.
void note_loaded();
Installed look_installed();

} // namespace option150
