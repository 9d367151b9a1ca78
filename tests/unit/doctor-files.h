/* A phone and a TFTP server on the doctor's wire.  After each packet the phone is judged: what
 * was found of a part of the story has to be true of the whole (a capture may end anywhere). */
#pragma once

#include "doctor-wire.h"

#include "buf.h"
#include "cleanup.h"
#include "errors.h"
#include "firmware/firmware.h"
#include "tftp.h"

#define JAR  "jar41sccp.9-4-2ES26.sbn"
#define CNU  "cnu41.9-4-2ES26.sbn"
#define TERM "term61.default.loads"

struct story {
	struct wire w;
	struct cpr_fw_set *set;
	const char *phone, *server;
	uint16_t port, answer; /* of the transfer: the phone's, the server's */
	uint32_t ever;         /* bits of the faults found after any packet */
};

static inline uint32_t story_faults_now(struct story *s)
{
	uint32_t found = 0;

	for (size_t i = 0; i < s->w.d->phone_n; i++) {
		struct cpr_verdicts v;

		cpr_doctor_judge(s->w.d, s->w.d->phone[i], &v);
		for (size_t k = 0; k < v.n; k++)
			found |= UINT32_C(1) << v.row[k].id;
		cpr_verdicts_clear(&v);
	}
	return found;
}

static inline void story_note(struct story *s)
{
	s->ever |= story_faults_now(s);
}

static inline struct story story_begin_with(
	const struct cpr_doctor_config *config, enum cpr_fw_defect defect)
{
	struct story s = {.phone = WIRE_PHONE,
		.server = WIRE_SERVER,
		.port = 49152,
		.answer = 32768};
	struct cpr_fw_request request = {.model = "7961",
		.protocol = CPR_SCCP,
		.version = "9-4-2SR3-1S",
		.hardware_mask = -1,
		.seed = 7,
		.defect = defect};
	struct cpr_errors e = {0};

	wire_begin(&s.w, config);
	assert_int_equal(cpr_fw_set_new(&s.set, &request, &e), 0);
	cpr_errors_clear(&e);
	return s;
}

static inline struct story story_begin(void)
{
	return story_begin_with(NULL, CPR_FW_INTACT);
}

static inline void story_end(struct story *s)
{
	uint32_t now = story_faults_now(s);

	for (size_t i = 0; i < CPR_FAULT_N; i++)
		if ((s->ever & ~now) >> i & 1)
			fail_msg("%s was found of a part, and not of the whole",
				cpr_faults[i].name);
	wire_end(&s->w);
	cpr_fw_set_free(s->set);
}

static inline void story_wait(struct story *s, unsigned ms)
{
	wire_wait(&s->w, ms);
}

/* Up: of the phone; down: of the server. */
static inline void story_up(struct story *s, uint16_t port, const struct cpr_pen *p)
{
	assert_false(p->full);
	story_wait(s, 1);
	wire_udp(&s->w, s->phone, s->port, s->server, port, p->data, p->len);
	story_note(s);
}

static inline void story_down(struct story *s, const void *bytes, size_t len)
{
	story_wait(s, 1);
	wire_udp(&s->w, s->server, s->answer, s->phone, s->port, bytes, len);
	story_note(s);
}

/* The request once more, from the same port. */
static inline void story_again(struct story *s, const char *name)
{
	uint8_t bytes[300];
	struct cpr_pen p = cpr_pen_of(bytes, sizeof(bytes));

	cpr_tftp_rrq(&p, name);
	story_up(s, CPR_TFTP_PORT, &p);
}

static inline void story_ask(struct story *s, const char *name)
{
	s->port++;
	s->answer++;
	story_again(s, name);
}

static inline void story_data(
	struct story *s, uint16_t block, const void *data, size_t len)
{
	uint8_t bytes[2000];
	struct cpr_pen p = cpr_pen_of(bytes, sizeof(bytes));

