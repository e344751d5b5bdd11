// Packed entries: what was added to counters in one step, sorted and compressed.
//
// An item is one entry: counter, sign and amount in one 64-bit word that sorts by
// counter. An item is written as the difference to the item before it, doubled, plus
// one if an amount other than 1 follows. Both numbers are written in groups of seven
// bits, the lowest first, with the top bit set in all groups but the last (LEB128, as
// in DWARF):
//
//     | distance ×2 + has amount | amount | distance ×2 | …   at most 10 bytes each
//
// Every run of bytes starts from distance 0, so that each can be read alone.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PACKED_ENTRY_MAX = 10 };

// index: below 2^29. amount: above 0.
static inline uint64_t
packed_entries_item(uint32_t index, bool is_undo, uint32_t amount)
{
    return ((uint64_t)index << 1 | is_undo) << 32 | amount;
}

static inline uint32_t
packed_entries_index(uint64_t item)
{
    return (uint32_t)(item >> 33);
}

// Sorts by counter and sign. Borrows spare: room for as many items again.
void packed_entries_sort(uint64_t *items, uint64_t *spare, size_t count);

// True if both items have the same counter and sign; *item is then their sum. False
// also if the sum exceeds 32 bits.
bool packed_entries_merge(uint64_t *item, uint64_t other);

// Writes as many of the sorted items, all different, as fit into `room` bytes (at least
// PACKED_ENTRY_MAX), and returns how many. *ret_size is the number of bytes written.
size_t packed_entries_write(uint8_t *bytes, size_t room, const uint64_t *items,
                            size_t count, size_t *ret_size);

struct packed_entries_cursor {
    const uint8_t *bytes; // borrowed
    size_t size;
    uint32_t key; // of the last entry; 0 at the start
};

struct packed_entries_entry {
    uint32_t index;
    uint32_t amount;
    bool is_undo;
};

// The next entry; false at the end.
bool packed_entries_next(struct packed_entries_cursor *cursor,
                         struct packed_entries_entry *ret_entry);
