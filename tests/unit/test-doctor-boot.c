/* What a phone makes of what it was given: lists, images, trust, configuration, calls. */
#include "doctor-files.h"

#include "engine/facts.h"
#include "firmware.h"
#include "inspect.h"
#include "plan.h"

#define LOADS "SCCP41.9-4-2SR3-1S.loads"

static void kinds_of_names(void **state)
{
	static const struct {
		const char *name;
		enum cpr_file_kind kind;
	} rows[] = {
		{"term61.default.loads", CPR_FILE_RECOVERY},
		{"TERM41.default.loads", CPR_FILE_RECOVERY},
		{"termZZ.default.loads", CPR_FILE_RECOVERY},
		{"OS79XX.TXT", CPR_FILE_RECOVERY},
		{LOADS, CPR_FILE_LIST},
		{"SIP41.9-4-2SR3-1S.loads", CPR_FILE_LIST},
		{"unheard-of.loads", CPR_FILE_LIST},
		{JAR, CPR_FILE_IMAGE},
		{"Jar11sip.8-2-2ES4.sbn", CPR_FILE_IMAGE},
		{"P0S3-8-12-00.sb2", CPR_FILE_IMAGE},
		{"CTLSEP001B54AABBCC.tlv", CPR_FILE_TRUST},
		{"ITLFile.tlv", CPR_FILE_TRUST},
		{"SEP001B54AABBCC.cnf.xml.sgn", CPR_FILE_TRUST},
		{"SEP001B54AABBCC.cnf.xml.enc.sgn", CPR_FILE_TRUST},
		{"SEP001B54AABBCC.cnf.xml", CPR_FILE_CONFIG},
		{"SIP001B54AABBCC.cnf", CPR_FILE_CONFIG},
		{"SIPDefault.cnf", CPR_FILE_CONFIG},
		{"XMLDefault.cnf.xml", CPR_FILE_XMLDEFAULT},
		{"mk-sip.jar", CPR_FILE_OTHER},
		{"dialplan.xml", CPR_FILE_OTHER},
		{"ldlinux.c32", CPR_FILE_OTHER},
		{"", CPR_FILE_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		if (cpr_file_kind(rows[i].name) != rows[i].kind)
			fail_msg("%s: %d", rows[i].name, cpr_file_kind(rows[i].name));
	}
}

static void list_refused(void **state)
{
	static const struct {
		const char *name, *file;
		enum cpr_fw_defect defect;
		int pause_ms;
		bool boots; /* between */
		const char *words;
	} rows[] = {
		{"renamed", TERM, CPR_FW_INNER_NAME, 90000, false, "it was renamed"},
		{"renamed, and the phone boots", TERM, CPR_FW_INNER_NAME, 90000, true,
			"it was renamed"},
		{"sound, the phone says no", TERM, CPR_FW_INTACT, 90000, false,
			"no capture shows"},
	};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		_cleanup_(cpr_verdicts_clear) struct cpr_verdicts v = {0};
		struct story s = story_begin_with(NULL, rows[i].defect);

		print_message("%s\n", rows[i].name);
		story_lease(&s);
		story_fetch_own(&s, rows[i].file);
		assert_int_equal(s.ever, 0);
		story_wait(&s, (unsigned)rows[i].pause_ms);
		if (rows[i].boots)
			story_lease(&s);
		story_fetch_own(&s, rows[i].file);
		assert_string_equal(wire_faults(&s.w), "loads-refused");
		assert_true(wire_says(&s.w, rows[i].words));
		/* Its requests for images may be what was lost; the list's bytes stay proof. */
		cpr_doctor_lost(s.w.d, 1);
		cpr_doctor_judge(s.w.d, s.w.p, &v);
		assert_int_equal(v.n, 1);
		assert_int_equal(v.row[0].incomplete, rows[i].defect == CPR_FW_INTACT);
		story_end(&s);
	}
}

