#include "printable.h"

#include <string.h>

void printable(char *text, const char *also)
{
	for (; *text; text++)
		if ((*text < ' ' || *text > '~') && !strchr(also, *text))
			*text = '?';
}
