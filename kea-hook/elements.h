// Kea's JSON elements as the tree that the parameters are parsed from, and a few small
// conversions that several files want.
#pragma once

#include "core.h"

#include <cc/data.h>

#include <array>
#include <string>
#include <vector>

namespace option150
{

using Mac = std::array<uint8_t, 6>;

// Fills tree, with the place of every element; throws std::bad_alloc.  A null element becomes
// an empty map: a library without parameters.
void tree_of(const isc::data::ConstElementPtr &element, cpr_tree *tree);

std::string text_of(struct in_addr address);
std::string text_of(const uint8_t mac[6]); // "00:1b:54:aa:bb:cc"
std::string text_of(const cpr_sent &sent); // "192.0.2.1, 192.0.2.2"
isc::data::ElementPtr list_of(const struct in_addr *address, size_t n);
std::string joined(const std::vector<std::string> &lines);
std::vector<std::string> lines_of(const cpr_errors &errors);

} // namespace option150
