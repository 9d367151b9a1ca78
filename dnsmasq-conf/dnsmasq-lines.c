/* How dnsmasq 2.90 reads a line (read_file() in its option.c): quotes hide what they hold, \
 * is an escape inside them only, # begins a comment at the start or behind a blank.  A file
 * is read once however often it is named, so that loops end. */
#include "dnsmasq-lines.h"

#include "cleanup.h"
#include "defaults.h"
#include "errors.h"
#include "publish.h"
#include "world.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define DEFAULTS "/etc/default"
#define MAIN     "/etc/dnsmasq.conf"

enum {
	FILE_MAX = 8 * 1024 * 1024,
	FILES_MAX = 4096, /* of one instance */
};

static bool blank(char c)
{
	return isspace((unsigned char)c);
}

/* Between two fields of a value. */
static void end_field(struct dnsmasq_line *l, char *from, char *to, bool *failed)
{
	char **grown = reallocarray(l->field, l->field_n + 1, sizeof(*grown));

	while (from < to && blank(*from))
		from++;
	while (to > from && blank(to[-1]))
		to--;
	if (grown)
		l->field = grown;
	if (!grown || !(grown[l->field_n] = strndup(from, (size_t)(to - from))))
		*failed = true;
	else
		l->field_n++;
}

/* The character behind a backslash in quotes; 0: the backslash is none of these. */
static char escaped(char c)
{
	static const char from[] = "\"\\tnrbe", to[] = "\"\\\t\n\r\b\033";
	const char *at = c ? strchr(from, c) : NULL;

	return at ? to[at - from] : 0;
}

/* The value, in place: fields without quotes, up to a comment. */
static void split(struct dnsmasq_line *l, char *value, bool *failed)
{
	char *from = value, *to = value;
	bool quoted = false, white = true;

	for (const char *at = value; *at; at++) {
		char plain = quoted && *at == '\\' ? escaped(at[1]) : 0;

		if (plain) {
			*to++ = plain;
			at++;
		} else if (*at == '"') {
			quoted = !quoted;
			white = false;
		} else if (!quoted && white && *at == '#') {
			break;
		} else if (!quoted && *at == ',') {
			end_field(l, from, to, failed);
			from = to;
			white = false;
		} else {
			*to++ = *at;
			white = blank(*at);
		}
	}
	if (l->field_n || from < to)
		end_field(l, from, to, failed);
}

static struct dnsmasq_line *add_line(struct dnsmasq_lines *out, const char *instance,
	const char *file, unsigned number)
{
	struct dnsmasq_line *grown = reallocarray(out->line, out->n + 1, sizeof(*grown));

	if (!grown) {
		out->failed = true;
		return NULL;
	}
	out->line = grown;
	grown += out->n++;
	*grown = (struct dnsmasq_line){.line = number,
		.instance = strdup(instance),
		.file = strdup(file),
		.ours = strcmp(file, DNSMASQ_STATIC) == 0 ||
			strncmp(file, DNSMASQ_LIVE "/", sizeof(DNSMASQ_LIVE)) == 0};
	out->failed = out->failed || !grown->instance || !grown->file;
	return grown;
}

/* text: a line, or a word of the command line, without "--"; taken apart in place. */
static void parse_line(struct dnsmasq_lines *out, const char *instance, const char *file,
	unsigned number, const char *key, char *text)
{
	char *value = text, *end;
	struct dnsmasq_line *l;

	while (blank(*text))
		text++;
	if (!*text || *text == '#')
		return;
	l = add_line(out, instance, file, number);
	if (!l)
		return;
	l->text = strdup(text);
	if (key) {
		l->key = strdup(key);
		l->live = true;
	} else {
		end = text + strcspn(text, "=# \t\r\n");
		value = end + strspn(end, " \t\r\n");
		value += *value == '=';
		l->key = strndup(text, (size_t)(end - text));
	}
	out->failed = out->failed || !l->key || !l->text;
	split(l, value, &out->failed);
}

/* The bytes up to the line end; the caller's to free.  *at: behind it. */
static char *next_line(const char **at, const char *end)
{
	const char *from = *at, *stop = memchr(from, '\n', (size_t)(end - from));

	*at = stop ? stop + 1 : end;
	return strndup(from, (size_t)((stop ? stop : end) - from));
}

void dnsmasq_lines_parse(struct dnsmasq_lines *out, const char *instance,
	const char *file, const char *key, const char *bytes, size_t len)
{
	const char *end = bytes + len;

	for (unsigned number = 1; bytes < end && !out->failed; number++) {
		_cleanup_(cpr_freep) char *text = next_line(&bytes, end);

		if (text)
			parse_line(out, instance, file, number, key, text);
		else
			out->failed = true;
	}
}

