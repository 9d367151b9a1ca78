#include "site-keys.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "address.h"
#include "cleanup.h"
#include "errors.h"
#include "models.h"

enum {
	ADDRESSES_MAX = 64, /* of one list; phones use two */
	LOAD_MAX = 58,      /* a firmware name of 64 bytes without ".loads" */
	TAG_MAX = 40,
	SOCKET_MAX = 107, /* sun_path of unix(7) */
	PATH_LEN_MAX = 1024,
	NOTES_MAX = 1 << 16, /* bytes of a section's notes; then the parse ends */
};

static bool noted_last(const cfg_t *cfg, const char *text)
{
	size_t n = strlen(text), all = cfg->comment ? strlen(cfg->comment) : 0;

	return all > n + 1 && cfg->comment[all - n - 2] == ' ' &&
	       !strncmp(cfg->comment + all - n - 1, text, n);
}

/* text may hold anything that a file can hold. */
static void note(cfg_t *cfg, const char *said)
{
	_cleanup_(cpr_freep) char *text = NULL;
	char *grown;

	if (asprintf(&text, "%.500s", said) < 0) {
		text = NULL;
		return;
	}
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	/* A list's callback runs once more at the closing brace. */
	if (noted_last(cfg, text))
		return;
	if (asprintf(&grown, "%s%d %s\n", cfg->comment ? cfg->comment : "", cfg->line,
		    text) < 0)
		return;
	free(cfg->comment);
	cfg->comment = grown;
}

int cpr_site_note(cfg_t *cfg, const char *format, ...)
{
	_cleanup_(cpr_freep) char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	if (!text)
		return -1;
	note(cfg, text);
	return cfg->comment && strlen(cfg->comment) < NOTES_MAX ? 0 : -1;
}

/* What to do about libconfuse's own refusals. */
static const struct {
	const char *says, *remedy;
} remedies[] = {
	{"found duplicate title", "put its settings into one section"},
	{"missing title", "write it behind the name, in quotes"},
	{"missing equal sign", "write NAME = VALUE"},
	{"attempt to append", "write = instead of +="},
	{"missing opening brace", "write { ... } behind it"},
	{"premature end of file", "finish the last line"},
	{"unexpected closing brace", "remove it, or open it before"},
	{"unexpected token",
		"put texts in quotes, lists in { }, commas between their values"},
	{"bad escape sequence", "write the character itself"},
};

static void parse_error(cfg_t *cfg, const char *format, va_list args)
{
	_cleanup_(cpr_freep) char *text = NULL;
	char keys[256] = "";
	size_t n = 0;

	if (vasprintf(&text, format, args) < 0) {
		text = NULL;
		return;
	}
	for (size_t i = 0; i < CPR_ARRAY_LEN(remedies); i++)
		if (!strncmp(text, remedies[i].says, strlen(remedies[i].says))) {
			cpr_site_note(cfg, "%.200s: %s", text, remedies[i].remedy);
			return;
		}
	for (const cfg_opt_t *o = cfg->opts; o && o->name && n < sizeof(keys); o++)
		n += (size_t)snprintf(
			keys + n, sizeof(keys) - n, "%s%s", n ? ", " : "", o->name);
	cpr_site_note(cfg, "%.200s: what can stand here is %s", text, keys);
}

static const char *newest(cfg_opt_t *opt)
{
	return cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1);
}

static int check_addresses(cfg_t *cfg, cfg_opt_t *opt)
{
	unsigned n = cfg_opt_size(opt);
	struct in_addr a;

	if (n > ADDRESSES_MAX) {
		cpr_site_note(cfg, "%s has more than %d addresses: leave some out",
			opt->name, ADDRESSES_MAX);
		return -1;
	}
	if (!cpr_address_host(newest(opt), &a))
		return cpr_site_note(cfg,
			"%s: \"%.64s\" is not the address of a host: write it like "
			"\"192.168.10.105\"",
			opt->name, newest(opt));
	for (unsigned i = 0; i + 1 < n; i++)
		if (!strcmp(cfg_opt_getnstr(opt, i), newest(opt)))
			return cpr_site_note(cfg,
				"%s: \"%s\" is there twice: leave one out", opt->name,
				newest(opt));
	return 0;
}

static int check_protocol(cfg_t *cfg, cfg_opt_t *opt)
{
	if (cpr_protocol_by_name(newest(opt)))
		return 0;
	return cpr_site_note(cfg, "%s: \"%.64s\" is none: write \"sccp\" or \"sip\"",
		opt->name, newest(opt));
}

