// Trees of cascades: who got a post from whom, and what shape that gives.
//
// The nodes of a tree are the root post and the retweets and quotes that count below
// it. A parent is observed or it is the root:
//
//     root ─┬─ leaf            nobody came through it: only counted
//           ├─ named ─┬─ node  once pointed at, it has a row, as have those below
//           │         └─ node
//           └─ leaf            node ┄┄ waits for a parent that is not there yet
//
// A tree in which no parent but the root was ever observed is a star and costs its two
// counts. Every node below another one costs 32 bytes at most (pipeline/tree/nodes.h);
// the counts per depth and the head of a tree that is no star lie in the slab.
//
// All values are exact after every event, in O(depth): with n nodes, S the sum of their
// depths and s_v the nodes of the subtree of v, a leaf below k adds
// n (depth(k) + 1) + S - 2 sum s_v over v from k up to the root's child to the Wiener
// index, and takes it away again (Goel et al., Management Science 2015).
//
// A node that is taken back no longer counts, neither itself nor in any distance's end,
// but while something below it counts it stays as a *ghost* on the paths through it;
// with the last of these it goes, and whoever points at it then hangs on the root.
//
// Where a node would lie deeper than TREE_DEPTH_MOST, or beyond TREE_COUNT_MOST nodes,
// the virality is frozen as it was, and subtrees are no longer kept; counts, depth and
// breadth stay exact. Up to there the Wiener index is below 2^62.
//
// An event whose parent is not there yet waits outside of the tree, TREE_WAIT at most
// and together with PENDING_PARENTS_MOST others at most; then it hangs on the root.
// When there is no room for a node, the event hangs on the root and is counted in
// `refused`.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slab.h"
#include "base/usec.h"
#include "pipeline/tree/nodes.h"
#include "pipeline/tree/pending_parents.h"

struct snapshot;

#define TREE_WAIT (10 * USEC_PER_MIN)

enum {
    TREE_ROOT = NODE_NONE, // as a node: the root, or none
    TREE_DEPTH_MOST = 1024,
    TREE_COUNT_MOST = 1 << 26,
};

// In the row of its cascade; zeroed: the root alone.
struct tree {
    uint32_t count;    // nodes without the root and without those that wait
    uint32_t observed; // of them, those whose parent was observed
    uint32_t body;     // piece of struct tree_body; SLAB_NONE: a star
};

// All nodes of all trees.
struct trees {
    struct nodes nodes;
    struct pending_parents pending;
    struct slab *texts; // keeps
    uint64_t refused;
    uint64_t late;      // parents that came after their child
    uint64_t abandoned; // waits that ended without the parent
    uint64_t frozen;
};

// An event in one tree. life: names the tree, no two have the same.
struct tree_event {
    uint64_t key; // hash of the event's id
    uint32_t life;
    bool is_observed; // that the root is its parent
};

// What an event waits for. owner: handed back with it.
struct tree_wait {
    uint64_t parent; // keys
    uint64_t second; // where it hangs if that does not come; 0: the root
    usec now;
    uint32_t owner;
};

struct tree_shape {
    uint32_t depth;   // greatest distance from the root
    uint32_t breadth; // most nodes at one depth
    uint64_t sum;     // of the distances of all pairs of nodes, the root among them …
    uint64_t pairs; // … and their number, maybe reduced: the virality is sum / pairs
};

// capacity: of nodes, 1 to NODES_MOST. The caller has set texts. False when the system
// refuses the memory.
bool trees_init(struct trees *trees, uint32_t capacity);
void trees_fini(struct trees *trees);
// Contents out of, or into empty trees of the same capacity.
void trees_move(struct trees *trees, struct snapshot *snapshot);

// The node of that event, TREE_ROOT if it has none.
uint32_t tree_find(const struct trees *trees, const struct tree_event *event);
bool tree_is_waiting(const struct trees *trees, uint32_t node);

// The event hangs on the root, and those that waited for it below it.
void tree_add(struct trees *trees, struct tree *tree, const struct tree_event *event);
// The event hangs below a node that does not wait, and those that waited for it below.
void tree_add_below(struct trees *trees, struct tree *tree,
                    const struct tree_event *event, uint32_t parent);
// A node for an event that hangs on the root and has none. TREE_ROOT: no room.
uint32_t tree_name(struct trees *trees, struct tree *tree,
                   const struct tree_event *event);

// The event waits. Call tree_overdue until it is false before.
void tree_wait(struct trees *trees, struct tree *tree, const struct tree_event *event,
               const struct tree_wait *wait);
// True if `node`, which waits, does so for the event itself: directly or through others
// that wait. After TREE_DEPTH_MOST of these it is taken for granted.
bool tree_is_cycle(const struct trees *trees, const struct tree_event *event,
                   uint32_t node);
// True if a wait is over, or another one finds no room; says whose.
bool tree_overdue(struct trees *trees, usec now, struct tree_event *ret_event,
                  struct tree_wait *ret_wait);
// Ends such a wait: the event is in no tree any more, and can be added to that one.
void tree_abandon(struct trees *trees, struct tree *tree,
                  const struct tree_event *event);

// Takes back an event that was added to this tree, or waits for it.
void tree_remove(struct trees *trees, struct tree *tree,
                 const struct tree_event *event);
// The root alone again.
void tree_clear(struct trees *trees, struct tree *tree);

void tree_measure(const struct trees *trees, const struct tree *tree,
                  struct tree_shape *ret_shape);

// Shape is told only where at least half of the parents were observed.
static inline bool
tree_is_known(const struct tree *tree)
{
    return tree->count != 0 && tree->observed >= tree->count - tree->observed;
}
