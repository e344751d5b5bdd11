// Trees of cascades: through whom each reshare came, and the shape that results.
//
// The nodes of a tree are the root post and the retweets and quotes that count below
// it. A parent is either observed or assumed to be the root:
//
//     root ─┬─ leaf            no reshare came through it: only counted
//           ├─ named ─┬─ node  once referred to, it has a row, as have those below
//           │         └─ node
//           └─ leaf            node ┄┄ waits for a parent that has not arrived yet
//
// A tree in which no parent but the root was ever observed is a star and needs only two
// counts. Every node below another node takes at most 32 bytes (pipeline/tree/nodes.h).
// The counts per depth and the body of a tree that is not a star are in the slab.
//
// All values are exact after every event, in O(depth). With n nodes, S the sum of their
// depths and s_v the number of nodes in the subtree of v, a leaf below k adds n
// (depth(k) + 1) + S - 2 sum s_v over v from k up to the root's child to the Wiener
// index; removing it subtracts the same (Goel et al., Management Science 2015).
//
// A node that is taken back no longer counts, neither as a node nor as the end of a
// distance. While counted nodes are below it, it remains as a *ghost* on the paths
// through it. It is removed with the last of these; later events that refer to it
// become children of the root.
//
// When a node would be deeper than TREE_DEPTH_MAX, or the tree larger than
// TREE_COUNT_MAX nodes, the virality keeps its last value and subtree sizes are no
// longer kept; counts, depth and breadth stay exact. Within these limits the Wiener
// index is below 2^62.
//
// An event whose parent has not arrived waits outside of the tree, at most TREE_WAIT
// and together with at most PENDING_PARENTS_MAX others; then it becomes a child of the
// root. When there is no room for a node, the event becomes a child of the root and is
// counted in `refused`.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slab.h"
#include "base/usec.h"
#include "pipeline/tree/nodes.h"
#include "pipeline/tree/pending_parents.h"
#include "pipeline/tree/tree_shape.h"

struct snapshot;

#define TREE_WAIT (10 * USEC_PER_MIN)

enum {
    TREE_ROOT = NODE_NONE, // as a node: the root, or none
    TREE_DEPTH_MAX = 1024,
    TREE_COUNT_MAX = 1 << 26,
};

// In the row of its cascade. All zero: only the root.
struct tree {
    uint32_t count;    // nodes, without the root and without waiting ones
    uint32_t observed; // of them, those whose parent was observed
    uint32_t body;     // piece of struct tree_body; SLAB_NONE: a star
};

// What the trees use beside their own rows, kept. joined: an event that waited has
// become a child of its observed parent.
struct trees_needs {
    struct slab *texts;
    void (*joined)(void *context, uint32_t owner, uint32_t node);
    void *context;
};

// All nodes of all trees.
struct trees {
    struct nodes nodes;
    struct pending_parents pending;
    struct trees_needs needs;
    uint64_t refused;
    uint64_t late;      // parents that arrived after their child
    uint64_t abandoned; // waits that ended without the parent
    uint64_t frozen;
};

// An event in one tree. life: identifies the tree; it is unique.
struct tree_event {
    uint64_t key; // hash of the event's id
    uint32_t life;
    bool is_observed; // the root is its observed parent
    bool is_act;
};

// What an event waits for. owner: returned with it.
struct tree_wait {
    uint64_t parent; // keys
    uint64_t second; // its parent if the first one does not arrive; 0: the root
    usec now;
    uint32_t owner;
};

// capacity: of nodes, 1 to NODES_MAX. False when the system refuses the memory.
bool trees_init(struct trees *trees, uint32_t capacity,
                const struct trees_needs *needs);
void trees_fini(struct trees *trees);
// Saves the contents, or loads them into empty trees of the same capacity.
void trees_move(struct trees *trees, struct snapshot *snapshot);

// The node of that event, TREE_ROOT if it has none: its key and life are compared.
uint32_t tree_find(const struct trees *trees, const struct tree_event *event);
bool tree_is_waiting(const struct trees *trees, uint32_t node);

// Makes the event a child of the root; events that waited for it become its children.
void tree_add(struct trees *trees, struct tree *tree, const struct tree_event *event);
// The same below a node that does not wait. Returns its node. TREE_ROOT: there is no
// room, and it is a child of the root.
uint32_t tree_add_below(struct trees *trees, struct tree *tree,
                        const struct tree_event *event, uint32_t parent);
// Creates the node of a child of the root that has none. TREE_ROOT: no room.
uint32_t tree_name(struct trees *trees, struct tree *tree,
                   const struct tree_event *event);

// The event waits. Before this, call tree_overdue until it returns false.
void tree_wait(struct trees *trees, struct tree *tree, const struct tree_event *event,
               const struct tree_wait *wait);
// True if `node`, which waits, waits for the event itself: directly or through other
// waiting nodes. After TREE_DEPTH_MAX of these a cycle is assumed.
bool tree_is_cycle(const struct trees *trees, const struct tree_event *event,
                   uint32_t node);
// True if a wait is over or there is no room for another one; returns whose it is.
bool tree_overdue(struct trees *trees, usec now, struct tree_event *ret_event,
                  struct tree_wait *ret_wait);
// Ends such a wait: the event is in no tree any more and can be added to that tree.
void tree_abandon(struct trees *trees, struct tree *tree,
                  const struct tree_event *event);

// Takes back an event that was added to this tree or waits for it.
void tree_remove(struct trees *trees, struct tree *tree,
                 const struct tree_event *event);
// Removes all nodes but the root.
void tree_clear(struct trees *trees, struct tree *tree);

// Iterates over all nodes of a tree in no order, from TREE_ROOT to TREE_ROOT.
uint32_t tree_next(const struct trees *trees, const struct tree *tree, uint32_t node);
// Nodes of its subtree that count; UINT32_MAX: it waits, or that is not kept.
uint32_t tree_below(const struct trees *trees, const struct tree *tree, uint32_t node);
void tree_measure(const struct trees *trees, const struct tree *tree,
                  struct tree_shape *ret_shape);

// The shape is published only if at least half of the parents were observed.
static inline bool
tree_is_known(const struct tree *tree)
{
    return tree->count != 0 && tree->observed >= tree->count - tree->observed;
}
