/* TFTP on the wire: transfers told apart, and what goes wrong in them. */
#include "doctor-files.h"

#include "engine/facts.h"

/* From the address to the call manager's answer, after each packet no fault. */
static void recovers(void **state)
{
	struct story s = story_begin();
	struct cpr_doctor_phone *p;

	(void)state;
	s.w.healthy = true;
	p = story_lease(&s);
	assert_int_equal(p->stage, CPR_STAGE_DHCP);
	story_ask(&s, TERM);
	assert_int_equal(p->stage, CPR_STAGE_TFTP);
	story_deliver(&s, cpr_fw_set_file(s.set, TERM)->data,
		cpr_fw_set_file(s.set, TERM)->len);
	assert_int_equal(p->stage, CPR_STAGE_LOADS);
	assert_non_null(p->list);
	assert_string_equal(story_file(&s, TERM)->judged, "");
	story_images(&s);
	assert_int_equal(p->stage, CPR_STAGE_REBOOTING);
	assert_true(p->flashed);
	assert_false(p->rebooted);
	assert_int_equal(story_file(&s, JAR)->size, cpr_fw_set_file(s.set, JAR)->len);
	assert_string_equal(story_file(&s, JAR)->judged, "");
	story_wait(&s, 60000);
	story_lease(&s);
	assert_true(p->rebooted);
	assert_int_equal(p->stage, CPR_STAGE_REBOOTING);
	story_boot_files(&s);
	assert_int_equal(p->stage, CPR_STAGE_CONFIG);
	story_xmldefault(&s,
		"<loadInformation30018>SCCP41.9-4-2SR3-1S</loadInformation30018>",
		WIRE_SECOND);
	assert_true(p->xmldefault_seen && p->xmldefault_load);
	assert_string_equal(p->wanted, "SCCP41.9-4-2SR3-1S");
	assert_string_equal(p->call_manager, WIRE_SECOND);
	/* The images of this list are in the flash already. */
	story_fetch_own(&s, "SCCP41.9-4-2SR3-1S.loads");
	wire_tcp(&s.w, s.phone, 49999, WIRE_SECOND, 2000, CPR_TCP_SYN);
	assert_int_equal(p->stage, CPR_STAGE_REGISTERING);
	assert_false(p->recovered);
	wire_tcp(&s.w, WIRE_SECOND, 2000, s.phone, 49999, CPR_TCP_SYN | CPR_TCP_ACK);
	assert_int_equal(p->stage, CPR_STAGE_RECOVERED);
	assert_true(p->recovered);
	/* The next boot. */
	story_wait(&s, 100000);
	story_lease(&s);
	story_boot_files(&s);
	assert_true(p->recovered);
	assert_int_equal(s.ever, 0);
	story_end(&s);
}

/* Nobody in this capture asked for the file that comes. */
static void begins_in_the_middle(void **state)
{
	struct story s = story_begin();

	(void)state;
	s.w.healthy = true;
	for (uint16_t block = 900; block < 950; block++) {
		story_data(&s, block, NULL, 512);
		story_ack(&s, block);
	}
	story_data(&s, 950, NULL, 100);
	story_error(&s, true, 3, "Disk full");
	assert_int_equal(cpr_doctor_phones(s.w.d), 0);
	story_lease(&s);
	story_data(&s, 951, NULL, 512);
	story_error(&s, false, 0, "timeout");
	assert_int_equal(s.w.d->phone[0]->file_n, 0);
	story_end(&s);
}

/* Phones that only asked for files; the second one behind the same router shows that the MAC of
 * the first was none of its own. */
static void phones_without_dhcp(void **state)
{
	struct story s = story_begin();
	struct cpr_doctor_phone *a, *b;

	(void)state;
	story_ask(&s, "XMLDefault.cnf.xml"); /* as a probe of the server does */
	story_ask(&s, "ldlinux.c32");
	assert_int_equal(cpr_doctor_phones(s.w.d), 0);
	story_ask(&s, "term06.default.loads");
	a = s.w.p;
	assert_non_null(a);
	assert_memory_equal(a->mac, s.w.mac, 6);
	assert_string_equal(a->model->model, "7906");
	assert_string_equal(a->model_from, "term file");
	s.phone = "10.0.0.51";
	story_ask(&s, "term41.default.loads");
	b = s.w.p;
	assert_ptr_not_equal(a, b);
	assert_memory_equal(a->mac, ((uint8_t[6]){0}), 6);
	assert_memory_equal(b->mac, ((uint8_t[6]){0}), 6);
	assert_null(b->model); /* the 7941G-GE asks for the same */
	assert_int_equal(cpr_phone_family(b), CPR_FAMILY_79X1);
	story_ask(&s, "CTLSEP001B54AABBDD.tlv");
	assert_ptr_equal(s.w.p, b);
	assert_memory_equal(b->mac, ((uint8_t[6]){0, 0x1b, 0x54, 0xaa, 0xbb, 0xdd}), 6);
	/* Under its name it is known at another address. */
	s.phone = "10.0.0.52";
	story_ask(&s, "SEP001B54AABBDD.cnf.xml");
	assert_ptr_equal(s.w.p, b);
	assert_int_equal(b->ip.s_addr, wire_ip("10.0.0.52").s_addr);
	assert_int_equal(cpr_doctor_phones(s.w.d), 2);
	story_end(&s);
}

