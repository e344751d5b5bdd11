// A secret in a file: one word of printable ASCII on one line.
//
// It is read for each connection, so that a new secret needs no restart.
#pragma once

#include "base/status.h"

enum { TOKEN_FILE_MAX = 4096 };

// Without spaces at its end. STATUS_IO: the file cannot be read; STATUS_PARSE: it has
// no such word. The caller clears token.
enum status token_file_read(const char *path, char token[TOKEN_FILE_MAX],
                            struct error *error) MUST_USE;
