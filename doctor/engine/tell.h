/* What the looks for faults have in common: words for people, frames, and questions to the facts
 * that more than one fault asks. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cpr_answer;
struct cpr_doctor;
struct cpr_doctor_phone;
struct cpr_silence;
struct cpr_verdict;

struct cpr_address_text {
	char s[INET_ADDRSTRLEN];
};
struct cpr_address_text cpr_tell_address(struct in_addr a);
unsigned cpr_tell_seconds(uint64_t us);
/* "TFTP server 10.0.0.1 (option 150)", "no TFTP server" */
void cpr_tell_servers(const struct cpr_doctor_phone *p, const struct cpr_answer *a,
	char *out, size_t cap);

/* The frames of it, first and last ones; v NULL: nothing. */
void cpr_verdict_silence(struct cpr_verdict *v, const struct cpr_silence *s);
void cpr_verdict_answer(struct cpr_verdict *v, const struct cpr_answer *a);
/* The remedy: how to send the right option 150.  guess: the address that was meant, or NULL; the
 * plan knows better. */
void cpr_verdict_option150(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
	struct cpr_verdict *v, const char *guess);

/* What the site file gives to this phone; false: it is not known. */
bool cpr_plan_servers(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
	const struct in_addr **server, size_t *n);
/* A TFTP server of any network in the site file. */
bool cpr_plan_serves(const struct cpr_doctor *d, struct in_addr a);

/* An ACK, not of an INFORM, all of whose options were seen. */
bool cpr_answer_is_lease(const struct cpr_answer *a);
/* Since the lease in force began this long has passed, and nothing was asked. */
bool cpr_lease_idle_for(
	const struct cpr_doctor *d, const struct cpr_doctor_phone *p, uint64_t us);
/* The phone has gone on, and nothing came of this answer. */
bool cpr_answer_led_nowhere(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
	const struct cpr_answer *a);
