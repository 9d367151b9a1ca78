#include "loads.h"

#include "cleanup.h"
#include "errors.h"
#include "span.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MAX_ENTRIES 64
#define MAX_NAME    64
/* The 79xx reads with fgets(…, 127), which leaves room for 126 bytes: what is longer becomes a
 * second line there.  A line's end that is left over is a blank line, and harmless. */
#define MAX_LINE     126
#define MAX_INI_LINE 511
#define BLANKS       " \t\r\n"

struct parser {
	const char *file;
	unsigned line_no;
	unsigned faults;
	bool full;
	struct cpr_errors *e;
	struct cpr_loads *loads;
	bool platform; /* INI: inside a [PLATFORM_n] */
};

/* After so many a file is no list at all; more lines would only bury the first. */
#define MAX_FAULTS 20

#define FAULT(p, ...) \
	((p)->faults++, cpr_errors_add((p)->e, (p)->file, (p)->line_no, __VA_ARGS__))

static bool plain(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] > '~')
			return false;
	return true;
}

/* A name is asked for over TFTP and becomes a file: one path element of plain letters. */
static bool name_ok(struct parser *p, const char *name)
{
	size_t n = strlen(name);

	if (n > MAX_NAME)
		FAULT(p,
			"a file name of %zu bytes, where %d are the most; the list is "
			"damaged",
			n, MAX_NAME);
	else if (!plain(name, n))
		FAULT(p, "a file name with control or non-ASCII characters; the list is "
			 "damaged");
	else if (strpbrk(name, "/\\") || name[0] == '.')
		FAULT(p, "\"%s\" is a path, not a file name; do not use this list", name);
	else
		return true;
	return false;
}

/* How the images end that some list was seen to name. */
static bool image_suffix(const char *name)
{
	static const char *const suffix[] = {
		".sbn", ".bin", ".sb2", ".sgn", ".zz", ".sebn", ".sbin", ".zup"};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < CPR_ARRAY_LEN(suffix); i++)
		if (!strcasecmp(dot, suffix[i]))
			return true;
	return false;
}

static int add_entry(struct parser *p, const char *name, int64_t size, const char *md5)
{
	struct cpr_loads *l = p->loads;
	struct cpr_loads_entry *grown;

	if (!name_ok(p, name) || p->full)
		return 0;
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->entry[i].name, name)) {
			/* an INI may give two platforms the same file */
			if (!p->platform || l->entry[i].size != size)
				FAULT(p, "\"%s\" is listed twice; the list is damaged",
					name);
			return 0;
		}
	if (l->n == MAX_ENTRIES) {
		FAULT(p, "more than %d files are listed; the list is damaged",
			MAX_ENTRIES);
		p->full = true;
		return 0;
	}
	grown = reallocarray(l->entry, l->n + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	l->entry = grown;
	grown[l->n] = (struct cpr_loads_entry){.name = strdup(name), .size = size};
	if (!grown[l->n].name)
		return -ENOMEM;
	snprintf(grown[l->n].md5, sizeof(grown[l->n].md5), "%s", md5);
	l->n++;
	return 0;
}

/* Decimal digits only, no sign, no blank. */
static bool number(const char *s, int64_t *out)
{
	size_t n = strspn(s, "0123456789");

	if (!n || n > 15 || s[n])
		return false;
	*out = strtoll(s, NULL, 10);
	return true;
}

static bool is_md5(const char *s)
{
	return strlen(s) == 32 && strspn(s, "0123456789abcdefABCDEF") == 32;
}

/* NAME, or NAME SIZE MD5 (7921).  Words behind a name alone are ignored: so does the phone. */
static int file_line(struct parser *p, char *text, bool sized)
{
	char *save, *name = strtok_r(text, BLANKS, &save);
	char *size = name ? strtok_r(NULL, BLANKS, &save) : NULL;
	char *md5 = size ? strtok_r(NULL, BLANKS, &save) : NULL;
	int64_t bytes = -1;

	if (!name)
		return 0;
	if (size && !sized)
		sized = strspn(size, "0123456789") == strlen(size);
	if (sized && (!size || !number(size, &bytes) || !md5 || !is_md5(md5))) {
		FAULT(p, "no size and MD5 behind the file name; the list is damaged");
		return 0;
	}
	/* 7940: LA_VERSION=PAS30831 */
	if (!sized && strchr(name, '='))
		return 0;
	if (plain(name, strlen(name)) && strlen(name) <= MAX_NAME &&
		!image_suffix(name)) {
		FAULT(p,
			"\"%s\" ends like no image; the phone stops here, take another "
			"list",
			name);
		return 0;
	}
	return add_entry(p, name, bytes, sized ? md5 : "");
}

static void take_version(struct parser *p, const char *text)
{
	size_t n = strcspn(text, BLANKS);

	if (n && n < sizeof(p->loads->version) && plain(text, n))
		snprintf(p->loads->version, sizeof(p->loads->version), "%.*s", (int)n,
			text);
}

static void take_mask(struct parser *p, const char *text)
{
	unsigned long long mask;
	char *end;

	text += strspn(text, BLANKS);
	mask = strtoull(text, &end, 0);
	if (end == text || *text == '-' || end[strspn(end, BLANKS)] ||
		mask > UINT32_MAX) {
		FAULT(p, "the hardware compatibility is no number; the list is damaged");
		return;
	}
	p->loads->hardware_compatibility = (uint32_t)mask;
}

/* What follows the word, or NULL when the text does not begin with it. */
static char *behind(char *text, const char *word)
{
	size_t n = strlen(word);

	return strncmp(text, word, n) ? NULL : text + n;
}

