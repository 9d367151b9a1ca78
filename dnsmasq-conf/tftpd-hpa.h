/* What the emitter of tftpd-hpa's map, and whoever looks after the server, both know. */
#pragma once

struct cpr_errors;

#define TFTPD_HPA_MAP "/etc/phone-cpr/tftpd-hpa.map"
/* Every transfer has a port of its own out of these, for firewalls.  Below those that Linux
 * hands out by chance, so that no other program sits on one. */
#define TFTPD_HPA_PORTS "30000:30999"
/* For TFTP_OPTIONS in /etc/default/tftpd-hpa, which is the admin's file.  A relative path of
 * the map would be looked up in the TFTP root. */
#define TFTPD_HPA_OPTIONS \
	"--secure --map-file " TFTPD_HPA_MAP " --port-range " TFTPD_HPA_PORTS

/* Reads a map as in.tftpd does, which has no test mode and ends at a bad one, also when it is
 * running.  0, or -EINVAL: a line in e for each that it would not take. */
int tftpd_hpa_check_map(const char *file, const char *text, struct cpr_errors *e);
