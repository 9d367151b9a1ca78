/* Captures that end early: judges every phone after every packet, as if nothing came after it.
 *   cuts FILE...
 * prints FILE:PACKET: MAC FAULT for each verdict that the whole capture does not bear out, at the
 * first packet that shows it.
 *   cuts --late FILE...
 * the same of captures that begin late, for healthy ones: judges what follows each packet, and
 * prints each fault that is named, with the first packet whose absence shows it.
 *   cuts --partly FILE...
 * the same of captures that lack some of it: DHCP, a direction, every so manyth packet. */
#include "capture.h"
#include "cleanup.h"
#include "engine/decode.h"
#include "engine/facts.h"
#include "errors.h"

#include <stdio.h>
#include <string.h>

enum {
	PHONES = 64
};

struct seen { /* of one phone: the packet at which each fault was named first; 0: never */
	uint64_t at[CPR_FAULT_N];
};

static void judge(const struct cpr_doctor *d, uint64_t number, struct seen seen[PHONES])
{
	for (size_t i = 0; i < cpr_doctor_phones(d) && i < PHONES; i++) {
		_cleanup_(cpr_verdicts_clear) struct cpr_verdicts v = {0};

		cpr_doctor_judge(d, cpr_doctor_phone(d, i), &v);
		for (size_t k = 0; k < v.n; k++)
			if (!seen[i].at[v.row[k].id])
				seen[i].at[v.row[k].id] = number;
	}
}

static void compare(const char *file, const struct cpr_doctor *d,
	const struct seen seen[PHONES], const struct seen whole[PHONES])
{
	for (size_t i = 0; i < cpr_doctor_phones(d) && i < PHONES; i++) {
		const uint8_t *m = cpr_doctor_phone(d, i)->mac;

		for (size_t id = 0; id < CPR_FAULT_N; id++)
			if (seen[i].at[id] && !whole[i].at[id])
				printf("%s:%llu: %02x:%02x:%02x:%02x:%02x:%02x %s\n",
					file, (unsigned long long)seen[i].at[id], m[0],
					m[1], m[2], m[3], m[4], m[5],
					cpr_faults[id].name);
	}
}

static bool is_dhcp(const struct cpr_packet *k)
{
	return k->frame.kind == CPR_FRAME_UDP &&
	       (k->frame.source_port == 67 || k->frame.source_port == 68);
}

/* The simulated phones' MACs begin so; a cooked capture knows no more than the sender. */
static bool is_phones(const struct cpr_packet *k)
{
	return memcmp(k->frame.from, "\x02\x1b\x54", 3) == 0;
}

static bool all(const struct cpr_packet *k)
{
	(void)k;
	return true;
}

static bool no_dhcp(const struct cpr_packet *k)
{
	return !is_dhcp(k);
}

static bool only_servers(const struct cpr_packet *k)
{
	return !is_phones(k);
}

static bool no_arp(const struct cpr_packet *k)
{
	return k->frame.kind != CPR_FRAME_ARP;
}

static bool only_tftp(const struct cpr_packet *k)
{
	return k->frame.kind == CPR_FRAME_UDP && !is_dhcp(k);
}

static bool no_20th(const struct cpr_packet *k)
{
	return k->number % 20;
}

static bool no_7th(const struct cpr_packet *k)
{
	return k->number % 7;
}

static bool no_3rd(const struct cpr_packet *k)
{
	return k->number % 3;
}

static const struct part {
	const char *name;
	bool (*holds)(const struct cpr_packet *k);
} parts[] = {
	{"whole", all},
	{"without DHCP", no_dhcp},
	{"the phone's packets alone", is_phones},
	{"the servers' packets alone", only_servers},
	{"without ARP", no_arp},
	{"TFTP alone", only_tftp},
	{"without every 20th packet", no_20th},
	{"without every 7th packet", no_7th},
	{"without every 3rd packet", no_3rd},
};

