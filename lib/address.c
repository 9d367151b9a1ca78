#include "address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool cpr_address_host(const char *text, struct in_addr *a)
{
	uint32_t host;

	if (inet_pton(AF_INET, text, a) != 1)
		return false;
	host = ntohl(a->s_addr);
	/* From 224.0.0.0 on: multicast, reserved, broadcast. */
	return host != 0 && host < UINT32_C(0xe0000000);
}

static uint32_t host_mask(unsigned length)
{
	return length < 32 ? UINT32_MAX >> length : 0;
}

enum cpr_prefix_outcome cpr_prefix_parse(
	const char *text, struct in_addr *prefix, unsigned *length)
{
	const char *slash = strchr(text, '/');
	char address[INET_ADDRSTRLEN];
	uint32_t host;
	size_t digits;

	if (!slash || (size_t)(slash - text) >= sizeof(address))
		return CPR_PREFIX_MALFORMED;
	snprintf(address, sizeof(address), "%.*s", (int)(slash - text), text);
	digits = strspn(slash + 1, "0123456789");
	if (inet_pton(AF_INET, address, prefix) != 1 || !digits || digits > 2 ||
		slash[1 + digits] || (digits == 2 && slash[1] == '0'))
		return CPR_PREFIX_MALFORMED;
	*length = (unsigned)strtoul(slash + 1, NULL, 10);
	if (*length > 32)
		return CPR_PREFIX_MALFORMED;
	host = ntohl(prefix->s_addr);
	prefix->s_addr = htonl(host & ~host_mask(*length));
	return host & host_mask(*length) ? CPR_PREFIX_HOST_BITS : CPR_PREFIX_OK;
}

uint32_t cpr_prefix_last(struct in_addr prefix, unsigned length)
{
	return ntohl(prefix.s_addr) | host_mask(length);
}

/* Digits in groups of `group`, each but the last followed by `separator`. */
static bool grouped(const char *text, size_t group, char separator)
{
	for (size_t digits = 0; digits < 12; text++) {
		if (separator && digits && digits % group == 0 && *text++ != separator)
			return false;
		if (!isxdigit((unsigned char)*text))
			return false;
		digits++;
	}
	return !*text;
}

bool cpr_mac_host(const uint8_t mac[6])
{
	static const uint8_t none[6];

	return memcmp(mac, none, sizeof(none)) && !(mac[0] & 1);
}

bool cpr_mac_parse(const char *text, uint8_t mac[6])
{
	size_t n = 0;

	if (!grouped(text, 2, ':') && !grouped(text, 2, '-') && !grouped(text, 4, '.') &&
		!grouped(text, 12, '\0'))
		return false;
	for (; *text; text++) {
		char digit[2] = {*text};

		if (!isxdigit((unsigned char)*text))
			continue;
		mac[n / 2] = (uint8_t)(mac[n / 2] << 4 | strtoul(digit, NULL, 16));
		n++;
	}
	return cpr_mac_host(mac);
}
