/* The only way to read foreign bytes: a cursor that knows its length.  A read past the end
 * gives zeros and sets `bad`, which stays: read a whole structure, then look once.
 * Invariant: pos <= len.  The span borrows its bytes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cpr_span {
	const uint8_t *data;
	size_t len;
	size_t pos;
	bool bad;
};

static inline struct cpr_span cpr_span_of(const void *data, size_t len)
{
	return (struct cpr_span){.data = data, .len = len};
}

static inline size_t cpr_span_left(const struct cpr_span *s)
{
	return s->bad ? 0 : s->len - s->pos;
}

/* The next n bytes, or NULL (and bad) when there are fewer. */
static inline const uint8_t *cpr_span_take(struct cpr_span *s, size_t n)
{
	const uint8_t *at;

	if (s->bad || n > s->len - s->pos) {
		s->bad = true;
		return NULL;
	}
	at = s->data + s->pos;
	s->pos += n;
	return at;
}

static inline void cpr_span_skip(struct cpr_span *s, size_t n)
{
	(void)cpr_span_take(s, n);
}

/* The next n bytes as a span of their own; a bad one when there are fewer. */
static inline struct cpr_span cpr_span_sub(struct cpr_span *s, size_t n)
{
	const uint8_t *at = cpr_span_take(s, n);

	return (struct cpr_span){.data = at, .len = at ? n : 0, .bad = !at};
}

/* To an absolute position; bad when it lies outside. */
static inline void cpr_span_seek(struct cpr_span *s, size_t pos)
{
	if (s->bad || pos > s->len)
		s->bad = true;
	else
		s->pos = pos;
}

static inline uint8_t cpr_span_u8(struct cpr_span *s)
{
	const uint8_t *p = cpr_span_take(s, 1);

	return p ? p[0] : 0;
}

static inline uint16_t cpr_span_be16(struct cpr_span *s)
{
	const uint8_t *p = cpr_span_take(s, 2);

	return p ? (uint16_t)(p[0] << 8 | p[1]) : 0;
}

static inline uint32_t cpr_span_be32(struct cpr_span *s)
{
	const uint8_t *p = cpr_span_take(s, 4);

	return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
			       p[3]
		 : 0;
}

static inline uint32_t cpr_span_le32(struct cpr_span *s)
{
	const uint8_t *p = cpr_span_take(s, 4);

	return p ? (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 |
			       p[0]
		 : 0;
}

/* The counterpart for writing into the caller's memory: `full` is sticky, nothing is ever
 * written past cap. */
struct cpr_pen {
	uint8_t *data;
	size_t cap;
	size_t len;
	bool full;
};

static inline struct cpr_pen cpr_pen_of(void *data, size_t cap)
{
	return (struct cpr_pen){.data = data, .cap = cap};
}

static inline void cpr_pen_add(struct cpr_pen *p, const void *bytes, size_t n)
{
	if (p->full || n > p->cap - p->len) {
		p->full = true;
		return;
	}
	for (size_t i = 0; i < n; i++)
		p->data[p->len + i] = ((const uint8_t *)bytes)[i];
	p->len += n;
}

static inline void cpr_pen_u8(struct cpr_pen *p, uint8_t v)
{
	cpr_pen_add(p, &v, 1);
}

static inline void cpr_pen_be16(struct cpr_pen *p, uint16_t v)
{
	cpr_pen_add(p, (uint8_t[]){(uint8_t)(v >> 8), (uint8_t)v}, 2);
}

static inline void cpr_pen_be32(struct cpr_pen *p, uint32_t v)
{
	cpr_pen_add(p,
		(uint8_t[]){(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
			(uint8_t)v},
		4);
}

static inline void cpr_pen_zeros(struct cpr_pen *p, size_t n)
{
	while (n-- && !p->full)
		cpr_pen_u8(p, 0);
}