/* Feeds what comes after so many packets; judges after each packet where early is given. */
static int feed(char *file, uint64_t skip, const struct part *part,
	struct cpr_doctor **out, uint64_t *n, struct seen *early, struct cpr_errors *e)
{
	_cleanup_(cpr_capture_freep) struct cpr_capture *capture = NULL;
	_cleanup_(cpr_decoder_freep) struct cpr_decoder *decoder = NULL;
	struct cpr_captured captured;
	struct cpr_packet packet;
	int r = cpr_capture_files(&capture, &file, 1, e);

	if (!r)
		r = cpr_decoder_new(&decoder);
	if (!r)
		r = cpr_doctor_new(out, &(struct cpr_doctor_config){0});
	while (!r && (r = cpr_capture_next(capture, &captured, e, e)) == 1) {
		r = 0;
		cpr_decode(decoder, &captured, &packet);
		*n = packet.number;
		if (packet.number <= skip || !part->holds(&packet))
			continue;
		(void)cpr_doctor_feed(*out, &packet);
		if (!early)
			continue;
		cpr_doctor_tick(*out, 0); /* as at a capture's end */
		judge(*out, packet.number, early);
	}
	return r;
}

static int ends_early(char *file, struct cpr_errors *e)
{
	_cleanup_(cpr_doctor_freep) struct cpr_doctor *d = NULL;
	struct seen seen[PHONES] = {0}, whole[PHONES] = {0};
	uint64_t n = 0;
	int r = feed(file, 0, &parts[0], &d, &n, seen, e);

	if (r)
		return r;
	judge(d, n, whole);
	compare(file, d, seen, whole);
	return 0;
}

static int begins_late(char *file, struct cpr_errors *e)
{
	bool told[CPR_FAULT_N] = {0};
	uint64_t n = 1;

	for (uint64_t skip = 0; skip < n; skip++) {
		_cleanup_(cpr_doctor_freep) struct cpr_doctor *d = NULL;
		struct seen seen[PHONES] = {0};
		int r = feed(file, skip, &parts[0], &d, &n, NULL, e);

		if (r)
			return r;
		judge(d, skip, seen);
		for (size_t i = 0; i < PHONES; i++)
			for (size_t id = 0; id < CPR_FAULT_N; id++) {
				if (!seen[i].at[id] || told[id])
					continue;
				told[id] = true;
				printf("%s:%llu: %s\n", file, (unsigned long long)skip,
					cpr_faults[id].name);
			}
	}
	return 0;
}

static int is_partial(char *file, struct cpr_errors *e)
{
	for (size_t at = 0; at < CPR_ARRAY_LEN(parts); at++) {
		_cleanup_(cpr_doctor_freep) struct cpr_doctor *d = NULL;
		struct seen seen[PHONES] = {0}, none[PHONES] = {0};
		char name[512];
		uint64_t n = 0;
		int r = feed(file, 0, &parts[at], &d, &n, NULL, e);

		if (r)
			return r;
		judge(d, n, seen);
		snprintf(name, sizeof(name), "%s, %s", file, parts[at].name);
		compare(name, d, seen, none);
	}
	return 0;
}

int main(int argc, char **argv)
{
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	static const struct {
		const char *option;
		int (*look)(char *file, struct cpr_errors *e);
	} modes[] = {{"", ends_early}, {"--late", begins_late}, {"--partly", is_partial}};
	size_t mode = 0;
	int failed = 0;

	for (size_t i = 1; i < CPR_ARRAY_LEN(modes); i++)
		if (argc > 1 && strcmp(argv[1], modes[i].option) == 0)
			mode = i;
	for (int i = 1 + (mode > 0); i < argc; i++)
		failed |= modes[mode].look(argv[i], &e) != 0;
	for (size_t i = 0; i < e.n; i++)
		fprintf(stderr, "cuts: %s\n", e.line[i]);
	return failed || e.n;
}
