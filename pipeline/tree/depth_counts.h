// How many nodes of a tree lie at each depth, and with it its depth and its breadth.
//
// Depths count from 1, since the root is none of the nodes. Gaining is O(1); losing is
// O(depth) at worst. 4 bytes a depth, in a slab piece with 4.7 at most once it is
// large.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slab.h"

struct depth_counts {
    uint32_t piece; // of uint32_t[room]
    uint32_t room;
    uint32_t depth;   // greatest with nodes, 0: none
    uint32_t breadth; // most nodes at one depth
    uint32_t widest;  // how many depths have that many
};

// Makes sure that there is room for that depth; false when the slab is full.
bool depth_counts_reach(struct depth_counts *levels, struct slab *slab, uint32_t depth);
void depth_counts_fini(struct depth_counts *levels, struct slab *slab);

// `count` more nodes at a depth that there is room for; one less.
void depth_counts_gain(struct depth_counts *levels, const struct slab *slab,
                       uint32_t depth, uint32_t count);
void depth_counts_lose(struct depth_counts *levels, const struct slab *slab,
                       uint32_t depth);
