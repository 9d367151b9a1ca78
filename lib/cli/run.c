#include "cli/run.h"

#include "cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
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

/* What the child does between fork and exec; all that needs memory was done before. */
struct child {
	char *const *argv;
	char *const *env; /* NULL: as it is */
	const struct passwd *user;
	int out_fd,
		tell; /* the pipe end tells the parent why exec failed; exec closes it */
	pid_t parent;
	bool background, alone;
	bool data; /* only stdout goes to out_fd */
};

static void null_stdin(void)
{
	int null = open("/dev/null", O_RDONLY);

	if (null > STDIN_FILENO) {
		dup2(null, STDIN_FILENO);
		close(null);
	}
}

/* A user namespace may deny any change: then it is nobody's root, and stays what it is. */
static bool become_user(const struct passwd *user)
{
	if (initgroups(user->pw_name, user->pw_gid) < 0)
		return errno == EPERM;
	return setgid(user->pw_gid) == 0 && setuid(user->pw_uid) == 0;
}

static void execute(const struct child *c)
{
	char in_sbin[64];

	if (c->env)
		environ = (char **)c->env;
	execvp(c->argv[0], c->argv);
	if (errno != ENOENT || strchr(c->argv[0], '/'))
		return;
	snprintf(in_sbin, sizeof(in_sbin), "/usr/sbin/%s", c->argv[0]);
	execv(in_sbin, c->argv);
}

static _Noreturn void become(const struct child *c)
{
	sigset_t none;
	int e = 0;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (c->background) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != c->parent)
			_exit(127);
	}
	if (c->background || c->alone)
		null_stdin();
	if (c->out_fd >= 0) {
		dup2(c->out_fd, STDOUT_FILENO);
		if (!c->data)
			dup2(c->out_fd, STDERR_FILENO);
	}
	if (c->alone && (setpgid(0, 0) < 0 || chdir("/") < 0))
		e = errno;
	if (!e && c->user && !become_user(c->user))
		e = errno;
	if (!e) {
		execute(c);
		e = errno;
	}
	if (write(c->tell, &e, sizeof(e)) < 0)
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

static pid_t start(struct child *c)
{
	int pipe_fd[2], e = 0;
	pid_t pid;
	ssize_t n;

	if (pipe2(pipe_fd, O_CLOEXEC) < 0)
		return -errno;
	c->tell = pipe_fd[1];
	c->parent = getpid();
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		become(c);
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

static int exit_of(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int cpr_run(char *const argv[], int out_fd)
{
	pid_t pid = start(&(struct child){.argv = argv, .out_fd = out_fd});
	int status;

	if (pid < 0)
		return pid;
	return reap(pid, &status, 0) < 0 ? -errno : exit_of(status);
}

static bool same_name(const char *a, const char *b)
{
	size_t len = strcspn(a, "=");

	return strncmp(a, b, len) == 0 && b[len] == '=';
}

/* The environment with these settings in it: each name once, for some programs take the
 * first of two and others the last. */
static char **environment(char *const *setting)
{
	size_t n = 0, own = 0;
	char **env;

	while (setting[n])
		n++;
	while (environ && environ[own])
		own++;
	env = calloc(n + own + 1, sizeof(*env));
	if (!env)
		return NULL;
	memcpy(env, setting, n * sizeof(*env));
	for (size_t i = 0; i < own; i++) {
		bool ours = false;

		for (char *const *s = setting; *s; s++)
			ours = ours || same_name(*s, environ[i]);
		if (!ours)
			env[n++] = environ[i];
	}
	return env;
}

static long ms_until(const struct timespec *end)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (end->tv_sec - now.tv_sec) * 1000 + (end->tv_nsec - now.tv_nsec) / 1000000;
}

/* True when it ended in time. */
static bool ends_within(pid_t pid, unsigned seconds)
{
	struct pollfd p = {.fd = pidfd_open(pid, 0), .events = POLLIN};
	struct timespec end;
	int r = -1;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += seconds;
	for (long left = ms_until(&end); p.fd >= 0 && left > 0; left = ms_until(&end)) {
		r = poll(&p, 1, (int)left);
		if (r >= 0 || errno != EINTR)
			break;
	}
	cpr_closep(&p.fd);
	return r > 0;
}

int cpr_run_job(const struct cpr_job *c)
{
	_cleanup_(cpr_freep) char **env = c->setting ? environment(c->setting) : NULL;
	struct child child = {.argv = c->argv,
		.env = env,
		.user = c->user && geteuid() == 0 ? getpwnam(c->user) : NULL,
		.out_fd = c->out_fd,
		.alone = true};
	int status;
	bool late;
	pid_t pid;

	if (c->setting && !env)
		return -ENOMEM;
	pid = start(&child);
	if (pid < 0)
		return pid;
	late = !ends_within(pid, c->seconds);
	if (late)
		kill(-pid, SIGKILL);
	if (reap(pid, &status, 0) < 0)
		return -errno;
	return late ? -ETIMEDOUT : exit_of(status);
}

pid_t cpr_spawn(char *const argv[], int out_fd)
{
	return start(&(struct child){.argv = argv, .out_fd = out_fd, .background = true});
}

pid_t cpr_spawn_data(char *const argv[], int out_fd)
{
	return start(&(struct child){
		.argv = argv, .out_fd = out_fd, .background = true, .data = true});
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
