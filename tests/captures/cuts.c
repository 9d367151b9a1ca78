/* Captures that end early: judges every phone after every packet, as if nothing came after it.
 *   cuts FILE...
 * prints FILE:PACKET: MAC FAULT for each verdict that the whole capture does not bear out, at the
 * first packet that shows it.
 *   cuts --late FILE...
 * the same of captures that begin late, for healthy ones: judges what follows each packet, and
 * prints each fault that is named, with the first packet whose absence shows it. */
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

/* Feeds what comes after so many packets; judges after each packet where early is given. */
static int feed(char *file, uint64_t skip, struct cpr_doctor **out, uint64_t *n,
	struct seen *early, struct cpr_errors *e)
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
		if (packet.number <= skip)
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
	int r = feed(file, 0, &d, &n, seen, e);

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
		int r = feed(file, skip, &d, &n, NULL, e);

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

int main(int argc, char **argv)
{
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	bool late = argc > 1 && strcmp(argv[1], "--late") == 0;
	int failed = 0;

	for (int i = 1 + late; i < argc; i++)
		failed |= (late ? begins_late : ends_early)(argv[i], &e) != 0;
	for (size_t i = 0; i < e.n; i++)
		fprintf(stderr, "cuts: %s\n", e.line[i]);
	return failed || e.n;
}
