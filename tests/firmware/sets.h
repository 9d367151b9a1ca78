/* What the real sets look like: one const row each.  Names are templates: %v image version,
 * %l load version, %n the set's number, %p and %P the protocol in lower and upper case. */
#pragma once

#include "models.h"

#include <stdbool.h>
#include <stdint.h>

enum cpr_fw_payload {
	CPR_FW_CNU,      /* 79x1 .sbn */
	CPR_FW_RAW,      /* signed bytes */
	CPR_FW_UNSIGNED, /* the same without a header */
	CPR_FW_MD5,      /* 7921: begins with the 32 hex digits that the list repeats */
	CPR_FW_TIZP,     /* 69xx */
	CPR_FW_TYPE_B,   /* 78xx: the CD 34 12 AB header */
	CPR_FW_TEXT,     /* OS79XX.TXT and the like, unsigned */
};

struct cpr_fw_part {
	const char *name;
	uint32_t real;
	enum cpr_fw_payload payload;
	bool unlisted;
	const char *key; /* INI: "1sboot" = PLATFORM_1's sboot; 7921: "+" for a #+ line */
};

enum cpr_fw_grammar {
	CPR_FW_JAVA,     /* CRLF, comments, a name a line */
	CPR_FW_PLAIN,    /* 69xx: LF, last line without */
	CPR_FW_P003,     /* 7940, with LA_VERSION= for SCCP */
	CPR_FW_WIRELESS, /* #? and #+, NAME SIZE MD5 */
	CPR_FW_INI,
};

struct cpr_fw_row {
	const char *models; /* word:device-id … */
	const char *number;
	const char *terms; /* "41 61" */
	enum cpr_fw_grammar grammar;
	const char *sccp, *sip; /* the load's name; NULL: there is none */
	const char *sccp_version, *sip_version;
	const char *package;
	const struct cpr_fw_part *parts; /* ends with a NULL name */
};

/* Ends with a row without models. */
extern const struct cpr_fw_row cpr_fw_rows[];
