#include "pipeline/tree/tree.h"

#include <assert.h>
#include <string.h>

#include "base/snapshot.h"
#include "pipeline/tree/depth_counts.h"

_Static_assert(SLAB_PIECE_MAX / sizeof(uint32_t) <= NODE_DEPTH_MAX,
               "levels end before the depth of a node does");

// What a tree that is not a star needs besides its counts.
struct tree_body {
    uint64_t wiener;
    uint64_t depths; // sum over its nodes
    uint32_t nodes;  // first of its nodes
    uint32_t unused; // first of the unused nodes it keeps
    uint32_t waiting;
    uint32_t frozen; // nodes, root included, when the Wiener index was frozen; 0: it is
                     // kept up to date
    struct depth_counts levels;
};

static struct tree_body *
body_of(const struct trees *trees, const struct tree *tree)
{
    return tree->body == SLAB_NONE ? NULL : slab_at(trees->needs.texts, tree->body);
}

bool
trees_init(struct trees *trees, uint32_t capacity, const struct trees_needs *needs)
{
    trees->needs = *needs;
    return nodes_init(&trees->nodes, capacity) && pending_parents_init(&trees->pending);
}

void
trees_fini(struct trees *trees)
{
    pending_parents_fini(&trees->pending);
    nodes_fini(&trees->nodes);
}

void
trees_move(struct trees *trees, struct snapshot *snapshot)
{
    nodes_move(&trees->nodes, snapshot);
    pending_parents_move(&trees->pending, snapshot);
    SNAPSHOT_VALUE(snapshot, trees->refused);
    SNAPSHOT_VALUE(snapshot, trees->late);
    SNAPSHOT_VALUE(snapshot, trees->abandoned);
    SNAPSHOT_VALUE(snapshot, trees->frozen);
}

// ── heads and nodes ────────────────────────────────────────────────────────

// The body of a tree; a star gets one. NULL: no room.
static struct tree_body *
body_make(struct trees *trees, struct tree *tree)
{
    if (tree->body != SLAB_NONE) {
        return body_of(trees, tree);
    }
    uint32_t piece = tree->count > TREE_COUNT_MAX
                         ? SLAB_NONE
                         : slab_alloc(trees->needs.texts, sizeof(struct tree_body));
    if (piece == SLAB_NONE) {
        return NULL;
    }
    struct tree_body *body = slab_at(trees->needs.texts, piece);
    memset(body, 0, sizeof(*body));
    if (!depth_counts_reach(&body->levels, trees->needs.texts, 1)) {
        slab_free(trees->needs.texts, piece, sizeof(*body));
        return NULL;
    }
    depth_counts_gain(&body->levels, trees->needs.texts, 1, tree->count);
    body->wiener = (uint64_t)tree->count * tree->count;
    body->depths = tree->count;
    tree->body = piece;
    return body;
}

static uint8_t
flags_of(const struct tree_event *event)
{
    return (uint8_t)(NODE_USED | (event->is_observed ? NODE_OBSERVED : 0) |
                     (event->is_act ? NODE_ACT : 0));
}

static uint32_t
node_make(struct trees *trees, struct tree_body *body, const struct tree_event *event)
{
    uint32_t node = body->unused;
    if (node != TREE_ROOT) {
        body->unused = nodes_at(&trees->nodes, node)->parent;
    } else {
        node = nodes_take(&trees->nodes);
        if (node == TREE_ROOT) {
            return TREE_ROOT;
        }
        nodes_at(&trees->nodes, node)->next = body->nodes;
        body->nodes = node;
    }
    nodes_enter(&trees->nodes, node, pending_parents_hash(event->key, event->life));
    struct node *row = nodes_at(&trees->nodes, node);
    row->parent = TREE_ROOT;
    row->below = 1;
    row->depth = 1;
    row->flags = flags_of(event);
    return node;
}

static void
node_drop(struct trees *trees, struct tree_body *body, uint32_t node)
{
    nodes_leave(&trees->nodes, node);
    nodes_at(&trees->nodes, node)->parent = body->unused;
    body->unused = node;
}

// The event of a waiting node of that tree.
static struct tree_event
event_of(const struct trees *trees, uint32_t node, uint32_t life)
{
    const struct node *row = nodes_at(&trees->nodes, node);
    return (struct tree_event){
        // The name is the combined hash, which can be reversed.
        .key = pending_parents_hash(row->name, life),
        .life = life,
        .is_observed = (row->flags & NODE_OBSERVED) != 0,
        .is_act = (row->flags & NODE_ACT) != 0,
    };
}

uint32_t
tree_find(const struct trees *trees, const struct tree_event *event)
{
    return nodes_find(&trees->nodes, pending_parents_hash(event->key, event->life));
}

