#include "firmware/sets.h"

/* The five of a 7941 with 9-4-2ES26 are 8126582 bytes in all; how they share it is ours.
 * cvm is a whole number of 512-byte blocks, so that its transfer ends with an empty one. */
static const struct cpr_fw_part java[] = {
	{"jar%n%p.%v.sbn", 1196020, CPR_FW_CNU, false, NULL},
	{"cnu%n.%v.sbn", 596084, CPR_FW_CNU, false, NULL},
	{"apps%n.%v.sbn", 1208116, CPR_FW_CNU, false, NULL},
	{"dsp%n.%v.sbn", 426202, CPR_FW_CNU, false, NULL},
	{"cvm%n%p.%v.sbn", 4700160, CPR_FW_CNU, false, NULL},
	{0},
};

static const struct cpr_fw_part p003_sccp[] = {
	{"P003%l.bin", 130552, CPR_FW_UNSIGNED, true, NULL},
	{"P003%l.sbn", 130956, CPR_FW_RAW, false, NULL},
	{"P003%l.sb2", 708460, CPR_FW_RAW, false, NULL},
	{"P003%l.txt", 174, CPR_FW_TEXT, true, NULL},
	{0},
};
static const struct cpr_fw_part p003_sip[] = {
	{"OS79XX.TXT", 15, CPR_FW_TEXT, true, NULL},
	{"P003-%l.bin", 129824, CPR_FW_UNSIGNED, true, NULL},
	{"P003-%l.sbn", 130228, CPR_FW_RAW, false, NULL},
	{"P0S3-%l.sb2", 785000, CPR_FW_RAW, false, NULL},
	{0},
};

static const struct cpr_fw_part w7921[] = {
	{"TNUX-%l.SBN", 1303000, CPR_FW_MD5, false, NULL},
	{"TNUXR-%l.SBN", 1303001, CPR_FW_MD5, false, NULL},
	{"SYS-%l.SBN", 2211000, CPR_FW_MD5, false, NULL},
	{"WLAN-%l.SBN", 2300480, CPR_FW_MD5, false, NULL},
	{"APPS-%l.SBN", 2402000, CPR_FW_MD5, false, NULL},
	{"GUI-%l.SBN", 1901000, CPR_FW_MD5, false, NULL},
	{0},
};
static const struct cpr_fw_part w7925[] = {
	{"TNUXH-%l.SBN", 1303000, CPR_FW_MD5, false, NULL},
	{"TNUXRH-%l.SBN", 1303001, CPR_FW_MD5, false, NULL},
	{"SYSH-%l.SBN", 2211000, CPR_FW_MD5, false, NULL},
	{"WLANH-%l.SBN", 2300480, CPR_FW_MD5, false, NULL},
	{"APPSH-%l.SBN", 2402000, CPR_FW_MD5, false, NULL},
	{"GUIH-%l.SBN", 1901000, CPR_FW_MD5, false, NULL},
	{"JSYSH-%l.SBN", 801000, CPR_FW_MD5, false, "+"},
	{"JUIH-%l.SBN", 701000, CPR_FW_MD5, false, "+"},
	{0},
};
static const struct cpr_fw_part w7926[] = {
	{"TNUXS-%l.SBN", 1303000, CPR_FW_MD5, false, NULL},
	{"TNUXRS-%l.SBN", 1303001, CPR_FW_MD5, false, NULL},
	{"SYSS-%l.SBN", 2211000, CPR_FW_MD5, false, NULL},
	{"WLANS-%l.SBN", 2300480, CPR_FW_MD5, false, NULL},
	{"APPSS-%l.SBN", 2402000, CPR_FW_MD5, false, NULL},
	{"GUIS-%l.SBN", 1901000, CPR_FW_MD5, false, NULL},
	{"JSYSS-%l.SBN", 801000, CPR_FW_MD5, false, "+"},
	{"JUIS-%l.SBN", 701000, CPR_FW_MD5, false, "+"},
	{0},
};