/* The list lost a block on its way to the capture: nothing is said of its bytes. */
static void list_not_all_seen(void **state)
{
	struct story s = story_begin_with(NULL, CPR_FW_INNER_NAME);
	const struct cpr_fw_file *f = cpr_fw_set_file(s.set, TERM);

	(void)state;
	story_lease(&s);
	story_ask(&s, TERM);
	story_ack(&s, 1);
	story_data(&s, 2, f->data + 512, f->len - 512);
	story_ack(&s, 2);
	assert_int_equal(story_file(&s, TERM)->state, CPR_FILE_COMPLETE);
	assert_string_equal(story_file(&s, TERM)->judged, "");
	assert_null(s.w.d->phone[0]->list);
	story_end(&s);
}

/* A phone that runs firmware asks for its list at each boot and takes nothing, since all of it
 * is in its flash; and calls its call manager, or the capture holds no TCP. */
static void list_in_flash(void **state)
{
	struct story s = story_begin();

	(void)state;
	s.w.healthy = true;
	for (int i = 0; i < 3; i++) {
		story_lease(&s);
		story_boot_files(&s);
		story_fetch_own(&s, LOADS);
		if (i == 1)
			wire_tcp(&s.w, s.phone, 50000, s.server, 2000, CPR_TCP_SYN);
		story_wait(&s, 600000);
	}
	story_end(&s);
}

/* An upgrade whose list is another load's. */
static void list_of_an_upgrade(void **state)
{
	struct story s = story_begin_with(NULL, CPR_FW_INNER_NAME);

	(void)state;
	story_lease(&s);
	story_boot_files(&s);
	story_xmldefault(&s,
		"<loadInformation30018>SCCP41.9-4-2SR3-1S</loadInformation30018>",
		WIRE_SECOND);
	story_fetch_own(&s, LOADS);
	assert_int_equal(s.ever, 0);
	wire_tcp(&s.w, s.phone, 50000, WIRE_SECOND, 2000, CPR_TCP_SYN);
	assert_string_equal(wire_faults(&s.w), "loads-refused");
	story_end(&s);
}

static void image_refused(void **state)
{
	static const struct {
		const char *name;
		enum cpr_fw_defect defect;
		bool boots;
		const char *words;
	} rows[] = {
		{"truncated", CPR_FW_TRUNCATED, false, "truncated or padded"},
		{"truncated, and the phone boots", CPR_FW_TRUNCATED, true,
			"truncated or padded"},
		{"sound, the phone says no", CPR_FW_INTACT, false, "no capture shows"},
		{"all there, and it boots into recovery again", CPR_FW_INTACT, true,
			"no capture shows"},
	};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		struct story s = story_begin_with(NULL, rows[i].defect);

		print_message("%s\n", rows[i].name);
		story_lease(&s);
		story_fetch_own(&s, TERM);
		story_images(&s);
		assert_int_equal(s.ever, 0);
		story_wait(&s, 90000);
		if (rows[i].boots)
			story_lease(&s);
		story_fetch_own(&s, TERM);
		assert_string_equal(wire_faults(&s.w), "image-refused");
		assert_true(wire_says(&s.w, rows[i].words));
		story_end(&s);
	}
}

/* Unplugged between two images, once; then it comes back. */
static void unplugged(void **state)
{
	struct story s = story_begin();
	struct cpr_doctor_phone *p;

	(void)state;
	s.w.healthy = true;
	p = story_lease(&s);
	story_fetch_own(&s, TERM);
	story_fetch_own(&s, JAR);
	story_wait(&s, 30000);
	story_lease(&s);
	assert_int_equal(p->stage, CPR_STAGE_DHCP);
	story_fetch_own(&s, TERM);
	story_images(&s);
	assert_true(p->flashed);
	story_lease(&s);
	story_boot_files(&s);
	/* And is wiped once more, years later. */
	story_lease(&s);
	story_fetch_own(&s, TERM);
	story_images(&s);
	story_end(&s);
}

