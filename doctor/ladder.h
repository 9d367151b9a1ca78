/* The ladder diagram of one phone, as SVG inside a page: a line down for the phone and for each
 * host it spoke to, an arrow across for each event of its story. */
#pragma once

struct cpr_buf;
struct cpr_doctor_phone;
struct cpr_verdicts;

/* One element of class "row" per event; those that prove a verdict are of class "proof", too. */
void cpr_ladder(const struct cpr_doctor_phone *p, const struct cpr_verdicts *proof,
	struct cpr_buf *out);