static const struct cpr_fw_part rt69xx[] = {
	{"BOOT69xx.0-0-0-14.zz.sgn", 110000, CPR_FW_TIZP, false, NULL},
	{"DSP69xx.%l.zz.sgn", 460288, CPR_FW_TIZP, false, NULL},
	{"%P69xx.%l.zz.sgn", 2350000, CPR_FW_TIZP, false, NULL},
	{0},
};
static const struct cpr_fw_part rt6901[] = {
	{"KNL6901SCCP.%l.zz.sgn", 810000, CPR_FW_RAW, false, NULL},
	{"APP6901SCCP.%l.zz.sgn", 1610000, CPR_FW_RAW, false, NULL},
	{0},
};
static const struct cpr_fw_part rt6911[] = {
	{"KNL6911SCCP.%l.zz.sgn", 810000, CPR_FW_RAW, false, NULL},
	{"BFS6911SCCP.%l.zz.sgn", 410000, CPR_FW_RAW, false, NULL},
	{"APP6911SCCP.%l.zz.sgn", 1610000, CPR_FW_RAW, false, NULL},
	{0},
};
static const struct cpr_fw_part rt6945[] = {
	{"SCCP6945.%l.bin1.sgn", 310000, CPR_FW_RAW, false, NULL},
	{"SCCP6945.%l.bin2.sgn", 1610000, CPR_FW_RAW, false, NULL},
	{"SCCP6945.%l.bin3.sgn", 2610176, CPR_FW_RAW, false, NULL},
	{"SCCP6945.%l.bin4.sgn", 910000, CPR_FW_RAW, false, NULL},
	{0},
};
static const struct cpr_fw_part rt894x[] = {
	{"BOOT894x.%l.sgn", 210000, CPR_FW_RAW, true, NULL},
	{"%P894x.%l.bin1.sgn", 310000, CPR_FW_RAW, false, NULL},
	{"%P894x.%l.bin2.sgn", 1610000, CPR_FW_RAW, false, NULL},
	{"%P894x.%l.bin3.sgn", 2610176, CPR_FW_RAW, false, NULL},
	{"%P894x.%l.bin4.sgn", 910000, CPR_FW_RAW, false, NULL},
	{"%P894x.%l.bin5.sgn", 810000, CPR_FW_RAW, false, NULL},
	{"%P894x.%l.bin6.sgn", 710000, CPR_FW_RAW, false, NULL},
	{"%P894x.%l.bin7.sgn", 610000, CPR_FW_RAW, false, NULL},
	{"%P894x.%l.bin8.sgn", 510000, CPR_FW_RAW, false, NULL},
	{"%P894x.%l.bin9.sgn", 410000, CPR_FW_RAW, false, NULL},
	{0},
};

static const struct cpr_fw_part b78xx[] = {
	{"sboot78xx.%l.sbn", 370348, CPR_FW_TYPE_B, false, "1sboot"},
	{"kern78xx.%l.sbn", 3089488, CPR_FW_TYPE_B, false, "1kern"},
	{"rootfs78xx.%l.sbn", 40239440, CPR_FW_TYPE_B, false, "1rootfs"},
	{"sboot2.78xx.%l.sbn", 596540, CPR_FW_TYPE_B, false, "2sboot"},
	{"kern2.78xx.%l.sbn", 2505750, CPR_FW_TYPE_B, false, "2kern"},
	{"rootfs2.78xx.%l.sbn", 41943380, CPR_FW_TYPE_B, false, "2rootfs"},
	{0},
};
/* Assumption: the keys of an 88xx list; names are from listings, no list of one was seen. */
static const struct cpr_fw_part b88xx[] = {
	{"fbi88xx.BE-01-010.sbn", 410348, CPR_FW_TYPE_B, false, "1fbi"},
	{"kern88xx.%l.sbn", 5089488, CPR_FW_TYPE_B, false, "1kern"},
	{"rootfs88xx.%l.sbn", 70239440, CPR_FW_TYPE_B, false, "1rootfs"},
	{"sb288xx.BE-01-020.sbn", 596540, CPR_FW_TYPE_B, false, "1sb2"},
	{"vc488xx.%l.sbn", 2505750, CPR_FW_TYPE_B, false, "1vc4"},
	{0},
};
static const struct cpr_fw_part b8845[] = {
	{"fbi8845_65.BEV-01-006.sbn", 410348, CPR_FW_TYPE_B, false, "1fbi"},
	{"kern8845_65.%l.sbn", 5089488, CPR_FW_TYPE_B, false, "1kern"},
	{"rootfs8845_65.%l.sbn", 70239440, CPR_FW_TYPE_B, false, "1rootfs"},
	{"sb28845_65.BEV-01-020.sbn", 596540, CPR_FW_TYPE_B, false, "1sb2"},
	{"vc48845_65.%l.sbn", 2505750, CPR_FW_TYPE_B, false, "1vc4"},
	{0},
};

