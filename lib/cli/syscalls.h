/* What is left to a process that reads strangers' bytes: the system calls of its work, and no
 * other (seccomp).  Whoever finds a fault in it or in the libraries that do the reading can run
 * no program and reach no network. */
#pragma once

#include <stddef.h>

/* For the rest of this process: no new privileges; memory, time, its own signals and its end;
 * `call`: beside them, by number (SCMP_SYS; negative ones do not exist here); `control`: requests
 * of ioctl.  Another call fails with EPERM; one that starts a program or a process, opens a
 * socket or looks into another process kills it.  With sanitizers, which call what they like,
 * nothing is filtered.  0 or -errno. */
int cpr_syscalls_only(
	const int *call, size_t n, const unsigned long *control, size_t control_n);
