/* Programs of the servers' own packages: the service manager, and checkers.  Each has a
 * deadline, and what it says is text for people. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct cpr_errors;

/* What a program said on stdout and stderr, in the C locale; cut off where it is long. */
struct said {
	char text[8192];
};

/* user: as struct cpr_job's.  setting: NULL or one "NAME=value".  The exit status, or
 * -errno (-ENOENT: it is not installed). */
int service_ask(
	char *const argv[], const char *user, const char *setting, struct said *said);
/* The line that is worth showing: the last one with something on it. */
const char *said_last(struct said *said);

/* True when systemd manages this host, else it is Debian's `service`. */
bool service_systemd(void);
/* instance: of dnsmasq@NAME; NULL: the service itself. */
bool service_runs(const char *name, const char *instance);
/* 0, or -EIO and -errno with a line in e. */
int service_restart(const char *name, const char *instance, struct cpr_errors *e);
