/* lib/cli: talk on stderr, and children. */
#include "cleanup.h"
#include "cli/cli.h"
#include "cli/run.h"
#include "errors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *content(int fd)
{
	static char text[4096];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	assert_true(n >= 0);
	text[n] = 0;
	return text;
}

/* What a call says, with stderr in a file of its own; journal: the variable names it. */
static const char *said(bool journal, void (*call)(void))
{
	static char text[4096];
	_cleanup_(cpr_closep) int fd = memfd_create("stderr", MFD_CLOEXEC);
	_cleanup_(cpr_closep) int kept = dup(STDERR_FILENO);
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	snprintf(text, sizeof(text), "%llu:%llu", (unsigned long long)st.st_dev,
		(unsigned long long)st.st_ino + !journal);
	setenv("JOURNAL_STREAM", text, 1);
	dup2(fd, STDERR_FILENO);
	call();
	fflush(stderr);
	dup2(kept, STDERR_FILENO);
	unsetenv("JOURNAL_STREAM");
	return strcpy(text, content(fd));
}

static void say(void)
{
	cpr_say(4, "%d of %s", 2, "three");
}

static void say_hostile(void)
{
	cpr_say(3, "%s", "a\nb\033[2J\x7f\t\xc3\xbc");
}

static void say_errors(void)
{
	struct cpr_errors e = {0};

	cpr_errors_add(&e, "site.conf", 7, "wrong");
	cpr_errors_add(&e, "a.zip", 0, "too");
	e.lost = true;
	cpr_say_errors(&e);
	assert_int_equal(e.n, 0);
}

static void talk(void **state)
{
	(void)state;
	assert_string_equal(said(false, say), "cpr: 2 of three\n");
	assert_string_equal(said(true, say), "<4>2 of three\n");
	assert_string_equal(said(false, say_hostile), "cpr: a?b?[2J??\xc3\xbc\n");
	assert_string_equal(said(true, say_errors),
		"<3>site.conf:7: wrong\n<3>a.zip: too\n"
		"<3>out of memory: there is more wrong than is listed\n");
}

#define SH(script)                                                 \
	(char *[])                                                 \
	{                                                          \
		(char *)"sh", (char *)"-c", (char *)(script), NULL \
	}

static void runs(void **state)
{
	_cleanup_(cpr_closep) int fd = memfd_create("out", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(cpr_run(SH("echo out; echo err >&2; exit 7"), fd), 7);
	assert_string_equal(content(fd), "out\nerr\n");
	assert_int_equal(cpr_run(SH("kill -KILL $$"), fd), 128 + SIGKILL);
	assert_int_equal(cpr_run((char *[]){(char *)"/none/such", NULL}, fd), -ENOENT);
	assert_int_equal(cpr_run((char *[]){(char *)"/etc/passwd", NULL}, fd), -EACCES);
}

static int job(const char *script, const char *user, unsigned seconds, int fd)
{
	char *const setting[] = {(char *)"A=ours", NULL};

	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return cpr_run_job(&(struct cpr_job){.argv = SH(script),
		.user = user,
		.setting = setting,
		.out_fd = fd,
		.seconds = seconds});
}

static void runs_jobs(void **state)
{
	_cleanup_(cpr_closep) int fd = memfd_create("out", MFD_CLOEXEC);
	struct timespec before, after;

	(void)state;
	setenv("A", "theirs", 1);
	assert_int_equal(
		job("echo $A $PWD; read x || echo no stdin; exit 7", NULL, 9, fd), 7);
	assert_string_equal(content(fd), "ours /\nno stdin\n");
	assert_int_equal(job("kill -TERM $$", NULL, 9, fd), 128 + SIGTERM);
	assert_int_equal(job("id -un; id -Gn", "nobody", 9, fd), 0);
	if (geteuid() == 0)
		assert_string_equal(content(fd), "nobody\nnogroup\n");
	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_int_equal(job("sleep 60 & wait", NULL, 1, fd), -ETIMEDOUT);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true(after.tv_sec - before.tv_sec < 10);
}

static void finds_in_sbin(void **state)
{
	_cleanup_(cpr_closep) int fd = memfd_create("out", MFD_CLOEXEC);
	char *const none[] = {(char *)"no-such-program", NULL};
	char *const dnsmasq[] = {(char *)"dnsmasq", (char *)"--version", NULL};
	_cleanup_(cpr_freep) char *path = strdup(getenv("PATH"));

	(void)state;
	setenv("PATH", "/bin", 1);
	assert_int_equal(
		cpr_run_job(&(struct cpr_job){.argv = none, .out_fd = fd, .seconds = 9}),
		-ENOENT);
	assert_int_equal(cpr_run_job(&(struct cpr_job){
				 .argv = dnsmasq, .out_fd = fd, .seconds = 9}),
		0);
	setenv("PATH", path, 1);
}

static void wait_for(int fd, const char *text)
{
	for (int i = 0; i < 500 && strcmp(content(fd), text); i++)
		usleep(10000);
	assert_string_equal(content(fd), text);
}

static void stops(void **state)
{
	_cleanup_(cpr_closep) int fd = memfd_create("out", MFD_CLOEXEC);
	struct timespec before, after;
	pid_t pid;
	int how;

	(void)state;
	pid = cpr_spawn(SH("read x || echo stdin is empty; exec sleep 60"), fd);
	assert_true(pid > 0);
	wait_for(fd, "stdin is empty\n");
	how = cpr_stop(pid);
	assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGTERM);

	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	pid = cpr_spawn(SH("trap '' TERM; echo deaf; while :; do sleep 0.1; done"), fd);
	assert_true(pid > 0);
	wait_for(fd, "deaf\n");
	clock_gettime(CLOCK_MONOTONIC, &before);
	how = cpr_stop(pid);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL);
	assert_in_range(after.tv_sec - before.tv_sec, 1, 5);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
}

/* kill() of 0 or of a negative number is for groups: the child's own, so that a mistake here
 * hits nobody else. */
static void stops_nobody_else(void **state)
{
	pid_t pid = fork();
	int how;

	(void)state;
	if (pid == 0) {
		if (setpgid(0, 0) < 0)
			_exit(1);
		cpr_stop(0);
		cpr_stop(-getpid());
		_exit(42);
	}
	assert_int_equal(waitpid(pid, &how, 0), pid);
	assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 42);
	/* reaped: the number may be another's */
	assert_int_equal(cpr_stop(pid), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(talk),
		cmocka_unit_test(runs),
		cmocka_unit_test(runs_jobs),
		cmocka_unit_test(finds_in_sbin),
		cmocka_unit_test(stops),
		cmocka_unit_test(stops_nobody_else),
	};

	return cmocka_run_group_tests_name("cli", tests, NULL, NULL);
}
