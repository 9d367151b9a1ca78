#include "elements.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <new>

using isc::data::ConstElementPtr;
using isc::data::Element;
using isc::data::ElementPtr;

namespace option150
{

namespace
{

cpr_tree_type type_of(const ConstElementPtr &element)
{
	switch (element ? element->getType() : Element::null) {
	case Element::boolean:
		return CPR_TREE_BOOLEAN;
	case Element::integer:
		return CPR_TREE_INTEGER;
	case Element::real:
		return CPR_TREE_REAL;
	case Element::string:
		return CPR_TREE_STRING;
	case Element::list:
		return CPR_TREE_LIST;
	case Element::map:
		return CPR_TREE_MAP;
	default:
		return CPR_TREE_NULL;
	}
}

// A C text ends at a NUL, and what is left might be right: a character that is never right
// stands for it.
std::string c_text(std::string text)
{
	std::replace(text.begin(), text.end(), '\0', '\1');
	return text;
}

void fill(cpr_tree *node, const ConstElementPtr &element);

void add(cpr_tree *parent, const char *key, const ConstElementPtr &element)
{
	std::string place = element ? element->getPosition().str() : std::string();
	cpr_tree *node = cpr_tree_add(
		parent, type_of(element), key, place.empty() ? nullptr : place.c_str());
	if (!node)
		throw std::bad_alloc();
	fill(node, element);
}

void fill(cpr_tree *node, const ConstElementPtr &element)
{
	switch (node->type) {
	case CPR_TREE_NULL:
		break;
	case CPR_TREE_BOOLEAN:
		node->boolean = element->boolValue();
		break;
	case CPR_TREE_INTEGER:
		node->integer = element->intValue();
		break;
	case CPR_TREE_REAL:
		node->real = element->doubleValue();
		break;
	case CPR_TREE_STRING:
		if (cpr_tree_set_text(node, c_text(element->stringValue()).c_str()) < 0)
			throw std::bad_alloc();
		break;
	case CPR_TREE_LIST:
		for (const auto &child : element->listValue())
			add(node, nullptr, child);
		break;
	case CPR_TREE_MAP:
		for (const auto &child : element->mapValue())
			add(node, c_text(child.first).c_str(), child.second);
		break;
	}
}

} // namespace

void tree_of(const ConstElementPtr &element, cpr_tree *tree)
{
	tree->type = element ? type_of(element) : CPR_TREE_MAP;
	if (element)
		fill(tree, element);
}

std::string text_of(struct in_addr address)
{
	char text[INET_ADDRSTRLEN], *end = text;
	uint8_t byte[sizeof address];
	memcpy(byte, &address, sizeof byte);
	for (uint8_t b : byte) {
		if (end != text)
			*end++ = '.';
		end = std::to_chars(end, text + sizeof text, b).ptr;
	}
	return std::string(text, end);
}

std::string text_of(const uint8_t mac[6])
{
	char text[18];
	snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
		mac[2], mac[3], mac[4], mac[5]);
	return text;
}

std::string text_of(const cpr_sent &sent)
{
	std::string text;
	for (unsigned i = 0; i < sent.n; i++)
		text += (i ? ", " : "") + text_of(sent.server[i]);
	return text;
}

ElementPtr list_of(const struct in_addr *address, size_t n)
{
	ElementPtr list = Element::createList();
	for (size_t i = 0; i < n; i++)
		list->add(Element::create(text_of(address[i])));
	return list;
}

std::string joined(const std::vector<std::string> &lines)
{
	std::string text;
	for (const auto &line : lines)
		text += (text.empty() ? "" : "; ") + line;
	return text;
}

std::vector<std::string> lines_of(const cpr_errors &errors)
{
	std::vector<std::string> lines(errors.line, errors.line + errors.n);
	if (errors.lost)
		lines.push_back("and more, which memory was too short to list");
	return lines;
}

} // namespace option150