static int comment(struct parser *p, char *line)
{
	char *rest;

	if ((rest = behind(line, "# RELEASE load version ")))
		take_version(p, rest);
	else if ((rest = behind(line, "#HARDWARE_COMP_1")) && strchr(BLANKS, *rest))
		take_mask(p, rest);
	else if ((rest = behind(line, "#+")))
		return file_line(p, rest, true);
	return 0;
}

static int plain_line(struct parser *p, char *line)
{
	line += strspn(line, BLANKS);
	return line[0] == '#' ? comment(p, line) : file_line(p, line, false);
}

/* [CISCO-ID] has values; a [PLATFORM_n] lists KEY=FILE size=N, and keys without a file. */
static int ini_line(struct parser *p, char *line)
{
	char *value, *size, *rest;
	int64_t bytes;

	line += strspn(line, BLANKS);
	if (!*line || *line == '#' || *line == ';')
		return 0;
	if (*line == '[') {
		p->platform = !strncmp(line, "[PLATFORM_", 10);
		return 0;
	}
	value = strchr(line, '=');
	if (!value) {
		FAULT(p, "neither a section nor KEY=VALUE; the list is damaged");
		return 0;
	}
	*value++ = 0;
	if (!p->platform) {
		if (!strcmp(line, "hwcompat"))
			take_mask(p, value);
		else if (!strcmp(line, "version"))
			take_version(p, value);
		return 0;
	}
	size = strstr(value, " size=");
	if (!size)
		return 0;
	*size = 0;
	size += strlen(" size=");
	rest = size + strcspn(size, BLANKS);
	if (rest[strspn(rest, BLANKS)])
		rest = size; /* more behind the number */
	*rest = 0;
	if (!*value || !number(size, &bytes)) {
		FAULT(p, "no size behind the file name; the list is damaged");
		return 0;
	}
	return add_entry(p, value, bytes, "");
}

/* An INI begins with a section, whatever comments stand before it. */
static bool is_ini(const uint8_t *payload, size_t len)
{
	bool start = true, skip = false;

	for (size_t i = 0; i < len; i++) {
		if (payload[i] == '\n')
			start = true, skip = false;
		else if (!skip && start && payload[i] == '#')
			skip = true;
		else if (!skip && !strchr(BLANKS, payload[i]))
			return start && payload[i] == '[';
	}
	return false;
}

/* Takes the next line without its end. */
static const uint8_t *next_line(struct cpr_span *s, size_t *n)
{
	const uint8_t *start = s->data + s->pos;
	const uint8_t *end = memchr(start, '\n', cpr_span_left(s));

	*n = end ? (size_t)(end - start) : cpr_span_left(s);
	cpr_span_skip(s, *n + (end != NULL));
	if (*n && start[*n - 1] == '\r')
		--*n;
	return start;
}

static int parse_lines(struct parser *p, struct cpr_span s, bool ini)
{
	const size_t max = ini ? MAX_INI_LINE : MAX_LINE;
	char line[MAX_INI_LINE + 1];
	int r = 0;

	while (!r && cpr_span_left(&s) && p->faults < MAX_FAULTS) {
		size_t n;
		const uint8_t *at = next_line(&s, &n);

		p->line_no++;
		if (memchr(at, 0, n)) {
			FAULT(p, "a NUL byte; this is no list, or it is damaged");
			break;
		}
		if (n > max) {
			FAULT(p,
				"%zu bytes, where the phone reads %zu; the list is damaged",
				n, max);
			continue;
		}
		memcpy(line, at, n);
		line[n] = 0;
		r = ini ? ini_line(p, line) : plain_line(p, line);
	}
	return r;
}

int cpr_loads_parse(const char *file, const uint8_t *payload, size_t len,
	struct cpr_loads **out, struct cpr_errors *e)
{
	_cleanup_(cpr_loads_freep) struct cpr_loads *loads = calloc(1, sizeof(*loads));
	struct parser p = {.file = file, .e = e, .loads = loads};
	int r;

	if (!loads)
		return -ENOMEM;
	r = parse_lines(&p, cpr_span_of(payload, len), is_ini(payload, len));
	if (r)
		return r;
	p.line_no = 0;
	if (!p.faults && !loads->n)
		FAULT(&p, "lists no file; take the list of another package");
	if (p.faults)
		return -EINVAL;
	*out = TAKE_PTR(loads);
	return 0;
}

int cpr_loads_copy(const struct cpr_loads *from, struct cpr_loads **out)
{
	_cleanup_(cpr_loads_freep) struct cpr_loads *l = malloc(sizeof(*l));

	if (!l)
		return -ENOMEM;
	*l = *from;
	l->n = 0;
	l->entry = calloc(from->n ? from->n : 1, sizeof(*l->entry));
	if (!l->entry)
		return -ENOMEM;
	for (; l->n < from->n; l->n++) {
		l->entry[l->n] = from->entry[l->n];
		l->entry[l->n].name = strdup(from->entry[l->n].name);
		if (!l->entry[l->n].name)
			return -ENOMEM;
	}
	*out = TAKE_PTR(l);
	return 0;
}

struct cpr_loads *cpr_loads_free(struct cpr_loads *l)
{
	if (!l)
		return NULL;
	for (size_t i = 0; i < l->n; i++)
		free(l->entry[i].name);
	free(l->entry);
	free(l);
	return NULL;
}

void cpr_loads_freep(struct cpr_loads **l)
{
	*l = cpr_loads_free(*l);
}
