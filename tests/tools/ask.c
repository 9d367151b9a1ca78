/* The questions of dnsmasq-conf/probes.h from the command line, for e2e tests.
 *   ask inform ADDRESS | ask discover ADDRESS | ask fetch SERVER NAME [MAX]
 * prints the answer's fields, or the file; exit 1 with the error's name.
 *   ask server NAME ROOT
 * looks at that server of `servers`, with the site file below ROOT, says "looked", waits for a
 * line on stdin, and prints its proof of the plan, and why. */
#include "cleanup.h"
#include "errors.h"
#include "probes.h"
#include "server.h"
#include "sight.h"
#include "world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

enum {
	WAIT_MS = 3000
};

static void print(const char *name, struct in_addr a)
{
	char text[INET_ADDRSTRLEN];

	printf("%s=%s\n", name, inet_ntop(AF_INET, &a, text, sizeof(text)));
}

static int fetch(struct in_addr server, const char *name, size_t max)
{
	_cleanup_(cpr_freep) uint8_t *data = malloc(max + 1);
	size_t n = 0;
	int r = data ? probe_fetch(server, name, WAIT_MS, data, max, &n) : -ENOMEM;

	if (r == 0)
		fwrite(data, 1, n, stdout);
	else
		fprintf(stderr, "%zu bytes\n", n);
	return r;
}

static int ask(enum probe_kind kind, struct in_addr own)
{
	struct probe_asked q = {.kind = kind, .own = own};
	const struct probe_answer *a = &q.answer;

	probe_dhcp(&q, 1, WAIT_MS);
	if (q.result < 0)
		return q.result;
	print("server", a->server);
	print("phone", a->phone);
	for (size_t i = 0; i < a->n; i++)
		print("150", a->option150[i]);
	print("66", a->option66);
	print("siaddr", a->siaddr);
	return 0;
}

static int server(const char *name, const char *root)
{
	static const char *const proof[] = {"ok", "unproven", "failed"};
	_cleanup_(world_freep) struct world *w = NULL;
	_cleanup_(cpr_errors_clear) struct cpr_errors why = {0};
	static struct sight before;
	const struct common c = {.root = root};
	const struct server *s = server_by_name(name);
	int r = world_read(&c, &w);

	if (!s || r)
		return -EINVAL;
	s->look(w, &before);
	puts("looked");
	fflush(stdout);
	getchar();
	puts(proof[s->probe(w, &before, PROOF_OF_PLAN, &why)]);
	for (size_t i = 0; i < why.n; i++)
		puts(why.line[i]);
	return 0;
}

int main(int argc, char **argv)
{
	struct in_addr address;
	int r = -EINVAL;

	if (argc == 4 && !strcmp(argv[1], "server"))
		r = server(argv[2], argv[3]);
	else if (argc < 3 || inet_pton(AF_INET, argv[2], &address) != 1)
		fprintf(stderr, "ask: see its source\n");
	else if (!strcmp(argv[1], "inform"))
		r = ask(PROBE_INFORM, address);
	else if (!strcmp(argv[1], "discover"))
		r = ask(PROBE_DISCOVER, address);
	else if (!strcmp(argv[1], "fetch") && argc > 3)
		r = fetch(address, argv[3],
			argc > 4 ? strtoul(argv[4], NULL, 10) : 1 << 20);
	if (r < 0)
		fprintf(stderr, "%s\n", strerrorname_np(-r));
	return r < 0;
}
