/* The subcommands of cpr-helper: one row each in main.c. */
#pragma once

struct cpr_command {
	const char *name;
	const char *about; /* a line of --help */
	int (*run)(
		int argc, char **argv); /* argv[0]: "cpr-helper import"; an exit code */
};

int cpr_command_import(int argc, char **argv);
int cpr_command_watch(int argc, char **argv);
int cpr_command_remove(int argc, char **argv);
int cpr_command_status(int argc, char **argv);
