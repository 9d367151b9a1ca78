/* Scope-bound ownership: a local marked _cleanup_ is released when its scope ends, unless
 * TAKE_PTR handed it over. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))

/* The value of the pointer, which is NULL afterwards: ownership moves to the caller. */
#define TAKE_PTR(p)                         \
	({                                  \
		__typeof__(p) taken_ = (p); \
		(p) = NULL;                 \
		taken_;                     \
	})

#define CPR_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static inline void cpr_freep(void *p)
{
	free(*(void **)p);
}

static inline void cpr_closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cpr_fclosep(FILE **f)
{
	if (*f)
		fclose(*f);
}
