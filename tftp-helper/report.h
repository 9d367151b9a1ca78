/* What an import says about its packages on stdout, for people and for programs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct cpr_intake;

void cpr_intake_report_text(const struct cpr_intake *in, bool dry_run);
/* {"packages":[…]}; 0 or -errno. */
int cpr_intake_report_json(const struct cpr_intake *in, size_t n);
