#include "cli/syscalls.h"

#include "cleanup.h"

#include <errno.h>
#include <seccomp.h>
#include <sys/prctl.h>

/* Sanitizers look at themselves with calls of their own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

/* No reading needs these; whoever calls one is not us any more. */
static const int deadly[] = {
	SCMP_SYS(execve),
	SCMP_SYS(execveat),
	SCMP_SYS(fork),
	SCMP_SYS(vfork),
	SCMP_SYS(clone),
	SCMP_SYS(clone3),
	SCMP_SYS(socket),
	SCMP_SYS(connect),
	SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(bpf),
	SCMP_SYS(mount),
	SCMP_SYS(unshare),
	SCMP_SYS(setns),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(keyctl),
	SCMP_SYS(kill),
};

/* What the C library and the allocator call whatever the work is. */
static const int harmless[] = {
	SCMP_SYS(brk),
	SCMP_SYS(mmap),
	SCMP_SYS(mmap2),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(mprotect),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(rseq),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(getrandom),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
	SCMP_SYS(getrlimit),
	SCMP_SYS(prlimit64),
	SCMP_SYS(sysinfo),
	SCMP_SYS(uname),
	SCMP_SYS(time),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_gettime64),
	SCMP_SYS(nanosleep),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(clock_nanosleep_time64),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(tgkill), /* abort() */
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

static void context_freep(scmp_filter_ctx *c)
{
	if (*c)
		seccomp_release(*c);
}

static int add(scmp_filter_ctx c, uint32_t action, const int *call, size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = seccomp_rule_add(c, action, call[i], 0);
	return r;
}

static int filter(
	const int *call, size_t n, const unsigned long *control, size_t control_n)
{
	_cleanup_(context_freep) scmp_filter_ctx c = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r = c ? 0 : -ENOMEM;

	if (r == 0)
		r = add(c, SCMP_ACT_KILL_PROCESS, deadly, CPR_ARRAY_LEN(deadly));
	if (r == 0)
		r = add(c, SCMP_ACT_ALLOW, harmless, CPR_ARRAY_LEN(harmless));
	if (r == 0)
		r = add(c, SCMP_ACT_ALLOW, call, n);
	for (size_t i = 0; r == 0 && i < control_n; i++)
		r = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
			SCMP_A1(SCMP_CMP_EQ, control[i]));
	return r == 0 ? seccomp_load(c) : r;
}

int cpr_syscalls_only(
	const int *call, size_t n, const unsigned long *control, size_t control_n)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return SANITIZED ? 0 : filter(call, n, control, control_n);
}