/* An administrator tries what a phone would get, from the server itself. */
static void somebody_tries(void **state)
{
	struct story s = story_begin();
	struct cpr_doctor_phone *p = story_lease(&s);

	(void)state;
	s.phone = WIRE_SECOND;
	story_ask(&s, "SEP001B54AABBCC.cnf.xml");
	assert_null(s.w.p);
	assert_int_equal(p->file_n, 0);
	assert_int_equal(p->ip.s_addr, wire_ip(WIRE_PHONE).s_addr);
	story_end(&s);
}

static void blocks_wrap(void **state)
{
	struct story s = story_begin();
	struct cpr_doctor_file *f;
	uint64_t block;

	(void)state;
	story_lease(&s);
	story_ask(&s, "rootfs78xx.11-0-1-11.sbn");
	for (block = 1; block < 70000; block++) {
		uint8_t bytes[516] = {
			0, CPR_TFTP_DATA, (uint8_t)(block >> 8), (uint8_t)block};

		wire_udp(&s.w, s.server, s.answer, s.phone, s.port, bytes, 516);
		bytes[1] = CPR_TFTP_ACK;
		wire_udp(&s.w, s.phone, s.port, s.server, s.answer, bytes, 4);
	}
	story_data(&s, (uint16_t)block, NULL, 10);
	story_ack(&s, (uint16_t)block);
	f = story_file(&s, "rootfs78xx.11-0-1-11.sbn");
	assert_int_equal(f->state, CPR_FILE_COMPLETE);
	assert_int_equal(f->block, 70000);
	assert_int_equal(f->size, 69999 * 512 + 10);
	assert_string_equal(wire_faults(&s.w), "");
	story_end(&s);
}

/* At 65,535 one of the two does not go on. */
static void blocks_end(void **state)
{
	static const struct {
		bool error;
	} rows[] = {{false}, {true}};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		struct story s = story_begin();

		story_lease(&s);
		story_ask(&s, "rootfs78xx.11-0-1-11.sbn");
		for (uint32_t block = 1; block <= 65535; block++) {
			uint8_t bytes[516] = {
				0, CPR_TFTP_DATA, (uint8_t)(block >> 8), (uint8_t)block};

			wire_udp(&s.w, s.server, s.answer, s.phone, s.port, bytes, 516);
			bytes[1] = CPR_TFTP_ACK;
			wire_udp(&s.w, s.phone, s.port, s.server, s.answer, bytes, 4);
		}
		story_note(&s);
		assert_int_equal(s.ever, 0);
		if (rows[i].error) {
			story_error(&s, false, 0, "file too big");
		} else {
			for (int k = 0; k < 3; k++) {
				story_wait(&s, 4000);
				story_ack(&s, 65535);
			}
			story_wait(&s, 4000);
			story_ask(&s, "rootfs78xx.11-0-1-11.sbn");
		}
		assert_string_equal(wire_faults(&s.w), "tftp-block-wrap");
		assert_true(wire_says(&s.w, "33553920"));
		story_end(&s);
	}
}

static void options(void **state)
{
	static const uint8_t rrq[] = "\0\1rootfs78xx.11-0-1-11.sbn\0octet\0"
				     "blksize\0001400\0tsize\0000",
			     oack[] = "\0\6blksize\0001400\0tsize\0003000";
	struct story s = story_begin();
	struct cpr_doctor_file *f;

	(void)state;
	story_lease(&s);
	wire_udp(&s.w, s.phone, s.port, s.server, 69, rrq, sizeof(rrq));
	story_down(&s, oack, sizeof(oack));
	story_ack(&s, 0);
	f = story_file(&s, "rootfs78xx.11-0-1-11.sbn");
	assert_true(f->options);
	assert_int_equal(f->block_size, 1400);
	assert_int_equal(f->size, 3000);
	assert_int_equal(f->unanswered.n, 0);
	story_data(&s, 1, NULL, 1400);
	story_ack(&s, 1);
	story_data(&s, 2, NULL, 1400);
	story_ack(&s, 2);
	assert_int_equal(f->bytes, 2800);
	story_data(&s, 3, NULL, 200);
	story_ack(&s, 3);
	assert_int_equal(f->state, CPR_FILE_COMPLETE);
	/* Asks for the size alone: a client's right. */
	s.port++;
	wire_udp(&s.w, s.phone, s.port, s.server, 69, rrq, sizeof(rrq));
	story_down(&s, oack, sizeof(oack));
	story_error(&s, true, 0, "that is all");
	assert_string_equal(wire_faults(&s.w), "");
	story_end(&s);
}

