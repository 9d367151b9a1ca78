/* dnsmasq 2.90 as Debian starts it, with an instance dnsmasq@NAME for each
 * /etc/default/dnsmasq.NAME.  Observed there:
 * - --test stops at the first fault, which it tells as "WHAT at line N of FILE".
 * - It says nothing of a tftp-root that is not there, without which dnsmasq does not start.
 * - The start-up throws away what --test says, so a failed restart has no reason to show.
 * - A restart ends the old one first.
 * - SIGHUP reads no static file, and 2.90 dies of it when an entry with set: of a
 *   dhcp-hostsfile was in use: it is never sent. */
#include "apply.h"
#include "cleanup.h"
#include "cli/cli.h"
#include "dnsmasq-phones.h"
#include "dnsmasq-trial.h"
#include "emit.h"
#include "errors.h"
#include "ports.h"
#include "publish.h"
#include "scratch.h"
#include "server.h"
#include "service.h"
#include "site.h"
#include "world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NAME     "dnsmasq"
#define DEFAULTS "/etc/default/dnsmasq"

/* What --test says of a text. */
struct verdict {
	struct said said;
	const char *text;           /* "bad option"; in said */
	struct dnsmasq_place place; /* file NULL: it names no line */
};

/* "dnsmasq: bad option at line 7 of /proc/self/fd/5": the line is one of the trial's. */
static void understand(struct verdict *v, const struct dnsmasq_trial *t)
{
	char *text = (char *)said_last(&v->said), *at = strstr(text, " at line ");
	unsigned long n = at ? strtoul(at + strlen(" at line "), NULL, 10) : 0;

	v->text = strncmp(text, NAME ": ", 9) == 0 ? text + 9 : text;
	if (n < 1 || n > t->n)
		return;
	*at = 0;
	v->place = t->place[n - 1];
}

/* The exit status of --test, or -errno; *v is filled unless it is 0. */
static int test(const struct dnsmasq_lines *all, const char *instance,
	const struct dnsmasq_candidates *c, struct verdict *v)
{
	_cleanup_(dnsmasq_trial_clear) struct dnsmasq_trial t = {0};
	_cleanup_(scratch_close) struct scratch s = {.fd = -1};
	char *const argv[] = {(char *)NAME, (char *)"--test", (char *)"-C", s.path, NULL};
	int r;

	*v = (struct verdict){0};
	dnsmasq_trial_make(&t, all, instance, c);
	r = t.text.failed ? -ENOMEM
			  : scratch_open(&s, t.text.len ? t.text.data : "", t.text.len);
	if (r == 0)
		r = service_ask(argv, NULL, NULL, &v->said);
	if (r > 0)
		understand(v, &t);
	return r;
}

static bool same_verdict(const struct verdict *a, const struct verdict *b)
{
	return strcmp(a->text, b->text) == 0 && a->place.file && b->place.file &&
	       a->place.line == b->place.line &&
	       strcmp(a->place.file, b->place.file) == 0;
}

/* Whose fault it is, and since when. */
static void refuse(const struct dnsmasq_lines *all, const char *instance,
	const struct verdict *v, struct cpr_errors *e)
{
	static const struct dnsmasq_candidates none = {0};
	struct verdict before;
	const char *file = v->place.file ? v->place.file : DNSMASQ_STATIC;

	if (strcmp(file, DNSMASQ_STATIC) == 0 ||
		strncmp(file, DNSMASQ_LIVE, strlen(DNSMASQ_LIVE)) == 0)
		cpr_errors_add(e, file, v->place.line,
			"dnsmasq refuses what would be generated (%s); look for the value "
			"in the site file",
			v->text);
	else if (test(all, instance, &none, &before) > 0 && same_verdict(v, &before))
		cpr_errors_add(e, file, v->place.line,
			"dnsmasq refuses this line as it stands, also without any change "
			"of ours (%s), and would not start again; mend it first",
			v->text);
	else
		cpr_errors_add(e, file, v->place.line,
			"dnsmasq refuses this line together with the new " DNSMASQ_STATIC
			" (%s)",
			v->text);
}

/* What --test does not look at: files that are named and not there, which the text of a
 * trial does not name, and TFTP roots.  Ours is made before dnsmasq is started. */