/* The same image last, again and again, and nothing in its bytes to say why; of the second phone
 * a request and the transfer of another image were not captured. */
static void image_refused_in_silence(void **state)
{
	struct story s = story_begin();

	(void)state;
	story_lease(&s);
	for (int i = 0; i < 3; i++) {
		story_fetch_own(&s, TERM);
		story_fetch_own(&s, JAR);
		story_wait(&s, 90000);
		if (i < 2)
			assert_int_equal(s.ever, 0);
	}
	assert_string_equal(wire_faults(&s.w), "image-refused");
	story_end(&s);

	s = story_begin();
	story_lease(&s);
	for (int i = 0; i < 4; i++) {
		story_fetch_own(&s, TERM);
		if (i % 2)
			story_fetch_own(&s, JAR);
		s.port += 2;
		story_ack(&s, 1);
		story_wait(&s, 90000);
	}
	assert_string_equal(wire_faults(&s.w), "");
	story_end(&s);
}

/* A missing image is the cause, not what the phone makes of the others. */
static void missing_image_loop(void **state)
{
	struct story s = story_begin();

	(void)state;
	story_lease(&s);
	for (int i = 0; i < 3; i++) {
		story_fetch_own(&s, TERM);
		story_missing(&s, JAR);
		story_fetch_own(&s, CNU);
		story_wait(&s, 90000);
	}
	assert_string_equal(wire_faults(&s.w), "tftp-file-missing");
	assert_true(wire_says(&s.w, "3 times"));
	story_end(&s);
}

/* The bytes of option 60 are not this test's matter. */
static void lease_7960(struct story *s)
{
	story_lease(s)->model = cpr_model_by_name("7960");
}

static void a_7940(void **state)
{
	struct story s = story_begin();

	(void)state;
	s.w.healthy = true;
	lease_7960(&s);
	story_fetch(&s, "OS79XX.TXT", "P0030801SR02\r\n", 14);
	story_missing(&s, "P0030801SR02.loads");
	story_fetch(&s, "P0030801SR02.bin", "not signed, as all of them", 26);
	/* It asks for this file at each boot, whatever it runs. */
	lease_7960(&s);
	story_fetch(&s, "OS79XX.TXT", "P0030801SR02\r\n", 14);
	story_boot_files(&s);
	lease_7960(&s);
	story_fetch(&s, "OS79XX.TXT", "P0030801SR02\r\n", 14);
	story_end(&s);

	s = story_begin();
	lease_7960(&s);
	for (int i = 0; i < 3; i++) {
		story_fetch(&s, "OS79XX.TXT", "P0030801SR02\r\n", 14);
		story_fetch(&s, "P0030801SR02.bin", "not signed, as all of them", 26);
		lease_7960(&s);
	}
	assert_string_equal(wire_faults(&s.w), "image-refused");
	story_end(&s);
}

static void trust(void **state)
{
	static const struct {
		const char *name;
		bool boots, signed_config, delivered;
		const char *faults;
	} rows[] = {
		{"asks for the lists alone", false, false, false, "trust-list-blocks"},
		{"and boots", true, false, false, "trust-list-blocks"},
		{"wants its configuration signed", true, true, false,
			"trust-list-blocks"},
		{"gets it signed", true, true, true, ""},
	};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		struct story s = story_begin();

		print_message("%s\n", rows[i].name);
		for (int round = 0; round < 2; round++) {
			if (!round || rows[i].boots)
				story_lease(&s);
			story_missing(&s, "CTLSEP001B54AABBCC.tlv");
			story_missing(&s, "ITLSEP001B54AABBCC.tlv");
			story_missing(&s, "ITLFile.tlv");
			if (rows[i].delivered)
				story_fetch(&s, "SEP001B54AABBCC.cnf.xml.sgn", NULL, 900);
			else if (rows[i].signed_config)
				story_missing(&s, "SEP001B54AABBCC.cnf.xml.sgn");
			if (!round)
				assert_int_equal(s.ever, 0);
			story_wait(&s, 2000);
		}
		assert_string_equal(wire_faults(&s.w), rows[i].faults);
		story_end(&s);
	}
}