static int check_upgrade(cfg_t *cfg, cfg_opt_t *opt)
{
	if (!strcmp(newest(opt), "manual") || !strcmp(newest(opt), "auto"))
		return 0;
	return cpr_site_note(cfg,
		"%s: \"%.64s\" is unknown: write \"manual\" or \"auto\"", opt->name,
		newest(opt));
}

unsigned cpr_site_number(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits && digits <= 9 && !text[digits] ? (unsigned)strtoul(text, NULL, 10)
						      : 0;
}

static int check_keep(cfg_t *cfg, cfg_opt_t *opt)
{
	unsigned n = cpr_site_number(newest(opt));

	if (n >= 1 && n <= 1000)
		return 0;
	return cpr_site_note(cfg, "%s: \"%.64s\" is no number of files: write 1 to 1000",
		opt->name, newest(opt));
}

static int check_bool(cfg_t *cfg, cfg_opt_t *opt)
{
	if (cfg_parse_boolean(newest(opt)) >= 0)
		return 0;
	return cpr_site_note(cfg, "%s: \"%.64s\" is neither: write true or false",
		opt->name, newest(opt));
}

static int check_mode(cfg_t *cfg, cfg_opt_t *opt)
{
	static const char *const modes[] = {"hook", "class", "flex-option"};

	for (size_t i = 0; i < CPR_ARRAY_LEN(modes); i++)
		if (!strcmp(newest(opt), modes[i]))
			return 0;
	return cpr_site_note(cfg,
		"%s: \"%.64s\" is unknown: write \"hook\", \"class\" or \"flex-option\"",
		opt->name, newest(opt));
}

/* Of dnsmasq; those of our own lines are taken. */
static int check_tag(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *tag = newest(opt);
	size_t n = strlen(tag);

	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)tag[i]) && !strchr(".-_", tag[i]))
			n = 0;
	if (!n || n > TAG_MAX || !strcmp(tag, "cisco-phone") ||
		!strncmp(tag, "phone-cpr-", 10))
		return cpr_site_note(cfg,
			"%s: \"%.64s\" cannot be a network's: write letters, digits and "
			". _ -, like \"office\"",
			opt->name, tag);
	return 0;
}

/* What dnsmasq's configuration, in.tftpd's arguments and a shell's file can all hold. */
static bool plain_character(unsigned char c)
{
	return isalnum(c) || c >= 0x80 || (c && strchr("/._-+@~", c));
}

static bool has_dots(const char *path)
{
	for (const char *at = path; (at = strstr(at, "/..")); at += 3)
		if (!at[3] || at[3] == '/')
			return true;
	return false;
}

static int check_path(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *path = newest(opt);
	size_t max = strcmp(opt->name, "socket") ? PATH_LEN_MAX : SOCKET_MAX;

	if (path[0] != '/')
		return cpr_site_note(cfg,
			"%s: \"%.64s\" is not absolute: begin it with /", opt->name,
			path);
	if (!path[strspn(path, "/.")])
		return cpr_site_note(cfg,
			"%s: \"%.64s\" is no place of its own: name one below /",
			opt->name, path);
	if (has_dots(path))
		return cpr_site_note(cfg,
			"%s: \"%.64s\" has \"..\": write the path without it", opt->name,
			path);
	if (strlen(path) > max)
		return cpr_site_note(cfg, "%s: longer than %zu bytes: use a shorter path",
			opt->name, max);
	for (const char *c = path; *c; c++)
		if (!plain_character((unsigned char)*c))
			return cpr_site_note(cfg,
				"%s: \"%.64s\" has a character that servers' files cannot "
				"hold: use letters, digits and / . _ - + @ ~",
				opt->name, path);
	return 0;
}

static int check_load(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *load = newest(opt);
	size_t n = strlen(load);

	if (n > 6 && !strcasecmp(load + n - 6, ".loads"))
		return cpr_site_note(
			cfg, "%s: \"%.64s\": leave \".loads\" out", opt->name, load);
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)load[i]) && !strchr(".-_", load[i]))
			n = 0;
	if (!n || n > LOAD_MAX)
		return cpr_site_note(cfg,
			"%s: \"%.64s\" is no load's name: write one like "
			"\"SCCP41.9-4-2SR3-1S\"",
			opt->name, load);
	return 0;
}

