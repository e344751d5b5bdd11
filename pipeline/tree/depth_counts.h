// How many nodes of a tree are at each depth; from this, the tree's depth and breadth.
//
// Depths count from 1; the root is not counted. Adding a node is O(1); removing one is
// O(depth) in the worst case. Memory: 4 bytes a depth, in a slab piece of at most 4.7
// bytes a depth once it is large.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slab.h"

struct depth_counts {
    uint32_t piece; // of uint32_t[room]
    uint32_t room;
    uint32_t depth;   // greatest depth that has nodes; 0: none
    uint32_t breadth; // most nodes at one depth
    uint32_t widest;  // how many depths have that many
};

// Makes room for that depth; false when the slab is full.
bool depth_counts_reach(struct depth_counts *depths, struct slab *slab, uint32_t depth);
void depth_counts_fini(struct depth_counts *depths, struct slab *slab);

// Adds `count` nodes at a depth that there is room for; the other removes one.
void depth_counts_gain(struct depth_counts *depths, const struct slab *slab,
                       uint32_t depth, uint32_t count);
void depth_counts_lose(struct depth_counts *depths, const struct slab *slab,
                       uint32_t depth);
