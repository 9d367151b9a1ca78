#include "phone-net.h"

#include "cleanup.h"
#include "errors.h"

#include <errno.h>
#include <jansson.h>

#define XML                                                                              \
	"<Default><callManagerGroup><members><member priority=\"0\"><callManager>"       \
	"<processNodeName>" MANAGER                                                      \
	"</processNodeName></callManager></member></members></callManagerGroup>"         \
	"<loadInformation30018 model=\"7961\">SCCP41.9-4-2SR3-1S</loadInformation30018>" \
	"<loadInformation7>P0030801SR02</loadInformation7></Default>"

#define IMAGES                                         \
	"jar41sccp.9-4-2ES26.sbn cnu41.9-4-2ES26.sbn " \
	"apps41.9-4-2ES26.sbn dsp41.9-4-2ES26.sbn cvm41sccp.9-4-2ES26.sbn "
#define CONFIG                                                       \
	"CTLSEP001B54AABBCC.tlv ITLSEP001B54AABBCC.tlv ITLFile.tlv " \
	"SEP001B54AABBCC.cnf.xml XMLDefault.cnf.xml "

static struct cpr_fw_set *firmware(
	const char *model, enum cpr_fw_defect defect, long mask)
{
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	struct cpr_fw_request request = {.model = model,
		.protocol = CPR_SCCP,
		.hardware_mask = mask,
		.seed = 1,
		.defect = defect};
	struct cpr_fw_set *set = NULL;

	assert_int_equal(cpr_fw_set_new(&set, &request, &e), 0);
	return set;
}

/* The phone's report, as a program reads it. */
static json_t *report_of(const struct net *n)
{
	json_t *report = cpr_phone_json(n->phone);

	assert_non_null(report);
	return report;
}

