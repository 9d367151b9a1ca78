/* What the emitter of Kea's file, and whoever looks after the server, both know. */
#pragma once

#define KEA_CONFIG "/etc/kea/kea-dhcp4.conf"
#define KEA_OURS   "/etc/kea/phone-cpr.json"
/* What the admin puts into the first, to have Kea read the second. */
#define KEA_INCLUDE "<?include \"" KEA_OURS "\"?>"
/* The library of the package kea-hook-option150. */
#define KEA_LIBRARY CPR_HOOKDIR "/libdhcp_option150.so"
