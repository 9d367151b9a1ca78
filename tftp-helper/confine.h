/* The room in which a package is opened.  Whoever wrote the package may have found a fault in
 * the libraries that unpack it: what runs then can only read files, and write below the
 * folders that this user may write to. */
#pragma once

/* For the rest of this process: limits on memory, processor time, file size and descriptors;
 * no new privileges; no program run, no process made, no socket opened (seccomp: such a call
 * kills it; an unknown one fails with EPERM).  0 or -errno. */
int cpr_confine(void);