static void an_oack_nobody_asked_for(void **state)
{
	static const uint8_t oack[] = "\0\6blksize\000512";
	static const struct {
		const char *name;
		enum {
			ERROR,
			AGAIN,
			ANEW,
			REPEATED,
			TAKEN
		} then;
		const char *faults;
	} rows[] = {
		{"the phone says ERROR", ERROR, "tftp-unexpected-oack"},
		{"the phone asks again", AGAIN, "tftp-unexpected-oack"},
		{"from a new port", ANEW, "tftp-unexpected-oack"},
		{"the server repeats it", REPEATED, "tftp-unexpected-oack"},
		{"the phone goes on", TAKEN, ""},
	};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		struct story s = story_begin();

		print_message("%s\n", rows[i].name);
		story_lease(&s);
		story_ask(&s, TERM);
		story_down(&s, oack, sizeof(oack));
		assert_int_equal(s.ever, 0);
		switch (rows[i].then) {
		case ERROR:
			story_error(&s, true, 4, "Illegal TFTP operation");
			break;
		case AGAIN:
			for (int k = 0; k < 3; k++) {
				story_wait(&s, 4000);
				story_again(&s, TERM);
				story_down(&s, oack, sizeof(oack));
			}
			break;
		case ANEW:
			story_wait(&s, 4000);
			story_ask(&s, TERM);
			break;
		case REPEATED:
			story_wait(&s, 1000);
			story_down(&s, oack, sizeof(oack));
			break;
		case TAKEN:
			story_ack(&s, 0);
			story_deliver(&s, NULL, 600);
			break;
		}
		assert_string_equal(wire_faults(&s.w), rows[i].faults);
		story_end(&s);
	}
}

static void nobody_answers(void **state)
{
	struct story s = story_begin();

	(void)state;
	story_lease(&s);
	story_ask(&s, TERM);
	story_wait(&s, 4000);
	story_again(&s, TERM);
	assert_int_equal(s.ever, 0);
	story_wait(&s, 4000);
	story_again(&s, TERM);
	assert_string_equal(wire_faults(&s.w), "tftp-no-answer");
	assert_true(wire_says(&s.w, "3 times in 8 s"));
	assert_int_equal(story_file(&s, TERM)->state, CPR_FILE_UNANSWERED);
	story_wait(&s, 4000);
	story_again(&s, TERM);
	/* The second server has it; what was is not forgotten. */
	s.server = WIRE_SECOND;
	story_wait(&s, 4000);
	story_fetch_own(&s, TERM);
	assert_string_equal(wire_faults(&s.w), "tftp-no-answer");
	assert_true(wire_says(&s.w, WIRE_SERVER " does not answer"));
	assert_false(wire_says(&s.w, WIRE_SECOND));
	story_end(&s);
}

/* Each packet twice, as a mirror of both directions of a port gives them. */
static void copies_are_no_repetitions(void **state)
{
	struct story s = story_begin();

	(void)state;
	s.w.healthy = true;
	story_lease(&s);
	story_ask(&s, TERM);
	story_again(&s, TERM);
	story_wait(&s, 4000);
	story_again(&s, TERM);
	story_again(&s, TERM);
	story_data(&s, 1, NULL, 512);
	story_data(&s, 1, NULL, 512);
	story_ack(&s, 1);
	story_ack(&s, 1);
	assert_int_equal(story_file(&s, TERM)->again_ack, 0);
	assert_int_equal(story_file(&s, TERM)->again_data, 0);
	assert_int_equal(story_file(&s, TERM)->worst_unanswered.n, 2);
	story_end(&s);
}

static void nobody_listens(void **state)
{
	static const struct {
		uint8_t code;
		const char *by, *words;
	} rows[] = {
		{3, WIRE_SERVER, "nothing listens"},
		{13, WIRE_ROUTER, "code 13"},
	};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		struct story s = story_begin();

		story_lease(&s);
		for (int k = 0; k < 2; k++) {
			assert_int_equal(s.ever, 0);
			story_ask(&s, TERM);
			wire_unreachable(&s.w, rows[i].by, rows[i].code, s.phone, s.port,
				s.server, 69);
			story_note(&s);
			story_wait(&s, 4000);
		}
		assert_string_equal(wire_faults(&s.w), "tftp-no-answer");
		assert_true(wire_says(&s.w, rows[i].words));
		story_end(&s);
	}
}

