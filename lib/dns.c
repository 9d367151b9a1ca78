#include "dns.h"

#include <string.h>

void cpr_dns_skip_name(struct cpr_span *s)
{
	uint8_t n;

	while ((n = cpr_span_u8(s)) != 0 && !s->bad) {
		if (n > CPR_DNS_LABEL_MAX) { /* a pointer ends the name */
			cpr_span_skip(s, 1);
			return;
		}
		cpr_span_skip(s, n);
	}
}

struct in_addr cpr_dns_address(struct cpr_span s, uint16_t answers)
{
	struct in_addr a = {0};

	while (answers-- && !s.bad) {
		uint16_t type, class;
		struct cpr_span data;

		cpr_dns_skip_name(&s);
		type = cpr_span_be16(&s);
		class = cpr_span_be16(&s);
		cpr_span_skip(&s, 4);
		data = cpr_span_sub(&s, cpr_span_be16(&s));
		if (type == CPR_DNS_TYPE_A && class == CPR_DNS_CLASS_IN &&
			data.len == 4) {
			memcpy(&a, data.data, 4);
			return a;
		}
	}
	return a;
}
