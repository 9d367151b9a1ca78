#include "judge.h"

#include "cleanup.h"
#include "container.h"
#include "errors.h"
#include "inspect.h"
#include "loads.h"
#include "span.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool ends_in(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);

	return n > m && strcmp(name + n - m, suffix) == 0;
}

/* The container around a file, and whether the name inside is the name asked for ("filename
 * doesn't match filename in envelope").  Assumption: the case counts for lists and not for
 * images.  It is not known; but old lists print Jar41… for a file that calls itself jar41…,
 * and a copy under the printed name was reported to work. */
static bool judge_container(const char *name, const uint8_t *bytes, size_t len, bool list,
	struct cpr_container *c, char why[CPR_JUDGE_WHY])
{
	if (cpr_container_parse(bytes, len, c) != CPR_CONTAINER_OK) {
		snprintf(why, CPR_JUDGE_WHY, "its signed header is damaged");
		return false;
	}
	if (c->type == CPR_CONTAINER_NONE) {
		snprintf(why, CPR_JUDGE_WHY, "it is no signed file");
		return false;
	}
	if ((list ? strcmp : strcasecmp)(c->own_name, name) != 0) {
		snprintf(why, CPR_JUDGE_WHY,
			"it was renamed: inside, the file says that it is \"%s\"",
			c->own_name);
		return false;
	}
	return true;
}

static bool judge_entries(
	const struct cpr_loads *l, const char *const *suffix, char why[CPR_JUDGE_WHY])
{
	if (!l->n) {
		snprintf(why, CPR_JUDGE_WHY, "it lists no file");
		return false;
	}
	for (size_t i = 0; i < l->n; i++) {
		size_t at = 0;

		while (suffix[at] && !ends_in(l->entry[i].name, suffix[at]))
			at++;
		if (!suffix[at]) {
			snprintf(why, CPR_JUDGE_WHY,
				"it lists a file of unknown type: \"%.100s\"",
				l->entry[i].name);
			return false;
		}
	}
	return true;
}

int cpr_judge_loads(const char *name, const uint8_t *bytes, size_t len,
	const char *const *suffix, uint32_t hardware_mask, struct cpr_loads **out,
	char why[CPR_JUDGE_WHY])
{
	_cleanup_(cpr_errors_clear) struct cpr_errors e = {0};
	_cleanup_(cpr_loads_freep) struct cpr_loads *l = NULL;
	struct cpr_container c;
	int r;

	if (!judge_container(name, bytes, len, true, &c, why))
		return -EINVAL;
	r = cpr_loads_parse(
		name, bytes + c.payload_offset, len - c.payload_offset, &l, &e);
	if (r == -ENOMEM)
		return r;
	if (r) {
		snprintf(why, CPR_JUDGE_WHY, "%s",
			e.n ? e.line[0] : "its list is damaged");
		return -EINVAL;
	}
	if (!judge_entries(l, suffix, why))
		return -EINVAL;
	if ((l->hardware_compatibility & hardware_mask) != hardware_mask) {
		snprintf(why, CPR_JUDGE_WHY,
			"hardware compatibility mismatch: the load knows boards 0x%x, "
			"this one needs 0x%x",
			l->hardware_compatibility, hardware_mask);
		return -EINVAL;
	}
	*out = TAKE_PTR(l);
	return 0;
}

bool cpr_judge_image(const char *name, const uint8_t *head, size_t len, uint64_t total,
	char why[CPR_JUDGE_WHY])
{
	struct cpr_container c;

	/* The old raw images of the 7940 and 7960 have no header at all. */
	if (ends_in(name, ".bin") &&
		cpr_container_parse(head, len, &c) == CPR_CONTAINER_OK &&
		c.type == CPR_CONTAINER_NONE && total)
		return true;
	if (!judge_container(name, head, len, false, &c, why))
		return false;
	if (c.has_payload_len && total != c.payload_offset + (uint64_t)c.payload_len) {
		snprintf(why, CPR_JUDGE_WHY,
			"it is %llu bytes long, its header says %llu: truncated or padded",
			(unsigned long long)total,
			(unsigned long long)c.payload_offset + c.payload_len);
		return false;
	}
	if (cpr_cnu_complete(head + c.payload_offset, len - c.payload_offset,
		    total - c.payload_offset) == 0) {
		snprintf(why, CPR_JUDGE_WHY,
			"it is %llu bytes long, which is not what its archive adds up to: "
			"truncated or padded",
			(unsigned long long)total);
		return false;
	}
	return true;
}

uint64_t cpr_judge_total(const uint8_t *head, size_t len)
{
	struct cpr_container c;
	uint64_t payload;

	if (cpr_container_parse(head, len, &c) != CPR_CONTAINER_OK ||
		c.type == CPR_CONTAINER_NONE)
		return 0;
	if (c.has_payload_len)
		return c.payload_offset + (uint64_t)c.payload_len;
	payload = cpr_cnu_length(head + c.payload_offset, len - c.payload_offset);
	return payload ? c.payload_offset + payload : 0;
}
