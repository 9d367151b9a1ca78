/* Ports of this very process. */
#include "port.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* A socket at a port of the kernel's choice. */
static int bound(const char *address, unsigned *port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)*port)};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	inet_pton(AF_INET, address, &at.sin_addr);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*port = ntohs(at.sin_port);
	return fd;
}

static void test_holder(void **state)
{
	struct cpr_holder h[4];
	unsigned port = 0;
	int one = bound("127.0.0.1", &port), two = bound("127.0.0.2", &port);

	(void)state;
	assert_true(cpr_port_held(port));
	/* two sockets, one program */
	assert_int_equal(cpr_port_holders(port, h, 4), 1);
	assert_int_equal(h[0].pid, getpid());
	assert_string_equal(h[0].name, "test-port");
	close(one);
	close(two);
	assert_false(cpr_port_held(port));
	assert_int_equal(cpr_port_holders(port, h, 4), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_holder)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
