#include "base/table.h"

#include <assert.h>
#include <stddef.h>

#include "base/region.h"
#include "base/snapshot.h"

enum { CAPACITY_MAX = 1 << 30 };

_Static_assert(SIZE_MAX / sizeof(struct table_slot) >= (size_t)CAPACITY_MAX * 9,
               "the greatest table must fit the address space");

enum { SLOTS_FIRST = 64, GROWN_BY = 4 /* a quarter */ };

// The latest start of the last size: the sizes before it add up to GROWN_BY + 1 times
// the one before it, plus a few slots for rounding.
static size_t
place_most(uint32_t size_most)
{
    return (size_t)(GROWN_BY + 1) * size_most + (size_t)4 * SLOTS_FIRST;
}

static size_t
size_reserved(uint32_t size_most)
{
    return (place_most(size_most) + size_most) * sizeof(struct table_slot);
}

bool
table_init(struct table *table, uint32_t capacity)
{
    *table = (struct table){0};
    if (capacity < 1 || capacity > CAPACITY_MAX) {
        return false;
    }
    uint32_t size_most = capacity + capacity / 3 + 2;
    if (size_most < SLOTS_FIRST) {
        size_most = SLOTS_FIRST;
    }
    struct table_slot *reserved = region_reserve_parts(size_reserved(size_most));
    if (reserved == NULL) {
        return false;
    }
    *table = (struct table){
        .slots = reserved,
        .size = SLOTS_FIRST,
        .capacity = capacity,
        .reserved = reserved,
        .size_most = size_most,
    };
    return true;
}

void
table_fini(struct table *table)
{
    region_release(table->reserved, size_reserved(table->size_most));
    *table = (struct table){0};
}

static void
put(struct table *table, uint32_t slot, struct table_slot record)
{
    while (table->slots[slot].index_1 != 0) {
        slot = probe_next(slot, table->size);
    }
    table->slots[slot] = record;
}

static void
grow(struct table *table)
{
    struct table_slot *old = table->slots;
    uint32_t count = table->size;
    uint32_t size = count + count / GROWN_BY;
    table->size = size < table->size_most ? size : table->size_most;
    table->slots = old + count;
    region_use(table->slots, table->size * sizeof(*table->slots));
    for (uint32_t i = 0; i < count; i++) {
        if (old[i].index_1 != 0) {
            put(table, probe_home(old[i].tag, table->size), old[i]);
        }
    }
    region_clean(old, count * sizeof(*old));
}

bool
table_add(struct table *table, uint64_t hash, uint32_t index)
{
    assert(index != TABLE_NONE);
    if (table->count == table->capacity) {
        return false;
    }
    if (table->size < table->size_most && table->count >= table->size / 4 * 3) {
        grow(table);
    }
    struct table_walk at = table_walk(table, hash);
    put(table, at.slot, (struct table_slot){at.tag, index + 1});
    table->count++;
    return true;
}

// Moves back every record behind the hole as far as its home allows, so that no search
// meets an empty slot before its record. Leaves no tombstones.
static void
close_hole(struct table *table, uint32_t hole)
{
    for (uint32_t at = probe_next(hole, table->size); table->slots[at].index_1 != 0;
         at = probe_next(at, table->size)) {
        uint32_t home = probe_home(table->slots[at].tag, table->size);
        if (probe_may_fill(hole, home, at, table->size)) {
            table->slots[hole] = table->slots[at];
            hole = at;
        }
    }
    table->slots[hole] = (struct table_slot){0, 0};
}

void
table_remove(struct table *table, uint64_t hash, uint32_t index)
{
    struct table_walk at = table_walk(table, hash);
    while (table->slots[at.slot].index_1 != index + 1) {
        assert(table->slots[at.slot].index_1 != 0);
        at.slot = probe_next(at.slot, table->size);
    }
    close_hole(table, at.slot);
    table->count--;
}

void
table_move(struct table *table, struct snapshot *snapshot)
{
    uint64_t place = (uint64_t)(table->slots - table->reserved);
    uint32_t size = table->size;
    SNAPSHOT_VALUE(snapshot, place);
    SNAPSHOT_VALUE(snapshot, size);
    SNAPSHOT_VALUE(snapshot, table->count);
    if (!snapshot_expect(snapshot, size >= SLOTS_FIRST && size <= table->size_most &&
                                       place <= place_most(table->size_most) &&
                                       table->count <= table->capacity)) {
        return;
    }
    struct table_slot *slots = table->reserved + place;
    if (slots != table->slots) {
        region_use(slots, size * sizeof(*slots));
    }
    table->slots = slots;
    table->size = size;
    snapshot_bytes(snapshot, table->slots, size * sizeof(*table->slots));
}
