/* What shall be served to whom: the hub between what is there (firmware), what is wanted
 * (site) and what is known (models).  Emitters, checks and the simulated phone see this and
 * nothing else.  Built once, then const; borrows from site and firmware, which outlive it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct cpr_errors;
struct cpr_firmware;
struct cpr_load;
struct cpr_model;
struct cpr_site;

struct cpr_plan_model {
	const struct cpr_model *model;
	const struct cpr_load *load; /* what loadInformation<ID> names; NULL: no line */
	const char *load_name;       /* its name; also of a load kept from XMLDefault */
	const char *recovery_file; /* "term61.default.loads", "OS79XX.TXT"; NULL: none */
	const struct cpr_load
		*recovery; /* whose term file is served; NULL: none is there */
	bool recoverable;  /* a wiped phone of this model comes back */
	char **missing; /* else: names of what is not there or damaged; the plan's own */
	size_t missing_n;
};

struct cpr_plan {
	const struct cpr_site *site;
	const struct cpr_firmware *firmware;
	const struct cpr_running *running; /* NULL: nothing is */
	struct cpr_plan_model
		*model; /* those with any firmware or a site section, by id */
	size_t model_n;
};

#define CPR_OS79XX "OS79XX.TXT" /* what a wiped 7940 or 7960 asks for */

/* The one name that a wiped phone of this model knows; NULL: it knows none. */
const char *cpr_recovery_file(const struct cpr_model *m);

/* What phones are told to run now: XMLDefault's loadInformation lines as they stand, and what
 * OS79XX.TXT says to a 7940 or 7960.  Filled by whoever can read the two. */
struct cpr_running {
	struct {
		unsigned device_id;
		char load[64];
	} row[128];
	size_t n;
	bool call_manager;   /* XMLDefault names one */
	char os79xx[64];     /* its text to the last byte; "": absent or empty */
	char malformed[200]; /* why XMLDefault cannot be read; "": it can, or is absent */
};

/* The loadInformation row of this model, or NULL. */
const char *cpr_running_load(const struct cpr_running *r, unsigned device_id);
/* The image that an OS79XX.TXT names: without blanks and line ends.  "" when there is none. */
void cpr_running_os79xx(const struct cpr_running *r, char name[64]);

/* running: NULL when there is neither file; outlives the plan, too.  A model whose load there is complete keeps it
 * unless the site file says otherwise, so that a drop re-flashes nobody.
 * Returns 0, -ENOMEM, or -EINVAL: a pin cannot be (lines in e); *out is then the plan without
 * it, to be looked at and not to be carried out. */
int cpr_plan_build(const struct cpr_site *site, const struct cpr_firmware *firmware,
	const struct cpr_running *running, struct cpr_plan **out, struct cpr_errors *e);
struct cpr_plan *cpr_plan_free(struct cpr_plan *p);
void cpr_plan_freep(struct cpr_plan **p);
