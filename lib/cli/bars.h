/* Progress on stderr: lines that stay, and below them one live line per work in hand, each
 * with a bar.  Off a terminal: the lines that stay, and for a long work one line every ten
 * seconds. */
#pragma once

#include <stdint.h>

struct cpr_bars;

int cpr_bars_new(struct cpr_bars **out, int fd);
struct cpr_bars *cpr_bars_free(struct cpr_bars *b); /* wipes the live lines */
void cpr_bars_freep(struct cpr_bars **b);

/* The live line of `slot` (any small number: one per phone); total 0: not known, no bar. */
void cpr_bars_set(struct cpr_bars *b, unsigned slot, const char *label, uint64_t done,
	uint64_t total);
/* The slot's live line becomes a line that stays: "label [#####] 100 % note". */
void cpr_bars_done(struct cpr_bars *b, unsigned slot, const char *note);
/* The slot's live line goes without a trace. */
void cpr_bars_drop(struct cpr_bars *b, unsigned slot);
/* A line that stays, above the live ones. */
void cpr_bars_line(struct cpr_bars *b, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
