// An arena: memory that is given back all at once.
//
// One reserved region of `limit` bytes, backed only as far as it was ever used;
// arena_reset keeps that, so that steady work asks the system for nothing. Overflow is
// sticky: once an allocation fails the arena stays failed until the reset, so a caller
// may check once at the end. Allocations are 16-byte aligned.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

enum { ARENA_ALIGN = 16 };

struct arena {
    char *base; // NULL until the first allocation
    size_t used;
    size_t limit;
    bool is_failed;
};

// limit: most bytes handed out between two resets, each allocation rounded up to 16.
// Never fails; memory comes with the first use.
void arena_init(struct arena *arena, size_t limit);
void arena_fini(struct arena *arena);
void arena_reset(struct arena *arena);

// What arena_alloc does when the memory must come first or there is no more.
void *arena_alloc_slowly(struct arena *arena, size_t count, size_t size);

// count * size bytes, not zeroed; NULL past the limit (then is_failed). Valid until the
// reset. An allocation of nothing is a pointer that may not be read.
static inline void *
arena_alloc(struct arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (arena->is_failed || arena->base == NULL ||
        __builtin_mul_overflow(count, size, &bytes) ||
        bytes > arena->limit - arena->used) {
        return arena_alloc_slowly(arena, count, size);
    }
    void *ptr = arena->base + arena->used;
    // limit and used are multiples of the alignment, so what fits still fits rounded
    // up.
    arena->used += (bytes + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
    return ptr;
}

// A copy of head followed by tail (either may be empty), valid until the reset;
// SLICE_NONE past the limit. Borrows both.
struct slice arena_join(struct arena *arena, struct slice head, struct slice tail);
