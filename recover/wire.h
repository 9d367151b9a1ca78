/* The interface, read and written past the kernel's own network (packet(7)). */
#pragma once

#include "frame.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A socket that sees every frame of the interface; or -errno. */
int cpr_bench_wire_open(const char *interface);
/* The next frame, borrowed from buf: 1, or 0 when none waits, or -errno. */
int cpr_bench_wire_read(int fd, uint8_t *buf, size_t cap, struct cpr_frame *f);

struct cpr_bench_server {
	struct in_addr address;
	uint8_t mac[6];
};
/* Asks for an address as a Cisco phone and as nobody in particular; takes none.  0 or -errno. */
int cpr_bench_ask(int fd, const uint8_t own_mac[6]);
/* Whether the frame is such a question of this machine's: not a phone's. */
bool cpr_bench_is_question(const struct cpr_frame *f, const uint8_t own_mac[6]);
/* Whether another machine answers DHCP with this frame, to whomever; then fills in s. */
bool cpr_bench_is_answer(
	const struct cpr_frame *f, const uint8_t own_mac[6], struct cpr_bench_server *s);
/* Asks, and waits 5 seconds: who answers is told in found.  stop_fd: readable when the wait
 * shall end (-EINTR).  Returns how many servers answered, or -errno. */
int cpr_bench_probe(int fd, const uint8_t own_mac[6], int stop_fd,
	struct cpr_bench_server *found, size_t cap);
