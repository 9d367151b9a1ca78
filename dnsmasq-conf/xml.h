/* XML from strangers: a parse that fetches nothing and expands nothing. */
#pragma once

#include <stddef.h>

struct _xmlDoc;

/* The document, which has a root element, or NULL, and why, beginning with "line N: " where it
 * is one line's fault.  A DOCTYPE is refused before anything in it is looked at.  Depth and
 * length of names have libxml2's own limits. */
struct _xmlDoc *xml_parse(const char *bytes, size_t len, char *why, size_t cap);
