#include "base/arena.h"

#include <stdint.h>
#include <string.h>

#include "base/region.h"

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

bool
arena_reserve(struct arena *arena)
{
    if (arena->base == NULL) {
        arena->base = region_reserve(arena->limit);
    }
    return arena->base != NULL;
}

void *
arena_alloc_slowly(struct arena *arena, size_t count, size_t size)
{
    if (arena->base == NULL && !arena->is_failed && arena_reserve(arena)) {
        return arena_alloc(arena, count, size);
    }
    return fail(arena);
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
