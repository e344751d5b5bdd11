// A buffer: text that grows at its end, up to a limit.
//
// Grows by doubling; buffer_reset keeps the memory, so that a steady load does not call
// malloc. Failure is sticky: once an append does not fit (or the system has no memory)
// the buffer ignores all appends until the reset, so a caller may check is_failed once
// at the end. An append is added whole or not at all.
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

// limit: the most bytes it ever contains. Never fails; memory is allocated at the first
// append.
void buffer_init(struct buffer *buffer, size_t limit);
void buffer_fini(struct buffer *buffer);
void buffer_reset(struct buffer *buffer);

// The text may not point into the buffer itself.
void buffer_append(struct buffer *buffer, struct slice text);
void buffer_append_byte(struct buffer *buffer, char byte);
// In decimal.
void buffer_append_u64(struct buffer *buffer, uint64_t value);
void buffer_append_i64(struct buffer *buffer, int64_t value);

// Adds `size` bytes at the end, to be written by the caller before any other call; NULL
// when they do not fit.
char *buffer_extend(struct buffer *buffer, size_t size);

// Removes the first `bytes` and moves the others to the front.
void buffer_drop_first(struct buffer *buffer, size_t bytes);

// The contents: points into the buffer until the next append, reset or fini. If there
// are none, an empty slice, never an absent one.
static inline struct slice
buffer_text(const struct buffer *buffer)
{
    return (struct slice){buffer->bytes != NULL ? buffer->bytes : "", buffer->size};
}
