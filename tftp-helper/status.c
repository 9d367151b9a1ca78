#include "status.h"

#include "buf.h"
#include "cleanup.h"
#include "incoming.h"
#include "publish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	PACKAGES = 20, /* the last ones */
	STATUS_MAX = 1024 * 1024
};

static void count(json_t *status, const char *key)
{
	json_t *n = json_object_get(status, key);

	json_object_set_new(status, key, json_integer(n ? json_integer_value(n) + 1 : 1));
}

static json_t *list(json_t *status, const char *key)
{
	json_t *l = json_object_get(status, key);

	if (!json_is_array(l)) {
		l = json_array();
		json_object_set_new(status, key, l);
	}
	return l;
}

static json_t *read_before(int folder)
{
	int fd = cpr_publish_open(folder, CPR_STATUS_FILE);
	json_t *before = fd < 0 ? NULL : cpr_json_read(fd);

	cpr_closep(&fd);
	if (before && !json_is_object(before)) {
		json_decref(before);
		before = NULL;
	}
	return before;
}

json_t *cpr_json_read(int fd)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	_cleanup_(cpr_fclosep) FILE *f = own < 0 ? NULL : fdopen(own, "r");

	if (!f && own >= 0)
		close(own);
	return f ? json_loadf(f, 0, NULL) : NULL;
}

json_t *cpr_status_new(int folder)
{
	json_t *status = read_before(folder);

	if (!status)
		status = json_object();
	for (const char *const *key = (const char *const[]){"accepted", "refused", NULL};
		*key; key++)
		if (!json_is_integer(json_object_get(status, *key)))
			json_object_set_new(status, *key, json_integer(0));
	list(status, "packages");
	list(status, "models");
	list(status, "findings");
	list(status, "queue");
	return status;
}

