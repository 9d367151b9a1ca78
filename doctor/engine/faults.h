/* What can go wrong between a phone and its servers: the table of faults.  A fault is one row,
 * and one function that looks for it in the facts of a phone.  The ids are a contract. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cpr_doctor;
struct cpr_doctor_phone;
struct cpr_verdicts;

enum cpr_fault_id {
	CPR_FAULT_DHCP_NO_OFFER,
	CPR_FAULT_DHCP_LATE,
	CPR_FAULT_DHCP_TWO_SERVERS,
	CPR_FAULT_DHCP_NO_TFTP_SERVER,
	CPR_FAULT_DHCP_NOT_RENEWED_ALIKE,
	CPR_FAULT_OPTION150_WRONG_TYPE,
	CPR_FAULT_OPTION150_BYTE_ORDER,
	CPR_FAULT_OPTION66_UNRESOLVED,
	CPR_FAULT_TFTP_OTHER_SERVER,
	CPR_FAULT_PHONE_NEVER_ASKS,
	CPR_FAULT_PHONE_DAMAGED,
	CPR_FAULT_TFTP_NO_ANSWER,
	CPR_FAULT_TFTP_FILE_MISSING,
	CPR_FAULT_TFTP_FILE_CASE,
	CPR_FAULT_TFTP_ACCESS_DENIED,
	CPR_FAULT_LOADS_REFUSED,
	CPR_FAULT_IMAGE_REFUSED,
	CPR_FAULT_TFTP_STALLED,
	CPR_FAULT_TFTP_BLOCK_WRAP,
	CPR_FAULT_TFTP_UNEXPECTED_OACK,
	CPR_FAULT_TFTP_TWO_ANSWERERS,
	CPR_FAULT_TFTP_ABORTED,
	CPR_FAULT_TRUST_LIST_BLOCKS,
	CPR_FAULT_HTTP_6970_DROPPED,
	CPR_FAULT_XMLDEFAULT_MISSING,
	CPR_FAULT_XMLDEFAULT_NO_LOAD,
	CPR_FAULT_CALL_MANAGER_UNREACHABLE,
	CPR_FAULT_N
};

struct cpr_fault {
	const char *name; /* "tftp-file-missing" */
	const char
		*why; /* a paragraph: what the phone does then, and what is seen of it */
	const char
		*remedy; /* what to do, in general; a verdict may say it more exactly */
	const char *source; /* on what this rests: RFC, firmware, capture, inference */
	uint32_t causes;    /* bits of faults that are but what is seen of this one */
	bool absence;       /* it rests on what did not come, which may have been lost */
	/* Adds a verdict for each time it looks true of this phone.  Pure; no look at what
	 * comes later than the facts, and no verdict from what is only not there yet. */
	void (*look)(const struct cpr_doctor *d, const struct cpr_doctor_phone *p,
		struct cpr_verdicts *out);
};
extern const struct cpr_fault cpr_faults[CPR_FAULT_N];

enum {
	CPR_VERDICT_FRAMES =
		8, /* the packets that prove it; the first and the last ones */
};

struct cpr_verdict {
	enum cpr_fault_id id;
	uint64_t frame[CPR_VERDICT_FRAMES]; /* ascending, no 0 */
	size_t frame_n;
	char *text; /* one line: what happened to this phone, with names and addresses */
	char *remedy; /* one line: the command or the file to mend */
	bool incomplete; /* packets are known to be lost or cut, and it rests on an absence */
};
struct cpr_verdicts {
	struct cpr_verdict *row;
	size_t n;
	bool failed; /* no memory */
};

/* A new row, or NULL without memory (which `failed` remembers); text as printf's; remedy: the
 * table's, until cpr_verdict_remedy says it more exactly. */
struct cpr_verdict *cpr_verdicts_add(struct cpr_verdicts *f, enum cpr_fault_id id,
	const char *format, ...) __attribute__((format(printf, 3, 4)));
void cpr_verdict_frame(
	struct cpr_verdict *f, uint64_t frame); /* NULL f, frame 0: nothing */
void cpr_verdict_remedy(struct cpr_verdict *f, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void cpr_verdicts_clear(struct cpr_verdicts *f); /* also the _cleanup_ function */
void cpr_verdicts_drop(struct cpr_verdicts *f, uint32_t faults); /* rows of these, bits */

/* faults-dhcp.c, faults-servers.c */
#define LOOK(name)                                       \
	void cpr_look_##name(const struct cpr_doctor *d, \
		const struct cpr_doctor_phone *p, struct cpr_verdicts *out)
LOOK(dhcp_no_offer);
LOOK(dhcp_late);
LOOK(dhcp_two_servers);
LOOK(dhcp_no_tftp_server);
LOOK(dhcp_not_renewed_alike);
LOOK(option150_wrong_type);
LOOK(option150_byte_order);
LOOK(option66_unresolved);
LOOK(tftp_other_server);
LOOK(phone_never_asks);
LOOK(phone_damaged);
/* faults-tftp.c */
LOOK(tftp_no_answer);
LOOK(tftp_file_missing);
LOOK(tftp_file_case);
LOOK(tftp_access_denied);
LOOK(tftp_stalled);
LOOK(tftp_block_wrap);
LOOK(tftp_unexpected_oack);
LOOK(tftp_two_answerers);
LOOK(tftp_aborted);
/* faults-boot.c */
LOOK(loads_refused);
LOOK(image_refused);
LOOK(trust_list_blocks);
LOOK(http_6970_dropped);
LOOK(xmldefault_missing);
LOOK(xmldefault_no_load);
LOOK(call_manager_unreachable);
#undef LOOK
