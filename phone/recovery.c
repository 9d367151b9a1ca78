/* A wiped 79x1: its resident loader asks for term<NN>.default.loads, then for the images in the
 * order of that list, writes them and reboots.  Source: disassembly, and published server logs. */
#include "state.h"

#include "loads.h"
#include "models.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void done(struct cpr_phone *p)
{
	snprintf(p->version, sizeof(p->version), "%s", p->list->version);
	for (size_t i = 0; i < p->list->n; i++)
		p->sip |= strncmp(p->list->entry[i].name, "jar", 3) == 0 &&
			  strstr(p->list->entry[i].name, "sip.") != NULL;
	p->normal = true;
	p->rounds = 0;
	cpr_phone_reboot(p);
}

static void got_term(struct cpr_phone *p)
{
	if (p->fetch.outcome != CPR_FETCH_GOT) {
		cpr_boot_again(p);
		return;
	}
	cpr_boot_list(p, done, cpr_boot_again);
}

void cpr_recovery_begin(struct cpr_phone *p)
{
	/* What an earlier try wrote counts for nothing: the whole list is fetched again. */
	while (p->flash_n)
		free(p->flash[--p->flash_n]);
	p->images = false;
	cpr_fetch_start(p, p->config.model->term, got_term);
}
