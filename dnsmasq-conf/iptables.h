/* What iptables-legacy-save prints, as the objects of nft's JSON that say the same, for
 * firewall_judge.  Pure.  A match that is not known here becomes one that may hold, and a target
 * that is not known lets through, so that what is judged of it stays true. */
#pragma once

struct json_t;

/* Adds them to the array; tables are named "filter (iptables-legacy)".  0, or -ENOMEM. */
int iptables_objects(const char *text, struct json_t *objects);
