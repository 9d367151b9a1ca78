/* What file and load names say, by the rows of the model table. */
#include "models.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "cleanup.h"
#include "text.h"

/* Loads that were renamed during the life of a model. */
static const struct {
	const char *now, *older;
} renamed[] = {{"SCCP894x.", "SCCP8941_8945."}};

/* What an image's name ends with where its cell does not say; '#' is one digit. */
static const char *const suffixes[][4] = {
	[CPR_FAMILY_79X1] = {".sbn"},
	[CPR_FAMILY_7921] = {".sbn"},
	[CPR_FAMILY_69XX] = {".zz.sgn", ".zz", ".bin#.sgn"},
	[CPR_FAMILY_8961] = {".sebn"},
	[CPR_FAMILY_SPA] = {".bin"},
	[CPR_FAMILY_ADDON] = {NULL}, /* the last: gives the table its length */
};

/* Parts of the 78xx, 88xx and 8961 series, before the series' name; a 2 or 3 in between is
 * the part's build for another board.  From listings of enterprise and multiplatform
 * packages. */
static const char *const parts[] = {"boot1", "dkern", "fbi", "kern", "kernel", "m0patch",
	"preloader", "rootfs", "sb2", "sboot", "skern", "ssb", "vc4"};

/* The length of name without suffix, or 0 when it does not end so ('#' is a digit). */
static size_t without(const char *name, size_t len, const char *suffix)
{
	size_t n = strlen(suffix);

	if (len < n)
		return 0;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)name[len - n + i];

		if (suffix[i] == '#' ? !isdigit(c)
				     : tolower(c) != tolower((unsigned char)suffix[i]))
			return 0;
	}
	return len - n;
}

/* The length of a load's name, whether ".loads" stands behind it or not. */
static size_t load_len(const char *name)
{
	size_t len = strlen(name), stem = without(name, len, ".loads");

	return stem ? stem : len;
}

static size_t prefix_len(const char *name, size_t len, const char *prefix)
{
	const char *rest;

	if (!prefix)
		return 0;
	rest = cpr_text_after(name, prefix);
	for (size_t i = 0; !rest && i < CPR_ARRAY_LEN(renamed); i++)
		if (!strcmp(prefix, renamed[i].now))
			rest = cpr_text_after(name, renamed[i].older);
	return rest && (size_t)(rest - name) < len ? (size_t)(rest - name) : 0;
}

/* How much of a load's name is the row's prefix (0: none), and for which protocol.  The
 * longer prefix wins: CP7912080000SIP... begins with CP7912 too. */
static size_t load_prefix(const struct cpr_model *m, const char *name, size_t len,
	enum cpr_protocol *protocol)
{
	size_t sccp = prefix_len(name, len, m->loads_sccp);
	size_t sip = prefix_len(name, len, m->loads_sip);

	*protocol = sip > sccp ? CPR_SIP : sccp ? CPR_SCCP : CPR_PROTOCOL_NONE;
	return sip > sccp ? sip : sccp;
}

/* The longest prefix of any row. */
static size_t any_prefix(const char *name, enum cpr_protocol *protocol)
{
	size_t len = load_len(name), best = 0;

	*protocol = CPR_PROTOCOL_NONE;
	for (size_t i = 0; i < cpr_models_n; i++) {
		enum cpr_protocol p;
		size_t n = load_prefix(&cpr_models[i], name, len, &p);

		if (n > best) {
			best = n;
			*protocol = p;
		}
	}
	return best;
}

/* Names that begin with prefix[0..n), end with suffix, and have something in between.
 * separated: the prefix must not run on, so that "kern8961" does not take "kern89612.sebn". */
struct shape {
	const char *prefix;
	size_t n;
	const char *suffix; /* '#' is a digit */
	bool separated;
};

/* True ends the walk. */
typedef bool shape_use(const struct shape *s, void *context);

/* The row's own load prefixes as shapes. */
static bool load_shapes(
	const struct cpr_model *m, const char *suffix, shape_use *use, void *context)
{
	const char *const prefixes[] = {m->loads_sccp, m->loads_sip};

	for (size_t i = 0; i < CPR_ARRAY_LEN(prefixes); i++) {
		const char *now = prefixes[i];
		struct shape s = {now, now ? strlen(now) : 0, suffix, false};

		if (now && use(&s, context))
			return true;
		for (size_t k = 0; now && k < CPR_ARRAY_LEN(renamed); k++) {
			s.prefix = renamed[k].older;
			s.n = strlen(s.prefix);
			if (!strcmp(now, renamed[k].now) && use(&s, context))
				return true;
		}
	}
	return false;
}

