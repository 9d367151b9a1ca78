#include "firmware/firmware.h"

#include "cleanup.h"
#include "span.h"

#include <sha2.h>
#include <string.h>

uint64_t cpr_fw_random(struct cpr_fw_random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

void cpr_fw_random_bytes(struct cpr_buf *out, size_t n, struct cpr_fw_random *r)
{
	uint64_t block[64];

	for (size_t done = 0; done < n; done += sizeof(block)) {
		for (size_t i = 0; i < CPR_ARRAY_LEN(block); i++)
			block[i] = cpr_fw_random(r) & ~r->zeros;
		cpr_buf_add(
			out, block, n - done < sizeof(block) ? n - done : sizeof(block));
	}
}

/* FNV-1a: twins of one name but other content get other signatures. */
static uint64_t mix(uint64_t seed, const void *bytes, size_t n)
{
	uint64_t h = 0xcbf29ce484222325 ^ seed;

	for (size_t i = 0; i < n; i++)
		h = (h ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3;
	return h;
}

static void signature(struct cpr_buf *out, const char *own_name, const void *payload,
	size_t len, uint64_t seed)
{
	struct cpr_fw_random r = {
		.state = mix(mix(seed, own_name, strlen(own_name)), payload, len)};

	cpr_fw_random_bytes(out, 256, &r);
}

static void tlv_text(struct cpr_pen *p, uint8_t tag, const char *text)
{
	cpr_pen_u8(p, tag);
	cpr_pen_be16(p, (uint16_t)(strlen(text) + 1));
	cpr_pen_add(p, text, strlen(text) + 1);
}

/* 01 0002 0101       version
 * 02 0002 nnnn       length of the whole header
 * 03 005b            04 signer, 05 serial, 06 issuer
 * 07 000f            08 SHA-1, 09 { 0a 00, 0b modulus index 2: 256 bytes }
 * 0c 0100 …          signature
 * 0e nnnn name NUL
 * 0d …               pad to four bytes */
void cpr_fw_signed(struct cpr_buf *out, const char *signer, const char *own_name,
	const void *payload, size_t len, uint64_t seed)
{
	static const char issuer[] = "CN=someCA;OU=someOrgUnit;O=someOrg";
	static const uint8_t serial[] = {
		5, 0, 8, 0x12, 0x34, 0x56, 0x78, 0x90, 0xab, 0xcd, 0xef};
	static const uint8_t algorithm[] = {
		7, 0, 15, 8, 0, 1, 1, 9, 0, 8, 10, 0, 1, 0, 11, 0, 1, 2};
	size_t who = 3 + strlen(signer) + 1 + sizeof(serial) + 3 + sizeof(issuer);
	size_t bare =
		5 + 5 + 3 + who + sizeof(algorithm) + 3 + 256 + 3 + strlen(own_name) + 1;
	size_t whole = (bare + 3) & ~(size_t)3;
	uint8_t space[1024];
	struct cpr_pen p = cpr_pen_of(space, sizeof(space));

	cpr_pen_add(&p, (uint8_t[]){1, 0, 2, 1, 1, 2, 0, 2}, 8);
	cpr_pen_be16(&p, (uint16_t)whole);
	cpr_pen_u8(&p, 3);
	cpr_pen_be16(&p, (uint16_t)who);
	tlv_text(&p, 4, signer);
	cpr_pen_add(&p, serial, sizeof(serial));
	tlv_text(&p, 6, issuer);
	cpr_pen_add(&p, algorithm, sizeof(algorithm));
	cpr_pen_add(&p, (uint8_t[]){12, 1, 0}, 3);
	cpr_buf_add(out, p.data, p.len);
	signature(out, own_name, payload, len, seed);

	p = cpr_pen_of(space, sizeof(space));
	tlv_text(&p, 14, own_name);
	while (bare++ < whole)
		cpr_pen_u8(&p, 13);
	cpr_buf_add(out, p.data, p.len);
	cpr_buf_add(out, payload, len);
	out->failed |= p.full;
}

static void le32(struct cpr_pen *p, uint32_t v)
{
	for (int shift = 0; shift < 32; shift += 8)
		cpr_pen_u8(p, (uint8_t)(v >> shift));
}

/* 00 CD 34 12 AB, 04 header length, 08 zero, 0c payload length, 10 zero, 14 SHA-256 of the
 * payload, 34 name length without NUL, 38 name and NUL to a four-byte boundary, signature. */
void cpr_fw_cd34(struct cpr_buf *out, const char *own_name, const void *payload,
	size_t len, uint64_t seed)
{
	size_t name_room = (strlen(own_name) + 1 + 3) & ~(size_t)3;
	uint8_t hash[SHA256_DIGEST_LENGTH], space[512];
	struct cpr_pen p = cpr_pen_of(space, sizeof(space));
	SHA2_CTX sha;

	SHA256Init(&sha);
	SHA256Update(&sha, payload, len);
	SHA256Final(hash, &sha);
	cpr_pen_add(&p, (uint8_t[]){0xcd, 0x34, 0x12, 0xab}, 4);
	le32(&p, (uint32_t)(0x38 + name_room + 256));
	le32(&p, 0);
	le32(&p, (uint32_t)len);
	le32(&p, 0);
	cpr_pen_add(&p, hash, sizeof(hash));
	le32(&p, (uint32_t)strlen(own_name));
	cpr_pen_add(&p, own_name, strlen(own_name));
	cpr_pen_zeros(&p, name_room - strlen(own_name));
	cpr_buf_add(out, p.data, p.len);
	signature(out, own_name, payload, len, seed);
	cpr_buf_add(out, payload, len);
	out->failed |= p.full;
}

/* 000 magic, 030 u32 BE entries, 034 u32 BE header length, 248 entries of five u32 BE: type
 * (6 boot blob, 7 file), 2, size, mtime, name's offset; then the names; then the data. */
void cpr_fw_cnu(struct cpr_buf *out, size_t len, unsigned files, bool extra,
	struct cpr_fw_random *r)
{
	const size_t names_at = 0x248 + files * 20u, head = names_at + files * 12u;
	_cleanup_(cpr_freep) uint8_t *space = calloc(1, head);
	struct cpr_pen p = cpr_pen_of(space, space ? head : 0);
	size_t left = len - extra - head;

	if (!space || len < head + extra) {
		out->failed = true;
		return;
	}
	cpr_pen_add(&p, "CNU_File_Archive_3.0", 20);
	cpr_pen_zeros(&p, 0x30 - p.len);
	cpr_pen_be32(&p, files);
	cpr_pen_be32(&p, (uint32_t)head);
	cpr_pen_zeros(&p, 0x248 - p.len);
	for (unsigned i = 0; i < files; i++) {
		size_t size = i + 1 == files ? left : left / (files - i);

		cpr_pen_be32(&p, i ? 7 : 6);
		cpr_pen_be32(&p, 2);
		cpr_pen_be32(&p, (uint32_t)size);
		cpr_pen_be32(&p, 1388534400);
		cpr_pen_be32(&p, (uint32_t)(names_at + i * 12u));
		left -= size;
	}
	for (unsigned i = 0; i < files; i++) {
		char name[12] = "";

		snprintf(name, sizeof(name), "part%03u.bin", i % 1000);
		cpr_pen_add(&p, name, sizeof(name));
	}
	cpr_buf_add(out, p.data, p.len);
	cpr_fw_random_bytes(out, len - head, r);
	out->failed |= p.full;
}
