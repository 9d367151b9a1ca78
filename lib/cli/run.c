#include "cli/run.h"

#include "cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

enum {
	PATIENCE_MS = 2000,
	STEP_MS = 20
};

char *cpr_sibling(const char *name)
{
	char self[4096], *slash, *path;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n > 0) {
		self[n] = 0;
		slash = strrchr(self, '/');
		if (slash &&
			asprintf(&path, "%.*s/%s", (int)(slash - self), self, name) > 0) {
			if (access(path, X_OK) == 0)
				return path;
			free(path);
		}
	}
	return strdup(name);
}

/* Runs in the child between fork and exec: async-signal-safe calls only.  The pipe end tells
 * the parent why exec failed; exec closes it. */
static _Noreturn void become(
	char *const argv[], int out_fd, int tell, pid_t parent, bool background)
{
	sigset_t none;
	int null, e;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (background) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			_exit(127);
		null = open("/dev/null", O_RDONLY);
		if (null > STDIN_FILENO) {
			dup2(null, STDIN_FILENO);
			close(null);
		}
	}
	if (out_fd >= 0) {
		dup2(out_fd, STDOUT_FILENO);
		dup2(out_fd, STDERR_FILENO);
	}
	execvp(argv[0], argv);
	e = errno;
	if (write(tell, &e, sizeof(e)) < 0)
		_exit(126);
	_exit(127);
}

/* waitpid whatever signals come. */
static pid_t reap(pid_t pid, int *status, int flags)
{
	pid_t r;

	do
		r = waitpid(pid, status, flags);
	while (r < 0 && errno == EINTR);
	return r;
}

static pid_t start(char *const argv[], int out_fd, bool background)
{
	int pipe_fd[2], e = 0;
	pid_t parent = getpid(), pid;
	ssize_t n;

	if (pipe2(pipe_fd, O_CLOEXEC) < 0)
		return -errno;
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		become(argv, out_fd, pipe_fd[1], parent, background);
	close(pipe_fd[1]);
	if (pid < 0) {
		e = errno;
	} else {
		do
			n = read(pipe_fd[0], &e, sizeof(e));
		while (n < 0 && errno == EINTR);
		if (n > 0)
			reap(pid, NULL, 0);
		else
			e = 0;
	}
	close(pipe_fd[0]);
	return e ? -e : pid;
}

int cpr_run(char *const argv[], int out_fd)
{
	pid_t pid = start(argv, out_fd, false);
	int status;

	if (pid < 0)
		return pid;
	if (reap(pid, &status, 0) < 0)
		return -errno;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

pid_t cpr_spawn(char *const argv[], int out_fd)
{
	return start(argv, out_fd, true);
}

int cpr_stop(pid_t pid)
{
	const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
	int status = 0;

	/* kill() of 0, -1 or of what -errno happens to be would hit groups of others; and a
	 * pid that was reaped already may be somebody else's now. */
	if (pid <= 0 || reap(pid, &status, WNOHANG) != 0)
		return status;
	kill(pid, SIGTERM);
	for (int waited = 0; waited < PATIENCE_MS; waited += STEP_MS) {
		if (reap(pid, &status, WNOHANG) == pid)
			return status;
		nanosleep(&step, NULL);
	}
	kill(pid, SIGKILL);
	reap(pid, &status, 0);
	return status;
}
