#include "give.h"

#include "cleanup.h"
#include "firmware.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

uid_t cpr_heir(int root)
{
	struct stat st;

	if (geteuid() != 0 ||
		fstatat(root, CPR_PRIVATE_DIR, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		!S_ISDIR(st.st_mode) || st.st_uid == 0)
		return (uid_t)-1;
	return st.st_uid;
}

int cpr_give(int root, const char *name, uid_t heir)
{
	struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};
	_cleanup_(cpr_closep) int fd = -1;
	struct stat st;

	if (heir == (uid_t)-1)
		return 0;
	fd = (int)syscall(SYS_openat2, root, name, &how, sizeof(how));
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != 0 || (S_ISREG(st.st_mode) && st.st_nlink > 1))
		return 0;
	return fchownat(fd, "", heir, (gid_t)-1, AT_EMPTY_PATH) < 0 ? -errno : 0;
}
