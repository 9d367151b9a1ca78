#include "xmldefault.h"

#include "buf.h"
#include "cleanup.h"
#include "errors.h"
#include "firmware.h"
#include "models.h"
#include "plan.h"
#include "schema.h"
#include "site.h"
#include "text.h"
#include "xml.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <string.h>
#include <strings.h>

#define LOAD_INFORMATION "loadInformation"

/* A file being merged into. */
struct merge {
	xmlDocPtr doc;
	xmlNodePtr root;
	bool changed;
	bool failed; /* no memory */
};

static void doc_freep(xmlDocPtr *doc)
{
	xmlFreeDoc(*doc);
}

static xmlDocPtr parse(const char *bytes, size_t len, char *why, size_t cap)
{
	_cleanup_(doc_freep) xmlDocPtr doc = NULL;
	xmlNodePtr root;

	why[0] = 0;
	if (len > XMLDEFAULT_MAX)
		snprintf(why, cap, "it has more than %d bytes", XMLDEFAULT_MAX);
	else
		doc = xml_parse(bytes, len, why, cap);
	root = doc ? xmlDocGetRootElement(doc) : NULL;
	if (root && xmlStrcmp(root->name, BAD_CAST "Default") != 0)
		snprintf(why, cap, "line %ld: its root element is <%s>, not <Default>",
			xmlGetLineNo(root), (const char *)root->name);
	return why[0] ? NULL : TAKE_PTR(doc);
}

static xmlNodePtr child(xmlNodePtr parent, const char *name)
{
	for (xmlNodePtr n = parent ? xmlFirstElementChild(parent) : NULL; n;
		n = xmlNextElementSibling(n))
		if (xmlStrcmp(n->name, BAD_CAST name) == 0)
			return n;
	return NULL;
}

/* The element's text without blanks around it. */
static void text_of(xmlNodePtr n, char *out, size_t cap)
{
	xmlChar *content = xmlNodeGetContent(n);
	const char *at = content ? (const char *)content : "";
	size_t len;

	at += strspn(at, " \t\r\n");
	len = strlen(at);
	while (len && strchr(" \t\r\n", at[len - 1]))
		len--;
	snprintf(out, cap, "%.*s", (int)len, at);
	xmlFree(content);
}

/* The id of a loadInformation<ID> element; false for any other element.  Lower-case spellings
 * are in the field. */
static bool load_id(xmlNodePtr n, unsigned *id)
{
	const char *name = (const char *)n->name;
	const char *digits = name + strlen(LOAD_INFORMATION);

	if (strncasecmp(name, LOAD_INFORMATION, strlen(LOAD_INFORMATION)) != 0 ||
		!*digits || strlen(digits) > 9 ||
		digits[strspn(digits, "0123456789")] != 0)
		return false;
	*id = (unsigned)strtoul(digits, NULL, 10);
	return true;
}

static xmlNodePtr process_node_name(xmlNodePtr member)
{
	return child(child(member, "callManager"), "processNodeName");
}

static xmlNodePtr members_of(xmlNodePtr root)
{
	return child(child(root, "callManagerGroup"), "members");
}

/* The rows of known models, or those of others.  The first row of an id counts. */
static void read_rows(xmlNodePtr root, bool known, struct cpr_running *out)
{
	for (xmlNodePtr n = xmlFirstElementChild(root); n; n = xmlNextElementSibling(n)) {
		unsigned id;

		if (out->n == CPR_ARRAY_LEN(out->row) || !load_id(n, &id) ||
			(cpr_model_by_id(id) != NULL) != known ||
			cpr_running_load(out, id))
			continue;
		out->row[out->n].device_id = id;
		text_of(n, out->row[out->n].load, sizeof(out->row[out->n].load));
		cpr_text_printable(out->row[out->n].load, "");
		if (out->row[out->n].load[0])
			out->n++;
	}
}

