/* How cpr-conf is run after firmware came or went: which term file is served, and XMLDefault,
 * are its to say. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct cpr_common;

enum {
	CPR_FORGET_MAX = 64, /* in one run */
	CPR_GENERATE_ARGS = 24 + 2 * CPR_FORGET_MAX
};

/* Adds --site and --root, where they were given, behind n words, and ends the list: 5 more at
 * most.  Returns how many there are now. */
size_t cpr_common_argv(char *argv[], size_t n, const struct cpr_common *c);
/* Fills argv for `program` (a cpr-conf): generate for the TFTP side alone, which needs no
 * right but to write in the TFTP root.  Without xmldefault: the files that a wiped phone needs.
 * Returns how many it filled in. */
size_t cpr_generate_argv(char *argv[CPR_GENERATE_ARGS], const char *program,
	const struct cpr_common *c, bool xmldefault);
/* Adds --forget LOAD behind n words; returns how many there are now. */
size_t cpr_generate_forget(
	char *argv[CPR_GENERATE_ARGS], size_t n, const char *const *load, size_t load_n);
/* The same for what phones would get now, and what is wrong. */
size_t cpr_verify_argv(
	char *argv[CPR_GENERATE_ARGS], const char *program, const struct cpr_common *c);
/* Runs it to its end.  It writes all or nothing: where XMLDefault cannot be written (no call
 * manager is known yet), the term files still can.  Returns an enum cpr_exit, having said what
 * is missing. */
int cpr_generate(const struct cpr_common *c);
/* Runs it as if the load were not there, so that nothing tells phones of it; with check it only
 * says what would change.  Returns an enum cpr_exit; pending changes are CPR_EXIT_OK. */
int cpr_generate_without(
	const struct cpr_common *c, const char *load, bool xmldefault, bool check);
