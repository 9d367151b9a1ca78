/* A packet of which something is known is led through every chain that it would pass.  A match
 * holds, does not, or may; the packet is lost where no way through the rules ends in accept. */
#include "firewall.h"

#include "cleanup.h"
#include "observed.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum {
	DEPTH = 16, /* of chains; the kernel's own limit */
	/* Between two ports that nobody knows beforehand.  Assumption: neither is one of root's;
	 * servers and phones let the kernel choose. */
	TRANSFER = -1,
	UNPRIVILEGED = 1024,
};

enum holds {
	NO,
	MAYBE,
	YES
};

struct packet {
	int source_port, target_port;
	const char *state; /* of its connection; NULL: any */
};

/* How it may leave a chain. */
struct fate {
	bool through, on; /* accepted; at the end of it, or by return */
};

static enum holds not(enum holds h) {
	return h == MAYBE ? MAYBE : h == YES ? NO : YES;
}

static bool is(const json_t *object, const char *key, const char *text)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value && text && strcmp(value, text) == 0;
}

static enum holds in_range(int port, json_int_t first, json_int_t last)
{
	if (port == TRANSFER)
		return last < UNPRIVILEGED ? NO : MAYBE;
	return port >= first && port <= last ? YES : NO;
}

/* value: a number, range, set or list of these. */
static enum holds in_ports(const json_t *value, int port)
{
	const json_t *range = json_object_get(value, "range"),
		     *set = json_object_get(value, "set");
	enum holds best = NO;
	const json_t *one;
	size_t i;

	if (json_is_integer(value))
		return in_range(
			port, json_integer_value(value), json_integer_value(value));
	if (range)
		return in_range(port, json_integer_value(json_array_get(range, 0)),
			json_integer_value(json_array_get(range, 1)));
	if (!set && !json_is_array(value))
		return MAYBE;
	json_array_foreach(set ? set : value, i, one)
	{
		enum holds h = in_ports(one, port);

		best = h > best ? h : best;
	}
	return best;
}

/* The same for words: a protocol, the state of a connection. */
static enum holds in_words(const json_t *value, const char *word)
{
	const json_t *set = json_object_get(value, "set"), *one;
	enum holds best = NO;
	size_t i;

	if (!word)
		return MAYBE;
	if (json_is_string(value) && json_string_value(value)[0] != '@')
		return strcmp(json_string_value(value), word) == 0 ? YES : NO;
	if (!set && !json_is_array(value))
		return MAYBE;
	json_array_foreach(set ? set : value, i, one)
	{
		enum holds h = in_words(one, word);

		best = h > best ? h : best;
	}
	return best;
}

/* Fields of other protocols' headers are in no packet of ours: IPv4 and UDP. */
static bool foreign(const char *protocol)
{
	static const char *const other[] = {"tcp", "icmp", "icmpv6", "ip6", "sctp",
		"dccp", "udplite", "ah", "esp", "igmp", "arp"};

	for (size_t i = 0; i < CPR_ARRAY_LEN(other); i++)
		if (strcmp(protocol, other[i]) == 0)
			return true;
	return false;
}

static enum holds payload_in(
	const json_t *payload, const json_t *value, const struct packet *p)
{
	const char *protocol = json_string_value(json_object_get(payload, "protocol"));

	if (!protocol)
		return MAYBE;
	if (foreign(protocol))
		return NO;
	if (strcmp(protocol, "ip") == 0 && is(payload, "field", "protocol"))
		return in_words(value, "udp");
	if (strcmp(protocol, "udp") != 0 && strcmp(protocol, "th") != 0)
		return MAYBE;
	return is(payload, "field", "dport")   ? in_ports(value, p->target_port)
	       : is(payload, "field", "sport") ? in_ports(value, p->source_port)
					       : MAYBE;
}

/* What is compared is one of `value`. */
static enum holds among(const json_t *left, const json_t *value, const struct packet *p)
{
	const json_t *payload = json_object_get(left, "payload"),
		     *meta = json_object_get(left, "meta");

