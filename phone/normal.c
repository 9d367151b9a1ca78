/* A phone with firmware: trust lists, configuration, the load it is told to run, call manager.
 * Source: two published server logs of 79x1 phones. */
#include "state.h"

#include "loads.h"
#include "models.h"
#include "engine/settings.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum {
	CALLS = 2, /* of a call manager that refuses */
	CALL_MS = 1000,
};

static void ask_config(struct cpr_phone *p);
static void call(struct cpr_phone *p);

/* In the order of the requests; %s is the MAC. */
static const struct config {
	const char *name;
	enum {
		TRUST, /* absent where there is no CUCM: harmless */
		ITL,   /* the same, and not asked for by old models */
		OWN,   /* this phone's configuration */
		COMMON /* everybody's, asked for when the own is absent */
	} kind;
} configs[] = {
	{"CTLSEP%s.tlv", TRUST},
	{"ITLSEP%s.tlv", ITL},
	{"ITLFile.tlv", ITL},
	{"SEP%s.cnf.xml", OWN},
	{"XMLDefault.cnf.xml", COMMON},
};

/* The load is in the flash, as far as it can be. */
static void loaded(struct cpr_phone *p)
{
	snprintf(p->running, sizeof(p->running), "%s", p->wanted);
	if (*p->list->version)
		snprintf(p->version, sizeof(p->version), "%s", p->list->version);
	/* Assumption: with all its images in the flash already there is nothing to boot. */
	if (p->flashed)
		cpr_phone_reboot(p);
	else
		call(p);
}

/* Assumption: a phone whose upgrade fails goes on with the load it runs. */
static void not_loaded(struct cpr_phone *p)
{
	cpr_phone_say(p, "stays with the load it runs");
	call(p);
}

static void got_loads(struct cpr_phone *p)
{
	if (p->fetch.outcome == CPR_FETCH_GOT) {
		cpr_boot_list(p, loaded, not_loaded);
		return;
	}
	not_loaded(p);
}

/* After a recovery the name of the running load is not known (a term file does not say it), so
 * the list is fetched once; what lies in the flash already is not fetched again (assumption). */
static void compare_load(struct cpr_phone *p)
{
	char name[160];

	if (!*p->wanted || strcmp(p->wanted, p->running) == 0) {
		call(p);
		return;
	}
	p->images = false;
	snprintf(name, sizeof(name), "%s.loads", p->wanted);
	cpr_fetch_start(p, name, got_loads);
}

static void unreadable(struct cpr_phone *p, const char *what)
{
	cpr_fetch_mark(p, "refused");
	cpr_phone_trouble(p, "\"%s\" %s", p->fetch.name, what);
	cpr_boot_again(p);
}

static void read_settings(struct cpr_phone *p, bool common)
{
	const struct cpr_fetch *f = &p->fetch;
	struct cpr_settings s;

	if (f->bytes > f->head.len) {
		unreadable(p, "is too long: only 64 KiB of it are read");
		return;
	}
	if (cpr_settings_parse(f->head.data ? f->head.data : "", f->head.len,
		    common ? p->config.model->device_id : 0, &s) != 0) {
		unreadable(p, "is no XML that the phone can read");
		return;
	}
	/* One source: without it the phone takes no notice of the file; every sample has it. */
	if (!*s.call_manager) {
		unreadable(
			p, "names no call manager (callManagerGroup, processNodeName)");
		return;
	}
	snprintf(p->wanted, sizeof(p->wanted), "%s", s.load);
	snprintf(p->call_manager, sizeof(p->call_manager), "%s", s.call_manager);
	p->call_manager_port = s.port;
	compare_load(p);
}

