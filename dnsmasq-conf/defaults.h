/* /etc/default/SERVER, which Debian's start-up reads as shell. */
#pragma once

/* The value of a plain NAME=VALUE, the last one that is there; the caller's to free.  Whatever
 * a shell would have to work out comes as it is written.  NULL: there is none, or no memory.
 * *line: from 1, left alone where there is none. */
char *defaults_value(const char *text, const char *name, unsigned *line);
