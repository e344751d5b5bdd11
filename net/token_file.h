// A secret in a file: a token, which is one word of printable ASCII on one line, or a
// password, which is the first line.
//
// It is read for each connection, so that a new secret needs no restart.
#pragma once

#include "base/status.h"

enum { TOKEN_FILE_MAX = 4096, TOKEN_FILE_LINE_MAX = 512 };

// Without spaces at its end. STATUS_IO: the file cannot be read; STATUS_PARSE: it has
// no such word. The caller clears token.
enum status token_file_read(const char *path, char token[TOKEN_FILE_MAX],
                            struct error *error) MUST_USE;

// The first line, of any bytes. option: the name of the option, for the error.
// STATUS_IO: the file cannot be read, or the line is empty or too long.
enum status token_file_line(const char *option, const char *path,
                            char text[TOKEN_FILE_LINE_MAX],
                            struct error *error) MUST_USE;
