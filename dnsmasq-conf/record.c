#include "record.h"

#include "buf.h"
#include "cleanup.h"
#include "publish.h"
#include "world.h"

#include <errno.h>
#include <sha2.h>
#include <stdint.h>
#include <string.h>

#define RECORD_FOLDER "/var/lib/phone-cpr"

void sha256_hex(const void *data, size_t len, char hex[65])
{
	SHA2_CTX c;

	SHA256Init(&c);
	SHA256Update(&c, data, len);
	SHA256End(&c, hex);
}

static int add(struct record *r, const char *hash, const char *path)
{
	struct record_line *grown = reallocarray(r->line, r->n + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	r->line = grown;
	snprintf(grown[r->n].hash, sizeof(grown[r->n].hash), "%.64s", hash);
	grown[r->n].path = strdup(path);
	return grown[r->n].path ? (r->n++, 0) : -ENOMEM;
}

int record_read(int base, struct record *out)
{
	_cleanup_(cpr_freep) char *text = NULL;
	char *rest, *line;
	size_t len;
	int r = read_below(base, RECORD_FILE, 65536, &text, &len);

	*out = (struct record){0};
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	rest = text;
	while (r == 0 && (line = strsep(&rest, "\n")))
		if (strlen(line) > 66 && strncmp(line + 64, "  ", 2) == 0)
			r = add(out, line, line + 66);
	return r;
}

bool record_knows(const struct record *r, const char *path)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->line[i].path, path) == 0)
			return true;
	return false;
}

bool record_has(const struct record *r, const char *path, const void *data, size_t len)
{
	char hash[65];

	sha256_hex(data, len, hash);
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->line[i].path, path) == 0 &&
			strcmp(r->line[i].hash, hash) == 0)
			return true;
	return false;
}

int record_add(struct record *r, const char *path, const void *data, size_t len)
{
	char hash[65];

	if (record_has(r, path, data, len))
		return 0;
	sha256_hex(data, len, hash);
	return add(r, hash, path);
}

void record_drop(struct record *r, const char *path)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->n; i++) {
		if (strcmp(r->line[i].path, path) == 0)
			free(r->line[i].path);
		else
			r->line[kept++] = r->line[i];
	}
	r->n = kept;
}

int record_set(struct record *r, const char *path, const void *data, size_t len)
{
	record_drop(r, path);
	return record_add(r, path, data, len);
}

int record_prepare(int base, const struct record *r, struct cpr_prepared **out)
{
	_cleanup_(cpr_buf_free) struct cpr_buf b = {0};
	int rc;

	for (size_t i = 0; i < r->n; i++)
		cpr_buf_printf(&b, "%s  %s\n", r->line[i].hash, r->line[i].path);
	if (b.failed)
		return -ENOMEM;
	rc = cpr_publish_mkdir(base, &RECORD_FOLDER[1], 0755);
	if (rc < 0)
		return rc;
	return cpr_publish_prepare_bytes(
		base, &RECORD_FILE[1], b.data ? b.data : "", b.len, 0644, out);
}

void record_clear(struct record *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->line[i].path);
	free(r->line);
	*r = (struct record){0};
}
