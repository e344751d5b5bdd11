#include "base/buffer.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 256, DIGITS_MAX = 20 };

void
buffer_init(struct buffer *buffer, size_t limit)
{
    *buffer = (struct buffer){.limit = limit};
}

void
buffer_fini(struct buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (struct buffer){0};
}

void
buffer_reset(struct buffer *buffer)
{
    buffer->size = 0;
    buffer->is_failed = false;
}

static bool
grow(struct buffer *buffer, size_t needed)
{
    size_t capacity = buffer->capacity != 0 ? buffer->capacity : FIRST_CAPACITY;
    while (capacity < needed) {
        if (capacity > buffer->limit / 2) {
            capacity = buffer->limit;
            break;
        }
        capacity *= 2;
    }
    if (capacity > buffer->limit) {
        capacity = buffer->limit;
    }
    char *bytes = realloc(buffer->bytes, capacity);
    if (bytes == NULL) {
        return false;
    }
    buffer->bytes = bytes;
    buffer->capacity = capacity;
    return true;
}

char *
buffer_extend(struct buffer *buffer, size_t size)
{
    if (buffer->is_failed || size > buffer->limit - buffer->size) {
        buffer->is_failed = true;
        return NULL;
    }
    size_t needed = buffer->size + size;
    if ((buffer->bytes == NULL || needed > buffer->capacity) && !grow(buffer, needed)) {
        buffer->is_failed = true;
        return NULL;
    }
    char *end = buffer->bytes + buffer->size;
    buffer->size = needed;
    return end;
}

void
buffer_append(struct buffer *buffer, struct slice text)
{
    if (text.len == 0) {
        return;
    }
    char *end = buffer_extend(buffer, text.len);
    if (end != NULL) {
        memcpy(end, text.ptr, text.len);
    }
}

void
buffer_append_byte(struct buffer *buffer, char byte)
{
    char *end = buffer_extend(buffer, 1);
    if (end != NULL) {
        *end = byte;
    }
}

static void
append_decimal(struct buffer *buffer, bool is_negative, uint64_t magnitude)
{
    char digits[DIGITS_MAX + 1];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + magnitude % 10);
        magnitude /= 10;
    } while (magnitude != 0);
    if (is_negative) {
        digits[--at] = '-';
    }
    buffer_append(buffer, (struct slice){digits + at, sizeof(digits) - at});
}

void
buffer_append_u64(struct buffer *buffer, uint64_t value)
{
    append_decimal(buffer, false, value);
}

void
buffer_append_i64(struct buffer *buffer, int64_t value)
{
    // 0 - x in unsigned arithmetic is correct also for INT64_MIN.
    append_decimal(buffer, value < 0,
                   value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void
buffer_drop_first(struct buffer *buffer, size_t bytes)
{
    if (bytes != 0) {
        buffer->size -= bytes;
        memmove(buffer->bytes, buffer->bytes + bytes, buffer->size);
    }
}
