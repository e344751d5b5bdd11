// The nodes of all trees in one pool, and the index that finds them.
//
// A node takes 24 bytes, and 5.3 to 8 in the index once there are many: 32-bit slots
// with linear probing, at most three quarters full, growing by half. A slot holds the
// number of a node and, in the bits that no number up to the capacity needs, bits of
// its name: at two million nodes one walk in a thousand looks at a node in vain.
//
//     | bits of the name | node, from 1 on; 0: empty |
//
// Nodes do not move, so the index is made anew from them as it grows, in place, and
// after a snapshot.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct snapshot;

enum { NODE_NONE = 0, NODES_MOST = 1 << 30, NODE_DEPTH_MOST = (1 << 24) - 1 };

enum node_flag {
    NODE_USED = 1 << 0,
    NODE_OBSERVED = 1 << 1,
    NODE_WAITS = 1 << 2,
};

struct node {
    uint64_t name;   // hash of its event and tree
    uint32_t parent; // node; of an unused one: the next unused one
    uint32_t below; // nodes of its subtree that count; if it waits: index of its waiter
    uint32_t next;  // of the nodes of this tree, also the unused ones it keeps
    uint32_t depth : 24;
    uint32_t flags : 8;
};

_Static_assert(sizeof(struct node) == 24, "a node is to stay small");

struct nodes {
    struct node *rows; // named from 1 on
    uint32_t capacity;
    uint32_t high;
    uint32_t free;  // linked by `parent`
    uint32_t count; // of used ones: those in the index
    uint32_t *slots;
    uint32_t size; // slots
    uint32_t mask; // of the bits for the number
};

// capacity: 1 to NODES_MOST. False when the system refuses the memory.
bool nodes_init(struct nodes *nodes, uint32_t capacity);
void nodes_fini(struct nodes *nodes);
// Contents out of, or into empty ones of the same capacity.
void nodes_move(struct nodes *nodes, struct snapshot *snapshot);

// A row for a node; NODE_NONE: there is none left. It is not used before nodes_enter.
uint32_t nodes_take(struct nodes *nodes);
// Gives back one that is not used.
void nodes_give(struct nodes *nodes, uint32_t node);

// Makes it a used one of that name, to be found.
void nodes_enter(struct nodes *nodes, uint32_t node, uint64_t name);
void nodes_leave(struct nodes *nodes, uint32_t node);
// The used one of that name, or NODE_NONE.
uint32_t nodes_find(const struct nodes *nodes, uint64_t name);
