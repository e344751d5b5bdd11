// A table: finds a record by its key's hash; the records are elsewhere, in the owner's
// array.
//
// Open addressing with linear probing over (hash, record) pairs, at most three quarters
// full. The owner compares keys: iterate over the records whose 32-bit hash tag
// matches.
//
// The table grows by a quarter as it fills, so that a small one fits into the caches
// and a large one wastes little. Address space for every size up to `capacity` records
// is reserved at the start, each size behind the one before; malloc is never called.
// Growing costs about 10 ns a record.
//
//     reserved: | 64 slots | 80 slots | 100 slots | 125 slots | …
//
//     struct table_walk walk = table_walk(&t, hash);
//     while ((index = table_next(&t, &walk)) != TABLE_NONE) { if (same key) break; }
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/probe.h"

struct snapshot;

#define TABLE_NONE UINT32_MAX

// The tag is the upper half of the hash; as a fraction of 2^32 it names the home slot.
// A zeroed slot is empty.
struct table_slot {
    uint32_t tag;
    uint32_t index_1; // index + 1
};

// Without a gap between members, so that equal tables are equal bytes.
struct table {
    struct table_slot *slots;
    struct table_slot *reserved;
    uint32_t size; // slots
    uint32_t size_most;
    uint32_t count;
    uint32_t capacity;
};

struct table_walk {
    uint32_t slot;
    uint32_t tag;
};

// capacity: 1 to 2^30 records. Returns false when it is outside of these limits or the
// system refuses the memory; then the table is as after table_fini.
bool table_init(struct table *table, uint32_t capacity);
void table_fini(struct table *table);

// Adds a record that is not in the table; false when it has `capacity` records. index
// must not be TABLE_NONE.
bool table_add(struct table *table, uint64_t hash, uint32_t index);
// Removes the record `index` with that hash; it must be there.
void table_remove(struct table *table, uint64_t hash, uint32_t index);

// Saves the contents, or loads them into an empty table of the same capacity.
void table_move(struct table *table, struct snapshot *snapshot);

// A walk is invalid after a change of the table.
static inline struct table_walk
table_walk(const struct table *table, uint64_t hash)
{
    uint32_t tag = (uint32_t)(hash >> 32);
    return (struct table_walk){probe_home(tag, table->size), tag};
}

// The next record whose tag matches, or TABLE_NONE.
static inline uint32_t
table_next(const struct table *table, struct table_walk *walk)
{
    struct table_slot slot;
    while ((slot = table->slots[walk->slot]).index_1 != 0) {
        walk->slot = probe_next(walk->slot, table->size);
        if (slot.tag == walk->tag) {
            return slot.index_1 - 1;
        }
    }
    return TABLE_NONE;
}

// Prefetches the slot of `hash`, which will be looked up soon.
static inline void
table_prefetch(const struct table *table, uint64_t hash)
{
    __builtin_prefetch(&table->slots[table_walk(table, hash).slot]);
}
