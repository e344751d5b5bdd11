// Places in a table with linear probing: what base/table.h and the denser tables of the
// pipeline have in common. Each keeps its own slots.
//
// A key begins at its home and moves on, around the end, to the first empty slot; a
// walk for it ends there as well. Sizes are no powers of two, so that a table may grow
// by less than double.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// The home of a hash: its part of 2^32, of the size.
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

// How far `slot` lies behind `from`, around the end.
static inline uint32_t
probe_distance(uint32_t from, uint32_t slot, uint32_t size)
{
    return slot >= from ? slot - from : slot + size - from;
}

// True if what stands in `slot`, behind the hole and with no empty slot between, may
// move into the hole without leaving the way from its home. Whoever empties a slot
// moves all of these up, so that no walk ends too early and nothing marks the place.
static inline bool
probe_may_fill(uint32_t hole, uint32_t home, uint32_t slot, uint32_t size)
{
    return probe_distance(home, slot, size) >= probe_distance(hole, slot, size);
}
