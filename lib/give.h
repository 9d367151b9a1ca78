/* Whose files below the TFTP root are.  Where .phone-cpr belongs to a user, that is whom
 * cpr-helper's daemon runs as, and what root makes below the TFTP root is given to him: he could
 * neither replace it in a sticky folder nor link to it (protected_hardlinks), and would not
 * even see into a folder of root's. */
#pragma once

#include <sys/types.h>

/* root: the TFTP root, open.  (uid_t)-1: nobody, or this process may not give files away. */
uid_t cpr_heir(int root);
/* Gives `name`, relative to root, to the heir: a file with one name, a link or a folder, and
 * only if it is root's.  Links on the way are not followed, for the heir could have made them.
 * 0, also where there is nothing to give, or -errno. */
int cpr_give(int root, const char *name, uid_t heir);
