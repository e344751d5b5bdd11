#include "pipeline/tree/nodes.h"

#include <assert.h>
#include <string.h>

#include "base/probe.h"
#include "base/region.h"
#include "base/snapshot.h"

enum { SLOTS_FIRST = 64 };

static uint32_t
size_most(const struct nodes *nodes)
{
    uint32_t size = nodes->capacity + nodes->capacity / 3 + 2;
    return size > SLOTS_FIRST ? size : SLOTS_FIRST;
}

static size_t
rows_bytes(const struct nodes *nodes)
{
    return ((size_t)nodes->capacity + 1) * sizeof(*nodes->rows);
}

static size_t
slots_bytes(const struct nodes *nodes)
{
    return (size_t)size_most(nodes) * sizeof(*nodes->slots);
}

bool
nodes_init(struct nodes *nodes, uint32_t capacity)
{
    assert(capacity >= 1 && capacity <= NODES_MAX);
    *nodes = (struct nodes){.capacity = capacity, .size = SLOTS_FIRST};
    nodes->mask = UINT32_MAX >> __builtin_clz(capacity);
    nodes->rows = region_reserve(rows_bytes(nodes));
    nodes->slots = region_reserve(slots_bytes(nodes));
    return nodes->rows != NULL && nodes->slots != NULL;
}

void
nodes_fini(struct nodes *nodes)
{
    region_release(nodes->slots, slots_bytes(nodes));
    region_release(nodes->rows, rows_bytes(nodes));
    *nodes = (struct nodes){0};
}

// ── the index ──────────────────────────────────────────────────────────────

static uint32_t
home_of(const struct nodes *nodes, uint64_t name)
{
    return probe_home((uint32_t)(name >> 32), nodes->size);
}

// The home slot is computed from the upper half of the name, so the lower half
// distinguishes better.
static uint32_t
tag_of(const struct nodes *nodes, uint64_t name)
{
    return (uint32_t)name & ~nodes->mask;
}

static void
put(struct nodes *nodes, uint32_t node)
{
    uint64_t name = nodes->rows[node].name;
    uint32_t slot = home_of(nodes, name);
    while (nodes->slots[slot] != 0) {
        slot = probe_next(slot, nodes->size);
    }
    nodes->slots[slot] = tag_of(nodes, name) | node;
}

static void
index_anew(struct nodes *nodes)
{
    memset(nodes->slots, 0, nodes->size * sizeof(*nodes->slots));
    for (uint32_t node = 1; node <= nodes->high; node++) {
        if ((nodes->rows[node].flags & NODE_USED) != 0) {
            put(nodes, node);
        }
    }
}

static bool
is_crowded(const struct nodes *nodes)
{
    return nodes->size < size_most(nodes) && nodes->count >= nodes->size / 4 * 3;
}

static void
widen(struct nodes *nodes)
{
    uint32_t size = nodes->size + nodes->size / 2;
    nodes->size = size < size_most(nodes) ? size : size_most(nodes);
}

uint32_t
nodes_find(const struct nodes *nodes, uint64_t name)
{
    uint32_t tag = tag_of(nodes, name);
    uint32_t slot = home_of(nodes, name);
    uint32_t value;
    while ((value = nodes->slots[slot]) != 0) {
        uint32_t node = value & nodes->mask;
        if ((value & ~nodes->mask) == tag && nodes->rows[node].name == name) {
            return node;
        }
        slot = probe_next(slot, nodes->size);
    }
    return NODE_NONE;
}

void
nodes_enter(struct nodes *nodes, uint32_t node, uint64_t name)
{
    if (is_crowded(nodes)) {
        widen(nodes);
        index_anew(nodes);
    }
    nodes->rows[node].name = name;
    nodes->rows[node].flags = NODE_USED;
    nodes->count++;
    put(nodes, node);
}

void
nodes_leave(struct nodes *nodes, uint32_t node)
{
    uint32_t hole = home_of(nodes, nodes->rows[node].name);
    while ((nodes->slots[hole] & nodes->mask) != node) {
        assert(nodes->slots[hole] != 0);
        hole = probe_next(hole, nodes->size);
    }
    // A node that may be in the hole moves back, so that no search ends before its
    // node.
    uint32_t value;
    for (uint32_t at = probe_next(hole, nodes->size); (value = nodes->slots[at]) != 0;
         at = probe_next(at, nodes->size)) {
        uint32_t home = home_of(nodes, nodes->rows[value & nodes->mask].name);
        if (probe_may_fill(hole, home, at, nodes->size)) {
            nodes->slots[hole] = value;
            hole = at;
        }
    }
    nodes->slots[hole] = 0;
    nodes->rows[node].flags = 0;
    nodes->count--;
}

// ── rows ───────────────────────────────────────────────────────────────────

uint32_t
nodes_take(struct nodes *nodes)
{
    uint32_t node = nodes->free;
    if (node != NODE_NONE) {
        nodes->free = nodes->rows[node].parent;
        return node;
    }
    return nodes->high < nodes->capacity ? ++nodes->high : (uint32_t)NODE_NONE;
}

void
nodes_give(struct nodes *nodes, uint32_t node)
{
    assert(nodes->rows[node].flags == 0);
    nodes->rows[node].parent = nodes->free;
    nodes->free = node;
}

static uint32_t
used(const struct nodes *nodes)
{
    uint32_t count = 0;
    for (uint32_t node = 1; node <= nodes->high; node++) {
        count += (nodes->rows[node].flags & NODE_USED) != 0;
    }
    return count;
}

void
nodes_move(struct nodes *nodes, struct snapshot *snapshot)
{
    uint32_t indexed = nodes->count;
    snapshot_rows(snapshot, nodes->rows + 1, sizeof(*nodes->rows), &nodes->high,
                  nodes->capacity);
    SNAPSHOT_VALUE(snapshot, nodes->free);
    SNAPSHOT_VALUE(snapshot, nodes->count);
    // Only loading changes the count; the index of an empty pool is already empty.
    if (snapshot->is_failed || indexed == nodes->count ||
        !snapshot_expect(snapshot, nodes->count == used(nodes))) {
        return;
    }
    while (is_crowded(nodes)) {
        widen(nodes);
    }
    index_anew(nodes);
}
