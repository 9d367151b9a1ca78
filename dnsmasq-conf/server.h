/* The servers of this host, each one row in `servers` and one file, server-NAME.c: whether it
 * would take its configuration with our candidates in it, what is missing in the admin's own
 * files, how it is told of a change, and whether it then answers phones rightly.  Nothing here
 * writes a file of the admin's. */
#pragma once

#include "observed.h"

#include <stdbool.h>
#include <stddef.h>

struct change;
struct changes;
struct cpr_errors;
struct sight;
struct world;

enum proof {
	PROOF_OK,
	PROOF_UNPROVEN, /* nothing can be said: not running, no carrier, another host's root */
	PROOF_FAILED, /* it answers wrongly, or not at all where it has to */
};

enum proof_of {
	PROOF_OF_PLAN, /* that it sends and serves what the plan says */
	PROOF_OF_FILES, /* that it serves them; what it sends is none of this run's doing */
	PROOF_OF_LIFE, /* that it answers at all: the plan is not what is in force */
};

/* A line that belongs into a file of the admin's, and is not there. */
struct need {
	const char *server;
	char *file;  /* "/etc/default/tftpd-hpa"; below --root it is DIR's */
	unsigned at; /* the line of it that is wrong; 0: there is none */
	char *line;  /* what to put there, to the letter */
	char *where; /* "into "hooks-libraries", last", for people */
	char *why;   /* what phones miss until then; NULL members: no memory */
	enum cpr_lack lack;
};

struct needs {
	struct need *need;
	size_t n;
	bool lost; /* no memory: there are more */
};

struct server {
	const char *name; /* as in struct output's server, and in --json */
	/* Its merged configuration with the candidates in their places, by its own checker as
	 * its own user; nothing that it leaves behind stays.  c may hold other servers'
	 * candidates.  0, also where it is not installed; -EINVAL (lines in e) or -errno. */
	int (*check)(
		const struct world *w, const struct changes *c, struct cpr_errors *e);
	/* What is missing with the candidates in place; c NULL: as the files lie there. */
	void (*needs)(const struct world *w, const struct changes *c, struct needs *out);
	/* Which of its instances run on this host, a bit each, the last for all further ones;
	 * always 0 below --root. */
	unsigned (*runs)(const struct world *w);
	/* Brings the change into force by the way that loses least, having said on stderr what
	 * it does where that interrupts anybody.  ran: those that ran when all this began; one
	 * that has ended since, by what is being undone, is started again.  0, -EINVAL: the
	 * server refuses (a line in e), or -errno. */
	int (*reload)(const struct world *w, const struct changes *c, unsigned ran,
		struct cpr_errors *e);
	/* Asks it on the wire as a phone would, and notes what it answers.  NULL: there is no
	 * way to ask it from this host, which is PROOF_UNPROVEN. */
	void (*look)(const struct world *w, struct sight *out);
	/* Asks it again: is that right?  before: NULL, or what `look` saw before the change;
	 * who answered there must do so now.  A line in `why` unless PROOF_OK. */
	enum proof (*probe)(const struct world *w, const struct sight *before,
		enum proof_of of, struct cpr_errors *why);
};

extern const struct server servers[];
extern const size_t servers_n;
const struct server *server_by_name(const char *name);

/* The next one to be filled in; never NULL (out->lost: a scratch). */
struct need *needs_add(struct needs *out, const char *server);
/* A text of a need's; NULL: no memory. */
char *need_text(const char *format, ...) __attribute__((format(printf, 1, 2)));
void needs_clear(struct needs *n); /* also the _cleanup_ function */

/* True when a candidate of this server differs from what lies there. */
bool changes_touch(const struct changes *c, const char *server);
/* The candidate of this path, if it differs from what lies there; or NULL. */
const struct change *change_of(const struct changes *c, const char *path);
/* Every server whose candidates differ; as its check does.  All are asked. */
int servers_check(const struct world *w, const struct changes *c, struct cpr_errors *e);

int server_dnsmasq_check(
	const struct world *w, const struct changes *c, struct cpr_errors *e);
void server_dnsmasq_needs(
	const struct world *w, const struct changes *c, struct needs *out);
unsigned server_dnsmasq_runs(const struct world *w);
int server_dnsmasq_reload(const struct world *w, const struct changes *c, unsigned ran,
	struct cpr_errors *e);

int server_kea_check(
	const struct world *w, const struct changes *c, struct cpr_errors *e);
void server_kea_needs(const struct world *w, const struct changes *c, struct needs *out);
unsigned server_kea_runs(const struct world *w);
int server_kea_reload(const struct world *w, const struct changes *c, unsigned ran,
	struct cpr_errors *e);

int server_tftpd_hpa_check(
	const struct world *w, const struct changes *c, struct cpr_errors *e);
void server_tftpd_hpa_needs(
	const struct world *w, const struct changes *c, struct needs *out);
unsigned server_tftpd_hpa_runs(const struct world *w);
int server_tftpd_hpa_reload(const struct world *w, const struct changes *c, unsigned ran,
	struct cpr_errors *e);

int server_isc_dhcpd_check(
	const struct world *w, const struct changes *c, struct cpr_errors *e);
void server_isc_dhcpd_needs(
	const struct world *w, const struct changes *c, struct needs *out);
unsigned server_isc_dhcpd_runs(const struct world *w);
int server_isc_dhcpd_reload(const struct world *w, const struct changes *c, unsigned ran,
	struct cpr_errors *e);

/* probe-servers.c */
void server_dnsmasq_look(const struct world *w, struct sight *out);
void server_tftpd_hpa_look(const struct world *w, struct sight *out);
void server_kea_look(const struct world *w, struct sight *out);
void server_dhcpd_look(const struct world *w, struct sight *out);
enum proof server_dnsmasq_probe(const struct world *w, const struct sight *before,
	enum proof_of of, struct cpr_errors *why);
enum proof server_tftpd_hpa_probe(const struct world *w, const struct sight *before,
	enum proof_of of, struct cpr_errors *why);
enum proof server_kea_probe(const struct world *w, const struct sight *before,
	enum proof_of of, struct cpr_errors *why);
enum proof server_dhcpd_probe(const struct world *w, const struct sight *before,
	enum proof_of of, struct cpr_errors *why);
