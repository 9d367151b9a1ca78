/* Which loads an inventory holds, whether all their files are there, and if not, why: the
 * pure half of lib/firmware.h. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct cpr_file;
struct cpr_firmware;
struct cpr_load;
struct cpr_loads;
struct cpr_loads_entry;

/* What is wrong with one file. */
enum cpr_listed {
	CPR_LISTED_OK = 0,
	CPR_LISTED_ABSENT,
	CPR_LISTED_CASE,       /* there, but spelled in another case */
	CPR_LISTED_UNREADABLE, /* or a link that leads nowhere or out of the root */
	CPR_LISTED_DAMAGED,    /* inspect says so */
	CPR_LISTED_UNSIGNED,   /* a kind that is always signed, without its header */
	CPR_LISTED_RENAMED,    /* the name inside is another one */
	CPR_LISTED_SIZE,       /* not as large as the list says */
	CPR_LISTED_SUM,        /* not of the list's build */
};

/* A file that a list prints. */
enum cpr_listed cpr_firmware_listed(
	const struct cpr_firmware *f, const struct cpr_loads_entry *entry);
/* A file by itself.  The name inside a list must be its own exactly; an image's may differ in
 * case, because old lists print Jar41… for a file that is named jar41… */
enum cpr_listed cpr_file_state(const struct cpr_file *file);

/* One name of load->missing, for people: "'jar41sccp.9-4-2ES26.sbn' is not there, put it
 * into the folder".  Always NUL-terminated. */
void cpr_firmware_explain(const struct cpr_firmware *f, const struct cpr_load *load,
	const char *missing, char *text, size_t cap);
/* The same about a file that cpr_file_state finds fault with, without its name: "is damaged:
 * …". */
void cpr_file_explain(const struct cpr_file *file, char *text, size_t cap);

/* True when both print the same names in the same order. */
bool cpr_loads_alike(const struct cpr_loads *a, const struct cpr_loads *b);

/* Fills in f->load from f->file, which is sorted.  0 or -ENOMEM.  For cpr_firmware_scan. */
int cpr_resolve(struct cpr_firmware *f);
void cpr_resolve_clear(struct cpr_firmware *f); /* to be done anew, or no more */
