#include "option150.h"

#include "span.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

size_t cpr_option150_encode(
	const struct in_addr *address, size_t n, uint8_t *out, size_t cap)
{
	struct cpr_pen p = cpr_pen_of(out, cap);

	for (size_t i = 0; i < n; i++)
		cpr_pen_be32(&p, ntohl(address[i].s_addr));
	return p.full ? 0 : p.len;
}

/* Length without the NULs that C programs leave at the end of text. */
static size_t text_len(const uint8_t *bytes, size_t len)
{
	while (len && !bytes[len - 1])
		len--;
	return len;
}

/* Whether the bytes start with an address in dotted text, alone or as the first of several. */
static bool looks_dotted(const uint8_t *bytes, size_t len)
{
	char first[INET_ADDRSTRLEN] = "";
	struct in_addr a;
	size_t n = 0;

	len = text_len(bytes, len);
	while (n < len && n < sizeof(first) - 1 && !strchr(", ;", bytes[n])) {
		first[n] = (char)bytes[n];
		n++;
	}
	if (n < len && !strchr(", ;", bytes[n]))
		return false;
	return inet_pton(AF_INET, first, &a) == 1;
}

enum cpr_option150_outcome cpr_option150_decode(
	const uint8_t *bytes, size_t len, struct in_addr *address, size_t cap, size_t *n)
{
	struct cpr_span s = cpr_span_of(bytes, len);

	*n = 0;
	if (len == 0)
		return CPR_OPTION150_ABSENT;
	/* Before the length: "192.168.10.1" has twelve bytes, which would pass for three
	 * addresses, the first of them 49.57.50.46. */
	if (looks_dotted(bytes, len))
		return CPR_OPTION150_TEXT;
	if (len % 4)
		return CPR_OPTION150_LENGTH;
	if (cpr_span_be32(&s) == 0)
		return CPR_OPTION150_ZERO;
	cpr_span_seek(&s, 0);
	while (cpr_span_left(&s) && *n < cap)
		address[(*n)++].s_addr = htonl(cpr_span_be32(&s));
	return CPR_OPTION150_OK;
}

bool cpr_option150_usable(struct in_addr address, struct in_addr own, struct in_addr mask)
{
	uint32_t host = ntohl(address.s_addr), hosts = ~ntohl(mask.s_addr);
	uint32_t first = host >> 24;

	if (first == 0 || first == 127 || first >= 224)
		return false;
	if (!mask.s_addr || hosts < 3 || (address.s_addr ^ own.s_addr) & mask.s_addr)
		return true;
	return (host & hosts) != 0 && (host & hosts) != hosts;
}

size_t cpr_option66_encode(struct in_addr address, char *out, size_t cap)
{
	char text[INET_ADDRSTRLEN];
	size_t len;

	inet_ntop(AF_INET, &address, text, sizeof(text));
	len = strlen(text);
	if (len > cap)
		return 0;
	memcpy(out, text, len);
	return len;
}

enum cpr_option66_outcome cpr_option66_decode(
	const uint8_t *bytes, size_t len, struct in_addr *address, char *name)
{
	address->s_addr = 0;
	name[0] = 0;
	len = text_len(bytes, len);
	if (len == 0)
		return CPR_OPTION66_ABSENT;
	if (len > 255)
		return CPR_OPTION66_MALFORMED;
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] < ' ' || bytes[i] > '~') {
			name[0] = 0;
			return CPR_OPTION66_MALFORMED;
		}
		name[i] = (char)bytes[i];
		name[i + 1] = 0;
	}
	return inet_pton(AF_INET, name, address) == 1 ? CPR_OPTION66_ADDRESS
						      : CPR_OPTION66_NAME;
}
