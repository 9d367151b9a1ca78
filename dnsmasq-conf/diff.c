/* Candidates as diff(1) shows them. */
#include "apply.h"
#include "cleanup.h"
#include "cli/run.h"
#include "emit.h"
#include "errors.h"
#include "scratch.h"

#include <errno.h>
#include <string.h>

static int diff_text(const struct change *c)
{
	_cleanup_(scratch_close) struct scratch old = {.fd = -1}, new = {.fd = -1};
	char *const argv[] = {(char *)"diff", (char *)"-u", (char *)"--label",
		c->old ? c->o->path : (char *)"/dev/null", (char *)"--label",
		c->state == CHANGE_GONE ? (char *)"/dev/null" : c->o->path, (char *)"--",
		old.path, new.path, NULL};
	int r = scratch_open(&old, c->old, c->old_len);

	if (r == 0)
		r = scratch_open(&new, c->o->text.data, c->o->text.len);
	if (r == 0)
		r = cpr_run(argv, -1);
	return r > 1 ? -EIO : r;
}

int changes_diff(const struct changes *c, struct cpr_errors *e)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct change *one = &c->change[i];
		int r = 0;

		if (one->state == CHANGE_NONE)
			continue;
		if (one->keep)
			printf("# %s is kept as %s\n", one->o->path, one->keep);
		if (one->o->kind == OUTPUT_LINK || one->o->kind == OUTPUT_SYMLINK)
			printf("# %s becomes a link to %s\n", one->o->path, one->o->from);
		else if (one->o->kind == OUTPUT_GONE && !one->old)
			printf("# %s goes\n", one->o->path);
		else
			r = diff_text(one);
		if (r < 0) {
			cpr_errors_add(
				e, NULL, 0, "cannot run diff(1): %s", strerror(-r));
			return r;
		}
	}
	return 0;
}
