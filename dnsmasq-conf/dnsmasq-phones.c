#include "dnsmasq-phones.h"

#include "address.h"
#include "cleanup.h"
#include "site.h"

#include <arpa/inet.h>
#include <string.h>

static bool is_key(const struct dnsmasq_line *l, const char *key)
{
	return l->key && strcmp(l->key, key) == 0;
}

/* The name of a tag that the field asks for, perhaps with a "!" before it; NULL: it does not.
 * net: is the old spelling. */
static const char *asked_tag(const char *field)
{
	return strncmp(field, "tag:", 4) == 0 || strncmp(field, "net:", 4) == 0
		       ? field + 4
		       : NULL;
}

bool dnsmasq_is_tagged(const struct dnsmasq_line *one)
{
	for (size_t i = 0; i < one->field_n; i++)
		if (asked_tag(one->field[i]))
			return true;
	return false;
}

/* Options that only a network boot sends: client architecture, network interface, machine id,
 * and iPXE's own. */
static bool is_boot_option(const char *option)
{
	static const char *const names[] = {"93", "option:client-arch", "94",
		"option:client-interface-id", "97", "option:client-machine-id", "175"};

	for (size_t i = 0; i < CPR_ARRAY_LEN(names); i++)
		if (strcmp(option, names[i]) == 0)
			return true;
	return false;
}

/* The line gives its tag to clients that cannot be phones. */
static bool is_for_boot(const struct dnsmasq_line *l)
{
	const char *what = l->field_n > 1 ? l->field[1] : "";

	if (is_key(l, "dhcp-match"))
		return is_boot_option(what);
	if (is_key(l, "dhcp-vendorclass"))
		return strncmp(what, "PXEClient", 9) == 0 ||
		       strncmp(what, "HTTPClient", 10) == 0;
	return is_key(l, "dhcp-userclass") && strcmp(what, "iPXE") == 0;
}

static bool sets(const struct dnsmasq_line *l, const char *tag)
{
	const char *set = dnsmasq_line_after(l, "set:");

	return set && strcmp(set, tag) == 0;
}

/* Of a tag that no line sets nothing is known: an interface's name is one by itself. */
static bool is_never_phones(const struct dnsmasq_lines *all, const char *tag)
{
	bool seen = false;

	for (size_t i = 0; i < all->n; i++) {
		if (!sets(&all->line[i], tag))
			continue;
		if (!is_for_boot(&all->line[i]))
			return false;
		seen = true;
	}
	return seen;
}

static bool may_reach_phones(
	const struct dnsmasq_lines *all, const struct dnsmasq_line *one)
{
	for (size_t i = 0; i < one->field_n; i++) {
		const char *tag = asked_tag(one->field[i]);

		if (!tag)
			continue;
		if (tag[0] == '!' ? strcmp(tag + 1, DNSMASQ_PHONE) == 0
				  : is_never_phones(all, tag))
			return false;
	}
	return true;
}

/* "150" behind the tags; inside of another option it is another one. */
static bool is_option150(const struct dnsmasq_line *l)
{
	size_t i = 0;

	while (i < l->field_n && asked_tag(l->field[i]))
		i++;
	return i < l->field_n &&
	       (strcmp(l->field[i], "150") == 0 ||
		       strcmp(l->field[i], "option:tftp-server-address") == 0);
}

enum dnsmasq_claim dnsmasq_claim(
	const struct dnsmasq_lines *all, const struct dnsmasq_line *one)
{
	enum dnsmasq_claim claim = DNSMASQ_NO_CLAIM;

	if (one->ours)
		return claim;
	if (is_key(one, "dhcp-option") && is_option150(one))
		claim = DNSMASQ_150;
	else if (is_key(one, "dhcp-option-force") && is_option150(one))
		claim = DNSMASQ_FORCED150;
	else if (is_key(one, "dhcp-boot"))
		claim = DNSMASQ_BOOT;
	return claim && may_reach_phones(all, one) ? claim : DNSMASQ_NO_CLAIM;
}

/* The first address of the range; fields before it are tags. */
static bool first_address(
	const struct dnsmasq_line *range, struct in_addr *a, size_t *before)
{
	for (size_t i = 0; i < range->field_n; i++)
		if (inet_pton(AF_INET, range->field[i], a) == 1) {
			*before = i;
			return true;
		}
	return false;
}

const char *dnsmasq_range_tag(const struct dnsmasq_line *range)
{
	struct in_addr a;
	size_t before;

	if (!first_address(range, &a, &before))
		return NULL;
	for (size_t i = 0; i < before; i++)
		if (!asked_tag(range->field[i]))
			return strncmp(range->field[i], "set:", 4) == 0
				       ? range->field[i] + 4
				       : range->field[i];
	return NULL;
}

const struct dnsmasq_line *dnsmasq_untagged_range(const struct dnsmasq_lines *all,
	const struct cpr_site *site, const struct cpr_site_network *n, bool *tagged)
{
	const struct dnsmasq_line *found = NULL;

	*tagged = false;
	for (size_t i = 0; i < all->n; i++) {
		const struct dnsmasq_line *l = &all->line[i];
		bool range = is_key(l, "dhcp-range");
		const char *tag = range ? dnsmasq_range_tag(l) : NULL;
		struct in_addr a;
		size_t before;

		if (sets(l, n->tag) || (tag && strcmp(tag, n->tag) == 0))
			*tagged = true;
		else if (range && !found && first_address(l, &a, &before) &&
			 cpr_site_network(site, a) == n)
			found = l;
	}
	return found;
}
