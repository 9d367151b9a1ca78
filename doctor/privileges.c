#include "privileges.h"

#include "cleanup.h"
#include "cli/syscalls.h"

#include <cap-ng.h>
#include <errno.h>
#include <net/if.h>
#include <pwd.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* Of open files, pipes, the terminal and the packet socket, whose ring is memory. */
static const int calls[] = {
	SCMP_SYS(read),
	SCMP_SYS(readv),
	SCMP_SYS(pread64),
	SCMP_SYS(lseek),
	SCMP_SYS(_llseek),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(ftruncate),
	SCMP_SYS(fsync),
	SCMP_SYS(close),
	SCMP_SYS(fstat),
	SCMP_SYS(fstat64),
	SCMP_SYS(newfstatat), /* how this C library does fstat */
	SCMP_SYS(statx),
	SCMP_SYS(fcntl),
	SCMP_SYS(fcntl64),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(ppoll_time64),
	SCMP_SYS(
		getsockopt), /* what the kernel dropped; whether the interface is there */
	SCMP_SYS(recvfrom),
};

static const unsigned long controls[] = {
	TCGETS, TIOCGWINSZ, SIOCGIFFLAGS, /* libpcap, when the interface goes down */
};

/* The user namespace of the machine itself maps all users. */
static bool is_first_namespace(void)
{
	_cleanup_(cpr_fclosep) FILE *f = fopen("/proc/self/uid_map", "re");
	unsigned long inside, outside, n;

	return !f || fscanf(f, "%lu %lu %lu", &inside, &outside, &n) != 3 ||
	       (inside == 0 && outside == 0 && n == 0xffffffff);
}

static bool number(const char *text, unsigned *out)
{
	char *end;
	unsigned long n;

	if (!text || *text < '0' || *text > '9')
		return false;
	errno = 0;
	n = strtoul(text, &end, 10);
	*out = (unsigned)n;
	return !errno && !*end && n > 0 && n < 0xffffffff;
}

/* Whoever may set these variables for root is root. */
static bool who(unsigned *uid, unsigned *gid)
{
	const struct passwd *nobody;

	if (number(getenv("SUDO_UID"), uid) && number(getenv("SUDO_GID"), gid))
		return true;
	nobody = getpwnam("nobody");
	if (!nobody)
		return false;
	*uid = nobody->pw_uid;
	*gid = nobody->pw_gid;
	return true;
}

static int drop_capabilities(void)
{
	capng_select_t what = CAPNG_SELECT_CAPS;

	capng_get_caps_process();
	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		what = CAPNG_SELECT_BOTH; /* the bounding set, too */
	capng_clear(CAPNG_SELECT_ALL);
	return capng_apply(what) == 0 ? 0 : -EPERM;
}

static int become_another(void)
{
	unsigned uid, gid;

	if (!who(&uid, &gid))
		return -ENOENT;
	capng_clear(CAPNG_SELECT_ALL);
	return capng_change_id((int)uid, (int)gid,
		       CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING |
			       CAPNG_CLEAR_AMBIENT) == 0
		       ? 0
		       : -EPERM;
}

int cpr_privileges_drop(const char **what)
{
	int r;

	tzset(); /* reads a file, and nothing may later */
	if (geteuid() == 0 && is_first_namespace()) {
		*what = "cannot become another user than root";
		r = become_another();
	} else {
		*what = "cannot drop the capabilities";
		r = drop_capabilities();
	}
	if (r < 0)
		return r;
	*what = "cannot filter the system calls";
	return cpr_syscalls_only(
		calls, CPR_ARRAY_LEN(calls), controls, CPR_ARRAY_LEN(controls));
}
