/* What the commands share: --site, --root and --json, and what these lead to. */
#pragma once

#include <stdbool.h>

struct argp;
struct cpr_errors;
struct cpr_site;

struct cpr_common {
	const char *site, *root; /* NULL: not given */
	bool json;
};

/* Child parsers for one option each, whose input is a struct cpr_common. */
extern const struct argp cpr_site_argp, cpr_root_argp, cpr_json_argp;

/* The site and where its TFTP root lies, the caller's to free.  0, -EINVAL with lines in e, or
 * -errno. */
int cpr_common_site(const struct cpr_common *c, struct cpr_site **site, char **tftp_root,
	struct cpr_errors *e);
/* The latter alone.  An enum cpr_exit; having said why, if it is not CPR_EXIT_OK. */
int cpr_common_tftp_root(const struct cpr_common *c, char **tftp_root);
/* The folder of --root, open for names below it; -errno. */
int cpr_common_base(const struct cpr_common *c);
