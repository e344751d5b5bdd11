// Prepares the text of a configuration file for libconfuse.
//
// libconfuse counts the line of a comment three times and allows no comment within a
// list. Comments are therefore replaced by blanks before it reads, so that every line
// keeps its number. libconfuse also accepts a file that ends within a section or a
// comment, and substitutes environment variables for ${…}; both are refused here. It
// does not report an empty list, and += keeps none of the default: the first gets an
// item here, the second is refused.
#pragma once

#include <stddef.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "base/status.h"

// Appends the contents of the file. STATUS_IO: it cannot be read; STATUS_FULL: it is
// longer than the buffer's limit.
enum status config_text_read(const char *path, struct buffer *text,
                             struct error *error) MUST_USE;

// Replaces comments by blanks, in place, except for their line ends: from # or // to
// the end of the line, and from /* to */ or the end of the text. Quoted text is not
// changed. // and /* begin a comment only where a word could begin, so that https://…
// contains none. A byte order mark (UTF-8) is replaced, too.
void config_text_blank(char *text, size_t size);

// The only item of a list that is written as {}.
#define CONFIG_TEXT_EMPTY "\x01"

// Appends the text, without comments, with that item in each empty list.
void config_text_fill(struct slice text, struct buffer *ret_text);

// STATUS_PARSE with error set, file and line included, if the text
//   - ends within a section, a list, a quoted text or a comment: it was cut;
//   - has a quoted text that continues in the next line, unless a \ ends the line;
//   - has a comment with a CR that no LF follows: the rest of the file would be part
//     of it;
//   - has += outside of quoted texts;
//   - has ${ outside of single quotes: the environment is not read;
//   - has a byte of 0, also written as \0, or is not UTF-8 outside of comments.
enum status config_text_check(const char *path, const char *text, size_t size,
                              struct error *error) MUST_USE;
