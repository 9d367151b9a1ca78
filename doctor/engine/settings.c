#include "settings.h"

#include "cleanup.h"

#include <errno.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void free_doc(xmlDoc **d)
{
	xmlFreeDoc(*d);
}

static xmlNode *child(const xmlNode *parent, const char *name)
{
	for (xmlNode *n = parent ? parent->children : NULL; n; n = n->next)
		if (n->type == XML_ELEMENT_NODE &&
			strcmp((const char *)n->name, name) == 0)
			return n;
	return NULL;
}

/* The element's text without blanks around it; "" when it does not fit. */
static void text_of(const xmlNode *n, char *out, size_t cap)
{
	xmlChar *text = n ? xmlNodeGetContent(n) : NULL;
	const char *from = text ? (const char *)text : "";
	size_t len;

	from += strspn(from, " \t\r\n");
	len = strcspn(from, " \t\r\n");
	if (len >= cap)
		len = 0;
	memcpy(out, from, len);
	out[len] = 0;
	xmlFree(text);
}

static long priority(const xmlNode *member)
{
	xmlChar *text = xmlGetProp(member, (const xmlChar *)"priority");
	long n = text ? strtol((const char *)text, NULL, 10) : LONG_MAX - 1;

	xmlFree(text);
	return n;
}

static void find_call_manager(const xmlNode *group, struct cpr_settings *out)
{
	const xmlNode *members = child(group, "members");
	long best = LONG_MAX;

	for (const xmlNode *m = members ? members->children : NULL; m; m = m->next) {
		const xmlNode *manager;
		char name[sizeof(out->call_manager)], port[8];

		if (m->type != XML_ELEMENT_NODE || priority(m) >= best)
			continue;
		manager = child(m, "callManager");
		text_of(child(manager, "processNodeName"), name, sizeof(name));
		if (!*name)
			continue;
		best = priority(m);
		snprintf(out->call_manager, sizeof(out->call_manager), "%s", name);
		text_of(child(child(manager, "ports"), "ethernetPhonePort"), port,
			sizeof(port));
		out->port = (uint16_t)atoi(port);
	}
}

int cpr_settings_parse(
	const char *bytes, size_t len, unsigned device_id, struct cpr_settings *out)
{
	_cleanup_(free_doc) xmlDoc *doc = NULL;
	const xmlNode *root, *group;
	char name[40] = "loadInformation";

	*out = (struct cpr_settings){.port = 2000};
	if (len > INT_MAX)
		return -EINVAL;
	doc = xmlReadMemory(bytes, (int)len, NULL, NULL,
		XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	root = doc ? xmlDocGetRootElement(doc) : NULL;
	/* No configuration of a phone declares entities, and text_of would expand them. */
	if (!root || xmlGetIntSubset(doc))
		return -EINVAL;
	if (device_id)
		snprintf(name, sizeof(name), "loadInformation%u", device_id);
	text_of(child(root, name), out->load, sizeof(out->load));
	group = child(root, "callManagerGroup");
	if (!group)
		group = child(child(root, "devicePool"), "callManagerGroup");
	find_call_manager(group, out);
	if (!out->port)
		out->port = 2000;
	return 0;
}
