// The text of a configuration file, before libconfuse reads it.
//
// libconfuse counts the line of a comment three times and takes none within a list.
// With comments made blank before it reads, every line keeps its number. It also takes
// a file that ends within a section or a comment, and puts variables of the environment
// in place of ${…}; both are refused here.
#pragma once

#include <stddef.h>

#include "base/buffer.h"
#include "base/status.h"

// Appends what the file holds. STATUS_IO: it cannot be read; STATUS_FULL: it is longer
// than the buffer's limit.
enum status config_text_read(const char *path, struct buffer *text,
                             struct error *error) MUST_USE;

// Makes comments blank, in place, but for their line ends: from # or // to the end of
// the line, and from /* to */ or the end. Quotation marks keep what stands between them
// as it is; // and /* begin a comment only where a word could, so that the one in
// https://… is none. A byte order mark (UTF-8) becomes blank too.
void config_text_blank(char *text, size_t size);

// STATUS_PARSE with error set, file and line included, if the text
//   - ends within a section, a list, a quoted text or a comment: it was cut;
//   - has a quoted text that goes on in the next line, unless a \ ends the line;
//   - has ${ outside of single quotes: the environment is not read;
//   - has a byte of 0, also one written \0, or is not UTF-8 outside of comments.
enum status config_text_check(const char *path, const char *text, size_t size,
                              struct error *error) MUST_USE;
