#include "defaults.h"

#include <string.h>

char *defaults_value(const char *text, const char *name, unsigned *line)
{
	const char *found = NULL, *end;
	unsigned number = 1;

	for (const char *at = text; *at; number++) {
		const char *word = at + strspn(at, " \t");

		if (strncmp(word, "export ", 7) == 0)
			word += 7 + strspn(word + 7, " \t");
		if (strncmp(word, name, strlen(name)) == 0 && word[strlen(name)] == '=') {
			found = word + strlen(name) + 1;
			*line = number;
		}
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
	if (!found)
		return NULL;
	if (*found == '"' || *found == '\'') {
		const char quote[] = {*found, 0};

		found++;
		end = found + strcspn(found, quote);
	} else {
		end = found + strcspn(found, " \t\r\n;#");
	}
	return strndup(found, (size_t)(end - found));
}
