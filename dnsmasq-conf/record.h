/* What was generated last: /var/lib/phone-cpr/generated.sha256, in the format of sha256sum
 * (sha256sum -c tells which files were edited since).  By it a hand edit is told from a file
 * of ours that is merely out of date. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define RECORD_FILE "/var/lib/phone-cpr/generated.sha256"

struct record {
	struct record_line {
		char hash[65];
		char *path;
	} * line;
	size_t n;
	bool changed; /* since it was read */
};

/* base: the folder of --root.  No record is an empty one.  0 or -errno; -EPERM: a user that is
 * neither root nor us made it, and what it names would be removed by its word. */
int record_read(int base, struct record *out);
const char *record_error(int r); /* of the former: what is wrong with it */
bool record_knows(const struct record *r, const char *path); /* with any hash */
bool record_has(const struct record *r, const char *path, const void *data, size_t len);
/* Beside what is known of the path, or instead of it.  0 or -ENOMEM. */
int record_add(struct record *r, const char *path, const void *data, size_t len);
int record_set(struct record *r, const char *path, const void *data, size_t len);
void record_drop(struct record *r, const char *path);
/* Ready to be put in place (publish.h).  1, 0: it has not changed, or -errno. */
struct cpr_prepared;
int record_prepare(int base, const struct record *r, struct cpr_prepared **out);
int record_copy(const struct record *r, struct record *out); /* 0 or -ENOMEM */
void record_clear(struct record *r); /* also the _cleanup_ function */

void sha256_hex(const void *data, size_t len, char hex[65]);
