#include "emit.h"

#include "cleanup.h"
#include "record.h"
#include "site.h"

#include <arpa/inet.h>
#include <string.h>

/* Links first, for what comes after names the files behind them; then term files: XMLDefault
 * must not name a load before a wiped phone can get it, and DHCP sends nobody before there is
 * something to fetch. */
const struct emitter emitters[] = {
	{"links", "lower-case names for the firmware that tftpd-hpa serves", NULL, NULL,
		emit_links},
	{"term", "the term files and OS79XX.TXT that wiped phones ask for", NULL, NULL,
		emit_term},
	{"xmldefault", "XMLDefault.cnf.xml: call managers, and each model's load", NULL,
		NULL, emit_xmldefault},
	{"tftpd-hpa", "tftpd-hpa: a map that serves firmware in every spelling",
		wants_tftpd_hpa, "tftpd-hpa { enable = true }", emit_tftpd_hpa},
	{"dnsmasq", "dnsmasq: options 150 and 66, siaddr, TFTP", wants_dnsmasq,
		"dnsmasq { enable = true }", emit_dnsmasq},
	{"kea", "Kea: options 150 and 66, siaddr, by our hook or without it", wants_kea,
		"kea { enable = true }", emit_kea},
	{"isc-dhcpd", "ISC dhcpd: options 150 and 66, next-server", wants_isc_dhcpd,
		"isc-dhcpd { enable = true }", emit_isc_dhcpd},
};
const size_t emitters_n = CPR_ARRAY_LEN(emitters);

const struct emitter *emitter_by_name(const char *name)
{
	for (size_t i = 0; i < emitters_n; i++)
		if (strcmp(emitters[i].name, name) == 0)
			return &emitters[i];
	return NULL;
}

struct output *outputs_add(
	struct outputs *out, const char *emitter, const char *folder, const char *name)
{
	static struct output scratch;
	struct output *grown = reallocarray(out->output, out->n + 1, sizeof(*grown)), *o;

	if (!grown) {
		out->failed = true;
		return &scratch;
	}
	out->output = grown;
	o = &grown[out->n++];
	*o = (struct output){.emitter = emitter};
	if (asprintf(&o->path, "%s/%s", folder, name) < 0) {
		o->path = NULL;
		out->failed = true;
	}
	return o;
}

void outputs_clear(struct outputs *out)
{
	for (size_t i = 0; i < out->n; i++) {
		free(out->output[i].path);
		free(out->output[i].from);
		cpr_buf_free(&out->output[i].text);
	}
	free(out->output);
	cpr_errors_clear(&out->note);
	if (out->record)
		record_clear(out->record);
	free(out->record);
	*out = (struct outputs){0};
}

const char *site_name(const struct cpr_site *site)
{
	return site->file ? site->file : CPR_SITE_FILE;
}

bool lacks_servers(const struct cpr_site *site, const char *emitter, struct cpr_errors *e)
{
	size_t before = e->n;

	if (!site->tftp_server_n)
		cpr_errors_add(e, site_name(site), 0,
			"%s needs the TFTP server's address to send it to phones: "
			"set tftp-servers = {\"ADDRESS\"}",
			emitter);
	for (size_t i = 0; i < site->network_n; i++) {
		char prefix[INET_ADDRSTRLEN];

		if (site->network[i].tftp_server_n)
			continue;
		inet_ntop(AF_INET, &site->network[i].prefix, prefix, sizeof(prefix));
		cpr_errors_add(e, site_name(site), 0,
			"network \"%s/%u\": set tftp-servers = {\"ADDRESS\"} in it",
			prefix, site->network[i].length);
	}
	return e->n > before;
}
