#include "pipeline/windows/packed_entries.h"

#include <assert.h>
#include <string.h>

enum { DIGIT_BITS = 10, DIGITS = 1 << DIGIT_BITS, PASSES = 3 };

static uint32_t
key_of(uint64_t item)
{
    return (uint32_t)(item >> 32);
}

void
packed_entries_sort(uint64_t *items, uint64_t *spare, size_t count)
{
    uint64_t *from = items;
    uint64_t *to = spare;
    for (uint32_t pass = 0; pass < PASSES; pass++) {
        uint32_t shift = pass * DIGIT_BITS;
        uint32_t starts[DIGITS + 1] = {0};
        for (size_t i = 0; i < count; i++) {
            starts[((key_of(from[i]) >> shift) & (DIGITS - 1)) + 1]++;
        }
        for (size_t i = 1; i < DIGITS; i++) {
            starts[i] += starts[i - 1];
        }
        for (size_t i = 0; i < count; i++) {
            to[starts[(key_of(from[i]) >> shift) & (DIGITS - 1)]++] = from[i];
        }
        uint64_t *sorted = to;
        to = from;
        from = sorted;
    }
    memcpy(items, from, count * sizeof(*items));
}

bool
packed_entries_merge(uint64_t *item, uint64_t other)
{
    uint64_t sum = (uint64_t)(uint32_t)*item + (uint32_t)other;
    if (key_of(*item) != key_of(other) || sum > UINT32_MAX) {
        return false;
    }
    *item = (uint64_t)key_of(*item) << 32 | sum;
    return true;
}

static uint8_t *
put(uint8_t *at, uint32_t number)
{
    while (number >= 0x80) {
        *at++ = (uint8_t)(number | 0x80);
        number >>= 7;
    }
    *at++ = (uint8_t)number;
    return at;
}

size_t
packed_entries_write(uint8_t *bytes, size_t room, const uint64_t *items, size_t count,
                     size_t *ret_size)
{
    uint8_t *at = bytes;
    uint32_t key = 0;
    size_t done = 0;
    while (done < count && room - (size_t)(at - bytes) >= PACKED_ENTRY_MAX) {
        uint32_t amount = (uint32_t)items[done];
        uint32_t distance = key_of(items[done]) - key;
        assert(distance < (uint32_t)1 << 30);
        key += distance;
        at = put(at, distance << 1 | (amount != 1));
        if (amount != 1) {
            at = put(at, amount);
        }
        done++;
    }
    *ret_size = (size_t)(at - bytes);
    return done;
}

static uint32_t
take(struct packed_entries_cursor *cursor)
{
    uint32_t number = 0;
    for (uint32_t shift = 0; shift < 32; shift += 7) {
        uint8_t byte = *cursor->bytes++;
        cursor->size--;
        number |= (uint32_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            break;
        }
    }
    return number;
}

bool
packed_entries_next(struct packed_entries_cursor *cursor,
                    struct packed_entries_entry *ret_entry)
{
    if (cursor->size == 0) {
        return false;
    }
    uint32_t head = take(cursor);
    cursor->key += head >> 1;
    ret_entry->index = cursor->key >> 1;
    ret_entry->is_undo = (cursor->key & 1) != 0;
    ret_entry->amount = (head & 1) != 0 ? take(cursor) : 1;
    return true;
}
