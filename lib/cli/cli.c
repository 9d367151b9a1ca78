#include "cli/cli.h"

#include "cleanup.h"
#include "errors.h"
#include "text.h"
#include "version.h"

#include <argp.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *program_name = "cpr";

static void print_version(FILE *out, struct argp_state *state)
{
	(void)state;
	fprintf(out, "%s (phone-cpr) %s\n", program_name, CPR_VERSION);
}

/* A report that did not get out is none: `cpr-… >report` on a full disk must not say 0. */
static void close_stdout(void)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return;
	/* Whoever stops reading knows that he did.  0: it was an earlier write. */
	if (errno != EPIPE)
		cpr_say(3, "cannot write the output%s%s", errno ? ": " : "",
			errno ? strerror(errno) : "");
	_exit(CPR_EXIT_FAILED);
}

void cpr_cli_init(const char *program)
{
	program_name = program;
	argp_program_version_hook = print_version;
	argp_err_exit_status = CPR_EXIT_USAGE;
	setvbuf(stdout, NULL, _IOLBF, 0);
	atexit(close_stdout);
}

/* The journal reads only the stderr that the variable names, "device:inode". */
bool cpr_cli_journal(void)
{
	const char *journal = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return journal && sscanf(journal, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device &&
	       st.st_ino == inode;
}

void cpr_say(int priority, const char *format, ...)
{
	_cleanup_(cpr_freep) char *text = NULL;
	va_list args;

	va_start(args, format);
	/* names out of files are said, too: one line stays one */
	text = cpr_text_format("", format, args);
	va_end(args);
	flockfile(stderr);
	if (cpr_cli_journal())
		fprintf(stderr, "<%d>", priority);
	else
		fprintf(stderr, "%s: ", program_name);
	fprintf(stderr, "%s\n", text ? text : "out of memory");
	funlockfile(stderr);
}

void cpr_say_errors(struct cpr_errors *e)
{
	for (size_t i = 0; i < e->n; i++)
		cpr_say(3, "%s", e->line[i]);
	if (e->lost)
		cpr_say(3, "out of memory: there is more wrong than is listed");
	cpr_errors_clear(e);
}

bool cpr_cli_fancy(int fd)
{
	const char *none = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fd) && !(none && *none) && term && strcmp(term, "dumb") != 0;
}
