/* Captures and the wire are strangers' bytes: whoever reads them shall have nothing to lose. */
#pragma once

/* Once everything is open.  All capabilities go, also those to come; root becomes the user who
 * called sudo, or else nobody (in a user namespace that has no other user it stays what it is:
 * there root is none).  Then seccomp: reading what is open, writing what is open, waiting, the
 * terminal's size.  0, or -errno with the step that failed in *what. */
int cpr_privileges_drop(const char **what);
