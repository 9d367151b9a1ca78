#include "common.h"

#include "cleanup.h"
#include "cli/cli.h"
#include "errors.h"
#include "site.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum {
	OPT_SITE = 512, /* above those of any command */
	OPT_ROOT,
	OPT_JSON,
	GROUP = 10 /* behind them */
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct cpr_common *c = state->input;

	switch (key) {
	case OPT_SITE:
		c->site = arg;
		return 0;
	case OPT_ROOT:
		c->root = arg;
		return 0;
	case OPT_JSON:
		c->json = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option site_options[] = {
	{"site", OPT_SITE, "FILE", 0, "site file (default " CPR_SITE_FILE ")", GROUP},
	{0},
};
static const struct argp_option root_options[] = {
	{"root", OPT_ROOT, "DIR", 0,
		"take all absolute paths below DIR: images, chroots, trials", GROUP},
	{0},
};
static const struct argp_option json_options[] = {
	{"json", OPT_JSON, NULL, 0, "print JSON", GROUP},
	{0},
};

const struct argp cpr_site_argp = {.options = site_options, .parser = parse};
const struct argp cpr_root_argp = {.options = root_options, .parser = parse};
const struct argp cpr_json_argp = {.options = json_options, .parser = parse};

int cpr_common_site(const struct cpr_common *c, struct cpr_site **site, char **tftp_root,
	struct cpr_errors *e)
{
	_cleanup_(cpr_site_freep) struct cpr_site *read = NULL;
	int r = cpr_site_read(c->site, c->root ? c->root : "", &read, e);

	if (r < 0)
		return r;
	*tftp_root = cpr_site_path(read, read->tftp_root);
	if (!*tftp_root)
		return -ENOMEM;
	*site = TAKE_PTR(read);
	return 0;
}

int cpr_common_tftp_root(const struct cpr_common *c, char **tftp_root)
{
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	_cleanup_(cpr_site_freep) struct cpr_site *site = NULL;
	int r = cpr_common_site(c, &site, tftp_root, &e);

	if (r == 0)
		return CPR_EXIT_OK;
	if (!e.n)
		cpr_say(3, "site file '%s': %s", c->site ? c->site : CPR_SITE_FILE,
			strerror(-r));
	cpr_say_errors(&e);
	return r == -EINVAL ? CPR_EXIT_INVALID : CPR_EXIT_FAILED;
}

int cpr_common_base(const struct cpr_common *c)
{
	int fd = open(c->root ? c->root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}
