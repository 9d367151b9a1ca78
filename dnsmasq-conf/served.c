#include "served.h"

#include "cleanup.h"
#include "probes.h"
#include "publish.h"
#include "site.h"
#include "world.h"

#include <errno.h>
#include <ifaddrs.h>
#include <string.h>

enum {
	WAIT_MS = 3000,
	FILE_MAX = 4 << 20, /* lists and term files have some kilobytes */
};

static enum cpr_asked_state state_of(int r, size_t len)
{
	switch (-r) {
	case 0:
		return CPR_ASKED_SAME;
	case EFBIG:
		return CPR_ASKED_DIFFERS;
	case ENOENT:
		return CPR_ASKED_ABSENT;
	case EACCES:
		return CPR_ASKED_DENIED;
	case ECONNREFUSED:
		return CPR_ASKED_REFUSED;
	case EPROTO:
		return CPR_ASKED_BROKEN;
	default:
		return len ? CPR_ASKED_BROKEN : CPR_ASKED_SILENT;
	}
}

/* Through a link where servers follow it, too. */
static int read_ours(const struct world *w, const char *name, char **data, size_t *len)
{
	_cleanup_(cpr_freep) char *path = NULL;
	_cleanup_(cpr_closep) int fd = -1;

	if (asprintf(&path, "%s/%s", w->site->tftp_root, name) < 0)
		return -ENOMEM;
	fd = cpr_publish_open_served(w->base, path + 1);
	return fd < 0 ? fd : read_open(fd, FILE_MAX, data, len);
}

bool served_has(const struct world *w, const char *name)
{
	_cleanup_(cpr_freep) char *data = NULL;
	size_t len;

	return read_ours(w, name, &data, &len) == 0;
}

void served_ask(const struct world *w, struct in_addr server, const char *name,
	struct cpr_asked *out)
{
	_cleanup_(cpr_freep) char *ours = NULL;
	_cleanup_(cpr_freep) uint8_t *theirs = NULL;
	size_t ours_len = 0, len = 0, same = 0;
	bool there = read_ours(w, name, &ours, &ours_len) == 0;
	int r = -ENOMEM;

	*out = (struct cpr_asked){
		.server = server, .own = served_here(server), .name = name};
	theirs = malloc(ours_len + 1);
	if (theirs) /* more than ours has is not wanted: it differs */
		r = probe_fetch(server, name, WAIT_MS, theirs, ours_len, &len);
	out->state = state_of(r, len);
	if (out->state != CPR_ASKED_SAME && out->state != CPR_ASKED_DIFFERS)
		return;
	while (same < len && same < ours_len && theirs[same] == (uint8_t)ours[same])
		same++;
	out->at = same;
	if (!there || same < ours_len || same < len)
		out->state = CPR_ASKED_DIFFERS;
}

bool served_here(struct in_addr server)
{
	struct ifaddrs *all;
	bool here = false;

	if (getifaddrs(&all) < 0)
		return false;
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		const struct sockaddr_in *a = (const void *)i->ifa_addr;

		here |= a && a->sin_family == AF_INET &&
			a->sin_addr.s_addr == server.s_addr;
	}
	freeifaddrs(all);
	return here;
}

static size_t add(struct in_addr *server, size_t n, size_t cap,
	const struct in_addr *more, size_t more_n)
{
	for (size_t i = 0; i < more_n; i++) {
		size_t k = 0;

		while (k < n && server[k].s_addr != more[i].s_addr)
			k++;
		if (k == n && n < cap)
			server[n++] = more[i];
	}
	return n;
}

size_t served_by(const struct world *w, struct in_addr *server, size_t cap)
{
	const struct cpr_site *s = w->site;
	size_t n = add(server, 0, cap, s->tftp_server, s->tftp_server_n);

	for (size_t i = 0; i < s->network_n; i++)
		n = add(server, n, cap, s->network[i].tftp_server,
			s->network[i].tftp_server_n);
	return n;
}
