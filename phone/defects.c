#include "defects.h"

const struct cpr_defect_row cpr_defects[CPR_DEFECT_N] = {
	[CPR_DEFECT_NONE] = {"none", NULL, "a sound phone"},
	/* A 7970 without enough power, a boot loader without a load's name: sources say that
	 * no request is seen; that the phone then boots anew is an assumption. */
	[CPR_DEFECT_NEVER_ASKS] = {"never-asks", NULL,
		"has an address and asks for no file; boots again and again"},
	/* Firmware: the model's fallback, and "ZZ" where it holds no number. */
	[CPR_DEFECT_DAMAGED] = {"damaged", NULL,
		"its manufacturing area is unreadable: it calls itself 79XX and asks for "
		"termZZ.default.loads"},
	/* Firmware: it goes before all that DHCP says. */
	[CPR_DEFECT_ALTERNATE_TFTP] = {"alternate-tftp", "ADDRESS",
		"an \"Alternate TFTP\" of its former site is stored in it"},
	/* The phone's own message: "TFTP servers not found in CTL list - file not
	 * requested". */
	[CPR_DEFECT_TRUST_LIST] = {"trust-list", NULL,
		"holds a trust list of another site: asks for the lists, and for no "
		"configuration"},
	/* RFC 1350, error 3; that a phone sends it is one of the two pictures that sources
	 * give, the other is mere silence. */
	[CPR_DEFECT_FLASH_FULL] = {"flash-full", NULL,
		"its flash is full: breaks every image off at the same block"},
	/* Assumption: sources know gaps of tens of seconds while the flash is written, not
	 * whether the last block is acknowledged before or after. */
	[CPR_DEFECT_FLASH_BUSY] = {"flash-busy", NULL,
		"acknowledges an image's last block when the flash is written (see "
		"--flash-rate), so the server repeats it"},
};
