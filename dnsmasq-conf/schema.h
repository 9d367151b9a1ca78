/* The RelaxNG schema of XMLDefault.cnf.xml: the bytes of dnsmasq-conf/XMLDefault.rng, which is
 * installed for people, too. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct _xmlDoc;
struct cpr_errors;

const char *schema_text(size_t *len);

/* Compares the document with it.  0, -EINVAL (a line in e, about the innermost element that
 * does not fit) or -ENOMEM.  file: for the line. */
int schema_check(struct _xmlDoc *doc, const char *file, struct cpr_errors *e);
