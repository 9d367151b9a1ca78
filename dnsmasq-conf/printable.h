/* Names out of files are shown on terminals and in JSON, which is UTF-8: bytes that are no
 * printable ASCII become '?', but for those in `also`. */
#pragma once

void printable(char *text, const char *also);
