/* The keys of the site file, each with its default and its check, and the notes that the
 * checks leave behind.
 *
 * libconfuse hands its callbacks no pointer of ours, so the notes live where it keeps a
 * section's annotation, cfg->comment, which it does not use unless asked to: a line each,
 * "LINE TEXT\n". */
#pragma once

#include <confuse.h>
#include <stdbool.h>

struct cpr_errors;

/* A parser for the whole file, holding the defaults; NULL: no memory. */
cfg_t *cpr_site_keys_new(void);
void cpr_site_keys_freep(cfg_t **cfg);

/* Notes a fault at cfg->line.  Returns 0, go on, while there is room for notes, else -1: what
 * libconfuse's callbacks return. */
int cpr_site_note(cfg_t *cfg, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Moves the notes of all sections into e, in the order of the file.  Returns 0, -EINVAL when
 * there are any, or -ENOMEM. */
int cpr_site_report(cfg_t *cfg, const char *file, struct cpr_errors *e);

/* Up to nine digits and nothing else; 0 when it is not that. */
unsigned cpr_site_number(const char *text);
