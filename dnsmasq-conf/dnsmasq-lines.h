/* The lines of dnsmasq's configuration, as Debian's start-up has them read: what
 * /etc/default/dnsmasq says (CONFIG_DIR, DNSMASQ_OPTS), /etc/dnsmasq.conf, what these lead to
 * by conf-file and conf-dir, and the lists of options and hosts that dnsmasq reads anew at a
 * SIGHUP; the same for each dnsmasq@NAME with its /etc/default/dnsmasq.NAME.  In the order of
 * dnsmasq's own reading.  Nothing is judged here: dnsmasq-phones.h does. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct cpr_errors;

/* What cpr-conf writes, and reads with the rest. */
#define DNSMASQ_STATIC "/etc/dnsmasq.d/phone-cpr.conf"
#define DNSMASQ_LIVE   "/var/lib/phone-cpr/dnsmasq"

struct dnsmasq_line {
	char *instance; /* NAME of dnsmasq@NAME; "": the one without */
	char *file;     /* below --root it is DIR's */
	unsigned line;
	char *text; /* as it stands there, or as a word of the command line without "--" */
	char *key;  /* "dhcp-option"; a line of a list has the name of what it holds */
	char **field; /* the value at its commas, without quotes and blanks around */
	size_t field_n;
	bool live; /* of a list: in force without a restart */
	bool ours;
};

struct dnsmasq_lines {
	struct dnsmasq_line *line;
	size_t n;
	bool failed; /* no memory: there are more */
};

/* base: the folder of --root.  What cannot be read or followed is a line in `unread`, and the
 * rest is read.  0, or -ENOMEM. */
int dnsmasq_lines_read(int base, struct dnsmasq_lines *out, struct cpr_errors *unread);
void dnsmasq_lines_clear(struct dnsmasq_lines *l); /* also the _cleanup_ function */

/* One file's bytes, added to out.  key: NULL, or what every line of it is ("dhcp-option").
 * For tests and fuzzers, too. */
void dnsmasq_lines_parse(struct dnsmasq_lines *out, const char *instance,
	const char *file, const char *key, const char *bytes, size_t len);

/* True when this line is a conf-dir that has dnsmasq read a file of this path. */
bool dnsmasq_line_leads_to(const struct dnsmasq_line *l, const char *path);
/* The first field; "" where there is none. */
const char *dnsmasq_line_value(const struct dnsmasq_line *l);
/* The text behind this prefix in the first field that begins so, or NULL. */
const char *dnsmasq_line_after(const struct dnsmasq_line *l, const char *prefix);
