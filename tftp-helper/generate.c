#include "generate.h"

#include "cleanup.h"
#include "cli/cli.h"
#include "cli/run.h"
#include "common.h"

#include <stdio.h>
#include <string.h>

size_t cpr_common_argv(char *argv[], size_t n, const struct cpr_common *c)
{
	if (c->site) {
		argv[n++] = (char *)"--site";
		argv[n++] = (char *)c->site;
	}
	if (c->root) {
		argv[n++] = (char *)"--root";
		argv[n++] = (char *)c->root;
	}
	argv[n] = NULL;
	return n;
}

size_t cpr_generate_argv(char *argv[CPR_GENERATE_ARGS], const char *program,
	const struct cpr_common *c, bool xmldefault)
{
	size_t n = 0;

	argv[n++] = (char *)program;
	argv[n++] = (char *)"generate";
	argv[n++] = (char *)"--only";
	argv[n++] = (char *)"links";
	argv[n++] = (char *)"--only";
	argv[n++] = (char *)"term";
	if (xmldefault) {
		argv[n++] = (char *)"--only";
		argv[n++] = (char *)"xmldefault";
	}
	return cpr_common_argv(argv, n, c);
}

size_t cpr_generate_forget(
	char *argv[CPR_GENERATE_ARGS], size_t n, const char *const *load, size_t load_n)
{
	for (size_t i = 0; i < load_n && i < CPR_FORGET_MAX; i++) {
		argv[n++] = (char *)"--forget";
		argv[n++] = (char *)load[i];
	}
	argv[n] = NULL;
	return n;
}

size_t cpr_verify_argv(
	char *argv[CPR_GENERATE_ARGS], const char *program, const struct cpr_common *c)
{
	size_t n = 0;

	argv[n++] = (char *)program;
	argv[n++] = (char *)"verify";
	argv[n++] = (char *)"--known"; /* the generate before it read what is new */
	return cpr_common_argv(argv, n, c);
}

/* Its talk must not mix with our JSON. */
static int run_argv(char *const argv[])
{
	int r = cpr_run(argv, STDERR_FILENO);

	if (r < 0)
		cpr_say(3, "'%s' did not start: %s", argv[0], strerror(-r));
	return r < 0 || r >= 128 ? CPR_EXIT_FAILED : r;
}

static int run_conf(const char *program, const struct cpr_common *c, bool xmldefault)
{
	char *argv[CPR_GENERATE_ARGS];

	cpr_generate_argv(argv, program, c, xmldefault);
	return run_argv(argv);
}

int cpr_generate_without(
	const struct cpr_common *c, const char *load, bool xmldefault, bool check)
{
	_cleanup_(cpr_freep) char *program = cpr_sibling("cpr-conf");
	char *argv[CPR_GENERATE_ARGS];
	size_t n;
	int r;

	if (!program)
		return CPR_EXIT_FAILED;
	n = cpr_generate_argv(argv, program, c, xmldefault);
	n = cpr_generate_forget(argv, n, &load, 1);
	if (check)
		argv[n++] = (char *)"--check";
	argv[n] = NULL;
	r = run_argv(argv);
	return r == CPR_EXIT_PENDING ? CPR_EXIT_OK : r;
}

int cpr_generate(const struct cpr_common *c)
{
	_cleanup_(cpr_freep) char *program = cpr_sibling("cpr-conf");
	int r = program ? run_conf(program, c, true) : CPR_EXIT_FAILED;

	if (r == CPR_EXIT_OK)
		return r;
	if (r == CPR_EXIT_INVALID && run_conf(program, c, false) == CPR_EXIT_OK)
		cpr_say(3,
			"the firmware is available and its term files are served, but "
			"XMLDefault is not in place: mend the above, then run 'cpr-conf "
			"generate --only xmldefault'");
	else
		cpr_say(3,
			"the firmware is available, but its term files and XMLDefault are "
			"not in place: run 'cpr-conf generate --only links --only term "
			"--only xmldefault'");
	return r;
}
