/* cpr-helper status: what the daemon wrote down, and whether it runs. */
#include "cleanup.h"
#include "cli/cli.h"
#include "command.h"
#include "common.h"
#include "publish.h"
#include "spool.h"
#include "status.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct cpr_common *c = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = state->child_inputs[1] = c;
		break;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is too much: it takes no argument", arg);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* The lock would tell, but only who may write could ask for it. */
static bool is_running(const json_t *status)
{
	json_int_t pid = json_integer_value(json_object_get(status, "pid"));
	_cleanup_(cpr_fclosep) FILE *f = NULL;
	char path[64], name[32] = "";

	snprintf(path, sizeof(path), "/proc/%" JSON_INTEGER_FORMAT "/comm", pid);
	f = fopen(path, "re");
	return f && fgets(name, sizeof(name), f) && !strcmp(name, "cpr-helper\n");
}

int cpr_command_status(int argc, char **argv)
{
	static const struct argp_child children[] = {
		{&cpr_root_argp, 0, NULL, 0}, {&cpr_json_argp, 0, NULL, 0}, {0}};
	static const struct argp argp = {NULL, parse, NULL,
		"Say what the daemon, cpr-helper watch, serves per model and since when, "
		"what it took and refused and why, and what is in its queue.\v"
		"Exit: 0; 1 it never ran here, or its status cannot be read.",
		children, NULL, NULL};
	_cleanup_(cpr_closep) int folder = -1, fd = -1;
	_cleanup_(cpr_freep) char *path = NULL;
	struct cpr_common c = {0};
	json_t *status;

	argp_parse(&argp, argc, argv, 0, NULL, &c);
	if (asprintf(&path, "%s" CPR_SPOOL_DIR, c.root ? c.root : "") < 0)
		return CPR_EXIT_FAILED;
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = folder < 0 ? -errno : cpr_publish_open(folder, CPR_STATUS_FILE);
	if (fd < 0) {
		cpr_say(3,
			"'%s/" CPR_STATUS_FILE
			"': %s: cpr-helper watch writes it when it runs",
			path, strerror(-fd));
		return CPR_EXIT_FAILED;
	}
	status = cpr_json_read(fd);
	if (!json_is_object(status)) {
		cpr_say(3, "'%s/" CPR_STATUS_FILE "' cannot be read: remove it", path);
		json_decref(status);
		return CPR_EXIT_FAILED;
	}
	json_object_set_new(status, "running", json_boolean(is_running(status)));
	if (c.json) {
		json_dumpf(status, stdout, JSON_INDENT(2) | JSON_SORT_KEYS);
		putchar('\n');
	} else {
		cpr_status_print(
			status, json_is_true(json_object_get(status, "running")));
	}
	json_decref(status);
	return CPR_EXIT_OK;
}
