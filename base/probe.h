// Slots of a table with linear probing: shared by base/table.h and the denser tables of
// the pipeline. Each keeps its own slots.
//
// A key is stored in the first empty slot from its home on, around the end; a search
// for it ends there, too. Sizes are not powers of two, so that a table may grow by less
// than double.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// The home slot of a hash: hash / 2^32 times the size.
static inline uint32_t
probe_home(uint32_t hash, uint32_t size)
{
    return (uint32_t)(((uint64_t)hash * size) >> 32);
}

static inline uint32_t
probe_next(uint32_t slot, uint32_t size)
{
    return slot + 1 == size ? 0 : slot + 1;
}

// The distance from `from` to `slot`, around the end.
static inline uint32_t
probe_distance(uint32_t from, uint32_t slot, uint32_t size)
{
    return slot >= from ? slot - from : slot + size - from;
}

// True if the key in `slot`, which follows the hole without an empty slot between, may
// move into the hole and remain reachable from its home. When a slot is emptied, all
// such keys are moved back, so that no search ends too early and no tombstone is
// needed.
static inline bool
probe_may_fill(uint32_t hole, uint32_t home, uint32_t slot, uint32_t size)
{
    return probe_distance(home, slot, size) >= probe_distance(hole, slot, size);
}
