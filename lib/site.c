/* The site file: its text is read and made safe for libconfuse (site-text.c), parsed, each
 * value checked on its way (site-keys.c); here the result is built, and checked for what only
 * the whole file shows. */
#include "site.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "cleanup.h"
#include "errors.h"
#include "site-keys.h"
#include "site-text.h"

/* Where a section's title stands; libconfuse knows only where the section ends. */
static unsigned title_line(const char *text, const char *key, const char *title)
{
	size_t k = strlen(key), t = strlen(title);
	unsigned line = 1;

	for (const char *at = text; *at; line += *at++ == '\n') {
		const char *next = at + k;

		if (strncmp(at, key, k) || (at != text && !strchr(" \t\r\n{}", at[-1])))
			continue;
		next += strspn(next, " \t\r\n");
		next += *next == '"' || *next == '\'';
		if (!strncmp(next, title, t) && strchr(" \t\r\n{\"'", next[t]))
			return line;
	}
	return 0;
}

struct builder {
	cfg_t *cfg;
	const char *text; /* without comments; "" for the defaults */
	struct cpr_site *site;
};

/* A fault of a whole section, noted in the section at the line of its title. */
#define section_wrong(b, sec, ...)                                                   \
	do {                                                                         \
		unsigned line_ = title_line((b)->text, (sec)->name, cfg_title(sec)); \
                                                                                     \
		(sec)->line = line_ ? (int)line_ : (sec)->line;                      \
		cpr_site_note(sec, __VA_ARGS__);                                     \
	} while (0)

