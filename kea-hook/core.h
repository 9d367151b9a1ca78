// The C core, as C++ sees it, with owners that release.
#pragma once

// C lets a function bear the name of a struct; C++ warns of it.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
extern "C" {
#include "address.h"
#include "decide.h"
#include "errors.h"
#include "health.h"
#include "models.h"
#include "parameters.h"
#include "phones.h"
#include "tree.h"
}
#pragma GCC diagnostic pop

#include <memory>

namespace option150
{

struct Release {
	void operator()(cpr_decider *d) const
	{
		cpr_decider_free(d);
	}
	void operator()(cpr_parameters *p) const
	{
		cpr_parameters_free(p);
	}
	void operator()(cpr_phones *p) const
	{
		cpr_phones_free(p);
	}
	void operator()(cpr_health *h) const
	{
		cpr_health_free(h);
	}
};
using Decider = std::unique_ptr<cpr_decider, Release>;
using Parameters = std::unique_ptr<cpr_parameters, Release>;
using Phones = std::unique_ptr<cpr_phones, Release>;
using Health = std::unique_ptr<cpr_health, Release>;

struct Errors : cpr_errors {
	Errors() : cpr_errors()
	{
	}
	~Errors()
	{
		cpr_errors_clear(this);
	}
	Errors(const Errors &) = delete;
	Errors &operator=(const Errors &) = delete;
};

struct Tree : cpr_tree {
	Tree() : cpr_tree()
	{
	}
	~Tree()
	{
		cpr_tree_clear(this);
	}
	Tree(const Tree &) = delete;
	Tree &operator=(const Tree &) = delete;
};

} // namespace option150