#define V94 "9-4-2SR3-1S"
#define JAVA(number, models, terms, package)                                           \
	{                                                                              \
		models, number, terms, CPR_FW_JAVA, "SCCP%n.%l", "SIP%n.%l", V94, V94, \
			"cmterm-" package "-%p.%l", java                               \
	}

const struct cpr_fw_row cpr_fw_rows[] = {
	JAVA("11", "7906:369 7911:307", "06 11", "7911_7906"),
	/* no SIP31 was ever seen */
	{"7931:348", "31", "31", CPR_FW_JAVA, "SCCP%n.%l", NULL, V94, NULL,
		"cmterm-7931-%p.%l", java},
	JAVA("41", "7941:115 7941G-GE:309 7961:30018 7961G-GE:308", "41 61", "7941_7961"),
	JAVA("42", "7942:434 7962:404", "42 62", "7942_7962"),
	JAVA("45", "7945:435 7965:436", "45 65", "7945_7965"),
	JAVA("70", "7970:30006 7971:119", "70 71", "7970_7971"),
	JAVA("75", "7975:437", "75", "7975"),
	{"7940:8 7960:7", "", "", CPR_FW_P003, "P003%l", NULL, "0801SR02", NULL,
		"cmterm-7940-7960-sccp.%l", p003_sccp},
	{"7940:8 7960:7", "", "", CPR_FW_P003, NULL, "P0S3-%l", NULL, "8-12-00",
		"P0S3-%l", p003_sip},
	{"7921:365", "7921", "", CPR_FW_WIRELESS, "CP%nG-%l", NULL, "1.4.6.3", NULL,
		"cmterm-%n-sccp.%l", w7921},
	{"7925:484", "7925", "", CPR_FW_WIRELESS, "CP%nG-%l", NULL, "1.4.7.3", NULL,
		"cmterm-%n-sccp.%l", w7925},
	{"7926:577", "7926", "", CPR_FW_WIRELESS, "CP%nG-%l", NULL, "1.4.7.3", NULL,
		"cmterm-%n-sccp.%l", w7926},
	{"6921:495 6941:496 6961:497", "", "", CPR_FW_PLAIN, "SCCP69xx.%l", "SIP69xx.%l",
		"9-4-1-3SR2", "9-4-1-3", "cmterm-69xx-%p.%l", rt69xx},
	{"6901:547", "", "", CPR_FW_PLAIN, "SCCP6901.%l", NULL, "9-3-1-SR2", NULL,
		"cmterm-6901-sccp.%l", rt6901},
	{"6911:548", "", "", CPR_FW_PLAIN, "SCCP6911.%l", NULL, "9-3-1-SR2", NULL,
		"cmterm-6911-sccp.%l", rt6911},
	{"6945:564", "", "", CPR_FW_PLAIN, "SCCP6945.%l", NULL, "9-4-1-3SR2", NULL,
		"cmterm-6945-sccp.%l", rt6945},
	{"8941:586 8945:585", "", "", CPR_FW_PLAIN, "SCCP894x.%l", "SIP894x.%l",
		"9-4-2SR1-2", "9-3-1-18", "cmterm-8941_8945-%p.%l", rt894x},
	{"7811:36213 7821:621 7841:622 7861:623", "", "", CPR_FW_INI, NULL, "sip78xx.%l",
		NULL, "11-0-1-11", "cmterm-78xx.%l_REL", b78xx},
	{"8811:36217 8841:683 8851:684 8861:685", "", "", CPR_FW_INI, NULL, "sip88xx.%l",
		NULL, "12-0-1MN-113", "cmterm-88xx-sip.%l", b88xx},
	{"8845:36224 8865:36225", "", "", CPR_FW_INI, NULL, "sip8845_65.%l", NULL,
		"12-0-1MN-113", "cmterm-8845_65-sip.%l", b8845},
	{0},
};
