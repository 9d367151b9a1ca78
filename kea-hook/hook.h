// The hook in this process: what is in force, and what a load brought that is not yet.
//
// Kea unloads and loads its hooks at every change of its configuration, and says only later
// whether it takes the configuration.  So load() fills a candidate and configured() commits it,
// when it is whole; the library is linked nodelete, and this object outlives the reload.
//
// Kea stops its packet threads while it calls load(), unload() and configured(); all else may
// be called by any thread, and takes no lock but those of the phone table and of the notes.
#pragma once

#include "core.h"
#include "elements.h"
#include "marks.h"

#include <cc/data.h>

#include <string>
#include <vector>

namespace option150
{

int64_t wall_clock();   // seconds; for recovery marks, which outlive the process
int64_t steady_clock(); // seconds; for all else

class Hook
{
      public:
	static Hook &instance();

	void load(const isc::data::ConstElementPtr &parameters);
	void unload();
	// Phones can be marked for recovery, or could be: a lease may have to lose its mark.
	bool recovers() const
	{
		return recovers_;
	}
	// Kea takes the configuration.  Returns why its start must be refused; empty: go on.
	std::string configured();
	// What a change of the configuration must be answered with instead of "ok"; empty: ok.
	std::string complaint() const;

	// NULL while inert.
	const cpr_decider *decider() const
	{
		return good_.get();
	}
	cpr_phones *phones() const
	{
		return phones_.get();
	}
	const cpr_health *health() const
	{
		return health_.get();
	}
	Marks &marks()
	{
		return marks_;
	}
	const std::vector<std::string> &faults() const
	{
		return faults_;
	}

      private:
	void commit();
	void take_table(const cpr_parameters &parameters);
	void start_health();
	void stop_health();
	std::string summary() const;

	unsigned listed_ = 0; // so often in hooks-libraries
	Decider candidate_;
	std::vector<std::string> faults_; // of the parameters that were loaded last
	bool recovers_ = false;           // once, and from then on
	bool strict_ = false;             // they ask for it, whole or not
	Decider good_;
	Phones phones_;
	unsigned rows_ = 0; // of phones_
	Health health_;
	std::vector<struct cpr_health_state> known_; // by the last one
	Marks marks_;
};

} // namespace option150