static int take_addresses(cfg_t *cfg, const char *key, struct in_addr **out, size_t *n)
{
	cfg_opt_t *opt = cfg_getopt(cfg, key);
	unsigned size = cfg_opt_size(opt);

	if (!size)
		return 0;
	*out = calloc(size, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	for (unsigned i = 0; i < size; i++)
		*n += cpr_address_host(cfg_opt_getnstr(opt, i), &(*out)[*n]);
	return 0;
}

/* Known by the network's address alone: it stays when others come and go. */
static char *network_tag(const struct cpr_site_network *n, const char *given)
{
	char prefix[INET_ADDRSTRLEN], *tag;

	if (given)
		return strdup(given);
	inet_ntop(AF_INET, &n->prefix, prefix, sizeof(prefix));
	return asprintf(&tag, "net-%s-%u", prefix, n->length) < 0 ? NULL : tag;
}

static int take_tag(struct builder *b, cfg_t *sec, struct cpr_site_network *n)
{
	n->tag = network_tag(n, cfg_getstr(sec, "tag"));
	if (!n->tag)
		return -ENOMEM;
	for (const struct cpr_site_network *other = b->site->network;
		!sec->comment && other < n; other++)
		if (!strcmp(other->tag, n->tag))
			section_wrong(b, sec,
				"network \"%.64s\" has the tag \"%.64s\" of another one: "
				"give each its own",
				cfg_title(sec), n->tag);
	return 0;
}

static int take_networks(struct builder *b)
{
	unsigned size = cfg_size(b->cfg, "network");
	struct cpr_site *s = b->site;

	s->network = calloc(size + 1, sizeof(*s->network));
	if (!s->network)
		return -ENOMEM;
	for (unsigned i = 0; i < size; i++) {
		cfg_t *sec = cfg_getnsec(b->cfg, "network", i);
		struct cpr_site_network *n = &s->network[s->network_n++];
		int r = take_addresses(
			sec, "tftp-servers", &n->tftp_server, &n->tftp_server_n);

		if (r)
			return r;
		if (cpr_prefix_parse(cfg_title(sec), &n->prefix, &n->length))
			section_wrong(b, sec,
				"network \"%.64s\" is not a network: write its first "
				"address and length, like \"10.1.0.0/16\"",
				cfg_title(sec));
		if (!cfg_size(sec, "tftp-servers"))
			section_wrong(b, sec,
				"network \"%.64s\" has no tftp-servers: name one or two",
				cfg_title(sec));
		r = take_tag(b, sec, n);
		if (r)
			return r;
	}
	return 0;
}

/* A pin to another model's load would never be taken; what is noted already is enough. */
static void check_pin(struct builder *b, cfg_t *sec, const struct cpr_site_model *m)
{
	const char *sccp = m->model->loads_sccp, *sip = m->model->loads_sip;

	if (sec->comment || !m->load || (!sccp && !sip) ||
		cpr_model_takes_load(m->model, m->load))
		return;
	section_wrong(b, sec,
		"model \"%s\": \"%.64s\" is not one of its loads: theirs begin with %s%s%s",
		cfg_title(sec), m->load, sccp ? sccp : "", sccp && sip ? " or " : "",
		sip ? sip : "");
}

static int take_model(struct builder *b, cfg_t *sec)
{
	struct cpr_site *s = b->site;
	struct cpr_site_model *m = &s->model[s->model_n++];
	const char *load = cfg_getstr(sec, "load"),
		   *recovery = cfg_getstr(sec, "recovery");

	m->load = load ? strdup(load) : NULL;
	m->recovery = recovery ? strdup(recovery) : NULL;
	if ((load && !m->load) || (recovery && !m->recovery))
		return -ENOMEM;
	m->model = cpr_model_by_name(cfg_title(sec));
	if (!m->model) {
		section_wrong(b, sec,
			"model \"%.64s\" is unknown: write it like \"7961\" (cpr-conf "
			"models lists them)",
			cfg_title(sec));
		return 0;
	}
	for (size_t i = 0; i + 1 < s->model_n; i++)
		if (s->model[i].model == m->model)
			section_wrong(b, sec,
				"model \"%s\" is there twice: put its settings into one "
				"section",
				cfg_title(sec));
	check_pin(b, sec, m);
	return 0;
}

static int take_models(struct builder *b)
{
	unsigned size = cfg_size(b->cfg, "model");
	int r = 0;

	b->site->model = calloc(size + 1, sizeof(*b->site->model));
	if (!b->site->model)
		return -ENOMEM;
	for (unsigned i = 0; !r && i < size; i++)
		r = take_model(b, cfg_getnsec(b->cfg, "model", i));
	return r;
}

static bool truth(cfg_t *cfg, const char *path)
{
	return cfg_parse_boolean(cfg_getstr(cfg, path)) == 1;
}

/* Unless the file says: a host whose DHCP is another's may have no dnsmasq, or one for DNS alone,
 * which would begin to serve TFTP. */
static bool wants_dnsmasq(cfg_t *sec, const struct cpr_site *s)
{
	bool said = cfg_getopt(sec, "enable")->flags & CFGF_MODIFIED;

	return said ? truth(sec, "enable") : !s->kea && !s->isc_dhcpd;
}

/* Values that were noted as wrong come out as something harmless: the notes refuse the whole
 * anyhow, and the rest of the file shall be looked at in the same run. */
static int build(struct builder *b)
{
	struct cpr_site *s = b->site;
	cfg_t *cfg = b->cfg, *kea = cfg_getsec(cfg, "kea");
	cfg_t *dnsmasq = cfg_getsec(cfg, "dnsmasq");
	size_t n;
	int r;

	s->protocol = cpr_protocol_by_name(cfg_getstr(cfg, "protocol"));
	s->upgrade_auto = !strcmp(cfg_getstr(cfg, "upgrade"), "auto");
	s->keep = cpr_site_number(cfg_getstr(cfg, "keep"));
	s->dnsmasq_override = truth(dnsmasq, "override");
	s->tftpd_hpa = truth(cfg_getsec(cfg, "tftpd-hpa"), "enable");
	s->isc_dhcpd = truth(cfg_getsec(cfg, "isc-dhcpd"), "enable");
	s->kea = truth(kea, "enable");
	s->dnsmasq = wants_dnsmasq(dnsmasq, s);
	s->kea_mode = strdup(cfg_getstr(kea, "mode"));
	s->kea_socket = strdup(cfg_getstr(kea, "socket"));
	s->tftp_root = strdup(cfg_getstr(cfg, "tftp-root"));
	if (!s->kea_mode || !s->kea_socket || !s->tftp_root)
		return -ENOMEM;
	for (n = strlen(s->tftp_root); n > 1 && s->tftp_root[n - 1] == '/'; n--)
		s->tftp_root[n - 1] = '\0';
	r = take_addresses(cfg, "tftp-servers", &s->tftp_server, &s->tftp_server_n);
	if (!r)
		r = take_addresses(
			cfg, "call-managers", &s->call_manager, &s->call_manager_n);
	if (!r)
		r = take_networks(b);
	return r ? r : take_models(b);
}

static int parse(const char *file, char *text, size_t len, struct cpr_site *s,
	struct cpr_errors *e)
{
	_cleanup_(cpr_site_keys_freep) cfg_t *cfg = cpr_site_keys_new();
	_cleanup_(cpr_fclosep) FILE *stream = len ? fmemopen(text, len, "r") : NULL;
	struct builder b = {.cfg = cfg, .text = text, .site = s};
	int r, outcome = CFG_SUCCESS;

	if (!cfg || (len && !stream))
		return -ENOMEM;
	cfg->filename = strdup(file);
	if (!cfg->filename)
		return -ENOMEM;
	if (len)
		outcome = cfg_parse_fp(cfg, stream);
	if (outcome == CFG_SUCCESS && (r = build(&b)))
		return r;
	r = cpr_site_report(cfg, file, e);
	if (r || outcome == CFG_SUCCESS)
		return r;
	/* At an empty name, and without memory, libconfuse stops without a word. */
	cpr_errors_add(e, file, (unsigned)cfg->line,
		"cannot be understood from here on: write NAME = VALUE");
	return -EINVAL;
}

/* The host's address, when there is just one that others can reach. */
static int own_address(struct cpr_site *s)
{
	struct ifaddrs *all;
	struct in_addr own = {0};
	bool many = false;

	if (getifaddrs(&all) < 0)
		return -errno;
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		const struct sockaddr_in *a = (const void *)i->ifa_addr;

		if (!a || a->sin_family != AF_INET || !(i->ifa_flags & IFF_UP) ||
			i->ifa_flags & IFF_LOOPBACK)
			continue;
		many |= own.s_addr && own.s_addr != a->sin_addr.s_addr;
		own = a->sin_addr;
	}
	freeifaddrs(all);
	if (many || !own.s_addr)
		return 0;
	s->tftp_server = malloc(sizeof(own));
	if (!s->tftp_server)
		return -ENOMEM;
	s->tftp_server[s->tftp_server_n++] = own;
	return 0;
}

