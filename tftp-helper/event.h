/* What the daemon has to say: each kind of event is one row, with an id that stays, so that
 * the journal can be searched for it (journalctl MESSAGE_ID=... , or PHONE_CPR_EVENT=...). */
#pragma once

enum cpr_event {
	CPR_EVENT_STARTED,
	CPR_EVENT_STOPPED,
	CPR_EVENT_ACCEPTED,
	CPR_EVENT_REFUSED,
	CPR_EVENT_DEFERRED,
	CPR_EVENT_FAILED,
	CPR_EVENT_PUBLISHED,
	CPR_EVENT_NOT_PUBLISHED,
	CPR_EVENT_LOAD_GONE,
	CPR_EVENT_ROOT_ABSENT,
	CPR_EVENT_ROOT_PRESENT,
	CPR_EVENT_OVERFLOW,
	CPR_EVENT_SITE_REFUSED,
	CPR_EVENTS
};

struct cpr_event_row {
	const char *name; /* PHONE_CPR_EVENT */
	const char *id;   /* MESSAGE_ID */
	int priority;     /* of syslog(3) */
	const char *why;  /* what it means, and what to do; the catalog's paragraph */
};

extern const struct cpr_event_row cpr_events[CPR_EVENTS];

/* One line on stderr, or where that is the journal an entry with the row's fields; package (a
 * name in incoming/) may be NULL. */
void cpr_event(enum cpr_event e, const char *package, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
