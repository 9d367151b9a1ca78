#include "mask.h"

#include "buf.h"
#include "cleanup.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	MAC_DIGITS = 12,
	PRESENT = 2, /* of a name: shorter ones would be found everywhere */
	CUT = 12, /* of one that the end of the text cut: so many letters are no chance */
};

/* Things in the order of their first appearance; the number is the pseudonym. */
struct list {
	char **text;
	size_t n, cap;
};

struct cpr_mask {
	struct list mac;  /* 12 lower-case digits */
	struct list net;  /* "192.168.10" */
	struct list name; /* as given */
};

static void list_clear(struct list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->text[i]);
	free(l->text);
}

/* The place of this text, added when it is new; -ENOMEM. */
static int place(struct list *l, const char *text)
{
	char *copy;

	for (size_t i = 0; i < l->n; i++)
		if (strcasecmp(l->text[i], text) == 0)
			return (int)i;
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 16;
		char **more = reallocarray(l->text, cap, sizeof(*more));

		if (!more)
			return -ENOMEM;
		l->text = more;
		l->cap = cap;
	}
	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	l->text[l->n] = copy;
	return (int)l->n++;
}

int cpr_mask_new(struct cpr_mask **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

struct cpr_mask *cpr_mask_free(struct cpr_mask *m)
{
	if (!m)
		return NULL;
	list_clear(&m->mac);
	list_clear(&m->net);
	list_clear(&m->name);
	free(m);
	return NULL;
}

void cpr_mask_freep(struct cpr_mask **m)
{
	*m = cpr_mask_free(*m);
}

int cpr_mask_name(struct cpr_mask *m, const char *name)
{
	int r = strlen(name) < PRESENT ? 0 : place(&m->name, name);

	return r < 0 ? r : 0;
}

static bool in_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* The length of the MAC that begins here, its digits in hex; 0: none. */
static size_t mac_length(const char *s, char hex[MAC_DIGITS + 1])
{
	static const struct {
		unsigned group;
		char between;
	} forms[] = {{2, ':'}, {2, '-'}, {4, '.'}, {12, 0}};

	for (size_t f = 0; f < CPR_ARRAY_LEN(forms); f++) {
		size_t at = 0, digits = 0;

		while (digits < MAC_DIGITS) {
			if (digits && digits % forms[f].group == 0 &&
				s[at++] != forms[f].between)
				break;
			if (!isxdigit((unsigned char)s[at]))
				break;
			hex[digits++] = (char)tolower((unsigned char)s[at++]);
		}
		hex[digits] = 0;
		if (digits == MAC_DIGITS && !isxdigit((unsigned char)s[at]))
			return at;
	}
	return 0;
}

static bool has_upper(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (isupper((unsigned char)s[i]))
			return true;
	return false;
}

/* A phone's own name, of whose MAC what kept it cut the end off; its length, 0: none. */
static size_t cut_name_length(const char *s)
{
	size_t digits;

	if (strncasecmp(s, "SEP", 3) != 0 && strncasecmp(s, "SIP", 3) != 0)
		return 0;
	digits = strspn(s + 3, "0123456789abcdefABCDEF");
	return digits >= 6 && digits < MAC_DIGITS && !in_word(s[3 + digits]) ? 3 + digits
									     : 0;
}

/* The pseudonym, spelled as the MAC is that ends the len characters at s. */
static void put_mac(struct cpr_mask *m, const char *s, size_t len, const char *hex,
	struct cpr_buf *out)
{
	size_t at = strncasecmp(s, "SEP", 3) == 0 ? 3 : 0, digits = 0;
	int i = place(&m->mac, hex);
	char other[MAC_DIGITS + 1];

	if (i < 0) {
		out->failed = true;
		return;
	}
	snprintf(other, sizeof(other), has_upper(s, len) ? "02%010X" : "02%010x",
		(unsigned)i + 1);
	cpr_buf_add(out, s, at);
	for (; at < len; at++)
		cpr_buf_add(out,
			isxdigit((unsigned char)s[at]) ? &other[digits++] : &s[at], 1);
}

/* The length of the dotted address that begins here; 0: none.  A version in a file's name may
 * look like one ("CP7921G-1.4.6.3.LOADS"): letters follow it. */
static size_t address_length(const char *s, unsigned part[4])
{
	size_t len = 0;

	for (int i = 0; i < 4; i++) {
		size_t digits = 0;

		if (i && s[len++] != '.')
			return 0;
		for (part[i] = 0; digits < 3 && isdigit((unsigned char)s[len]); digits++)
			part[i] = 10 * part[i] + (unsigned)(s[len++] - '0');
		if (!digits || part[i] > 255)
			return 0;
	}
	if (in_word(s[len]) || (s[len] == '.' && isalnum((unsigned char)s[len + 1])))
		return 0;
	return len;
}

static void put_address(struct cpr_mask *m, const char *s, size_t len,
	const unsigned part[4], struct cpr_buf *out)
{
	char net[16];
	int at;

	if (part[0] == 255 || part[0] == 127 ||
		!(part[0] | part[1] | part[2] | part[3])) {
		cpr_buf_add(out, s, len);
		return;
	}
	snprintf(net, sizeof(net), "%u.%u.%u", part[0], part[1], part[2]);
	at = place(&m->net, net);
	if (at < 0)
		out->failed = true;
	else
		cpr_buf_printf(out, "10.%u.%u.%u", (unsigned)at / 256 + 1,
			(unsigned)at % 256, part[3]);
}

/* Four pairs of hexadecimal digits or more with blanks between: an option as it was sent. */
static size_t bytes_length(const char *s)
{
	size_t len = 0, n = 0;

	while (isxdigit((unsigned char)s[len]) && isxdigit((unsigned char)s[len + 1]) &&
		!in_word(s[len + 2])) {
		n++;
		len += 2;
		if (s[len] != ' ')
			break;
		len++;
	}
	if (len && s[len - 1] == ' ')
		len--;
	return n >= 4 ? len : 0;
}

static size_t name_at(const struct cpr_mask *m, const char *s, size_t *which)
{
	size_t best = 0, left = strnlen(s, NAME_MAX + 1);

	for (size_t i = 0; i < m->name.n; i++) {
		size_t len = strlen(m->name.text[i]);

		if (left >= CUT && left < len)
			len = left;
		if (len > best && strncasecmp(s, m->name.text[i], len) == 0 &&
			!in_word(s[len])) {
			best = len;
			*which = i;
		}
	}
	return best;
}

/* The folders of an absolute path, which are named after people and firms, with the slash behind
 * them; 0: there are none. */
static size_t folders_length(const char *s)
{
	size_t len = 0;

	while (s[len] == '/' || s[len] == '\\') {
		size_t part = strcspn(s + len + 1, "/\\ \t\n\"'<>(),;:");

		if (!part || (s[len + 1 + part] != '/' && s[len + 1 + part] != '\\'))
			break;
		len += 1 + part;
	}
	return len ? len + 1 : 0;
}

/* Replaces what begins at s and may not be shown; its length, 0: nothing to hide.  before: the
 * character that s stands behind. */
static size_t hide(struct cpr_mask *m, const char *s, char before, struct cpr_buf *out)
{
	char hex[MAC_DIGITS + 1];
	size_t len, which;
	unsigned part[4];

	/* first, for a name may have a MAC in it: SEP001B54AABBCC.example.net */
	len = in_word(before) ? 0 : name_at(m, s, &which);
	if (len) {
		cpr_buf_printf(out, "host-%zu", which + 1);
		return len;
	}
	if (strncasecmp(s, "SEP", 3) == 0 && (len = mac_length(s + 3, hex)) > 0) {
		put_mac(m, s, len + 3, hex, out);
		return len + 3;
	}
	len = cut_name_length(s);
	if (len) {
		cpr_buf_add(out, s, 3);
		cpr_buf_puts(out, "…");
		return len;
	}
	/* "SIP001b54aabbcc.cnf": behind whatever letters */
	len = isxdigit((unsigned char)before) ? 0 : mac_length(s, hex);
	if (len) {
		put_mac(m, s, len, hex, out);
		return len;
	}
	if (in_word(before))
		return 0;
	len = before == '.' ? 0 : folders_length(s);
	if (len) {
		cpr_buf_puts(out, "…/");
		return len;
	}
	len = bytes_length(s);
	if (len) {
		cpr_buf_puts(out, "…");
		return len;
	}
	len = address_length(s, part);
	if (len)
		put_address(m, s, len, part, out);
	return len;
}

char *cpr_mask_text(struct cpr_mask *m, const char *text)
{
	_cleanup_(cpr_buf_free) struct cpr_buf out = {0};

	cpr_buf_puts(&out, "");
	for (const char *s = text; *s;) {
		size_t len = hide(m, s, s > text ? s[-1] : ' ', &out);

		if (!len)
			cpr_buf_add(&out, s, len = 1);
		s += len;
	}
	return out.failed ? NULL : TAKE_PTR(out.data);
}
