#include "base/table.h"

#include <assert.h>
#include <stddef.h>

#include "base/region.h"

enum { CAPACITY_MAX = 1 << 30 };

_Static_assert(SIZE_MAX / sizeof(struct table_slot) >= (size_t)CAPACITY_MAX * 2,
               "the greatest table must fit the address space");

static size_t
region_size(const struct table *table)
{
    return ((size_t)table->mask + 1) * sizeof(struct table_slot);
}

bool
table_init(struct table *table, uint32_t capacity)
{
    *table = (struct table){0};
    if (capacity < 1 || capacity > CAPACITY_MAX) {
        return false;
    }
    uint32_t slots = 2;
    while (slots < capacity + (capacity + 1) / 2) {
        slots *= 2;
    }
    struct table made = {.mask = slots - 1, .capacity = capacity};
    made.slots = region_reserve(region_size(&made));
    if (made.slots == NULL) {
        return false;
    }
    *table = made;
    return true;
}

void
table_fini(struct table *table)
{
    region_release(table->slots, region_size(table));
    *table = (struct table){0};
}

bool
table_add(struct table *table, uint64_t hash, uint32_t index)
{
    assert(index != TABLE_NONE);
    if (table->count == table->capacity) {
        return false;
    }
    struct table_walk at = table_walk(table, hash);
    while (table->slots[at.slot].index_1 != 0) {
        at.slot = (at.slot + 1) & table->mask;
    }
    table->slots[at.slot] = (struct table_slot){at.tag, index + 1};
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