const char *dnsmasq_line_value(const struct dnsmasq_line *l)
{
	return l->field_n ? l->field[0] : "";
}

const char *dnsmasq_line_after(const struct dnsmasq_line *l, const char *prefix)
{
	for (size_t i = 0; i < l->field_n; i++)
		if (strncmp(l->field[i], prefix, strlen(prefix)) == 0)
			return l->field[i] + strlen(prefix);
	return NULL;
}

/* One instance being read. */
struct reader {
	int base;
	const char *instance;
	struct dnsmasq_lines *out;
	struct cpr_errors *unread;
	struct seen {
		dev_t dev;
		ino_t ino;
	} seen[FILES_MAX];
	size_t seen_n;
};

/* Where a path was named, for the line about it. */
struct origin {
	const char *file;
	unsigned line;
};

static void cannot(const struct reader *r, const struct origin *from, const char *path,
	const char *why)
{
	cpr_errors_add(r->unread, from->file, from->line,
		"cannot read %s, so what dnsmasq finds there is not known: %s", path,
		why);
}

/* dnsmasq starts without its main file, and our own folder is made with the first file. */
static bool may_lack(const struct origin *from)
{
	return (!from->line && strcmp(from->file, MAIN) == 0) ||
	       strcmp(from->file, DNSMASQ_STATIC) == 0;
}

static bool is_new(struct reader *r, const struct stat *st)
{
	for (size_t i = 0; i < r->seen_n; i++)
		if (r->seen[i].dev == st->st_dev && r->seen[i].ino == st->st_ino)
			return false;
	if (r->seen_n == FILES_MAX)
		return false;
	r->seen[r->seen_n++] = (struct seen){st->st_dev, st->st_ino};
	return true;
}

static void follow(struct reader *r, size_t first);

/* What a line leads to is read where the line stands. */
static void read_lines(struct reader *r, const char *path, const char *bytes, size_t len)
{
	const char *end = bytes + len;

	for (unsigned number = 1; bytes < end && !r->out->failed; number++) {
		_cleanup_(cpr_freep) char *text = next_line(&bytes, end);
		size_t first = r->out->n;

		if (text)
			parse_line(r->out, r->instance, path, number, NULL, text);
		else
			r->out->failed = true;
		follow(r, first);
	}
}

/* key: as for dnsmasq_lines_parse.  plain_only: of a folder, where dnsmasq takes files alone
 * without a word about the rest. */
static void read_one(struct reader *r, const struct origin *from, const char *path,
	const char *key, bool plain_only)
{
	_cleanup_(cpr_closep) int fd = cpr_publish_open_followed(r->base, path);
	_cleanup_(cpr_freep) char *bytes = NULL;
	size_t len = 0;
	struct stat st;
	int error;

	if (fd == -ENOENT && may_lack(from))
		return;
	if (fd < 0 || fstat(fd, &st) < 0) {
		cannot(r, from, path, strerror(fd < 0 ? -fd : errno));
		return;
	}
	if (plain_only && !S_ISREG(st.st_mode))
		return;
	if (!is_new(r, &st))
		return;
	error = S_ISREG(st.st_mode) ? read_open(fd, FILE_MAX, &bytes, &len) : -EINVAL;
	if (error < 0) {
		cannot(r, from, path, strerror(-error));
		return;
	}
	if (key)
		dnsmasq_lines_parse(r->out, r->instance, path, key, bytes, len);
	else
		read_lines(r, path, bytes, len);
}

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), e = strlen(end);

	return n >= e && strcmp(name + n - e, end) == 0;
}

/* The rule of dnsmasq(8) for conf-dir; the folders of lists have its first half. */
static bool is_taken(const char *name, char *const *ending, size_t n)
{
	bool wants = false, wanted = false;

	if (name[0] == '.' || ends_with(name, "~") ||
		(name[0] == '#' && ends_with(name, "#")))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (ending[i][0] == '*') {
			wants = true;
			wanted = wanted || ends_with(name, ending[i] + 1);
		} else if (ends_with(name, ending[i])) {
			return false;
		}
	}
	return !wants || wanted;
}