// An event that comes again after its id was forgotten is a new event. If the node of
// the first still exists it loses its name, so that no later event can refer to it.
static void
rename_first(struct trees *trees, const struct tree_event *event)
{
    uint32_t node = tree_find(trees, event);
    if (node == TREE_ROOT) {
        return;
    }
    uint8_t flags = (uint8_t)nodes_at(&trees->nodes, node)->flags;
    nodes_leave(&trees->nodes, node);
    nodes_enter(&trees->nodes, node, pending_parents_hash(~event->key, event->life));
    nodes_at(&trees->nodes, node)->flags = flags;
}

bool
tree_is_waiting(const struct trees *trees, uint32_t node)
{
    return (nodes_at(&trees->nodes, node)->flags & NODE_WAITS) != 0;
}

// ── weighing ───────────────────────────────────────────────────────────────

static uint32_t
depth_below(const struct trees *trees, uint32_t parent)
{
    return parent == TREE_ROOT ? 1 : nodes_at(&trees->nodes, parent)->depth + 1;
}

// The sum of distances from a node at `depth` to `others` nodes (root included), where
// `shared` counts the nodes below each of its ancestors.
static uint64_t
distances(const struct tree_body *body, uint32_t others, uint32_t depth,
          uint64_t shared)
{
    return (uint64_t)others * depth + body->depths - 2 * shared;
}

static void
weigh_in(struct trees *trees, struct tree *tree, struct tree_body *body,
         uint32_t parent)
{
    uint32_t depth = depth_below(trees, parent);
    depth_counts_gain(&body->levels, trees->needs.texts, depth, 1);
    bool is_beyond = depth > TREE_DEPTH_MAX || tree->count >= TREE_COUNT_MAX;
    if (body->frozen == 0 && is_beyond) {
        body->frozen = tree->count + 1;
        trees->frozen++;
    }
    if (body->frozen == 0) {
        uint64_t shared = 0;
        for (uint32_t at = parent; at != TREE_ROOT;
             at = nodes_at(&trees->nodes, at)->parent) {
            shared += nodes_at(&trees->nodes, at)->below++;
        }
        body->wiener += distances(body, tree->count + 1, depth, shared);
        body->depths += depth;
    }
    tree->count++;
}

// first: the node itself, or TREE_ROOT if the event has none and is a child of the
// root.
static void
weigh_out(struct trees *trees, struct tree *tree, struct tree_body *body,
          uint32_t first)
{
    uint32_t depth = first == TREE_ROOT ? 1 : nodes_at(&trees->nodes, first)->depth;
    depth_counts_lose(&body->levels, trees->needs.texts, depth);
    tree->count--;
    if (body->frozen != 0) {
        return;
    }
    uint64_t shared = 0;
    for (uint32_t at = first; at != TREE_ROOT;
         at = nodes_at(&trees->nodes, at)->parent) {
        shared += --nodes_at(&trees->nodes, at)->below;
    }
    body->depths -= depth;
    body->wiener -= distances(body, tree->count + 1, depth, shared);
}

// ── waiting ────────────────────────────────────────────────────────────────

static void
wait_over(struct trees *trees, struct tree_body *body, uint32_t node)
{
    trees->pending.rows[nodes_at(&trees->nodes, node)->below].node = TREE_ROOT;
    body->waiting--;
}

// Makes a node that waited a child of its parent, or of the root if the parent has no
// node.
static void
attach(struct trees *trees, struct tree *tree, const struct pending_parent *waiter,
       uint32_t parent)
{
    struct tree_body *body = body_of(trees, tree);
    uint32_t node = waiter->node;
    struct node *row = nodes_at(&trees->nodes, node);
    if (parent == TREE_ROOT || !depth_counts_reach(&body->levels, trees->needs.texts,
                                                   depth_below(trees, parent))) {
        trees->refused++;
        tree->observed += (row->flags & NODE_OBSERVED) != 0;
        node_drop(trees, body, node);
        weigh_in(trees, tree, body, TREE_ROOT);
        return;
    }
    trees->late++;
    row->parent = parent;
    row->depth = depth_below(trees, parent) & NODE_DEPTH_MAX;
    row->below = 1;
    row->flags = (row->flags & ~(uint32_t)NODE_WAITS & UINT8_MAX) | NODE_OBSERVED;
    tree->observed++;
    weigh_in(trees, tree, body, parent);
    trees->needs.joined(trees->needs.context, waiter->owner, node);
}

