/* tftpd-hpa 5.2.  One map, the same on every host: whatever the model table knows for
 * firmware is asked for in lower case, and emit-links.c sees to it that there is a file of
 * that name.  So new firmware needs no reload, which in.tftpd could only be given as root.
 * Observed there:
 * - A case-insensitive rule finds the name in any spelling, but the spelling stays: hence \L.
 *   In 5.2 a rule cannot ask whether there is such a file.
 * - With --secure a name may begin with a slash or not.
 * - More than a thousand rules would be taken for a loop. */
#include "cleanup.h"
#include "emit.h"
#include "models.h"
#include "plan.h"
#include "site.h"
#include "tftpd-hpa.h"

#include <errno.h>
#include <regex.h>
#include <string.h>

#define BLANKS " \t\r\n\v\f"

bool wants_tftpd_hpa(const struct cpr_site *site)
{
	return site->tftpd_hpa;
}

/* G: what is uploaded keeps its name. */
static void rule(struct cpr_buf *b, const char *names, const char *replacement)
{
	cpr_buf_printf(b, "rieG ^/?(%s)$ %s\n", names, replacement);
}

static void map(struct cpr_buf *b)
{
	_cleanup_(cpr_buf_free) struct cpr_buf names = {0};
	char *rest, *line;

	cpr_buf_puts(b, GENERATED_LINE "# /etc/default/tftpd-hpa names this file:\n"
				       "# TFTP_OPTIONS=\"" TFTPD_HPA_OPTIONS "\"\n"
				       "# Cisco phones' firmware is asked for in lower "
				       "case; all other names stay as they are.\n");
	rule(b, "XMLDefault[.]cnf[.]xml", "XMLDefault.cnf.xml");
	rule(b, "OS79XX[.]TXT", CPR_OS79XX);
	cpr_name_expressions(&names);
	b->failed = b->failed || names.failed;
	rest = names.data;
	while (rest && (line = strsep(&rest, "\n")))
		if (*line)
			rule(b, line, "\\L\\1");
}

void emit_tftpd_hpa(
	const struct emit_input *in, struct outputs *out, struct cpr_errors *e)
{
	struct output *o =
		outputs_add(out, "tftpd-hpa", "/etc/phone-cpr", "tftpd-hpa.map");

	(void)in;
	(void)e;
	o->guarded = true;
	o->server = "tftpd-hpa";
	o->restart = RESTART_ON_CHANGE;
	map(&o->text);
}

/* The next word of a line, or NULL; '#' begins a comment unless a backslash is before it. */
static char *word(char **at)
{
	char *begin = *at + strspn(*at, BLANKS), *end = begin;

	while (*end && *end != '#' && !strchr(BLANKS, *end))
		end += end[0] == '\\' && end[1] ? 2 : 1;
	*at = *end ? end + 1 : end;
	if (*end == '#')
		*at = strchr(end, 0);
	*end = 0;
	return *begin ? begin : NULL;
}

static void check_line(
	const char *file, unsigned number, char *line, struct cpr_errors *e)
{
	char *operation = word(&line), *expression = operation ? word(&line) : NULL;
	char why[128];
	regex_t regex;
	int r;

	if (!operation)
		return;
	if (operation[strspn(operation, "rgiesaGP46~")] ||
		(strchr(operation, 'r') && strchr(operation, '~')))
		cpr_errors_add(e, file, number,
			"in.tftpd knows no such rule as \"%.32s\", and would end: mend or "
			"remove the line",
			operation);
	else if (!expression)
		cpr_errors_add(e, file, number,
			"there is no expression, and in.tftpd would end: add one, or "
			"remove the line");
	if (!expression)
		return;
	r = regcomp(&regex, expression,
		REG_EXTENDED | (strchr(operation, 'i') ? REG_ICASE : 0));
	if (r) {
		regerror(r, &regex, why, sizeof(why));
		cpr_errors_add(e, file, number,
			"\"%.64s\" is no regular expression (%s), and in.tftpd would end: "
			"mend it",
			expression, why);
	} else {
		regfree(&regex);
	}
}

int tftpd_hpa_check_map(const char *file, const char *text, struct cpr_errors *e)
{
	_cleanup_(cpr_freep) char *copy = strdup(text);
	char *rest = copy, *line;
	size_t before = e->n;

	if (!copy)
		return -ENOMEM;
	for (unsigned n = 1; (line = strsep(&rest, "\n")); n++)
		check_line(file, n, line, e);
	return e->n > before ? -EINVAL : 0;
}
