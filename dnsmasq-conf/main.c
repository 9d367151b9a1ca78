/* cpr-conf: from the site file and the TFTP root to what servers and phones read.
 *
 *   main.c            the commands' table
 *   cmd-*.c           one file a command: its options, what it prints
 *   common.c          options of all commands, tables, JSON
 *   observe*.c        what verify looks at on the host
 *   seen.c            what earlier runs saw in the firmware
 *   world.c           reads site, TFTP root and XMLDefault, and has the plan made
 *   emit.c            the emitters' table; emit-*.c one each: plan in, candidates out
 *   xmldefault.c      merging into an XMLDefault.cnf.xml that is there
 *   apply.c           candidates against what is there; diff.c shows it, write.c does it
 *   record.c          what was generated last, to notice hand edits
 *   retire.c          what was generated once, and is not any more
 *   rollout.c         the order of a run: check, save, write, tell, ask, or put back
 *   backup.c          what a run replaced
 *   report.c          what a run says
 *   server.c          the servers' table; server-*.c one each
 *   probes.c          questions to servers on the wire */
#include "cleanup.h"
#include "cli/cli.h"
#include "commands.h"
#include "guess.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct command commands[] = {
	{"generate", "write what servers and phones read", cmd_generate},
	{"verify", "say which models would recover, and what is wrong", cmd_verify},
	{"plan", "show what would be served to whom", cmd_plan},
	{"models", "print the models that are known, or find one by its vendor class",
		cmd_models},
	{"inspect", "say what firmware files are", cmd_inspect},
	{"rollback", "put back what the last generate replaced", cmd_rollback},
	{"uninstall", "take away what generate wrote for servers", cmd_uninstall},
	{"option150", "say what to type for DHCP option 150, or what was typed",
		cmd_option150},
};

static const char *command_name(const void *context, size_t i)
{
	(void)context;
	return commands[i].name;
}

struct choice {
	const struct command *command;
	int at; /* its index in argv */
};

static const struct command *find(struct argp_state *state, const char *name)
{
	const char *meant = cpr_guess(name, command_name, NULL, CPR_ARRAY_LEN(commands));

	for (size_t i = 0; i < CPR_ARRAY_LEN(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	if (meant)
		argp_error(state, "no command '%s'; did you mean '%s'?", name, meant);
	else
		argp_error(state, "no command '%s'", name);
	return NULL;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct choice *c = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		c->command = find(state, arg);
		c->at = state->next - 1;
		state->next = state->argc; /* the rest is the command's own */
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "say which command");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* argp's filters want malloc'ed text. */
static char *help_filter(int key, const char *text, void *input)
{
	char *list, *grown;

	(void)input;
	if (key != ARGP_KEY_HELP_EXTRA)
		return (char *)text;
	list = strdup("Commands:");
	for (size_t i = 0; list && i < CPR_ARRAY_LEN(commands); i++) {
		if (asprintf(&grown, "%s\n  %-10s%s", list, commands[i].name,
			    commands[i].about) < 0)
			grown = NULL;
		free(list);
		list = grown;
	}
	return list;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {.parser = parse,
		.args_doc = "COMMAND [OPTION...]",
		.help_filter = help_filter,
		.doc = "Make the configuration that brings wiped Cisco IP phones back, and "
		       "say whether it would.\v"
		       "'cpr-conf COMMAND --help' tells more.  A first run:\n"
		       "  cpr-conf verify             which models would recover?\n"
		       "  cpr-conf generate --check   what would be written?\n"
		       "  cpr-conf generate           write it"};
	_cleanup_(cpr_freep) char *name = NULL;
	struct choice c = {0};
	int r;

	cpr_cli_init("cpr-conf");
	if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &c))
		return CPR_EXIT_USAGE;
	if (asprintf(&name, "cpr-conf %s", c.command->name) < 0)
		return CPR_EXIT_FAILED;
	argv[c.at] = name;
	r = c.command->run(argc - c.at, argv + c.at);
	if ((fflush(stdout) || ferror(stdout)) && r != CPR_EXIT_FAILED) {
		cpr_say(3, "cannot print all of it: stdout is full or closed");
		return CPR_EXIT_FAILED;
	}
	return r;
}
