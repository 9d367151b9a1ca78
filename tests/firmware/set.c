#include "firmware/firmware.h"

#include "cleanup.h"
#include "errors.h"
#include "firmware/sets.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MAX_PARTS 16

/* What the templates are filled with. */
struct words {
	const char *load, *number;
	char image[48];
	enum cpr_protocol protocol;
};

/* One image on its way: what the list prints, what the file says, where it is stored. */
struct image {
	const struct cpr_fw_part *part;
	char printed[80], own[80], stored[80];
	size_t size; /* of the whole file, undamaged */
	char md5[33];
	bool absent;
};

struct making {
	const struct cpr_fw_request *request;
	const struct cpr_fw_row *row;
	struct words words;
	struct image image[MAX_PARTS];
	size_t n;
	struct cpr_fw_set *set;
};

static bool lists_model(const struct cpr_fw_row *row, const char *model)
{
	size_t n = strlen(model);

	for (const char *at = row->models; n && (at = strcasestr(at, model)); at++)
		if ((at == row->models || at[-1] == ' ') && at[n] == ':')
			return true;
	return false;
}

static const struct cpr_fw_row *find_row(const struct cpr_fw_request *r)
{
	for (const struct cpr_fw_row *row = cpr_fw_rows; row->models; row++)
		if (r->model && lists_model(row, r->model) &&
			(r->protocol != CPR_SCCP || row->sccp) &&
			(r->protocol != CPR_SIP || row->sip))
			return row;
	return NULL;
}

/* What real lists of these loads name. */
static void image_version(char *out, size_t n, const char *load)
{
	static const char *const known[][2] = {
		{"8-3-1S", "8-3-0-50"},
		{"8-3-3SR2S", "8-3-3ES2"},
		{"8-4-2S", "8-4-1-23"},
		{"8-5-2S", "8-5-2TH1-9"},
		{"8-5-3S", "8-5-3TH1-6"},
		{"8-5-4S", "8-5-4TH1-6"},
		{"9-2-1S", "9-2-1TH1-13"},
		{"9-3-1SR1-1S", "9-3-1ES8"},
		{"9-4-2SR1-1S", "9-4-2ES9"},
		{"9-4-2SR3-1S", "9-4-2ES26"},
		{"9-4-2SR4-3S", "9-4-2SR4-3"},
	};

	for (size_t i = 0; i < CPR_ARRAY_LEN(known); i++)
		if (!strcmp(load, known[i][0])) {
			snprintf(out, n, "%s", known[i][1]);
			return;
		}
	snprintf(out, n, "%.*sES1", (int)strcspn(load, "S"), load);
}

static void version_pair(const char *load, int *major, int *minor)
{
	*major = *minor = 0;
	sscanf(load, "%d-%d", major, minor);
}

/* 8.0 and older: each part has a version of its own. */
static bool parts_differ(const struct words *w)
{
	int major, minor;

	version_pair(w->load, &major, &minor);
	return major < 8 || (major == 8 && minor == 0);
}

static void expand(
	char *out, size_t cap, const char *template, const struct words *w, unsigned part)
{
	static const char *const lower[] = {"", "sccp", "sip"};
	static const char *const upper[] = {"", "SCCP", "SIP"};
	_cleanup_(cpr_buf_free) struct cpr_buf b = {0};

	for (const char *at = template; *at; at++) {
		if (*at != '%') {
			cpr_buf_add(&b, at, 1);
			continue;
		}
		switch (*++at) {
		case 'l':
			cpr_buf_puts(&b, w->load);
			break;
		case 'v':
			cpr_buf_puts(&b, w->image);
			if (parts_differ(w))
				cpr_buf_printf(&b, "-%u", 20 + part);
			break;
		case 'n':
			cpr_buf_puts(&b, w->number);
			break;
		case 'p':
			cpr_buf_puts(&b, lower[w->protocol]);
			break;
		default:
			cpr_buf_puts(&b, upper[w->protocol]);
		}
	}
	snprintf(out, cap, "%s", b.data ? b.data : "");
}

