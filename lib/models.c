#include "models.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "cleanup.h"
#include "text.h"

/* Cells that several rows share.  Their grammar: ';' between images, '|' between protocols;
 * an image is a prefix, with "<load>" for the row's own load prefixes, and "<ver>", "..." or
 * " (" where the prefix ends. */
#define JAVA(nn)                                                                         \
	"jar" nn "sccp|jar" nn "sip;cnu" nn ";apps" nn ";dsp" nn ";cvm" nn "sccp|cvm" nn \
	"sip"
#define PARTS_78XX "sboot78xx;kern78xx;rootfs78xx;sboot2.78xx;kern2.78xx;rootfs2.78xx"
#define PARTS_88XX(series) \
	"fbi" series ";kern" series ";rootfs" series ";sb2" series ";vc4" series
#define SPA_IMAGES "spa50x-30x|spa51x|spa525g ....bin"

/* Device IDs, names and prefixes: chan-sccp, CUCM's typemodel table and load<ID>.txt files in
 * real packages.  7925, 7926 and others without a vendor class: none was ever published. */
const struct cpr_model cpr_models[] = {
	{369, "Cisco 7906", "7906", "CP-7906G", "SCCP11.", "SIP11.",
		"term06.default.loads", JAVA("11"), CPR_FAMILY_79X1},
	{307, "Cisco 7911", "7911", "CP-7911G", "SCCP11.", "SIP11.",
		"term11.default.loads", JAVA("11"), CPR_FAMILY_79X1},
	/* a SIP31. load is plausible but was never seen */
	{348, "Cisco 7931", "7931", "CP-7931G", "SCCP31.", NULL, "term31.default.loads",
		"jar31sccp;cnu31;apps31;dsp31;cvm31sccp", CPR_FAMILY_79X1},
	{115, "Cisco 7941", "7941", "CP-7941G", "SCCP41.", "SIP41.",
		"term41.default.loads", JAVA("41"), CPR_FAMILY_79X1},
	{309, "Cisco 7941G-GE", "7941G-GE", "CP-7941G-GE", "SCCP41.", "SIP41.",
		"term41.default.loads", JAVA("41"), CPR_FAMILY_79X1},
	/* XMLDefault files that give ID 5 to the 7961 are wrong: 5 is the 30 VIP */
	{30018, "Cisco 7961", "7961", "CP-7961G", "SCCP41.", "SIP41.",
		"term61.default.loads", JAVA("41"), CPR_FAMILY_79X1},
	{308, "Cisco 7961G-GE", "7961G-GE", "CP-7961G-GE", "SCCP41.", "SIP41.",
		"term61.default.loads", JAVA("41"), CPR_FAMILY_79X1},
	{434, "Cisco 7942", "7942", "CP-7942G", "SCCP42.", "SIP42.",
		"term42.default.loads", JAVA("42"), CPR_FAMILY_79X1},
	{404, "Cisco 7962", "7962", "CP-7962G", "SCCP42.", "SIP42.",
		"term62.default.loads", JAVA("42"), CPR_FAMILY_79X1},
	{435, "Cisco 7945", "7945", "CP-7945G", "SCCP45.", "SIP45.",
		"term45.default.loads", JAVA("45"), CPR_FAMILY_79X1},
	{436, "Cisco 7965", "7965", "CP-7965G", "SCCP45.", "SIP45.",
		"term65.default.loads", JAVA("45"), CPR_FAMILY_79X1},
	{30006, "Cisco 7970", "7970", "CP-7970G", "SCCP70.", "SIP70.",
		"term70.default.loads", JAVA("70"), CPR_FAMILY_79X1},
	{119, "Cisco 7971", "7971", "CP-7971G-GE", "SCCP70.", "SIP70.",
		"term71.default.loads", JAVA("70"), CPR_FAMILY_79X1},
	{437, "Cisco 7975", "7975", "CP-7975G", "SCCP75.", "SIP75.",
		"term75.default.loads", JAVA("75"), CPR_FAMILY_79X1},
	/* as old as P0030801SR02: no dots, no dashes */
	{8, "Cisco 7940", "7940", "CP-7940G", "P003", "P0S3-", NULL,
		"<load>.sbn;<load>.sb2;<load>.bin;OS79XX.TXT", CPR_FAMILY_7940},
	{7, "Cisco 7960", "7960", "CP-7960G", "P003", "P0S3-", NULL,
		"<load>.sbn;<load>.sb2;<load>.bin;OS79XX.TXT", CPR_FAMILY_7940},
	/* its vendor class names no model */
	{6, "Cisco 7910", "7910", NULL, "P004", NULL, NULL, "<load>.sbn;<load>.bin",
		CPR_FAMILY_LEGACY},
	{30008, "Cisco 7902", "7902", "CP-7902G", "CP7902", NULL, NULL, "CP7902...sbin",
		CPR_FAMILY_LEGACY},
	/* option 60 says "IP Phone 7905", without CP- */
	{20000, "Cisco 7905", "7905", "7905", "CP7905", NULL, NULL,
		"CP7905...sbin;CP7905...zup", CPR_FAMILY_LEGACY},
	{30007, "Cisco 7912", "7912", "7912", "CP7912", "CP7912080000SIP", NULL,
		"CP7912...sbin", CPR_FAMILY_LEGACY},
	{9, "Cisco 7935", "7935", "CP-7935", "P005", NULL, NULL, "<load>.bin",
		CPR_FAMILY_LEGACY},
	{30019, "Cisco 7936", "7936", NULL, "cmterm_7936.", NULL, NULL, "<load>.bin",
		CPR_FAMILY_LEGACY},
	{431, "Cisco 7937", "7937", "CP-7937G", "apps37sccp.", NULL, NULL, "<load>.bin",
		CPR_FAMILY_LEGACY},
	{302, "Cisco 7985", "7985", NULL, "cmterm_7985.", NULL, NULL, "<load>.bin",
		CPR_FAMILY_LEGACY},
	{30016, "Cisco IP Communicator", "CIPC", NULL, NULL, NULL, NULL, NULL,
		CPR_FAMILY_OTHER},
	{30002, "Cisco 7920", "7920", "7920", "cmterm_7920.", NULL, NULL, "<load>.bin",
		CPR_FAMILY_LEGACY},
	/* option 60 says "Wireless Phone 7921" */
	{365, "Cisco 7921", "7921", "7921", "CP7921G-", NULL, NULL,
		"TNUX-;TNUXR-;SYS-;WLAN-;APPS-;GUI-", CPR_FAMILY_7921},
	{484, "Cisco 7925", "7925", NULL, "CP7925G-", NULL, NULL,
		"TNUXH-;TNUXRH-;SYSH-;WLANH-;APPSH-;GUIH-;JSYSH-;JUIH-", CPR_FAMILY_7921},
	{577, "Cisco 7926", "7926", NULL, "CP7926G-", NULL, NULL,
		"TNUXS-;TNUXRS-;SYSS-;WLANS-;APPSS-;GUIS-;JSYSS-;JUIS-;EA15FW-",
		CPR_FAMILY_7921},
	/* option 60 is only "Cisco Systems, Inc." */
	{547, "Cisco 6901", "6901", NULL, "SCCP6901.", NULL, NULL,
		"KNL6901SCCP;APP6901SCCP", CPR_FAMILY_69XX},
	{548, "Cisco 6911", "6911", NULL, "SCCP6911.", NULL, NULL,
		"KNL6911SCCP;BFS6911SCCP;APP6911SCCP", CPR_FAMILY_69XX},
	/* sources that swap 495 and 496 are wrong: Cisco's load495.txt says 6921 */
	{495, "Cisco 6921", "6921", NULL, "SCCP69xx.", "SIP69xx.", NULL,
		"BOOT69xx;DSP69xx;SCCP69xx|SIP69xx", CPR_FAMILY_69XX},
	{496, "Cisco 6941", "6941", NULL, "SCCP69xx.", "SIP69xx.", NULL,
		"BOOT69xx;DSP69xx;SCCP69xx|SIP69xx", CPR_FAMILY_69XX},
	{497, "Cisco 6961", "6961", NULL, "SCCP69xx.", "SIP69xx.", NULL,
		"BOOT69xx;DSP69xx;SCCP69xx|SIP69xx", CPR_FAMILY_69XX},
	{564, "Cisco 6945", "6945", NULL, "SCCP6945.", NULL, NULL,
		"SCCP6945.<ver>.bin1..4.sgn", CPR_FAMILY_69XX},
	/* SIP only */
	{592, "Cisco 3905", "3905", NULL, NULL, "CP3905.", NULL, "APP3905.<ver>.zz",
		CPR_FAMILY_69XX},
	{446, "Cisco 3911", "3911", NULL, NULL, "SIP3951.", NULL, NULL, CPR_FAMILY_OTHER},
	{412, "Cisco 3951", "3951", NULL, NULL, "SIP3951.", NULL, NULL, CPR_FAMILY_OTHER},
	/* older loads are named SCCP8941_8945. */
	{586, "Cisco 8941", "8941", "CP-8941", "SCCP894x.", NULL, NULL,
		"SCCP894x.<ver>.bin1..9.sgn", CPR_FAMILY_69XX},
	{585, "Cisco 8945", "8945", "CP-8945", "SCCP894x.", NULL, NULL,
		"SCCP894x.<ver>.bin1..9.sgn", CPR_FAMILY_69XX},
	{540, "Cisco 8961", "8961", "CP-8961", NULL, "sip8961.", NULL,
		"dkern8961;kern8961;rootfs8961;sboot8961;skern8961 (.sebn)",
		CPR_FAMILY_8961},
	{537, "Cisco 9951", "9951", "CP-9951", NULL, "sip9951.", NULL, NULL,
		CPR_FAMILY_8961},
	{493, "Cisco 9971", "9971", NULL, NULL, "sip9971.", NULL, NULL, CPR_FAMILY_8961},
	{36213, "Cisco 7811", "7811", NULL, NULL, "sip78xx.", NULL, PARTS_78XX,
		CPR_FAMILY_78XX},
	{621, "Cisco 7821", "7821", NULL, NULL, "sip78xx.", NULL, PARTS_78XX,
		CPR_FAMILY_78XX},
	{622, "Cisco 7841", "7841", "CP-7841", NULL, "sip78xx.", NULL, PARTS_78XX,
		CPR_FAMILY_78XX},
	{623, "Cisco 7861", "7861", NULL, NULL, "sip78xx.", NULL, PARTS_78XX,
		CPR_FAMILY_78XX},
	{36247, "Cisco 7832", "7832", NULL, NULL, "sip7832.", NULL, NULL,
		CPR_FAMILY_78XX},
	{659, "Cisco 8831", "8831", "CP-8831", NULL, "sip8831.", NULL, NULL,
		CPR_FAMILY_OTHER},
	{36217, "Cisco 8811", "8811", NULL, NULL, "sip88xx.", NULL, PARTS_88XX("88xx"),
		CPR_FAMILY_78XX},
	{683, "Cisco 8841", "8841", "CP-8841", NULL, "sip88xx.", NULL, PARTS_88XX("88xx"),
		CPR_FAMILY_78XX},
	{684, "Cisco 8851", "8851", "CP-8851", NULL, "sip88xx.", NULL, PARTS_88XX("88xx"),
		CPR_FAMILY_78XX},
	/* prefix inferred from the series (assumption) */
	{36232, "Cisco 8851NR", "8851NR", NULL, NULL, "sip88xx.", NULL,
		PARTS_88XX("88xx"), CPR_FAMILY_78XX},
	{685, "Cisco 8861", "8861", NULL, NULL, "sip88xx.", NULL, PARTS_88XX("88xx"),
		CPR_FAMILY_78XX},
	{36224, "Cisco 8845", "8845", NULL, NULL, "sip8845_65.", NULL,
		PARTS_88XX("8845_65"), CPR_FAMILY_78XX},
	{36225, "Cisco 8865", "8865", NULL, NULL, "sip8845_65.", NULL,
		PARTS_88XX("8845_65"), CPR_FAMILY_78XX},
	/* prefix inferred from the series (assumption) */
	{36248, "Cisco 8865NR", "8865NR", NULL, NULL, "sip8845_65.", NULL,
		PARTS_88XX("8845_65"), CPR_FAMILY_78XX},
	{36216, "Cisco 8821", "8821", NULL, NULL, NULL, NULL, NULL, CPR_FAMILY_OTHER},
	{36258, "Cisco 8832", "8832", NULL, NULL, "sip8832.", NULL, NULL,
		CPR_FAMILY_78XX},
	/* prefix inferred from the series (assumption) */
	{36260, "Cisco 8832NR", "8832NR", NULL, NULL, "sip8832.", NULL, NULL,
		CPR_FAMILY_78XX},
	{647, "Cisco DX650", "DX650", NULL, NULL, "sipdx650.", NULL, NULL,
		CPR_FAMILY_OTHER},
	/* one list gives the DX80 36239 too */
	{36042, "Cisco DX80", "DX80", NULL, NULL, NULL, NULL, NULL, CPR_FAMILY_OTHER},
	/* and the DX70 36241 */
	{36043, "Cisco DX70", "DX70", NULL, NULL, NULL, NULL, NULL, CPR_FAMILY_OTHER},
	/* older lists give 12 to the ATA 188 too */
	{12, "Cisco ATA 186", "ATA186", NULL, "ATA030204SCCP", NULL, NULL, "ATA...zup",
		CPR_FAMILY_ATA},
	/* assumption: one source, which assumes it itself */
	{13, "Cisco ATA 188", "ATA188", NULL, NULL, NULL, NULL, NULL, CPR_FAMILY_ATA},
	{550, "Cisco ATA 187", "ATA187", NULL, NULL, "ATA187.", NULL, NULL,
		CPR_FAMILY_ATA},
	{681, "Cisco ATA 190", "ATA190", NULL, NULL, NULL, NULL, NULL, CPR_FAMILY_ATA},
	{36262, "Cisco ATA 191", "ATA191", NULL, NULL, NULL, NULL, NULL, CPR_FAMILY_ATA},
	{124, "7914 14-Button Expansion Module", "7914", NULL, "S001", NULL, NULL,
		"<load>.sbn", CPR_FAMILY_ADDON},
	{227, "7915 12-Button Expansion Module", "7915-12", NULL, "B015-", NULL, NULL,
		"B015-...SBN", CPR_FAMILY_ADDON},
	{228, "7915 24-Button Expansion Module", "7915-24", NULL, "B015-", NULL, NULL,
		"B015-...SBN", CPR_FAMILY_ADDON},
	{229, "7916 12-Button Expansion Module", "7916-12", NULL, "B016-", NULL, NULL,
		"B016-...SBN", CPR_FAMILY_ADDON},
	{230, "7916 24-Button Expansion Module", "7916-24", NULL, "B016-", NULL, NULL,
		"B016-...SBN", CPR_FAMILY_ADDON},
	{232, "CKEM 36-Button Expansion Module", "CKEM", NULL, NULL, NULL, NULL, NULL,
		CPR_FAMILY_ADDON},
	{36256, "CP-8800-Video 28-Button KEM", "8800-Video", NULL, NULL, NULL, NULL, NULL,
		CPR_FAMILY_ADDON},
	{36257, "CP-8800-Audio 28-Button KEM", "8800-Audio", NULL, NULL, NULL, NULL, NULL,
		CPR_FAMILY_ADDON},
	{80000, "Cisco SPA 521S", "SPA521S", NULL, NULL, NULL, NULL, SPA_IMAGES,
		CPR_FAMILY_SPA},
	{80001, "Cisco SPA 524SG", "SPA524SG", NULL, NULL, NULL, NULL, SPA_IMAGES,
		CPR_FAMILY_SPA},
	{80003, "Cisco SPA 502G", "SPA502G", NULL, NULL, NULL, NULL, SPA_IMAGES,
		CPR_FAMILY_SPA},
	{80004, "Cisco SPA 504G", "SPA504G", NULL, NULL, NULL, NULL, SPA_IMAGES,
		CPR_FAMILY_SPA},
	{80005, "Cisco SPA 525G", "SPA525G", NULL, NULL, NULL, NULL, SPA_IMAGES,
		CPR_FAMILY_SPA},
	{80006, "Cisco SPA 508G", "SPA508G", NULL, NULL, NULL, NULL, SPA_IMAGES,
		CPR_FAMILY_SPA},
	{80007, "Cisco SPA 509G", "SPA509G", NULL, NULL, NULL, NULL, SPA_IMAGES,
		CPR_FAMILY_SPA},
	{80009, "Cisco SPA 525G2", "SPA525G2", NULL, NULL, NULL, NULL, SPA_IMAGES,
		CPR_FAMILY_SPA},
	{80011, "Cisco SPA 303G", "SPA303G", NULL, NULL, NULL, NULL, SPA_IMAGES,
		CPR_FAMILY_SPA},
	{80012, "Cisco SPA 512G", "SPA512G", NULL, NULL, NULL, NULL, SPA_IMAGES,
		CPR_FAMILY_SPA},
	{80013, "Cisco SPA 514G", "SPA514G", NULL, NULL, NULL, NULL, SPA_IMAGES,
		CPR_FAMILY_SPA},
	{253, "SPA8800", "SPA8800", NULL, NULL, NULL, NULL, NULL, CPR_FAMILY_SPA},
	{1, "Cisco 30 SP+", "30SP+", NULL, NULL, NULL, NULL, NULL, CPR_FAMILY_OTHER},
	{2, "Cisco 12 SP+", "12SP+", NULL, NULL, NULL, NULL, NULL, CPR_FAMILY_OTHER},
	{3, "Cisco 12 SP", "12SP", NULL, NULL, NULL, NULL, NULL, CPR_FAMILY_OTHER},
	{4, "Cisco 12 S", "12S", NULL, NULL, NULL, NULL, NULL, CPR_FAMILY_OTHER},
	{5, "Cisco 30 VIP", "30VIP", NULL, NULL, NULL, NULL, NULL, CPR_FAMILY_OTHER},
	{10, "Cisco VGC Phone", "VGC", NULL, NULL, NULL, NULL, NULL, CPR_FAMILY_OTHER},
	{11, "Cisco VGC Virtual Phone", "VGC-Virtual", NULL, NULL, NULL, NULL, NULL,
		CPR_FAMILY_OTHER},
	{336, "Third-party SIP Device (Basic)", "SIP-Basic", NULL, NULL, NULL, NULL, NULL,
		CPR_FAMILY_OTHER},
	{374, "Third-party SIP Device (Advanced)", "SIP-Advanced", NULL, NULL, NULL, NULL,
		NULL, CPR_FAMILY_OTHER},
};
const size_t cpr_models_n = CPR_ARRAY_LEN(cpr_models);

