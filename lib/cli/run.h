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

/* Starts argv in the background with stdin from /dev/null, stdout and stderr into out_fd; it
 * gets SIGTERM when this process dies.  Returns the pid or -errno. */
pid_t cpr_spawn(char *const argv[], int out_fd);

/* TERM, up to two seconds of patience, KILL; then reaps.  Returns the wait status; 0, and
 * nothing is done, where pid is no child: -errno of cpr_spawn, or reaped already. */
int cpr_stop(pid_t pid);