/* The answer leaves, and a firewall on the way keeps it from the phone. */
static void answers_do_not_arrive(void **state)
{
	struct story s = story_begin();

	(void)state;
	story_lease(&s);
	story_ask(&s, TERM);
	for (int i = 0; i < 4; i++) {
		s.answer++; /* in.tftpd answers each request anew */
		story_data(&s, 1, NULL, 512);
		story_wait(&s, 2000);
		story_data(&s, 1, NULL, 512);
		story_wait(&s, 2000);
		story_again(&s, TERM);
	}
	story_wait(&s, 4000);
	story_ask(&s, TERM);
	assert_string_equal(wire_faults(&s.w), "tftp-no-answer");
	assert_true(wire_says(&s.w, "do not reach it"));
	assert_true(wire_says(&s.w, "firewall or NAT"));
	story_end(&s);
}

static void nobody_is_there(void **state)
{
	struct story s = story_begin();

	(void)state;
	story_lease(&s);
	for (int i = 0; i < 5; i++) {
		wire_arp(&s.w, 1, s.w.mac, WIRE_PHONE, WIRE_SERVER);
		story_note(&s);
		story_wait(&s, 1000);
	}
	assert_string_equal(wire_faults(&s.w), "tftp-no-answer");
	assert_true(wire_says(&s.w, "nobody is " WIRE_SERVER));
	story_end(&s);
}

static void errors(void **state)
{
	static const struct {
		const char *name;
		uint16_t code;
		const char *text, *faults;
	} rows[] = {
		{TERM, 1, "File not found", "tftp-file-missing"},
		{"SCCP41.9-4-2SR3-1S.loads", 1, "file /srv/x not found for 10.0.0.50",
			"tftp-file-missing"},
		{CNU, 0, "No such file or directory", "tftp-file-missing"},
		{"Jar41sccp.8-3-0-50.sbn", 1, "File not found", "tftp-file-case"},
		{TERM, 2, "Access violation", "tftp-access-denied"},
		{JAR, 0, "Permission denied", "tftp-access-denied"},
		{"XMLDefault.cnf.xml", 0, "Permission denied", "tftp-access-denied"},
		{"XMLDefault.cnf.xml", 1, "File not found", "xmldefault-missing"},
		{JAR, 4, "Illegal TFTP operation", "tftp-aborted"},
		/* on most sites none of these is there */
		{"CTLSEP001B54AABBCC.tlv", 1, "File not found", ""},
		{"ITLFile.tlv", 2, "Access violation", ""},
		{"SEP001B54AABBCC.cnf.xml", 1, "File not found", ""},
		{"SEP001B54AABBCC.cnf.xml.sgn", 1, "File not found", ""},
		{"mk-sccp.jar", 1, "File not found", ""},
		{"English_United_States/mk-sccp.jar", 0, "Permission denied", ""},
		/* the loaders of a 7940 try their suffixes in turn */
		{"P0030801SR02.loads", 1, "File not found", ""},
	};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		struct story s = story_begin();

		story_lease(&s);
		story_ask(&s, rows[i].name);
		story_error(&s, false, rows[i].code, rows[i].text);
		print_message("%s: %s\n", rows[i].name, rows[i].text);
		assert_string_equal(wire_faults(&s.w), rows[i].faults);
		story_end(&s);
	}
}

/* A name with a slash before it is the same one; so is a file that another phone got under
 * another spelling. */
static void spellings(void **state)
{
	struct story s = story_begin();

	(void)state;
	story_lease(&s);
	story_fetch(&s, "/" CNU, NULL, 700);
	assert_int_equal(story_file(&s, CNU)->state, CPR_FILE_COMPLETE);
	s.w.mac[5]++;
	s.phone = "10.0.0.51";
	wire_lease(&s.w, (struct wire_dhcp){.yiaddr = s.phone, .option150 = "0a000001"});
	story_missing(&s, "CNU41.9-4-2ES26.sbn");
	assert_string_equal(wire_faults_of(&s.w, s.w.p), "tftp-file-case");
	story_end(&s);
}

static void tried_in_turn(void **state)
{
	struct story s = story_begin();

	(void)state;
	story_lease(&s);
	story_missing(&s, "P0030801SR02.loads");
	story_missing(&s, "P0030801SR02.sbn");
	story_missing(&s, "P0030801SR02.loads");
	assert_string_equal(wire_faults(&s.w), "tftp-file-missing");
	wire_end(&s.w);
	cpr_fw_set_free(s.set);
	s = story_begin();
	story_lease(&s);
	story_missing(&s, "P0030801SR02.loads");
	story_missing(&s, "P0030801SR02.sbn");
	story_fetch(&s, "P0030801SR02.bin", NULL, 700);
	story_missing(&s, "P0030801SR02.loads");
	story_missing(&s, "P0030801SR02.sbn");
	assert_string_equal(wire_faults(&s.w), "");
	story_end(&s);
}