const struct cpr_model *cpr_model_by_id(unsigned device_id)
{
	for (size_t i = 0; i < cpr_models_n; i++)
		if (cpr_models[i].device_id == device_id)
			return &cpr_models[i];
	return NULL;
}

/* Writes what is left of a model's name without the maker, "CP-", blanks and the mark of
 * multiplatform firmware, in upper case; false when there is nothing or too much. */
static bool model_word(const char *name, char *out, size_t cap)
{
	static const char *const marks[] = {"-3PCC", "-MPP"};
	const char *rest = cpr_text_after(name, "Cisco ");
	size_t n = 0;

	name = rest ? rest : name;
	rest = cpr_text_after(name, "CP-");
	for (name = rest ? rest : name; *name; name++) {
		if (*name == ' ')
			continue;
		if (n + 1 >= cap)
			return false;
		out[n++] = (char)toupper((unsigned char)*name);
	}
	for (size_t i = 0; i < CPR_ARRAY_LEN(marks); i++) {
		size_t mark = strlen(marks[i]);

		if (n > mark && !memcmp(out + n - mark, marks[i], mark))
			n -= mark;
	}
	out[n] = '\0';
	return n > 0;
}

/* The first four bytes decide, for nearly every row, without a call: this runs for each message
 * of a phone, within Kea's packet threads.  They are upper case in the table, which a test
 * sees to, and no text of it is shorter. */
