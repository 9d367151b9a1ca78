#include "../../recover/dnsmasq.h"

#include "buf.h"
#include "cleanup.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct in_addr ip(const char *text)
{
	struct in_addr a;

	assert_int_equal(inet_pton(AF_INET, text, &a), 1);
	return a;
}

static const struct {
	const char *address;
	unsigned length;
	const char *first, *last;
} ranges[] = {
	{"192.168.150.1", 24, "192.168.150.2", "192.168.150.201"},
	{"192.168.150.254", 24, "192.168.150.1", "192.168.150.200"},
	{"192.168.150.100", 24, "192.168.150.101", "192.168.150.254"},
	{"192.168.150.200", 24, "192.168.150.1", "192.168.150.199"},
	{"10.0.0.1", 30, "10.0.0.2", "10.0.0.2"},
	{"10.0.0.2", 30, "10.0.0.1", "10.0.0.1"},
	{"10.1.2.3", 8, "10.1.2.4", "10.1.2.203"},
	{"10.255.255.254", 8, "10.0.0.1", "10.0.0.200"},
};

static void range(void **state)
{
	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(ranges); i++) {
		struct in_addr first, last;

		print_message("# %s/%u\n", ranges[i].address, ranges[i].length);
		cpr_bench_range(ip(ranges[i].address), ranges[i].length, &first, &last);
		assert_int_equal(first.s_addr, ip(ranges[i].first).s_addr);
		assert_int_equal(last.s_addr, ip(ranges[i].last).s_addr);
	}
}

static void compose(struct cpr_buf *out)
{
	const struct cpr_bench_dnsmasq d = {.interface = "eth1",
		.address = ip("192.168.150.1"),
		.length = 24,
		.tftp_root = "/tmp",
		.leases = "/tmp/leases"};

	cpr_bench_dnsmasq_text(&d, out);
	assert_false(out->failed);
}

static void text(void **state)
{
	static const char *const lines[] = {
		"port=0\n",
		"pid-file=\n",
		"user=\n",
		"interface=eth1\n",
		"bind-interfaces\n",
		"dhcp-leasefile=/tmp/leases\n",
		"dhcp-range=192.168.150.2,192.168.150.201,255.255.255.0,1h\n",
		"dhcp-vendorclass=set:cisco-phone,\"Cisco Systems, Inc. IP Phone\"\n",
		"dhcp-ignore=tag:!cisco-phone\n",
		"dhcp-option-force=tag:cisco-phone,150,192.168.150.1\n",
		"dhcp-option-force=tag:cisco-phone,66,\"192.168.150.1\"\n",
		"enable-tftp\n",
		"tftp-root=/tmp\n",
	};
	_cleanup_(cpr_buf_free) struct cpr_buf out = {0};

	(void)state;
	compose(&out);
	for (size_t i = 0; i < CPR_ARRAY_LEN(lines); i++) {
		print_message("# %s", lines[i]);
		assert_non_null(strstr(out.data, lines[i]));
	}
}

/* The real program accepts every line. */
static void accepted(void **state)
{
	_cleanup_(cpr_buf_free) struct cpr_buf out = {0};
	char path[] = "/tmp/test-recover-dnsmasq.XXXXXX", command[128];
	int fd;

	(void)state;
	if (access("/usr/sbin/dnsmasq", X_OK) < 0) {
		print_message("# skipped: no /usr/sbin/dnsmasq\n");
		skip();
	}
	compose(&out);
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, out.data, out.len), (ssize_t)out.len);
	close(fd);
	snprintf(command, sizeof(command), "/usr/sbin/dnsmasq --test --conf-file=%s 2>&1",
		path);
	fd = system(command);
	unlink(path);
	assert_int_equal(fd, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(range),
		cmocka_unit_test(text),
		cmocka_unit_test(accepted),
	};

	return cmocka_run_group_tests_name("recover-dnsmasq", tests, NULL, NULL);
}