bool dnsmasq_line_leads_to(const struct dnsmasq_line *l, const char *path)
{
	const char *slash = strrchr(path, '/'), *folder = dnsmasq_line_value(l);
	size_t len = strlen(folder);

	if (strcmp(l->key, "conf-dir") != 0 || !l->field_n)
		return false;
	while (len > 1 && folder[len - 1] == '/')
		len--;
	return (size_t)(slash - path) == len && strncmp(folder, path, len) == 0 &&
	       is_taken(slash + 1, l->field + 1, l->field_n - 1);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a folder, sorted as dnsmasq reads them; the caller's to free.  -errno. */
static int list_folder(int base, const char *path, char ***out, size_t *n)
{
	int fd = cpr_publish_open_followed(base, path);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d) {
		int error = fd < 0 ? fd : -errno;

		cpr_closep(&fd);
		return error;
	}
	while ((e = readdir(d))) {
		char **grown = reallocarray(*out, *n + 1, sizeof(*grown));

		if (grown)
			*out = grown;
		if (!grown || !(grown[*n] = strdup(e->d_name)))
			break;
		++*n;
	}
	closedir(d);
	if (*n)
		qsort(*out, *n, sizeof(**out), by_name);
	return e ? -ENOMEM : 0;
}

static void free_names(char **name, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(name[i]);
	free(name);
}

static void read_folder(struct reader *r, const struct origin *from, const char *path,
	char *const *ending, size_t ending_n, const char *key)
{
	char **name = NULL;
	size_t n = 0;
	int error = list_folder(r->base, path, &name, &n);

	if (error < 0 && !(error == -ENOENT && may_lack(from)))
		cannot(r, from, path, strerror(-error));
	for (size_t i = 0; i < n; i++) {
		_cleanup_(cpr_freep) char *file = NULL;

		if (!is_taken(name[i], ending, ending_n))
			continue;
		if (asprintf(&file, "%s%s%s", path, ends_with(path, "/") ? "" : "/",
			    name[i]) < 0) {
			file = NULL;
			r->out->failed = true;
			break;
		}
		read_one(r, from, file, key, true);
	}
	free_names(name, n);
}

/* A list may be a file or a folder of files, as dnsmasq takes it. */
static void read_list(
	struct reader *r, const struct origin *from, const char *path, const char *key)
{
	_cleanup_(cpr_closep) int fd = cpr_publish_open_followed(r->base, path);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		read_folder(r, from, path, NULL, 0, key);
	else
		read_one(r, from, path, key, false);
}

/* What a line leads to.  Its strings live as long as the lines do, though the array moves. */
static void follow_line(struct reader *r, const struct dnsmasq_line *l)
{
	static const struct {
		const char *key, *holds;
	} lists[] = {{"dhcp-optsfile", "dhcp-option"}, {"dhcp-optsdir", "dhcp-option"},
		{"dhcp-hostsfile", "dhcp-host"}, {"dhcp-hostsdir", "dhcp-host"}};
	const struct origin from = {l->file, l->line};

	if (!l->field_n)
		return;
	if (strcmp(l->key, "conf-file") == 0)
		read_one(r, &from, l->field[0], NULL, false);
	else if (strcmp(l->key, "conf-dir") == 0)
		read_folder(r, &from, l->field[0], l->field + 1, l->field_n - 1, NULL);
	else if (strcmp(l->key, "conf-script") == 0)
		cannot(r, &from, l->field[0], "it is a program, and is not run here");
	for (size_t i = 0; i < CPR_ARRAY_LEN(lists); i++)
		if (strcmp(l->key, lists[i].key) == 0)
			read_list(r, &from, l->field[0], lists[i].holds);
}

static void follow(struct reader *r, size_t first)
{
	size_t end = r->out->n;

	for (size_t i = first; i < end && !r->out->failed; i++) {
		const struct dnsmasq_line copy = r->out->line[i];

		follow_line(r, &copy);
	}
}

/* The short options of 2.90; a colon: a value stands behind it, or in the next word. */
#define SHORT                                                            \
	"951yZDNLERKzowefnbvhdkqr:m:p:c:l:s:i:t:u:g:a:x:S:C:A:T:H:Q:I:B" \
	":F:G:O:M:X:V:U:j:P:J:W:Y:2:4:6:7:8:0:3:"

/* Those of them that lead to files, or say what phones get. */
static const char *short_key(char letter)
{
	static const struct {
		char letter;
		const char *key;
	} known[] = {{'C', "conf-file"}, {'7', "conf-dir"}, {'O', "dhcp-option"},
		{'M', "dhcp-boot"}, {'F', "dhcp-range"}, {'G', "dhcp-host"},
		{'U', "dhcp-vendorclass"}, {'j', "dhcp-userclass"}};

	for (size_t i = 0; i < CPR_ARRAY_LEN(known); i++)
		if (known[i].letter == letter)
			return known[i].key;
	return NULL;
}

/* One word.  *key: NULL where it is of no interest, or "dhcp-boot=x" whole.  Returns whether the
 * next word can be its value. */
static bool read_word(const char *word, const char **key, const char **value)
{
	*key = *value = NULL;
	if (word[0] != '-')
		return false;
	if (word[1] == '-') {
		*key = word + 2;
		return !strchr(word, '=');
	}
	for (const char *at = word + 1; *at; at++) {
		const char *known = strchr(SHORT, *at);

		if (!known || known[1] != ':')
			continue;
		*key = short_key(*at);
		*value = at[1] ? at + 1 : NULL;
		return !at[1];
	}
	return false;
}