static bool says(const char *text, const char *word)
{
	return !memcmp(text, word, 4) && !strcasecmp(text, word);
}

static const struct cpr_model *by_word(const char *word)
{
	for (size_t i = 0; i < cpr_models_n; i++) {
		const struct cpr_model *m = &cpr_models[i];
		const char *spelt = m->vendor_class;

		if (says(m->model, word) ||
			(spelt && says(spelt + (memcmp(spelt, "CP-", 3) ? 0 : 3), word)))
			return m;
	}
	return NULL;
}

static const struct cpr_model *by_full_name(const char *name)
{
	for (size_t i = 0; i < cpr_models_n; i++)
		if (!strcasecmp(name, cpr_models[i].name))
			return &cpr_models[i];
	return NULL;
}

const struct cpr_model *cpr_model_by_name(const char *name)
{
	const struct cpr_model *m = NULL;
	char word[32] = "";

	if (!name)
		return NULL;
	if (model_word(name, word, sizeof(word))) {
		m = by_word(word);
		if (!m && strlen(word) == 5 && word[4] == 'G') {
			/* the G of "7971G" says "global", not another model */
			word[4] = '\0';
			m = by_word(word);
		}
	}
	/* a full name that is no word has blanks */
	return m || !strchr(name, ' ') ? m : by_full_name(name);
}

