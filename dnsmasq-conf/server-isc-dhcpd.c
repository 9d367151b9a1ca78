/* ISC dhcpd 4.4 as Debian 12 starts it, as root.  Its -t leaves nothing behind, and tells a
 * fault as "FILE line N: WHAT", before those of the files that include it.  It reads its files
 * at its start alone. */
#include "apply.h"
#include "cleanup.h"
#include "cli/cli.h"
#include "defaults.h"
#include "emit.h"
#include "errors.h"
#include "includes.h"
#include "ports.h"
#include "server.h"
#include "service.h"
#include "site.h"
#include "trial.h"
#include "world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NAME     "isc-dhcp-server"
#define DEFAULTS "/etc/default/isc-dhcp-server"
#define CONFIG   "/etc/dhcp/dhcpd.conf"
#define OURS     "/etc/dhcp/phone-cpr.conf"
#define INCLUDE  "include \"" OURS "\";"

enum {
	DEFAULTS_MAX = 65536
};

static const struct trial_kind kind = {OURS, scan_dhcpd};

/* The main file; the caller's to free. */
static char *config_of(const struct world *w)
{
	_cleanup_(cpr_freep) char *text = NULL;
	char *config = NULL;
	unsigned line;
	size_t len;

	if (read_below(w->base, DEFAULTS, DEFAULTS_MAX, &text, &len) == 0)
		config = defaults_value(text, "DHCPDv4_CONF", &line);
	if (config && *config == '/')
		return config;
	free(config);
	return strdup(CONFIG);
}

/* The first fault: *file and *line, and what it is, in `said`; NULL: it tells none. */
static const char *complaint(struct said *said, const char **file, unsigned *line)
{
	char *save = NULL;

	for (char *text = strtok_r(said->text, "\n", &save); text;
		text = strtok_r(NULL, "\n", &save)) {
		char *at = strstr(text, " line "), *end;

		if (*text != '/' || !at)
			continue;
		*line = (unsigned)strtoul(at + strlen(" line "), &end, 10);
		if (strncmp(end, ": ", 2) != 0)
			continue;
		*at = 0;
		*file = text;
		return end + 2;
	}
	return NULL;
}

static int run_checker(const char *config, struct said *said)
{
	char *const argv[] = {(char *)"dhcpd", (char *)"-t", (char *)"-4", (char *)"-cf",
		(char *)config, NULL};

	return service_ask(argv, NULL, NULL, said);
}

/* True when it refuses just this without any change of ours, too. */
static bool was_so(const char *config, const char *file, unsigned line)
{
	const char *before;
	unsigned at;
	struct said said;

	return run_checker(config, &said) > 0 && complaint(&said, &before, &at) &&
	       at == line && strcmp(before, file) == 0;
}

static void refuse(const struct trial *t, struct said *said, struct cpr_errors *e)
{
	const char *config = t->file[0].path, *file = config, *text;
	unsigned line = 0;

	trial_name_originals(t, said->text);
	text = complaint(said, &file, &line);
	if (!text)
		text = "it does not tell why: dhcpd -t -4 may";
	if (strcmp(file, OURS) == 0)
		cpr_errors_add(e, file, line,
			"dhcpd refuses what would be generated (%s); look for the value "
			"in the site file",
			text);
	else if (was_so(config, file, line))
		cpr_errors_add(e, file, line,
			"dhcpd refuses it as it stands, also without any change of ours "
			"(%s), and would not start again; mend it first",
			text);
	else
		cpr_errors_add(e, file, line,
			"dhcpd refuses it together with the new " OURS " (%s)", text);
}

/* dhcpd does not start without a file that it includes. */
static int check_gone(const struct world *w, const char *config, struct cpr_errors *e)
{
	_cleanup_(trial_close) struct trial t = {0};
	int r = trial_look(&t, &kind, w->base, config);
	const struct trial_file *f = trial_includer(&t);

	if (!f)
		return r == -ENOENT ? 0 : r;
	cpr_errors_add(e, f->path, f->ours,
		"take " INCLUDE " out first: without that file dhcpd does not start");
	return -EINVAL;
}

static int check_merged(const struct world *w, const char *config, const char *candidate,
	struct cpr_errors *e)
{
	_cleanup_(trial_close) struct trial t = {0};
	struct said said;
	int r = trial_open(&t, &kind, w->base, config, candidate, "include ", ";");

	if (trial_denied(r)) {
		cpr_say(4,
			"isc-dhcp-server: cannot ask dhcpd -t, which needs a file in "
			"/etc/dhcp (%s): run as root",
			strerror(-r));
		return 0;
	}
	if (r == 0)
		r = run_checker(t.file[0].copy, &said);
	if (r == -ENOENT)
		return 0; /* not installed */
	if (r < 0)
		cpr_errors_add(e, config, 0, "cannot ask dhcpd whether it takes it: %s",
			trial_error(r));
	if (r > 0)
		refuse(&t, &said, e);
	return r > 0 ? -EINVAL : r;
}

/* Observed: beside its raw sockets it binds the port at every address, and shares it. */
static int check_port(const struct world *w, const char *config, struct cpr_errors *e)
{
	const struct port_want want = {
		.server = NAME, .program = "dhcpd", .port = 67, .shares = true};
	_cleanup_(trial_close) struct trial t = {0};

	trial_look(&t, &kind, w->base, config);
	return trial_includer(&t) && server_isc_dhcpd_runs(w) ? port_check(&want, e) : 0;
}

int server_isc_dhcpd_check(
	const struct world *w, const struct changes *c, struct cpr_errors *e)
{
	const struct change *ours = change_of(c, OURS);
	_cleanup_(cpr_freep) char *config = ours ? config_of(w) : NULL;
	int r;

	if (!ours || *w->site->root)
		return 0;
	if (!config)
		return -ENOMEM;
	if (ours->state == CHANGE_GONE)
		return check_gone(w, config, e);
	r = check_merged(w, config, ours->o->text.data, e);
	return r < 0 ? r : check_port(w, config, e);
}

void server_isc_dhcpd_needs(
	const struct world *w, const struct changes *c, struct needs *out)
{
	_cleanup_(cpr_freep) char *config = config_of(w);
	_cleanup_(trial_close) struct trial t = {0};
	struct need *n;

	(void)c;
	if (!w->site->isc_dhcpd)
		return;
	if (config)
		trial_look(&t, &kind, w->base, config);
	if (trial_includer(&t))
		return;
	n = needs_add(out, NAME);
	n->file = TAKE_PTR(config);
	n->line = need_text(INCLUDE);
	n->where = need_text(
		"as its first line, so that what you set yourself wins, and restart " NAME);
	n->why = need_text("phones get no option 150 of dhcpd");
}

unsigned server_isc_dhcpd_runs(const struct world *w)
{
	return !*w->site->root && service_runs(NAME, NULL);
}

int server_isc_dhcpd_reload(const struct world *w, const struct changes *c, unsigned ran,
	struct cpr_errors *e)
{
	_cleanup_(cpr_freep) char *config = config_of(w);
	_cleanup_(trial_close) struct trial t = {0};

	if (config)
		trial_look(&t, &kind, w->base, config);
	if (!change_of(c, OURS) || !trial_includer(&t) || !ran)
		return 0;
	cpr_say(4, "isc-dhcp-server: restarting it, DHCP pauses for some seconds: it "
		   "reads its files at its start alone");
	return service_restart(NAME, NULL, e);
}
