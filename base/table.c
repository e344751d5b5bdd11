#include "base/table.h"

#include <assert.h>
#include <stddef.h>

#include "base/region.h"

enum { CAPACITY_MAX = 1 << 30 };

_Static_assert(SIZE_MAX / sizeof(struct table_slot) >= (size_t)CAPACITY_MAX * 4,
               "the greatest table must fit the address space");

enum { SLOTS_FIRST = 64 };

static size_t
size_of(uint32_t mask)
{
    return ((size_t)mask + 1) * sizeof(struct table_slot);
}

bool
table_init(struct table *table, uint32_t capacity)
{
    *table = (struct table){0};
    if (capacity < 1 || capacity > CAPACITY_MAX) {
        return false;
    }
    uint32_t slots = SLOTS_FIRST;
    while (slots < capacity + (capacity + 1) / 2) {
        slots *= 2;
    }
    struct table_slot *reserved = region_reserve(2 * size_of(slots - 1));
    if (reserved == NULL) {
        return false;
    }
    *table = (struct table){
        .slots = reserved + SLOTS_FIRST,
        .mask = SLOTS_FIRST - 1,
        .capacity = capacity,
        .reserved = reserved,
        .mask_most = slots - 1,
    };
    return true;
}

void
table_fini(struct table *table)
{
    region_release(table->reserved, 2 * size_of(table->mask_most));
    *table = (struct table){0};
}

static void
put(struct table *table, uint32_t slot, struct table_slot record)
{
    while (table->slots[slot].index_1 != 0) {
        slot = (slot + 1) & table->mask;
    }
    table->slots[slot] = record;
}

static void
grow(struct table *table)
{
    const struct table_slot *old = table->slots;
    uint32_t count = table->mask + 1;
    table->mask = 2 * count - 1;
    table->slots = table->reserved + 2 * (size_t)count;
    for (uint32_t i = 0; i < count; i++) {
        if (old[i].index_1 != 0) {
            put(table, old[i].tag & table->mask, old[i]);
        }
    }
    region_clean(table->reserved + count, size_of(count - 1));
}

bool
table_add(struct table *table, uint64_t hash, uint32_t index)
{
    assert(index != TABLE_NONE);
    if (table->count == table->capacity) {
        return false;
    }
    if (table->mask < table->mask_most && table->count >= table->mask / 3 * 2) {
        grow(table);
    }
    struct table_walk at = table_walk(table, hash);
    put(table, at.slot, (struct table_slot){at.tag, index + 1});
    table->count++;
    return true;
}

// Moves back every record behind the hole that its own home allows to, so that no walk
// meets an empty slot before its record. Leaves no tombstones.
static void
close_hole(struct table *table, uint32_t hole)
{
    uint32_t mask = table->mask;
    for (uint32_t at = (hole + 1) & mask; table->slots[at].index_1 != 0;
         at = (at + 1) & mask) {
        uint32_t from_home = (at - table->slots[at].tag) & mask;
        if (from_home >= ((at - hole) & mask)) {
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
        at.slot = (at.slot + 1) & table->mask;
    }
    close_hole(table, at.slot);
    table->count--;
}