/* Each packet of a healthy boot, with the second server asked for what the first does not have. */
static void trust_of_two_servers(void **state)
{
	struct story s = story_begin();

	(void)state;
	s.w.healthy = true;
	story_lease(&s);
	story_missing(&s, "CTLSEP001B54AABBCC.tlv");
	s.server = WIRE_SECOND;
	story_missing(&s, "CTLSEP001B54AABBCC.tlv");
	story_missing(&s, "SEP001B54AABBCC.cnf.xml");
	story_end(&s);
}

static void trust_without_answer(void **state)
{
	struct story s = story_begin();

	(void)state;
	story_lease(&s);
	for (int i = 0; i < 2; i++) {
		story_ask(&s, "CTLSEP001B54AABBCC.tlv");
		for (int k = 0; k < 3; k++) {
			story_wait(&s, 4000);
			story_again(&s, "CTLSEP001B54AABBCC.tlv");
		}
		story_wait(&s, 4000);
	}
	assert_string_equal(wire_faults(&s.w), "tftp-no-answer");
	story_end(&s);
}

static void configuration(void **state)
{
	static const struct {
		const char *name, *load, *faults;
	} rows[] = {
		{"its load", "<loadInformation30018>X</loadInformation30018>", ""},
		{"another model's", "<loadInformation115>X</loadInformation115>",
			"xmldefault-no-load"},
		{"none", "", "xmldefault-no-load"},
		{"no XML", "<", "xmldefault-missing"},
	};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		struct story s = story_begin();

		print_message("%s\n", rows[i].name);
		story_lease(&s);
		story_boot_files(&s);
		story_xmldefault(&s, rows[i].load, WIRE_SECOND);
		assert_string_equal(wire_faults(&s.w), rows[i].faults);
		story_end(&s);
	}
}

/* Of a phone whose model is not known nothing is said about its load. */
static void configuration_of_an_unknown_model(void **state)
{
	struct story s = story_begin();

	(void)state;
	story_ask(&s, "SEP001B54AABBCC.cnf.xml");
	story_error(&s, false, 1, "File not found");
	story_xmldefault(&s, "", WIRE_SECOND);
	assert_int_equal(s.w.d->phone_n, 1);
	assert_string_equal(wire_faults(&s.w), "");
	story_end(&s);
}

static void http_first(void **state)
{
	static const struct {
		const char *name;
		unsigned syns;
		enum {
			SILENCE,
			RST,
			OPEN,
			ICMP
		} answer;
		const char *faults;
	} rows[] = {
		{"dropped", 3, SILENCE, "http-6970-dropped"},
		{"refused", 1, RST, ""},
		{"rejected by a firewall", 1, ICMP, ""},
		{"open", 1, OPEN, ""},
		{"one lost, then refused", 2, RST, ""},
		{"one unanswered alone", 1, SILENCE, ""},
	};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		struct story s = story_begin();

		print_message("%s\n", rows[i].name);
		story_lease(&s);
		for (int file = 0; file < 2; file++) {
			uint16_t port = (uint16_t)(51000 + file);

			for (unsigned k = 0; k < rows[i].syns; k++) {
				wire_tcp(
					&s.w, s.phone, port, s.server, 6970, CPR_TCP_SYN);
				story_note(&s);
				story_wait(&s, 1000);
			}
			if (rows[i].answer == RST)
				wire_tcp(&s.w, s.server, 6970, s.phone, port,
					CPR_TCP_RST | CPR_TCP_ACK);
			if (rows[i].answer == OPEN)
				wire_tcp(&s.w, s.server, 6970, s.phone, port,
					CPR_TCP_SYN | CPR_TCP_ACK);
			if (rows[i].answer == ICMP) {
				struct cpr_quote q = {.protocol = IPPROTO_TCP,
					.source = wire_ip(s.phone),
					.target = wire_ip(s.server),
					.source_port = port,
					.target_port = 6970};
				struct cpr_packet k = {.number = s.w.number};

				assert_true(cpr_call_unreachable(
					s.w.d, s.w.d->phone[0], &k, &q));
			}
			story_missing(&s, "CTLSEP001B54AABBCC.tlv");
			story_missing(&s, "SEP001B54AABBCC.cnf.xml");
		}
		assert_string_equal(wire_faults(&s.w), rows[i].faults);
		story_end(&s);
	}
}