static char *root_of(const char *root)
{
	size_t n = root ? strlen(root) : 0;

	while (n && root[n - 1] == '/')
		n--;
	return n ? strndup(root, n) : strdup("");
}

int cpr_site_read(
	const char *file, const char *root, struct cpr_site **out, struct cpr_errors *e)
{
	_cleanup_(cpr_site_freep) struct cpr_site *s = calloc(1, sizeof(*s));
	_cleanup_(cpr_freep) char *text = NULL, *place = NULL;
	size_t len = 0;
	int r;

	if (!s || !(s->root = root_of(root)))
		return -ENOMEM;
	place = file ? strdup(file) : cpr_site_path(s, CPR_SITE_FILE);
	if (!place)
		return -ENOMEM;
	r = cpr_site_text_read(place, &text, &len, e);
	if (r == -ENOENT && file)
		cpr_errors_add(e, file, 0,
			"is not there: name a site file that is, or leave --site out");
	if (r == -ENOENT && !file)
		r = (text = strdup("")) ? parse(place, text, 0, s, e) : -ENOMEM;
	else if (!r && !(r = cpr_site_text_prepare(place, text, len, e)) &&
		 !(r = parse(place, text, len, s, e)))
		s->file = TAKE_PTR(place);
	/* An image or a chroot below --root may be another host's. */
	if (!r && !s->tftp_server_n && !s->root[0])
		r = own_address(s);
	if (!r)
		*out = TAKE_PTR(s);
	return r;
}

struct cpr_site *cpr_site_free(struct cpr_site *s)
{
	if (!s)
		return NULL;
	for (size_t i = 0; i < s->network_n; i++) {
		free(s->network[i].tftp_server);
		free(s->network[i].tag);
	}
	for (size_t i = 0; i < s->model_n; i++) {
		free(s->model[i].load);
		free(s->model[i].recovery);
	}
	free(s->file);
	free(s->root);
	free(s->tftp_root);
	free(s->tftp_server);
	free(s->call_manager);
	free(s->network);
	free(s->model);
	free(s->kea_mode);
	free(s->kea_socket);
	free(s);
	return NULL;
}

void cpr_site_freep(struct cpr_site **s)
{
	*s = cpr_site_free(*s);
}

const struct cpr_site_network *cpr_site_network(
	const struct cpr_site *s, struct in_addr address)
{
	const struct cpr_site_network *best = NULL;

	for (size_t i = 0; i < s->network_n; i++) {
		const struct cpr_site_network *n = &s->network[i];

		if (ntohl(address.s_addr) >= ntohl(n->prefix.s_addr) &&
			ntohl(address.s_addr) <= cpr_prefix_last(n->prefix, n->length) &&
			(!best || n->length > best->length))
			best = n;
	}
	return best;
}

char *cpr_site_path(const struct cpr_site *s, const char *absolute)
{
	char *path;

	return asprintf(&path, "%s%s", s->root, absolute) < 0 ? NULL : path;
}