/* The words of DNSMASQ_OPTS.  Returns whether one of them names the main file. */
static bool take_options(struct reader *r, const struct origin *from, char *options)
{
	bool named = false;
	char *save = NULL, *word = strtok_r(options, " \t\n", &save);

	while (word) {
		const char *key, *value;
		bool waits = read_word(word, &key, &value);
		_cleanup_(cpr_freep) char *line = NULL;

		word = strtok_r(NULL, " \t\n", &save);
		/* there are no words but options and their values */
		if (waits && word && word[0] != '-') {
			value = word;
			word = strtok_r(NULL, " \t\n", &save);
		}
		if (!key)
			continue;
		if (asprintf(&line, "%s%s%s", key, value ? "=" : "", value ? value : "") <
			0) {
			line = NULL;
			r->out->failed = true;
			break;
		}
		named = named || strncmp(line, "conf-file", 9) == 0;
		parse_line(r->out, r->instance, from->file, from->line, NULL, line);
	}
	return named;
}

/* What the start-up puts on the command line: the folder first, then the options, and the
 * main file at last. */
static void read_instance(struct reader *r, const char *defaults, char *text)
{
	const struct origin main_file = {MAIN, 0};
	struct origin from = {defaults, 0};
	_cleanup_(cpr_freep) char *folder =
		defaults_value(text, "CONFIG_DIR", &from.line);
	_cleanup_(cpr_freep) char *options = NULL;
	size_t first = r->out->n;
	bool named = false;

	if (folder && *folder) {
		_cleanup_(cpr_freep) char *line = NULL;

		if (asprintf(&line, "conf-dir=%s", folder) < 0) {
			line = NULL;
			r->out->failed = true;
			return;
		}
		parse_line(r->out, r->instance, defaults, from.line, NULL, line);
	}
	options = defaults_value(text, "DNSMASQ_OPTS", &from.line);
	if (options)
		named = take_options(r, &from, options);
	follow(r, first);
	if (!named)
		read_one(r, &main_file, MAIN, NULL, false);
}

/* "dnsmasq.NAME" as dnsmasq@NAME has it; what dpkg and editors leave behind is none. */
static const char *instance_of(const char *name)
{
	static const char prefix[] = "dnsmasq.";
	const char *instance = name + strlen(prefix);

	if (strncmp(name, prefix, strlen(prefix)) != 0 || !*instance ||
		ends_with(name, "~") || strncmp(instance, "dpkg-", 5) == 0 ||
		strncmp(instance, "ucf-", 4) == 0)
		return NULL;
	return instance;
}

static int read_defaults(int base, const char *instance, struct dnsmasq_lines *out,
	struct cpr_errors *unread)
{
	_cleanup_(cpr_freep) struct reader *r = calloc(1, sizeof(*r));
	_cleanup_(cpr_freep) char *path = NULL, *text = NULL;
	_cleanup_(cpr_closep) int fd = -1;
	size_t len = 0;
	int error;

	if (!r || asprintf(&path, DEFAULTS "/dnsmasq%s%s", *instance ? "." : "",
			  instance) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	*r = (struct reader){
		.base = base, .instance = instance, .out = out, .unread = unread};
	fd = cpr_publish_open_followed(base, path);
	error = fd < 0 ? fd : read_open(fd, FILE_MAX, &text, &len);
	if (error < 0 && error != -ENOENT)
		cpr_errors_add(unread, path, 0, "cannot read it: %s", strerror(-error));
	read_instance(r, path, text ? text : (char *)"");
	return 0;
}

int dnsmasq_lines_read(int base, struct dnsmasq_lines *out, struct cpr_errors *unread)
{
	char **name = NULL;
	size_t n = 0;
	int r = read_defaults(base, "", out, unread);

	list_folder(base, DEFAULTS, &name, &n); /* where there is none, nothing is */
	for (size_t i = 0; r == 0 && i < n; i++)
		if (instance_of(name[i]))
			r = read_defaults(base, instance_of(name[i]), out, unread);
	free_names(name, n);
	return out->failed ? -ENOMEM : r;
}

void dnsmasq_lines_clear(struct dnsmasq_lines *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->line[i].instance);
		free(l->line[i].file);
		free(l->line[i].text);
		free(l->line[i].key);
		for (size_t k = 0; k < l->line[i].field_n; k++)
			free(l->line[i].field[k]);
		free(l->line[i].field);
	}
	free(l->line);
	*l = (struct dnsmasq_lines){0};
}