void xmldefault_read(const char *bytes, size_t len, struct cpr_running *out)
{
	_cleanup_(doc_freep) xmlDocPtr doc =
		parse(bytes, len, out->malformed, sizeof(out->malformed));
	char name[64] = "";

	if (!doc)
		return;
	/* A known model's row must not be lost behind too many others: no row is leave to
	 * name another load. */
	read_rows(xmlDocGetRootElement(doc), true, out);
	read_rows(xmlDocGetRootElement(doc), false, out);
	text_of(process_node_name(child(members_of(xmlDocGetRootElement(doc)), "member")),
		name, sizeof(name));
	out->call_manager = name[0];
}

/* "\n" and the blanks that stand before the node; the caller's to free. */
static char *indent_of(xmlNodePtr n)
{
	const char *text = n->prev && n->prev->type == XML_TEXT_NODE
				   ? (const char *)n->prev->content
				   : NULL;
	const char *line = text ? strrchr(text, '\n') : NULL;

	if (!line || line[strspn(line, " \t\n")])
		line = "\n";
	return strdup(line);
}

/* How the children of this node are indented, or would be. */
static char *child_indent(xmlNodePtr parent)
{
	xmlNodePtr first = xmlFirstElementChild(parent);
	_cleanup_(cpr_freep) char *own = NULL;
	char *deeper;

	if (first)
		return indent_of(first);
	own = parent->parent && parent->parent->type == XML_ELEMENT_NODE
		      ? indent_of(parent)
		      : strdup("\n");
	if (!own || asprintf(&deeper, "%s%s", own, strchr(own, '\t') ? "\t" : "  ") < 0)
		return NULL;
	return deeper;
}

static void put_before(struct merge *m, xmlNodePtr at, xmlNodePtr node)
{
	_cleanup_(cpr_freep) char *indent = indent_of(at);

	xmlAddPrevSibling(at, node);
	if (!indent || !xmlAddPrevSibling(at, xmlNewDocText(m->doc, BAD_CAST indent)))
		m->failed = true;
	m->changed = true;
}

/* A comment on the same line belongs to what stands before it. */
static xmlNodePtr with_comment(xmlNodePtr at)
{
	xmlNodePtr n = at->next;

	if (n && n->type == XML_TEXT_NODE && !strchr((const char *)n->content, '\n'))
		n = n->next;
	return n && n->type == XML_COMMENT_NODE ? n : at;
}

static void put_after(struct merge *m, xmlNodePtr at, const char *indent, xmlNodePtr node)
{
	xmlNodePtr end = with_comment(at);

	/* A text node is merged with a text beside it, so the element comes first. */
	xmlAddNextSibling(end, node);
	if (!indent || !xmlAddPrevSibling(node, xmlNewDocText(m->doc, BAD_CAST indent)))
		m->failed = true;
	m->changed = true;
}

static void put_last(struct merge *m, xmlNodePtr parent, xmlNodePtr node)
{
	_cleanup_(cpr_freep) char *indent = child_indent(parent);
	xmlNodePtr last = xmlLastElementChild(parent), closing;

	if (last) {
		put_after(m, last, indent, node);
		return;
	}
	closing = parent->last && xmlIsBlankNode(parent->last) ? parent->last : NULL;
	if (!closing)
		closing = xmlAddChild(parent, xmlNewDocText(m->doc, BAD_CAST "\n"));
	if (!closing || !indent) {
		m->failed = true;
		xmlFreeNode(node);
		return;
	}
	xmlAddPrevSibling(closing, node);
	xmlAddPrevSibling(node, xmlNewDocText(m->doc, BAD_CAST indent));
	m->changed = true;
}

/* Out with the element and the blanks before it. */
static void drop(struct merge *m, xmlNodePtr n)
{
	xmlNodePtr blank = n->prev && xmlIsBlankNode(n->prev) ? n->prev : NULL;

	xmlUnlinkNode(n);
	xmlFreeNode(n);
	if (blank) {
		xmlUnlinkNode(blank);
		xmlFreeNode(blank);
	}
	m->changed = true;
}

