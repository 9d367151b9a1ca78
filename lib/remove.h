/* A folder with all that lies in it, for folders of our own making. */
#pragma once

/* name: relative to the open folder dir; links are removed, not followed.  What cannot be
 * removed stays. */
void cpr_remove_tree(int dir, const char *name);
