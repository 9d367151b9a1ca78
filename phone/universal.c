/* A wiped 7940 or 7960: OS79XX.TXT holds one line, the name of what to fetch.  Source: Cisco's
 * own file, and a published capture of a SIP upgrade. */
#include "state.h"

#include "loads.h"
#include "models.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void try_suffix(struct cpr_phone *p, const char *suffix, cpr_step *then)
{
	char name[160];

	snprintf(name, sizeof(name), "%s%s", p->list_name, suffix);
	cpr_fetch_start(p, name, then);
}

static void done(struct cpr_phone *p)
{
	snprintf(p->running, sizeof(p->running), "%s", p->list_name);
	p->sip = strncmp(p->list_name, "P0S3", 4) == 0;
	p->normal = true;
	p->rounds = 0;
	cpr_phone_reboot(p);
}

static void got_image(struct cpr_phone *p)
{
	if (p->fetch.outcome != CPR_FETCH_GOT) {
		cpr_boot_again(p);
		return;
	}
	p->images = true;
	if (!cpr_boot_image(p, done))
		cpr_boot_again(p);
}

static void got_signed(struct cpr_phone *p)
{
	if (p->fetch.outcome == CPR_FETCH_ERROR)
		try_suffix(p, ".bin", got_image);
	else
		got_image(p);
}

static void got_list(struct cpr_phone *p)
{
	if (p->fetch.outcome == CPR_FETCH_ERROR) {
		/* Assumption: which of the two a loader tries depends on its age; a phone
		 * that is new to signed images asks for the signed one first. */
		try_suffix(p, ".sbn", got_signed);
	} else if (p->fetch.outcome != CPR_FETCH_GOT) {
		cpr_boot_again(p);
	} else {
		cpr_boot_list(p, done, cpr_boot_again);
	}
}

static void got_text(struct cpr_phone *p)
{
	const struct cpr_fetch *f = &p->fetch;
	size_t n;

	if (f->outcome != CPR_FETCH_GOT) {
		cpr_boot_again(p);
		return;
	}
	/* One word; Cisco's own file has a blank and CR LF behind it. */
	n = f->head.data ? strspn(f->head.data, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
						"abcdefghijklmnopqrstuvwxyz0123456789-._")
			 : 0;
	if (!n || n > 100) {
		cpr_fetch_mark(p, "refused");
		cpr_phone_trouble(p, "OS79XX.TXT does not begin with the name of a load");
		cpr_boot_again(p);
		return;
	}
	snprintf(p->list_name, sizeof(p->list_name), "%.*s", (int)n, f->head.data);
	try_suffix(p, ".loads", got_list);
}

void cpr_universal_begin(struct cpr_phone *p)
{
	while (p->flash_n)
		free(p->flash[--p->flash_n]);
	p->images = false;
	cpr_fetch_start(p, "OS79XX.TXT", got_text);
}
