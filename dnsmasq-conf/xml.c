#include "xml.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The first error, for the others follow from it. */
struct why {
	char *text;
	size_t cap;
	bool stopped;
};

static void note_error(void *context, xmlErrorPtr error)
{
	const struct why *why = ((xmlParserCtxtPtr)context)->_private;
	const char *message = error->message ? error->message : "it is no XML";

	if (!why->text[0] && error->level >= XML_ERR_ERROR)
		snprintf(why->text, why->cap, "line %d: %.*s", error->line,
			(int)strcspn(message, "\n"), message);
}

/* Without what it declares there are no entities to expand and nothing to fetch. */
static void refuse_doctype(void *context, const xmlChar *name, const xmlChar *public_id,
	const xmlChar *system_id)
{
	xmlParserCtxtPtr c = context;
	struct why *why = c->_private;

	(void)name;
	(void)public_id;
	(void)system_id;
	if (!why->text[0])
		snprintf(why->text, why->cap,
			"line %d: it has a DOCTYPE, which no phone reads",
			xmlSAX2GetLineNumber(c));
	why->stopped = true;
	xmlStopParser(c); /* which leaves it well-formed, so far */
}

struct _xmlDoc *xml_parse(const char *bytes, size_t len, char *why, size_t cap)
{
	struct why first = {.text = why, .cap = cap};
	xmlParserCtxtPtr c = xmlNewParserCtxt();
	xmlDocPtr doc;

	why[0] = 0;
	if (!c) {
		snprintf(why, cap, "out of memory");
		return NULL;
	}
	c->_private = &first;
	c->sax->serror = note_error;
	c->sax->internalSubset = refuse_doctype;
	doc = xmlCtxtReadMemory(c, bytes, (int)len, NULL, NULL,
		XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	xmlFreeParserCtxt(c);
	if (doc && xmlDocGetRootElement(doc) && !first.stopped) {
		why[0] = 0; /* of a namespace, perhaps: phones know none */
		return doc;
	}
	if (!why[0])
		snprintf(why, cap, "line 1: it is no XML");
	xmlFreeDoc(doc);
	return NULL;
}
