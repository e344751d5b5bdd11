#include "pipeline/tree/depth_counts.h"

#include <string.h>

enum { ROOM_FIRST = 8 };

bool
depth_counts_reach(struct depth_counts *levels, struct slab *slab, uint32_t depth)
{
    if (depth < levels->room) {
        return true;
    }
    uint32_t room = levels->room == 0 ? (uint32_t)ROOM_FIRST
                                      : slab_grown_room(levels->room, sizeof(uint32_t));
    room = room > depth ? room : depth + 1;
    size_t size = room * sizeof(uint32_t);
    uint32_t piece = slab_alloc(slab, size);
    if (piece == SLAB_NONE) {
        return false;
    }
    memset(slab_at(slab, piece), 0, size);
    if (levels->piece != SLAB_NONE) {
        size_t old = levels->room * sizeof(uint32_t);
        memcpy(slab_at(slab, piece), slab_at(slab, levels->piece), old);
        slab_free(slab, levels->piece, old);
    }
    levels->piece = piece;
    levels->room = room;
    return true;
}

void
depth_counts_fini(struct depth_counts *levels, struct slab *slab)
{
    slab_free(slab, levels->piece, levels->room * sizeof(uint32_t));
    memset(levels, 0, sizeof(*levels));
}

void
depth_counts_gain(struct depth_counts *levels, const struct slab *slab, uint32_t depth,
                  uint32_t count)
{
    uint32_t *counts = slab_at(slab, levels->piece);
    counts[depth] += count;
    if (counts[depth] > levels->breadth) {
        levels->breadth = counts[depth];
        levels->widest = 0;
    }
    levels->widest += counts[depth] == levels->breadth;
    if (depth > levels->depth && counts[depth] != 0) {
        levels->depth = depth;
    }
}

void
depth_counts_lose(struct depth_counts *levels, const struct slab *slab, uint32_t depth)
{
    uint32_t *counts = slab_at(slab, levels->piece);
    if (counts[depth]-- == levels->breadth && --levels->widest == 0) {
        levels->breadth--;
        for (uint32_t i = 1; i <= levels->depth; i++) {
            levels->widest += counts[i] == levels->breadth;
        }
    }
    while (levels->depth != 0 && counts[levels->depth] == 0) {
        levels->depth--;
    }
}