static bool is_missing(int base, const struct dnsmasq_line *l)
{
	static const char *const key[] = {"conf-file", "conf-dir", "tftp-root"};
	_cleanup_(cpr_closep) int fd = -1;

	if (l->ours || !l->field_n || l->field[0][0] != '/')
		return false;
	for (size_t i = 0; i < CPR_ARRAY_LEN(key); i++)
		if (strcmp(l->key, key[i]) == 0)
			fd = cpr_publish_open_followed(base, l->field[0]);
	return fd == -ENOENT || fd == -ENOTDIR;
}

static bool has_key(
	const struct dnsmasq_lines *all, const char *instance, const char *key)
{
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->line[i].instance, instance) == 0 &&
			strcmp(all->line[i].key, key) == 0)
			return true;
	return false;
}

static int check_missing(const struct world *w, const struct dnsmasq_lines *all,
	const char *instance, const struct dnsmasq_candidates *c, struct cpr_errors *e)
{
	bool serves = has_key(all, instance, "enable-tftp") ||
		      (c->fixed && strstr(c->fixed, "\nenable-tftp\n"));
	bool needs_root = serves && !has_key(all, instance, "tftp-no-fail");
	size_t before = e->n;

	for (size_t i = 0; i < all->n; i++) {
		const struct dnsmasq_line *l = &all->line[i];
		bool root = strcmp(l->key, "tftp-root") == 0;

		if (strcmp(l->instance, instance) != 0 || (root && !needs_root) ||
			!is_missing(w->base, l) ||
			(root && strcmp(l->field[0], w->site->tftp_root) == 0))
			continue;
		cpr_errors_add(e, l->file, l->line,
			"%s is not there, and dnsmasq does not start without it: make it, "
			"or take this line out",
			l->field[0]);
	}
	return e->n > before ? -EINVAL : 0;
}

static int check_instance(const struct world *w, const struct dnsmasq_lines *all,
	const char *instance, const struct dnsmasq_candidates *c, struct cpr_errors *e)
{
	struct verdict v;
	int r = test(all, instance, c, &v);

	if (r == -ENOENT)
		return 0; /* not installed here */
	if (r < 0)
		cpr_errors_add(e, DNSMASQ_STATIC, 0,
			"cannot ask dnsmasq whether it takes it: %s", strerror(-r));
	if (r > 0)
		refuse(all, instance, &v, e);
	return r > 0 ? -EINVAL : r < 0 ? r : check_missing(w, all, instance, c, e);
}

/* NULL: it does not change; "": it goes. */
static const char *candidate(const struct changes *c, const char *path)
{
	const struct change *one = change_of(c, path);

	return !one ? NULL : one->o->text.data ? one->o->text.data : "";
}

