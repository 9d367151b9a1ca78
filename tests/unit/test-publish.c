/* lib/publish: files that appear whole or not at all. */
#include "publish.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct box {
	char path[64];
	int dir;
};

static int setup(void **state)
{
	struct box *b = calloc(1, sizeof(*b));

	strcpy(b->path, "/tmp/test-publish.XXXXXX");
	if (!mkdtemp(b->path))
		return -1;
	b->dir = open(b->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	umask(077);
	*state = b;
	return b->dir < 0;
}

static int teardown(void **state)
{
	struct box *b = *state;
	char command[128];
	int r;

	close(b->dir);
	snprintf(command, sizeof(command), "rm -rf '%s'", b->path);
	r = system(command);
	free(b);
	return r;
}

/* The names in the folder, sorted, a blank between; dot files too. */
static const char *listing(int dir)
{
	static char text[1024];
	struct dirent **entry;
	int n = scandirat(dir, ".", &entry, NULL, alphasort);

	text[0] = 0;
	for (int i = 0; i < n; i++) {
		const char *name = entry[i]->d_name;

		if (strcmp(name, ".") && strcmp(name, "..")) {
			strcat(text, *text ? " " : "");
			strcat(text, name);
		}
		free(entry[i]);
	}
	free(entry);
	return text;
}

static const char *content(int dir, const char *name)
{
	static char text[256];
	int fd = openat(dir, name, O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	assert_true(n >= 0);
	text[n] = 0;
	close(fd);
	return text;
}

static struct stat status(int dir, const char *name)
{
	struct stat st;

	assert_int_equal(fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st;
}

static void bytes_appear_with_their_mode(void **state)
{
	struct box *b = *state;

	assert_int_equal(cpr_publish_bytes(b->dir, "a", "one", 3, 0644), 1);
	assert_string_equal(content(b->dir, "a"), "one");
	assert_int_equal(status(b->dir, "a").st_mode & 07777, 0644);
	assert_string_equal(listing(b->dir), "a");
}

static void same_bytes_and_mode_are_left_alone(void **state)
{
	struct box *b = *state;
	struct stat before, after;

	assert_int_equal(cpr_publish_bytes(b->dir, "a", "one", 3, 0644), 1);
	before = status(b->dir, "a");
	assert_int_equal(cpr_publish_bytes(b->dir, "a", "one", 3, 0644), 0);
	after = status(b->dir, "a");
	assert_int_equal(before.st_ino, after.st_ino);
	assert_memory_equal(&before.st_ctim, &after.st_ctim, sizeof(before.st_ctim));
	assert_int_equal(cpr_publish_bytes(b->dir, "a", "one", 3, 0600), 1);
	assert_int_equal(cpr_publish_bytes(b->dir, "a", "two", 3, 0600), 1);
	assert_int_equal(cpr_publish_bytes(b->dir, "a", "", 0, 0600), 1);
	assert_int_equal(cpr_publish_bytes(b->dir, "a", "", 0, 0600), 0);
}

/* The owner that is kept can only be another's for root. */
static void keeps_owner_and_mode(void **state)
{
	struct box *b = *state;
	mode_t keep = 0644 | CPR_PUBLISH_KEEP;
	bool root = geteuid() == 0;
	struct stat st;

	assert_int_equal(cpr_publish_bytes(b->dir, "a", "one", 3, keep), 1);
	assert_int_equal(status(b->dir, "a").st_mode & 07777, 0644);
	assert_int_equal(fchmodat(b->dir, "a", 0664, 0), 0);
	if (root)
		assert_int_equal(fchownat(b->dir, "a", 12, 34, 0), 0);
	assert_int_equal(cpr_publish_bytes(b->dir, "a", "one", 3, keep), 0);
	assert_int_equal(cpr_publish_bytes(b->dir, "a", "two", 3, keep), 1);
	st = status(b->dir, "a");
	assert_int_equal(st.st_mode & 07777, 0664);
	if (root) {
		assert_int_equal(st.st_uid, 12);
		assert_int_equal(st.st_gid, 34);
	}
	/* what a TFTP server could not read is mended, with the same bytes, too */
	assert_int_equal(fchmodat(b->dir, "a", 0640, 0), 0);
	assert_int_equal(cpr_publish_bytes(b->dir, "a", "two", 3, keep), 1);
	assert_int_equal(status(b->dir, "a").st_mode & 07777, 0644);
	assert_int_equal(cpr_publish_bytes(b->dir, "a", "two", 3, keep), 0);
	/* no link's target's */
	assert_int_equal(symlinkat("a", b->dir, "l"), 0);
	assert_int_equal(fchmodat(b->dir, "a", 0666, 0), 0);
	assert_int_equal(cpr_publish_bytes(b->dir, "l", "new", 3, keep), 1);
	assert_int_equal(status(b->dir, "l").st_mode & 07777, 0644);
	assert_string_equal(listing(b->dir), "a l");
}

static void a_reader_of_the_old_file_keeps_it(void **state)
{
	struct box *b = *state;
	char text[4] = "";
	int fd;

	assert_int_equal(cpr_publish_bytes(b->dir, "a", "old", 3, 0644), 1);
	fd = openat(b->dir, "a", O_RDONLY);
	assert_int_equal(cpr_publish_bytes(b->dir, "a", "new", 3, 0644), 1);
	assert_int_equal(read(fd, text, 3), 3);
	assert_string_equal(text, "old");
	close(fd);
}

static void a_link_is_replaced_not_followed(void **state)
{
	struct box *b = *state;

	assert_int_equal(cpr_publish_bytes(b->dir, "victim", "safe", 4, 0600), 1);
	assert_int_equal(symlinkat("victim", b->dir, "a"), 0);
	assert_int_equal(cpr_publish_bytes(b->dir, "a", "one", 3, 0644), 1);
	assert_string_equal(content(b->dir, "victim"), "safe");
	assert_true(S_ISREG(status(b->dir, "a").st_mode));
	/* Nor the temp's name. */
	assert_int_equal(symlinkat("victim", b->dir, ".a.new"), 0);
	assert_int_equal(cpr_publish_bytes(b->dir, "a", "two", 3, 0644), 1);
	assert_string_equal(content(b->dir, "victim"), "safe");
	assert_string_equal(listing(b->dir), "a victim");
}

static void a_name_leads_nowhere_else(void **state)
{
	static const struct {
		const char *name;
		int expected;
	} row[] = {
		{"", -EINVAL}, {".", -EINVAL}, {"sub/..", -EINVAL}, {"sub/", -EINVAL},
		{"none/a", -ENOENT}, {"sub/a", 1}, {"../../../up", 1}, {"/abs", 1},
		{"out/a", 1}, /* a link to /sub: that of our root */
	};
	struct box *b = *state;

	assert_int_equal(mkdirat(b->dir, "sub", 0755), 0);
	assert_int_equal(symlinkat("/sub", b->dir, "out"), 0);
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++)
		assert_int_equal(cpr_publish_bytes(b->dir, row[i].name, row[i].name,
					 strlen(row[i].name), 0600),
			row[i].expected);
	assert_string_equal(listing(b->dir), "abs out sub up");
	assert_string_equal(content(b->dir, "sub/a"), "out/a");
}

static void a_full_disk_leaves_nothing(void **state)
{
	struct box *b = *state;
	struct rlimit limit, small;
	static char big[5000];

	assert_int_equal(cpr_publish_bytes(b->dir, "a", "old", 3, 0644), 1);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	small = limit;
	small.rlim_cur = 4000;
	setrlimit(RLIMIT_FSIZE, &small);
	assert_int_equal(cpr_publish_bytes(b->dir, "a", big, sizeof(big), 0644), -EFBIG);
	setrlimit(RLIMIT_FSIZE, &limit);
	signal(SIGXFSZ, SIG_DFL);
	assert_string_equal(content(b->dir, "a"), "old");
	assert_string_equal(listing(b->dir), "a");
}

static void a_folder_in_the_way_is_an_error(void **state)
{
	struct box *b = *state;

	assert_int_equal(mkdirat(b->dir, "a", 0755), 0);
	assert_int_equal(cpr_publish_bytes(b->dir, "a", "x", 1, 0644), -EISDIR);
	assert_int_equal(symlinkat("x", b->dir, "l"), 0);
	assert_int_equal(cpr_publish_rename(b->dir, "l", "a", 0), -EISDIR);
	assert_int_equal(unlinkat(b->dir, "l", 0), 0);
	assert_string_equal(listing(b->dir), "a");
}

/* The child dies of SIGXFSZ in the middle of its write. */
static void a_killed_writer_leaves_a_dot_file_for_the_next(void **state)
{
	struct box *b = *state;
	static char big[5000];
	pid_t pid;
	int how;

	assert_int_equal(cpr_publish_bytes(b->dir, "a", "old", 3, 0644), 1);
	pid = fork();
	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
		setrlimit(RLIMIT_FSIZE, &(struct rlimit){4000, 4000});
		cpr_publish_bytes(b->dir, "a", big, sizeof(big), 0644);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &how, 0), pid);
	assert_true(WIFSIGNALED(how));
	assert_string_equal(listing(b->dir), ".a.new a");
	assert_string_equal(content(b->dir, "a"), "old");
	assert_int_equal(cpr_publish_bytes(b->dir, "a", "new", 3, 0644), 1);
	assert_string_equal(content(b->dir, "a"), "new");
	assert_string_equal(listing(b->dir), "a");
	/* Also where there is nothing to write. */
	assert_int_equal(cpr_publish_bytes(b->dir, ".a.new", "half", 4, 0600), 1);
	assert_int_equal(cpr_publish_bytes(b->dir, "a", "new", 3, 0644), 0);
	assert_string_equal(listing(b->dir), "a");
}

