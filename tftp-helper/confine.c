#include "confine.h"

#include "cleanup.h"
#include "cli/syscalls.h"

#include <errno.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

/* Sanitizers map terabytes. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

#define MIB (1024 * 1024ULL)

/* The largest package known is about 200 MB in files of up to 82 MB, which takes seconds;
 * caps.c refuses a file beyond 256 MiB. */
static const struct limit {
	int resource;
	rlim_t most;
} limits[] = {
	{RLIMIT_AS, 256 * MIB},
	{RLIMIT_CPU, 300},
	{RLIMIT_FSIZE, 256 * MIB + 1},
	{RLIMIT_NOFILE, 256},
	{RLIMIT_CORE, 0},
};

/* What unpacking, judging and publishing do with files (strace), and the next of kin by which
 * another C library or architecture does the same. */
static const int allowed[] = {
	SCMP_SYS(read),
	SCMP_SYS(readv),
	SCMP_SYS(pread64),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(pwrite64),
	SCMP_SYS(lseek),
	SCMP_SYS(_llseek),
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(openat2),
	SCMP_SYS(close),
	SCMP_SYS(close_range),
	SCMP_SYS(dup),
	SCMP_SYS(dup2),
	SCMP_SYS(dup3),
	SCMP_SYS(fcntl),
	SCMP_SYS(fcntl64),
	SCMP_SYS(flock),
	SCMP_SYS(fsync),
	SCMP_SYS(fdatasync),
	SCMP_SYS(ftruncate),
	SCMP_SYS(fallocate),
	SCMP_SYS(fadvise64),
	SCMP_SYS(copy_file_range),
	SCMP_SYS(sendfile),
	SCMP_SYS(stat),
	SCMP_SYS(lstat),
	SCMP_SYS(fstat),
	SCMP_SYS(stat64),
	SCMP_SYS(lstat64),
	SCMP_SYS(fstat64),
	SCMP_SYS(fstatat64),
	SCMP_SYS(newfstatat),
	SCMP_SYS(statx),
	SCMP_SYS(statfs),
	SCMP_SYS(fstatfs),
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(getdents),
	SCMP_SYS(getdents64),
	SCMP_SYS(mkdir),
	SCMP_SYS(mkdirat),
	SCMP_SYS(rmdir),
	SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),
	SCMP_SYS(rename),
	SCMP_SYS(renameat),
	SCMP_SYS(renameat2),
	SCMP_SYS(link),
	SCMP_SYS(linkat),
	SCMP_SYS(symlink),
	SCMP_SYS(symlinkat),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(chmod),
	SCMP_SYS(fchmod),
	SCMP_SYS(fchmodat),
	SCMP_SYS(umask),
};

/* Is that a terminal?  No other control of a device. */
static const unsigned long controls[] = {TCGETS};

int cpr_confine(void)
{
	for (size_t i = 0; !SANITIZED && i < CPR_ARRAY_LEN(limits); i++) {
		struct rlimit now, want = {limits[i].most, limits[i].most};

		if (getrlimit(limits[i].resource, &now) < 0)
			return -errno;
		if (now.rlim_max < want.rlim_max)
			want.rlim_cur = want.rlim_max = now.rlim_max;
		if (setrlimit(limits[i].resource, &want) < 0)
			return -errno;
	}
	return cpr_syscalls_only(
		allowed, CPR_ARRAY_LEN(allowed), controls, CPR_ARRAY_LEN(controls));
}