static const char *name_of(const char *instance)
{
	return *instance ? instance : NULL;
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

/* A restart that would only end it. */
static int check_ports(const struct world *w, const struct dnsmasq_lines *all,
	const char *instance, const struct changes *c, const char *fixed,
	struct cpr_errors *e)
{
	if (*w->site->root || !restarts(c) || !service_runs(NAME, name_of(instance)))
		return 0;
	return dnsmasq_ports_check(all, instance, fixed, e);
}

int server_dnsmasq_check(
	const struct world *w, const struct changes *c, struct cpr_errors *e)
{
	static const struct dnsmasq_lines none = {0};
	const struct dnsmasq_candidates ours = {.fixed = candidate(c, DNSMASQ_STATIC),
		.live = candidate(c, DNSMASQ_LIVE "/phone-cpr")};
	_cleanup_(dnsmasq_lines_clear) struct dnsmasq_lines all = {0};
	const char *instance = NULL;
	bool read = false;
	int r = ours.fixed || ours.live ? dnsmasq_lines_read(w->base, &all, NULL) : 0;

	while (r == 0 && (instance = dnsmasq_next_instance(&all, instance)))
		if (dnsmasq_reads_ours(&all, instance)) {
			read = true;
			r = check_instance(w, &all, instance, &ours, e);
			if (r == 0)
				r = check_ports(w, &all, instance, c, ours.fixed, e);
		}
	if (r == 0 && !read)
		r = check_instance(w, &none, "", &ours, e);
	return r;
}

/* The start-up of Debian's package reads the folder by this line. */
static void need_folder(
	const struct world *w, const struct dnsmasq_lines *all, struct needs *out)
{
	_cleanup_(cpr_closep) int fd = cpr_publish_open_followed(w->base, DEFAULTS);
	const char *instance = NULL;
	struct need *n;

	while ((instance = dnsmasq_next_instance(all, instance)))
		if (dnsmasq_reads_ours(all, instance))
			return;
	if (fd < 0)
		return; /* the package is not there, and brings the line */
	n = needs_add(out, NAME);
	n->file = need_text(DEFAULTS);
	n->line = need_text("CONFIG_DIR=/etc/dnsmasq.d,.dpkg-dist,.dpkg-old,.dpkg-new");
	n->where = need_text("on a line of its own");
	n->why = need_text("dnsmasq does not read " DNSMASQ_STATIC);
}

/* The tag by which dnsmasq tells a network's phones. */
static void need_tag(const struct cpr_site *site, const struct dnsmasq_lines *all,
	const struct cpr_site_network *network, struct needs *out)
{
	bool tagged;
	const struct dnsmasq_line *range =
		dnsmasq_untagged_range(all, site, network, &tagged);
	const char *other = range ? dnsmasq_range_tag(range) : NULL;
	char prefix[INET_ADDRSTRLEN + 4];
	struct need *n;

	if (!range && tagged)
		return;
	inet_ntop(AF_INET, &network->prefix, prefix, sizeof(prefix));
	sprintf(strchr(prefix, 0), "/%u", network->length);
	n = needs_add(out, NAME);
	n->lack = CPR_LACK_NETWORK;
	n->why = need_text("phones in %s get the general TFTP servers", prefix);
	if (other) {
		n->file = need_text("%s", site_name(site));
		n->line = need_text("tag = \"%s\"", other);
		n->where = need_text("into network \"%s\", for so its dhcp-range "
				     "(%s:%u) is tagged",
			prefix, range->file, range->line);
		return;
	}
	n->line = need_text("set:%s", network->tag);
	n->file = need_text("%s", range ? range->file : "/etc/dnsmasq.conf");
	n->at = range ? range->line : 0;
	if (range)
		n->where =
			need_text("into this line (dhcp-range=set:%s,...)", network->tag);
	else
		n->where = need_text("into the dhcp-range of %s, wherever that stands "
				     "(dhcp-range=set:%s,...)",
			prefix, network->tag);
}

void server_dnsmasq_needs(
	const struct world *w, const struct changes *c, struct needs *out)
{
	_cleanup_(dnsmasq_lines_clear) struct dnsmasq_lines all = {0};

	(void)c;
	if (!w->site->dnsmasq)
		return;
	if (dnsmasq_lines_read(w->base, &all, NULL) < 0) {
		out->lost = true;
		return;
	}
	need_folder(w, &all, out);
	for (size_t i = 0; i < w->site->network_n; i++)
		need_tag(w->site, &all, &w->site->network[i], out);
}

static unsigned bit_of(unsigned instance)
{
	return 1U << (instance < 31 ? instance : 31);
}

unsigned server_dnsmasq_runs(const struct world *w)
{
	_cleanup_(dnsmasq_lines_clear) struct dnsmasq_lines all = {0};
	const char *instance = NULL;
	unsigned run = 0;

	if (*w->site->root || dnsmasq_lines_read(w->base, &all, NULL) < 0)
		return 0;
	for (unsigned i = 0; (instance = dnsmasq_next_instance(&all, instance)); i++)
		if (dnsmasq_reads_ours(&all, instance) &&
			service_runs(NAME, name_of(instance)))
			run |= bit_of(i);
	return run;
}

int server_dnsmasq_reload(const struct world *w, const struct changes *c, unsigned ran,
	struct cpr_errors *e)
{
	const struct change *for_it = restarts(c);
	_cleanup_(dnsmasq_lines_clear) struct dnsmasq_lines all = {0};
	const char *instance = NULL;
	int r, result = 0;

	if (!for_it || !ran)
		return 0;
	cpr_say(4, "dnsmasq: restarting it once, DNS and DHCP pause for a moment: %s",
		for_it->o->restart == RESTART_ON_LOST_LINES
			? "lines are gone that stay in force until then"
			: "what it reads at its start alone has changed");
	r = dnsmasq_lines_read(w->base, &all, NULL);
	if (r < 0)
		return r;
	for (unsigned i = 0; (instance = dnsmasq_next_instance(&all, instance)); i++) {
		r = ran & bit_of(i) ? service_restart(NAME, name_of(instance), e) : 0;
		if (result == 0)
			result = r;
	}
	return result;
}