static void call_manager(void **state)
{
	static const struct {
		const char *name;
		unsigned syns, gap_ms, resets;
		bool answered;
		const char *faults;
		enum cpr_stage stage;
	} rows[] = {
		{"answers", 1, 0, 0, true, "", CPR_STAGE_RECOVERED},
		{"answers the second", 2, 1000, 0, true, "", CPR_STAGE_RECOVERED},
		{"is silent", 4, 1000, 0, false, "call-manager-unreachable",
			CPR_STAGE_REGISTERING},
		{"is silent, each seen twice", 2, 1, 0, false, "", CPR_STAGE_REGISTERING},
		{"refuses", 1, 0, 2, false, "call-manager-unreachable",
			CPR_STAGE_REGISTERING},
		{"refused once, while it started", 1, 0, 1, true, "",
			CPR_STAGE_RECOVERED},
	};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		struct story s = story_begin();
		uint16_t port = 52000;

		print_message("%s\n", rows[i].name);
		story_lease(&s);
		for (unsigned k = 0; k < rows[i].resets; k++) {
			wire_tcp(&s.w, s.phone, ++port, WIRE_SECOND, 2000, CPR_TCP_SYN);
			story_note(&s);
			wire_tcp(&s.w, WIRE_SECOND, 2000, s.phone, port,
				CPR_TCP_RST | CPR_TCP_ACK);
			story_note(&s);
			story_wait(&s, 5000);
		}
		port++;
		for (unsigned k = 0;
			k < rows[i].syns && (rows[i].answered || !rows[i].resets); k++) {
			wire_tcp(&s.w, s.phone, port, WIRE_SECOND, 2000, CPR_TCP_SYN);
			story_note(&s);
			story_wait(&s, rows[i].gap_ms);
		}
		if (rows[i].answered)
			wire_tcp(&s.w, WIRE_SECOND, 2000, s.phone, port,
				CPR_TCP_SYN | CPR_TCP_ACK);
		assert_int_equal(s.w.d->phone[0]->stage, rows[i].stage);
		assert_string_equal(wire_faults(&s.w), rows[i].faults);
		story_end(&s);
	}
}

/* A connection that is closed later refuses nothing; nor does a registration that is renewed
 * and whose answers go another way. */
static void not_refused(void **state)
{
	static const char request[] = "REGISTER sip:10.0.0.2 SIP/2.0\r\n";
	struct story s = story_begin();

	(void)state;
	s.w.healthy = true;
	story_lease(&s);
	wire_tcp(&s.w, s.phone, 52000, WIRE_SECOND, 2000, CPR_TCP_SYN);
	wire_tcp(&s.w, WIRE_SECOND, 2000, s.phone, 52000, CPR_TCP_SYN | CPR_TCP_ACK);
	for (int i = 0; i < 5; i++) {
		story_wait(&s, 100000);
		wire_tcp(&s.w, WIRE_SECOND, 2000, s.phone, 52000, CPR_TCP_RST);
		wire_udp(&s.w, s.phone, 5060, WIRE_SECOND, 5060, request,
			sizeof(request) - 1);
	}
	story_end(&s);
}