/* One image of a cell, text[0..n). */
static bool image_shapes(const struct cpr_model *m, const char *text, size_t n,
	shape_use *use, void *context)
{
	const char *dots = memmem(text, n, "...", 3);
	struct shape s = {.prefix = text};
	char suffix[16];

	if (!strncmp(text, "<load>", 6)) {
		snprintf(suffix, sizeof(suffix), "%.*s", (int)(n - 6), text + 6);
		return load_shapes(m, suffix, use, context);
	}
	while (s.n < n && text + s.n != dots && !strchr("< ", text[s.n]))
		s.n++;
	if (dots) {
		dots += strspn(dots, ".");
		snprintf(suffix, sizeof(suffix), ".%.*s", (int)(text + n - dots), dots);
		s.suffix = suffix;
		return use(&s, context);
	}
	for (const char *const *end = suffixes[m->family]; *end; end++) {
		/* Up to 8.0 one set served both protocols' names: Jar41.2-9-2-26.sbn. */
		const size_t lengths[] = {
			s.n, without(text, s.n, "sccp"), without(text, s.n, "sip")};

		for (size_t i = 0; i < (m->family == CPR_FAMILY_79X1 ? 3 : 1); i++)
			if (lengths[i] &&
				use(&(struct shape){text, lengths[i], *end, true},
					context))
				return true;
	}
	return false;
}

static bool cell_shapes(
	const struct cpr_model *m, const char *cell, shape_use *use, void *context)
{
	for (const char *at = cell; at && *at;) {
		size_t n = strcspn(at, ";|");

		if (image_shapes(m, at, n, use, context))
			return true;
		at += n + (at[n] != '\0');
	}
	return false;
}

/* What the row's cell lacks: BOOT894x is in every 894x package, though no .loads lists it. */
static const char *more_images(const struct cpr_model *m)
{
	return m->family == CPR_FAMILY_69XX ? "BOOT894x;SCCP8941_8945.<ver>" : NULL;
}

static bool fits(const struct shape *s, void *context)
{
	const char *name = context;
	size_t len = strlen(name);

	if (!s->n || len < s->n || strncasecmp(name, s->prefix, s->n) ||
		without(name, len, s->suffix) <= s->n)
		return false;
	return !s->separated || !isalnum((unsigned char)s->prefix[s->n - 1]) ||
	       !isalnum((unsigned char)name[s->n]);
}

/* What follows "sip" in the row's load prefix: the parts' series.  NULL: it has no parts. */
static const char *series_of(const struct cpr_model *m)
{
	return m->loads_sip && (m->family == CPR_FAMILY_78XX ||
				       m->family == CPR_FAMILY_8961)
		       ? m->loads_sip + strlen("sip")
		       : NULL;
}

/* kern78xx.11-0-1-11.sbn, sboot2.78xx..., sb2288xx...: part, build, series.  Assumption:
 * listings print these names with and without an extension, so none is asked for. */
static bool takes_part(const struct cpr_model *m, const char *name)
{
	const char *series = series_of(m), *rest;

	for (size_t i = 0; series && i < CPR_ARRAY_LEN(parts); i++) {
		rest = cpr_text_after(name, parts[i]);
		for (int builds = 0; rest && builds < 2; builds++) {
			const char *version = cpr_text_after(
				*rest == '.' && builds ? rest + 1 : rest, series);

			if (version && *version)
				return true;
			if (*rest == '2' || *rest == '3')
				rest++;
		}
	}
	return false;
}

static bool takes_any_image(const struct cpr_model *m, const char *name)
{
	return takes_part(m, name) || cell_shapes(m, m->images, fits, (void *)name) ||
	       cell_shapes(m, more_images(m), fits, (void *)name);
}

enum cpr_name_kind cpr_name_kind(const char *name)
{
	enum cpr_protocol protocol;
	size_t len = strlen(name);

	if (!len || len > 64)
		return CPR_NAME_NONE;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr(".-_", name[i]))
			return CPR_NAME_NONE;
	for (size_t i = 0; i < cpr_models_n; i++)
		if (cpr_models[i].term && !strcasecmp(name, cpr_models[i].term))
			return CPR_NAME_TERM;
	if (without(name, len, ".loads"))
		return any_prefix(name, &protocol) ? CPR_NAME_LOADS : CPR_NAME_NONE;
	for (size_t i = 0; i < cpr_models_n; i++)
		if (takes_any_image(&cpr_models[i], name))
			return CPR_NAME_IMAGE;
	return CPR_NAME_NONE;
}

#define ANY "[-._[:alnum:]]"

