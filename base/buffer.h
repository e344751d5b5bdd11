// A buffer: text that grows at its end, up to a ceiling.
//
// Grows by doubling; buffer_reset keeps the memory, so that steady work does not call
// malloc. Failure is sticky: once an append does not fit (or the system has no memory)
// the buffer takes nothing more until the reset, so a caller may check is_failed once
// at the end. An append is taken whole or not at all.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct buffer {
    char *bytes; // NULL until the first append
    size_t size; // bytes in use
    size_t capacity;
    size_t limit;
    bool is_failed;
};

// limit: most bytes it ever holds. Never fails; memory comes with the first append.
void buffer_init(struct buffer *buffer, size_t limit);
void buffer_fini(struct buffer *buffer);
void buffer_reset(struct buffer *buffer);

// The text may not point into the buffer itself.
void buffer_append(struct buffer *buffer, struct slice text);
void buffer_append_byte(struct buffer *buffer, char byte);
// In decimal.
void buffer_append_u64(struct buffer *buffer, uint64_t value);
void buffer_append_i64(struct buffer *buffer, int64_t value);

// Room for `size` bytes at the end, to be written by the caller before any other call;
// NULL when they do not fit.
char *buffer_extend(struct buffer *buffer, size_t size);

// The first `bytes` go, the others move down.
void buffer_drop_first(struct buffer *buffer, size_t bytes);

// What it holds: points into the buffer until the next append, reset or fini. Empty,
// never none, when it holds nothing.
static inline struct slice
buffer_text(const struct buffer *buffer)
{
    return (struct slice){buffer->bytes != NULL ? buffer->bytes : "", buffer->size};
}
