#include "service.h"

#include "cleanup.h"
#include "cli/run.h"
#include "errors.h"
#include "io.h"
#include "text.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	CHECK_SECONDS = 30,
	RESTART_SECONDS = 90, /* systemd's own patience with a start */
	UNIT_LEN = 128
};

static int ask(char *const argv[], const char *user, const char *setting,
	unsigned seconds, struct said *said)
{
	_cleanup_(cpr_closep) int fd = memfd_create("said", MFD_CLOEXEC);
	char *const settings[] = {(char *)"LC_ALL=C", (char *)setting, NULL};
	ssize_t n;
	int r = fd < 0 ? -errno : 0;

	said->text[0] = 0;
	if (r == 0)
		r = cpr_run_job(&(struct cpr_job){.argv = argv,
			.user = user,
			.setting = settings,
			.out_fd = fd,
			.seconds = seconds});
	n = fd < 0 ? -1 : cpr_io_read_at(fd, said->text, sizeof(said->text) - 1, 0);
	said->text[n > 0 ? n : 0] = 0;
	cpr_text_tame(said->text, "\n");
	return r;
}

int service_ask(
	char *const argv[], const char *user, const char *setting, struct said *said)
{
	return ask(argv, user, setting, CHECK_SECONDS, said);
}

const char *said_last(struct said *said)
{
	size_t len = strlen(said->text);
	char *line;

	while (len && said->text[len - 1] == '\n')
		said->text[--len] = 0;
	line = strrchr(said->text, '\n');
	return line ? line + 1 : said->text;
}

bool service_systemd(void)
{
	return access("/run/systemd/system", F_OK) == 0;
}

/* What systemd calls it. */
static void unit_of(char unit[UNIT_LEN], const char *name, const char *instance)
{
	snprintf(unit, UNIT_LEN, "%s%s%s", name, instance ? "@" : "",
		instance ? instance : "");
}

/* `service` says what its script says: 0 for the status of a server that runs. */
static int manage(const char *verb, const char *name, const char *instance,
	unsigned seconds, struct said *said)
{
	char unit[UNIT_LEN];
	char *const ctl[] = {(char *)"systemctl", (char *)verb, unit, NULL};
	char *const sysv[] = {(char *)"service", (char *)name,
		strcmp(verb, "is-active") == 0 ? (char *)"status" : (char *)verb,
		(char *)instance, NULL};

	unit_of(unit, name, instance);
	return ask(service_systemd() ? ctl : sysv, NULL, NULL, seconds, said);
}

bool service_runs(const char *name, const char *instance)
{
	struct said said;

	return manage("is-active", name, instance, CHECK_SECONDS, &said) == 0;
}

/* systemd refuses a start too many in a short time: the one that is to put things right, after
 * those that failed, would be the one that is refused. */
static void forget_starts(const char *name, const char *instance)
{
	struct said said;

	if (service_systemd())
		manage("reset-failed", name, instance, CHECK_SECONDS, &said);
}

int service_restart(const char *name, const char *instance, struct cpr_errors *e)
{
	char unit[UNIT_LEN];
	struct said said;
	int r;

	forget_starts(name, instance);
	r = manage("restart", name, instance, RESTART_SECONDS, &said);
	if (r == 0)
		return 0;
	unit_of(unit, name, instance);
	cpr_errors_add(e, NULL, 0,
		"%s: it could not be restarted (%s); 'systemctl status %s' or its log may "
		"tell why",
		unit, r < 0 ? strerror(-r) : said_last(&said), unit);
	return r < 0 ? r : -EIO;
}
