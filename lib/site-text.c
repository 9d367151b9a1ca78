#include "site-text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "errors.h"

enum {
	QUOTE_MAX = 4096, /* no path or name is longer */
};

/* What is read is what fstat saw: one descriptor, and no more bytes than fit. */
static int read_all(
	int fd, const char *file, char **out, size_t *len, struct cpr_errors *e)
{
	_cleanup_(cpr_freep) char *text = malloc(CPR_SITE_TEXT_MAX + 2);
	size_t n = 0;
	ssize_t got;

	if (!text)
		return -ENOMEM;
	do {
		got = read(fd, text + n, CPR_SITE_TEXT_MAX + 1 - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			int error = errno;

			cpr_errors_add(e, file, 0,
				"%s: mend what keeps it from being read",
				strerror(error));
			return -error;
		}
		n += (size_t)got;
	} while (got && n <= CPR_SITE_TEXT_MAX);
	if (n > CPR_SITE_TEXT_MAX) {
		cpr_errors_add(e, file, 0,
			"is larger than 1 MiB, so not a site file: name another");
		return -EINVAL;
	}
	text[n] = '\0';
	*len = n;
	*out = TAKE_PTR(text);
	return 0;
}

int cpr_site_text_read(const char *file, char **out, size_t *len, struct cpr_errors *e)
{
	/* O_NONBLOCK: a FIFO must not hang us before fstat sees it. */
	_cleanup_(cpr_closep) int fd =
		open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0 || fstat(fd, &st) < 0) {
		int error = errno;

		cpr_errors_add(e, file, 0, "%s: name a site file that can be read",
			strerror(error));
		return -error;
	}
	if (!S_ISREG(st.st_mode)) {
		cpr_errors_add(e, file, 0, "is not a regular file: name one");
		return -EINVAL;
	}
	return read_all(fd, file, out, len, e);
}

struct scan {
	const char *file;
	char *text;
	size_t len, at;
	unsigned line;
	unsigned depth, opened; /* braces open, and the line of the outermost */
	struct cpr_errors *e;
	bool bad;
};

static void refuse(struct scan *s, unsigned line, const char *what)
{
	cpr_errors_add(s->e, s->file, line, "%s", what);
	s->bad = true;
}

static bool begins(const struct scan *s, const char *with)
{
	size_t n = strlen(with);

	return s->len - s->at >= n && !memcmp(s->text + s->at, with, n);
}

/* The current byte counts for lines and for what is refused anywhere; then the next. */
static void step(struct scan *s)
{
	char c = s->text[s->at];

	if (c == '\0')
		refuse(s, s->line, "has a NUL byte: remove it");
	if (begins(s, "${"))
		refuse(s, s->line,
			"has \"${\", and variables are not replaced here: write the value");
	s->line += c == '\n';
	s->at++;
}

static void blank(struct scan *s)
{
	size_t at = s->at;

	step(s);
	if (s->text[at] != '\n')
		s->text[at] = ' ';
}

static void line_comment(struct scan *s)
{
	while (s->at < s->len && s->text[s->at] != '\n')
		blank(s);
}

static void block_comment(struct scan *s)
{
	unsigned line = s->line;

	blank(s);
	blank(s);
	while (s->at < s->len && !begins(s, "*/"))
		blank(s);
	if (s->at == s->len) {
		refuse(s, line,
			"the comment that begins here has no end: close it with */");
		return;
	}
	blank(s);
	blank(s);
}

static void quote(struct scan *s)
{
	unsigned line = s->line;
	size_t start = s->at;
	char mark = s->text[s->at];

	step(s);
	while (s->at < s->len && s->text[s->at] != mark) {
		if (s->text[s->at] == '\\' && s->len - s->at > 1)
			step(s);
		step(s);
	}
	if (s->at == s->len)
		refuse(s, line, "the quote that begins here has no end: close it");
	else if (s->at - start > QUOTE_MAX)
		refuse(s, line, "the quote that begins here is too long: shorten it");
	if (s->at < s->len)
		step(s);
}

static void brace(struct scan *s)
{
	if (s->text[s->at] == '}')
		s->depth -= s->depth > 0;
	else if (!s->depth++)
		s->opened = s->line;
	step(s);
}

int cpr_site_text_prepare(const char *file, char *text, size_t len, struct cpr_errors *e)
{
	struct scan s = {.file = file, .text = text, .len = len, .line = 1, .e = e};
	bool inside = false; /* a bare word, where // has no meaning: a//b */

	while (s.at < s.len) {
		char c = s.text[s.at];

		if (c == '#' || (begins(&s, "//") && !inside))
			line_comment(&s);
		else if (begins(&s, "/*"))
			block_comment(&s);
		else if (c == '"' || c == '\'')
			quote(&s);
		else if (c == '{' || c == '}')
			brace(&s);
		else
			step(&s);
		inside = !strchr(" \t\r\n\f\v#\"'(){}=,+", c);
	}
	if (s.depth && !s.bad)
		refuse(&s, s.opened, "the { on this line has no end: close it with }");
	return s.bad ? -EINVAL : 0;
}
