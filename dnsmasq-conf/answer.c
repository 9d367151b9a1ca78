#include "answer.h"

#include "buf.h"
#include "option150.h"
#include "site.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

static int by_length(const void *a, const void *b)
{
	const struct answer *x = a, *y = b;

	if (x->length != y->length)
		return x->length < y->length ? 1 : -1;
	return memcmp(&x->prefix, &y->prefix, sizeof(x->prefix));
}

struct answer *answers_of(const struct cpr_site *site, size_t *n)
{
	struct answer *all = calloc(site->network_n + 1, sizeof(*all));

	if (!all)
		return NULL;
	*n = 0;
	for (size_t i = 0; i < site->network_n; i++) {
		const struct cpr_site_network *from = &site->network[i];

		all[(*n)++] = (struct answer){from->prefix, from->length,
			from->tftp_server, from->tftp_server_n};
	}
	if (*n)
		qsort(all, *n, sizeof(*all), by_length);
	if (!*n || all[*n - 1].length)
		all[(*n)++] = (struct answer){
			.server = site->tftp_server, .n = site->tftp_server_n};
	for (size_t i = 0; i < *n; i++)
		if (all[i].n > CPR_OPTION150_USED)
			all[i].n = CPR_OPTION150_USED;
	return all;
}

const char *dotted(struct in_addr a, char text[INET_ADDRSTRLEN])
{
	return inet_ntop(AF_INET, &a, text, INET_ADDRSTRLEN);
}

void answer_list(struct cpr_buf *b, const struct answer *a)
{
	char text[INET_ADDRSTRLEN];

	for (size_t i = 0; i < a->n; i++)
		cpr_buf_printf(b, "%s%s", i ? ", " : "", dotted(a->server[i], text));
}
