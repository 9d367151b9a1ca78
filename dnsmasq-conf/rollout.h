/* From candidates to a serving system, or back: the one way by which generate, rollback and
 * uninstall change anything. */
#pragma once

#include "apply.h"
#include "server.h"
#include "world.h"

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

struct backup;
struct cpr_errors;
struct outputs;
struct sight;

struct rollout_options {
	bool check; /* write nothing */
	bool diff;
	bool no_reload;
	bool json;
	bool cut_off; /* set by rollout_begin: a run was; it is undone unless `check` */
	struct backup *undo; /* what this run puts back; it goes when that is in force */
};

/* The command line of rollback and uninstall: these options and the common ones (common.c). */
struct rollout_arguments {
	struct common common;
	struct rollout_options how;
};

extern const struct argp_child rollout_children[];
error_t rollout_parse(int key, char *arg, struct argp_state *state);

/* What became of one server. */
struct verdict {
	unsigned ran;         /* before: which instances */
	struct sight *before; /* what it answered then; NULL: it was not asked */
	bool concerned;       /* it reads one of the files */
	bool asked;
	enum proof proof;
	char *text; /* why, unless PROOF_OK */
};

/* A run, as it is reported. */
struct rollout {
	const struct world *w;
	const struct outputs *out;
	const struct rollout_options *o;
	struct changes c;
	struct needs needs;
	struct backup *backup;
	struct verdict *verdict; /* one for each of `servers` */
	bool rolled_back;
};

/* Reads the world, locked unless nothing will be written, and undoes what a killed run left
 * half-way.  Returns an enum cpr_exit, having said why where it is not 0. */
int rollout_begin(const struct common *c, struct rollout_options *o, struct world **out);
/* Returns as above, but that lines in e are left to the caller to say. */
int rollout(const struct world *w, const struct outputs *out,
	const struct rollout_options *o, struct cpr_errors *e);
/* The exit status of -errno or -EINVAL before anything was written. */
int rollout_exit(int r, const struct cpr_errors *e);

/* report.c: what a run says on stderr, and as JSON on stdout. */
void report_changes(const struct rollout *r);
void report_todo(const struct rollout *r);
void report_needs(const struct rollout *r); /* a part of report_todo */
void report_verdicts(const struct rollout *r);
int report_json(const struct rollout *r);
