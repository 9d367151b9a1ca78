#include "spelling150.h"

#include "buf.h"
#include "cleanup.h"
#include "option150.h"
#include "span.h"
#include "text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

static void refuse(struct cpr_value150 *out, enum cpr_sent sent, const char *why)
{
	*out = (struct cpr_value150){.sent = sent, .why = why};
}

static void sends(struct cpr_value150 *out, const struct cpr_pen *p)
{
	if (p->full)
		refuse(out, CPR_SENT_REFUSED, "it is too long for an option");
	else
		out->n = p->len;
}

static void sends_text(struct cpr_value150 *out, const char *text, size_t len)
{
	struct cpr_pen p = cpr_pen_of(out->bytes, sizeof(out->bytes));

	cpr_pen_add(&p, text, len);
	sends(out, &p);
}

static void dotted(
	const struct in_addr *a, size_t n, const char *joiner, struct cpr_buf *out)
{
	char text[INET_ADDRSTRLEN];

	for (size_t i = 0; i < n; i++)
		cpr_buf_printf(out, "%s%s", i ? joiner : "",
			inet_ntop(AF_INET, &a[i], text, sizeof(text)));
}

static void hex(const struct in_addr *a, size_t n, struct cpr_buf *out)
{
	for (size_t i = 0; i < n; i++)
		cpr_buf_printf(out, "%08X", ntohl(a[i].s_addr));
}

static void write_tftpd32(const struct in_addr *a, size_t n, struct cpr_buf *out)
{
	cpr_buf_puts(out, "a ");
	dotted(a, n, " ", out);
}

static void write_ios(const struct in_addr *a, size_t n, struct cpr_buf *out)
{
	cpr_buf_puts(out, "ip ");
	dotted(a, n, " ", out);
}

static void write_mikrotik(const struct in_addr *a, size_t n, struct cpr_buf *out)
{
	cpr_buf_puts(out, "0x");
	hex(a, n, out);
}

static void write_spaced(const struct in_addr *a, size_t n, struct cpr_buf *out)
{
	dotted(a, n, " ", out);
}

static void write_commas(const struct in_addr *a, size_t n, struct cpr_buf *out)
{
	dotted(a, n, ",", out);
}

static void write_list(const struct in_addr *a, size_t n, struct cpr_buf *out)
{
	dotted(a, n, ", ", out);
}

static void write_hex(const struct in_addr *a, size_t n, struct cpr_buf *out)
{
	hex(a, n, out);
}

/* Addresses between any of the separators, each strictly dotted.  False, and nothing sent,
 * when there is anything else. */
static bool read_dotted(
	const char *value, const char *separators, struct cpr_value150 *out)
{
	struct cpr_pen p = cpr_pen_of(out->bytes, sizeof(out->bytes));

	while (*value) {
		size_t n = strcspn(value, separators);
		char text[INET_ADDRSTRLEN];
		struct in_addr a;

		if (n >= sizeof(text))
			return false;
		memcpy(text, value, n);
		text[n] = 0;
		if (inet_pton(AF_INET, text, &a) != 1)
			return false;
		cpr_pen_be32(&p, ntohl(a.s_addr));
		value += n;
		value += strspn(value, separators);
	}
	if (!p.len)
		return false;
	sends(out, &p);
	return true;
}

