#include "port.h"

#include "cleanup.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	SOCKETS_MAX = 64
};

static void closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

static bool has_open(const char *pid, const char *socket)
{
	_cleanup_(closedirp) DIR *fds = NULL;
	char path[300], link[64];
	struct dirent *d;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	fds = opendir(path);
	while (fds && (d = readdir(fds))) {
		ssize_t n = readlinkat(dirfd(fds), d->d_name, link, sizeof(link) - 1);

		if (n < 0)
			continue;
		link[n] = 0;
		if (strcmp(link, socket) == 0)
			return true;
	}
	return false;
}

static void name_of(const char *pid, char *name, size_t size)
{
	_cleanup_(cpr_fclosep) FILE *comm = NULL;
	char path[300];

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	comm = fopen(path, "re");
	if (!comm || !fgets(name, (int)size, comm))
		snprintf(name, size, "?");
	name[strcspn(name, "\n")] = 0;
}

static struct cpr_holder owner_of(unsigned long inode)
{
	_cleanup_(closedirp) DIR *proc = opendir("/proc");
	struct cpr_holder h = {0};
	struct dirent *p;
	char socket[48];

	snprintf(socket, sizeof(socket), "socket:[%lu]", inode);
	while (proc && (p = readdir(proc))) {
		if (sscanf(p->d_name, "%ld", &h.pid) != 1 || !has_open(p->d_name, socket))
			continue;
		name_of(p->d_name, h.name, sizeof(h.name));
		return h;
	}
	return (struct cpr_holder){0};
}

/* The inodes of the sockets that are bound to the port; returns how many. */
static size_t sockets_at(unsigned port, unsigned long *inode, size_t cap)
{
	static const char *const tables[] = {"/proc/net/udp", "/proc/net/udp6"};
	size_t n = 0;

	for (size_t i = 0; i < CPR_ARRAY_LEN(tables); i++) {
		_cleanup_(cpr_fclosep) FILE *f = fopen(tables[i], "re");
		char line[512];

		while (f && n < cap && fgets(line, sizeof(line), f)) {
			unsigned bound;

			if (sscanf(line,
				    " %*d: %*[0-9A-Fa-f]:%x %*s %*s %*s %*s %*s %*s %*s "
				    "%lu",
				    &bound, &inode[n]) == 2 &&
				bound == port)
				n++;
		}
	}
	return n;
}

bool cpr_port_held(unsigned port)
{
	unsigned long inode;

	return sockets_at(port, &inode, 1) > 0;
}

size_t cpr_port_holders(unsigned port, struct cpr_holder *out, size_t cap)
{
	unsigned long inode[SOCKETS_MAX];
	size_t sockets = sockets_at(port, inode, SOCKETS_MAX), n = 0;

	for (size_t i = 0; i < sockets && n < cap; i++) {
		size_t k = 0;

		out[n] = owner_of(inode[i]);
		while (k < n && out[k].pid != out[n].pid)
			k++;
		if (k == n)
			n++;
	}
	return n;
}
