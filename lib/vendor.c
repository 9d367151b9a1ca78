#include "vendor.h"

#include <string.h>

#include "cleanup.h"
#include "models.h"

/* The words by which a phone is known.  START: only at the beginning; CISCO: only in a text
 * that begins with "Cisco".  The model follows the words; tail: so many of the words' own
 * last bytes belong to it ("Cisco SPA" 3: "SPA525G").
 *
 * "Cisco Systems, Inc." alone is all that a 6901 says, but other gear says it too: not a
 * phone here (taking 6901s by an option of the site file is not offered yet). */
static const struct form {
	const char *words;
	enum {
		ANYWHERE,
		START,
		CISCO
	} where;
	size_t tail;
} forms[] = {
	{"Inc. IP Phone", CISCO, 0},  /* "Cisco Systems, Inc.", "Cisco System, Inc." */
	{"Cisco IP Phone", START, 0}, /* some REQUESTs of the 7905 */
	{"Inc. Wireless Phone", CISCO, 0}, /* 7921; assumption: 7925 and 7926 too */
	{"CP-6", START, 4},                /* CP-7841-3PCC (multiplatform), CP-7941G-GE */
	{"CP-7", START, 4},
	{"CP-8", START, 4},
	{"CP-9", START, 4},
	{"Cisco SPA", START, 3},
	{"CISCO SPA", START, 3},
	{"Cisco ATA", START, 3},
	{"CISCO ATA", START, 3},
	{"LINKSYS SPA", START, 3},
	{"ATA186", ANYWHERE, 6},
	{"ATA188", ANYWHERE, 6},
};

/* Whole vendor classes, or their longest common beginning: a server that searches finds them
 * anywhere in the text, and "CP-9" alone would find other makers' conference phones too.  A
 * test holds this list against the table above. */
const char *const cpr_vendor_substrings[] = {"Cisco Systems, Inc. IP Phone",
	"Cisco System, Inc. IP Phone", "Cisco IP Phone",
	"Cisco Systems Inc. Wireless Phone", "CP-6821-3PCC", "CP-6841-3PCC",
	"CP-6851-3PCC", "CP-6861-3PCC", "CP-6871-3PCC", "CP-7811-3PCC", "CP-7821-3PCC",
	"CP-7832-3PCC", "CP-7841-3PCC", "CP-7861-3PCC", "CP-8811-3PCC", "CP-8841-3PCC",
	"CP-8851-3PCC", "CP-8861-3PCC", "Cisco SPA", "CISCO SPA", "Cisco ATA",
	"CISCO ATA", "LINKSYS SPA", "ATA186", "ATA188", NULL};

/* Where the model begins in text, or NULL when the form does not fit. */
static const char *model_of(const struct form *f, const char *text)
{
	const char *at = strstr(text, f->words), *model;

	if (!at || (f->where == START && at != text) ||
		(f->where == CISCO && strncmp(text, "Cisco", 5)))
		return NULL;
	at += strlen(f->words);
	model = at - f->tail;
	if (!f->tail && *at && *at != ' ')
		return NULL; /* "IP Phones", "IP Phone-Proxy" */
	if (!strncmp(model, "CP-", 3) && f->tail && strspn(model + 3, "0123456789") != 4)
		return NULL;
	return model + strspn(model, " ");
}

static bool damaged(const char *text)
{
	return !strcmp(text, "79XX") || !strcmp(text, "CP-79XX");
}

enum cpr_vendor_kind cpr_vendor_parse(
	const uint8_t *option60, size_t len, struct cpr_vendor *out)
{
	const char *model = NULL;
	char text[256];
	size_t n;

	*out = (struct cpr_vendor){.kind = CPR_VENDOR_NOT_A_PHONE};
	/* Since the 79x1 the option's length counts the C string's NUL. */
	while (len && option60[len - 1] == 0)
		len--;
	if (!len || len >= sizeof(text))
		return out->kind;
	for (size_t i = 0; i < len; i++)
		if (option60[i] < ' ' || option60[i] > '~')
			return out->kind;
	memcpy(text, option60, len);
	text[len] = '\0';
	for (size_t i = 0; !model && i < CPR_ARRAY_LEN(forms); i++)
		model = model_of(&forms[i], text);
	if (!model)
		return out->kind;
	/* One word: what follows the model is of no use to anybody. */
	n = strcspn(model, " ");
	memcpy(out->text, model, n < sizeof(out->text) ? n : sizeof(out->text) - 1);
	out->kind = damaged(out->text) ? CPR_VENDOR_DAMAGED : CPR_VENDOR_PHONE;
	out->model = cpr_model_by_name(out->text);
	return out->kind;
}