static void load_name(char *out, size_t cap, const struct making *m, const char *version)
{
	struct words w = m->words;

	w.load = version;
	expand(out, cap, w.protocol == CPR_SIP ? m->row->sip : m->row->sccp, &w, 0);
}

/* Some other version of the same kind. */
static const char *other_version(const struct making *m)
{
	return strcmp(m->words.load, "8-5-2S") ? "8-5-2S" : "8-5-4S";
}

static size_t image_size(const struct making *m, size_t i, const struct cpr_fw_part *part)
{
	/* small: several blocks, a whole number of them, less than two of data */
	static const uint16_t small[] = {
		4321, 2900, 6144, 1733, 7011, 3000, 2222, 4096, 3333, 2048};

	if (m->request->real_size || part->payload == CPR_FW_TEXT)
		return part->real;
	return small[i % CPR_ARRAY_LEN(small)];
}

static void flip_case(char *name, bool whole)
{
	bool up = islower((unsigned char)name[0]);

	for (; *name; name++) {
		*name = (char)(up ? toupper((unsigned char)*name)
				  : tolower((unsigned char)*name));
		if (up && !whole)
			return;
	}
}

static void apply_defect(struct making *m)
{
	struct words other = m->words;
	struct image *listed[MAX_PARTS], *victim;
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		if (!m->image[i].part->unlisted)
			listed[n++] = &m->image[i];
	victim = listed[n / 2];
	switch (m->request->defect) {
	case CPR_FW_MISSING:
		victim->absent = true;
		break;
	case CPR_FW_CASE:
		flip_case(victim->own, true);
		flip_case(victim->stored, true);
		break;
	case CPR_FW_RENAMED:
		other.load = other_version(m);
		image_version(other.image, sizeof(other.image), other.load);
		expand(victim->own, sizeof(victim->own), victim->part->name, &other,
			(unsigned)(victim - m->image));
		break;
	case CPR_FW_LISTED_CASE:
		flip_case(listed[0]->printed, false);
		break;
	default:
		break;
	}
}

static size_t header_size(const char *own_name)
{
	_cleanup_(cpr_buf_free) struct cpr_buf b = {0};

	cpr_fw_signed(&b, CPR_FW_SIGNER, own_name, "", 0, 0);
	return b.len;
}

static void name_images(struct making *m)
{
	int major, minor;

	version_pair(m->words.load, &major, &minor);
	for (const struct cpr_fw_part *p = m->row->parts; p->name; p++) {
		unsigned i = (unsigned)m->n;
		struct image *at = &m->image[m->n++];

		at->part = p;
		at->size = image_size(m, i, p);
		expand(at->own, sizeof(at->own), p->name, &m->words, i);
		strcpy(at->stored, at->own);
		strcpy(at->printed, at->own);
		if (i && at[-1].part->payload == CPR_FW_UNSIGNED)
			at[-1].size = at->size - header_size(at->own);
		/* 8-3-1S and older SIP lists, and every list before 8.0(2), print a
		 * capital J; the files are lower case */
		if (i == 0 && m->row->grammar == CPR_FW_JAVA &&
			(parts_differ(&m->words) ||
				(m->words.protocol == CPR_SIP && major == 8 &&
					(minor < 3 || !strcmp(m->words.load, "8-3-1S")))))
			flip_case(at->printed, false);
	}
	apply_defect(m);
}

/* The file's content; the .bin is the .sbn without its header. */
static void fill_payload(
	struct cpr_buf *out, const struct making *m, const struct image *im, size_t len)
{
	char name[80];
	char *dot;
	struct cpr_fw_random r = {
		m->request->seed, m->request->compressible ? 0xe0e0e0e0e0e0e0e0 : 0};

