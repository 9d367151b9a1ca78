/* What becomes of one package: every file of it is unpacked into staging, judged together
 * with what is in the TFTP root already, and published only when nothing is wrong with any.
 * All that is wrong is said in one run. */
#pragma once

#include "errors.h"
#include "models.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

struct cpr_bars;
struct cpr_inspect;
struct cpr_stage;

/* Where one file of the package stands, in the order of publication. */
enum cpr_item_state {
	CPR_ITEM_NEW,
	CPR_ITEM_THERE,    /* the TFTP root has it, with these bytes */
	CPR_ITEM_REPLACES, /* other bytes are there, or nobody may read them */
};

struct cpr_item {
	char *entry; /* its place in the package, for the lines; a link's: what lists it */
	char *name;  /* the one inside; a link's: as its list prints it */
	char *set;   /* term files: the folder they are kept in */
	char *target; /* links */
	char *path; /* below the staging folder, and then the same below the TFTP root */
	enum cpr_name_kind kind;
	struct cpr_inspect *inspect; /* NULL: a link */
	ino_t inode;                 /* of the file that was inspected */
	struct timespec mtime;
	enum cpr_item_state state;
	bool faulty;   /* a line of `refused` is about it */
	bool repaired; /* the package spells it in another case */
};

struct cpr_intake {
	const char *package; /* as the user named it */
	struct cpr_item *item;
	size_t n;
	char **left_out;
	size_t left_out_n;
	char **load; /* names of its main loads */
	size_t load_n;
	struct cpr_errors refused;
	bool accepted;
	bool changed; /* something was published; with dry_run: would be */
};

struct cpr_intake_options {
	const char *tftp_root;
	int base; /* the folder of --root, open */
	bool replace, dry_run;
	struct cpr_bars *bars;
	const volatile sig_atomic_t *stop;
};

/* stage: open, without a staging folder; has none afterwards.  Returns 0 (accepted or
 * refused) or -errno: the environment failed, nothing was published. */
int cpr_intake(struct cpr_intake *in, const char *package, struct cpr_stage *stage,
	const struct cpr_intake_options *o);
void cpr_intake_clear(struct cpr_intake *in);

const char *cpr_item_state_name(enum cpr_item_state state); /* new, there, replaced */