	if (payload)
		return payload_in(payload, value, p);
	if (is(json_object_get(left, "ct"), "key", "state"))
		return in_words(value, p->state);
	if (is(meta, "key", "l4proto"))
		return in_words(value, "udp");
	if (is(meta, "key", "nfproto"))
		return in_words(value, "ipv4");
	/* No phone is behind the loopback interface. */
	if ((is(meta, "key", "iifname") || is(meta, "key", "iif") ||
		    is(meta, "key", "oifname") || is(meta, "key", "oif")) &&
		json_is_string(value) && strcmp(json_string_value(value), "lo") == 0)
		return NO;
	return MAYBE;
}

static enum holds match(const json_t *m, const struct packet *p)
{
	const json_t *left = json_object_get(m, "left"),
		     *payload = json_object_get(left, "payload");
	const char *protocol = json_string_value(json_object_get(payload, "protocol"));
	enum holds h = among(left, json_object_get(m, "right"), p);

	if (is(m, "op", "==") || is(m, "op", "in"))
		return h;
	/* Without the header there is nothing to compare. */
	if (is(m, "op", "!="))
		return protocol && foreign(protocol) ? NO : not(h);
	return h == NO && protocol && foreign(protocol) ? NO : MAYBE;
}

/* Statements that neither stop a packet nor depend on it. */
static bool harmless(const char *statement)
{
	static const char *const known[] = {"counter", "log", "mangle", "ct helper",
		"ct timeout", "ct expectation", "notrack", "set", "comment", "last"};

	for (size_t i = 0; i < CPR_ARRAY_LEN(known); i++)
		if (strcmp(statement, known[i]) == 0)
			return true;
	return false;
}

struct walk {
	const json_t *objects; /* the ruleset's */
	const struct packet *packet;
	const json_t *base; /* the chain at the beginning: its family and table hold */
};

static struct fate chain(const struct walk *w, const char *name, unsigned depth);

/* A verdict that is reached if `h`.  True: the packet goes no further in this chain. */
static bool verdict(const struct walk *w, const json_t *v, enum holds h, unsigned depth,
	struct fate *f)
{
	const json_t *jump = json_object_get(v, "jump"), *go = json_object_get(v, "goto");
	struct fate there;

	if (h == NO || json_object_get(v, "continue"))
		return false;
	if (json_object_get(v, "drop") || json_object_get(v, "reject"))
		return h == YES;
	if (json_object_get(v, "return")) {
		f->on = true;
		return h == YES;
	}
	if (!jump && !go) { /* accept, queue, and what is not known here */
		f->through = true;
		return true;
	}
	there = chain(w, json_string_value(json_object_get(jump ? jump : go, "target")),
		depth + 1);
	f->through |= there.through;
	if (go)
		f->on |= there.on;
	return h == YES && (go || !there.on);
}

/* Which of the map's verdicts it may be. */
static bool vmap(const struct walk *w, const json_t *map, enum holds h, unsigned depth,
	struct fate *f)
{
	const json_t *key = json_object_get(map, "key"), *pair,
		     *set = json_object_get(json_object_get(map, "data"), "set");
	size_t i;

	if (!set) /* a named one */
		f->through = true;
	json_array_foreach(set, i, pair)
	{
		enum holds this = among(key, json_array_get(pair, 0), w->packet);

		if (verdict(w, json_array_get(pair, 1), this < h ? this : h, depth, f))
			return true;
	}
	return false;
}

/* True: the packet goes no further in this chain. */
static bool rule(const struct walk *w, const json_t *r, unsigned depth, struct fate *f)
{
	enum holds h = YES;
	const json_t *statement;
	size_t i;

	json_array_foreach(json_object_get(r, "expr"), i, statement)
	{
		const char *name =
			json_object_iter_key(json_object_iter((json_t *)statement));
		const json_t *value = name ? json_object_get(statement, name) : NULL;
		enum holds this = MAYBE;

		if (!name || harmless(name))
			continue;
		if (strcmp(name, "vmap") == 0) {
			if (vmap(w, value, h, depth, f))
				return true;
			continue;
		}
		if (strcmp(name, "match") == 0)
			this = match(value, w->packet);
		else if (strcmp(name, "limit") != 0 && strcmp(name, "xt") != 0)
			return verdict(w, statement, h, depth, f);
		/* What iptables wrote and nft cannot read may be its target, too. */
		if (strcmp(name, "xt") == 0 && h != NO)
			f->through = true;
		h = this < h ? this : h;
	}
	return false;
}

