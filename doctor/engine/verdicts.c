#include "faults.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void free_row(struct cpr_verdict *row)
{
	free(row->text);
	free(row->remedy);
}

struct cpr_verdict *cpr_verdicts_add(
	struct cpr_verdicts *f, enum cpr_fault_id id, const char *format, ...)
{
	struct cpr_verdict *grown = reallocarray(f->row, f->n + 1, sizeof(*grown)), row;
	va_list args;

	if (!grown) {
		f->failed = true;
		return NULL;
	}
	f->row = grown;
	row = (struct cpr_verdict){.id = id, .remedy = strdup(cpr_faults[id].remedy)};
	va_start(args, format);
	if (vasprintf(&row.text, format, args) < 0)
		row.text = NULL;
	va_end(args);
	if (!row.text || !row.remedy) {
		free_row(&row);
		f->failed = true;
		return NULL;
	}
	f->row[f->n] = row;
	return &f->row[f->n++];
}

void cpr_verdict_frame(struct cpr_verdict *f, uint64_t frame)
{
	uint64_t all[CPR_VERDICT_FRAMES + 1];
	size_t at = 0, n;

	if (!f || !frame)
		return;
	while (at < f->frame_n && f->frame[at] < frame)
		at++;
	if (at < f->frame_n && f->frame[at] == frame)
		return;
	n = f->frame_n;
	memcpy(all, f->frame, at * sizeof(*all));
	all[at] = frame;
	memcpy(all + at + 1, f->frame + at, (n - at) * sizeof(*all));
	n++;
	/* The first and the last ones say most. */
	if (n > CPR_VERDICT_FRAMES) {
		memmove(all + n / 2, all + n / 2 + 1, (n - n / 2 - 1) * sizeof(*all));
		n--;
	}
	memcpy(f->frame, all, n * sizeof(*all));
	f->frame_n = n;
}

void cpr_verdict_remedy(struct cpr_verdict *f, const char *format, ...)
{
	char *text;
	va_list args;
	int n;

	if (!f)
		return;
	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0)
		return;
	free(f->remedy);
	f->remedy = text;
}

void cpr_verdicts_drop(struct cpr_verdicts *f, uint32_t faults)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->n; i++) {
		if (faults >> f->row[i].id & 1)
			free_row(&f->row[i]);
		else
			f->row[kept++] = f->row[i];
	}
	f->n = kept;
}

void cpr_verdicts_clear(struct cpr_verdicts *f)
{
	for (size_t i = 0; i < f->n; i++)
		free_row(&f->row[i]);
	free(f->row);
	*f = (struct cpr_verdicts){0};
}
