#include "server.h"

#include "apply.h"
#include "cleanup.h"
#include "emit.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* In the order of being reloaded: files can be fetched before DHCP sends anybody there. */
const struct server servers[] = {
	{"tftpd-hpa", server_tftpd_hpa_check, server_tftpd_hpa_needs,
		server_tftpd_hpa_runs, server_tftpd_hpa_reload, server_tftpd_hpa_look,
		server_tftpd_hpa_probe},
	{"dnsmasq", server_dnsmasq_check, server_dnsmasq_needs, server_dnsmasq_runs,
		server_dnsmasq_reload, server_dnsmasq_look, server_dnsmasq_probe},
	{"kea-dhcp4-server", server_kea_check, server_kea_needs, server_kea_runs,
		server_kea_reload, server_kea_look, server_kea_probe},
	{"isc-dhcp-server", server_isc_dhcpd_check, server_isc_dhcpd_needs,
		server_isc_dhcpd_runs, server_isc_dhcpd_reload, server_dhcpd_look,
		server_dhcpd_probe},
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

char *need_text(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	return text;
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
