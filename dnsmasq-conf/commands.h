/* The commands of cpr-conf: each parses its own options and returns an enum cpr_exit. */
#pragma once

#include <argp.h>

struct common;
struct cpr_plan;
struct cpr_plan_model;
struct json_t;

struct command {
	const char *name;
	const char *about;
	int (*run)(int argc, char **argv);
};

int cmd_generate(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_plan(int argc, char **argv);
int cmd_models(int argc, char **argv);
int cmd_inspect(int argc, char **argv);
int cmd_rollback(int argc, char **argv);
int cmd_uninstall(int argc, char **argv);
int cmd_option150(int argc, char **argv);

/* --site, --root and --json, as a child parser: its input is a struct common.  It refuses all
 * that is no option. */
extern const struct argp common_argp;
/* --check, --diff and --no-reload; its input is a struct rollout_options. */
extern const struct argp rollout_argp;
/* --json alone; its input is a struct common, too. */
extern const struct argp json_argp;

/* The models of verify --json and plan --json. */
struct json_t *models_json(const struct cpr_plan *plan);
/* The table of verify and plan on stdout. */
void models_table(const struct cpr_plan *plan);
/* JSON is UTF-8; what stands in files, names and arguments need not be. */
struct json_t *text_json(const char *text);
/* Prints and frees it.  CPR_EXIT_FAILED where it is NULL or stdout is full. */
int print_json(struct json_t *j, size_t flags);
