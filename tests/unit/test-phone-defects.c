/* What a phone asks for that is not sound itself, and what the doctor beside it makes of it. */
#include "phone-net.h"

#include "cleanup.h"
#include "errors.h"

#define CONFIG                                                       \
	"CTLSEP001B54AABBCC.tlv ITLSEP001B54AABBCC.tlv ITLFile.tlv " \
	"SEP001B54AABBCC.cnf.xml XMLDefault.cnf.xml "
#define LISTS "CTLSEP001B54AABBCC.tlv ITLSEP001B54AABBCC.tlv ITLFile.tlv "
#define XML                                                                                  \
	"<Default><callManagerGroup><members><member><callManager><processNodeName>" MANAGER \
	"</processNodeName></callManager></member></members></callManagerGroup>"             \
	"<loadInformation30018>SCCP41.9-4-2SR3-1S</loadInformation30018></Default>"
#define IMAGES                                                              \
	"jar41sccp.9-4-2ES26.sbn cnu41.9-4-2ES26.sbn apps41.9-4-2ES26.sbn " \
	"dsp41.9-4-2ES26.sbn cvm41sccp.9-4-2ES26.sbn "
#define TERM "term61.default.loads "
#define BOTH "jar41sccp.9-4-2ES26.sbn cnu41.9-4-2ES26.sbn "

static const struct {
	enum cpr_defect defect;
	enum cpr_scenario scenario;
	bool ok;
	unsigned requests; /* of an address */
	const char *asked, *faults;
} rows[] = {
	{CPR_DEFECT_NONE, CPR_SCENARIO_RECOVERY, true, 2,
		TERM IMAGES CONFIG "SCCP41.9-4-2SR3-1S.loads ", ""},
	{CPR_DEFECT_NEVER_ASKS, CPR_SCENARIO_RECOVERY, false, 3, "", "phone-never-asks "},
	{CPR_DEFECT_DAMAGED, CPR_SCENARIO_RECOVERY, false, 1,
		"termZZ.default.loads termZZ.default.loads termZZ.default.loads ",
		"phone-damaged "},
	{CPR_DEFECT_TRUST_LIST, CPR_SCENARIO_BOOT, false, 1, LISTS LISTS LISTS,
		"trust-list-blocks "},
	{CPR_DEFECT_FLASH_FULL, CPR_SCENARIO_RECOVERY, false, 1,
		TERM BOTH TERM BOTH TERM BOTH, "tftp-aborted tftp-aborted "},
	{CPR_DEFECT_FLASH_BUSY, CPR_SCENARIO_RECOVERY, true, 2,
		TERM IMAGES CONFIG "SCCP41.9-4-2SR3-1S.loads ", ""},
};

/* The ids, a blank behind each. */
static void faults_of(const struct net *n, char out[200])
{
	json_auto_t *report = cpr_phone_json(n->phone);
	json_t *fault;
	size_t i;

	*out = 0;
	json_array_foreach(json_object_get(report, "faults"), i, fault)
	{
		const char *id = json_string_value(json_object_get(fault, "id"));

		assert_true(strlen(out) + strlen(id) + 2 < 200);
		strcat(strcat(out, id), " ");
	}
}

static struct cpr_fw_set *firmware(void)
{
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	struct cpr_fw_request request = {
		.model = "7961", .protocol = CPR_SCCP, .hardware_mask = -1, .seed = 1};
	struct cpr_fw_set *set = NULL;

	assert_int_equal(cpr_fw_set_new(&set, &request, &e), 0);
	return set;
}

static void asks(void **state)
{
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set = firmware();

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		struct cpr_phone_config c = {.no_delay = true,
			.defect = rows[i].defect,
			.scenario = rows[i].scenario,
			.flash_rate = 2000};
		static struct net n;
		char faults[200];

		print_message("# %s\n", cpr_defects[rows[i].defect].name);
		n = (struct net){.option150 = "0a000001", .set = set, .xml = XML};
		net_run(&n, &c);
		assert_string_equal(n.asked, rows[i].asked);
		assert_int_equal(cpr_phone_ok(n.phone), rows[i].ok);
		assert_int_equal(n.requests, rows[i].requests);
		faults_of(&n, faults);
		assert_string_equal(faults, rows[i].faults);
		cpr_phone_free(n.phone);
	}
}

/* Before what DHCP says: the server that answers is not asked. */
static void alternate(void **state)
{
	struct cpr_phone_config c = {
		.no_delay = true, .defect = CPR_DEFECT_ALTERNATE_TFTP};
	static struct net n;
	char faults[200];

	(void)state;
	inet_pton(AF_INET, FAR, &c.alternate_tftp);
	n = (struct net){.option150 = "0a000001", .first = ANSWERS};
	net_run(&n, &c);
	assert_false(cpr_phone_ok(n.phone));
	assert_non_null(strstr(n.said, "takes TFTP server " FAR " from the alternate"));
	faults_of(&n, faults);
	assert_string_equal(faults, "tftp-other-server ");
	cpr_phone_free(n.phone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks),
		cmocka_unit_test(alternate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
