// An arena: memory that is freed all at once.
//
// One reserved region of `limit` bytes, which takes memory only as far as it was ever
// used; arena_reset keeps that memory, so that a steady load makes no system calls.
// Overflow is sticky: once an allocation fails the arena stays failed until the reset,
// so a caller may check once at the end. Allocations are 16-byte aligned.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "base/status.h"

enum { ARENA_ALIGN = 16 };

struct arena {
    char *base; // NULL until the first allocation
    size_t used;
    size_t limit;
    bool is_failed;
};

// limit: the most bytes allocated between two resets, each allocation rounded up to 16.
// Never fails; memory is reserved at the first use.
void arena_init(struct arena *arena, size_t limit);
void arena_fini(struct arena *arena);
// Reserves it now, so that only the limit can make an allocation fail. False: the
// system refuses.
bool arena_reserve(struct arena *arena) MUST_USE;
void arena_reset(struct arena *arena);

// arena_alloc for the first allocation, and when the limit is exceeded.
void *arena_alloc_slowly(struct arena *arena, size_t count, size_t size);

// count * size bytes, not zeroed; NULL beyond the limit (then is_failed). Valid until
// the reset. An allocation of 0 bytes returns a pointer that must not be read.
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
// SLICE_NONE beyond the limit. Borrows both.
struct slice arena_join(struct arena *arena, struct slice head, struct slice tail);
