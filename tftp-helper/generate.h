/* How cpr-conf is run after firmware came or went: which term file is served, and XMLDefault,
 * are its to say. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
	CPR_GENERATE_ARGS = 24
};

/* Fills argv for `program` (a cpr-conf): generate for the TFTP side alone, which needs no
 * right but to write in the TFTP root.  Without xmldefault: the files that a wiped phone needs.
 * site and root: as of --site and --root, or NULL.  Returns how many it filled in. */
size_t cpr_generate_argv(char *argv[CPR_GENERATE_ARGS], const char *program,
	const char *site, const char *root, bool xmldefault);
/* The same for what phones would get now, and what is wrong. */
size_t cpr_verify_argv(char *argv[CPR_GENERATE_ARGS], const char *program,
	const char *site, const char *root);
/* Runs it to its end.  It writes all or nothing: where XMLDefault cannot be written (no call
 * manager is known yet), the term files still can.  Returns an enum cpr_exit, having said what
 * is missing. */
int cpr_generate(const char *site, const char *root);