static void some_blocks(struct story *s, const char *name, uint16_t n)
{
	story_ask(s, name);
	for (uint16_t block = 1; block <= n; block++) {
		story_data(s, block, NULL, 512);
		story_ack(s, block);
	}
}

/* The phone writes its flash: nothing of it comes, and the server repeats itself. */
static void slow_flash(void **state)
{
	struct story s = story_begin();

	(void)state;
	s.w.healthy = true;
	story_lease(&s);
	some_blocks(&s, JAR, 100);
	for (int i = 0; i < 6; i++) {
		story_data(&s, 101, NULL, 512);
		story_wait(&s, 5000);
	}
	story_ack(&s, 101);
	story_data(&s, 102, NULL, 100);
	for (int i = 0; i < 6; i++) {
		story_wait(&s, 5000);
		story_data(&s, 102, NULL, 100);
	}
	story_ack(&s, 102);
	assert_int_equal(story_file(&s, JAR)->state, CPR_FILE_COMPLETE);
	story_fetch(&s, CNU, NULL, 700);
	story_end(&s);
}

/* One or two packets lost, and both go on. */
static void a_little_loss(void **state)
{
	struct story s = story_begin();

	(void)state;
	s.w.healthy = true;
	story_lease(&s);
	some_blocks(&s, JAR, 10);
	story_wait(&s, 4000);
	story_ack(&s, 10);
	story_wait(&s, 4000);
	story_ack(&s, 10);
	story_data(&s, 11, NULL, 512);
	story_ack(&s, 11);
	story_data(&s, 12, NULL, 3);
	/* The last acknowledgement is lost on the way to the capture. */
	story_fetch(&s, CNU, NULL, 700);
	assert_int_equal(story_file(&s, JAR)->state, CPR_FILE_COMPLETE);
	assert_int_equal(story_file(&s, JAR)->stalled_to.number, 0);
	story_end(&s);
}

static void stalls(void **state)
{
	static const struct {
		const char *name;
		unsigned acks, data;
		enum {
			NEW_PORT,
			OTHER_FILE,
			CLOSED,
			BOOT,
			TIME,
			LATER
		} then;
		const char *faults;
	} rows[] = {
		{"the server is silent, the phone asks anew", 3, 0, NEW_PORT,
			"tftp-stalled"},
		{"the server is silent, the phone asks for another file", 3, 0,
			OTHER_FILE, "tftp-stalled"},
		{"its data do not arrive, the phone asks anew", 3, 5, NEW_PORT,
			"tftp-stalled"},
		{"its data do not arrive, the phone closes its port", 3, 5, CLOSED,
			"tftp-stalled"},
		{"seen behind the loss: data alone", 0, 5, NEW_PORT, "tftp-stalled"},
		{"the phone gives up and boots", 3, 5, BOOT, "tftp-stalled"},
		{"the phone was unplugged", 0, 5, BOOT, ""},
		{"it was never seen again", 3, 0, TIME, "tftp-stalled"},
		{"the phone is writing, as far as can be seen", 0, 5, TIME, ""},
		{"it went on after all", 3, 0, LATER, "tftp-stalled"},
		{"no packet was repeated, it merely asks anew", 0, 0, NEW_PORT, ""},
	};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		struct story s = story_begin();

		print_message("%s\n", rows[i].name);
		story_lease(&s);
		some_blocks(&s, JAR, 20);
		if (rows[i].data)
			story_data(&s, 21, NULL, 512);
		for (unsigned k = 0; k < 5; k++) {
			story_wait(&s, 4000);
			if (k < rows[i].acks)
				story_ack(&s, 20);
			story_wait(&s, 500);
			if (k < rows[i].data)
				story_data(&s, 21, NULL, 512);
		}
		switch (rows[i].then) {
		case NEW_PORT:
			story_ask(&s, JAR);
			break;
		case OTHER_FILE:
			story_ask(&s, TERM);
			break;
		case CLOSED:
			wire_unreachable(
				&s.w, s.phone, 3, s.server, s.answer, s.phone, s.port);
			story_note(&s);
			break;
		case BOOT:
			story_lease(&s);
			break;
		case TIME:
			story_wait(&s, 60000);
			cpr_doctor_tick(s.w.d, s.w.now_us);
			break;
		case LATER:
			story_wait(&s, 12000);
			story_data(&s, 21, NULL, 512);
			story_ack(&s, 21);
			break;
		}
		assert_string_equal(wire_faults(&s.w), rows[i].faults);
		story_end(&s);
	}
}

