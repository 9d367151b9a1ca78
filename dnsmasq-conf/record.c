#include "record.h"

#include "buf.h"
#include "cleanup.h"
#include "publish.h"
#include "world.h"

#include <errno.h>
#include <sha2.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD_FOLDER "/var/lib/phone-cpr"

enum {
	RECORD_MOST = 65536
};

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
	_cleanup_(cpr_closep) int fd = cpr_publish_open(base, &RECORD_FILE[1]);
	_cleanup_(cpr_freep) char *text = NULL;
	char *rest, *line;
	struct stat st;
	size_t len;
	int r;

	*out = (struct record){0};
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return -EPERM;
	r = read_open(fd, RECORD_MOST, &text, &len);
	rest = text;
	while (r == 0 && (line = strsep(&rest, "\n")))
		if (strlen(line) > 66 && strncmp(line + 64, "  /", 3) == 0)
			r = add(out, line, line + 66);
	return r;
}

const char *record_error(int r)
{
	return r == -EPERM
		       ? "it belongs to a user that is not root; see what it names, then "
			 "remove it"
		       : strerror(-r);
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
	r->changed = true;
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
	r->changed = r->changed || kept < r->n;
	r->n = kept;
}

static size_t count(const struct record *r, const char *path)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += strcmp(r->line[i].path, path) == 0;
	return n;
}

int record_set(struct record *r, const char *path, const void *data, size_t len)
{
	if (count(r, path) == 1 && record_has(r, path, data, len))
		return 0;
	record_drop(r, path);
	return record_add(r, path, data, len);
}

int record_prepare(int base, const struct record *r, struct cpr_prepared **out)
{
	_cleanup_(cpr_buf_free) struct cpr_buf b = {0};
	int rc;

	if (!r->changed)
		return 0;
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

int record_copy(const struct record *r, struct record *out)
{
	int rc = 0;

	*out = (struct record){.changed = r->changed};
	for (size_t i = 0; rc == 0 && i < r->n; i++)
		rc = add(out, r->line[i].hash, r->line[i].path);
	return rc;
}

void record_clear(struct record *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->line[i].path);
	free(r->line);
	*r = (struct record){0};
}
