/* The phone models: one const row each, the only place where a model is known.  A field that
 * no source gives is NULL; it is never filled with a guess.  Order: as in the source table,
 * related models together. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct cpr_buf;

/* How a model boots and what its firmware looks like. */
enum cpr_family {
	CPR_FAMILY_OTHER,  /* no recovery by TFTP is known */
	CPR_FAMILY_79X1,   /* 7906 … 7975: term<NN>.default.loads, five images */
	CPR_FAMILY_7940,   /* 7940, 7960: OS79XX.TXT */
	CPR_FAMILY_LEGACY, /* 7902 … 7937, 7985: one image, or none known */
	CPR_FAMILY_7921,   /* 7921, 7925, 7926: upper-case names */
	CPR_FAMILY_69XX,   /* 69xx, 3905, 894x: no term file, signed .zz.sgn/.binN.sgn */
	CPR_FAMILY_8961,   /* 8961, 99xx: encrypted images */
	CPR_FAMILY_78XX,   /* 78xx, 88xx: type-B container */
	CPR_FAMILY_ATA,
	CPR_FAMILY_SPA,
	CPR_FAMILY_ADDON, /* expansion modules: no DHCP of their own */
};

enum cpr_protocol {
	CPR_PROTOCOL_NONE,
	CPR_SCCP,
	CPR_SIP,
};

struct cpr_model {
	unsigned device_id;       /* the ID of loadInformation<ID> */
	const char *name;         /* "Cisco 7961" */
	const char *model;        /* "7961", "7941G-GE": the word people type */
	const char *vendor_class; /* "CP-7961G": how option 60 spells it */
	const char *loads_sccp;   /* prefixes of its .loads: "SCCP41." */
	const char *loads_sip;    /* "SIP41." */
	const char *term;         /* "term61.default.loads" */
	const char *images; /* name prefixes, ';' between images, '|' between protocols */
	enum cpr_family family;
};

extern const struct cpr_model cpr_models[];
extern const size_t cpr_models_n;

const struct cpr_model *cpr_model_by_id(unsigned device_id);
/* "7961", "CP-7961G", "7961G", "Cisco 7961", in any case; NULL when there is none. */
const struct cpr_model *cpr_model_by_name(const char *name);

/* What a file name promises, by the rows of the table, in any case.  Everything that intake
 * may take has a kind; XMLDefault, SEP*, CTL*, ITL* and whatever else has none. */
enum cpr_name_kind {
	CPR_NAME_NONE,
	CPR_NAME_TERM,  /* term61.default.loads */
	CPR_NAME_LOADS, /* SCCP41.9-4-2SR3-1S.loads */
	CPR_NAME_IMAGE, /* jar41sccp.9-4-2ES26.sbn */
};
enum cpr_name_kind cpr_name_kind(const char *name);
/* The same rules as POSIX extended regular expressions, one a line, to be matched from end to
 * end and in any case.  They hold no blank, '#', '/' and backslash, and do not limit the
 * length. */
void cpr_name_expressions(struct cpr_buf *out);
/* SCCP or SIP by the prefix of a .loads name, against the prefixes of all rows. */
enum cpr_protocol cpr_load_protocol(const char *loads_name);
/* True when a load of this name (with or without ".loads") is for the model. */
bool cpr_model_takes_load(const struct cpr_model *m, const char *loads_name);

const char *cpr_protocol_name(enum cpr_protocol p); /* "sccp", "sip", "" */
enum cpr_protocol cpr_protocol_by_name(const char *name);

/* How a person resets a phone of this family, key by key, with the timing; NULL where no
 * source says. */
const char *cpr_family_reset(enum cpr_family family);

/* -1, 0, 1: the order of two firmware versions as in "9-4-2SR3-1S" and load names that hold
 * them: runs of digits compare as numbers ("9-2" < "10-1", "8-5-2S" < "8-5-2SR1S"). */
int cpr_version_compare(const char *a, const char *b);