/* The element's comments stay. */
static void set_text(struct merge *m, xmlNodePtr n, const char *text)
{
	xmlNodePtr fresh = xmlNewDocText(m->doc, BAD_CAST text), next;

	for (xmlNodePtr one = n->children; one; one = next) {
		next = one->next;
		if (one->type == XML_COMMENT_NODE)
			continue;
		xmlUnlinkNode(one);
		xmlFreeNode(one);
	}
	if (!fresh)
		m->failed = true;
	else if (n->children)
		xmlAddPrevSibling(n->children, fresh);
	else
		xmlAddChild(n, fresh);
	m->changed = true;
}

static void add_member(struct cpr_buf *b, const char *in, const char *step,
	size_t priority, const char *address)
{
	cpr_buf_printf(b, "%s<member priority=\"%zu\">", in, priority);
	cpr_buf_printf(b, "%s%s<callManager>", in, step);
	cpr_buf_printf(b, "%s%s%s<ports>", in, step, step);
	cpr_buf_printf(b, "%s%s%s%s<ethernetPhonePort>2000</ethernetPhonePort>", in, step,
		step, step);
	cpr_buf_printf(b, "%s%s%s</ports>", in, step, step);
	cpr_buf_printf(b, "%s%s%s<processNodeName>%s</processNodeName>", in, step, step,
		address);
	cpr_buf_printf(b, "%s%s</callManager>%s</member>", in, step, in);
}

/* The whole group, or its <members> alone; in: "\n" and the blanks before it.  The caller's,
 * not in a document yet. */
static xmlNodePtr new_group(
	struct merge *m, const struct cpr_site *site, const char *in, bool members_only)
{
	_cleanup_(cpr_buf_free) struct cpr_buf b = {0};
	_cleanup_(doc_freep) xmlDocPtr doc = NULL;
	const char *step = strchr(in, '\t') ? "\t" : "  ";
	_cleanup_(cpr_freep) char *inner = NULL, *member = NULL;

	if (asprintf(&inner, "%s%s", in, members_only ? "" : step) < 0 ||
		asprintf(&member, "%s%s", inner, step) < 0)
		return NULL;
	if (!members_only)
		cpr_buf_printf(&b, "<callManagerGroup>%s", inner);
	cpr_buf_puts(&b, "<members>");
	for (size_t i = 0; i < site->call_manager_n; i++) {
		char address[INET_ADDRSTRLEN];

		inet_ntop(AF_INET, &site->call_manager[i], address, sizeof(address));
		add_member(&b, member, step, i, address);
	}
	cpr_buf_printf(&b, "%s</members>", inner);
	if (!members_only)
		cpr_buf_printf(&b, "%s</callManagerGroup>", in);
	if (b.failed)
		return NULL;
	doc = xmlReadMemory(b.data, (int)b.len, NULL, NULL, XML_PARSE_NONET);
	return doc ? xmlDocCopyNode(xmlDocGetRootElement(doc), m->doc, 1) : NULL;
}

/* True when the members name the site's call managers, in order. */
static bool same_managers(xmlNodePtr members, const struct cpr_site *site)
{
	size_t n = 0;

	for (xmlNodePtr one = xmlFirstElementChild(members); one;
		one = xmlNextElementSibling(one), n++) {
		char name[64], address[INET_ADDRSTRLEN];

		if (n == site->call_manager_n)
			return false;
		inet_ntop(AF_INET, &site->call_manager[n], address, sizeof(address));
		text_of(process_node_name(one), name, sizeof(name));
		if (strcmp(name, address) != 0)
			return false;
	}
	return n == site->call_manager_n;
}

/* A further member as the last one is, ports and all. */
static xmlNodePtr clone_member(struct merge *m, xmlNodePtr last, size_t priority)
{
	_cleanup_(cpr_freep) char *indent = indent_of(last);
	xmlNodePtr copy = xmlDocCopyNode(last, m->doc, 1);
	char number[24];

	if (!copy)
		return NULL;
	snprintf(number, sizeof(number), "%zu", priority);
	xmlSetProp(copy, BAD_CAST "priority", BAD_CAST number);
	put_after(m, last, indent, copy);
	return copy;
}

