/* What became of a phone, for people and for programs. */
#include "state.h"

#include "cleanup.h"
#include "models.h"
#include "text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void mac_text(const struct cpr_phone *p, char out[18])
{
	const uint8_t *m = p->config.mac;

	snprintf(out, 18, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4],
		m[5]);
}

static void servers_text(const struct cpr_phone *p, char *out, size_t cap)
{
	char a[INET_ADDRSTRLEN], b[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &p->tftp[0], a, sizeof(a));
	inet_ntop(AF_INET, &p->tftp[1], b, sizeof(b));
	snprintf(out, cap, "%s%s%s", a, p->tftp_n > 1 ? ", then " : "",
		p->tftp_n > 1 ? b : "");
}

static void success(const struct cpr_phone *p, struct cpr_buf *out)
{
	uint64_t bytes = 0;
	size_t files = 0;
	char servers[64];

	if (p->config.scenario == CPR_SCENARIO_DHCP) {
		servers_text(p, servers, sizeof(servers));
		cpr_buf_printf(out, "would use TFTP server %s, from %s", servers,
			cpr_servers_source(p));
		return;
	}
	for (size_t i = 0; i < p->file_n; i++) {
		if (!p->file[i].state || strcmp(p->file[i].state, "done") != 0)
			continue;
		files++;
		bytes += p->file[i].bytes;
	}
	cpr_buf_printf(out, "%s, %zu files, %.1f MB in %.1f s",
		p->config.scenario == CPR_SCENARIO_BOOT ? "booted" : "recovered", files,
		(double)bytes / 1e6, (double)(p->ended - p->started) / 1e3);
	if (*p->running)
		cpr_buf_printf(out, ", runs %s", p->running);
}

/* The verdict to blame: that whose last packet is the latest. */
static const struct cpr_verdict *blamed(const struct cpr_phone *p)
{
	const struct cpr_verdict *last = NULL;

	for (size_t i = 0; i < p->verdicts.n; i++) {
		const struct cpr_verdict *v = &p->verdicts.row[i];

		if (v->frame_n && (!last || v->frame[v->frame_n - 1] >=
						    last->frame[last->frame_n - 1]))
			last = v;
	}
	return last;
}

/* Not ok all the same when the network is under test and showed a fault. */
static void reason(const struct cpr_phone *p, struct cpr_buf *out)
{
	const struct cpr_verdict *v = blamed(p);
	const char *before = p->there ? ", but " : ": ", *own;

	if (v) {
		cpr_buf_printf(out, "%s%s: %s; %s", before, cpr_faults[v->id].name,
			v->text, v->remedy);
		before = "; ";
	}
	/* Why it refuses a file the verdict may know from the file's bytes, too. */
	own = strstr(p->trouble, "\": ");
	if (*p->trouble && !(v && own && strstr(v->text, own + 3)))
		cpr_buf_printf(out, "%sthe phone itself: %s", before, p->trouble);
	if (!v && !*p->trouble)
		cpr_buf_printf(out, "%sno packet shows why", before);
	if (p->wrong_sums)
		cpr_buf_puts(out, "; packets with a wrong checksum did come");
	if (p->broken)
		cpr_buf_puts(out, "; damaged DHCP answers did come");
}

char *cpr_phone_summary(const struct cpr_phone *p)
{
	_cleanup_(cpr_buf_free) struct cpr_buf b = {0};
	char mac[18];

	mac_text(p, mac);
	cpr_buf_printf(&b, "%s %s: ", p->config.model->model, mac);
	if (p->there)
		success(p, &b);
	else
		cpr_buf_printf(&b, "stuck at %s", cpr_stage_name(cpr_watch_stage(p)));
	if (*p->why)
		cpr_buf_printf(&b, ": %s", p->why);
	else if (!p->ok)
		reason(p, &b);
	if (b.data)
		cpr_text_printable(b.data, "");
	return b.failed ? NULL : TAKE_PTR(b.data);
}