static void got_config(struct cpr_phone *p)
{
	const struct config *c = &configs[p->config_at++];
	const struct cpr_fetch *f = &p->fetch;

	if (f->outcome != CPR_FETCH_GOT && f->outcome != CPR_FETCH_ERROR) {
		cpr_boot_again(p);
	} else if (f->outcome == CPR_FETCH_GOT && c->kind >= OWN) {
		read_settings(p, c->kind == COMMON);
	} else if (c->kind != COMMON) {
		ask_config(p);
	} else {
		cpr_boot_again(p);
	}
}

static void ask_config(struct cpr_phone *p)
{
	const uint8_t *m = p->config.mac;
	char mac[13], name[64];
	const char *form;

	while (configs[p->config_at].kind == ITL && !p->boot->trust_lists)
		p->config_at++;
	if (p->config.defect == CPR_DEFECT_TRUST_LIST &&
		configs[p->config_at].kind >= OWN) {
		cpr_phone_say(p, "TFTP servers not found in CTL list - file not "
				 "requested");
		cpr_boot_again(p);
		return;
	}
	form = configs[p->config_at].name;
	snprintf(mac, sizeof(mac), "%02X%02X%02X%02X%02X%02X", m[0], m[1], m[2], m[3],
		m[4], m[5]);
	if (strstr(form, "%s"))
		snprintf(name, sizeof(name), "%.*s%s%s", (int)(strstr(form, "%s") - form),
			form, mac, strstr(form, "%s") + 2);
	else
		snprintf(name, sizeof(name), "%s", form);
	if (configs[p->config_at].kind == COMMON)
		cpr_fetch_start(p, name, got_config);
	else
		cpr_fetch_optional(p, name, got_config);
}

void cpr_normal_begin(struct cpr_phone *p)
{
	p->images = false;
	p->config_at = 0;
	ask_config(p);
}

static void registered(struct cpr_phone *p, const char *how)
{
	cpr_phone_say(p, "%s", how);
	cpr_phone_end(p, true);
}

/* Recovery is about the firmware, and that is back. */
static void unreachable(struct cpr_phone *p)
{
	cpr_phone_end(p, p->config.scenario == CPR_SCENARIO_RECOVERY);
}

static void answered(struct cpr_phone *p);

static void knock(struct cpr_phone *p)
{
	cpr_knock_start(p, p->call_manager_address, p->call_manager_port, answered);
}

/* A call manager that is just starting refuses, too. */
static void answered(struct cpr_phone *p)
{
	if (p->knock.outcome == CPR_KNOCK_OPEN) {
		registered(p, "the call manager accepts connections");
	} else if (p->knock.outcome == CPR_KNOCK_REFUSED && ++p->calls < CALLS) {
		cpr_watch_pause(p, CALL_MS, CPR_RETRY_MS);
		cpr_phone_later(p, CALL_MS, knock);
	} else {
		unreachable(p);
	}
}

static void found(struct cpr_phone *p)
{
	p->call_manager_address = p->lookup.found;
	if (p->call_manager_address.s_addr) {
		knock(p);
		return;
	}
	cpr_phone_trouble(p, "call manager %s: the name has no address in the DNS",
		p->call_manager);
	unreachable(p);
}

static void call(struct cpr_phone *p)
{
	const char *load = *p->running ? p->running : p->wanted;
	enum cpr_protocol protocol = cpr_load_protocol(load);

	p->knock = (struct cpr_knock){0};
	p->calls = 0;
	if (protocol == CPR_SIP || (protocol == CPR_PROTOCOL_NONE && p->sip)) {
		/* A REGISTER needs a line's name and password, which a phone that only has
		 * XMLDefault does not hold either. */
		registered(p,
			"has a SIP load: a registration (UDP port 5060) is not played");
		return;
	}
	if (inet_pton(AF_INET, p->call_manager, &p->lookup.found) == 1) {
		found(p);
		return;
	}
	if (p->lease.dns.s_addr) {
		cpr_lookup_start(p, p->call_manager, found);
		return;
	}
	cpr_phone_trouble(p,
		"call manager %s: it is a name, and there is no DNS server (option 6)",
		p->call_manager);
	unreachable(p);
}
