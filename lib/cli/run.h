/* Children: sibling programs of this project, and servers such as dnsmasq. */
#pragma once

#include <sys/types.h>

/* Where the program `name` is: beside this executable, else as PATH finds it (then just the
 * name).  The caller's to free. */
char *cpr_sibling(const char *name);

/* Runs argv (argv[0] looked up in PATH unless it holds a slash) to its end, with this
 * process's stdout and stderr, or both into out_fd when >= 0.  Returns the exit status, 128 +
 * the signal, or -errno when it could not be started. */
int cpr_run(char *const argv[], int out_fd);

/* A program of somebody else's, which may hang: a server's checker, a service manager. */
struct cpr_job {
	char *const
		*argv; /* argv[0]: as cpr_run has it, or in sbin, which PATH may lack */
	const char *user; /* to become, if there is one and this process may; or NULL */
	char *const *setting; /* "NAME=value" each, beside this process's; or NULL */
	int out_fd;           /* stdout and stderr; < 0: this process's */
	unsigned seconds;     /* then it and its children are killed */
};

/* Runs it in the folder / with stdin from /dev/null, in a process group of its own.  Returns as
 * cpr_run does; -ETIMEDOUT: it was killed. */
int cpr_run_job(const struct cpr_job *c);

/* Starts argv in the background with stdin from /dev/null, stdout and stderr into out_fd; it
 * gets SIGTERM when this process dies.  Returns the pid or -errno. */
pid_t cpr_spawn(char *const argv[], int out_fd);

/* The same, but stderr stays this process's: its talk is not its data. */
pid_t cpr_spawn_data(char *const argv[], int out_fd);

/* TERM, up to two seconds of patience, KILL; then reaps.  Returns the wait status; 0, and
 * nothing is done, where pid is no child: -errno of cpr_spawn, or reaped already. */
int cpr_stop(pid_t pid);
