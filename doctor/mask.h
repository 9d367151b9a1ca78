/* Hides who is who in a report that goes to strangers: MACs, IPv4 addresses and host names
 * become others, the same one each time, over the whole of a text.  What comes out tells the
 * same story; what stood there cannot be got back.
 * Owner: whoever called cpr_mask_new. */
#pragma once

struct cpr_mask;

int cpr_mask_new(struct cpr_mask **out); /* 0 or -ENOMEM */
struct cpr_mask *cpr_mask_free(struct cpr_mask *m);
void cpr_mask_freep(struct cpr_mask **m);

/* A host name to be hidden wherever it stands.  Of less than two characters: ignored. */
int cpr_mask_name(struct cpr_mask *m, const char *name); /* 0 or -ENOMEM */

/* The text with all of it replaced; the caller's, NULL without memory.  MACs in all spellings
 * (aa:bb:cc:dd:ee:ff, aa-bb-…, aabb.ccdd.eeff, and behind SEP, CTLSEP, SIP) become
 * 02:00:00:00:00:01 and on, in the same spelling; addresses 10.N.N.H, of one /24 where they
 * were; the bytes of an option ("c0 a8 0a 69") and the folders of an absolute path go.  Kept:
 * 0.0.0.0, 127/8, and what begins with 255, which is a mask or everybody. */
char *cpr_mask_text(struct cpr_mask *m, const char *text);
