#include "base/arena.h"

#include <stdint.h>
#include <string.h>

#include "base/region.h"

enum { ARENA_ALIGN = 16 };

void
arena_init(struct arena *arena, size_t limit)
{
    *arena = (struct arena){.limit = limit - limit % ARENA_ALIGN};
}

void
arena_fini(struct arena *arena)
{
    region_release(arena->base, arena->limit);
    *arena = (struct arena){0};
}

void
arena_reset(struct arena *arena)
{
    arena->used = 0;
    arena->is_failed = false;
}

static void *
fail(struct arena *arena)
{
    arena->is_failed = true;
    return NULL;
}

void *
arena_alloc(struct arena *arena, size_t count, size_t size)
{
    if (arena->is_failed || (size != 0 && count > SIZE_MAX / size)) {
        return fail(arena);
    }
    // limit and used are multiples of the alignment, so what fits still fits rounded
    // up.
    size_t bytes = count * size;
    if (bytes > arena->limit - arena->used) {
        return fail(arena);
    }
    if (arena->base == NULL) {
        arena->base = region_reserve(arena->limit);
        if (arena->base == NULL) {
            return fail(arena);
        }
    }
    void *ptr = arena->base + arena->used;
    arena->used += (bytes + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
    return ptr;
}

struct slice
arena_join(struct arena *arena, struct slice head, struct slice tail)
{
    if (head.len > SIZE_MAX - tail.len) {
        (void)fail(arena);
        return SLICE_NONE;
    }
    char *text = arena_alloc(arena, 1, head.len + tail.len);
    if (text == NULL) {
        return SLICE_NONE;
    }
    if (head.len != 0) {
        memcpy(text, head.ptr, head.len);
    }
    if (tail.len != 0) {
        memcpy(text + head.len, tail.ptr, tail.len);
    }
    return (struct slice){text, head.len + tail.len};
}
