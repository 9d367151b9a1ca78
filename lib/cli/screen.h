/* A terminal whose last lines are live: what is said stays above them, and they are drawn anew
 * as often as they change.  Survives a change of the terminal's size.  Off a terminal (and with
 * NO_COLOR or TERM=dumb) there is what stays, and no live line. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct cpr_screen;

int cpr_screen_new(struct cpr_screen **out, int fd);
struct cpr_screen *cpr_screen_free(struct cpr_screen *s); /* wipes the live lines */

bool cpr_screen_live(const struct cpr_screen *s); /* it is a terminal */
/* What a live line may fill, and how many of them there is room for. */
void cpr_screen_room(const struct cpr_screen *s, size_t *columns, size_t *lines);

/* stays: lines for good, or NULL; live: the live lines from now on, which for want of room end
 * with "... and N more".  Both with a newline between lines, and behind the last or not; control
 * characters become '?'. */
void cpr_screen_show(struct cpr_screen *s, const char *stays, const char *live);

/* Of UTF-8 text so many bytes as fill at most that many columns; *width is how many it does.
 * Assumption: one column a character; no wide ones are printed. */
size_t cpr_screen_fit(const char *text, size_t columns, size_t *width);
