#include "observed.h"

#include <stdlib.h>
#include <string.h>

const char *cpr_asked_words(enum cpr_asked_state s)
{
	static const char *const words[] = {
		[CPR_ASKED_SAME] = "is the same",
		[CPR_ASKED_DIFFERS] = "is another one",
		[CPR_ASKED_ABSENT] = "is not there",
		[CPR_ASKED_DENIED] = "may not be read",
		[CPR_ASKED_BROKEN] = "breaks off",
		[CPR_ASKED_SILENT] = "gets no answer",
		[CPR_ASKED_REFUSED] = "is refused: nothing listens on UDP port 69",
	};

	return words[s];
}

/* The list with room for one more, or NULL: then the old one stays. */
static void *grow(struct cpr_observed *o, void *list, size_t n, size_t size)
{
	void *grown = reallocarray(list, n + 1, size);

	o->lost |= !grown;
	return grown;
}

/* A copy that lives as long as the facts.  "" where there is no memory: the fact counts. */
static const char *keep(struct cpr_observed *o, const char *text)
{
	char **grown = grow(o, o->text, o->text_n, sizeof(*grown));

	if (!grown)
		return "";
	o->text = grown;
	grown[o->text_n] = strdup(text);
	if (!grown[o->text_n]) {
		o->lost = true;
		return "";
	}
	return grown[o->text_n++];
}

void cpr_observed_asked(struct cpr_observed *o, const struct cpr_asked *fact)
{
	struct cpr_asked *grown = grow(o, o->asked, o->asked_n, sizeof(*grown));

	if (!grown)
		return;
	o->asked = grown;
	grown[o->asked_n] = *fact;
	grown[o->asked_n++].name = keep(o, fact->name);
}

void cpr_observed_closed(struct cpr_observed *o, const struct cpr_closed *fact)
{
	struct cpr_closed *grown = grow(o, o->closed, o->closed_n, sizeof(*grown));

	if (!grown)
		return;
	o->closed = grown;
	grown[o->closed_n++] = (struct cpr_closed){
		keep(o, fact->user), keep(o, fact->path), keep(o, fact->why)};
}

void cpr_observed_lacking(struct cpr_observed *o, const struct cpr_lacking *fact)
{
	struct cpr_lacking *grown = grow(o, o->lacking, o->lacking_n, sizeof(*grown));

	if (!grown)
		return;
	o->lacking = grown;
	grown[o->lacking_n++] = (struct cpr_lacking){keep(o, fact->server),
		keep(o, fact->file), keep(o, fact->line), keep(o, fact->where),
		keep(o, fact->why), fact->lack};
}

void cpr_observed_bared(struct cpr_observed *o, const struct cpr_bared *fact)
{
	struct cpr_bared *grown = grow(o, o->bared, o->bared_n, sizeof(*grown));

	if (!grown)
		return;
	o->bared = grown;
	grown[o->bared_n++] =
		(struct cpr_bared){keep(o, fact->path), keep(o, fact->element)};
}

void cpr_observed_barrier(struct cpr_observed *o, const struct cpr_barrier *fact)
{
	struct cpr_barrier *grown = grow(o, o->barrier, o->barrier_n, sizeof(*grown));

	if (!grown)
		return;
	o->barrier = grown;
	grown[o->barrier_n++] = (struct cpr_barrier){
		keep(o, fact->chain), keep(o, fact->text), fact->sure};
}

void cpr_observed_clear(struct cpr_observed *o)
{
	for (size_t i = 0; i < o->text_n; i++)
		free(o->text[i]);
	free(o->text);
	free(o->asked);
	free(o->closed);
	free(o->lacking);
	free(o->bared);
	free(o->barrier);
	*o = (struct cpr_observed){0};
}
