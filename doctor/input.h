/* The bytes of a capture file or pipe as a stream, unzipped where they are gzip's. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct cpr_input;

/* Owns fd.  0 or -ENOMEM.  Nothing is read yet. */
int cpr_input_new(struct cpr_input **out, int fd);
struct cpr_input *cpr_input_free(struct cpr_input *in);
/* The stream; the caller closes it, and does so before the input is freed. */
FILE *cpr_input_open(struct cpr_input *in);

/* How much of the file was read, as it lies there, and how much there is; 0: a pipe. */
uint64_t cpr_input_done(const struct cpr_input *in);
uint64_t cpr_input_size(const struct cpr_input *in);
/* What ended it before its end: "" or words such as "its gzip data are damaged". */
const char *cpr_input_fault(const struct cpr_input *in);