static struct fate chain(const struct walk *w, const char *name, unsigned depth)
{
	struct fate f = {0};
	const json_t *object;
	size_t i;

	if (!name || depth > DEPTH)
		return (struct fate){.through = true};
	json_array_foreach(w->objects, i, object)
	{
		const json_t *r = json_object_get(object, "rule");

		if (!r || !is(r, "chain", name) ||
			!is(r, "table",
				json_string_value(json_object_get(w->base, "table"))) ||
			!is(r, "family",
				json_string_value(json_object_get(w->base, "family"))))
			continue;
		if (rule(w, r, depth, &f) || f.through)
			return f;
	}
	f.on = true;
	return f;
}

/* IPv4 passes the chains of both families; those of a bridge are not looked at. */
static bool concerns(const json_t *base, const char *const hooks[2])
{
	return (is(base, "family", "ip") || is(base, "family", "inet")) &&
	       is(base, "type", "filter") &&
	       (is(base, "hook", hooks[0]) || is(base, "hook", hooks[1]));
}

/* The first base chain in which the packet surely ends, or NULL. */
static const json_t *lost_in(
	const json_t *objects, const char *const hooks[2], const struct packet *p)
{
	const json_t *object;
	size_t i;

	json_array_foreach(objects, i, object)
	{
		const json_t *base = json_object_get(object, "chain");
		struct walk w = {objects, p, base};
		struct fate f;

		if (!base || !concerns(base, hooks))
			continue;
		f = chain(&w, json_string_value(json_object_get(base, "name")), 0);
		if (!f.through && !(f.on && !is(base, "policy", "drop")))
			return base;
	}
	return NULL;
}

static bool has_helper(const json_t *objects)
{
	const json_t *object;
	size_t i;

	json_array_foreach(
		objects, i, object) if (is(json_object_get(object, "ct helper"), "type",
						"tftp")) return true;
	return false;
}

static void judge(const json_t *objects, bool in, const struct packet *p, bool sure,
	const char *text, struct cpr_observed *o)
{
	static const char *const ways[2][2] = {
		{"output", "postrouting"}, {"prerouting", "input"}};
	const json_t *base = lost_in(objects, ways[in], p);
	char name[256];

	if (!base)
		return;
	snprintf(name, sizeof(name), "%s %s %s",
		json_string_value(json_object_get(base, "family")),
		json_string_value(json_object_get(base, "table")),
		json_string_value(json_object_get(base, "name")));
	cpr_observed_barrier(o, &(struct cpr_barrier){name, text, sure});
}

void firewall_judge(const struct json_t *ruleset, const struct firewall_wants *wants,
	struct cpr_observed *o)
{
	const json_t *objects = json_object_get(ruleset, "nftables");
	const struct packet request = {TRANSFER, 69, "new"},
			    answer = {TRANSFER, TRANSFER, "new"},
			    helped = {TRANSFER, TRANSFER, NULL},
			    ack = {TRANSFER, TRANSFER, "established"},
			    discover = {68, 67, "new"}, offer = {67, 68, NULL};

	if (wants->dhcp) {
		judge(objects, true, &discover, wants->dhcp_udp,
			wants->dhcp_udp
				? "it drops what phones send to UDP port 67 (DHCP)"
				: "it drops what comes to UDP port 67 (DHCP): a server with "
				  "raw sockets may hear phones all the same, one with udp "
				  "sockets does not",
			o);
		judge(objects, false, &offer, wants->dhcp_udp,
			"it drops what goes from UDP port 67 to 68 (DHCP), but for what a "
			"server sends by raw sockets",
			o);
	}
	if (!wants->tftp)
		return;
	judge(objects, true, &request, true,
		"it drops what phones send to UDP port 69 (TFTP)", o);
	judge(objects, true, &ack, true,
		"it drops the phones' packets of a TFTP transfer, which come to another "
		"port than 69",
		o);
	judge(objects, false, has_helper(objects) ? &helped : &answer, true,
		"it drops the blocks of a TFTP transfer, which leave from another port "
		"than 69 as if it were a new connection: accept them, or set the "
		"conntrack helper \"tftp\" on port 69 and accept ct state related",
		o);
}
