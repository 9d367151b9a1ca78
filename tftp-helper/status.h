/* What the daemon knows of itself, for `cpr-helper status` and for Prometheus: two files in
 * /var/lib/phone-cpr, written whole after every event, readable by everybody. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CPR_STATUS_FILE  "status.json"
#define CPR_METRICS_FILE "metrics.prom"

struct cpr_incoming;

/* The rest of an open file (json_loadfd reads one byte at a time).  NULL: it is no JSON. */
json_t *cpr_json_read(int fd);

/* Carries on what was counted before: a restart loses nothing.  NULL: no memory. */
json_t *cpr_status_new(int folder);

/* A package was taken or refused; report: of import --json, or NULL. */
void cpr_status_package(json_t *status, const char *name, bool accepted,
	const json_t *report, int64_t time);
/* What cpr-conf verify --json says now; a load that is another one than before is served since
 * `time`. */
void cpr_status_verify(json_t *status, const json_t *verify, int64_t time);
/* Term files and XMLDefault agree with the firmware since then. */
void cpr_status_published(json_t *status, int64_t time);
/* busy: what is served may not agree with the firmware yet. */
void cpr_status_queue(json_t *status, const struct cpr_incoming *in, bool busy);

/* 0 or -errno. */
int cpr_status_write(int folder, json_t *status);

/* The models, the queue and the last packages as text on stdout. */
void cpr_status_print(const json_t *status, bool running);
/* The metrics' text; the caller's to free.  NULL: no memory. */
char *cpr_status_metrics(const json_t *status);