	snprintf(name, sizeof(name), "%s", im->own);
	dot = strrchr(name, '.');
	if (dot && !strcmp(dot, ".bin"))
		strcpy(dot, ".sbn");
	for (const char *c = name; *c; c++)
		r.state = (r.state ^ (uint8_t)*c) * 0x100000001b3;
	switch (im->part->payload) {
	case CPR_FW_CNU:
		/* two real cnu files, of 9-4-2SR4-3, have a byte more */
		cpr_fw_cnu(out, len, len > 100000 ? 24 : 3,
			!strncmp(name, "cnu", 3) && strstr(name, "SR4-3"), &r);
		break;
	case CPR_FW_MD5:
		cpr_buf_printf(out, "%016llx%016llx",
			(unsigned long long)cpr_fw_random(&r),
			(unsigned long long)cpr_fw_random(&r));
		cpr_fw_random_bytes(out, len - 32, &r);
		break;
	case CPR_FW_TIZP:
		cpr_buf_puts(out, "TiZp");
		cpr_fw_random_bytes(out, len - 4, &r);
		break;
	case CPR_FW_TEXT:
		if (!strcmp(im->own, "OS79XX.TXT")) {
			cpr_buf_printf(out, "P003-%s \r\n", m->words.load);
			break;
		}
		while (out->len < len && !out->failed)
			cpr_buf_puts(out, "Synthetic firmware for tests.\r\n");
		out->len = out->failed ? 0 : len;
		break;
	default:
		cpr_fw_random_bytes(out, len, &r);
	}
}

static int add_file(struct cpr_fw_set *s, enum cpr_fw_kind kind, const char *stored,
	const char *own, struct cpr_buf *bytes)
{
	struct cpr_fw_file *grown = reallocarray(s->file, s->n + 1, sizeof(*grown));
	struct cpr_fw_file *f;

	if (!grown || bytes->failed)
		return -ENOMEM;
	s->file = grown;
	f = &grown[s->n++];
	*f = (struct cpr_fw_file){.kind = kind, .len = bytes->len};
	snprintf(f->name, sizeof(f->name), "%s", stored);
	snprintf(f->own_name, sizeof(f->own_name), "%s", own);
	f->data = (uint8_t *)TAKE_PTR(bytes->data);
	return 0;
}

static int make_image(struct making *m, struct image *im, bool last)
{
	_cleanup_(cpr_buf_free) struct cpr_buf head = {0}, payload = {0}, file = {0};
	bool has_header =
		im->part->payload != CPR_FW_UNSIGNED && im->part->payload != CPR_FW_TEXT;
	bool type_b = im->part->payload == CPR_FW_TYPE_B;

	/* The header's length depends on the name alone. */
	if (type_b)
		cpr_fw_cd34(&head, im->own, "", 0, 0);
	else if (has_header)
		cpr_fw_signed(&head, CPR_FW_SIGNER, im->own, "", 0, 0);
	fill_payload(&payload, m, im, im->size - head.len);
	if (im->part->payload == CPR_FW_MD5)
		snprintf(im->md5, sizeof(im->md5), "%.32s",
			payload.data ? payload.data : "");
	if (type_b)
		cpr_fw_cd34(&file, im->own, payload.data, payload.len, m->request->seed);
	else if (has_header)
		cpr_fw_signed(&file, CPR_FW_SIGNER, im->own, payload.data, payload.len,
			m->request->seed);
	else
		cpr_buf_add(&file, payload.data, payload.len);
	file.failed |= payload.failed;
	im->size = file.len;
	if (last && m->request->defect == CPR_FW_TRUNCATED)
		file.len = file.len * 2 / 3;
	if (im->absent)
		return 0;
	return add_file(m->set, im->part->unlisted ? CPR_FW_EXTRA : CPR_FW_IMAGE,
		im->stored, has_header ? im->own : "", &file);
}

