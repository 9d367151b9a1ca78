/* dnsmasq 2.90 as Debian starts it.  Its --test stops at the first fault, which it tells as
 * "WHAT at line N of FILE". */
#include "apply.h"
#include "cleanup.h"
#include "cli/cli.h"
#include "emit.h"
#include "errors.h"
#include "scratch.h"
#include "server.h"
#include "service.h"
#include "site.h"
#include "world.h"

#include <errno.h>
#include <string.h>

#define NAME "dnsmasq"

/* What --test says of the candidate, about the file as the admin knows it. */
static void refuse(const struct output *o, const struct scratch *s, struct said *said,
	struct cpr_errors *e)
{
	char *line = (char *)said_last(said), *name = strstr(line, s->path);

	if (name)
		*name = 0;
	cpr_errors_add(e, o->path, 0,
		"%s refuses what would be generated (%s%s%s); look for the value in the "
		"site file",
		o->server, line, name ? o->path : "", name ? name + strlen(s->path) : "");
}

int server_dnsmasq_check(
	const struct world *w, const struct changes *c, struct cpr_errors *e)
{
	int result = 0;

	(void)w;
	for (size_t i = 0; i < c->n; i++) {
		const struct output *o = c->change[i].o;
		_cleanup_(scratch_close) struct scratch s = {.fd = -1};
		char *const argv[] = {
			(char *)NAME, (char *)"--test", (char *)"-C", s.path, NULL};
		struct said said;
		int r;

		if (!o->check || strcmp(o->server, NAME) != 0 ||
			c->change[i].state == CHANGE_NONE || o->kind == OUTPUT_GONE)
			continue;
		r = scratch_open(&s, o->text.data, o->text.len);
		if (r == 0)
			r = service_ask(argv, NULL, NULL, &said);
		if (r == -ENOENT)
			continue; /* not installed here */
		if (r < 0) {
			cpr_errors_add(e, o->path, 0,
				"cannot ask %s whether it takes it: %s", o->server,
				strerror(-r));
			return r;
		}
		if (r > 0) {
			refuse(o, &s, &said, e);
			result = -EINVAL;
		}
	}
	return result;
}

void server_dnsmasq_needs(
	const struct world *w, const struct changes *c, struct needs *out)
{
	(void)w;
	(void)c;
	(void)out;
}

bool server_dnsmasq_runs(const struct world *w)
{
	return !*w->site->root && service_runs(NAME, NULL);
}

/* The file for which it has to be restarted; NULL: what changed is in force already, for it
 * watches its dhcp-optsdir. */
static const struct change *restarts(const struct changes *c)
{
	for (size_t i = 0; i < c->n; i++) {
		const char *server = change_restarts(&c->change[i]);

		if (server && strcmp(server, NAME) == 0)
			return &c->change[i];
	}
	return NULL;
}

/* Never by SIGHUP: that reads no static file, and 2.90 dies of it when a dhcp-hostsfile with
 * set: in it was in use. */
int server_dnsmasq_reload(
	const struct world *w, const struct changes *c, struct cpr_errors *e)
{
	const struct change *for_it = restarts(c);

	if (!for_it || !server_dnsmasq_runs(w))
		return 0;
	cpr_say(4, "%s: restarting it once, DNS and DHCP pause for a moment: %s", NAME,
		for_it->o->restart == RESTART_ON_LOST_LINES
			? "lines are gone that stay in force until then"
			: "what it reads at its start alone has changed");
	return service_restart(NAME, NULL, e);
}
