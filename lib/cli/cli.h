/* What every program shares with the person at the terminal: exit codes, --version, talk on
 * stderr. */
#pragma once

#include <stdbool.h>

struct cpr_errors;

/* The contract of all programs; scripts rely on it. */
enum cpr_exit {
	CPR_EXIT_OK = 0,
	CPR_EXIT_FAILED = 1, /* the environment: I/O, permission, server absent */
	CPR_EXIT_USAGE = 2,
	CPR_EXIT_PENDING = 3, /* --check: changes are pending */
	CPR_EXIT_INVALID = 4, /* input or candidate invalid; nothing was touched */
	CPR_EXIT_ROLLED_BACK = 5,
	CPR_EXIT_FINDINGS = 6, /* a model cannot recover, a phone is stuck */
};

/* First in main(): --version of argp, exit 2 for usage errors, line-buffered stdout,
 * and exit 1 where the output could not be written.
 * program: "cpr-conf". */
void cpr_cli_init(const char *program);

/* One line on stderr: "program: text", or "<N>text" where stderr is the journal
 * ($JOURNAL_STREAM says which file that is).
 * N: 3 error, 4 warning, 6 info.  Lower case, no full stop. */
void cpr_say(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* True where stderr is the journal: by the variable alone every shell of a desktop session
 * would think so. */
bool cpr_cli_journal(void);
/* Every line of the list, as errors; then clears it. */
void cpr_say_errors(struct cpr_errors *e);

/* Colour and bars: a terminal, and neither NO_COLOR nor TERM=dumb. */
bool cpr_cli_fancy(int fd);
