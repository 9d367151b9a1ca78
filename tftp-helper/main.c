/* cpr-helper: takes firmware packages into the TFTP root.
 *
 *   import.c   the command line: site file, lock, packages one by one, then cpr-conf
 *   package.c  reads a package, whatever it is wrapped in; source.c is what libarchive gets of
 *              it, caps.c are its limits
 *   intake.c   unpacks into staging (stage.c) and knows each file by its own name
 *   judge.c    finds every fault, with what is in the root already
 *   put.c      publishes, or undoes
 *   remember.c keeps what was found in the files for the next who would read them
 *   removal.c  what goes with a load that is removed, and in which order
 *   watch.c    the daemon: when to look; incoming.c what is there, task.c what is done
 *              about it, outline.c whether an event is worth it, told.c which loads it must not
 *              find missing, spool.c where packages go, status.c and event.c what is said
 *   confine.c  the rights that opening a package needs: few
 *
 * It writes firmware only: which term file is served, and XMLDefault, are cpr-conf's. */
#include "cleanup.h"
#include "cli/cli.h"
#include "command.h"

#include <argp.h>
#include <stdio.h>
#include <string.h>

static const struct cpr_command commands[] = {
	{"import", "check firmware packages and make their loads available",
		cpr_command_import},
	{"watch", "take what is dropped into incoming/; the daemon", cpr_command_watch},
	{"remove", "take a load out of the TFTP root, and what only it needs",
		cpr_command_remove},
	{"status", "what the daemon serves, took and refused", cpr_command_status},
};

struct arguments {
	int argc;
	char **argv;
	int status;
};

static int dispatch(struct arguments *a, struct argp_state *state, const char *name)
{
	_cleanup_(cpr_freep) char *program = NULL;
	char **argv = &a->argv[state->next - 1];

	for (size_t i = 0; i < CPR_ARRAY_LEN(commands); i++) {
		if (strcmp(commands[i].name, name))
			continue;
		if (asprintf(&program, "cpr-helper %s", name) < 0)
			return CPR_EXIT_FAILED;
		argv[0] = program;
		return commands[i].run(a->argc - state->next + 1, argv);
	}
	argp_error(state, "there is no command '%s'", name);
	return CPR_EXIT_USAGE;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		a->status = dispatch(a, state, arg);
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "say what to do: a command");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static char *list_commands(int key, const char *text, void *input)
{
	char *grown = NULL, *text_end;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	for (size_t i = 0; i < CPR_ARRAY_LEN(commands); i++) {
		char *before = grown;

		if (asprintf(&grown, "%s  %-10s %s\n", before ? before : "Commands:\n",
			    commands[i].name, commands[i].about) < 0)
			return before;
		free(before);
	}
	if (grown && asprintf(&text_end, "%s\n'cpr-helper COMMAND --help' says more.",
			     grown) >= 0) {
		free(grown);
		grown = text_end;
	}
	return grown; /* argp frees it */
}

int main(int argc, char **argv)
{
	struct arguments a = {.argc = argc, .argv = argv, .status = CPR_EXIT_USAGE};
	static const struct argp argp = {
		.parser = parse,
		.args_doc = "COMMAND [OPTION...]",
		.doc = "Take firmware packages of Cisco phones into the TFTP root.\v",
		.help_filter = list_commands,
	};

	cpr_cli_init("cpr-helper");
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &a);
	return a.status;
}
