// Writes JSON at the end of a buffer (base/buffer.h), whose failure is sticky.
//
// Values are written one after another: as elements of the innermost open array, or
// each after its name in an object. The separators follow from the last byte that was
// written. Balanced brackets, and names only in objects, are the caller's task; the
// first value of a document must be the first byte of the buffer.
//
// Text is escaped, so that it cannot end the string or the line; the characters that
// base/control.h lists are written as \uNNNN, so that they do not control a terminal.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"

// bracket: '{' or '['; '}' or ']'.
void json_writer_open(struct buffer *text, char bracket);
void json_writer_close(struct buffer *text, char bracket);
void json_writer_name(struct buffer *text, struct slice name);

// In UTF-8; any other byte is written as "?".
void json_writer_string(struct buffer *text, struct slice value);
void json_writer_u64(struct buffer *text, uint64_t value);
void json_writer_i64(struct buffer *text, int64_t value);
void json_writer_bool(struct buffer *text, bool value);
void json_writer_null(struct buffer *text);

// True if the text is a decimal number as this program writes them, which is also valid
// in JSON.
bool json_writer_is_number(struct slice text);
// Such a number. Readers support whole numbers of at most 63 bits: a greater one is
// written as a decimal.
void json_writer_number(struct buffer *text, struct slice number);

// A value that is JSON already.
void json_writer_json(struct buffer *text, struct slice json);

// A member with its name; a value that is none is left out.
void json_writer_put_text(struct buffer *text, const char *name, struct slice value);
void json_writer_put_u64(struct buffer *text, const char *name, uint64_t value);
void json_writer_put_i64(struct buffer *text, const char *name, int64_t value);
