/* As the lexers have it.  Kea 2.2 (dhcp4_lexer.ll): comments are #, // and C's, strings end at
 * their quote or line, blanks may stand between the words of an include.  dhcpd 4.4
 * (conflex.c): comments are #, strings end at their quote. */
#include "includes.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

void scan_start(struct scan *s, const char *text, size_t len, const char *list)
{
	*s = (struct scan){.text = text, .len = len, .line = 1};
	strncpy(s->key, list, sizeof(s->key) - 1);
}

static bool begins(const struct scan *s, const char *word)
{
	size_t n = strlen(word);

	return s->len - s->at >= n && memcmp(s->text + s->at, word, n) == 0;
}

static void step(struct scan *s)
{
	s->line += s->text[s->at++] == '\n';
}

/* Over everything up to the word, and over it. */
static void skip_past(struct scan *s, const char *word)
{
	while (s->at < s->len && !begins(s, word))
		step(s);
	for (size_t n = strlen(word); n && s->at < s->len; n--)
		step(s);
}

static void skip_blanks(struct scan *s)
{
	while (s->at < s->len && strchr(" \t\r\n", s->text[s->at]))
		step(s);
}

/* A string, which is a key when a colon follows. */
static void take_string(struct scan *s)
{
	size_t from = ++s->at, len;

	while (s->at < s->len && !strchr("\"\n", s->text[s->at]))
		s->at += s->text[s->at] == '\\' && s->at + 1 < s->len ? 2 : 1;
	len = (s->at < s->len ? s->at : s->len) - from;
	if (begins(s, "\""))
		s->at++;
	skip_blanks(s);
	if (!begins(s, ":"))
		return;
	if (len >= sizeof(s->key))
		len = sizeof(s->key) - 1;
	memcpy(s->key, s->text + from, len);
	s->key[len] = 0;
}

static void enter(struct scan *s)
{
	if (s->depth < SCAN_DEPTH)
		memcpy(s->inside[s->depth], s->key, sizeof(s->key));
	s->depth++;
	s->key[0] = 0;
}

static void leave(struct scan *s)
{
	if (s->depth)
		s->depth--;
	s->key[0] = 0;
}

static bool take_include(struct scan *s, struct include *out)
{
	s->at += strlen("<?");
	skip_blanks(s);
	if (!begins(s, "include"))
		return false;
	s->at += strlen("include");
	skip_blanks(s);
	if (!begins(s, "\""))
		return false;
	out->at = ++s->at;
	out->line = s->line;
	while (s->at < s->len && !strchr("\"\n", s->text[s->at]))
		s->at++;
	out->len = s->at - out->at;
	out->list = s->key[0] || !s->depth   ? s->key
		    : s->depth <= SCAN_DEPTH ? s->inside[s->depth - 1]
					     : "";
	skip_past(s, "?>");
	return true;
}

bool scan_kea(struct scan *s, struct include *out)
{
	while (s->at < s->len) {
		if (begins(s, "#") || begins(s, "//"))
			skip_past(s, "\n");
		else if (begins(s, "/*"))
			skip_past(s, "*/");
		else if (begins(s, "\""))
			take_string(s);
		else if (begins(s, "<?")) {
			if (take_include(s, out))
				return true;
		} else {
			if (strchr("[{", s->text[s->at]))
				enter(s);
			else if (strchr("]}", s->text[s->at]))
				leave(s);
			else if (s->text[s->at] == ',')
				s->key[0] = 0;
			step(s);
		}
	}
	return false;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_';
}

/* `include "PATH";` */
static bool take_statement(struct scan *s, struct include *out)
{
	size_t from = s->at;

	while (s->at < s->len && is_word(s->text[s->at]))
		s->at++;
	if (s->at - from != strlen("include") ||
		strncasecmp(s->text + from, "include", strlen("include")) != 0)
		return false;
	skip_blanks(s);
	if (!begins(s, "\""))
		return false;
	out->at = ++s->at;
	out->line = s->line;
	out->list = "";
	while (s->at < s->len && !begins(s, "\""))
		step(s);
	out->len = s->at - out->at;
	s->at += s->at < s->len;
	return true;
}

bool scan_dhcpd(struct scan *s, struct include *out)
{
	while (s->at < s->len) {
		if (begins(s, "#"))
			skip_past(s, "\n");
		else if (begins(s, "\"")) {
			for (s->at++; s->at < s->len && !begins(s, "\""); step(s))
				s->at += begins(s, "\\") && s->at + 1 < s->len;
			s->at += s->at < s->len;
		} else if (is_word(s->text[s->at])) {
			if (take_statement(s, out))
				return true;
		} else {
			step(s);
		}
	}
	return false;
}