/* Members that are there keep their ports and whatever else the admin gave them. */
static void merge_members(
	struct merge *m, xmlNodePtr members, const struct cpr_site *site)
{
	xmlNodePtr one = xmlFirstElementChild(members), last = NULL;

	for (size_t i = 0; i < site->call_manager_n; i++) {
		char address[INET_ADDRSTRLEN], now[64];

		inet_ntop(AF_INET, &site->call_manager[i], address, sizeof(address));
		if (!one)
			one = clone_member(m, last, i);
		if (!one) {
			m->failed = true;
			return;
		}
		text_of(process_node_name(one), now, sizeof(now));
		if (strcmp(now, address) != 0)
			set_text(m, process_node_name(one), address);
		last = one;
		one = xmlNextElementSibling(one);
	}
	while (one) {
		xmlNodePtr next = xmlNextElementSibling(one);

		drop(m, one);
		one = next;
	}
}

static bool whole(xmlNodePtr members)
{
	if (!members || !xmlFirstElementChild(members))
		return false;
	for (xmlNodePtr one = xmlFirstElementChild(members); one;
		one = xmlNextElementSibling(one))
		if (!process_node_name(one))
			return false;
	return true;
}

static xmlNodePtr first_load(xmlNodePtr root)
{
	unsigned id;

	for (xmlNodePtr n = xmlFirstElementChild(root); n; n = xmlNextElementSibling(n))
		if (load_id(n, &id))
			return n;
	return NULL;
}

static void merge_group(struct merge *m, const struct cpr_site *site)
{
	xmlNodePtr group = child(m->root, "callManagerGroup"),
		   before = first_load(m->root);
	xmlNodePtr members = members_of(m->root), parent = group ? group : m->root, fresh;
	_cleanup_(cpr_freep) char *in = NULL;

	if (!site->call_manager_n || (whole(members) && same_managers(members, site)))
		return;
	if (whole(members)) {
		merge_members(m, members, site);
		return;
	}
	if (members)
		drop(m, members);
	in = child_indent(parent);
	fresh = in ? new_group(m, site, in, group) : NULL;
	if (!fresh)
		m->failed = true;
	else if (!group && before)
		put_before(m, before, fresh);
	else
		put_last(m, parent, fresh);
}

/* Where a new line goes: behind the line of the highest id below its own. */
static void put_load(struct merge *m, xmlNodePtr node, unsigned id)
{
	xmlNodePtr below = NULL, above = NULL;
	unsigned below_id = 0, at;
	_cleanup_(cpr_freep) char *indent = NULL;

	for (xmlNodePtr n = xmlFirstElementChild(m->root); n;
		n = xmlNextElementSibling(n)) {
		if (!load_id(n, &at))
			continue;
		if (at < id && at >= below_id) {
			below = n;
			below_id = at;
		}
		if (at > id && !above)
			above = n;
	}
	if (!below && above) {
		put_before(m, above, node);
		return;
	}
	if (!below)
		below = child(m->root, "callManagerGroup");
	if (!below) {
		put_last(m, m->root, node);
		return;
	}
	indent = indent_of(below);
	put_after(m, below, indent, node);
}