static void a_living_writer_is_not_robbed(void **state)
{
	struct box *b = *state;
	int fd = openat(b->dir, ".a.new", O_CREAT | O_WRONLY, 0600);

	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(cpr_publish_bytes(b->dir, "a", "new", 3, 0644), -EBUSY);
	assert_string_equal(listing(b->dir), ".a.new");
	close(fd);
	assert_int_equal(cpr_publish_bytes(b->dir, "a", "new", 3, 0644), 1);
	assert_string_equal(listing(b->dir), "a");
}

static void race(int dir, char first)
{
	static char text[100000];

	memset(text, first, sizeof(text));
	for (int i = 0; i < 10; i++) {
		text[0] = (char)i;
		if (cpr_publish_bytes(dir, "a", text, sizeof(text), 0644) < 0 ||
			cpr_publish_hardlink(dir, i % 2 ? "b" : "c", "l") < 0)
			_exit(1);
	}
	_exit(0);
}

static void writers_race_to_one_whole_file(void **state)
{
	struct box *b = *state;
	static char text[100000];
	int fd;

	assert_int_equal(cpr_publish_bytes(b->dir, "b", "b", 1, 0644), 1);
	assert_int_equal(cpr_publish_bytes(b->dir, "c", "c", 1, 0644), 1);
	for (char w = 0; w < 8; w++)
		if (fork() == 0)
			race(b->dir, (char)('a' + w));
	for (int w = 0; w < 8; w++) {
		int how;

		wait(&how);
		assert_int_equal(how, 0);
	}
	fd = openat(b->dir, "a", O_RDONLY);
	assert_int_equal(read(fd, text, sizeof(text)), sizeof(text));
	for (size_t i = 2; i < sizeof(text); i++)
		assert_int_equal(text[i], text[1]);
	close(fd);
	assert_string_equal(listing(b->dir), "a b c l");
}