static void sip(void **state)
{
	static const char request[] = "REGISTER sip:10.0.0.2 SIP/2.0\r\n",
			  answer[] = "SIP/2.0 401 Unauthorized\r\n";
	struct story s = story_begin();
	struct cpr_doctor_phone *p = story_lease(&s);

	(void)state;
	for (unsigned wait = 500; wait < 5000; wait *= 2) {
		wire_udp(&s.w, s.phone, 5060, WIRE_SECOND, 5060, request,
			sizeof(request) - 1);
		story_note(&s);
		story_wait(&s, wait);
	}
	assert_string_equal(wire_faults(&s.w), "call-manager-unreachable");
	assert_true(wire_says(&s.w, "UDP port 5060"));
	assert_int_equal(p->stage, CPR_STAGE_REGISTERING);
	wire_udp(&s.w, WIRE_SECOND, 5060, s.phone, 5060, answer, sizeof(answer) - 1);
	assert_int_equal(p->stage, CPR_STAGE_RECOVERED);
	story_end(&s);
}

/* No call manager is there to call: half a minute of silence after the configuration is enough,
 * of a phone that was brought back. */
static void back_quietly(void **state)
{
	struct story s = story_begin();
	struct cpr_doctor_phone *p = story_lease(&s);

	(void)state;
	story_fetch_own(&s, TERM);
	story_images(&s);
	cpr_doctor_tick(s.w.d, s.w.now_us + 60000000);
	assert_int_equal(p->stage, CPR_STAGE_REBOOTING);
	story_wait(&s, 61000);
	story_lease(&s);
	story_boot_files(&s);
	cpr_doctor_tick(s.w.d, s.w.now_us + 31000000);
	assert_int_equal(p->stage, CPR_STAGE_CONFIG);
	story_wait(&s, 32000);
	story_xmldefault(
		&s, "<loadInformation30018>X</loadInformation30018>", WIRE_SECOND);
	cpr_doctor_tick(s.w.d, s.w.now_us + 29000000);
	assert_false(p->recovered);
	cpr_doctor_tick(s.w.d, s.w.now_us + 30000000);
	assert_int_equal(p->stage, CPR_STAGE_RECOVERED);
	assert_true(p->recovered);
	story_end(&s);
}

/* XMLDefault names another load than the term file gave: one more round, and no loop. */
static void another_load(void **state)
{
	struct story s = story_begin(), t = story_begin();
	struct cpr_fw_request request = {.model = "7961",
		.protocol = CPR_SCCP,
		.version = "8-5-2S",
		.hardware_mask = -1,
		.seed = 9};
	struct cpr_errors e = {0};
	struct cpr_doctor_phone *p;

	(void)state;
	s.w.healthy = true;
	p = story_lease(&s);
	story_fetch_own(&s, TERM);
	story_images(&s);
	story_lease(&s);
	story_boot_files(&s);
	cpr_fw_set_free(s.set);
	assert_int_equal(cpr_fw_set_new(&s.set, &request, &e), 0);
	story_xmldefault(&s, "<loadInformation30018>SCCP41.8-5-2S</loadInformation30018>",
		WIRE_SECOND);
	story_fetch_own(&s, "SCCP41.8-5-2S.loads");
	story_images(&s);
	story_lease(&s);
	assert_int_equal(p->stage, CPR_STAGE_REBOOTING);
	assert_true(p->flashed && p->rebooted);
	story_boot_files(&s);
	story_xmldefault(&s, "<loadInformation30018>SCCP41.8-5-2S</loadInformation30018>",
		WIRE_SECOND);
	wire_tcp(&s.w, s.phone, 52000, WIRE_SECOND, 2000, CPR_TCP_SYN);
	wire_tcp(&s.w, WIRE_SECOND, 2000, s.phone, 52000, CPR_TCP_SYN | CPR_TCP_ACK);
	assert_true(p->recovered);
	cpr_errors_clear(&e);
	story_end(&s);
	story_end(&t);
}