/* It stops without a word, and does so again at the same place. */
static void stops_at_one_block(void **state)
{
	struct story s = story_begin();

	(void)state;
	story_lease(&s);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(s.ever, 0);
		some_blocks(&s, JAR, 30);
		if (i < 2)
			story_wait(&s, 90000);
		if (i == 1)
			break;
	}
	story_ask(&s, JAR);
	assert_string_equal(wire_faults(&s.w), "tftp-stalled");
	assert_true(wire_says(&s.w, "2 times at the same place"));
	story_end(&s);
}

static void broken_off(void **state)
{
	static const struct {
		bool phone;
		uint16_t code;
		const char *text, *words;
	} rows[] = {
		{true, 3, "Disk full", "the phone broke"},
		{true, 4, "Data block exceeds 512",
			"see that the load is for this model"},
		{false, 0, "Read error", "the server broke"},
		{false, 1, "File not found", "the server broke"},
	};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		struct story s = story_begin();

		story_lease(&s);
		some_blocks(&s, JAR, 5);
		story_error(&s, rows[i].phone, rows[i].code, rows[i].text);
		assert_string_equal(wire_faults(&s.w), "tftp-aborted");
		assert_true(wire_says(&s.w, rows[i].words));
		assert_true(wire_says(&s.w, rows[i].text));
		assert_int_equal(story_file(&s, JAR)->state, CPR_FILE_ABORTED);
		story_end(&s);
	}
}

static void two_answer(void **state)
{
	static const struct {
		const char *name, *from;
		unsigned port; /* beyond the first answer's */
		bool repeated; /* the request */
		unsigned transfers;
		const char *faults;
	} rows[] = {
		{"two daemons on one host", WIRE_SERVER, 7, false, 2,
			"tftp-two-answerers"},
		{"two hosts", WIRE_SECOND, 0, false, 1, "tftp-two-answerers"},
		{"one daemon, asked twice", WIRE_SERVER, 7, true, 2, ""},
		{"one daemon, its request doubled once", WIRE_SERVER, 7, false, 1, ""},
		{"the same answer again", WIRE_SERVER, 0, false, 2, ""},
	};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		struct story s = story_begin();
		uint8_t data[516] = {0, CPR_TFTP_DATA, 0, 1};

		print_message("%s\n", rows[i].name);
		story_lease(&s);
		for (unsigned n = 0; n < rows[i].transfers; n++) {
			story_ask(&s, "mk-sccp.jar");
			if (rows[i].repeated) {
				story_wait(&s, 4000);
				story_again(&s, "mk-sccp.jar");
			}
			story_data(&s, 1, NULL, 512);
			wire_udp(&s.w, rows[i].from, (uint16_t)(s.answer + rows[i].port),
				s.phone, s.port, data, sizeof(data));
			story_note(&s);
			if (!rows[i].repeated && (rows[i].port || !n))
				wire_unreachable(&s.w, s.phone, 3, rows[i].from,
					(uint16_t)(s.answer + rows[i].port), s.phone,
					s.port);
			story_ack(&s, 1);
			story_data(&s, 2, NULL, 40);
			story_ack(&s, 2);
			s.answer += 20;
		}
		assert_int_equal(
			story_file(&s, "mk-sccp.jar")->complete_n, rows[i].transfers);
		if (*rows[i].faults)
			assert_true(story_file(&s, "mk-sccp.jar")->other_icmp.number);
		assert_string_equal(wire_faults(&s.w), rows[i].faults);
		story_end(&s);
	}
}

/* NAT, or a host with two addresses: only the other one answers, and the phone takes no notice. */
static void another_answers(void **state)
{
	uint8_t data[516] = {0, CPR_TFTP_DATA, 0, 1};
	struct story s = story_begin();

	(void)state;
	story_lease(&s);
	story_ask(&s, TERM);
	for (int i = 0; i < 4; i++) {
		wire_udp(&s.w, WIRE_SECOND, 40000, s.phone, s.port, data, sizeof(data));
		story_note(&s);
		story_wait(&s, 4000);
		story_again(&s, TERM);
	}
	assert_string_equal(wire_faults(&s.w), "tftp-two-answerers");
	story_end(&s);
}

/* The phone followed the answer that the capture saw second. */
static void follows_the_second(void **state)
{
	struct story s = story_begin();

	(void)state;
	story_lease(&s);
	story_ask(&s, TERM);
	story_data(&s, 1, NULL, 512);
	story_wait(&s, 4000);
	story_again(&s, TERM);
	s.answer += 9;
	story_data(&s, 1, NULL, 512);
	story_ack(&s, 1);
	story_data(&s, 2, NULL, 7);
	story_ack(&s, 2);
	assert_int_equal(story_file(&s, TERM)->state, CPR_FILE_COMPLETE);
	assert_int_equal(story_file(&s, TERM)->bytes, 519);
	assert_string_equal(wire_faults(&s.w), "");
	story_end(&s);
}