static void a_staged_link_moves(void **state)
{
	struct box *b = *state;
	char target[16] = "";

	assert_int_equal(symlinkat("a", b->dir, ".s"), 0);
	assert_int_equal(cpr_publish_rename(b->dir, ".s", "l", 0644), 1);
	assert_int_equal(symlinkat("a", b->dir, ".s"), 0);
	assert_int_equal(cpr_publish_rename(b->dir, ".s", "l", 0644), 0);
	assert_int_equal(symlinkat("ab", b->dir, ".s"), 0);
	assert_int_equal(cpr_publish_rename(b->dir, ".s", "l", 0644), 1);
	assert_int_equal(readlinkat(b->dir, "l", target, sizeof(target)), 2);
	assert_string_equal(target, "ab");
	assert_int_equal(cpr_publish_bytes(b->dir, "f", "x", 1, 0644), 1);
	assert_int_equal(symlinkat("l", b->dir, ".s"), 0);
	assert_int_equal(cpr_publish_rename(b->dir, ".s", "f", 0644), 1);
	assert_string_equal(listing(b->dir), "f l");
}

static void hardlinks(void **state)
{
	struct box *b = *state;

	assert_int_equal(cpr_publish_mkdir(b->dir, "kept/set", 0700), 1);
	assert_int_equal(cpr_publish_bytes(b->dir, "kept/set/t", "one", 3, 0644), 1);
	assert_int_equal(cpr_publish_bytes(b->dir, "t", "old", 3, 0644), 1);
	assert_int_equal(cpr_publish_hardlink(b->dir, "kept/set/t", "t"), 1);
	assert_int_equal(cpr_publish_hardlink(b->dir, "kept/set/t", "t"), 0);
	assert_int_equal(status(b->dir, "t").st_ino, status(b->dir, "kept/set/t").st_ino);
	assert_int_equal(cpr_publish_hardlink(b->dir, "none", "t"), -ENOENT);
	assert_int_equal(symlinkat("/etc/passwd", b->dir, "s"), 0);
	assert_int_equal(cpr_publish_hardlink(b->dir, "s", "t"), -ELOOP);
	assert_string_equal(listing(b->dir), "kept s t");
	/* A dead writer's temp of the same inode. */
	assert_int_equal(linkat(b->dir, "t", b->dir, ".t.link", 0), 0);
	assert_int_equal(cpr_publish_bytes(b->dir, "kept/set/t", "two", 3, 0644), 1);
	assert_int_equal(cpr_publish_hardlink(b->dir, "kept/set/t", "t"), 1);
	assert_string_equal(content(b->dir, "t"), "two");
	assert_string_equal(listing(b->dir), "kept s t");
}