/* What the site's own folder holds tells more than the wire. */
static void with_a_plan(void **state)
{
	struct cpr_inspect inspect = {.size = 4711, .kind = CPR_KIND_IMAGE};
	struct cpr_file files[] = {
		{.name = CNU, .inspect = &inspect},
		{.name = "jar41sccp.9-4-2es26.sbn", .inspect = &inspect},
	};
	struct cpr_firmware firmware = {
		.root = (char[]){"/srv/tftp"}, .file = files, .file_n = 2};
	struct cpr_plan plan = {.firmware = &firmware};
	struct cpr_doctor_config config = {.plan = &plan};
	struct story s = story_begin_with(&config, CPR_FW_INTACT);

	(void)state;
	story_lease(&s);
	story_missing(&s, CNU);
	assert_string_equal(wire_faults(&s.w), "tftp-file-missing");
	assert_true(wire_says(&s.w, "it lies in /srv/tftp with 4711 bytes"));
	story_ask(&s, CNU);
	assert_int_equal(story_file(&s, CNU)->size, 4711);
	story_end(&s);

	s = story_begin_with(&config, CPR_FW_INTACT);
	story_lease(&s);
	story_missing(&s, JAR);
	assert_string_equal(wire_faults(&s.w), "tftp-file-case");
	assert_true(wire_says(&s.w, "ln -s jar41sccp.9-4-2es26.sbn " JAR));
	story_end(&s);

	s = story_begin_with(&config, CPR_FW_INTACT);
	story_lease(&s);
	story_missing(&s, "Dsp41.9-4-2ES26.sbn");
	assert_string_equal(wire_faults(&s.w), "tftp-file-missing");
	assert_true(wire_says(&s.w, "it is not in /srv/tftp either"));
	story_end(&s);
}

/* Lists, images and configurations with bytes changed: whatever they say, each is read within
 * its bounds. */
static void damaged_files(void **state)
{
	static const char *const names[] = {TERM, LOADS, JAR, CNU};
	struct cpr_fw_random r = {.state = 3};

	(void)state;
	for (unsigned round = 0; round < 40; round++) {
		struct story s = story_begin();

		story_lease(&s);
		for (size_t i = 0; i < CPR_ARRAY_LEN(names); i++) {
			const struct cpr_fw_file *f = cpr_fw_set_file(s.set, names[i]);
			_cleanup_(cpr_buf_free) struct cpr_buf bytes = {0};
			size_t len = cpr_fw_random(&r) % 3 ? f->len
							   : cpr_fw_random(&r) % f->len;

			cpr_buf_add(&bytes, f->data, len);
			for (unsigned k = cpr_fw_random(&r) % 20; k && len; k--)
				bytes.data[cpr_fw_random(&r) % (len < 700 ? len : 700)] =
					(char)cpr_fw_random(&r);
			story_fetch(&s, names[i], bytes.data, len);
		}
		wire_faults(&s.w);
		wire_end(&s.w);
		cpr_fw_set_free(s.set);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_of_names),
		cmocka_unit_test(list_refused),
		cmocka_unit_test(list_not_all_seen),
		cmocka_unit_test(list_in_flash),
		cmocka_unit_test(list_of_an_upgrade),
		cmocka_unit_test(image_refused),
		cmocka_unit_test(image_refused_in_silence),
		cmocka_unit_test(unplugged),
		cmocka_unit_test(missing_image_loop),
		cmocka_unit_test(a_7940),
		cmocka_unit_test(trust),
		cmocka_unit_test(trust_of_two_servers),
		cmocka_unit_test(trust_without_answer),
		cmocka_unit_test(configuration),
		cmocka_unit_test(configuration_of_an_unknown_model),
		cmocka_unit_test(http_first),
		cmocka_unit_test(call_manager),
		cmocka_unit_test(not_refused),
		cmocka_unit_test(sip),
		cmocka_unit_test(back_quietly),
		cmocka_unit_test(another_load),
		cmocka_unit_test(with_a_plan),
		cmocka_unit_test(damaged_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