char *cpr_phone_lease_text(const struct cpr_phone *p)
{
	_cleanup_(cpr_buf_free) struct cpr_buf b = {0};
	const struct cpr_lease *l = &p->lease;
	char text[INET_ADDRSTRLEN], mask[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &p->address_was, text, sizeof(text));
	inet_ntop(AF_INET, &l->mask, mask, sizeof(mask));
	cpr_buf_printf(&b, "  address %s, mask %s", text, mask);
	inet_ntop(AF_INET, &l->server, text, sizeof(text));
	cpr_buf_printf(&b, ", from %s\n", text);
	inet_ntop(AF_INET, &l->gateway, text, sizeof(text));
	cpr_buf_printf(&b, "  gateway %s", l->gateway.s_addr ? text : "none");
	inet_ntop(AF_INET, &l->dns, text, sizeof(text));
	cpr_buf_printf(&b, ", DNS %s\n  option 150:", l->dns.s_addr ? text : "none");
	for (size_t i = 0; i < l->option150_len && i < sizeof(l->option150); i++)
		cpr_buf_printf(&b, " %02x", l->option150[i]);
	cpr_buf_printf(&b, "%s\n", l->option150_len ? "" : " none");
	if (l->option66_len) {
		char name[sizeof(l->option66)];

		memcpy(name, l->option66, sizeof(name));
		name[sizeof(name) - 1] = 0;
		cpr_text_printable(name, "");
		cpr_buf_printf(&b, "  option 66: \"%s\"\n", name);
	} else {
		cpr_buf_puts(&b, "  option 66: none\n");
	}
	inet_ntop(AF_INET, &l->siaddr, text, sizeof(text));
	cpr_buf_printf(
		&b, "  next server (siaddr): %s\n", l->siaddr.s_addr ? text : "none");
	return b.failed ? NULL : TAKE_PTR(b.data);
}

static json_t *address_json(struct in_addr a)
{
	char text[INET_ADDRSTRLEN];

	if (!a.s_addr)
		return json_null();
	return json_string(inet_ntop(AF_INET, &a, text, sizeof(text)));
}

static json_t *files_json(const struct cpr_phone *p)
{
	json_t *files = json_array();

	for (size_t i = 0; i < p->file_n; i++) {
		const struct cpr_file_row *f = &p->file[i];

		json_array_append_new(
			files, json_pack("{s:s, s:I, s:o, s:s}", "name", f->name, "bytes",
				       (json_int_t)f->bytes, "size",
				       f->size < 0 ? json_null() : json_integer(f->size),
				       "state", f->state ? f->state : "fetching"));
	}
	return files;
}

static json_t *faults_json(const struct cpr_phone *p)
{
	json_t *faults = json_array();

	for (size_t i = 0; i < p->verdicts.n; i++) {
		const struct cpr_verdict *v = &p->verdicts.row[i];
		json_t *frames = json_array();

		for (size_t k = 0; k < v->frame_n; k++)
			json_array_append_new(
				frames, json_integer((json_int_t)v->frame[k]));
		json_array_append_new(faults,
			json_pack("{s:s, s:o, s:s, s:s}", "id", cpr_faults[v->id].name,
				"frames", frames, "text", v->text, "remedy", v->remedy));
	}
	return faults;
}

static json_t *tftp_json(const struct cpr_phone *p)
{
	json_t *servers = json_array();

	for (size_t i = 0; i < p->tftp_n; i++)
		json_array_append_new(servers, address_json(p->tftp[i]));
	return json_pack(
		"{s:o, s:s}", "servers", servers, "source", cpr_servers_source(p));
}

json_t *cpr_phone_json(const struct cpr_phone *p)
{
	char mac[18];

	mac_text(p, mac);
	return json_pack("{s:s, s:s, s:o, s:s, s:b, s:o, s:o, s:o}", "mac", mac, "model",
		p->config.model->model, "ip", address_json(p->address_was), "stage",
		cpr_stage_name(cpr_watch_stage(p)), "recovered", cpr_watch_recovered(p),
		"files", files_json(p), "faults", faults_json(p), "tftp", tftp_json(p));
}

static void add_server(json_t *servers, struct in_addr a, const char *role)
{
	char text[INET_ADDRSTRLEN];
	json_t *server, *roles, *had;
	size_t i;

	if (!a.s_addr)
		return;
	inet_ntop(AF_INET, &a, text, sizeof(text));
	json_array_foreach(servers, i, server)
	{
		if (strcmp(json_string_value(json_object_get(server, "address")), text) ==
			0)
			break;
	}
	if (i == json_array_size(servers))
		json_array_append_new(
			servers, json_pack("{s:s, s:[]}", "address", text, "roles"));
	roles = json_object_get(json_array_get(servers, i), "roles");
	json_array_foreach(roles, i, had)
	{
		if (strcmp(json_string_value(had), role) == 0)
			return;
	}
	json_array_append_new(roles, json_string(role));
}

void cpr_phone_json_servers(const struct cpr_phone *p, json_t *servers)
{
	add_server(servers, p->lease.server, "dhcp");
	for (size_t i = 0; i < p->tftp_n; i++)
		add_server(servers, p->tftp[i], "tftp");
	add_server(servers, p->call_manager_address, "call-manager");
}
