#include "report.h"

#include "buf.h"
#include "cleanup.h"
#include "engine/facts.h"
#include "mask.h"
#include "models.h"
#include "text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <string.h>

static json_t *address(struct in_addr a)
{
	char text[INET_ADDRSTRLEN];

	if (!a.s_addr)
		return json_null();
	return json_string(inet_ntop(AF_INET, &a, text, sizeof(text)));
}

/* A stranger's bytes need not be UTF-8, of which JSON is made. */
static json_t *printable(const char *text)
{
	_cleanup_(cpr_freep) char *copy = strdup(text);

	if (!copy)
		return NULL;
	cpr_text_printable(copy, "");
	return json_string(copy);
}

static json_t *known(const char *text)
{
	return text && *text ? printable(text) : json_null();
}

static json_t *number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *seconds(uint64_t us)
{
	return json_real((double)us / 1e6);
}

static json_t *files(const struct cpr_doctor_phone *p)
{
	json_t *all = json_array();

	for (size_t i = 0; i < p->file_n; i++) {
		const struct cpr_doctor_file *f = &p->file[i];

		json_array_append_new(
			all, json_pack("{s:s, s:o, s:o, s:s, s:o, s:i, s:o}", "name",
				     f->name, "bytes", number(f->bytes), "size",
				     f->size < 0 ? json_null() : json_integer(f->size),
				     "state", cpr_file_state_name(f->state), "server",
				     address(f->server), "asked", (int)f->asked_n,
				     "frame", number(f->first_asked.number)));
	}
	return all;
}

static json_t *faults(const struct cpr_verdicts *found)
{
	json_t *all = json_array();

	for (size_t i = 0; i < found->n; i++) {
		const struct cpr_verdict *v = &found->row[i];
		json_t *frames = json_array();

		for (size_t k = 0; k < v->frame_n; k++)
			json_array_append_new(frames, number(v->frame[k]));
		json_array_append_new(
			all, json_pack("{s:s, s:o, s:o, s:o, s:b}", "id",
				     cpr_faults[v->id].name, "frames", frames, "text",
				     printable(v->text), "remedy", printable(v->remedy),
				     "incomplete", v->incomplete));
	}
	return all;
}

/* The rows of the ladder that the page draws, where they are kept. */
static json_t *events(const struct cpr_doctor_phone *p)
{
	static const char *const from[] = {[CPR_EVENT_PHONE] = "phone",
		[CPR_EVENT_SERVER] = "server",
		[CPR_EVENT_BOTH] = "both"};
	json_t *all = json_array();

	for (size_t i = 0; i < p->story_n; i++) {
		const struct cpr_event *e = &p->story[i];

		json_array_append_new(all,
			json_pack("{s:[o,o], s:o, s:s, s:o, s:o, s:o, s:o}", "frames",
				number(e->first.number), number(e->last.number), "time",
				seconds(e->first.time_us), "from", from[e->from], "peer",
				address(e->peer), "text", printable(e->text), "packets",
				number(e->packets), "bytes", number(e->bytes)));
	}
	return all;
}

/* What it was given last, and the TFTP servers that a phone makes of it. */
static json_t *lease(const struct cpr_doctor_phone *p)
{
	const struct cpr_answer *a = cpr_report_lease(p);
	json_t *tftp = json_array();
	enum cpr_source source;
	struct in_addr server[2];
	size_t n;

	if (!a) {
		json_decref(tftp);
		return json_null();
	}
	n = cpr_answer_servers(p, a, server, &source);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(tftp, address(server[i]));
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "server", address(a->server),
		"relay", address(a->giaddr), "router", address(a->router), "dns",
		address(a->dns), "tftp_servers", tftp, "tftp_source",
		source == CPR_SOURCE_NONE ? json_null()
					  : json_string(cpr_source_name(source)));
}

