/* A .loads file's payload: the packing list of a load.  Five grammars are in the field:
 * 79xx (a name a line), 69xx (the same, .sgn), 7940 (with KEY=VALUE lines), 7921 (#? and #+
 * lines, NAME SIZE MD5), 78xx (INI, KEY=NAME size=N). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cpr_errors;

struct cpr_loads_entry {
	char *name;   /* as printed: the spelling the phone will ask for */
	int64_t size; /* bytes of the whole file; -1: not said */
	char md5[33]; /* of the 7921 grammar; "" when not said */
};

struct cpr_loads {
	struct cpr_loads_entry *entry; /* in list order, the order of the requests */
	size_t n;
	char version[64]; /* "# RELEASE load version 9-4-2ES26"; may be "" */
	uint32_t
		hardware_compatibility; /* mask of #HARDWARE_COMP_1 or hwcompat; 0: no line */
};

/* payload: the text behind the container header.  file: for the error lines.  Returns 0,
 * -EINVAL (lines added to e say where) or -ENOMEM.  *out is the caller's. */
int cpr_loads_parse(const char *file, const uint8_t *payload, size_t len,
	struct cpr_loads **out, struct cpr_errors *e);
int cpr_loads_copy(
	const struct cpr_loads *from, struct cpr_loads **out); /* 0 or -ENOMEM */
struct cpr_loads *cpr_loads_free(struct cpr_loads *l);
void cpr_loads_freep(struct cpr_loads **l);