// Events that wait for this event are added to the tree, then those that wait for them.
static void
release(struct trees *trees, struct tree *tree, const struct tree_event *event)
{
    struct pending_parents *pending = &trees->pending;
    struct tree_body *body = body_of(trees, tree);
    if (body == NULL || body->waiting == 0) {
        return;
    }
    uint32_t last;
    uint32_t at = pending_parents_take(pending, event->key, event->life, &last);
    if (at != PENDING_PARENTS_NONE && tree_find(trees, event) == TREE_ROOT) {
        (void)tree_name(trees, tree, event);
    }
    while (at != PENDING_PARENTS_NONE) {
        struct pending_parent *waiter = &pending->rows[at];
        uint32_t node = waiter->node;
        if (node != TREE_ROOT) {
            struct tree_event child = event_of(trees, node, waiter->life);
            struct tree_event parent = {.key = waiter->parent, .life = waiter->life};
            uint32_t more_last = last;
            uint32_t more =
                pending_parents_take(pending, child.key, child.life, &more_last);
            if (more != PENDING_PARENTS_NONE) {
                pending->rows[last].next = more + 1;
                last = more_last;
            }
            const struct pending_parent joined = *waiter;
            wait_over(trees, body, node);
            attach(trees, tree, &joined, tree_find(trees, &parent));
        }
        at = waiter->next != 0 ? waiter->next - 1 : PENDING_PARENTS_NONE;
    }
}

void
tree_wait(struct trees *trees, struct tree *tree, const struct tree_event *event,
          const struct tree_wait *wait)
{
    struct tree_body *body = body_make(trees, tree);
    rename_first(trees, event);
    uint32_t node = body == NULL ? TREE_ROOT : node_make(trees, body, event);
    if (node == TREE_ROOT) {
        trees->refused++;
        tree_add(trees, tree, event);
        return;
    }
    nodes_at(&trees->nodes, node)->flags |= NODE_WAITS;
    nodes_at(&trees->nodes, node)->below =
        pending_parents_add(&trees->pending, &(struct pending_parent){
                                                 .parent = wait->parent,
                                                 .second = wait->second,
                                                 .since = wait->now,
                                                 .life = event->life,
                                                 .owner = wait->owner,
                                                 .node = node,
                                             });
    body->waiting++;
}

bool
tree_is_cycle(const struct trees *trees, const struct tree_event *event, uint32_t node)
{
    const struct pending_parents *pending = &trees->pending;
    if (pending_parents_find(pending, event->key, event->life) ==
        PENDING_PARENTS_NONE) {
        return false;
    }
    for (int i = 0; i < TREE_DEPTH_MAX; i++) {
        if (node == TREE_ROOT || !tree_is_waiting(trees, node)) {
            return false;
        }
        struct tree_event above = {
            .key = pending->rows[nodes_at(&trees->nodes, node)->below].parent,
            .life = event->life,
        };
        if (above.key == event->key) {
            return true;
        }
        node = tree_find(trees, &above);
    }
    return true;
}

bool
tree_overdue(struct trees *trees, usec now, struct tree_event *ret_event,
             struct tree_wait *ret_wait)
{
    struct pending_parents *pending = &trees->pending;
    while (!pending_parents_is_empty(pending)) {
        const struct pending_parent *oldest = pending_parents_oldest(pending);
        if (oldest->node != TREE_ROOT && !pending_parents_is_full(pending) &&
            now - oldest->since < TREE_WAIT) {
            return false;
        }
        if (oldest->node != TREE_ROOT) {
            *ret_event = event_of(trees, oldest->node, oldest->life);
            *ret_wait = (struct tree_wait){
                .parent = oldest->parent,
                .second = oldest->second,
                .now = oldest->since,
                .owner = oldest->owner,
            };
            return true;
        }
        pending_parents_drop_oldest(pending);
    }
    return false;
}

void
tree_abandon(struct trees *trees, struct tree *tree, const struct tree_event *event)
{
    struct tree_body *body = body_of(trees, tree);
    uint32_t node = tree_find(trees, event);
    wait_over(trees, body, node);
    node_drop(trees, body, node);
    trees->abandoned++;
}

// ── adding and taking back ─────────────────────────────────────────────────

void
tree_add(struct trees *trees, struct tree *tree, const struct tree_event *event)
{
    tree->observed += event->is_observed;
    if (tree->body == SLAB_NONE) {
        tree->count++;
        return;
    }
    rename_first(trees, event);
    weigh_in(trees, tree, body_of(trees, tree), TREE_ROOT);
    release(trees, tree, event);
}

