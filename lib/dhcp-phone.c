#include "dhcp-phone.h"

#include "dhcp.h"

#include <stdio.h>

void cpr_dhcp_phone_id(struct cpr_pen *p, const uint8_t mac[6])
{
	uint8_t id[7] = {1, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]};

	cpr_dhcp_option(p, 61, id, sizeof(id));
}

void cpr_dhcp_phone_name(struct cpr_pen *p, const uint8_t mac[6])
{
	char name[16];

	snprintf(name, sizeof(name), "SEP%02X%02X%02X%02X%02X%02X", mac[0], mac[1],
		mac[2], mac[3], mac[4], mac[5]);
	cpr_dhcp_option(p, 12, name, 15);
}

void cpr_dhcp_phone_class(struct cpr_pen *p, const char *name)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "Cisco Systems, Inc. IP Phone %s", name);

	if (n > 0 && (size_t)n < sizeof(text))
		cpr_dhcp_option(p, 60, text, (size_t)n + 1);
}

void cpr_dhcp_phone_asks(struct cpr_pen *p)
{
	static const uint8_t parameters[] = {1, 66, 6, 3, 15, 150, 35};

	cpr_dhcp_option(p, 55, parameters, sizeof(parameters));
}

void cpr_dhcp_phone_end(struct cpr_pen *p)
{
	cpr_pen_u8(p, 0);
	cpr_dhcp_end(p, CPR_DHCP_PHONE_SIZE);
}