static long hardware_mask(const struct making *m)
{
	static const struct {
		const char *number;
		int major, minor;
		long mask;
	} seen[] = {
		/* of each set the last row not newer than the load */
		{"11", 8, 3, 1},
		{"42", 8, 4, 1},
		{"42", 9, 4, 5},
		{"45", 9, 3, 7},
		{"45", 9, 4, 15},
		{"75", 8, 0, 5},
	};
	long mask = 0;
	int major, minor;

	if (m->request->hardware_mask >= 0)
		return m->request->hardware_mask;
	version_pair(m->words.load, &major, &minor);
	for (size_t i = 0; i < CPR_ARRAY_LEN(seen); i++)
		if (!strcmp(seen[i].number, m->row->number) &&
			(major > seen[i].major ||
				(major == seen[i].major && minor >= seen[i].minor)))
			mask = seen[i].mask;
	return mask;
}

static void list_java(struct cpr_buf *b, const struct making *m, const char *load)
{
	long mask = hardware_mask(m);

	(void)load;
	cpr_buf_puts(b,
		"# synthetic: the grammar of the real one, not a byte of firmware\r\n"
		"# no phone will take it\r\n");
	cpr_buf_printf(b, "# RELEASE load version %s\r\n", m->words.image);
	if (mask)
		cpr_buf_printf(b, "#HARDWARE_COMP_1 %ld\r\n", mask);
	for (size_t i = 0; i < m->n; i++)
		cpr_buf_printf(b, "%s%s\r\n", m->image[i].printed, i == 1 ? " " : "");
}

static void list_plain(struct cpr_buf *b, const struct making *m, const char *load)
{
	const char *gap = "";

	(void)load;
	for (size_t i = 0; i < m->n; i++) {
		if (m->image[i].part->unlisted)
			continue;
		cpr_buf_printf(b, "%s%s", gap, m->image[i].printed);
		gap = "\n";
	}
}

static void list_p003(struct cpr_buf *b, const struct making *m, const char *load)
{
	(void)load;
	for (size_t i = 0; i < m->n; i++)
		if (!m->image[i].part->unlisted)
			cpr_buf_printf(b, "%s\n", m->image[i].printed);
	if (m->words.protocol == CPR_SCCP)
		cpr_buf_puts(b, "LA_VERSION=PAS30831\n");
}

static void list_wireless(struct cpr_buf *b, const struct making *m, const char *load)
{
	(void)load;
	cpr_buf_puts(b, "#? HW_REV 0-4.*\r\n#? SW_CAP EAP-TLS,PEAP,VSFIX\r\n");
	for (size_t i = 0; i < m->n; i++)
		cpr_buf_printf(b, "%s%s  %zu  %s\r\n", m->image[i].part->key ? "#+ " : "",
			m->image[i].printed, m->image[i].size, m->image[i].md5);
}

static void list_ini(struct cpr_buf *b, const struct making *m, const char *load)
{
	char platform = 0;

	cpr_buf_printf(b, "# LOADS=%s\n[CISCO-ID]\nversion=%s\n", load, m->words.load);
	cpr_buf_printf(b, "hwcompat=0x%08lx\nswcompat=0x00000001\ntransition=\n",
		m->request->hardware_mask >= 0 ? m->request->hardware_mask : 3);
	cpr_buf_printf(b, "loadversion=%s\n", load);
	for (size_t i = 0; i < m->n; i++) {
		const struct image *im = &m->image[i];

		if (platform != im->part->key[0]) {
			platform = im->part->key[0];
			cpr_buf_printf(b, "[PLATFORM_%c]\n", platform);
		}
		cpr_buf_printf(
			b, "%s=%s size=%zu\n", im->part->key + 1, im->printed, im->size);
	}
}

/* loads and term files differ in nothing but the name */
static int make_list(
	struct making *m, enum cpr_fw_kind kind, const char *stored, const char *own)
{
	static void (*const list[])(
		struct cpr_buf *, const struct making *, const char *) = {
		[CPR_FW_JAVA] = list_java,
		[CPR_FW_PLAIN] = list_plain,
		[CPR_FW_P003] = list_p003,
		[CPR_FW_WIRELESS] = list_wireless,
		[CPR_FW_INI] = list_ini,
	};
	_cleanup_(cpr_buf_free) struct cpr_buf payload = {0}, file = {0};

