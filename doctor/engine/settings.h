/* What a phone reads out of XMLDefault.cnf.xml or its own SEP<MAC>.cnf.xml. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct cpr_settings {
	char load[128];         /* loadInformation, "": none for this model */
	char call_manager[256]; /* processNodeName of the first by priority; "": none */
	uint16_t port;          /* ethernetPhonePort, or 2000 */
};

/* device_id 0: a file for one phone, where loadInformation has no number.  Returns 0, or
 * -EINVAL when the bytes are no XML that a phone would read. */
int cpr_settings_parse(
	const char *bytes, size_t len, unsigned device_id, struct cpr_settings *out);
