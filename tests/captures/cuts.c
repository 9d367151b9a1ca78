/* Captures that end early: judges every phone after every packet, as if nothing came after it.
 *   cuts FILE...
 * prints FILE:PACKET: MAC FAULT for each verdict that the whole capture does not bear out, at the
 * first packet that shows it. */
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

static int look(char *file, struct cpr_errors *e)
{
	_cleanup_(cpr_capture_freep) struct cpr_capture *capture = NULL;
	_cleanup_(cpr_decoder_freep) struct cpr_decoder *decoder = NULL;
	_cleanup_(cpr_doctor_freep) struct cpr_doctor *d = NULL;
	struct seen seen[PHONES] = {0}, whole[PHONES] = {0};
	struct cpr_captured captured;
	struct cpr_packet packet;
	int r = cpr_capture_files(&capture, &file, 1, e);

	if (!r)
		r = cpr_decoder_new(&decoder);
	if (!r)
		r = cpr_doctor_new(&d, &(struct cpr_doctor_config){0});
	while (!r && (r = cpr_capture_next(capture, &captured, e, e)) == 1) {
		cpr_decode(decoder, &captured, &packet);
		(void)cpr_doctor_feed(d, &packet);
		judge(d, packet.number, seen);
		r = 0;
	}
	if (r)
		return r;
	judge(d, packet.number, whole);
	compare(file, d, seen, whole);
	return 0;
}

int main(int argc, char **argv)
{
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed |= look(argv[i], &e) != 0;
	for (size_t i = 0; i < e.n; i++)
		fprintf(stderr, "cuts: %s\n", e.line[i]);
	return failed || e.n;
}