static void a_staged_file_moves(void **state)
{
	struct box *b = *state;
	ino_t inode;

	assert_int_equal(cpr_publish_mkdir(b->dir, "stage", 0700), 1);
	assert_int_equal(cpr_publish_bytes(b->dir, "stage/a", "one", 3, 0600), 1);
	assert_int_equal(cpr_publish_rename(b->dir, "stage/a", "a", 0644), 1);
	assert_int_equal(status(b->dir, "a").st_mode & 07777, 0644);
	inode = status(b->dir, "a").st_ino;
	assert_string_equal(listing(b->dir), "a stage");
	/* The same again: the published one stays, the staged one goes. */
	assert_int_equal(cpr_publish_bytes(b->dir, "stage/a", "one", 3, 0600), 1);
	assert_int_equal(cpr_publish_rename(b->dir, "stage/a", "a", 0644), 0);
	assert_int_equal(status(b->dir, "a").st_ino, inode);
	assert_int_equal(unlinkat(b->dir, "stage", AT_REMOVEDIR), 0);
	/* A second name of the published file. */
	assert_int_equal(linkat(b->dir, "a", b->dir, "twin", 0), 0);
	assert_int_equal(cpr_publish_rename(b->dir, "twin", "a", 0644), 0);
	assert_int_equal(linkat(b->dir, "a", b->dir, "twin", 0), 0);
	assert_int_equal(cpr_publish_rename(b->dir, "twin", "a", 0600), 1);
	assert_string_equal(listing(b->dir), "a");
	assert_int_equal(cpr_publish_rename(b->dir, "a", "a", 0644), -EINVAL);
	assert_int_equal(cpr_publish_rename(b->dir, "./a", "a", 0600), -EINVAL);
	assert_int_equal(symlinkat(".", b->dir, "here"), 0);
	assert_int_equal(cpr_publish_rename(b->dir, "a", "here/a", 0600), -EINVAL);
	assert_int_equal(unlinkat(b->dir, "here", 0), 0);
	assert_int_equal(cpr_publish_rename(b->dir, "none", "a", 0644), -ENOENT);
	assert_string_equal(content(b->dir, "a"), "one");
}

static void folders(void **state)
{
	struct box *b = *state;

	assert_int_equal(cpr_publish_mkdir(b->dir, "a/b//c/", 0755), 1);
	assert_int_equal(status(b->dir, "a/b/c").st_mode & 07777, 0755);
	assert_int_equal(status(b->dir, "a").st_mode & 07777, 0755);
	assert_int_equal(cpr_publish_mkdir(b->dir, "a/b/c", 0700), 0);
	assert_int_equal(status(b->dir, "a/b/c").st_mode & 07777, 0755);
	assert_int_equal(cpr_publish_bytes(b->dir, "f", "x", 1, 0644), 1);
	assert_int_equal(cpr_publish_mkdir(b->dir, "f", 0755), -ENOTDIR);
	assert_int_equal(cpr_publish_mkdir(b->dir, "f/g", 0755), -ENOTDIR);
}

