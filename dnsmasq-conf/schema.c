#include "schema.h"

#include "cleanup.h"
#include "errors.h"

#include <errno.h>
#include <libxml/relaxng.h>
#include <libxml/tree.h>
#include <string.h>

#define MEND                                                                               \
	"(XMLDefault.rng tells how it has to be): mend it, or move the file away and run " \
	"again"

/* In the program, so that the two cannot be of different versions. */
__asm__(".pushsection .rodata\n"
	"cpr_schema: .incbin \"dnsmasq-conf/XMLDefault.rng\"\n"
	"cpr_schema_end:\n"
	".popsection\n");
extern const char cpr_schema[] __attribute__((visibility("hidden")));
extern const char cpr_schema_end[] __attribute__((visibility("hidden")));

const char *schema_text(size_t *len)
{
	*len = (size_t)(cpr_schema_end - cpr_schema);
	return cpr_schema;
}

static void free_schema(xmlRelaxNGPtr *schema)
{
	xmlRelaxNGFree(*schema);
}

static void ignore_error(void *context, xmlErrorPtr error)
{
	(void)context;
	(void)error;
}

static xmlRelaxNGPtr parse(void)
{
	size_t len;
	const char *text = schema_text(&len);
	xmlRelaxNGParserCtxtPtr c = xmlRelaxNGNewMemParserCtxt(text, (int)len);
	xmlRelaxNGPtr schema;

	if (!c)
		return NULL;
	xmlRelaxNGSetParserStructuredErrors(c, ignore_error, NULL);
	schema = xmlRelaxNGParse(c);
	xmlRelaxNGFreeParserCtxt(c);
	return schema;
}

/* The innermost element of those that libxml2 complains of, from the inside out and about
 * every alternative that it tried. */
struct fault {
	const xmlNode *node;
	size_t depth;
};

static void note_fault(void *context, xmlErrorPtr error)
{
	struct fault *f = context;
	size_t depth = 0;

	/* It names whichever element the last alternative did not reach. */
	if (error->code == XML_RELAXNG_ERR_EXTRACONTENT)
		return;
	for (const xmlNode *n = error->node; n; n = n->parent)
		depth++;
	if (depth > f->depth)
		*f = (struct fault){error->node, depth};
}

int schema_check(struct _xmlDoc *doc, const char *file, struct cpr_errors *e)
{
	_cleanup_(free_schema) xmlRelaxNGPtr schema = parse();
	xmlRelaxNGValidCtxtPtr c = schema ? xmlRelaxNGNewValidCtxt(schema) : NULL;
	struct fault fault = {0};
	int r;

	if (!c)
		return -ENOMEM;
	xmlRelaxNGSetValidStructuredErrors(c, note_fault, &fault);
	r = xmlRelaxNGValidateDoc(c, doc);
	xmlRelaxNGFreeValidCtxt(c);
	if (r == 0)
		return 0;
	if (r < 0)
		return -ENOMEM;
	if (fault.node)
		cpr_errors_add(e, file, (unsigned)xmlGetLineNo(fault.node),
			"phones could not read it with <%s> as it is there " MEND,
			(const char *)fault.node->name);
	else
		cpr_errors_add(e, file, 0,
			"phones could not read it: something is there twice, or in the "
			"wrong place " MEND);
	return -EINVAL;
}
