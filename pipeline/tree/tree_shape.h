// The shape of a tree (pipeline/tree/tree.h).
#pragma once

#include <stdint.h>

struct tree_shape {
    uint32_t depth;   // greatest distance from the root
    uint32_t breadth; // most nodes at one depth
    uint64_t sum;     // of the distances of all pairs of nodes, root included …
    uint64_t pairs; // … and their number, both perhaps scaled down: the virality is sum
                    // / pairs
};