/* Only what goes to the server was captured. */
static void one_direction(void **state)
{
	struct story s = story_begin();

	(void)state;
	s.w.healthy = true;
	story_ask(&s, TERM);
	story_ack(&s, 1);
	story_ack(&s, 2);
	story_ask(&s, JAR);
	for (uint16_t block = 1; block < 300; block++)
		story_ack(&s, block);
	assert_int_equal(story_file(&s, JAR)->bytes, 299 * 512);
	story_ask(&s, CNU);
	story_lease(&s);
	for (int i = 0; i < 5; i++) {
		story_ask(&s, "CTLSEP001B54AABBCC.tlv");
		story_ask(&s, "SEP001B54AABBCC.cnf.xml");
		story_wait(&s, 90000);
	}
	for (int i = 0; i < 5; i++) {
		story_ask(&s, TERM);
		story_wait(&s, 90000);
	}
	/* Since now its answers are seen, those that are not are none. */
	s.w.healthy = false;
	story_missing(&s, "CTLSEP001B54AABBCC.tlv");
	assert_string_equal(wire_faults(&s.w), "tftp-no-answer");
	story_end(&s);
}

/* Only the beginning of each packet was captured. */
static void cut_packets(void **state)
{
	static const struct {
		size_t kept;
		uint16_t code;
		const char *text;
		enum cpr_file_state state;
		const char *faults;
	} rows[] = {
		{20, 1, "file /srv/tftp/x not found for 10.0.0.50", CPR_FILE_MISSING,
			"tftp-file-missing"},
		{4, 2, "Access violation", CPR_FILE_DENIED, "tftp-access-denied"},
		/* its text would have said more than its number */
		{20, 0, "cannot access /srv/tftp/x: Permission denied", CPR_FILE_DENIED,
			"tftp-access-denied"},
		{5, 0, "cannot access /srv/tftp/x: Permission denied", CPR_FILE_ABORTED,
			""},
	};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(rows); i++) {
		struct story s = story_begin();
		uint8_t bytes[100];
		struct cpr_pen p = cpr_pen_of(bytes, sizeof(bytes));
		struct cpr_packet k = {.inner_vlan = -1};

		story_lease(&s);
		story_ask(&s, TERM);
		cpr_tftp_error(&p, rows[i].code, rows[i].text);
		k.number = ++s.w.number;
		k.time_us = s.w.now_us;
		k.payload_real = p.len;
		k.frame = (struct cpr_frame){.kind = CPR_FRAME_UDP,
			.vlan = -1,
			.source = wire_ip(s.server),
			.target = wire_ip(s.phone),
			.source_port = s.answer,
			.target_port = s.port,
			.payload = bytes,
			.payload_len = rows[i].kept};
		assert_ptr_equal(cpr_doctor_feed(s.w.d, &k), s.w.d->phone[0]);
		assert_int_equal(story_file(&s, TERM)->state, rows[i].state);
		assert_string_equal(wire_faults(&s.w), rows[i].faults);
		story_end(&s);
	}
}

/* Ring lists and locales are many: they give way to what matters. */
static void many_names(void **state)
{
	struct story s = story_begin();
	struct cpr_doctor_phone *p = story_lease(&s);

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		char name[40];

		snprintf(name, sizeof(name), "Ring%u.raw", i);
		story_missing(&s, name);
	}
	assert_int_equal(p->file_n, CPR_DOCTOR_FILES);
	assert_int_equal(p->files_over, 200 - CPR_DOCTOR_FILES);
	story_missing(&s, TERM);
	assert_string_equal(wire_faults(&s.w), "tftp-file-missing");
	story_end(&s);
}

static void hostile_names(void **state)
{
	static const uint8_t escape[] = "\0\1SEP\033]0;x\007.cnf.xml\0octet",
			     unended[] = {0, 1, 'S', 'E', 'P'},
			     nameless[] = "\0\1\0octet", wrq[] = "\0\2" TERM "\0octet";
	uint8_t longest[1400] = {0, 1};
	struct story s = story_begin();
	struct cpr_doctor_phone *p = story_lease(&s);

	(void)state;
	memset(longest + 2, 'A', sizeof(longest) - 2);
	memcpy(longest + sizeof(longest) - 7, "\0octet", 7);
	wire_udp(&s.w, s.phone, s.port, s.server, 69, unended, sizeof(unended));
	wire_udp(&s.w, s.phone, s.port, s.server, 69, nameless, sizeof(nameless));
	wire_udp(&s.w, s.phone, s.port, s.server, 69, wrq, sizeof(wrq));
	assert_int_equal(p->file_n, 0);
	wire_udp(&s.w, s.phone, s.port, s.server, 69, escape, sizeof(escape));
	assert_string_equal(p->file[0].name, "SEP?]0;x?.cnf.xml");
	wire_udp(&s.w, s.phone, s.port, s.server, 69, longest, sizeof(longest));
	assert_int_equal(strlen(p->file[1].name), 127);
	story_end(&s);
}

