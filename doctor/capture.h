/* Where the packets come from: capture files, one after the other as if they were one, or an
 * interface.  Owner: whoever opened it. */
#pragma once

#include "engine/decode.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cpr_capture;
struct cpr_errors;

/* Opens all files; "-" is stdin.  Each that cannot be opened is a line in e, and then nothing is:
 * -errno of the last one. */
int cpr_capture_files(
	struct cpr_capture **out, char *const *name, size_t n, struct cpr_errors *e);
/* All that phones say and are told on the interface goes through a filter in the kernel; the
 * rest of the traffic, but for UDP, never reaches us.  "any": all interfaces. */
int cpr_capture_live(
	struct cpr_capture **out, const char *interface, struct cpr_errors *e);
struct cpr_capture *cpr_capture_free(struct cpr_capture *c);
void cpr_capture_freep(struct cpr_capture **c);

/* 1: *out is the next packet, valid until the next call.  0: there is none now (live), or none
 * any more (files).  -errno: the interface is gone, with a line in e; or no memory.
 * Numbers count on from file to file.  A file that ends inside a packet is read up to it, with a
 * line in `notes`; one that is no capture is left out, with a line in e. */
int cpr_capture_next(struct cpr_capture *c, struct cpr_captured *out,
	struct cpr_errors *notes, struct cpr_errors *e);

/* A file was no capture, or of a kind that cannot be read. */
bool cpr_capture_invalid(const struct cpr_capture *c);
/* To wait on with poll; -1: files. */
int cpr_capture_fd(const struct cpr_capture *c);
/* Packets that the kernel had no room for, since the last call. */
uint64_t cpr_capture_lost(struct cpr_capture *c);
/* Bytes of the files read, of how many (0: not known). */
void cpr_capture_progress(const struct cpr_capture *c, uint64_t *done, uint64_t *total);
