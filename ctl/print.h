// Results on standard output: JSON of jansson, and texts in which it is shown.
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/buffer.h"
#include "base/slice.h"

enum { PRINT_TEXT_MAX = 16 << 20 };

// As one line. Characters beyond ASCII are escaped, so that none controls a terminal.
void print_json(const json_t *json);
// What the buffer contains, and frees it. The caller has cleaned untrusted text.
void print_buffer(struct buffer *text);

// A list that the daemon answered.
struct print_list {
    const char *name; // its member in the JSON
    const char *none; // the line in place of an empty list; NULL: no line
    void (*put)(struct buffer *out, const json_t *item, const void *context);
    const void *context;
};
// As one object of JSON, or a line for each item.
void print_list(const struct print_list *list, const json_t *items, bool is_json);

// The text of a member; none if it is no string.
struct slice print_member(const json_t *object, const char *name);
int64_t print_number(const json_t *object, const char *name); // 0: it is none

// Appends a span of milliseconds: "12 ms", "1.5 s", "3 m 20 s", "2 h 5 m", "3 d 4 h".
void print_put_span(struct buffer *out, int64_t ms);
// Appends a time in ms as RFC 3339.
void print_put_time(struct buffer *out, int64_t ms);
// Appends printf's text, at most 255 bytes of it.
void print_put(struct buffer *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
