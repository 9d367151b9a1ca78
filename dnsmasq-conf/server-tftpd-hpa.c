/* tftpd-hpa 5.2 as Debian starts it.  Observed there:
 * - It has no test mode, and ends at a map that it cannot read, at its start and at a SIGHUP.
 *   systemd then still calls it active.
 * - Its map is read by what it starts as, not in the chroot, so the path is the host's.
 * - Debian's init script knows no reload; a restart also ends the transfers under way, which
 *   phones begin anew.
 * - An upgrade of the package writes TFTP_OPTIONS anew, from debconf's answers. */
#include "apply.h"
#include "cleanup.h"
#include "cli/cli.h"
#include "defaults.h"
#include "emit.h"
#include "errors.h"
#include "ports.h"
#include "server.h"
#include "service.h"
#include "site.h"
#include "tftpd-hpa.h"
#include "world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NAME     "tftpd-hpa"
#define DEFAULTS "/etc/default/tftpd-hpa"

enum {
	DEFAULTS_MAX = 65536
};

/* What the admin has set; "" where there is nothing.  The caller's to free. */
static char *setting_of(const struct world *w, const char *name, unsigned *line)
{
	_cleanup_(cpr_freep) char *text = NULL;
	char *value = NULL;
	size_t len;

	*line = 0;
	if (read_below(w->base, DEFAULTS, DEFAULTS_MAX, &text, &len) == 0)
		value = defaults_value(text, name, line);
	return value ? value : strdup("");
}

/* Takes the words apart: what the map and the ports are, and all the others in `rest`, which
 * has room for them. */
static void take_apart(char *options, char **map, char **ports, char *rest)
{
	static const char *const spelling[] = {"--map-file", "-m", "--port-range", "-R"};
	char **const value[2] = {map, ports};
	char *save = NULL;

	*rest = 0;
	for (char *word = strtok_r(options, " \t\n", &save); word;
		word = strtok_r(NULL, " \t\n", &save)) {
		bool taken = false;

		for (size_t i = 0; i < CPR_ARRAY_LEN(spelling) && !taken; i++) {
			const char *name = spelling[i];
			size_t len = strlen(name);

			if (strncmp(word, name, len) != 0)
				continue;
			taken = true;
			if (!word[len])
				*value[i / 2] = strtok_r(NULL, " \t\n", &save);
			else
				*value[i / 2] = word + len + (word[len] == '=');
		}
		if (!taken)
			strcat(strcat(rest, word), " ");
	}
}

/* True when the server is told of our map.  line: NULL, or what TFTP_OPTIONS has to be, the
 * caller's to free; NULL where it is right, or no memory. */
static bool names_map(const struct world *w, unsigned *at, char **line)
{
	_cleanup_(cpr_freep) char *options = setting_of(w, "TFTP_OPTIONS", at);
	_cleanup_(cpr_freep) char *rest = NULL;
	char *map = NULL, *ports = NULL;
	bool named;

	if (line)
		*line = NULL;
	rest = options ? malloc(strlen(options) + 2) : NULL;
	if (!rest)
		return false;
	take_apart(options, &map, &ports, rest);
	named = map && strcmp(map, TFTPD_HPA_MAP) == 0;
	if (!line || (named && ports))
		return named;
	if (asprintf(line,
		    "TFTP_OPTIONS=\"%s--map-file " TFTPD_HPA_MAP " --port-range %s\"",
		    *at ? rest : "--secure ", ports ? ports : TFTPD_HPA_PORTS) < 0)
		*line = NULL;
	return named;
}

/* TFTP_ADDRESS: "192.0.2.1:69", ":69" or an address alone; others are not looked at. */
static int check_port(const struct world *w, struct cpr_errors *e)
{
	struct port_want want = {
		.server = NAME, .program = "in.tftpd", .port = 69, .instead = NULL};
	unsigned line;
	_cleanup_(cpr_freep) char *text = setting_of(w, "TFTP_ADDRESS", &line);
	char *colon = text ? strrchr(text, ':') : NULL;

	if (colon && sscanf(colon, ":%u", &want.port) != 1)
		return 0;
	if (colon)
		*colon = 0;
	if (!text || (*text && inet_pton(AF_INET, text, &want.at) != 1))
		return 0;
	return port_check(&want, e);
}

int server_tftpd_hpa_check(
	const struct world *w, const struct changes *c, struct cpr_errors *e)
{
	const struct change *ours = change_of(c, TFTPD_HPA_MAP);
	unsigned at;
	int r;

	if (!ours)
		return 0;
	if (ours->state != CHANGE_GONE) {
		r = tftpd_hpa_check_map(TFTPD_HPA_MAP, ours->o->text.data, e);
		if (r == 0 && names_map(w, &at, NULL) && server_tftpd_hpa_runs(w))
			r = check_port(w, e);
		return r;
	}
	if (!names_map(w, &at, NULL))
		return 0;
	cpr_errors_add(e, DEFAULTS, at,
		"take --map-file " TFTPD_HPA_MAP " out first, and restart " NAME
		": without that file it does not start");
	return -EINVAL;
}

void server_tftpd_hpa_needs(
	const struct world *w, const struct changes *c, struct needs *out)
{
	_cleanup_(cpr_freep) char *line = NULL;
	struct need *n;
	bool named;
	unsigned at;

	(void)c;
	if (!w->site->tftpd_hpa)
		return;
	named = names_map(w, &at, &line);
	if (!line)
		return;
	n = needs_add(out, NAME);
	n->lack = CPR_LACK_OPTION;
	n->file = need_text(DEFAULTS);
	n->at = at;
	n->line = TAKE_PTR(line);
	n->where =
		need_text("%s", at ? "in the place of this line, and restart tftpd-hpa "
				     "(dpkg-reconfigure tftpd-hpa keeps it over upgrades)"
				   : "as a line of its own, and restart tftpd-hpa");
	n->why = need_text("%s",
		named ? "a firewall cannot know the ports of the transfers"
		      : "firmware is found only in the very spelling of its file's name");
}

unsigned server_tftpd_hpa_runs(const struct world *w)
{
	return !*w->site->root && service_runs(NAME, NULL);
}

int server_tftpd_hpa_reload(const struct world *w, const struct changes *c, unsigned ran,
	struct cpr_errors *e)
{
	unsigned at;

	if (!change_of(c, TFTPD_HPA_MAP) || !names_map(w, &at, NULL) || !ran)
		return 0;
	cpr_say(4, "tftpd-hpa: restarting it once, transfers under way begin anew: its "
		   "map has changed");
	return service_restart(NAME, NULL, e);
}
