#include "server.h"

#include "apply.h"
#include "cleanup.h"
#include "emit.h"

#include <string.h>

/* In the order of being reloaded: files can be fetched before DHCP sends anybody there. */
const struct server servers[] = {
	{"dnsmasq", server_dnsmasq_check, server_dnsmasq_needs, server_dnsmasq_runs,
		server_dnsmasq_reload, server_dnsmasq_look, server_dnsmasq_probe},
	{"kea-dhcp4-server", server_kea_check, server_kea_needs, server_kea_runs,
		server_kea_reload, server_kea_look, server_kea_probe},
};
const size_t servers_n = CPR_ARRAY_LEN(servers);

const struct server *server_by_name(const char *name)
{
	for (size_t i = 0; i < servers_n; i++)
		if (strcmp(servers[i].name, name) == 0)
			return &servers[i];
	return NULL;
}

int servers_check(const struct world *w, const struct changes *c, struct cpr_errors *e)
{
	int result = 0;

	for (size_t i = 0; i < servers_n; i++) {
		int r = changes_touch(c, servers[i].name) ? servers[i].check(w, c, e) : 0;

		if (result == 0)
			result = r;
	}
	return result;
}

bool changes_touch(const struct changes *c, const char *server)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->change[i].state != CHANGE_NONE && c->change[i].o->server &&
			strcmp(c->change[i].o->server, server) == 0)
			return true;
	return false;
}

const struct change *change_of(const struct changes *c, const char *path)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->change[i].state != CHANGE_NONE &&
			strcmp(c->change[i].o->path, path) == 0)
			return &c->change[i];
	return NULL;
}

struct need *needs_add(struct needs *out, const char *server)
{
	static struct need scratch;
	struct need *grown = reallocarray(out->need, out->n + 1, sizeof(*grown));

	if (!grown) {
		out->lost = true;
		scratch = (struct need){0};
		return &scratch;
	}
	out->need = grown;
	grown[out->n] = (struct need){.server = server};
	return &grown[out->n++];
}

void needs_clear(struct needs *n)
{
	for (size_t i = 0; i < n->n; i++) {
		free(n->need[i].file);
		free(n->need[i].line);
		free(n->need[i].where);
		free(n->need[i].why);
	}
	free(n->need);
	*n = (struct needs){0};
}