static void symlinks(void **state)
{
	struct box *b = *state;
	char target[16] = {0};
	struct stat before, after;

	assert_int_equal(cpr_publish_symlink(b->dir, "a", "l"), 1);
	before = status(b->dir, "l");
	assert_int_equal(cpr_publish_symlink(b->dir, "a", "l"), 0);
	after = status(b->dir, "l");
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(cpr_publish_symlink(b->dir, "ab", "l"), 1);
	assert_int_equal(readlinkat(b->dir, "l", target, sizeof(target) - 1), 2);
	assert_string_equal(target, "ab");
	assert_int_equal(cpr_publish_readlink(b->dir, "l", target, 3), 0);
	assert_string_equal(target, "ab");
	assert_int_equal(cpr_publish_readlink(b->dir, "l", target, 2), -ENAMETOOLONG);
	assert_int_equal(cpr_publish_readlink(b->dir, "none", target, 2), -ENOENT);
	assert_int_equal(cpr_publish_readlink(b->dir, ".", target, 2), -EINVAL);
	/* A file gives way, and what a killed writer left. */
	assert_int_equal(cpr_publish_bytes(b->dir, "f", "one", 3, 0644), 1);
	assert_int_equal(symlinkat("x", b->dir, ".f.link"), 0);
	assert_int_equal(cpr_publish_symlink(b->dir, "a", "f"), 1);
	assert_string_equal(listing(b->dir), "f l");
}

static void what_is_prepared_is_not_there_yet(void **state)
{
	struct box *b = *state;
	struct cpr_prepared *bytes = NULL, *link = NULL, *none = NULL;

	assert_int_equal(cpr_publish_bytes(b->dir, "a", "one", 3, 0644), 1);
	assert_int_equal(
		cpr_publish_prepare_bytes(b->dir, "a", "two", 3, 0644, &bytes), 1);
	assert_int_equal(cpr_publish_prepare_hardlink(b->dir, "a", "b", &link), 1);
	assert_string_equal(content(b->dir, "a"), "one");
	assert_string_equal(listing(b->dir), ".a.new .b.link a");
	assert_int_equal(cpr_prepared_put(bytes), 1);
	assert_string_equal(content(b->dir, "a"), "two");
	assert_null(cpr_prepared_free(bytes));
	assert_null(cpr_prepared_free(link));
	assert_string_equal(listing(b->dir), "a");
	assert_int_equal(
		cpr_publish_prepare_bytes(b->dir, "a", "two", 3, 0644, &none), 0);
	assert_null(none);
}

static void names_go(void **state)
{
	struct box *b = *state;

	assert_int_equal(cpr_publish_bytes(b->dir, "a", "one", 3, 0644), 1);
	assert_int_equal(cpr_publish_remove(b->dir, "a"), 1);
	assert_int_equal(cpr_publish_remove(b->dir, "a"), 0);
	assert_int_equal(cpr_publish_remove(b->dir, "none/a"), 0);
	assert_int_equal(cpr_publish_mkdir(b->dir, "d", 0755), 1);
	assert_int_equal(cpr_publish_remove(b->dir, "d"), -EISDIR);
	assert_string_equal(listing(b->dir), "d");
}

static void temps_of_the_dead_are_swept(void **state)
{
	struct box *b = *state;
	struct cpr_prepared *alive = NULL;

	assert_int_equal(cpr_publish_bytes(b->dir, ".a.new", "half", 4, 0600), 1);
	assert_int_equal(symlinkat("x", b->dir, ".a.link"), 0);
	assert_int_equal(
		cpr_publish_prepare_bytes(b->dir, "b", "one", 3, 0644, &alive), 1);
	assert_int_equal(cpr_publish_sweep(b->dir, "a"), 0);
	assert_int_equal(cpr_publish_sweep(b->dir, "b"), 0);
	assert_int_equal(cpr_publish_sweep(b->dir, "none/a"), 0);
	assert_string_equal(listing(b->dir), ".b.new");
	cpr_prepared_free(alive);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(bytes_appear_with_their_mode),
		TEST(same_bytes_and_mode_are_left_alone),
		TEST(keeps_owner_and_mode),
		TEST(a_reader_of_the_old_file_keeps_it),
		TEST(a_link_is_replaced_not_followed),
		TEST(a_name_leads_nowhere_else),
		TEST(a_full_disk_leaves_nothing),
		TEST(a_folder_in_the_way_is_an_error),
		TEST(a_killed_writer_leaves_a_dot_file_for_the_next),
		TEST(a_living_writer_is_not_robbed),
		TEST(writers_race_to_one_whole_file),
		TEST(a_staged_link_moves),
		TEST(hardlinks),
		TEST(a_staged_file_moves),
		TEST(folders),
		TEST(symlinks),
		TEST(what_is_prepared_is_not_there_yet),
		TEST(names_go),
		TEST(temps_of_the_dead_are_swept),
	};

	return cmocka_run_group_tests_name("publish", tests, NULL, NULL);
}
