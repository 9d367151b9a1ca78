/* What is wrong with a TFTP root and its plan: one table of checks, each with a stable id, a
 * paragraph on why it matters, and a remedy.  A check reads the plan, and what was seen beside
 * it, and reports findings; it looks at nothing itself and changes nothing. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct cpr_observed;
struct cpr_plan;

enum cpr_severity {
	CPR_NOTE,
	CPR_WARNING,
	CPR_ERROR, /* a phone will not come back because of it */
};

struct cpr_finding {
	const char *id; /* of the check that found it */
	enum cpr_severity severity;
	char *file; /* as the person would name it; "" when it is no file's fault */
	char *text;
	const char *remedy;
};

/* Findings in the order of the table; the caller owns them. */
struct cpr_findings {
	struct cpr_finding *finding;
	size_t n;
	bool lost; /* memory ran out: there are more */
};

struct cpr_check;

/* Where a running check reports, and what was seen on the host and the wire. */
struct cpr_sink {
	const struct cpr_check *check;
	const struct cpr_observed *seen; /* never NULL */
	struct cpr_findings *out;
};

struct cpr_check {
	const char *id;
	enum cpr_severity severity;
	const char *why;
	const char *remedy;
	void (*run)(const struct cpr_plan *plan, struct cpr_sink *sink);
};

extern const struct cpr_check cpr_checks[];
extern const size_t cpr_checks_n;

/* seen NULL: nobody looked. */
void cpr_checks_run(const struct cpr_plan *plan, const struct cpr_observed *seen,
	struct cpr_findings *out);
void cpr_findings_clear(struct cpr_findings *f); /* also the _cleanup_ function */

const char *cpr_severity_name(enum cpr_severity s); /* note, warning, error */