static json_t *phone(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
	const struct cpr_verdicts *found)
{
	uint64_t silent = cpr_report_silent_us(d, p);
	char mac[18];

	cpr_report_mac(p, mac);
	return json_pack("{s:o, s:o, s:o, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
			 "s:o, s:o, s:o, s:o}",
		"mac", known(mac), "model", known(p->model ? p->model->model : NULL),
		"ip", address(p->ip), "stage", cpr_stage_name(p->stage), "recovered",
		p->recovered, "files", files(p), "faults", faults(found), "model_from",
		known(p->model_from), "vendor_class", known(p->vendor), "name",
		known(p->name), "vlan",
		p->dhcp.vlan < 0 ? json_null() : json_integer(p->dhcp.vlan), "lease",
		lease(p), "first", seconds(p->first.time_us), "last",
		seconds(p->last.time_us), "silent_s",
		silent ? seconds(silent) : json_null(), "events", events(p));
}

/* In place, of all strings in it as they read; keys stay.  False: no memory. */
static bool mask(struct cpr_mask *m, json_t *j)
{
	_cleanup_(cpr_freep) char *masked = NULL;
	const char *key;
	json_t *value;
	bool ok = true;
	size_t i;

	json_object_foreach(j, key, value) ok = mask(m, value) && ok;
	json_array_foreach(j, i, value) ok = mask(m, value) && ok;
	if (!json_is_string(j))
		return ok;
	masked = cpr_mask_text(m, json_string_value(j));
	return masked && json_string_set(j, masked) == 0;
}

static int put(const struct cpr_paper *paper, json_t *j, const char *before)
{
	const struct cpr_paper plain = {.out = paper->out};
	_cleanup_(cpr_freep) char *text = NULL;
	struct cpr_buf out = {0};

	if (j && (!paper->mask || mask(paper->mask, j)))
		text = json_dumps(j, JSON_INDENT(2));
	json_decref(j);
	if (!text)
		return -ENOMEM;
	cpr_buf_puts(&out, before);
	cpr_buf_puts(&out, text);
	return cpr_paper_put(&plain, &out);
}

static json_t *servers(const struct cpr_doctor *d)
{
	static const struct {
		enum cpr_server_role role;
		const char *name;
	} roles[] = {
		{CPR_SERVER_DHCP, "dhcp"},
		{CPR_SERVER_RELAY, "relay"},
		{CPR_SERVER_DNS, "dns"},
		{CPR_SERVER_TFTP, "tftp"},
		{CPR_SERVER_CALL_MANAGER, "call-manager"},
	};
	const struct cpr_doctor_server *server;
	size_t n = cpr_doctor_servers(d, &server);
	json_t *all = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *is = json_array();

		for (size_t k = 0; k < CPR_ARRAY_LEN(roles); k++)
			if (server[i].roles & roles[k].role)
				json_array_append_new(is, json_string(roles[k].name));
		json_array_append_new(all, json_pack("{s:o, s:o, s:o, s:o}", "address",
						   address(server[i].address), "roles",
						   is, "asked", number(server[i].asked),
						   "answers", number(server[i].answers)));
	}
	return all;
}

static int put_text(const struct cpr_paper *paper, const char *text)
{
	const struct cpr_paper plain = {.out = paper->out};
	struct cpr_buf out = {0};

	cpr_buf_puts(&out, text);
	return cpr_paper_put(&plain, &out);
}

int cpr_report_json(const struct cpr_doctor *d, const struct cpr_paper *paper)
{
	int r = put_text(paper, "{\"phones\": [");

	for (size_t i = 0; r == 0 && i < cpr_doctor_phones(d); i++) {
		const struct cpr_doctor_phone *p = cpr_doctor_phone(d, i);
		_cleanup_(cpr_verdicts_clear) struct cpr_verdicts found = {0};

		cpr_doctor_judge(d, p, &found);
		r = found.failed ? -ENOMEM
				 : put(paper, phone(d, p, &found), i ? ",\n" : "\n");
	}
	if (r == 0)
		r = put(paper, servers(d), "],\n\"servers\": ");
	if (r == 0)
		r = put(paper,
			json_pack("{s:o, s:o, s:o, s:o}", "packets", number(d->packets),
				"lost", number(d->lost), "cut", number(d->cut),
				"phones_over", number(cpr_doctor_phones_over(d))),
			",\n\"capture\": ");
	return r == 0 ? put_text(paper, "}\n") : r;
}
