// The text of a configuration file without its comments.
//
// libconfuse counts the line of a comment three times and takes none within a list.
// With comments made blank before it reads, every line keeps its number.
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
// https://… is none.
void config_text_blank(char *text, size_t size);