/* A name need not be UTF-8, which JSON is. */
static json_t *name_of(const char *name)
{
	json_t *j = json_string(name);
	_cleanup_(cpr_freep) char *copy = j ? NULL : strdup(name);

	for (char *c = copy; c && *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return copy ? json_string(copy) : j;
}

void cpr_status_package(json_t *status, const char *name, bool accepted,
	const json_t *report, int64_t time)
{
	json_t *packages = list(status, "packages");
	const json_t *one = json_array_get(json_object_get(report, "packages"), 0);

	json_array_append_new(
		packages, json_pack("{s:o, s:b, s:I, s:O*, s:O*}", "name", name_of(name),
				  "accepted", accepted, "time", (json_int_t)time, "loads",
				  json_object_get(one, "loads"), "refused",
				  json_object_get(one, "refused")));
	while (json_array_size(packages) > PACKAGES)
		json_array_remove(packages, 0);
	count(status, accepted ? "accepted" : "refused");
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static const json_t *model_named(const json_t *models, const char *name)
{
	const json_t *m;
	size_t i;

	json_array_foreach(models, i, m) if (!strcmp(text_of(m, "model"), name)) return m;
	return NULL;
}

void cpr_status_verify(json_t *status, const json_t *verify, int64_t time)
{
	const json_t *before = list(status, "models"), *m;
	const json_t *findings = json_object_get(verify, "findings");
	json_t *models = json_array();
	size_t i;

	json_array_foreach(json_object_get(verify, "models"), i, m)
	{
		const json_t *old = model_named(before, text_of(m, "model"));
		json_int_t since = json_integer_value(json_object_get(old, "since"));

		if (!old || strcmp(text_of(old, "load"), text_of(m, "load")))
			since = time;
		json_array_append_new(models,
			json_pack("{s:s, s:s, s:b, s:I}", "model", text_of(m, "model"),
				"load", text_of(m, "load"), "recoverable",
				json_is_true(json_object_get(m, "recoverable")), "since",
				since));
	}
	json_object_set_new(status, "models", models);
	if (json_is_array(findings))
		json_object_set(status, "findings", (json_t *)findings);
}

void cpr_status_published(json_t *status, int64_t time)
{
	json_object_set_new(status, "published", json_integer(time));
}

void cpr_status_queue(json_t *status, const struct cpr_incoming *in, bool busy)
{
	json_t *queue = json_array();

	for (size_t i = 0; i < in->n; i++) {
		const struct cpr_arrival *a = &in->arrival[i];

		json_array_append_new(queue,
			json_pack("{s:o, s:s, s:s*}", "name", name_of(a->name), "state",
				a->busy    ? "arriving"
				: a->again ? "waiting"
					   : "settling",
				"why", a->why));
	}
	json_object_set_new(status, "queue", queue);
	json_object_set_new(status, "state", json_string(busy ? "busy" : "idle"));
}

static size_t recoverable(const json_t *status)
{
	const json_t *m;
	size_t i, n = 0;

	json_array_foreach(json_object_get(status, "models"), i, m) n +=
		json_is_true(json_object_get(m, "recoverable"));
	return n;
}

static void metric(struct cpr_buf *b, const char *name, const char *type,
	const char *help, json_int_t value)
{
	cpr_buf_printf(b,
		"# HELP phone_cpr_%s %s\n# TYPE phone_cpr_%s %s\n"
		"phone_cpr_%s %" JSON_INTEGER_FORMAT "\n",
		name, help, name, type, name, value);
}

char *cpr_status_metrics(const json_t *status)
{
	struct cpr_buf b = {0};

	metric(&b, "packages_accepted_total", "counter", "Firmware packages accepted.",
		json_integer_value(json_object_get(status, "accepted")));
	metric(&b, "packages_refused_total", "counter",
		"Firmware packages moved to quarantine.",
		json_integer_value(json_object_get(status, "refused")));
	metric(&b, "packages_queued", "gauge",
		"Packages in incoming that are not yet taken.",
		(json_int_t)json_array_size(json_object_get(status, "queue")));
	metric(&b, "models_recoverable", "gauge",
		"Phone models of which a wiped phone would come back.",
		(json_int_t)recoverable(status));
	metric(&b, "models_known", "gauge", "Phone models that have any firmware here.",
		(json_int_t)json_array_size(json_object_get(status, "models")));
	metric(&b, "findings", "gauge", "Findings of cpr-conf verify.",
		(json_int_t)json_array_size(json_object_get(status, "findings")));
	metric(&b, "last_publish_timestamp_seconds", "gauge",
		"When term files and XMLDefault were last made to agree.",
		json_integer_value(json_object_get(status, "published")));
	if (b.failed)
		cpr_buf_free(&b);
	return b.data;
}

int cpr_status_write(int folder, json_t *status)
{
	_cleanup_(cpr_freep) char *text =
		json_dumps(status, JSON_INDENT(1) | JSON_SORT_KEYS);
	_cleanup_(cpr_freep) char *metrics = cpr_status_metrics(status);
	int r = text && metrics ? 0 : -ENOMEM;

	if (r == 0)
		r = cpr_publish_bytes(folder, CPR_STATUS_FILE, text, strlen(text), 0644);
	if (r >= 0)
		r = cpr_publish_bytes(
			folder, CPR_METRICS_FILE, metrics, strlen(metrics), 0644);
	return r < 0 ? r : 0;
}

static const char *when(json_int_t time, char out[32])
{
	time_t t = (time_t)time;
	struct tm tm;

	if (!time || !localtime_r(&t, &tm) ||
		!strftime(out, 32, "%Y-%m-%d %H:%M:%S", &tm))
		return "never";
	return out;
}

static void print_models(const json_t *status)
{
	const json_t *m;
	char at[32];
	size_t i;

	printf("\n%-8s %-28s %-12s %s\n", "MODEL", "LOAD", "RECOVERABLE", "SINCE");
	json_array_foreach(json_object_get(status, "models"), i, m)
		printf("%-8s %-28s %-12s %s\n", text_of(m, "model"),
			*text_of(m, "load") ? text_of(m, "load") : "-",
			json_is_true(json_object_get(m, "recoverable")) ? "yes" : "no",
			when(json_integer_value(json_object_get(m, "since")), at));
}

static void print_lines(const char *before, const json_t *lines)
{
	const json_t *line;
	size_t i;

	json_array_foreach(lines, i, line)
		printf("%s%s\n", before, json_string_value(line));
}

void cpr_status_print(const json_t *status, bool running)
{
	const json_t *one;
	char at[32];
	size_t i;

	printf("cpr-helper watch %s; %" JSON_INTEGER_FORMAT
	       " packages accepted, %" JSON_INTEGER_FORMAT " refused; published %s\n",
		running ? "runs" : "does not run",
		json_integer_value(json_object_get(status, "accepted")),
		json_integer_value(json_object_get(status, "refused")),
		when(json_integer_value(json_object_get(status, "published")), at));
	if (json_array_size(json_object_get(status, "models")))
		print_models(status);
	if (json_array_size(json_object_get(status, "queue")))
		printf("\nin incoming:\n");
	json_array_foreach(json_object_get(status, "queue"), i, one)
	{
		printf("  %s: %s\n", text_of(one, "name"), text_of(one, "state"));
		if (*text_of(one, "why"))
			printf("    %s\n", text_of(one, "why"));
	}
	if (json_array_size(json_object_get(status, "packages")))
		printf("\nlast packages:\n");
	json_array_foreach(json_object_get(status, "packages"), i, one)
	{
		printf("  %s %s: %s\n",
			when(json_integer_value(json_object_get(one, "time")), at),
			text_of(one, "name"),
			json_is_true(json_object_get(one, "accepted")) ? "accepted"
								       : "refused");
		print_lines("    load ", json_object_get(one, "loads"));
		print_lines("    ", json_object_get(one, "refused"));
	}
}