static int digit(char c)
{
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* Whole bytes, two digits each, with any of the separators between. */
static bool read_hex(const char *value, const char *separators, struct cpr_value150 *out)
{
	struct cpr_pen p = cpr_pen_of(out->bytes, sizeof(out->bytes));
	int high = -1;

	for (; *value; value++) {
		if (high < 0 && strchr(separators, *value))
			continue;
		if (!isxdigit((unsigned char)*value))
			return false;
		if (high >= 0)
			cpr_pen_u8(&p, (uint8_t)(high << 4 | digit(*value)));
		high = high >= 0 ? -1 : digit(*value);
	}
	if (high >= 0 || !p.len)
		return false;
	sends(out, &p);
	return true;
}

/* tftpd32's "a": Windows' inet_addr, which takes a leading zero for octal, as glibc's does;
 * digits and dots end the address, blanks may follow. */
static void tftpd32_addresses(const char *p, struct cpr_pen *pen)
{
	while (*p) {
		size_t n = strspn(p, "0123456789.");
		char text[64] = "";
		struct in_addr a = {.s_addr = INADDR_NONE};

		if (n < sizeof(text)) {
			memcpy(text, p, n);
			if (!inet_aton(text, &a))
				a.s_addr = INADDR_NONE;
		}
		cpr_pen_be32(pen, ntohl(a.s_addr));
		p += n;
		if (*p && *p != ' ')
			return; /* it reads on in place until its buffer is full */
		p += strspn(p, " ");
	}
}

static void little_endian(struct cpr_pen *pen, uint64_t v, size_t n)
{
	while (n--) {
		cpr_pen_u8(pen, (uint8_t)v);
		v >>= 8;
	}
}

/* tftpd32's "x": fields of digits; one or two make a byte, three or four two bytes and five to
 * eight four bytes, as a number of the PC's byte order.  False where it never ends. */
static bool tftpd32_hex(const char *p, struct cpr_pen *pen)
{
	while (*p) {
		size_t digits = 0, bytes;
		uint64_t v = 0;

		while (isxdigit((unsigned char)p[digits]) && digits < 9)
			v = v << 4 | (unsigned)digit(p[digits++]);
		if (!digits || digits > 8)
			return false;
		bytes = digits > 4 ? 4 : (digits + 1) / 2;
		little_endian(pen, v, bytes);
		p += digits;
		if (*p && !strchr(" .:", *p))
			return false;
		p += strspn(p, " .:");
	}
	return true;
}

/* atoi on Windows: it stops at the first other character, and at the largest int. */
static int32_t tftpd32_number(const char *p)
{
	long long v = strtoll(p, NULL, 10);

	return v > INT32_MAX ? INT32_MAX : v < INT32_MIN ? INT32_MIN : (int32_t)v;
}

/* "b": bytes in decimal. */
static void tftpd32_bytes(const char *p, struct cpr_pen *pen)
{
	while (isdigit((unsigned char)*p)) {
		cpr_pen_u8(pen, (uint8_t)strtoul(p, NULL, 10));
		p += strspn(p, "0123456789");
		p += strspn(p, " .:");
	}
}

/* A letter and a blank say how the rest is to be read (bootpd_util.c of tftpd64, the function
 * TranslateParam2Value); anything else is text.  A bare 0x… is read as "x", for that is how
 * people write down what they typed behind the x. */
static void read_tftpd32(const char *value, struct cpr_value150 *out)
{
	struct cpr_pen p = cpr_pen_of(out->bytes, sizeof(out->bytes));
	const char *number = cpr_text_after(value, "0x");
	const char *rest = number ? number : *value ? value + 2 : value;
	char letter = number ? 'x' : *value;

	if (!number && (!*value || value[1] != ' ')) {
		sends_text(out, value, strlen(value));
		return;
	}
	switch (letter) {
	case 'a':
		tftpd32_addresses(rest, &p);
		break;
	case 'x':
		rest += cpr_text_after(rest, "0x") ? 2 : 0;
		if (!tftpd32_hex(rest, &p)) {
			refuse(out, CPR_SENT_UNKNOWN,
				"it takes fields of one to eight hexadecimal digits "
				"with a blank, a dot or a colon between");
			return;
		}
		break;
	case 'i':
		little_endian(&p, (uint32_t)tftpd32_number(rest), 4);
		break;
	case 'n':
		cpr_pen_be32(&p, (uint32_t)tftpd32_number(rest));
		break;
	case 'b':
		tftpd32_bytes(rest, &p);
		break;
	case 's':
		cpr_pen_add(&p, rest, strlen(rest));
		break;
	default:
		cpr_pen_add(&p, value, strlen(value));
	}
	sends(out, &p);
}

/* What dnsmasq 2.90 takes for this option: addresses alone; text in quotes, hexadecimal and
 * host names are "bad IP address".  0.0.0.0 is its own address. */
static void read_dnsmasq(const char *value, struct cpr_value150 *out)
{
	static const uint8_t zero[4];

	if (!read_dotted(value, ",", out))
		refuse(out, CPR_SENT_REFUSED,
			"it takes nothing but dotted addresses here, and would not start");
	else if (out->n == 4 && memcmp(out->bytes, zero, 4) == 0)
		refuse(out, CPR_SENT_OWN, "dnsmasq puts it there for 0.0.0.0");
}

static void read_isc(const char *value, struct cpr_value150 *out)
{
	size_t n = strlen(value);

	if (*value == '"' && n > 1 && value[n - 1] == '"')
		refuse(out, CPR_SENT_UNKNOWN,
			"only an option that was declared as text takes quotes, and "
			"phones do not take text");
	else if (!read_dotted(value, ", ", out))
		refuse(out, CPR_SENT_UNKNOWN,
			"an array of ip-address takes dotted addresses with commas "
			"between; what it makes of this hangs on the declaration");
}

/* Dotted as csv; hexadecimal with "csv-format": false. */
static void read_kea(const char *value, struct cpr_value150 *out)
{
	const char *number = cpr_text_after(value, "0x");

	if (!read_dotted(value, ", ", out) &&
		!read_hex(number ? number : value, number ? "" : ": ", out))
		refuse(out, CPR_SENT_REFUSED,
			"an option of the type ipv4-address takes dotted addresses, or "
			"whole bytes in hexadecimal where csv-format is false");
}

static void read_ios(const char *value, struct cpr_value150 *out)
{
	const char *rest;

	if ((rest = cpr_text_after(value, "ip "))) {
		if (!read_dotted(rest, " ", out))
			refuse(out, CPR_SENT_REFUSED, "it takes dotted addresses here");
	} else if ((rest = cpr_text_after(value, "hex "))) {
		if (!read_hex(rest, ".", out))
			refuse(out, CPR_SENT_REFUSED,
				"it takes whole bytes in hexadecimal here");
	} else if ((rest = cpr_text_after(value, "ascii "))) {
		size_t n = strlen(rest);
		bool quoted = n > 1 && *rest == '"' && rest[n - 1] == '"';

		sends_text(out, rest + quoted, n - (quoted ? 2 : 0));
	} else {
		refuse(out, CPR_SENT_REFUSED,
			"it wants one of the words ip, hex and ascii before it");
	}
}

/* RouterOS from 6.8 on; the double quotes are its shell's. */
static void read_mikrotik(const char *value, struct cpr_value150 *out)
{
	const char *number = cpr_text_after(value, "0x");
	const char *start = value + (*value == '"');
	size_t n = strcspn(start, "\"");
	bool text = n > 2 && start[0] == 's' && start[1] == '\'';
	bool quoted = n > 1 && start[text] == '\'' && start[n - 1] == '\'' &&
		      !memchr(start + text + 1, '\'', n - 2 - text);
	char inner[sizeof(out->bytes)] = "";

	if (quoted && n < sizeof(inner))
		memcpy(inner, start + text + 1, n - 2 - text);
	if (number) {
		if (!read_hex(number, "", out))
			refuse(out, CPR_SENT_UNKNOWN, "it is no whole number of bytes");
	} else if (quoted) {
		if (text || !read_dotted(inner, "", out))
			sends_text(out, inner, strlen(inner));
	} else if (memchr(start, '\'', n)) {
		refuse(out, CPR_SENT_UNKNOWN,
			"sources disagree on how several quoted addresses are joined");
	} else {
		sends_text(out, start, n); /* as RouterOS 5 does */
	}
}

/* An option of the type IPADDRESS. */
static void read_windows(const char *value, struct cpr_value150 *out)
{
	if (!read_dotted(value, " ", out))
		refuse(out, CPR_SENT_UNKNOWN,
			"an option of the type IPADDRESS takes dotted addresses; what "
			"another type makes of this, no source tells");
}

static void read_fortigate(const char *value, struct cpr_value150 *out)
{
	if (!read_hex(value, "", out))
		refuse(out, CPR_SENT_UNKNOWN,
			"an option of the type hex takes whole bytes in hexadecimal "
			"without 0x; what it makes of this, no source tells");
}

static void read_bytes(const char *value, struct cpr_value150 *out)
{
	const char *number = cpr_text_after(value, "0x");

	if (!read_hex(number ? number : value, " .:-", out))
		refuse(out, CPR_SENT_REFUSED, "it is no whole number of bytes");
}

/* Sources, row by row: tftpd32, its bootpd_util.c; dnsmasq, dhcpd and kea, tried (see
 * tests/e2e/option150.bats); ios, generally known, no document at hand; mikrotik, RouterOS'
 * manual: 0x… is the one form that versions 5, 6 and 7 agree on; windows, the help of netsh
 * ("add optiondef OptCode OptName DataType IsArray", "set optionvalue OptCode DataType
 * OptValue"), not tried; fortigate, Fortinet's technical tip on option 43, where a value's
 * digits reach the wire in their order, and its CLI reference ("set type hex"), not tried. */
const struct cpr_spelling150 cpr_spellings150[] = {
	{"tftpd32", "DHCP settings, additional option 150 (tftpd32/64 4.50 or later)", "",
		"", write_tftpd32, read_tftpd32},
	{"dnsmasq", "dnsmasq.conf", "dhcp-option=150,", "", write_commas, read_dnsmasq},
	{"isc-dhcpd", "dhcpd.conf",
		"option tftp-server-address code 150 = array of ip-address;\n"
		"option tftp-server-address ",
		";", write_list, read_isc},
	{"kea", "kea-dhcp4.conf, in Dhcp4; with other definitions or data: into their lists",
		"\"option-def\": [ { \"name\": \"tftp-server-address\", \"code\": 150,\n"
		"    \"type\": \"ipv4-address\", \"array\": true } ],\n"
		"\"option-data\": [ { \"code\": 150, \"data\": \"",
		"\" } ]", write_list, read_kea},
	{"ios", "in \"ip dhcp pool\"", "option 150 ", "", write_ios, read_ios},
	{"mikrotik", "then name the option in /ip dhcp-server network, dhcp-option",
		"/ip dhcp-server option add name=tftp-server code=150 value=", "",
		write_mikrotik, read_mikrotik},
	{"windows", "a prompt of the DHCP server's administrator",
		"netsh dhcp server add optiondef 150 \"TFTP server address\" IPADDRESS 1\n"
		"netsh dhcp server set optionvalue 150 IPADDRESS ",
		"", write_spaced, read_windows},
	{"fortigate", "config system dhcp server, edit the server's number",
		"config options\nedit 150\nset code 150\nset type hex\nset value \"",
		"\"\nnext\nend", write_hex, read_fortigate},
	{"hex", "wherever the bytes are asked for in the order of the network", "", "",
		write_hex, read_bytes},
};
const size_t cpr_spellings150_n = CPR_ARRAY_LEN(cpr_spellings150);

const struct cpr_spelling150 *cpr_spelling150_by_name(const char *name)
{
	for (size_t i = 0; i < cpr_spellings150_n; i++)
		if (strcmp(cpr_spellings150[i].name, name) == 0)
			return &cpr_spellings150[i];
	return NULL;
}

void cpr_spelling150_lines(const struct cpr_spelling150 *s, const struct in_addr *a,
	size_t n, struct cpr_buf *out)
{
	cpr_buf_puts(out, s->before);
	s->write(a, n, out);
	cpr_buf_printf(out, "%s\n", s->after);
}

const char *cpr_spelling150_value(const char *line)
{
	for (const char *p = line; (p = strstr(p, "150")); p++)
		if ((p[3] == ',' || p[3] == ' ') &&
			(p == line || p[-1] == ' ' || p[-1] == ',' || p[-1] == '='))
			return p + 4;
	return line;
}

static bool ends(const char *text, size_t n, const char *suffix)
{
	size_t k = strlen(suffix);

	return n >= k && memcmp(text + n - k, suffix, k) == 0;
}

void cpr_spelling150_read(
	const struct cpr_spelling150 *s, const char *value, struct cpr_value150 *out)
{
	const char *line = strrchr(s->before, '\n');
	const char *rest = cpr_text_after(value, s->before);
	char text[1024];
	size_t n;

	*out = (struct cpr_value150){0};
	if (!rest)
		rest = cpr_text_after(value, line ? line + 1 : s->before);
	if (!rest)
		rest = cpr_spelling150_value(value);
	n = strlen(rest);
	n -= ends(rest, n, "\n");
	n -= ends(rest, n, s->after) ? strlen(s->after) : 0;
	if (n >= sizeof(text)) {
		refuse(out, CPR_SENT_REFUSED, "it is too long for an option");
		return;
	}
	memcpy(text, rest, n);
	text[n] = 0;
	s->read(text, out);
}
