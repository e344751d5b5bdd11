#include "pipeline/tree/depth_counts.h"

#include <string.h>

enum { ROOM_FIRST = 8 };

bool
depth_counts_reach(struct depth_counts *depths, struct slab *slab, uint32_t depth)
{
    if (depth < depths->room) {
        return true;
    }
    uint32_t room = depths->room == 0 ? (uint32_t)ROOM_FIRST
                                      : slab_grown_room(depths->room, sizeof(uint32_t));
    room = room > depth ? room : depth + 1;
    size_t size = room * sizeof(uint32_t);
    uint32_t piece = slab_alloc(slab, size);
    if (piece == SLAB_NONE) {
        return false;
    }
    memset(slab_at(slab, piece), 0, size);
    if (depths->piece != SLAB_NONE) {
        size_t old = depths->room * sizeof(uint32_t);
        memcpy(slab_at(slab, piece), slab_at(slab, depths->piece), old);
        slab_free(slab, depths->piece, old);
    }
    depths->piece = piece;
    depths->room = room;
    return true;
}

void
depth_counts_fini(struct depth_counts *depths, struct slab *slab)
{
    slab_free(slab, depths->piece, depths->room * sizeof(uint32_t));
    memset(depths, 0, sizeof(*depths));
}

void
depth_counts_gain(struct depth_counts *depths, const struct slab *slab, uint32_t depth,
                  uint32_t count)
{
    uint32_t *counts = slab_at(slab, depths->piece);
    counts[depth] += count;
    if (counts[depth] > depths->breadth) {
        depths->breadth = counts[depth];
        depths->widest = 0;
    }
    depths->widest += counts[depth] == depths->breadth;
    if (depth > depths->depth && counts[depth] != 0) {
        depths->depth = depth;
    }
}

void
depth_counts_lose(struct depth_counts *depths, const struct slab *slab, uint32_t depth)
{
    uint32_t *counts = slab_at(slab, depths->piece);
    if (counts[depth]-- == depths->breadth && --depths->widest == 0) {
        depths->breadth--;
        for (uint32_t i = 1; i <= depths->depth; i++) {
            depths->widest += counts[i] == depths->breadth;
        }
    }
    while (depths->depth != 0 && counts[depths->depth] == 0) {
        depths->depth--;
    }
}