static const char *text_at(json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static bool has_fault(const struct net *n, const char *id)
{
	json_auto_t *report = report_of(n);
	json_t *fault;
	size_t i;

	json_array_foreach(json_object_get(report, "faults"), i, fault)
	{
		assert_true(strlen(text_at(fault, "text")) > 10);
		assert_true(strlen(text_at(fault, "remedy")) > 10);
		if (strcmp(text_at(fault, "id"), id) == 0)
			return true;
	}
	return false;
}

static size_t fault_count(const struct net *n)
{
	json_auto_t *report = report_of(n);

	return json_array_size(json_object_get(report, "faults"));
}

static void assert_stage(const struct net *n, const char *stage)
{
	json_auto_t *report = report_of(n);

	assert_string_equal(text_at(report, "stage"), stage);
}

/* The options of a 7941G's DISCOVER, as its client writes them:
 *   53 (1)  1: DISCOVER
 *   61 (7)  1, 00:1b:54:aa:bb:cc
 *   12 (15) SEP001B54AABBCC
 *   60 (38) Cisco Systems, Inc. IP Phone CP-7941G, with the NUL inside the option
 *   55 (7)  1, 66, 6, 3, 15, 150, 35
 *   pad, end; zeros follow up to 548 bytes in all */
static void discover_bytes(void **state)
{
	static const char options[] = "3501013d0701001b54aabbcc0c0f5345503030314235344141"
				      "424243433c26436973636f2053"
				      "797374656d732c20496e632e2049502050686f6e652043502d"
				      "3739343147003707014206030f962300ff";
	static struct net n;
	struct cpr_phone_config c = {
		.model = cpr_model_by_name("7941"), .scenario = CPR_SCENARIO_DHCP};
	uint8_t expected[312] = {0x63, 0x82, 0x53, 0x63};

	(void)state;
	n = (struct net){.option150 = "0a000001"};
	assert_int_equal(net_hex(options, expected + 4), 80);
	net_run(&n, &c);
	assert_true(cpr_phone_ok(n.phone));
	assert_memory_equal(n.first_message + 236, expected, sizeof(expected));
	assert_memory_equal(n.first_message, "\1\1\6\0", 4);
	assert_memory_equal(n.first_message + 10, "\x80\0", 2);
	assert_int_equal(n.releases, 1);
	assert_int_equal(n.rrqs, 0);
	cpr_phone_free(n.phone);
}

/* 00:1b:54:aa:bb:cc: (0xbbcc mod 10) + 1 = 5 seconds after the start. */
static void start_delay(void **state)
{
	static struct net n;
	struct cpr_phone_config c = {.scenario = CPR_SCENARIO_DHCP};

	(void)state;
	n = (struct net){.option150 = "0a000001"};
	net_new(&n, &c);
	assert_int_equal(cpr_phone_deadline(n.phone), n.now + (0xbbcc % 10 + 1) * 1000);
	cpr_phone_free(n.phone);
	c.no_delay = true;
	net_new(&n, &c);
	assert_int_equal(cpr_phone_deadline(n.phone), n.now);
	cpr_phone_free(n.phone);
}

static void recovery_7961(void **state)
{
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set =
		firmware("7961", CPR_FW_INTACT, -1);
	_cleanup_(cpr_freep) char *line = NULL;
	static struct net n;
	struct cpr_phone_config c = {0};
	json_auto_t *servers = json_array();

	(void)state;
	n = (struct net){
		.option150 = "0a000001", .set = set, .xml = XML, .http = REFUSES};
	net_run(&n, &c);
	assert_true(cpr_phone_ok(n.phone));
	assert_stage(&n, "recovered");
	assert_int_equal(fault_count(&n), 0);
	assert_string_equal(n.asked,
		"term61.default.loads " IMAGES CONFIG "SCCP41.9-4-2SR3-1S.loads ");
	assert_int_equal(n.releases, 1);
	assert_int_equal(n.resets, 1); /* the connection to the call manager */
	line = cpr_phone_summary(n.phone);
	assert_non_null(strstr(line, "7961 00:1b:54:aa:bb:cc: recovered, 8 files"));
	cpr_phone_json_servers(n.phone, servers);
	assert_int_equal(json_array_size(servers), 2);
	cpr_phone_free(n.phone);
}

static void recovery_7960(void **state)
{
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set =
		firmware("7960", CPR_FW_INTACT, -1);
	static struct net n;
	struct cpr_phone_config c = {.model = cpr_model_by_name("7960")};

	(void)state;
	n = (struct net){.option150 = "0a000001",
		.set = set,
		.xml = XML,
		.os79xx = "P0030801SR02 \r\n"};
	net_run(&n, &c);
	assert_true(cpr_phone_ok(n.phone));
	assert_int_equal(fault_count(&n), 0);
	assert_string_equal(n.asked, "OS79XX.TXT P0030801SR02.loads P0030801SR02.sbn "
				     "P0030801SR02.sb2 CTLSEP001B54AABBCC.tlv "
				     "SEP001B54AABBCC.cnf.xml XMLDefault.cnf.xml ");
	cpr_phone_free(n.phone);
}

/* Without a list it takes the signed image, and then the raw one. */
static void universal_without_list(void **state)
{
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set =
		firmware("7960", CPR_FW_INTACT, -1);
	static struct net n;
	struct cpr_phone_config c = {.model = cpr_model_by_name("7960")};

	(void)state;
	n = (struct net){.option150 = "0a000001",
		.set = set,
		.missing = "P0030801SR02.loads",
		.os79xx = "P0030801SR02",
		.xml = XML};
	net_run(&n, &c);
	assert_true(cpr_phone_ok(n.phone));
	assert_non_null(
		strstr(n.asked, "OS79XX.TXT P0030801SR02.loads P0030801SR02.sbn CTL"));
	cpr_phone_free(n.phone);
}

static void load_differs(void **state)
{
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set =
		firmware("7961", CPR_FW_INTACT, -1);
	static struct net n;
	struct cpr_phone_config c = {
		.scenario = CPR_SCENARIO_BOOT, .load = "SCCP41.8-5-2S"};

	(void)state;
	n = (struct net){.option150 = "0a000001", .set = set, .xml = XML};
	net_run(&n, &c);
	assert_true(cpr_phone_ok(n.phone));
	/* the new load, a reboot, the configuration again, no second load */
	assert_string_equal(n.asked, CONFIG "SCCP41.9-4-2SR3-1S.loads " IMAGES CONFIG);
	assert_int_equal(
		n.resets, 1 + 5); /* after 9.4 runs: port 6970 before each file */
	cpr_phone_free(n.phone);

	n = (struct net){
		.option150 = "0a000001", .set = set, .xml = XML, .http = REFUSES};
	c.load = "SCCP41.9-4-2SR3-1S";
	net_run(&n, &c);
	assert_true(cpr_phone_ok(n.phone));
	assert_string_equal(n.asked, CONFIG);
	cpr_phone_free(n.phone);
}

/* What is wrong with a network, and what the phone says about it. */
static const struct trouble {
	const char *name;
	enum cpr_fw_defect defect;
	struct net net;
	uint32_t board; /* its hardware mask */
	const char *fault, *asked;
	bool ok;
} troubles[] = {
	{"no DHCP server", CPR_FW_INTACT, {.no_dhcp = true}, 0, "dhcp-no-offer", "",
		false},
	{"no TFTP server", CPR_FW_INTACT, {0}, 0, "dhcp-no-tftp-server", "", false},
	{"150 as text", CPR_FW_INTACT, {.option150 = "31302e302e302e31"}, 0,
		"option150-wrong-type", "", false},
	{"150 of five bytes", CPR_FW_INTACT, {.option150 = "0a00000100"}, 0,
		"option150-wrong-type", "", false},
	{"150 turned round", CPR_FW_INTACT, {.option150 = "0100000a"}, 0,
		"option150-byte-order", NULL, false},
	{"150 the network's own address", CPR_FW_INTACT, {.option150 = "0a000000"}, 0,
		"dhcp-no-tftp-server", "", false},
	{"66 a name, no DNS", CPR_FW_INTACT, {.option66 = "tftp.example"}, 0,
		"option66-unresolved", "", false},
	{"66 a name unknown to the DNS", CPR_FW_INTACT,
		{.option66 = "tftp.example", .dns_name = "other.example."}, 0,
		"option66-unresolved", "", false},
	{"nobody there", CPR_FW_INTACT, {.option150 = "0a00000b"}, 0, "tftp-no-answer",
		"", false},
	{"server silent", CPR_FW_INTACT, {.option150 = "0a000001", .first = SILENT}, 0,
		"tftp-no-answer", "", false},
	{"port 69 closed", CPR_FW_INTACT, {.option150 = "0a000001", .closed = true}, 0,
		"tftp-no-answer", "", false},
	{"wrong checksums", CPR_FW_INTACT, {.option150 = "0a000001", .wrong_sums = true},
		0, "dhcp-no-offer", "", false},
	{"no term file", CPR_FW_INTACT,
		{.option150 = "0a000001", .missing = "term61.default.loads"}, 0,
		"tftp-file-missing",
		"term61.default.loads term61.default.loads term61.default.loads ", false},
	{"an image missing: the next is fetched, then it begins again", CPR_FW_INTACT,
		{.option150 = "0a000001", .missing = "cnu41.9-4-2ES26.sbn"}, 0,
		"tftp-file-missing",
		"term61.default.loads jar41sccp.9-4-2ES26.sbn cnu41.9-4-2ES26.sbn "
		"apps41.9-4-2ES26.sbn term61.default.loads jar41sccp.9-4-2ES26.sbn "
		"cnu41.9-4-2ES26.sbn apps41.9-4-2ES26.sbn term61.default.loads "
		"jar41sccp.9-4-2ES26.sbn cnu41.9-4-2ES26.sbn apps41.9-4-2ES26.sbn ",
		false},
	{"not readable", CPR_FW_INTACT,
		{.option150 = "0a000001", .denied = "term61.default.loads"}, 0,
		"tftp-access-denied", NULL, false},
	{"wrong inner name", CPR_FW_INNER_NAME, {.option150 = "0a000001"}, 0,
		"loads-refused",
		"term61.default.loads term61.default.loads term61.default.loads ", false},
	{"a board the load does not know", CPR_FW_INTACT, {.option150 = "0a000001"}, 8,
		"loads-refused", NULL, false},
	{"image truncated", CPR_FW_TRUNCATED, {.option150 = "0a000001"}, 0,
		"image-refused", NULL, false},
	{"image of another version", CPR_FW_RENAMED, {.option150 = "0a000001"}, 0,
		"image-refused", NULL, false},
	{"the first server dead, the second good", CPR_FW_INTACT,
		{.option150 = "0a0000010a000002", .first = SILENT, .xml = XML}, 0,
		"tftp-no-answer", NULL, true},
	{"nobody at the first server's address, the second good", CPR_FW_INTACT,
		{.option150 = "0a00000b0a000001", .xml = XML}, 0, "tftp-no-answer", NULL,
		true},
	{"a server in another network, and no gateway", CPR_FW_INTACT,
		{.option150 = "c0a80a69", .no_gateway = true}, 0, "tftp-no-answer", "",
		false},
	{"150 turned round into no address at all", CPR_FW_INTACT,
		{.option150 = "e100000a"}, 0, "option150-byte-order", "", false},
	{"150 turned round, 66 good", CPR_FW_INTACT,
		{.option150 = "e100000a", .option66 = SERVER, .xml = XML}, 0,
		"option150-byte-order", NULL, true},
	{"answers whose options pass their end", CPR_FW_INTACT,
		{.option150 = "0a000001", .broken_dhcp = true}, 0, "dhcp-no-offer", "",
		false},
	{"refused for ever", CPR_FW_INTACT, {.option150 = "0a000001", .nak_always = true},
		0, "dhcp-no-offer", "", false},
	{"never acknowledged", CPR_FW_INTACT, {.option150 = "0a000001", .no_ack = true},
		0, "dhcp-no-offer", "", false},
	{"every address in use", CPR_FW_INTACT,
		{.option150 = "0a000001", .duplicate_always = true}, 0, "dhcp-no-offer",
		"", false},
	{"a second server refuses what the first gave", CPR_FW_INTACT,
		{.option150 = "0a000001", .rogue_nak = true, .xml = XML}, 0, NULL, NULL,
		true},
	{"XMLDefault may not be read", CPR_FW_INTACT,
		{.option150 = "0a000001", .denied = "XMLDefault.cnf.xml", .xml = XML}, 0,
		"tftp-access-denied", NULL, false},
	{"error 0: open fails", CPR_FW_INTACT,
		{.option150 = "0a000001", .error = "No such file or directory"}, 0,
		"tftp-file-missing", NULL, false},
	{"error 0: a path that reads like a refusal", CPR_FW_INTACT,
		{.option150 = "0a000001", .error = "/srv/access/x not found"}, 0,
		"tftp-file-missing", NULL, false},
	{"error 0: no reason known", CPR_FW_INTACT,
		{.option150 = "0a000001", .error = "\33[2Jbusy"}, 0, "tftp-aborted", NULL,
		false},
	{"one block for ever", CPR_FW_INTACT,
		{.option150 = "0a000001", .parrot = true, .pace_ms = 1}, 0,
		"tftp-stalled", NULL, false},
	{"block 0 for ever", CPR_FW_INTACT, {.option150 = "0a000001", .block_zero = true},
		0, "tftp-no-answer", NULL, false},
	{"the answer comes from another address", CPR_FW_INTACT,
		{.option150 = "0a000001", .other_address = true}, 0, "tftp-two-answerers",
		NULL, false},
	{"options confirmed", CPR_FW_INTACT, {.option150 = "0a000001", .oack = true}, 0,
		"tftp-unexpected-oack", NULL, false},
	{"blocks too large", CPR_FW_INTACT, {.option150 = "0a000001", .big_block = true},
		0, "tftp-aborted", NULL, false},
	{"stops in the middle", CPR_FW_INTACT, {.option150 = "0a000001", .stop_at = 3}, 0,
		"tftp-stalled", NULL, false},
	{"no XMLDefault", CPR_FW_INTACT, {.option150 = "0a000001", .xml = NULL}, 0,
		"xmldefault-missing", NULL, false},
	{"XMLDefault is no XML", CPR_FW_INTACT,
		{.option150 = "0a000001", .xml = "<Default>"}, 0, "xmldefault-missing",
		NULL, false},
	{"XMLDefault without call manager", CPR_FW_INTACT,
		{.option150 = "0a000001", .xml = "<Default/>"}, 0,
		"call-manager-unreachable", NULL, false},
	{"port 6970 dropped", CPR_FW_INTACT,
		{.option150 = "0a000001", .xml = XML, .http = SILENT}, 0,
		"http-6970-dropped", NULL, true},
	{"call manager silent", CPR_FW_INTACT,
		{.option150 = "0a000001", .xml = XML, .manager = SILENT}, 0,
		"call-manager-unreachable", NULL, true},
	{"call manager refuses", CPR_FW_INTACT,
		{.option150 = "0a000001", .xml = XML, .manager = REFUSES}, 0,
		"call-manager-unreachable", NULL, true},
	{"two DHCP servers", CPR_FW_INTACT,
		{.option150 = "0a000001", .xml = XML, .rogue_offer = true}, 0,
		"dhcp-two-servers", NULL, true},
	{"a second answer to a request", CPR_FW_INTACT,
		{.option150 = "0a000001", .xml = XML, .stranger_at = 1}, 0,
		"tftp-two-answerers", NULL, true},
};

static void trouble(void **state)
{
	for (size_t i = 0; i < CPR_ARRAY_LEN(troubles); i++) {
		const struct trouble *t = &troubles[i];
		_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set =
			firmware("7961", t->defect, -1);
		struct cpr_phone_config c = {.no_delay = true, .hardware_mask = t->board};
		_cleanup_(cpr_freep) char *line = NULL;
		static struct net n;

		(void)state;
		n = t->net;
		n.set = set;
		net_run(&n, &c);
		line = cpr_phone_summary(n.phone);
		print_message("# %s: %s\n", t->name, line);
		assert_true(!t->fault || has_fault(&n, t->fault));
		assert_int_equal(cpr_phone_ok(n.phone), t->ok);
		if (t->asked && *t->asked)
			assert_string_equal(n.asked, t->asked);
		if (t->fault && strcmp(t->fault, "tftp-two-answerers") == 0)
			assert_true(n.unreachables > 0);
		/* What a server leased or may have leased is given back, and only that. */
		assert_int_equal(n.releases,
			!t->net.no_dhcp && !t->net.wrong_sums && !t->net.broken_dhcp &&
				!t->net.nak_always && !t->net.duplicate_always);
		/* Nothing of theirs speaks to the terminal. */
		assert_null(strchr(n.said, 27));
		assert_null(strchr(line, 27));
		cpr_phone_free(n.phone);
	}
}

/* In scenario boot, which tests a network, every fault counts. */
static void boot_counts_faults(void **state)
{
	static struct net n;
	struct cpr_phone_config c = {
		.scenario = CPR_SCENARIO_BOOT, .load = "SCCP41.9-4-2SR3-1S"};

	(void)state;
	n = (struct net){.option150 = "0a000001", .xml = XML, .manager = REFUSES};
	net_run(&n, &c);
	assert_false(cpr_phone_ok(n.phone));
	assert_stage(&n, "registering");
	cpr_phone_free(n.phone);
	n = (struct net){.option150 = "0a000001", .xml = XML, .http = SILENT};
	net_run(&n, &c);
	assert_false(cpr_phone_ok(n.phone));
	cpr_phone_free(n.phone);
}

/* Things that go wrong on a good day: the phone comes back without a fault. */
static const struct {
	const char *name;
	struct net net;
} weather[] = {
	{"a block is lost", {.option150 = "0a000001", .lose_data = 2}},
	{"the first block is lost", {.option150 = "0a000001", .lose_data = 1}},
	{"an acknowledgement is lost", {.option150 = "0a000001", .lose_ack = 2}},
	{"the offered address is refused once",
		{.option150 = "0a000001", .nak_once = true}},
	{"the first address is in use",
		{.option150 = "0a000001", .duplicate_once = true}},
	{"150 beats 66 and siaddr", {.option150 = "0a000001",
					    .option66 = SECOND,
					    .siaddr = SECOND,
					    .second = SILENT}},
	{"150 zero: 66", {.option150 = "00000000", .option66 = SERVER, .second = SILENT}},
	{"66 alone", {.option66 = SERVER}},
	{"66 a name in the DNS",
		{.option66 = "tftp.example", .dns_name = "tftp.example."}},
	{"siaddr alone", {.siaddr = SERVER}},
	{"a firewall rejects port 6970 with ICMP",
		{.option150 = "0a000001", .http = REJECTED}},
	{"a gateway", {.option150 = "c0a80a69"}},
	{"every 5th frame is lost", {.option150 = "0a000001", .lose_every = 5}},
	{"every 17th frame is lost", {.option150 = "0a000001", .lose_every = 17}},
};

static void fair(void **state)
{
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set =
		firmware("7961", CPR_FW_INTACT, -1);

	for (size_t i = 0; i < CPR_ARRAY_LEN(weather); i++) {
		struct cpr_phone_config c = {.no_delay = true};
		static struct net n;

		(void)state;
		n = weather[i].net;
		n.set = set;
		n.xml = XML;
		net_run(&n, &c);
		print_message("# %s\n", weather[i].name);
		assert_true(cpr_phone_ok(n.phone));
		assert_int_equal(fault_count(&n), 0);
		assert_int_equal(n.declines, weather[i].net.duplicate_once);
		cpr_phone_free(n.phone);
	}
}

/* 4 s, and three repetitions. */
static void retry_times(void **state)
{
	static struct net n;
	struct cpr_phone_config c = {.no_delay = true};
	uint64_t before;

	(void)state;
	n = (struct net){.option150 = "0a000001", .first = SILENT};
	net_new(&n, &c);
	while (!strstr(n.said, "takes TFTP server"))
		net_turn(&n);
	before = n.now;
	while (!strstr(n.said, "begins again"))
		net_turn(&n);
	assert_in_range(n.now - before, 16000, 16010);
	cpr_phone_free(n.phone);
}

/* Writing 20,000 bytes a second, the phone asks for the next image when the flash is done. */
static void flash_takes_time(void **state)
{
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set =
		firmware("7961", CPR_FW_INTACT, -1);
	const struct cpr_fw_file *jar = cpr_fw_set_file(set, "jar41sccp.9-4-2ES26.sbn");
	static struct net n;
	struct cpr_phone_config c = {.no_delay = true, .flash_rate = 1000};

	(void)state;
	n = (struct net){.option150 = "0a000001", .set = set, .xml = XML};
	net_run(&n, &c);
	assert_true(cpr_phone_ok(n.phone));
	assert_true(n.rrq_at[2] - n.rrq_at[1] >= jar->len);
	cpr_phone_free(n.phone);
}

static void renewal(void **state)
{
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set =
		firmware("7961", CPR_FW_INTACT, -1);
	static struct net n;
	struct cpr_phone_config c = {.no_delay = true, .flash_rate = 500};

	(void)state;
	n = (struct net){.option150 = "0a000001", .set = set, .xml = XML, .lease = 20};
	net_run(&n, &c);
	assert_true(cpr_phone_ok(n.phone));
	assert_true(n.renewals > 0);
	assert_int_equal(fault_count(&n), 0);
	cpr_phone_free(n.phone);
	n = (struct net){.option150 = "0a000001",
		.set = set,
		.xml = XML,
		.lease = 20,
		.other_on_renewal = true};
	net_run(&n, &c);
	assert_true(has_fault(&n, "dhcp-not-renewed-alike"));
	cpr_phone_free(n.phone);
}

/* A NAK clears everything: the phone starts over and comes back. */
static void renewal_refused(void **state)
{
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set =
		firmware("7961", CPR_FW_INTACT, -1);
	static struct net n;
	struct cpr_phone_config c = {.no_delay = true, .flash_rate = 500};

	(void)state;
	n = (struct net){.option150 = "0a000001",
		.set = set,
		.xml = XML,
		.lease = 20,
		.nak_on_renewal = true};
	net_run(&n, &c);
	assert_non_null(strstr(n.said, "refused to renew"));
	assert_true(cpr_phone_ok(n.phone));
	assert_int_equal(fault_count(&n), 0);
	cpr_phone_free(n.phone);
}

/* Whenever it is stopped, the phone gives back what the server may think it has; and it never
 * asks in vain to be woken at once, not even with a lease of a second. */
static void stopped_anywhere(void **state)
{
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set =
		firmware("7961", CPR_FW_INTACT, -1);
	static struct net n;
	struct cpr_phone_config c = {.no_delay = true};
	bool over = false;

	(void)state;
	for (unsigned stop = 1; stop < 400 && !over; stop++) {
		unsigned idle = 0;

		n = (struct net){.option150 = "0a000001",
			.set = set,
			.xml = XML,
			.lease = stop % 2 ? 1 : 600};
		net_new(&n, &c);
		for (unsigned turn = 0; turn < stop && !cpr_phone_over(n.phone); turn++) {
			uint64_t before = n.now;

			net_turn(&n);
			idle = n.now == before ? idle + 1 : 0;
			assert_true(idle < 5);
		}
		over = cpr_phone_over(n.phone);
		cpr_phone_stop(n.phone, "interrupted", n.now);
		assert_int_equal(n.releases, n.requests > 0);
		cpr_phone_free(n.phone);
	}
	assert_true(over);
}

/* It has an address, so it answers for it: ARP, ping, and closed ports. */
static void answers(void **state)
{
	static struct net n;
	struct cpr_phone_config c = {.no_delay = true};
	struct cpr_pen p;
	static const uint8_t everybody[6] = {255, 255, 255, 255, 255, 255};

	(void)state;
	n = (struct net){.option150 = "0a000001", .first = SILENT};
	net_new(&n, &c);
	while (!strstr(n.said, "takes TFTP server"))
		net_turn(&n);
	p = net_pen(&n);
	cpr_frame_arp(&p, 1, everybody, net_mac, net_address(SERVER), (uint8_t[6]){0},
		net_address(PHONE));
	net_push(&n, &p);
	p = net_pen(&n);
	cpr_frame_icmp(&p, n.mac, net_mac, net_address(SERVER), net_address(PHONE), 8, 0,
		0x12340001, "abcdefgh", 8);
	net_push(&n, &p);
	p = cpr_pen_of((uint8_t[4]){0}, 4);
	p.len = 4;
	net_udp(&n, net_address(SERVER), 9999, 9, &p);
	while (n.head != n.tail)
		net_turn(&n);
	assert_int_equal(n.arp_replies, 1);
	assert_int_equal(n.pings, 1);
	assert_int_equal(n.unreachables, 1);
	cpr_phone_stop(n.phone, "interrupted", n.now);
	assert_true(cpr_phone_over(n.phone));
	assert_false(cpr_phone_ok(n.phone));
	assert_int_equal(n.releases, 1);
	cpr_phone_free(n.phone);
}

/* Some bytes of the frame turned over, in a block of its own size for the sanitizer. */
static void spoil(struct net *n, const struct packet *p, uint32_t *r)
{
	_cleanup_(cpr_freep) uint8_t *copy = malloc(p->len);
	size_t cut;

	assert_non_null(copy);
	memcpy(copy, p->bytes, p->len);
	for (unsigned k = 0; k < 3; k++) {
		*r = *r * 1664525 + 1013904223;
		copy[12 + (*r >> 8) % (p->len - 12)] ^= (uint8_t)(*r >> 24);
	}
	cpr_phone_frame(n->phone, copy, p->len, false, ++n->frames, n->now);
	cut = (*r >> 8) % p->len;
	cpr_phone_frame(n->phone, copy + cut, p->len - cut, false, ++n->frames, n->now);
}

/* Whatever comes in, at whatever time: nothing breaks, and it ends. */
static void noise(void **state)
{
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set =
		firmware("7961", CPR_FW_INTACT, -1);
	static struct net n;
	struct cpr_phone_config c = {.no_delay = true};
	unsigned over = 0;

	(void)state;
	for (uint32_t round = 1; round <= 20; round++) {
		uint32_t r = round;

		n = (struct net){.option150 = "0a000001",
			.set = set,
			.xml = XML,
			.option66 = "tftp.example",
			.dns_name = "tftp.example."};
		if (round % 2)
			n.option150 = "";
		net_new(&n, &c);
		for (unsigned turn = 0; turn < 3000 && !cpr_phone_over(n.phone); turn++) {
			if (n.head != n.tail && turn % 3 == 0)
				spoil(&n, &n.queue[n.head % 64], &r);
			if (!cpr_phone_over(n.phone))
				net_turn(&n);
		}
		over += cpr_phone_over(n.phone);
		cpr_phone_stop(n.phone, "interrupted", n.now);
		assert_true(cpr_phone_over(n.phone));
		cpr_phone_free(n.phone);
	}
	print_message("# %u of 20 came to an end by themselves\n", over);
	assert_true(over > 10);
}

static void only_what_is_known(void **state)
{
	struct cpr_phone *p = NULL;
	struct cpr_phone_host host = {NULL, net_send, NULL};
	struct cpr_phone_config c = {.model = cpr_model_by_name("8961")};

	(void)state;
	assert_true(cpr_phone_plays(cpr_model_by_name("7975")));
	assert_true(cpr_phone_plays(cpr_model_by_name("7940")));
	assert_false(cpr_phone_plays(cpr_model_by_name("8961")));
	assert_false(cpr_phone_plays(NULL));
	assert_int_equal(cpr_phone_new(&p, &c, &host, 0), -ENOTSUP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(discover_bytes),
		cmocka_unit_test(start_delay),
		cmocka_unit_test(recovery_7961),
		cmocka_unit_test(recovery_7960),
		cmocka_unit_test(universal_without_list),
		cmocka_unit_test(load_differs),
		cmocka_unit_test(trouble),
		cmocka_unit_test(boot_counts_faults),
		cmocka_unit_test(fair),
		cmocka_unit_test(retry_times),
		cmocka_unit_test(flash_takes_time),
		cmocka_unit_test(renewal),
		cmocka_unit_test(renewal_refused),
		cmocka_unit_test(stopped_anywhere),
		cmocka_unit_test(answers),
		cmocka_unit_test(noise),
		cmocka_unit_test(only_what_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