/* Without a backslash, which servers' files would take for their own. */
static void literal(struct cpr_buf *b, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text[i] == '#')
			cpr_buf_puts(b, "[0-9]");
		else if (text[i] == '.')
			cpr_buf_puts(b, "[.]");
		else
			cpr_buf_add(b, &text[i], 1);
}

static bool write_shape(const struct shape *s, void *context)
{
	struct cpr_buf *b = context;

	if (!s->n)
		return false;
	if (b->len)
		cpr_buf_puts(b, "|");
	literal(b, s->prefix, s->n);
	cpr_buf_puts(b, s->separated && isalnum((unsigned char)s->prefix[s->n - 1])
				? "[-._]" ANY "*"
				: ANY "+");
	literal(b, s->suffix, strlen(s->suffix));
	return false;
}

static void write_parts(struct cpr_buf *b, const char *series)
{
	for (size_t i = 0; i < CPR_ARRAY_LEN(parts); i++)
		cpr_buf_printf(b, "%s%s", i ? "|" : "(", parts[i]);
	cpr_buf_puts(b, ")[23]?[.]?");
	literal(b, series, strlen(series));
	cpr_buf_puts(b, ANY "+");
}

static bool has_line(const struct cpr_buf *all, const char *line)
{
	const char *at = all->data;

	while (at && (at = strstr(at, line)) && at > all->data && at[-1] != '\n')
		at++;
	return at != NULL;
}

/* Rows share cells. */
static void add_line(struct cpr_buf *all, struct cpr_buf *line)
{
	if (line->len)
		cpr_buf_puts(line, "\n");
	all->failed = all->failed || line->failed;
	if (line->len && !line->failed && !has_line(all, line->data))
		cpr_buf_add(all, line->data, line->len);
	cpr_buf_free(line);
}

void cpr_name_expressions(struct cpr_buf *out)
{
	struct cpr_buf line = {0};

	for (size_t i = 0; i < cpr_models_n; i++)
		if (cpr_models[i].term) {
			literal(&line, cpr_models[i].term, strlen(cpr_models[i].term));
			add_line(out, &line);
		}
	for (size_t i = 0; i < cpr_models_n; i++) {
		load_shapes(&cpr_models[i], ".loads", write_shape, &line);
		add_line(out, &line);
	}
	for (size_t i = 0; i < cpr_models_n; i++) {
		const char *series = series_of(&cpr_models[i]);

		cell_shapes(&cpr_models[i], cpr_models[i].images, write_shape, &line);
		add_line(out, &line);
		cell_shapes(
			&cpr_models[i], more_images(&cpr_models[i]), write_shape, &line);
		add_line(out, &line);
		if (series)
			write_parts(&line, series);
		add_line(out, &line);
	}
}

enum cpr_protocol cpr_load_protocol(const char *loads_name)
{
	enum cpr_protocol protocol;

	any_prefix(loads_name, &protocol);
	return protocol;
}

bool cpr_model_takes_load(const struct cpr_model *m, const char *loads_name)
{
	enum cpr_protocol protocol;

	return load_prefix(m, loads_name, load_len(loads_name), &protocol) > 0;
}

/* Where the version begins in a load's name; a bare version is all of it. */
static const char *version_of(const char *name)
{
	enum cpr_protocol protocol;

	name += any_prefix(name, &protocol);
	return name + strspn(name, ".-_");
}

/* The next unit of a version: its rank, so that an end sorts before a separator, a separator
 * before a number, a number before a letter.  Separators are alike: 8.5.2 is 8-5-2. */
static int rank(const char *at, const char *end)
{
	if (at >= end)
		return 0;
	if (isdigit((unsigned char)*at))
		return 2;
	return isalpha((unsigned char)*at) ? 3 + tolower((unsigned char)*at) : 1;
}

static int compare_numbers(const char **a, const char **b)
{
	size_t m, n;
	int d;

	*a += strspn(*a, "0");
	*b += strspn(*b, "0");
	m = strspn(*a, "0123456789");
	n = strspn(*b, "0123456789");
	d = m != n ? (m < n ? -1 : 1) : strncmp(*a, *b, n);
	*a += m;
	*b += n;
	return d < 0 ? -1 : d > 0;
}

int cpr_version_compare(const char *a, const char *b)
{
	const char *a_end = a + load_len(a), *b_end = b + load_len(b);

	a = version_of(a);
	b = version_of(b);
	while (a < a_end || b < b_end) {
		int ra = rank(a, a_end), rb = rank(b, b_end);

		if (ra != rb)
			return ra < rb ? -1 : 1;
		if (ra == 2) {
			int d = compare_numbers(&a, &b);

			if (d)
				return d;
		} else {
			a++;
			b++;
		}
	}
	return 0;
}
