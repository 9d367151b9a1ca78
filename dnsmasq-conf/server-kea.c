/* Kea 2.2's kea-dhcp4.  Observed there:
 * - -t needs the interfaces, libraries and included files to be there, so it can only be asked
 *   on the host itself.  It never looks at what a library's parameters say.
 * - As root it would leave a lock file behind that the server's own user cannot open.
 * - A reload closes its sockets for some 25 ms.  One that fails over a hook or over what the
 *   admin wrote wrongly can leave it deaf until a good one: so -t goes first.
 * - config-write would expand the admin's includes, and is never asked for. */
#include "apply.h"
#include "cleanup.h"
#include "cli/cli.h"
#include "emit.h"
#include "errors.h"
#include "kea-socket.h"
#include "kea.h"
#include "includes.h"
#include "parameters.h"
#include "server.h"
#include "service.h"
#include "site.h"
#include "text.h"
#include "trial.h"
#include "tree-json.h"
#include "tree.h"
#include "world.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#define NAME    "kea-dhcp4-server"
#define USER    "_kea"
#define LIBRARY "libdhcp_option150.so"

enum {
	ASK_SECONDS = 10,
	RELOAD_SECONDS = 60 /* many subnets, and a busy host */
};

static const struct trial_kind kind = {KEA_OURS, scan_kea};

/* The list that our file is an entry of. */
static const char *list_of(const struct cpr_site *site)
{
	return strcmp(site->kea_mode, "class") == 0 ? "client-classes"
						    : "hooks-libraries";
}

/* What -t has against it, out of its log: the rest of the line behind one of these. */
static const char *complaint(struct said *said)
{
	static const char *const begin[] = {
		"Syntax check failed with: ", "Error encountered: "};

	for (size_t i = 0; i < CPR_ARRAY_LEN(begin); i++) {
		char *at = strstr(said->text, begin[i]);

		if (!at)
			continue;
		at += strlen(begin[i]);
		at[strcspn(at, "\n")] = 0;
		return at;
	}
	return said_last(said);
}

/* The line of the file that the text names: "FILE:7.1-9: ..." or "... (FILE:7:1)". */
static unsigned line_in(const char *text, const char *file)
{
	for (const char *at = strstr(text, file); at; at = strstr(at + 1, file)) {
		const char *number = at + strlen(file);

		if (*number == ':' && isdigit((unsigned char)number[1]))
			return (unsigned)strtoul(number + 1, NULL, 10);
	}
	return 0;
}

static int run_checker(const char *config, struct said *said)
{
	char *const argv[] = {(char *)"kea-dhcp4", (char *)"-t", (char *)config, NULL};

	return service_ask(argv, USER, "KEA_LOCKFILE_DIR=none", said);
}

/* The admin's file that the text is about. */
static const char *blamed(const struct trial *t, const char *text)
{
	for (size_t i = 0; i < t->n; i++)
		if (line_in(text, t->file[i].path))
			return t->file[i].path;
	return KEA_CONFIG;
}

static bool library_is_there(const struct world *w)
{
	return faccessat(w->base, &KEA_LIBRARY[1], F_OK, 0) == 0;
}

/* Whose fault it is, and since when. */
static void refuse(const struct world *w, const struct trial *t, struct said *said,
	struct cpr_errors *e)
{
	const char *text, *file;
	struct said before;

	trial_name_originals(t, said->text);
	text = complaint(said);
	file = blamed(t, text);
	if (strstr(text, KEA_LIBRARY) && !library_is_there(w))
		cpr_errors_add(e, site_name(w->site), 0,
			"kea { mode = \"hook\" } needs " KEA_LIBRARY
			", which is not there: install the package kea-hook-option150, "
			"or set mode = \"class\"");
	else if (line_in(text, KEA_OURS))
		cpr_errors_add(e, KEA_OURS, line_in(text, KEA_OURS),
			"kea-dhcp4 refuses what would be generated (%s); look for the "
			"value in the site file",
			text);
	else if (run_checker(KEA_CONFIG, &before) > 0 &&
		 strcmp(complaint(&before), text) == 0)
		cpr_errors_add(e, file, line_in(text, file),
			"kea-dhcp4 refuses it as it stands, also without any change of "
			"ours (%s); mend it first",
			text);
	else
		cpr_errors_add(e, file, line_in(text, file),
			"kea-dhcp4 refuses it together with the new " KEA_OURS " (%s)",
			text);
}

