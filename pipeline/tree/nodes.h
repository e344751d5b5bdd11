// The nodes of all trees in one pool, and the index that finds them.
//
// A node takes 24 bytes, plus 5.3 to 8 bytes in the index once there are many: 32-bit
// slots with linear probing, at most three quarters full, growing by half. A slot holds
// the number of a node and, in the bits that numbers up to the capacity do not use,
// bits of its name. At two million nodes one lookup in a thousand reads a wrong node
// first.
//
//     | bits of the name | node, from 1 on; 0: empty |
//
// Nodes do not move, so the index is rebuilt from them in place when it grows and after
// a snapshot is loaded.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct snapshot;

enum { NODE_NONE = 0, NODES_MAX = 1 << 30, NODE_DEPTH_MAX = (1 << 24) - 1 };

enum node_flag {
    NODE_USED = 1 << 0,
    NODE_OBSERVED = 1 << 1,
    NODE_WAITS = 1 << 2,
    NODE_ACT = 1 << 3,     // an act (pipeline/fold/acts.h), not taken back
    NODE_CHILD = 1 << 4,   // counted as a child of its parent's act …
    NODE_FIRST = 1 << 5,   // … and the first of these
    NODE_CARRIED = 1 << 6, // an act that has such a first child
    NODE_APART = 1 << 7,   // an act of which a child is in fewer campaigns
};

struct node {
    uint64_t name;   // hash of its event and tree
    uint32_t parent; // node; of an unused row: the next unused row
    uint32_t below;  // nodes of its subtree that count; of a waiting node: index of its
                     // waiter
    uint32_t next;   // next node of this tree, unused ones that the tree keeps included
    uint32_t depth : 24;
    uint32_t flags : 8;
};

_Static_assert(sizeof(struct node) == 24, "a node is to stay small");

struct nodes {
    struct node *rows; // numbered from 1
    uint32_t capacity;
    uint32_t high;
    uint32_t free;  // linked by `parent`
    uint32_t count; // of used nodes: those in the index
    uint32_t *slots;
    uint32_t size; // slots
    uint32_t mask; // of the bits for the number
};

// capacity: 1 to NODES_MAX. False when the system refuses the memory.
bool nodes_init(struct nodes *nodes, uint32_t capacity);
void nodes_fini(struct nodes *nodes);
// Saves the contents, or loads them into an empty pool of the same capacity.
void nodes_move(struct nodes *nodes, struct snapshot *snapshot);

// Takes a row for a node; NODE_NONE: none is left. The node is unused until
// nodes_enter.
uint32_t nodes_take(struct nodes *nodes);
// Returns an unused row.
void nodes_give(struct nodes *nodes, uint32_t node);

// Makes the node used, with that name, and enters it in the index.
void nodes_enter(struct nodes *nodes, uint32_t node, uint64_t name);
void nodes_leave(struct nodes *nodes, uint32_t node);
static inline struct node *
nodes_at(const struct nodes *nodes, uint32_t node)
{
    return &nodes->rows[node];
}

// The used node of that name, or NODE_NONE.
uint32_t nodes_find(const struct nodes *nodes, uint64_t name);