/* Every value is a text to libconfuse, because it stops at the first number or truth value
 * that is none. */
#define TEXT(key, text, checked)                                          \
	{                                                                 \
		.name = key, .type = CFGT_STR, .def = {.string = (text)}, \
		.validcb = (checked)                                      \
	}
#define ADDRESSES(key)                                                              \
	{                                                                           \
		.name = key, .type = CFGT_STR, .flags = CFGF_LIST | CFGF_NODEFAULT, \
		.validcb = check_addresses                                          \
	}
#define SECTION(key, keys)                                       \
	{                                                        \
		.name = key, .type = CFGT_SEC, .subopts = (keys) \
	}
#define TITLED(key, keys)                                               \
	{                                                               \
		.name = key, .type = CFGT_SEC,                          \
		.flags = CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES, \
		.subopts = (keys)                                       \
	}

cfg_t *cpr_site_keys_new(void)
{
	cfg_opt_t network[] = {
		ADDRESSES("tftp-servers"), TEXT("tag", NULL, check_tag), CFG_END()};
	cfg_opt_t model[] = {TEXT("load", NULL, check_load),
		TEXT("recovery", NULL, check_load), CFG_END()};
	cfg_opt_t dnsmasq[] = {TEXT("enable", "true", check_bool),
		TEXT("override", "false", check_bool), CFG_END()};
	cfg_opt_t tftpd_hpa[] = {TEXT("enable", "false", check_bool), CFG_END()};
	cfg_opt_t kea[] = {TEXT("enable", "false", check_bool),
		TEXT("mode", "hook", check_mode),
		TEXT("socket", "/run/kea/kea4-ctrl-socket", check_path), CFG_END()};
	cfg_opt_t isc_dhcpd[] = {TEXT("enable", "false", check_bool), CFG_END()};
	cfg_opt_t site[] = {TEXT("tftp-root", "/srv/tftp", check_path),
		ADDRESSES("tftp-servers"), ADDRESSES("call-managers"),
		TEXT("protocol", "sccp", check_protocol),
		TEXT("upgrade", "manual", check_upgrade), TEXT("keep", "5", check_keep),
		TITLED("network", network), TITLED("model", model),
		SECTION("dnsmasq", dnsmasq), SECTION("tftpd-hpa", tftpd_hpa),
		SECTION("kea", kea), SECTION("isc-dhcpd", isc_dhcpd), CFG_END()};

	cfg_t *cfg = cfg_init(site, CFGF_NONE);

	if (cfg)
		cfg_set_error_function(cfg, parse_error);
	return cfg;
}

void cpr_site_keys_freep(cfg_t **cfg)
{
	if (*cfg)
		cfg_free(*cfg);
}

struct fault {
	unsigned line;
	size_t nth; /* keeps the order of one line's faults */
	const char *text;
};

struct faults {
	struct fault *fault;
	size_t n;
	bool lost;
};

static void gather(cfg_t *cfg, struct faults *all)
{
	for (char *at = cfg->comment; at && *at;) {
		char *end = strchr(at, '\n'), *text;
		struct fault *grown =
			reallocarray(all->fault, all->n + 1, sizeof(*grown));

		if (!grown) {
			all->lost = true;
			return;
		}
		*end = '\0';
		all->fault = grown;
		grown[all->n].line = (unsigned)strtoul(at, &text, 10);
		grown[all->n].nth = all->n;
		grown[all->n++].text = text + 1;
		at = end + 1;
	}
	for (cfg_opt_t *o = cfg->opts; o->name; o++)
		for (unsigned i = 0; o->type == CFGT_SEC && i < cfg_opt_size(o); i++)
			gather(cfg_opt_getnsec(o, i), all);
}

static int by_line(const void *a, const void *b)
{
	const struct fault *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->nth < y->nth ? -1 : 1;
}

int cpr_site_report(cfg_t *cfg, const char *file, struct cpr_errors *e)
{
	struct faults all = {0};

	gather(cfg, &all);
	if (all.n)
		qsort(all.fault, all.n, sizeof(*all.fault), by_line);
	for (size_t i = 0; i < all.n; i++)
		cpr_errors_add(e, file, all.fault[i].line, "%s", all.fault[i].text);
	free(all.fault);
	return all.lost ? -ENOMEM : all.n ? -EINVAL : 0;
}
