// A tree and its pool for tests: events by number, added, waiting and taken back.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pipeline/tree/tree.h"

enum { LIFE = 7 };

struct world {
    struct slab *slab;
    struct trees trees;
    struct tree tree;
    uint32_t joined; // events that waited
};

static inline void
joined(void *context, uint32_t owner, uint32_t node)
{
    struct world *world = context;
    assert_int_equal(owner, 3);
    assert_false(tree_is_waiting(&world->trees, node));
    world->joined++;
}

static inline void
setup(struct world *world, uint32_t capacity)
{
    memset(world, 0, sizeof(*world));
    world->slab = slab_create(64 << 20);
    assert_non_null(world->slab);
    const struct trees_needs needs = {world->slab, joined, world};
    assert_true(trees_init(&world->trees, capacity, &needs));
}

static inline void
teardown(struct world *world)
{
    tree_clear(&world->trees, &world->tree);
    assert_int_equal(world->trees.nodes.count, 0);
    assert_int_equal(slab_used(world->slab), 0);
    trees_fini(&world->trees);
    slab_destroy(&world->slab);
}

// Keys are hashes: spread over all bits. 0 stays 0.
static inline uint64_t
hash_of(uint64_t number)
{
    return number * UINT64_C(0xD6E8FEB86659FD93);
}

static inline struct tree_event
event_of(uint64_t number)
{
    return (struct tree_event){.key = hash_of(number), .life = LIFE};
}

static inline void
add(struct world *world, uint64_t key)
{
    struct tree_event event = event_of(key);
    tree_add(&world->trees, &world->tree, &event);
}

// The parent is in the tree.
static inline void
add_below(struct world *world, uint64_t key, uint64_t parent)
{
    struct tree_event event = event_of(key);
    struct tree_event above = event_of(parent);
    uint32_t node = tree_find(&world->trees, &above);
    if (node == TREE_ROOT) {
        node = tree_name(&world->trees, &world->tree, &above);
    }
    assert_int_not_equal(node, TREE_ROOT);
    tree_add_below(&world->trees, &world->tree, &event, node);
}

static inline void
wait_for(struct world *world, uint64_t key, uint64_t parent, usec now)
{
    struct tree_event event = event_of(key);
    struct tree_wait wait = {.parent = hash_of(parent), .now = now, .owner = 3};
    tree_wait(&world->trees, &world->tree, &event, &wait);
}

static inline void
take_back(struct world *world, uint64_t key)
{
    struct tree_event event = event_of(key);
    tree_remove(&world->trees, &world->tree, &event);
}

static inline struct tree_shape
shape_of(const struct world *world)
{
    struct tree_shape shape;
    tree_measure(&world->trees, &world->tree, &shape);
    return shape;
}

static inline void
assert_shape(const struct world *world, uint32_t count, uint32_t depth,
             uint32_t breadth, uint64_t wiener)
{
    struct tree_shape shape = shape_of(world);
    uint64_t nodes = (uint64_t)count + 1;
    assert_int_equal(world->tree.count, count);
    assert_int_equal(shape.depth, depth);
    assert_int_equal(shape.breadth, breadth);
    // sum / pairs may be reduced.
    assert_int_equal(shape.sum * (nodes * (nodes - 1) / 2), wiener * shape.pairs);
}