uint32_t
tree_add_below(struct trees *trees, struct tree *tree, const struct tree_event *event,
               uint32_t parent)
{
    struct tree_body *body = body_of(trees, tree);
    struct tree_event known = *event;
    known.is_observed = true;
    rename_first(trees, event);
    uint32_t node = depth_counts_reach(&body->levels, trees->needs.texts,
                                       depth_below(trees, parent))
                        ? node_make(trees, body, &known)
                        : TREE_ROOT;
    if (node == TREE_ROOT) {
        trees->refused++;
        tree_add(trees, tree, event);
        return TREE_ROOT;
    }
    nodes_at(&trees->nodes, node)->parent = parent;
    nodes_at(&trees->nodes, node)->depth = depth_below(trees, parent) & NODE_DEPTH_MAX;
    tree->observed++;
    weigh_in(trees, tree, body, parent);
    release(trees, tree, &known);
    return node;
}

uint32_t
tree_name(struct trees *trees, struct tree *tree, const struct tree_event *event)
{
    struct tree_body *body = body_make(trees, tree);
    uint32_t node = body == NULL ? TREE_ROOT : node_make(trees, body, event);
    trees->refused += node == TREE_ROOT;
    return node;
}

// Removes ghosts without counted nodes below them, up to the first one that must
// remain.
static void
prune(struct trees *trees, struct tree_body *body, uint32_t node)
{
    while (node != TREE_ROOT && nodes_at(&trees->nodes, node)->below == 0) {
        uint32_t parent = nodes_at(&trees->nodes, node)->parent;
        node_drop(trees, body, node);
        node = parent;
    }
}

void
tree_remove(struct trees *trees, struct tree *tree, const struct tree_event *event)
{
    struct tree_body *body = body_of(trees, tree);
    if (body == NULL) {
        tree->count--;
        tree->observed -= event->is_observed;
        return;
    }
    uint32_t node = tree_find(trees, event);
    if (node == TREE_ROOT) {
        tree->observed -= event->is_observed;
        weigh_out(trees, tree, body, TREE_ROOT);
        return;
    }
    struct node *row = nodes_at(&trees->nodes, node);
    if ((row->flags & NODE_WAITS) != 0) {
        wait_over(trees, body, node);
        node_drop(trees, body, node);
        return;
    }
    tree->observed -= (row->flags & NODE_OBSERVED) != 0;
    row->flags &=
        (uint8_t) ~(NODE_ACT | NODE_CHILD | NODE_FIRST | NODE_CARRIED | NODE_APART);
    weigh_out(trees, tree, body, node);
    if (body->frozen == 0) {
        prune(trees, body, node);
    }
}

void
tree_clear(struct trees *trees, struct tree *tree)
{
    struct tree_body *body = body_of(trees, tree);
    if (body != NULL) {
        uint32_t node = body->nodes;
        while (node != TREE_ROOT) {
            struct node *row = nodes_at(&trees->nodes, node);
            if ((row->flags & NODE_WAITS) != 0) {
                wait_over(trees, body, node);
            }
            if (row->flags != 0) {
                nodes_leave(&trees->nodes, node);
            }
            uint32_t next = row->next;
            nodes_give(&trees->nodes, node);
            node = next;
        }
        depth_counts_fini(&body->levels, trees->needs.texts);
        slab_free(trees->needs.texts, tree->body, sizeof(*body));
    }
    tree->count = 0;
    tree->observed = 0;
    tree->body = SLAB_NONE;
}

uint32_t
tree_next(const struct trees *trees, const struct tree *tree, uint32_t node)
{
    const struct tree_body *body = body_of(trees, tree);
    if (body == NULL) {
        return TREE_ROOT;
    }
    node = node == TREE_ROOT ? body->nodes : nodes_at(&trees->nodes, node)->next;
    while (node != TREE_ROOT && nodes_at(&trees->nodes, node)->flags == 0) {
        node = nodes_at(&trees->nodes, node)->next;
    }
    return node;
}

uint32_t
tree_below(const struct trees *trees, const struct tree *tree, uint32_t node)
{
    const struct tree_body *body = body_of(trees, tree);
    const struct node *row = nodes_at(&trees->nodes, node);
    bool is_known = body != NULL && body->frozen == 0 && (row->flags & NODE_WAITS) == 0;
    return is_known ? row->below : UINT32_MAX;
}

void
tree_measure(const struct trees *trees, const struct tree *tree,
             struct tree_shape *ret_shape)
{
    const struct tree_body *body = body_of(trees, tree);
    uint64_t count = tree->count;
    if (body == NULL) {
        *ret_shape = (struct tree_shape){
            .depth = count != 0,
            .breadth = tree->count,
            .sum = 2 * count,
            .pairs = count + 1,
        };
        return;
    }
    uint64_t nodes = body->frozen != 0 ? body->frozen : count + 1;
    *ret_shape = (struct tree_shape){
        .depth = body->levels.depth,
        .breadth = body->levels.breadth,
        .sum = body->wiener,
        .pairs = nodes * (nodes - 1) / 2,
    };
}