/* Whatever the bytes, memory stays whole and bounded, and every verdict can be said. */
static void random_packets(void **state)
{
	static const uint16_t ports[] = {
		69, 69, 69, 40000, 40001, 50000, 2000, 5060, 6970, 53, 67};
	static const char *const names[] = {TERM, JAR, CNU, "SCCP41.9-4-2SR3-1S.loads",
		"XMLDefault.cnf.xml", "SEP001B54AABBCC.cnf.xml", "OS79XX.TXT",
		"P0030801SR02.loads", "CTLSEP001B54AABBCC.tlv", "x"};
	struct cpr_fw_random r = {.state = 42};
	struct story s = story_begin();
	const char *ends[] = {WIRE_PHONE, WIRE_SERVER, WIRE_SECOND, "10.0.0.51"};

	(void)state;
	story_lease(&s);
	for (unsigned i = 0; i < 60000; i++) {
		uint64_t dice = cpr_fw_random(&r);
		uint8_t bytes[600];
		size_t len = dice % 7 ? dice % 20 : dice % sizeof(bytes);

		for (size_t k = 0; k < len; k += 8) {
			uint64_t more = cpr_fw_random(&r);

			memcpy(bytes + k, &more, len - k < 8 ? len - k : 8);
		}
		if (len >= 4 && dice % 3) {
			bytes[0] = 0;
			bytes[1] = (uint8_t)(dice >> 8) % 7;
			bytes[2] = 0;
			bytes[3] &= 3;
		}
		if (bytes[1] == CPR_TFTP_RRQ) {
			struct cpr_pen p = cpr_pen_of(bytes, sizeof(bytes));

			cpr_tftp_rrq(&p, names[(dice >> 16) % CPR_ARRAY_LEN(names)]);
			len = dice & 64 ? p.len : (size_t)(dice % p.len);
		}
		s.w.now_us += (dice >> 24) % 5000000;
		if ((dice >> 20) % 50 == 0)
			story_lease(&s);
		if ((dice >> 20) % 9 == 0)
			wire_tcp(&s.w, ends[(dice >> 32) % 4],
				ports[(dice >> 36) % CPR_ARRAY_LEN(ports)],
				ends[(dice >> 40) % 4],
				ports[(dice >> 44) % CPR_ARRAY_LEN(ports)],
				(uint8_t)(dice >> 48));
		else if ((dice >> 20) % 9 == 1)
			wire_unreachable(&s.w, ends[(dice >> 32) % 4],
				(uint8_t)((dice >> 48) % 14), ends[(dice >> 40) % 4],
				ports[(dice >> 36) % CPR_ARRAY_LEN(ports)],
				ends[(dice >> 32) % 4],
				ports[(dice >> 44) % CPR_ARRAY_LEN(ports)]);
		else
			wire_udp(&s.w, ends[(dice >> 32) % 4],
				ports[(dice >> 36) % CPR_ARRAY_LEN(ports)],
				ends[(dice >> 40) % 4],
				ports[(dice >> 44) % CPR_ARRAY_LEN(ports)], bytes, len);
		if (i % 64 == 0) {
			cpr_doctor_tick(s.w.d, s.w.now_us);
			for (size_t k = 0; k < s.w.d->phone_n; k++)
				wire_faults_of(&s.w, s.w.d->phone[k]);
		}
	}
	assert_true(s.w.d->phone[0]->file_n > 5);
	wire_end(&s.w);
	cpr_fw_set_free(s.set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recovers),
		cmocka_unit_test(begins_in_the_middle),
		cmocka_unit_test(phones_without_dhcp),
		cmocka_unit_test(somebody_tries),
		cmocka_unit_test(blocks_wrap),
		cmocka_unit_test(blocks_end),
		cmocka_unit_test(options),
		cmocka_unit_test(an_oack_nobody_asked_for),
		cmocka_unit_test(nobody_answers),
		cmocka_unit_test(copies_are_no_repetitions),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(answers_do_not_arrive),
		cmocka_unit_test(nobody_is_there),
		cmocka_unit_test(errors),
		cmocka_unit_test(spellings),
		cmocka_unit_test(tried_in_turn),
		cmocka_unit_test(slow_flash),
		cmocka_unit_test(a_little_loss),
		cmocka_unit_test(stalls),
		cmocka_unit_test(stops_at_one_block),
		cmocka_unit_test(broken_off),
		cmocka_unit_test(two_answer),
		cmocka_unit_test(another_answers),
		cmocka_unit_test(follows_the_second),
		cmocka_unit_test(one_direction),
		cmocka_unit_test(cut_packets),
		cmocka_unit_test(many_names),
		cmocka_unit_test(hostile_names),
		cmocka_unit_test(random_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