static void merge_load(struct merge *m, const struct cpr_plan_model *p)
{
	xmlNodePtr mine = NULL, next;
	char name[sizeof(LOAD_INFORMATION) + 10], now[256];
	unsigned id;

	snprintf(name, sizeof(name), LOAD_INFORMATION "%u", p->model->device_id);
	for (xmlNodePtr n = xmlFirstElementChild(m->root); n; n = next) {
		next = xmlNextElementSibling(n);
		if (!load_id(n, &id) || id != p->model->device_id)
			continue;
		if (mine)
			drop(m, n); /* a second line for one model */
		else
			mine = n;
	}
	if (!mine) {
		mine = xmlNewDocNode(m->doc, NULL, BAD_CAST name, NULL);
		if (!mine ||
			!xmlSetProp(mine, BAD_CAST "model", BAD_CAST p->model->name)) {
			xmlFreeNode(mine);
			m->failed = true;
			return;
		}
		put_load(m, mine, p->model->device_id);
	}
	if (xmlStrcmp(mine->name, BAD_CAST name) != 0) {
		xmlNodeSetName(mine, BAD_CAST name);
		m->changed = true;
	}
	text_of(mine, now, sizeof(now));
	if (strcmp(now, p->load_name) != 0)
		set_text(m, mine, p->load_name);
}

/* Also of models that have no firmware at all any more. */
static void drop_forgotten(struct merge *m, const struct cpr_firmware *f)
{
	xmlNodePtr next;
	char now[256];
	unsigned id;

	for (xmlNodePtr n = xmlFirstElementChild(m->root); n && f; n = next) {
		next = xmlNextElementSibling(n);
		if (!load_id(n, &id))
			continue;
		text_of(n, now, sizeof(now));
		for (size_t i = 0; i < f->forgotten_n; i++)
			if (strcmp(f->forgotten[i], now) == 0) {
				drop(m, n);
				break;
			}
	}
}

/* libxml2 reads line ends of any kind and writes "\n". */
static void add_lines(struct cpr_buf *out, const char *text, size_t len, bool crlf)
{
	const char *end = text + len;

	while (text < end) {
		const char *line = memchr(text, '\n', (size_t)(end - text));

		cpr_buf_add(out, text, (size_t)((line ? line : end) - text));
		if (!line)
			return;
		cpr_buf_puts(out, crlf ? "\r\n" : "\n");
		text = line + 1;
	}
}

static int write_out(struct merge *m, const char *bytes, size_t len, struct cpr_buf *out)
{
	const char *first = bytes ? memchr(bytes, '\n', len) : NULL;
	/* A NUL byte: UTF-16, whose line ends are not bytes. */
	bool crlf = first && first > bytes && first[-1] == '\r' && !memchr(bytes, 0, len);
	xmlChar *text = NULL;
	int n = 0;

	if (bytes && !m->changed) {
		cpr_buf_add(out, bytes, len);
		return out->failed ? -ENOMEM : 0;
	}
	xmlDocDumpMemoryEnc(m->doc, &text, &n,
		m->doc->encoding ? (const char *)m->doc->encoding : "UTF-8");
	if (!text || m->failed)
		out->failed = true;
	else
		add_lines(out, (const char *)text, (size_t)n, crlf);
	xmlFree(text);
	return out->failed ? -ENOMEM : 0;
}

int xmldefault_merge(const char *file, const char *bytes, size_t len,
	const struct cpr_plan *plan, struct cpr_buf *out, struct cpr_errors *e)
{
	static const char fresh[] =
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Default>\n</Default>\n";
	_cleanup_(doc_freep) xmlDocPtr doc = NULL;
	struct merge m = {0};
	char why[200];
	int r;

	doc = bytes ? parse(bytes, len, why, sizeof(why))
		    : parse(fresh, sizeof(fresh) - 1, why, sizeof(why));
	if (!doc) {
		unsigned line = 0;
		int skip = 0;

		if (sscanf(why, "line %u: %n", &line, &skip) != 1)
			skip = 0;
		cpr_errors_add(e, file, line,
			"%s: it is left alone; mend it, or move it away and run again",
			why + skip);
		return -EINVAL;
	}
	m.doc = doc;
	m.root = xmlDocGetRootElement(doc);
	merge_group(&m, plan->site);
	for (size_t i = 0; i < plan->model_n; i++)
		if (plan->model[i].load)
			merge_load(&m, &plan->model[i]);
	drop_forgotten(&m, plan->firmware);
	r = m.changed && !m.failed ? schema_check(doc, file, e) : 0;
	return r < 0 ? r : write_out(&m, bytes, len, out);
}