/* After a change of mode the admin's include stands in the wrong list. */
static bool stands_elsewhere(
	const struct trial_file *f, const struct cpr_site *site, struct cpr_errors *e)
{
	if (!f || strcmp(f->list, list_of(site)) == 0)
		return false;
	cpr_errors_add(e, f->path, f->ours,
		"with mode = \"%s\" " KEA_INCLUDE
		" belongs into \"%s\", not into \"%s\": "
		"move it there, or set another mode",
		site->kea_mode, list_of(site), f->list);
	return true;
}

/* Kea does not start without a file that it includes. */
static int check_gone(const struct world *w, struct cpr_errors *e)
{
	_cleanup_(trial_close) struct trial t = {0};
	int r = trial_look(&t, &kind, w->base, KEA_CONFIG);
	const struct trial_file *f = trial_includer(&t);

	if (!f)
		return r == -ENOENT ? 0 : r;
	cpr_errors_add(e, f->path, f->ours,
		"take " KEA_INCLUDE
		" out first, and have Kea read its files anew: without "
		"that file it does not start");
	return -EINVAL;
}

/* The hook's rules over what an admin wrote for it with his own hand, which the running server
 * tells, comments and includes resolved.  Ours were looked at when they were made. */
static int check_parameters(const json_t *library, struct cpr_errors *e)
{
	_cleanup_(cpr_parameters_freep) struct cpr_parameters *p = NULL;
	_cleanup_(cpr_errors_clear) struct cpr_errors faults = {0};
	_cleanup_(cpr_tree_clear) struct cpr_tree tree = {0};
	const json_t *parameters = json_object_get(library, "parameters");
	int r = parameters ? tree_from_json(parameters, &tree) : 0;

	if (r == 0 && parameters)
		r = cpr_parameters_parse(&tree, &p, &faults);
	for (size_t i = 0; i < faults.n; i++)
		cpr_errors_add(e, KEA_CONFIG, 0,
			"kea runs with it, but its hook " LIBRARY " does not take %s",
			faults.line[i]);
	return r;
}

static bool is_hook(const json_t *library)
{
	const char *path = json_string_value(json_object_get(library, "library"));
	const char *slash = path ? strrchr(path, '/') : NULL;

	return path && strcmp(slash ? slash + 1 : path, LIBRARY) == 0;
}

static int check_running(const struct world *w, struct cpr_errors *e)
{
	json_t *answer = NULL, *libraries, *one;
	size_t i;
	int r = kea_ask(w->site->kea_socket, "config-get", ASK_SECONDS, &answer);

	if (r < 0)
		return 0; /* not running, or not for this user */
	libraries = json_object_get(
		json_object_get(json_object_get(answer, "arguments"), "Dhcp4"),
		"hooks-libraries");
	r = 0;
	json_array_foreach(libraries, i, one)
	{
		if (is_hook(one) && r == 0)
			r = check_parameters(one, e);
	}
	json_decref(answer);
	return r;
}