const char *cpr_protocol_name(enum cpr_protocol p)
{
	return p == CPR_SCCP ? "sccp" : p == CPR_SIP ? "sip" : "";
}

enum cpr_protocol cpr_protocol_by_name(const char *name)
{
	return !strcasecmp(name, "sccp")  ? CPR_SCCP
	       : !strcasecmp(name, "sip") ? CPR_SIP
					  : CPR_PROTOCOL_NONE;
}

/* Sources: the reset table in the 79x1 firmware (alarm of 60 s, code by code), users'
 * reports for the other families. */
static const char *const resets[] = {
	[CPR_FAMILY_79X1] =
		"1. Unplug the phone, network cable and power brick.\n"
		"2. Hold # and plug it in again. Keep holding until the line buttons\n"
		"   flash amber one after the other (7906, 7911: until the handset's red\n"
		"   light comes on), then let go.\n"
		"3. Within 60 seconds press\n"
		"   1 2 3 4 5 6 7 8 9 * 0 #  to delete its settings, or\n"
		"   3 4 9 1 6 7 2 8 5 0 * #  to erase the firmware too.\n"
		"   A key pressed twice does no harm; a wrong one cancels: start again.\n"
		"4. After the second code the phone looks dead for 5 minutes or more.\n"
		"   Do not unplug it.\n"
		"A 7970 needs its power brick: on inline power it fetches no firmware.",
	[CPR_FAMILY_7940] =
		"1. Unplug the phone.\n"
		"2. Hold # and plug it in again. Keep holding until the speaker light\n"
		"   goes out or the screen says \"Reset key sequence detected\".\n"
		"3. Press 1 2 3 4 5 6 7 8 9 * 0 #\n"
		"   (some take 3 4 9 1 6 7 2 8 5 0 * # instead).\n"
		"4. At \"Keep network cfg? 1=yes 2=no\" press 2.",
	[CPR_FAMILY_LEGACY] =
		"7920: press Menu, then * # # and the Send key. As the lock password,\n"
		"* 7 # 9 # 2 # 0 # * resets it.\n"
		"For the other models of this age no source gives the keys.",
	[CPR_FAMILY_7921] =
		"1. Press * * # in the settings menu: it unlocks.\n"
		"2. Restore the defaults in that menu, or on the phone's web page over\n"
		"   USB, http://192.168.1.100/. No source gives the exact menu path.",
	[CPR_FAMILY_69XX] =
		"6921, 6941, 6961 (no source gives the keys of the others):\n"
		"1. Unplug the phone.\n"
		"2. Hold # and plug it in again. Keep holding until the line keys flash\n"
		"   red, then let go.\n"
		"3. Press 1 2 3 4 5 6 7 8 9 * 0 #\n"
		"4. It takes up to 5 minutes. Do not unplug it.",
	[CPR_FAMILY_78XX] =
		"1. Unplug the phone.\n"
		"2. Hold # and plug it in again.\n"
		"3. When the lights of line, headset and speaker come on, let go and\n"
		"   press 1 2 3 4 5 6 7 8 9 * 0 #\n"
		"4. It takes 1 to 5 minutes. Do not unplug it.",
	[CPR_FAMILY_SPA] = "Press the menu key and choose 14, Factory Reset.",
	[CPR_FAMILY_ADDON] = NULL, /* the last: gives the table its length */
};

const char *cpr_family_reset(enum cpr_family family)
{
	return (size_t)family < CPR_ARRAY_LEN(resets) ? resets[family] : NULL;
}
