/* The daemon.  Events never decide anything: they only say that it is worth to look.  What is
 * looked at is the folder as it is; what is done about it is one child at a time, each of
 * which may be killed at any moment and run again:
 *
 *   import --confine PACKAGE   opens one package, publishes its firmware
 *   cpr-conf generate --only   term files, XMLDefault
 *   cpr-conf verify --json     what phones would get now, for the status
 *
 * watch.c is the loop and the life of the process, task.c the children and what follows when
 * one has ended. */
#pragma once

#include "common.h"
#include "incoming.h"
#include "spool.h"

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

struct cpr_site;

enum cpr_task {
	CPR_TASK_NONE,
	CPR_TASK_IMPORT,
	CPR_TASK_GENERATE, /* term files and XMLDefault */
	CPR_TASK_TERM,     /* after a refusal of that: the term files alone */
	CPR_TASK_VERIFY,
};

struct cpr_watch {
	struct cpr_common common;
	int64_t settle, patience; /* ms */
	int64_t again;            /* ms: after a failure of this host */
	bool remove_accepted, once;

	struct cpr_site *site;
	char *tftp_root;
	struct cpr_spool spool;
	struct cpr_incoming incoming;
	json_t *status;

	enum cpr_task task;
	pid_t pid;
	int child;     /* a pidfd; -1: none */
	int out;       /* what the child said, a file without a name */
	char *package; /* that is being imported */
	json_t *gone; /* loads that cpr-conf is told to forget; NULL: it is not running */

	int64_t generate_at; /* ms: what is served may be out of date; 0: it is not */
	/* The TFTP root (outline.h) when what is served was seen to agree with it, and when the
	 * generate under way began; NULL: whatever it looks like, generate has to look. */
	json_t *outline, *before;
	int start_error, status_error; /* -errno that was said; 0: none */
	bool verify_due;
	bool root_present;
	bool stopping;
};

int64_t cpr_watch_now(void); /* ms, monotonic */

void cpr_watch_write_status(struct cpr_watch *w);

/* What is served may be out of date, whatever the TFTP root looks like. */
void cpr_watch_doubt(struct cpr_watch *w);
/* Starts the next child, if any is due.  In how many ms it is worth to call this again; -1:
 * not before something happens. */
int64_t cpr_task_next(struct cpr_watch *w);
/* The child has ended. */
void cpr_task_ended(struct cpr_watch *w);