	cpr_pen_be16(&p, CPR_TFTP_DATA);
	cpr_pen_be16(&p, block);
	if (data)
		cpr_pen_add(&p, data, len);
	else
		cpr_pen_zeros(&p, len);
	assert_false(p.full);
	story_down(s, p.data, p.len);
}

static inline void story_ack(struct story *s, uint16_t block)
{
	uint8_t bytes[4];
	struct cpr_pen p = cpr_pen_of(bytes, sizeof(bytes));

	cpr_tftp_ack(&p, block);
	story_up(s, s->answer, &p);
}

static inline void story_error(
	struct story *s, bool phone, uint16_t code, const char *text)
{
	uint8_t bytes[100];
	struct cpr_pen p = cpr_pen_of(bytes, sizeof(bytes));

	cpr_tftp_error(&p, code, text);
	if (phone)
		story_up(s, s->answer, &p);
	else
		story_down(s, p.data, p.len);
}

/* All of it, to the last acknowledgement. */
static inline void story_deliver(struct story *s, const void *bytes, size_t len)
{
	uint16_t block = 1;

	for (size_t at = 0;; block++, at += CPR_TFTP_BLOCK) {
		size_t n = len - at < CPR_TFTP_BLOCK ? len - at : CPR_TFTP_BLOCK;

		story_data(s, block, bytes ? (const uint8_t *)bytes + at : NULL, n);
		story_ack(s, block);
		if (n < CPR_TFTP_BLOCK)
			return;
	}
}

static inline void story_fetch(
	struct story *s, const char *name, const void *bytes, size_t len)
{
	story_ask(s, name);
	story_deliver(s, bytes, len);
}

static inline void story_missing(struct story *s, const char *name)
{
	story_ask(s, name);
	story_error(s, false, 1, "File not found");
}

/* A file of the set, as it lies there. */
static inline void story_fetch_own(struct story *s, const char *name)
{
	const struct cpr_fw_file *f = cpr_fw_set_file(s->set, name);

	assert_non_null(f);
	story_fetch(s, name, f->data, f->len);
}

static inline void story_images(struct story *s)
{
	for (size_t i = 0; i < s->set->n; i++)
		if (s->set->file[i].kind == CPR_FW_IMAGE)
			story_fetch_own(s, s->set->file[i].name);
}

static inline struct cpr_doctor_phone *story_lease(struct story *s)
{
	struct cpr_doctor_phone *p =
		wire_lease(&s->w, (struct wire_dhcp){.option150 = "0a000001"});

	story_note(s);
	assert_non_null(p);
	return p;
}

static inline void story_xmldefault(
	struct story *s, const char *load, const char *manager)
{
	_cleanup_(cpr_buf_free) struct cpr_buf xml = {0};

	cpr_buf_printf(&xml,
		"<Default><callManagerGroup><members><member priority=\"0\"><callManager>"
		"<ports><ethernetPhonePort>2000</ethernetPhonePort></ports>"
		"<processNodeName>%s</processNodeName></callManager></member></members>"
		"</callManagerGroup>%s</Default>",
		manager, load);
	story_fetch(s, "XMLDefault.cnf.xml", xml.data, xml.len);
}

/* Trust lists and a configuration of its own are not there, as on most sites. */
static inline void story_boot_files(struct story *s)
{
	story_missing(s, "CTLSEP001B54AABBCC.tlv");
	story_missing(s, "ITLSEP001B54AABBCC.tlv");
	story_missing(s, "ITLFile.tlv");
	story_missing(s, "SEP001B54AABBCC.cnf.xml");
}

static inline struct cpr_doctor_file *story_file(const struct story *s, const char *name)
{
	for (size_t i = 0; i < s->w.d->phone_n; i++)
		for (size_t k = 0; k < s->w.d->phone[i]->file_n; k++)
			if (!strcmp(s->w.d->phone[i]->file[k].name, name))
				return &s->w.d->phone[i]->file[k];
	fail_msg("%s was not asked for", name);
	return NULL;
}