static int check_merged(
	const struct world *w, const struct change *c, struct cpr_errors *e)
{
	_cleanup_(trial_close) struct trial t = {0};
	struct said said;
	char before[64];
	int r;

	snprintf(before, sizeof(before), "{\"Dhcp4\": {\"%s\": [ <?include ",
		list_of(w->site));
	r = trial_open(&t, &kind, w->base, KEA_CONFIG, c->o->text.data, before, "?> ]}}");
	if (trial_denied(r)) {
		cpr_say(4,
			"kea: cannot ask kea-dhcp4 -t, which needs a file in /etc/kea "
			"(%s): run as root",
			strerror(-r));
		return 0;
	}
	if (r == -ENOENT)
		return 0; /* not installed */
	if (r == 0 && stands_elsewhere(trial_includer(&t), w->site, e))
		return -EINVAL;
	if (r == 0)
		r = run_checker(t.file[0].copy, &said);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		cpr_errors_add(e, KEA_CONFIG, 0,
			"cannot ask kea-dhcp4 whether it takes it: %s", trial_error(r));
	if (r > 0)
		refuse(w, &t, &said, e);
	if (r == 0 && !trial_includer(&t))
		r = check_running(w, e);
	return r > 0 ? -EINVAL : r;
}

int server_kea_check(const struct world *w, const struct changes *c, struct cpr_errors *e)
{
	const struct change *ours = change_of(c, KEA_OURS);

	if (!ours || *w->site->root)
		return 0;
	return ours->state == CHANGE_GONE ? check_gone(w, e) : check_merged(w, ours, e);
}

/* An include of ours without it would be no DHCP at the next start. */
static const char *first_install(const struct world *w)
{
	return library_is_there(w) || strcmp(w->site->kea_mode, "hook") != 0
		       ? ""
		       : "; but first install the package kea-hook-option150: "
			 "without its library Kea does not start";
}

void server_kea_needs(const struct world *w, const struct changes *c, struct needs *out)
{
	_cleanup_(trial_close) struct trial t = {0};
	struct need *n;

	(void)c;
	if (!w->site->kea)
		return;
	trial_look(&t, &kind, w->base, KEA_CONFIG);
	if (trial_includer(&t))
		return;
	n = needs_add(out, NAME);
	n->file = need_text(KEA_CONFIG);
	n->line = need_text(KEA_INCLUDE);
	n->where = need_text("as the last entry of \"%s\" in \"Dhcp4\" (where there is "
			     "no such list: \"%s\": [ " KEA_INCLUDE
			     " ]), and have Kea read its files anew, as by "
			     "systemctl kill --signal=HUP " NAME "%s",
		list_of(w->site), list_of(w->site), first_install(w));
	n->why = need_text("phones get no option 150 of Kea");
}

unsigned server_kea_runs(const struct world *w)
{
	return !*w->site->root &&
	       (kea_listens(w->site->kea_socket) || service_runs(NAME, NULL));
}

static int answered(const struct world *w, json_t *answer, struct cpr_errors *e)
{
	const char *said = json_string_value(json_object_get(answer, "text"));
	_cleanup_(cpr_freep) char *text = strdup(said ? said : "no reason is told");
	json_int_t result = json_integer_value(json_object_get(answer, "result"));

	(void)w;
	if (result == 0)
		return 0;
	if (text)
		cpr_text_tame(text, "");
	cpr_errors_add(e, KEA_CONFIG, text ? line_in(text, KEA_CONFIG) : 0,
		"kea-dhcp4 refused to go on with it: %s", text ? text : "out of memory");
	return -EINVAL;
}

int server_kea_reload(const struct world *w, const struct changes *c, unsigned ran,
	struct cpr_errors *e)
{
	_cleanup_(trial_close) struct trial t = {0};
	const char *socket = w->site->kea_socket;
	json_t *answer = NULL;
	int r;

	trial_look(&t, &kind, w->base, KEA_CONFIG);
	if (!change_of(c, KEA_OURS) || !trial_includer(&t) || !ran)
		return 0;
	if (!server_kea_runs(w))
		return service_restart(NAME, NULL, e);
	r = kea_ask(socket, "config-reload", RELOAD_SECONDS, &answer);
	if (r < 0)
		cpr_errors_add(e, socket, 0,
			"cannot have Kea read its files anew (%s): give \"Dhcp4\" a "
			"\"control-socket\" with this \"socket-name\", or the section "
			"kea of the site file its name",
			strerror(-r));
	else
		r = answered(w, answer, e);
	json_decref(answer);
	return r;
}