	list[m->row->grammar](&payload, m, stored);
	if (m->row->grammar == CPR_FW_INI)
		cpr_fw_cd34(&file, own, payload.data, payload.len, m->request->seed);
	else
		cpr_fw_signed(&file, CPR_FW_SIGNER, own, payload.data, payload.len,
			m->request->seed);
	file.failed |= payload.failed;
	return add_file(m->set, kind, stored, own, &file);
}

static int make_lists(struct making *m)
{
	bool wrong = m->request->defect == CPR_FW_INNER_NAME;
	const char *suffix = m->row->grammar == CPR_FW_WIRELESS ? ".LOADS" : ".loads";
	char other[60], name[80], own[80];
	int r;

	load_name(other, sizeof(other), m, other_version(m));
	snprintf(name, sizeof(name), "%s%s", m->set->load, suffix);
	snprintf(own, sizeof(own), "%s%s", other, suffix);
	r = make_list(m, CPR_FW_LOADS, name, wrong ? own : name);
	for (const char *t = m->row->terms; !r && *t; t += t[2] ? 3 : 2) {
		char term[80];

		snprintf(term, sizeof(term), "term%.2s.default.loads", t);
		r = make_list(m, CPR_FW_TERM, term, wrong ? name : term);
	}
	return r;
}

static int make_set(struct making *m)
{
	size_t last = 0;
	int r = 0;

	load_name(m->set->load, sizeof(m->set->load), m, m->words.load);
	expand(m->set->package, sizeof(m->set->package), m->row->package, &m->words, 0);
	if (m->row->grammar == CPR_FW_JAVA)
		/* packages lack the S that ends the load's name */
		m->set->package[strlen(m->set->package) - 1] = 0;
	name_images(m);
	for (size_t i = 0; i < m->n; i++)
		if (!m->image[i].part->unlisted)
			last = i;
	for (size_t i = 0; !r && i < m->n; i++)
		r = make_image(m, &m->image[i], i == last);
	return r ? r : make_lists(m);
}

int cpr_fw_set_new(struct cpr_fw_set **out, const struct cpr_fw_request *request,
	struct cpr_errors *e)
{
	_cleanup_(cpr_fw_set_freep) struct cpr_fw_set *set = NULL;
	struct making m = {.request = request, .row = find_row(request)};
	int r;

	if (!m.row) {
		cpr_errors_add(e, NULL, 0,
			"no set for model \"%s\" and that protocol; the models are those "
			"of --help",
			request->model ? request->model : "");
		return -EINVAL;
	}
	m.words.protocol = request->protocol ? request->protocol
			   : m.row->sccp     ? CPR_SCCP
					     : CPR_SIP;
	m.words.number = m.row->number;
	m.words.load = request->version              ? request->version
		       : m.words.protocol == CPR_SIP ? m.row->sip_version
						     : m.row->sccp_version;
	if (!*m.words.load || strlen(m.words.load) > 24 ||
		strpbrk(m.words.load, "/\\ ")) {
		cpr_errors_add(e, NULL, 0,
			"version \"%s\" fits no file name; write one like 9-4-2SR3-1S",
			m.words.load);
		return -EINVAL;
	}
	image_version(m.words.image, sizeof(m.words.image), m.words.load);
	m.set = set = calloc(1, sizeof(*set));
	if (!set)
		return -ENOMEM;
	set->models = m.row->models;
	set->protocol = m.words.protocol;
	set->seed = request->seed;
	r = make_set(&m);
	if (!r)
		*out = TAKE_PTR(set);
	return r;
}

struct cpr_fw_set *cpr_fw_set_free(struct cpr_fw_set *s)
{
	if (!s)
		return NULL;
	for (size_t i = 0; i < s->n; i++)
		free(s->file[i].data);
	free(s->file);
	free(s);
	return NULL;
}

void cpr_fw_set_freep(struct cpr_fw_set **s)
{
	*s = cpr_fw_set_free(*s);
}

const struct cpr_fw_file *cpr_fw_set_file(const struct cpr_fw_set *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->file[i].name, name))
			return &s->file[i];
	return NULL;
}
