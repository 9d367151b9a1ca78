/* What was seen on this host and on the wire, for the checks that a plan alone cannot answer.
 * Filled by cpr-conf, which asks; const from then on.  A list that is empty says that nothing
 * was found, or that nobody looked: a check reports what stands there, and nothing else. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A file asked of a server over TFTP, beside the same name in our TFTP root. */
enum cpr_asked_state {
	CPR_ASKED_SAME,
	CPR_ASKED_DIFFERS,
	CPR_ASKED_ABSENT,  /* error 1 */
	CPR_ASKED_DENIED,  /* error 2 */
	CPR_ASKED_BROKEN,  /* another error, or it stopped half-way */
	CPR_ASKED_SILENT,  /* no answer at all */
	CPR_ASKED_REFUSED, /* nothing listens there, says its host */
};
/* Behind a name: "is not there". */
const char *cpr_asked_words(enum cpr_asked_state s);
struct cpr_asked {
	struct in_addr server;
	bool own; /* an address of this host: its root should be the site file's */
	const char *name;
	enum cpr_asked_state state;
	uint64_t at; /* DIFFERS: the first byte that does; the end of the shorter one */
};

/* What a server's own user cannot get at. */
struct cpr_closed {
	const char *user; /* "dnsmasq" */
	const char *path; /* as the person would name it */
	const char *why;  /* "the folder "/srv" is not searchable" */
};

/* What phones go without while a line is missing. */
enum cpr_lack {
	CPR_LACK_SERVER,  /* everything of that server */
	CPR_LACK_NETWORK, /* those of one network, what is theirs alone */
	CPR_LACK_OPTION,  /* what works without it, but not as well */
};

/* A line that is missing in a file of the admin's. */
struct cpr_lacking {
	const char *server; /* "tftpd-hpa" */
	const char *file;   /* "/etc/default/tftpd-hpa" */
	const char *line;   /* to the letter */
	const char *where;  /* where in the file, for people; "" */
	const char *why;    /* what phones miss until then */
	enum cpr_lack lack;
};

/* A file that TFTP gives to whoever asks, with a secret in it. */
struct cpr_bared {
	const char *path;
	const char *element; /* "sshPassword" */
};

/* A rule of a packet filter between the phones and a server of this host. */
struct cpr_barrier {
	const char *chain; /* "inet filter input" */
	const char *text;  /* "accepts no UDP port 69, its policy is drop" */
	bool sure;         /* no packet gets through; else: it may be */
};

struct cpr_observed {
	struct cpr_asked *asked;
	size_t asked_n;
	struct cpr_closed *closed;
	size_t closed_n;
	struct cpr_lacking *lacking;
	size_t lacking_n;
	struct cpr_bared *bared;
	size_t bared_n;
	struct cpr_barrier *barrier;
	size_t barrier_n;
	bool lost;   /* memory ran out: there is more */
	char **text; /* what was copied */
	size_t text_n;
};

/* Each copies the fact and its texts to the end of its list. */
void cpr_observed_asked(struct cpr_observed *o, const struct cpr_asked *fact);
void cpr_observed_closed(struct cpr_observed *o, const struct cpr_closed *fact);
void cpr_observed_lacking(struct cpr_observed *o, const struct cpr_lacking *fact);
void cpr_observed_bared(struct cpr_observed *o, const struct cpr_bared *fact);
void cpr_observed_barrier(struct cpr_observed *o, const struct cpr_barrier *fact);
void cpr_observed_clear(struct cpr_observed *o); /* also the _cleanup_ function */
