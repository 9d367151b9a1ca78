/* tftp-helper/root: which folder it is, and whether what shows is only what a mount hid. */
#include "cleanup.h"
#include "root.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void what_a_mount_hid(void **state)
{
	static const struct {
		const char *before, *now;
		bool unmounted;
	} row[] = {
		{"/srv/tftp", "/srv/tftp", false},
		{"/srv/tftp", "/srv", true},
		{"/srv/tftp", "", true},
		{"/srv", "", true},
		{"", "", false},
		{"", "/srv", false},            /* mounted only now */
		{"/srv", "/srv/tftp", false},   /* one more */
		{"/srv/tftp", "/srv/t", false}, /* elsewhere: a link that was turned */
		{"/srv/tftp", "/data", false},  /* the same */
		{"/srv/tftp", NULL, false},     /* no telling */
		{NULL, "", false},
	};

	(void)state;
	for (size_t i = 0; i < CPR_ARRAY_LEN(row); i++) {
		struct cpr_root before = {.mount = (char *)row[i].before},
				now = {.mount = (char *)row[i].now};

		if (cpr_root_unmounted(&before, &now) != row[i].unmounted)
			fail_msg("row %zu", i);
	}
}

static void which_folder(void **state)
{
	_cleanup_(cpr_root_clear) struct cpr_root r = {0}, none = {0};
	char top[] = "/tmp/test-root-XXXXXX", link[64], file[64];

	(void)state;
	assert_non_null(mkdtemp(top));
	snprintf(link, sizeof(link), "%s-link", top);
	snprintf(file, sizeof(file), "%s/file", top);
	assert_int_equal(symlink(top, link), 0);
	fclose(fopen(file, "w"));
	assert_int_equal(cpr_root_find(link, &r), 0);
	assert_true(cpr_root_is(&r, top));
	assert_false(cpr_root_is(&r, "/"));
	assert_int_equal(cpr_root_find(file, &none), -ENOTDIR);
	unlink(file);
	rmdir(top);
	assert_int_equal(cpr_root_find(link, &none), -ENOENT);
	assert_false(cpr_root_is(&r, top));
	unlink(link);
	/* On a mount of its own wherever there is a /proc. */
	cpr_root_clear(&r);
	assert_int_equal(cpr_root_find("/proc/self", &r), 0);
	assert_true(!r.mount || !strcmp(r.mount, "/proc"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_mount_hid),
		cmocka_unit_test(which_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
