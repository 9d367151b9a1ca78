#include "dnsmasq-trial.h"

#include "cleanup.h"
#include "dnsmasq-lines.h"

#include <string.h>

/* key: what the line lacks in its own file; "" or "dhcp-option=". */
static void add(struct dnsmasq_trial *t, const char *file, unsigned line, const char *key,
	const char *text, size_t len)
{
	struct dnsmasq_place *grown = reallocarray(t->place, t->n + 1, sizeof(*grown));

	if (!grown) {
		t->text.failed = true;
		return;
	}
	t->place = grown;
	grown[t->n++] = (struct dnsmasq_place){file, line};
	cpr_buf_puts(&t->text, len && *text != '#' ? key : "");
	cpr_buf_add(&t->text, text, len);
	cpr_buf_puts(&t->text, "\n");
}

static void add_all(
	struct dnsmasq_trial *t, const char *file, const char *key, const char *text)
{
	for (unsigned n = 1; text && *text; n++) {
		size_t len = strcspn(text, "\n");

		add(t, file, n, key, text, len);
		text += len + (text[len] == '\n');
	}
}

/* What they lead to stands in the text itself; and a program is not run for a test. */
static bool leads_on(const struct dnsmasq_line *l)
{
	static const char *const key[] = {"conf-file", "conf-dir", "conf-script"};

	for (size_t i = 0; i < CPR_ARRAY_LEN(key); i++)
		if (strcmp(l->key, key[i]) == 0)
			return true;
	return false;
}

void dnsmasq_trial_make(struct dnsmasq_trial *t, const struct dnsmasq_lines *all,
	const char *instance, const struct dnsmasq_candidates *c)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct dnsmasq_line *l = &all->line[i];

		if (strcmp(l->instance, instance) != 0 || l->live || leads_on(l))
			continue;
		if (!c->fixed || strcmp(l->file, DNSMASQ_STATIC) != 0)
			add(t, l->file, l->line, "", l->text, strlen(l->text));
	}
	add_all(t, DNSMASQ_STATIC, "", c->fixed);
	add_all(t, DNSMASQ_LIVE "/phone-cpr", "dhcp-option=", c->live);
}

void dnsmasq_trial_clear(struct dnsmasq_trial *t)
{
	cpr_buf_free(&t->text);
	free(t->place);
	*t = (struct dnsmasq_trial){0};
}

bool dnsmasq_reads_ours(const struct dnsmasq_lines *all, const char *instance)
{
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->line[i].instance, instance) == 0 &&
			dnsmasq_line_leads_to(&all->line[i], DNSMASQ_STATIC))
			return true;
	return false;
}

const char *dnsmasq_next_instance(const struct dnsmasq_lines *all, const char *after)
{
	size_t i = 0;

	if (!after)
		return all->n ? all->line[0].instance : NULL;
	while (i < all->n && strcmp(all->line[i].instance, after) != 0)
		i++;
	while (i < all->n && strcmp(all->line[i].instance, after) == 0)
		i++;
	return i < all->n ? all->line[i].instance : NULL;
}
