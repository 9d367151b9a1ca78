/* The phones seen: a bounded table in memory, safe for any number of threads (Kea does not
 * serialise INFORM, nor the ACK that its HA hook parked).  All memory is taken when the table
 * is made: `rows` rows and an index, never more.  Times are seconds of a monotonic clock that
 * the caller reads once a packet.
 *
 * The phone seen least recently goes out for a new one.  A table of 2048 rows or more is split
 * into parts of at least 1024 rows, each with a lock of its own; a phone belongs to one part,
 * and the oldest of that part goes, so a large table loses its first rows when it is about nine
 * tenths full.
 *
 * Also the marks for recovery set by command: they live as long as their ttl, in a table of
 * their own, so that a crowd of phones cannot push one out. */
#pragma once

#include "decide.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CPR_LOOP_DISCOVERS = 5, /* a phone that asks so often … */
	CPR_LOOP_SECONDS = 600, /* … in so long goes round in a loop */
	CPR_RECOVERY_MARKS = 1024,
};

struct cpr_phone_row {
	uint8_t mac[6];
	unsigned device_id; /* 0: not known */
	char model[24];     /* as the phone spells it */
	struct in_addr address;
	int64_t first_seen, last_seen;
	uint32_t discovers; /* since it last sent none for CPR_LOOP_SECONDS */
	/* CPR_LOOP_DISCOVERS of them came within CPR_LOOP_SECONDS, first to last, and it was not
	 * quiet since.  Quiet: no DISCOVER for CPR_LOOP_SECONDS, though it may renew its lease;
	 * as of its last message, so of one that fell silent this is how it went. */
	bool looping;
	int64_t last_answer;    /* 0: none */
	enum cpr_reason reason; /* of the last answer */
	struct cpr_sent sent;   /* the last list sent, forgotten or not; n 0: none */
};

/* rows 0: no phone is tracked, marks work.  0, -ENOMEM, or -EINVAL for more rows than an
 * index of 32 bits can name. */
struct cpr_phones;
int cpr_phones_new(struct cpr_phones **out, size_t rows);
struct cpr_phones *cpr_phones_free(struct cpr_phones *p);

/* A message of the phone came in.  discover: count it.  Returns true when this one made the
 * phone looping.  `last` gets what it was sent last (n 0: nothing, or it was forgotten).
 * vendor may be NULL; what it does not say is kept from before. */
bool cpr_phones_seen(struct cpr_phones *p, const uint8_t mac[6],
	const struct cpr_vendor *vendor, bool discover, int64_t now,
	struct cpr_sent *last);
/* What went out to it.  Nothing happens when it is no longer in the table. */
void cpr_phones_answered(struct cpr_phones *p, const uint8_t mac[6],
	struct in_addr address, const struct cpr_answer *answer, int64_t now);
/* Lists are from other parameters now: none may be repeated.  No packet may stand between its
 * decision and cpr_phones_answered() (Kea stops its packet threads to reconfigure). */
void cpr_phones_forget_sent(struct cpr_phones *p);

struct cpr_phones_query {
	const uint8_t *mac; /* NULL: any */
	unsigned device_id; /* 0: any */
	bool looping;       /* only those */
	uint8_t after
		[6]; /* page: rows with a MAC above this one; all zero: from the start */
	size_t limit;
};
/* Copies of the first `limit` rows that match, sorted by MAC, into `out`; *total counts all
 * that match but for `after` and `limit`.  Returns how many were written.  Packets go on
 * meanwhile: each part of the table is locked while it is looked through, never all. */
size_t cpr_phones_list(struct cpr_phones *p, const struct cpr_phones_query *q,
	struct cpr_phone_row *out, size_t *total);
size_t cpr_phones_count(struct cpr_phones *p);
/* Bytes taken, all of them, for the proof that they are bounded. */
size_t cpr_phones_bytes(const struct cpr_phones *p);

/* Marks: until is in the caller's clock, INT64_MAX for ever.  Returns 0, -ENOSPC; 1 when it
 * was marked already (until is renewed).  Marks that are over make room.  `until` may be NULL
 * where it is returned. */
int cpr_phones_mark(
	struct cpr_phones *p, const uint8_t mac[6], int64_t now, int64_t until);
bool cpr_phones_unmark(struct cpr_phones *p, const uint8_t mac[6]);
bool cpr_phones_marked(
	struct cpr_phones *p, const uint8_t mac[6], int64_t now, int64_t *until);
struct cpr_phone_mark {
	uint8_t mac[6];
	int64_t until;
};
/* Those in force, sorted by MAC; returns how many were written. */
size_t cpr_phones_marks(
	struct cpr_phones *p, int64_t now, struct cpr_phone_mark *out, size_t cap);
